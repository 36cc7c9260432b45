"""The application's own scripts succeed on the revision that is checked out, each within its deadline."""

from __future__ import annotations

import pytest

from environments.model import Environment
from fixtures.application import Application, Script
from fixtures.evidence import Evidence
from fixtures.programs import Ran
from fixtures.runner_output import failed, passed


@pytest.fixture(autouse=True, scope="module")
def _begun(application: Application) -> None:
    """All of them are under way while the first is waited for."""
    application.begin("build", "test", "typecheck", "lint", "e2e")


@pytest.mark.parametrize(
    "script",
    [
        pytest.param("typecheck", marks=pytest.mark.check("code-typecheck")),
        pytest.param("lint", marks=pytest.mark.check("code-lint")),
    ],
)
def test_the_code_is_sound(application: Application, evidence: Evidence, script: Script) -> None:
    """Types and lint rules are the cheapest reviewers: what they refuse fails in the user's browser."""
    ran = application.result(script)

    evidence.text(f"{script} output", f"$ {ran.command}\n{ran.output}")
    ran.expect_success()
    application.expect_honest(script)


@pytest.mark.check("code-unit-tests")
def test_its_tests_pass(application: Application, evidence: Evidence) -> None:
    """A runner that finds no test ends well too, so it must say how many passed; and none may have failed."""
    ran = application.result("test")

    evidence.text("test output", f"$ {ran.command}\n{ran.output}")
    _expect_passed(ran)
    application.expect_honest("test")


@pytest.mark.check("code-e2e-tests", "stg-e2e")
def test_its_journeys_pass_here(application: Application, environment: Environment, evidence: Evidence) -> None:
    """Its e2e script, with PLAYWRIGHT_BASE_URL at this site: real keys, real CORS, real latency."""
    site = environment.require("web.url")
    settings = application.settings.scripts
    assert settings.e2e != settings.test, f"app.scripts.e2e is the command of the unit tests: `{settings.e2e}`"
    ran = application.result("e2e")

    evidence.text("e2e output", f"$ PLAYWRIGHT_BASE_URL={site} {ran.command}\n{ran.output}")
    _expect_passed(ran)
    application.expect_honest("e2e")


@pytest.mark.check("code-build")
def test_it_builds(application: Application, evidence: Evidence) -> None:
    """Without a build there is nothing to deploy, and nothing to go back to."""
    ran = application.result("build")

    evidence.text("build output", f"$ {ran.command}\n{ran.output}")
    files = sorted(path for path in application.bundle.rglob("*") if path.is_file())
    rows = [(path.relative_to(application.bundle), path.stat().st_size) for path in files]
    evidence.table("bundle", ["file", "bytes"], rows)


def _expect_passed(ran: Ran) -> None:
    ran.expect_success()
    assert not (said := failed(ran.output)), f"`{ran.command}` ended well, and says: {said}"
    silent = f"`{ran.command}` ended well and does not say that any test passed; its last words: {ran.last_words}"
    assert passed(ran.output), f"{silent}\n\n{ran.tail()}"
