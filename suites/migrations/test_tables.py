"""The new tables are there, and row level security guards every table that a client can name."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase

import pytest

from environments.migrations import Expectations
from fixtures.database import Database
from fixtures.errors import Unverified
from fixtures.evidence import Evidence
from fixtures.findings import Finding, Findings
from fixtures.schema import Snapshot
from fixtures.schema.model import Table
from fixtures.statements import expect_rows


@pytest.mark.check("db-tables-created")
def test_every_new_table_is_there(applied_schema: Snapshot, expectations: Expectations) -> None:
    """Under its name and in its schema: the functions and screens know no other."""
    there = {table.object for table in applied_schema.of(Table)}

    missing = [table for table in expectations.tables if table not in there]

    assert not missing, f"not there: {', '.join(missing)}"


@pytest.mark.check("stg-tables-query")
def test_the_checklists_query_lists_them(
    statements: Mapping[str, str], database: Database, expectations: Expectations, evidence: Evidence
) -> None:
    """As it stands it asks for three patterns, of which only the first is bound to `public`; `user_roles` fits none.

    So what is expected are the new tables that fit one, and other tables may be listed beside them.
    """
    names = [table.partition(".")[2] for table in expectations.tables]
    expected = {name for name in names if any(fnmatchcase(name, p) for p in ("*organization*", "*tag*", "*course_*"))}

    if not expected:
        raise Unverified("the checklist's query asks for names that none of the expected tables has")

    listed = {row["tablename"] for row in expect_rows(database, statements["stg-tables-query"])}

    evidence.text("answer", "\n".join(sorted(listed)))
    assert expected <= listed, f"not listed: {', '.join(sorted(expected - listed))}"


@pytest.mark.check("db-rls-enabled")
def test_rls_is_enabled_on_every_table_that_a_client_can_reach(
    applied_schema: Snapshot, expectations: Expectations, findings: Findings, evidence: Evidence
) -> None:
    """Not only on the new ones, nor only in `public`: one forgotten table or partition is an open door.

    A table counts as reachable by what is granted, since which schemas the API exposes is changed by a click.
    """
    reach = {role: applied_schema.reachable(role) for role in ("anon", "authenticated")}
    tables = [
        table
        for table in applied_schema.of(Table)
        if table.object in expectations.tables or any(table.object in reachable for reachable in reach.values())
    ]

    rows = [(table.object, table.rls, *(table.object in reachable for reachable in reach.values())) for table in tables]
    evidence.table("row level security", ["table", "enabled", "anon reaches it", "authenticated reaches it"], rows)
    unguarded = [table for table in tables if not table.rls]
    for table in unguarded:
        actor = next((role for role, reachable in reach.items() if table.object in reachable), "authenticated")
        observed = f"row level security is not enabled on this {table.sort}"
        query = f"select relrowsecurity from pg_class where oid = '{table.object}'::regclass"
        findings.add(Finding("exposure", table.object, actor, "select", observed, f'psql "$DATABASE_URL" -c "{query}"'))
    assert tables, "no table that a client could reach, and none of the new ones"
    assert not unguarded, f"without row level security: {', '.join(table.object for table in unguarded)}"
