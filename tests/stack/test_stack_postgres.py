"""The cluster: hosted powers, both regimes of grants, fast copies, and what strangers' migrations ask of it."""

from __future__ import annotations

import re
import time
import uuid
from pathlib import Path

import psycopg
import pytest

from fixtures.errors import StackError
from fixtures.stack.contrib import EXTENSIONS
from fixtures.stack.postgres import Cluster
from tests.stack import strangers


def test_postgres_role_has_hosted_powers(cluster: Cluster) -> None:
    with psycopg.connect(cluster.dsn()) as connection:
        powers = connection.execute(
            "select rolsuper, rolbypassrls, rolcreaterole from pg_roles where rolname = current_user"
        ).fetchone()
        assert powers == (False, True, True)
        for role in ("anon", "authenticated", "service_role"):
            connection.execute(f"set local role {role}")
            assert connection.execute("select current_user").fetchone() == (role,)
            connection.execute("reset role")


@pytest.mark.parametrize(
    "statement",
    [
        "set role supabase_admin",
        "alter role postgres superuser",
        "create role boss superuser",
        "grant supabase_admin to postgres",
        "copy (select 1) to program 'true'",
        "select pg_read_file('/etc/passwd')",
        "create function f() returns int language c as 'x', 'y'",
    ],
)
def test_postgres_role_cannot_become_more(cluster: Cluster, statement: str) -> None:
    with psycopg.connect(cluster.dsn()) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement)


def test_every_role_needs_its_password(cluster: Cluster) -> None:
    """A check that holds the password of `postgres` must not become a superuser by connecting once more."""
    stolen = f"postgresql://supabase_admin:{cluster.password('postgres')}@127.0.0.1:{cluster.port}/postgres"
    for address in (stolen, f"postgresql://supabase_admin@127.0.0.1:{cluster.port}/postgres"):
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(address)
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(host=str(cluster.sockets), port=cluster.port, user="supabase_admin", dbname="postgres")


def test_roles_that_are_only_set_have_no_address(cluster: Cluster) -> None:
    with pytest.raises(StackError, match="'anon' cannot sign in"):
        cluster.dsn(role="anon")


@pytest.mark.parametrize(("grants", "granted"), [("explicit", False), ("legacy", True)])
def test_default_grants(tmp_path: Path, grants: str, granted: bool) -> None:
    with (
        Cluster.start(tmp_path, default_grants=grants) as cluster,  # type: ignore[arg-type]
        psycopg.connect(cluster.dsn()) as connection,
    ):
        connection.execute("create table public.t (id int); create sequence public.s")
        for role in ("anon", "authenticated", "service_role"):
            found = connection.execute(
                "select has_table_privilege(r, 'public.t', 'select'), has_table_privilege(r, 'public.t', 'insert'),"
                " has_sequence_privilege(r, 'public.s', 'usage') from cast(%s as name) as r",
                [role],
            ).fetchone()
            assert found == (granted, granted, granted), role


def test_copies_are_fast_and_their_own(cluster: Cluster) -> None:
    origin, copy = f"a_{uuid.uuid4().hex[:6]}", f"b_{uuid.uuid4().hex[:6]}"
    with psycopg.connect(cluster.create(origin)) as connection:
        connection.execute("create table public.t as select generate_series(1, 10000) as n")

    started = time.perf_counter()
    address = cluster.create(copy, template=origin)
    took = time.perf_counter() - started

    with psycopg.connect(address) as connection:
        assert connection.execute("select count(*) from public.t").fetchone() == (10000,)
        assert connection.execute("show search_path").fetchone() == ('"$user", public, extensions',)
        connection.execute("drop table public.t")
    with psycopg.connect(cluster.dsn(origin)) as connection:
        assert connection.execute("select count(*) from public.t").fetchone() == (10000,)
    for name in (origin, copy):
        cluster.drop(name)
    assert took < 1


def test_what_strangers_migrations_do(cluster: Cluster) -> None:
    name = f"m_{uuid.uuid4().hex[:6]}"
    with psycopg.connect(cluster.create(name)) as connection:
        connection.execute(strangers.MIGRATION.encode())
        user = uuid.uuid4()
        connection.execute(
            "insert into auth.users (id, raw_user_meta_data) values (%s, %s)", [user, '{"nickname": "N"}']
        )
        assert connection.execute("select nickname from public.profiles").fetchall() == [("N",)]
        published = connection.execute("select tablename from pg_publication_tables").fetchall()
        assert published == [("profiles",)]
        connection.execute("insert into storage.objects (bucket_id, name) values ('avatars', 'a/b.png')")
        connection.execute("update public.profiles set nickname = 'M'")
        heard = "select event, payload -> 'record' ->> 'nickname' from realtime.messages where topic = %s"
        channel = f"profile:{user}"
        for joins, hears in ((channel, [("UPDATE", "M")]), ("profile:", [])):
            connection.execute("select set_config('realtime.topic', %s, true)", [joins])
            connection.execute("select set_config('request.jwt.claims', %s, true)", [f'{{"sub": "{user}"}}'])
            connection.execute("set local role authenticated")
            assert connection.execute(heard, [channel]).fetchall() == hears
            connection.execute("reset role")
        [(command,)] = connection.execute("select command from cron.job where jobname = 'tell'")
        connection.execute(command)
        queued = connection.execute("select method, url from net.http_request_queue").fetchall()
        assert queued == [("POST", "https://example.com/hook")]
        assert connection.execute("select cron.unschedule('tell')").fetchone() == (True,)
        connection.execute("set local role anon")
        assert connection.execute("select storage.filename(name) from storage.objects").fetchall() == [("b.png",)]
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("select * from public.profiles")
    cluster.drop(name)


HANDLER = "create function public.h() returns trigger language plpgsql as 'begin return new; end'"


@pytest.mark.parametrize(
    "statements",
    [
        (
            HANDLER,
            "create trigger t after insert on auth.users for each row execute function public.h()",
            "drop trigger t on auth.users",
            "drop trigger if exists t on auth.users",
        ),
        (
            HANDLER,
            "create trigger t before insert on storage.objects for each row execute function public.h()",
            'drop trigger t on "storage"."objects"',
        ),
        (
            "create policy p on storage.objects for select using (true)",
            "alter policy p on storage.objects using (false)",
            "drop policy p on storage.objects",
            "drop policy if exists p on storage.objects",
        ),
        ("create policy p on storage.buckets using (true)", "create policy p on realtime.messages using (true)"),
        (
            "do $$ begin execute format('create policy p on %I.%I using (true)', 'storage', 'objects'); end $$",
            "set session_replication_role = replica",
            "drop policy p on storage.objects",
        ),
    ],
)
def test_postgres_sees_to_policies_and_triggers_of_the_services_tables(
    cluster: Cluster, statements: tuple[str, ...]
) -> None:
    """The most usual: a migration makes the trigger on `auth.users` anew."""
    owners = "select oid, relowner from pg_class where relname in ('users', 'objects', 'messages') order by oid"
    with psycopg.connect(cluster.dsn()) as connection:
        before = connection.execute(owners).fetchall()
        for statement in statements:  # one by one, as the CLI sends them
            connection.execute(statement.encode())
        assert connection.execute(owners).fetchall() == before, "the loan ends with the statement"
        connection.rollback()


@pytest.mark.parametrize(
    "statement",
    [
        "alter table storage.objects enable row level security",
        "alter table storage.objects add column mine int",
        "alter table storage.objects disable trigger all",
        "alter table realtime.messages enable row level security",
        "create index mine on storage.objects (name)",
        "comment on table storage.objects is 'mine'",
        "create policy p on storage.objects using (true); comment on policy p on storage.objects is 'mine'",
        "create policy p on storage.objects using (true); drop table storage.objects",
        "create table auth.mine (id int)",
        "create or replace function auth.uid() returns uuid language sql return null::uuid",
        "set role supabase_storage_admin",
    ],
)
def test_the_services_tables_are_not_the_rollouts(cluster: Cluster, statement: str) -> None:
    """A hosted project refuses each of them (42501), so such a migration must not pass here either."""
    with psycopg.connect(cluster.dsn()) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement.encode())


@pytest.mark.parametrize("name", EXTENSIONS)
def test_postgres_creates_the_extensions_that_hosted_projects_offer(cluster: Cluster, name: str) -> None:
    with psycopg.connect(cluster.dsn()) as connection:
        connection.execute(f'create extension if not exists "{name}" with schema extensions cascade'.encode())
        connection.rollback()


def test_extensions_do_what_they_are_for(cluster: Cluster) -> None:
    """Values from FIPS 180 (SHA), RFC 4231 (HMAC) and the extensions' documentation."""
    with psycopg.connect(cluster.dsn()) as connection:
        for name in ("citext", "pg_trgm", "moddatetime", "unaccent"):
            connection.execute(f"create extension {name} with schema extensions".encode())

        def value(expression: str) -> object:
            row = connection.execute(f"select {expression}".encode()).fetchone()
            assert row is not None
            return row[0]

        assert value("encode(digest('abc', 'sha256'), 'hex')") == (
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        )
        assert value("encode(hmac('what do ya want for nothing?', 'Jefe', 'sha256'), 'hex')") == (
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        )
        assert value("pgp_sym_decrypt(pgp_sym_encrypt('said', 'key'), 'key')") == "said"
        assert value("uuid_generate_v5(uuid_ns_dns(), 'www.example.com')") == uuid.uuid5(
            uuid.NAMESPACE_DNS, "www.example.com"
        )
        assert value("'Ada@Example.com'::citext = 'ada@example.com'") is True
        assert value("unaccent('Hôtel')") == "Hotel"
        assert value("similarity('word', 'two words')") == pytest.approx(0.3636, abs=0.001)
        connection.execute("create table t (name text, changed timestamptz default '2000-01-01')")
        connection.execute("create index on t using gin (name gin_trgm_ops)")
        connection.execute("create trigger m before update on t for each row execute function moddatetime(changed)")
        connection.execute("insert into t (name) values ('a'); update t set name = 'b'")
        assert value("changed > '2001-01-01' from t") is True
        connection.rollback()


def test_rows_of_files_are_deleted_on_purpose_only(cluster: Cluster) -> None:
    with psycopg.connect(cluster.dsn()) as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="Direct deletion from storage tables"):
            connection.execute("delete from storage.objects")
        connection.rollback()
        connection.execute("set local storage.allow_delete_query = 'true'")
        connection.execute("delete from storage.objects; delete from storage.buckets")
        connection.rollback()


def test_a_dump_of_data_may_switch_triggers_off(cluster: Cluster) -> None:
    with psycopg.connect(cluster.dsn()) as connection:
        connection.execute("set session_replication_role = replica")
        connection.rollback()


def test_log_names_role_and_sqlstate(cluster: Cluster) -> None:
    with psycopg.connect(cluster.dsn()) as connection:
        connection.execute("set role anon")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("select * from auth.users")
    told = r"postgres@postgres 42501 \[.*\] ERROR: +permission denied for table users"
    assert re.search(told, cluster.log.read_text())
