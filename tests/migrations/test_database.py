"""The target's database cannot be written to, whatever is tried, and its address stays out of every message."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from fixtures.database import Database
from fixtures.errors import Unverified
from fixtures.scratch import Scratch, ScratchDatabase


@pytest.fixture(scope="module")
def written(scratch: Scratch) -> ScratchDatabase:
    made = scratch.database()
    made.run("create table public.kept (id int); insert into public.kept values (1), (2)")
    return made


@pytest.fixture
def database(written: ScratchDatabase) -> Iterator[Database]:
    opened = Database(written.dsn, statement_timeout=0.2, lock_timeout=0.1)
    yield opened
    opened.close()


@pytest.mark.parametrize(
    "statement",
    [
        "delete from public.kept",
        "commit; delete from public.kept",
        "with gone as (delete from public.kept returning id) select * from gone",
        "set transaction read write",
        "select set_config('transaction_read_only', 'off', true)",
        "create table public.more (id int)",
    ],
)
def test_no_statement_writes(database: Database, written: ScratchDatabase, statement: str) -> None:
    with pytest.raises(psycopg.Error):
        database.rows(statement)

    assert written.rows("select count(*) as n from public.kept") == [{"n": 2}]


@pytest.mark.parametrize("escape", ["commit", "rollback", "set session characteristics as transaction read write"])
def test_a_transaction_that_was_ended_opens_no_door(database: Database, escape: str) -> None:
    def leave_and_delete(connection: psycopg.Connection[object]) -> None:
        connection.execute(escape)
        connection.commit()
        connection.execute("delete from public.kept")

    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        database.read(leave_and_delete)

    assert database.value("select count(*) from public.kept") == 2


def test_it_reads_on_after_a_refusal(database: Database) -> None:
    with pytest.raises(psycopg.errors.UndefinedTable):
        database.rows("select * from public.nowhere")

    assert database.value("select count(*) from public.kept where id = %s", [1]) == 1


def test_it_reads_on_after_the_connection_broke(database: Database, scratch: Scratch, written: ScratchDatabase) -> None:
    pid = database.value("select pg_backend_pid()")
    with psycopg.connect(scratch.cluster.dsn(written.name, "supabase_admin"), autocommit=True) as other:
        other.execute("select pg_terminate_backend(%s)", [pid])

    with pytest.raises(Unverified, match=r"database\.dsn: the connection broke"):
        database.value("select 1")
    assert database.value("select 1") == 1


def test_what_takes_too_long_is_unverified(database: Database) -> None:
    with pytest.raises(Unverified, match=r"database\.dsn: no answer in time"):
        database.rows("select pg_sleep(5)")


def test_it_waits_for_no_lock(database: Database, written: ScratchDatabase) -> None:
    with written.connect() as other, other.transaction():
        other.execute("lock table public.kept")

        with pytest.raises(Unverified, match="no answer in time"):
            database.rows("select * from public.kept")


def test_nothing_is_left_in_the_session_for_the_next_client_of_a_pool(database: Database) -> None:
    database.snapshot()
    settings = ("statement_timeout", "lock_timeout", "search_path", "default_transaction_read_only")

    def session(connection: psycopg.Connection[object]) -> list[object]:
        connection.rollback()
        connection.read_only = None
        return [connection.execute(f"show {name}").fetchone() for name in settings]  # type: ignore[arg-type]

    found = [next(iter(row.values())) for row in database.read(session)]
    assert found == ["0", "0", '"$user", public, extensions', "off"]


@pytest.mark.parametrize(
    "dsn",
    ["postgresql://postgres.abcdefgh:geheim-wort@127.0.0.1:1/postgres", "postgresql://u:geheim-wort@127.0.0.1:port/x"],
)
def test_an_address_that_does_not_answer_is_unverified_and_stays_unsaid(dsn: str) -> None:
    with pytest.raises(Unverified) as raised:
        Database(dsn, connect_timeout=2).rows("select 1")

    assert str(raised.value).startswith("database.dsn: cannot connect")
    assert not [secret for secret in ("geheim-wort", "127.0.0.1", "abcdefgh", dsn) if secret in str(raised.value)]


def test_a_wrong_password_stays_unsaid(scratch: Scratch, written: ScratchDatabase) -> None:
    dsn = written.dsn.replace(scratch.cluster.password("postgres"), "geheim-wort")

    with pytest.raises(Unverified, match="cannot connect") as raised:
        Database(dsn).rows("select 1")

    assert "geheim-wort" not in str(raised.value)
