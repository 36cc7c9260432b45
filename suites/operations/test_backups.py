"""The newest backup is young enough and can be restored: it was, on a throw-away database, and its rows counted."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict

from environments.migrations import Expectations
from environments.model import Environment
from fixtures import archives, backup, dump_text
from fixtures.database import Database
from fixtures.deployment import platform_backups
from fixtures.errors import Unverified
from fixtures.evidence import Evidence
from fixtures.scratch import Scratch

TABLES = (
    "select schemaname || '.' || tablename as name, format('%I.%I', schemaname, tablename) as quoted from pg_tables"
)

_MAKES_TABLES = re.compile(r"\s*CREATE (?:UNLOGGED |FOREIGN )?TABLE ")
_ANY = "select exists (select from {})"

pytestmark = pytest.mark.check("prod-backups-tested")


@pytest.fixture(scope="module")
def dump(environment: Environment) -> Iterator[Path]:
    """The backup that the environment names; on `local`, where nobody keeps any, one that is taken now."""
    with tempfile.TemporaryDirectory(prefix="greenlight-dump-") as folder:
        file: Path | None = environment.require("database.dump") if environment.profile != "local" else None
        if file is None:
            file = Path(folder) / "stack.sql"
            backup.dump(environment.require("database.dsn"), file)
        assert file.exists(), f"database.dump: there is no file {file}"
        yield file


@pytest.fixture(scope="module")
def text(dump: Path, environment: Environment) -> Iterator[Path]:
    """The same as plain SQL of the target's database, gone at the end."""
    database = conninfo_to_dict(environment.require("database.dsn")).get("dbname", "postgres")
    with archives.plain(dump, str(database)) as file:
        yield file


def test_backups_are_young(dump: Path, environment: Environment, evidence: Evidence) -> None:
    """What came after the newest one is lost in a restore; one that stopped a month ago is noticed on the day."""
    moments = {dump.name: archives.taken_at(dump)}
    if environment.deployment.project_ref and environment.deployment.access_token:
        newest = platform_backups(environment).newest
        assert newest, "the platform has no complete backup of this project (`supabase backups list`)"
        moments["supabase backups list"] = newest

    evidence.table("newest backups", ["backup", "moment"], list(moments.items()))
    limit = environment.monitoring.backups.max_age_hours
    ages = {name: (datetime.now(UTC) - moment) / timedelta(hours=1) for name, moment in moments.items()}
    old = [f"{name} is {age:.0f} hours old, at most {limit:g} are allowed" for name, age in ages.items() if age > limit]
    ahead = [f"{name} is of {moments[name]:%Y-%m-%d %H:%M} UTC" for name, age in ages.items() if age < -0.1]
    assert not ahead, "; ".join(ahead) + ", which has not come yet: so how old it is cannot be told"
    assert not old, "; ".join(old) + " (monitoring.backups.max_age_hours)"


def test_the_dump_can_be_restored(
    dump: Path, text: Path, database: Database, scratch: Scratch, expectations: Expectations, evidence: Evidence
) -> None:
    """Each table with as many rows as the dump has for it, and none of the target's tables left out, nor its rows."""
    brought = dump_text.rows_in(text)
    if not brought:
        raise Unverified(f"{dump.name} has no rows in it, so nothing shows that they come back")
    alone = f"{dump.name} brings rows and makes no table to put them in: name one that has both"
    assert dump_text.mentions(text, _MAKES_TABLES), alone

    project, ran = archives.replay(text, scratch)

    there = {row["name"]: row["quoted"] for row in project.rows(TABLES)}
    counts = {table: f"select count(*) as n from {there[table]}" for table in brought if table in there}
    restored = {table: project.rows(query)[0]["n"] for table, query in counts.items()}
    scratch.drop(project)
    evidence.text("psql", ran.output)
    rows = [(table, count, restored.get(table)) for table, count in brought.items()]
    evidence.table("rows", ["table", "in the dump", "restored"], rows)
    lost = [f"{table}: {count} rows in the dump, {back} restored" for table, count, back in rows if count != back]
    assert not lost, "\n".join([*lost, ran.tail(10)])
    # Before the deploy there is no other backup than one without the new tables.
    public = {row["name"]: row["quoted"] for row in database.rows(TABLES) if row["name"].startswith("public.")}
    left_out = public.keys() - there.keys() - set(expectations.tables)
    assert not left_out, f"tables of the target that are not in {dump.name}: {', '.join(sorted(left_out))}"
    named = dump_text.without_data(text, sorted(public.keys() & there.keys()))
    bare = [table for table in named if database.value(_ANY.format(public[table]))]
    assert not bare, f"tables of the target whose rows were left out of {dump.name}: {', '.join(bare)}"
