"""Our way of applying migrations is that of the real CLI, also when it fails half-way."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixtures.applying import push
from fixtures.errors import MigrationError
from fixtures.migrations import read_migrations
from fixtures.rehearsal import State
from fixtures.scratch import Scratch
from fixtures.stack import migrations as cli

FIRST = "create table public.first (id int);\n-- and\ninsert into public.first values (1);\n-- the end"
SECOND = {
    "sound": "create type public.m as enum ('x'); alter type public.m add value 'y';\nselect 'a;b', E'\\';';",
    "refused at the end": "create table public.second (id int);\nselect 1/0;",
    "an index built concurrently": "create table public.second (id int);\n"
    "create index concurrently i on public.second (id);\ncreate table public.third (id int);\nselect 1/0;",
    "a commit on the way": "begin;\ncreate table public.second (id int);\ncommit;\n"
    "create table public.third ();\nselect 1/0;",
    "settings of the session": "set lock_timeout = '1s'; set local search_path = '';"
    "create table public.second (id int);",
}


@pytest.mark.parametrize("case", SECOND)
def test_both_ways_lead_to_the_same_state(scratch: Scratch, tmp_path: Path, case: str) -> None:
    folder = tmp_path / "supabase" / "migrations"
    folder.mkdir(parents=True)
    (folder / "20250101000000_first.sql").write_text(FIRST)
    (folder / "20250101000001_second.sql").write_text(SECOND[case])
    (tmp_path / "supabase" / "config.toml").write_text('project_id = "x"\n')
    genuine, ours = scratch.database(), scratch.database()

    failures = []
    for way in (
        lambda: cli.push(tmp_path, genuine.dsn, seed=False),
        lambda: push(ours, read_migrations(tmp_path)),
    ):
        try:
            way()
            failures.append(None)
        except MigrationError as error:
            failures.append((error.file.name, error.line, error.message.partition(" (SQLSTATE")[0]))

    assert failures[0] == failures[1]
    assert (failures[0] is None) == (case in ("sound", "settings of the session"))
    assert State.of(ours).differences_from(State.of(genuine)) == []
    ledger = "select * from supabase_migrations.schema_migrations order by version"
    assert ours.rows(ledger) == genuine.rows(ledger)
