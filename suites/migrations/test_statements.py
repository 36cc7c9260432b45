"""No statement of a migration can leave half of it behind, or keeps users waiting for a table."""

from __future__ import annotations

import pytest

from fixtures.evidence import Evidence
from fixtures.findings import Finding, Findings
from fixtures.migrations import transaction_breaches
from fixtures.rehearsal import Rollout
from fixtures.squawk import advise

pytestmark = pytest.mark.check("db-migrations-tested")


def test_every_statement_shares_the_transaction_of_its_file(rollout: Rollout, findings: Findings) -> None:
    """The CLI applies a file as one transaction, until a statement ends it: what came before then stays."""
    breaches = [breach for migration in rollout.new for breach in transaction_breaches(migration)]

    for breach in breaches:
        where = f"{breach.path.name}:{breach.line}"
        findings.add(Finding("migration", where, "postgres", breach.statement[:80], breach.reason, "supabase db push"))
    assert not breaches, "\n".join(map(str, breaches))


def test_no_statement_locks_or_rewrites_a_table_in_use(
    rollout: Rollout, findings: Findings, evidence: Evidence
) -> None:
    """What takes a moment on staging takes minutes on a large table, and every request waits behind it.

    A statement whose table is known to be small is excused by a comment in its file (`-- squawk-ignore <rule>`), which
    the review sees. Squawk's other advice is evidence and decides nothing.
    """
    advice = advise(rollout.new)

    rows = [(each.file.name, each.line, each.rule, each.locks, each.message) for each in advice]
    evidence.table("squawk", ["file", "line", "rule", "locks or rewrites", "message"], rows)
    locking = [each for each in advice if each.locks]
    for each in locking:
        where = f"{each.file.name}:{each.line}"
        findings.add(Finding("migration", where, "postgres", each.rule, each.message, f"squawk {each.file.name}"))
    assert not locking, "\n".join(map(str, locking))
