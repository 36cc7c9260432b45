"""The newest backup is young enough and can be restored: it was, on a throw-away database, and its rows counted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from environments.migrations import Expectations
from environments.model import Environment
from fixtures import backup
from fixtures.database import Database
from fixtures.deployment import platform_backups
from fixtures.errors import Unverified
from fixtures.evidence import Evidence
from fixtures.scratch import Scratch

TABLES = "select format('%I.%I', schemaname, tablename) as name from pg_tables"

pytestmark = pytest.mark.check("prod-backups-tested")


@pytest.fixture(scope="module")
def dump(environment: Environment, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The backup that the environment names; on `local`, where nobody keeps any, one that is taken now."""
    file: Path | None = environment.require("database.dump") if environment.profile != "local" else None
    if file is None:
        file = tmp_path_factory.mktemp("dump") / "stack.sql"
        backup.dump(environment.require("database.dsn"), file)
    assert file.is_file(), f"database.dump: there is no file {file}"
    return file


def test_the_dump_is_young(dump: Path, environment: Environment) -> None:
    """What came after it is lost in the restore."""
    age = datetime.now(UTC) - datetime.fromtimestamp(dump.stat().st_mtime, UTC)

    limit = timedelta(hours=environment.monitoring.backups.max_age_hours)
    assert age <= limit, f"{dump.name} is {age.total_seconds() / 3600:.0f} hours old (monitoring.backups.max_age_hours)"


def test_the_platforms_backup_is_young(environment: Environment, evidence: Evidence) -> None:
    """A daily backup that stopped a month ago is noticed on the day it is needed."""
    if environment.deployment.project_ref is None or environment.deployment.access_token is None:
        return  # looked at where configured; a dump is what decides

    backups = platform_backups(environment)

    evidence.json("supabase backups list", {"newest": backups.newest, "point in time": backups.pitr})
    assert backups.newest, "the platform has no complete backup of this project"
    age = datetime.now(UTC) - backups.newest
    limit = timedelta(hours=environment.monitoring.backups.max_age_hours)
    assert age <= limit, f"the platform's newest backup is {age.total_seconds() / 3600:.0f} hours old"


def test_the_dump_can_be_restored(
    dump: Path, database: Database, scratch: Scratch, expectations: Expectations, evidence: Evidence
) -> None:
    """Each table with as many rows as the dump has for it, and none of the target's tables left out."""
    file = backup.plain(dump)
    brought = backup.rows_in(file)
    if not brought:
        raise Unverified(f"{dump.name} has no rows in it, so nothing shows that they come back")

    project, ran = backup.replay(file, scratch)

    there = {row["name"] for row in project.rows(TABLES)}
    restored = {
        table: project.rows(f"select count(*) as n from {table}")[0]["n"] for table in brought if table in there
    }
    scratch.drop(project)
    evidence.text("psql", ran.output)
    evidence.table("rows", ["table", "in the dump", "restored"], [(t, n, restored.get(t)) for t, n in brought.items()])
    lost = [
        f"{t}: {n} rows in the dump, {restored.get(t)} restored" for t, n in brought.items() if restored.get(t) != n
    ]
    assert not lost, "\n".join([*lost, ran.tail(10)])
    # Before the deploy there is no other backup than one without the new tables.
    public = {row["name"] for row in database.rows(TABLES) if row["name"].startswith("public.")}
    left_out = public - there - set(expectations.tables)
    assert not left_out, f"tables of the target that are not in {dump.name}: {', '.join(sorted(left_out))}"
