"""Nothing was refused that should not be, and the database bears its load: in the first hour, and during a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from environments.model import Environment
from fixtures.database import Database
from fixtures.evidence import Evidence
from fixtures.findings import Findings
from fixtures.gateway import Gateway
from fixtures.monitoring.database_load import load_of, questions, recorded_statements, timed_statements, too_slow
from fixtures.monitoring.inspection import inspected
from fixtures.monitoring.plugin import Watch, expect_no_violations
from fixtures.monitoring.smoke import expect_smoke

STATEMENTS = Path(__file__).with_name("statements.toml")


@pytest.mark.check("smoke-no-rls-violations")
def test_what_screens_ask_for_is_never_refused(
    gateway: Gateway, violation_watch: Watch, findings: Findings, evidence: Evidence
) -> None:
    """Every role of two organizations asks for what its screens ask for, and no grant or policy refuses any of it.

    An empty log alone would say that nobody came; and a provoked refusal has to show up in it.
    """
    expect_smoke(gateway, evidence)

    expect_no_violations(violation_watch, "deployment", findings, evidence)


@pytest.mark.check("monitor-no-rls-violations")
def test_nobody_was_refused_in_the_first_hour(violation_watch: Watch, findings: Findings, evidence: Evidence) -> None:
    """A refusal by policy is a user who cannot work, or somebody who tries the fences."""
    expect_no_violations(violation_watch, "first-hour", findings, evidence)


@pytest.mark.check("monitor-database-load")
def test_the_database_bears_its_load(
    environment: Environment, database: Database, findings: Findings, evidence: Evidence
) -> None:
    """Connections run out and locks pile up before anything is slow for everybody."""
    load = load_of(database)

    columns = ["who", "application_name", "state", "wait_type", "wait", "sessions", "longest_ms"]
    evidence.table("sessions", columns, [[row[name] for name in columns] for row in load.sessions])
    evidence.json("load", {"connections": f"{load.used} of {load.allowed}", "lock waits": load.lock_waits})
    above = load.findings(environment.monitoring.limits)
    if environment.profile != "local":
        for report in inspected(environment.require("database.dsn"), within=environment.monitoring.timeout):
            report.show(evidence)
    for finding in above:
        findings.add(finding)
    assert not above, "\n".join(map(str, above))


@pytest.mark.check("day1-queries", "week4-slow-queries")
def test_no_statement_of_the_application_is_slow(
    environment: Environment, database: Database, findings: Findings, evidence: Evidence
) -> None:
    """As a member: policies run for every row, and the owner, whom they spare, would see none of that.

    Hosted projects also record every statement; what those of the API's roles took on average counts there.
    """
    limit = environment.monitoring.limits.slow_query_ms
    statements = timed_statements(database, questions(STATEMENTS))
    evidence.json("plans", {each.name: each.plan for each in statements})
    if environment.profile != "local":
        statements += recorded_statements(database)

    rows = [(each.name, each.who, f"{each.ms:.1f}", each.calls, each.text) for each in statements]
    evidence.table("statements", ["statement", "as", "ms", "calls", "text"], rows)
    slow = too_slow(statements, limit)
    for each in slow:
        findings.add(each.finding(limit))
    assert not slow, "\n".join(f"{each.name}: {each.ms:.0f} ms, limit {limit:g} ms" for each in slow)
