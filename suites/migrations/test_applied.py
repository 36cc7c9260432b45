"""What is applied on the target is what is in the repository: the ledger says so, and the catalogue agrees."""

from __future__ import annotations

import pytest

from environments.migrations import Expectations
from environments.model import Environment
from fixtures.database import Database
from fixtures.drift import drift, drift_findings, expect_ledger, ledger_finding
from fixtures.errors import Unverified
from fixtures.evidence import Evidence
from fixtures.findings import Findings
from fixtures.migrations import compare_ledger
from fixtures.rehearsal import Rehearsal, Rollout
from fixtures.schema import Snapshot


@pytest.mark.check("db-migrations-tested", "stg-migrations-pushed", "prod-migrations-pushed")
def test_the_target_has_every_migration_of_the_rollout(database: Database, expectations: Expectations) -> None:
    """The ledger is written by the push alone: it is the evidence that these migrations ran here."""
    applied = [row.label for row in expect_ledger(database)]

    missing = [label for label in expectations.migrations if label not in applied]

    assert not missing, f"not applied on the target: {', '.join(missing)}"


@pytest.mark.check("stg-migrations-pushed", "prod-migrations-pushed")
def test_the_ledger_is_what_the_repository_holds(
    database: Database, rollout: Rollout, findings: Findings, evidence: Evidence
) -> None:
    """A file that was edited after it was applied, or one that only the target knows, is seen here and nowhere else."""
    ledger = expect_ledger(database)

    differences = compare_ledger(rollout.all, ledger)

    evidence.table("ledger", ["version", "name", "statements"], [(r.version, r.name, r.size) for r in ledger])
    for line in differences:
        findings.add(ledger_finding(line))
    assert not differences, "\n".join(differences)
    if unrecorded := [row.label for row in ledger if row.statements is None]:
        raise Unverified(f"the ledger does not hold the statements of {', '.join(unrecorded)} (repaired by hand?)")


@pytest.mark.check("stg-migrations-pushed", "prod-migrations-pushed")
def test_the_schema_is_what_the_migrations_make(
    environment: Environment, applied_schema: Snapshot, rehearsal: Rehearsal, findings: Findings, evidence: Evidence
) -> None:
    """The ledger cannot know what was changed by hand. The migrations are applied to a throw-away database, and its
    tables, columns, constraints, indexes, policies, grants, functions and triggers compared with the target's."""
    differences = drift(applied_schema, rehearsal, ignoring=environment.migrations.ignored_objects)

    evidence.text("drift", "\n".join(map(str, differences)) or "none")
    for finding in drift_findings(differences):
        findings.add(finding)
    assert not differences, "\n".join(map(str, differences))
