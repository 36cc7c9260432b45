"""The extensions of hosted projects: stand-ins that do what can be done truly, and a word about what is not there."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator
from pathlib import Path

import jwt
import psycopg
import pytest

from fixtures.errors import MigrationError
from fixtures.stack import contrib, hosted
from fixtures.stack.migrations import push
from fixtures.stack.postgres import Cluster
from tests.stack import strangers

STAND_INS = sorted(control.stem for control in contrib.STAND_INS.glob("*.control"))


@pytest.fixture
def connection(cluster: Cluster) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    with psycopg.connect(cluster.dsn()) as connection:
        yield connection
        connection.rollback()


@pytest.mark.parametrize("name", [name for name in STAND_INS if name != "supabase_vault"])  # it is there already
def test_a_stand_in_is_created_and_dropped_by_postgres(connection: psycopg.Connection, name: str) -> None:
    connection.execute(f"create extension if not exists {name} cascade".encode())
    connection.execute(f"drop extension {name} cascade".encode())


@pytest.mark.parametrize(
    "header",
    [
        'create extension if not exists "pg_cron" with schema "pg_catalog"',
        'create extension if not exists "pg_net" with schema "extensions"',
        'create extension if not exists "pg_graphql" with schema "graphql"',
        'create extension if not exists "pg_stat_statements" with schema "extensions"',
        'create extension if not exists "pgjwt" with schema "extensions"',
        'create extension if not exists "supabase_vault" with schema "vault"',
        'alter schema "public" owner to "pg_database_owner"',
        "comment on schema \"public\" is 'standard public schema'",
    ],
)
def test_the_header_of_a_dump_passes(connection: psycopg.Connection, header: str) -> None:
    """What every `supabase db dump` begins with."""
    connection.execute(header.encode())


def test_nothing_beyond_what_hosted_projects_offer() -> None:
    assert {*contrib.EXTENSIONS, *STAND_INS} <= hosted.EXTENSIONS
    assert not hosted.EXTENSIONS & hosted.UNTIL_15


def test_pgjwt_signs_as_others_do(connection: psycopg.Connection) -> None:
    connection.execute("create extension pgjwt with schema extensions cascade")
    secret, payload = (
        "a-secret-that-is-32-bytes-long-or-more-for-HS512-and-its-64-bytes-",
        {"name": "Zoë", "exp": 32503680000},
    )
    for algorithm in ("HS256", "HS384", "HS512"):
        signed = connection.execute("select sign(%s, %s, %s)", [json.dumps(payload), secret, algorithm]).fetchone()
        assert signed is not None
        assert jwt.decode(signed[0], secret, algorithms=[algorithm]) == payload
        theirs = jwt.encode(payload, secret, algorithm=algorithm)
        read = connection.execute("select payload, valid from verify(%s, %s, %s)", [theirs, secret, algorithm])
        assert read.fetchone() == (payload, True)
    for changed in ({**payload, "exp": 1}, {**payload, "nbf": 32503680000}):
        token = jwt.encode(changed, secret)
        assert connection.execute("select valid from verify(%s, %s)", [token, secret]).fetchone() == (False,)
    assert connection.execute("select valid from verify(%s, 'another')", [theirs]).fetchone() == (False,)


def test_a_query_of_graphql_is_answered_with_an_error(connection: psycopg.Connection) -> None:
    connection.execute("create extension pg_graphql")
    connection.execute("set local role anon")
    answer = connection.execute("select graphql_public.graphql(query => '{ a }')").fetchone()
    assert answer is not None
    assert "stand-in" in answer[0]["errors"][0]["message"]


def test_a_server_elsewhere_can_be_declared(connection: psycopg.Connection) -> None:
    connection.execute("create extension postgres_fdw with schema extensions")
    connection.execute("create server elsewhere foreign data wrapper postgres_fdw options (host 'example.com')")
    connection.execute("create user mapping for postgres server elsewhere options (user 'a', password 'b')")
    connection.execute("create foreign table public.far (id int) server elsewhere")


@pytest.mark.parametrize(
    "call",
    [
        "http: select status from http_get('https://example.com')",
        "pgsodium: select pgsodium.crypto_aead_det_keygen()",
        "hypopg: select hypopg_create_index('create index on a (b)')",
        "pgtap: select plan(1)",
    ],
)
def test_what_cannot_be_done_says_so(connection: psycopg.Connection, call: str) -> None:
    name, _, statement = call.partition(": ")
    connection.execute(f"create extension {name}".encode())
    with pytest.raises(psycopg.errors.FeatureNotSupported, match=f"{name} is a stand-in in this stack"):
        connection.execute(statement.encode())


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("create extension postgis", "not available .*; hosted Supabase has this extension, this stack lacks it"),
        ("create extension plv8", "not available .*; hosted Supabase has this extension up to Postgres 15 only"),
        ("create extension nosuch", "not available .*; hosted Supabase does not have this extension either"),
        (
            "create collation public.c (provider = icu, locale = 'de')",
            "ICU is not supported .*; hosted Supabase has ICU",
        ),
        (
            "do $$ begin execute 'create event trigger t on sql_drop execute function f()'; end $$",
            "; hosted Supabase permits",
        ),
        ("create table public.a (id nosuch)", r'^type "nosuch" does not exist \(SQLSTATE 42704\)((?!hosted).)*$'),
    ],
)
def test_a_refusal_says_whether_hosted_projects_refuse_too(
    cluster: Cluster, tmp_path: Path, statement: str, said: str
) -> None:
    rollout = strangers.write(tmp_path, {"migrations/20240101000000_a.sql": f"select 1;\n{statement};\n"})
    database = f"refused_{uuid.uuid4().hex[:8]}"
    with pytest.raises(MigrationError) as caught:
        push(rollout, cluster.create(database))
    cluster.drop(database)
    assert caught.value.line == 2
    assert re.search(said, caught.value.message), caught.value.message
