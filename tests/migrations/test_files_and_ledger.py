from __future__ import annotations

from pathlib import Path

import pytest

from fixtures.migrations import LedgerRow, Migration, compare_ledger, misnamed_files, read_migrations, shared_versions
from fixtures.migrations import transaction_breaches as breaches


def migration(version: str, sql: str = "select 1;", name: str = "x") -> Migration:
    return Migration(Path(f"{version}_{name}.sql"), version, name, sql)


def row(version: str, *statements: str, name: str | None = "x") -> LedgerRow:
    return LedgerRow(version, name, statements or ("select 1",))


A, B, C = "20250101000000", "20250101000001", "20250101000002"


def test_migrations_are_read_in_the_order_of_application(tmp_path: Path) -> None:
    folder = tmp_path / "supabase" / "migrations"
    folder.mkdir(parents=True)
    for name in (f"{B}_second.sql", f"{A}_first.sql", "notes.sql", "README.md"):
        (folder / name).write_text("select 1;")

    assert [each.label for each in read_migrations(tmp_path)] == [f"{A}_first", f"{B}_second"]
    assert misnamed_files(tmp_path) == ["notes.sql: not of the form <digits>_<name>.sql"]


def test_a_version_may_be_any_number_and_is_one_files_alone(tmp_path: Path) -> None:
    folder = tmp_path / "supabase" / "migrations"
    folder.mkdir(parents=True)
    for name in ("0001_init.sql", "20251025_a.sql", "20251025_b.sql"):
        (folder / name).write_bytes(b"-- caf\xe9")

    assert misnamed_files(tmp_path) == []
    assert shared_versions(tmp_path) == ["20251025_a.sql and 20251025_b.sql share the version 20251025"]


def test_a_ledger_that_agrees_has_no_differences() -> None:
    applied = row(A, "-- why\nSELECT   1", "-- the end")

    assert compare_ledger([migration(A, "-- why\nselect 1;\n-- the end\n")], [applied]) == []


def test_each_way_in_which_ledger_and_repository_differ_is_one_line() -> None:
    files = [migration(A), migration(B), migration(C, "select 1; select 2;")]
    ledger = [row(A, name="other"), row(C), row("20250101000009", name=None)]

    assert compare_ledger(files, ledger) == [
        f"{B}_x: in the repository, not applied",
        "20250101000009: applied, not in the repository",
        f"{B}_x: older than what was applied already: `db push` will refuse it",
        f"{A}_x: applied under the name 'other'",
        f"{C}_x: 1 statements applied, 2 in the file",
    ]


@pytest.mark.parametrize(
    "statement",
    [
        "begin",
        "START TRANSACTION",
        "commit and chain",
        "rollback",
        "end",
        "create unique index concurrently i on a (b)",
        "drop index concurrently i",
        "reindex table concurrently a",
        "vacuum full a",
        "alter system set x = 1",
        "alter table a detach partition b concurrently",
    ],
)
def test_what_leaves_the_transaction_is_found_with_its_line(statement: str) -> None:
    (breach,) = breaches(migration(A, f"create table a (b int);\n\n-- why\n{statement};"))

    assert breach.line == 4


@pytest.mark.parametrize(
    "sql",
    [
        "create table begin_dates (id int); create table commits (id int);",
        "do $$ begin perform 1; end $$; select 1;",
        "savepoint s; rollback to savepoint s;",
        "create index concurrently i on a (b);",
        "-- begin;\nselect 'commit;'; select 2;",
        "create index i on a (b); refresh materialized view concurrently v;",
    ],
)
def test_what_stays_in_the_transaction_is_left_alone(sql: str) -> None:
    assert breaches(migration(A, sql)) == []


def test_an_older_ledger_has_no_names_or_statements() -> None:
    assert LedgerRow.from_json({"version": A}) == LedgerRow(A, None, None)
    assert compare_ledger([migration(A)], [LedgerRow(A, None, None)]) == []
