"""What the checklist looks at around a deploy: the linked project, staging's verdict, the site, all parts in step."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from environments.model import Environment
from fixtures.application import Application
from fixtures.checklist import catalogue_of
from fixtures.database import Database
from fixtures.deployment import (
    CERTIFICATE_FOR,
    certificate_expires,
    expect_go,
    expect_linked,
    homepage,
    leads_astray,
    plain_text_fault,
)
from fixtures.evidence import Evidence
from fixtures.gateway import Gateway
from fixtures.headers import header_faults
from fixtures.migrations import compare_ledger
from fixtures.rehearsal import Rollout


@pytest.mark.check("stg-project-linked", "prod-project-linked")
def test_the_right_project_is_linked(environment: Environment, application: Application, evidence: Evidence) -> None:
    """`db push` and `functions deploy` go to whatever is linked, whoever meant something else."""
    named = expect_linked(environment, application.path)

    evidence.table("what names a project", ["where", "project"], list(named.items()))


@pytest.mark.check("prod-staging-passed", "done-staging-validated")
def test_staging_is_go(environment: Environment, pytestconfig: pytest.Config, evidence: Evidence) -> None:
    """A production deploy on top of an unproved staging is a test on users.

    A go that staging said before it was deployed to does not count: its run then asked for the half of it.
    """
    file = pytestconfig.rootpath / "reports" / "out" / environment.deployment.staging / "verdict.json"
    max_age = timedelta(hours=environment.deployment.staging_max_age_hours)

    asked = [item.id for item in catalogue_of(pytestconfig) if item.gate == "must" and "staging" in item.environments]

    evidence.json("staging", expect_go(file, max_age, asked))


@pytest.mark.check("prod-smoke-homepage")
def test_the_homepage_loads(environment: Environment, evidence: Evidence) -> None:
    """As `curl` sees it: a page, over TLS that browsers trust, with the headers that keep others out of it."""
    answer = homepage(environment)

    status = [f"{answer.request.method} {answer.request.url}", f"{answer.http_version} {answer.status_code}"]
    evidence.text("homepage", "\n".join([*status, *(f"{name}: {value}" for name, value in answer.headers.items())]))
    assert answer.status_code == 200, f"{answer.request.url} answers {answer.status_code}"
    kind = answer.headers.get("content-type", "none")
    assert "text/html" in kind, f"{answer.request.url} is no page: its content type is {kind}"
    assert "<script" in answer.text, f"{answer.request.url} is a page without the application: no script in it"
    asked = environment.require("web.url")
    assert not (astray := leads_astray(asked, str(answer.url).rstrip("/"))), astray
    if asked.startswith("https://"):
        expires = certificate_expires(asked, environment.require("web.timeout"))
        assert expires > datetime.now(UTC) + CERTIFICATE_FOR, f"{asked}: its certificate runs out on {expires:%Y-%m-%d}"
        assert not (lacking := header_faults(answer.headers)), f"{asked} lacks: {'; '.join(lacking)}"
        assert not (fault := plain_text_fault(asked, environment.require("web.timeout"))), fault


@pytest.mark.check("done-production-deployed")
def test_every_part_is_deployed(
    environment: Environment, database: Database, rollout: Rollout, gateway: Gateway, evidence: Evidence
) -> None:
    """A deploy that stopped between database, functions and front end is three versions at once."""
    names = environment.require("functions.names")

    ledger = compare_ledger(rollout.all, database.ledger() or [])
    answers = {name: gateway.nobody.send("OPTIONS", name).status for name in names}
    site = homepage(environment).status_code

    rows = [("ledger", "; ".join(ledger) or "complete"), *answers.items(), ("site", site)]
    evidence.table("parts", ["part", "state"], rows)
    behind = [f"database: {each}" for each in ledger]
    behind += [f"function {name}: answers {status}" for name, status in answers.items() if status in (0, 404)]
    behind += [f"function {name}: answers {status}" for name, status in answers.items() if status >= 500]
    behind += [f"site: answers {site}"] if site != 200 else []
    assert not behind, "\n".join(behind)
