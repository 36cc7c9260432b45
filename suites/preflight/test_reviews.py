"""Somebody other than its author approved each migration and each function, as it is checked out here."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from environments.migrations import Expectations
from environments.model import Environment
from fixtures.evidence import Evidence
from fixtures.forge import Forge, shared_code
from fixtures.rehearsal import Rollout

FUNCTIONS = [
    pytest.param(name, marks=pytest.mark.check(f"fn-reviewed-{name}", "fn-reviewed"))
    for name in (
        "org-config",
        "list-courses-filtered",
        "publish-course",
        "restore-course-version",
        "regenerate-embeddings",
    )
]


def expect_reviewed(forge: Forge, environment: Environment, evidence: Evidence, paths: Iterable[str]) -> None:
    """The newest commit of each path came by an approved pull request."""
    reviews = [forge.review(path) for path in paths]

    rows = [(each.path, each.commit[:10], each.number, each.author, ", ".join(each.approvers)) for each in reviews]
    evidence.table("reviews", ["path", "commit", "pull request", "author", "approved by"], rows)
    objections = [said for each in reviews if (said := each.objection(environment.forge.approvals))]
    assert not objections, "\n".join(objections)


@pytest.mark.check("db-migrations-reviewed")
def test_each_migration_was_reviewed(
    forge: Forge, environment: Environment, expectations: Expectations, evidence: Evidence
) -> None:
    """Migrations run once, with the owner's powers: a policy that nobody else has read is how data leak."""
    paths = [f"supabase/migrations/{label}.sql" for label in expectations.migrations]

    expect_reviewed(forge, environment, evidence, paths)


@pytest.mark.check("fn-reviewed")
def test_what_functions_share_was_reviewed(
    forge: Forge, environment: Environment, rollout: Rollout, evidence: Evidence
) -> None:
    """Who may do what is asked in one place for all of them, and a review of each function does not show it."""
    shared = shared_code(rollout.directory / "supabase" / "functions")

    expect_reviewed(forge, environment, evidence, [f"supabase/functions/{name}" for name in shared])


@pytest.mark.parametrize("function", FUNCTIONS)
def test_each_function_was_reviewed(forge: Forge, environment: Environment, evidence: Evidence, function: str) -> None:
    """Functions hold the service key: whatever they believe goes past every policy."""
    expect_reviewed(forge, environment, evidence, [f"supabase/functions/{function}"])
