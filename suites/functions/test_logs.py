"""The functions' logs have no error that the checks did not provoke. These checks run last."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from environments.model import Environment
from fixtures.evidence import Evidence
from fixtures.findings import Findings
from fixtures.functions_log import FunctionsLog, expect_none


@pytest.mark.check("stg-functions-logs")
def test_the_checks_have_left_no_error_in_the_log(
    environment: Environment, functions_log: FunctionsLog, findings: Findings, evidence: Evidence
) -> None:
    """Also none that no caller saw: a background job that failed, a rejection that nobody caught.

    No check of this suite provokes one: what it sends amiss is refused, and a refusal is no error of the function.
    """
    errors = functions_log.errors(environment.deployment.deployed_at or functions_log.began)

    expect_none(errors, findings, evidence)


@pytest.mark.check("monitor-function-logs")
def test_the_first_hour_has_left_no_error_in_the_log(
    environment: Environment, functions_log: FunctionsLog, findings: Findings, evidence: Evidence
) -> None:
    """The hour after the deploy; where it is not said when that was, the time of this run and the hour before."""
    expect_none(functions_log.errors(*_window(environment, functions_log, timedelta(hours=1))), findings, evidence)


@pytest.mark.check("day1-function-logs")
def test_the_first_day_has_left_no_error_in_the_log(
    environment: Environment, functions_log: FunctionsLog, findings: Findings, evidence: Evidence
) -> None:
    """The day after the deploy: jobs that run once a day, and users in other time zones."""
    expect_none(functions_log.errors(*_window(environment, functions_log, timedelta(hours=24))), findings, evidence)


def _window(environment: Environment, log: FunctionsLog, length: timedelta) -> tuple[datetime, datetime | None]:
    deployed = environment.deployment.deployed_at
    if deployed is None:
        return log.began - length, None
    return deployed, deployed + length
