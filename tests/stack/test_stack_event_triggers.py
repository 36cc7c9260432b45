"""Event triggers of a rollout's own: hosted Supabase lets `postgres` have them, and recommends one."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from fixtures.applying import push as apply
from fixtures.errors import MigrationError
from fixtures.migrations import read_migrations
from fixtures.scratch import ScratchDatabase
from fixtures.stack import event_triggers
from fixtures.stack.migrations import push
from fixtures.stack.postgres import Cluster
from tests.stack import strangers

FUNCTION = """
create function public.rls_auto_enable() returns event_trigger language plpgsql security definer
set search_path = pg_catalog as $$
declare cmd record;
begin
  for cmd in select * from pg_event_trigger_ddl_commands() where schema_name = 'public' and object_type = 'table' loop
    execute format('alter table if exists %s enable row level security', cmd.object_identity);
  end loop;
end;
$$;
"""
STATEMENT = """-- as Supabase recommends; it isn't optional
create event trigger ensure_rls on ddl_command_end when tag in ('CREATE TABLE', 'CREATE TABLE AS', 'SELECT INTO')
  execute function rls_auto_enable()"""
BLOCK = f"""do $block$ begin
  if not exists (select from pg_event_trigger where evtname = 'ensure_rls') then
    {STATEMENT};
  end if;
end $block$"""


@pytest.fixture
def database(cluster: Cluster) -> Iterator[ScratchDatabase]:
    name = f"event_{uuid.uuid4().hex[:8]}"
    yield ScratchDatabase(name, cluster.create(name))
    cluster.drop(name)


@pytest.mark.parametrize("way", ["cli", "ours"])
@pytest.mark.parametrize("statement", [STATEMENT, BLOCK])
def test_every_new_table_has_row_level_security(
    database: ScratchDatabase, tmp_path: Path, statement: str, way: str
) -> None:
    text = f"{FUNCTION}{statement};\ncreate table public.a (id int);\ncreate extension hstore;\n"
    rollout = strangers.write(tmp_path, {"migrations/20240101000000_a.sql": text})

    if way == "cli":
        push(rollout, database.dsn)
    else:
        apply(database, read_migrations(rollout))

    with psycopg.connect(database.dsn, autocommit=True) as connection:
        connection.execute("create table public.b (id int)")
        enabled = connection.execute("select relname, relrowsecurity from pg_class where relname in ('a', 'b')")
        assert sorted(enabled) == [("a", True), ("b", True)]
        ledger = connection.execute("select statements from supabase_migrations.schema_migrations").fetchall()
        assert statement in ledger[0][0], "the ledger holds what the file says"
        connection.execute("alter event trigger ensure_rls disable")
        connection.execute("create table public.c (id int)")
        connection.execute("alter event trigger ensure_rls enable")
        assert connection.execute("select relrowsecurity from pg_class where relname = 'c'").fetchone() == (False,)
        connection.execute("drop event trigger ensure_rls")


def test_one_that_is_refused_is_refused_at_its_line(database: ScratchDatabase, tmp_path: Path) -> None:
    text = "create table public.a (id int);\n\ncreate event trigger t on ddl_command_end execute function nosuch();\n"
    rollout = strangers.write(tmp_path, {"migrations/20240101000000_a.sql": text})

    with pytest.raises(MigrationError, match=r"function nosuch\(\) does not exist") as caught:
        push(rollout, database.dsn)

    assert caught.value.line == 3


def test_it_never_runs_as_a_superuser(database: ScratchDatabase) -> None:
    """The script of an extension runs as one: there it rests, as with supautils, and afterwards it is as it was."""
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        connection.execute("create table public.ran_as (who text)")
        connection.execute(
            "create function public.note() returns event_trigger language plpgsql as"
            " 'begin insert into public.ran_as values (current_user); end'"
        )
        for name, event in (("s", "ddl_command_start"), ("e", "ddl_command_end")):
            statement = f"create event trigger {name} on {event} execute function public.note()"
            connection.execute(event_triggers.delegated(statement).encode())
        connection.execute("alter event trigger e enable always")
        connection.execute("create extension hstore with schema extensions")
        connection.execute("create extension if not exists hstore")
        connection.execute("create table public.t ()")
        assert set(connection.execute("select distinct who from public.ran_as")) == {("postgres",)}
        states = "select evtname, evtenabled, evtowner::regrole::text from pg_event_trigger where evtname in ('s', 'e')"
        assert sorted(connection.execute(states)) == [("e", "A", "postgres"), ("s", "O", "postgres")]


@pytest.mark.parametrize(
    "statement",
    [
        "create event trigger x on sql_drop execute function f(); alter role postgres superuser",
        "alter role postgres superuser",
        "create event triggers",
    ],
)
def test_nothing_else_is_done_with_a_superusers_powers(database: ScratchDatabase, statement: str) -> None:
    call = "select extensions.supautils_create_event_trigger(%s, 'public')"
    with psycopg.connect(database.dsn) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(call, [statement])


@pytest.mark.parametrize(
    "text",
    [
        "select 'create event trigger x'",
        "-- create event trigger x\nselect 1",
        "create function f() returns void language plpgsql as $$ begin create event trigger x; end $$",
        "do $$ begin execute 'create event trigger x on sql_drop execute function f()'; end $$",
        "select 1",
    ],
)
def test_what_creates_none_is_sent_as_it_stands(text: str) -> None:
    assert event_triggers.delegated(text) == text
