"""What the screens asked for was not refused, and left no error behind. These checks run last.

They are read once the screens have been looked at, on each stack that has some of them (`screens`, by fixtures.lanes).
"""

from __future__ import annotations

import pytest

from environments.model import Environment
from fixtures.evidence import Evidence
from fixtures.findings import Findings
from fixtures.functions_log import FunctionsLog, expect_none
from fixtures.monitoring.plugin import Watch, expect_no_violations

pytestmark = pytest.mark.usefixtures("screens")


@pytest.mark.check("smoke-no-rls-violations")
def test_no_screen_was_refused(violation_watch: Watch, findings: Findings, evidence: Evidence) -> None:
    """A screen that asks for what its user may not have shows an error, or hides one."""
    expect_no_violations(violation_watch, "deployment", findings, evidence)


@pytest.mark.check("stg-functions-logs")
def test_no_screen_left_an_error_in_the_functions_log(
    environment: Environment, functions_log: FunctionsLog, findings: Findings, evidence: Evidence
) -> None:
    """Also where the screen said nothing of it."""
    expect_none(functions_log.errors(environment.deployment.deployed_at or functions_log.began), findings, evidence)
