"""The database is looked at while something runs: what it waits for is seen, and that there is none is said."""

from __future__ import annotations

import threading
from pathlib import Path

import psycopg

from environments.loading import load_environment
from environments.model import Environment
from fixtures.load_felt import COLUMNS, Felt, felt
from fixtures.waiting import until
from tests.load.conftest import Target


def environment(folder: Path, dsn: str) -> Environment:
    file = folder / "felt.toml"
    file.write_text(f'profile = "local"\n[database]\ndsn = "{dsn}"\n')
    return load_environment(file, {})


def test_what_the_database_waits_for_is_seen(target: Target, tmp_path: Path) -> None:
    dsn, path = target.stack.info.database_url, tmp_path / "felt.json"

    def wait() -> None:
        with psycopg.connect(dsn, autocommit=True) as other:
            other.execute("select pg_advisory_lock(4711), 'who waits'")

    with psycopg.connect(dsn, autocommit=True) as holder:
        holder.execute("select pg_advisory_lock(4711)")
        waiting = threading.Thread(target=wait)
        with felt(environment(tmp_path, dsn), path) as looks:
            waiting.start()
            until(
                lambda: any(look[COLUMNS.index("waiting")] for look in looks), within=10, what="one that waits is seen"
            )
        holder.execute("select pg_advisory_unlock(4711)")
    waiting.join()

    rows = [dict(zip(COLUMNS, row, strict=True)) for row in Felt.read(path).rows]
    seen = [row for row in rows if row["waiting"]]
    assert seen, rows
    assert "Lock: advisory" in seen[-1]["waits for"]
    assert "who waits" in seen[-1]["statement"]
    assert seen[-1]["longest ms"] > 0


def test_a_database_that_is_not_there_is_no_failure_of_the_run(tmp_path: Path) -> None:
    path = tmp_path / "felt.json"

    with felt(environment(tmp_path, "postgresql://postgres:secret-word@127.0.0.1:9/postgres"), path):
        pass

    assert Felt.read(path).rows == ()
    assert "database.dsn" in Felt.read(path).problem
    assert "secret-word" not in Felt.read(path).problem
