"""Pushing migrations with the real CLI, and what is said when Postgres refuses one."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from fixtures.errors import MigrationError, StackError
from fixtures.stack.migrations import push
from fixtures.stack.postgres import Cluster
from tests.stack import strangers

GOOD = "create table public.a (id int primary key);\n"
BROKEN = """-- A comment; with a semicolon, and a 'quote
create table public.b (id int);

create function public.f() returns text language plpgsql as $$
begin
  return 'a; b'; -- inner;
end;
$$;

insert into public.b (id)
values
  (1),
  (public.nosuch());
create table public.c (id int);
"""


@pytest.fixture
def database(cluster: Cluster) -> Iterator[str]:
    name = f"push_{uuid.uuid4().hex[:8]}"
    yield cluster.create(name)
    cluster.drop(name)


def test_ledger_is_the_clis_own(database: str, tmp_path: Path) -> None:
    rollout = strangers.complete(tmp_path)
    before = sorted(path for path in rollout.rglob("*"))

    assert push(rollout, database) == ["20240101000000_start.sql"]

    with psycopg.connect(database) as connection:
        ledger = connection.execute(
            "select version, name, cardinality(statements) > 5 from supabase_migrations.schema_migrations"
        ).fetchall()
        assert ledger == [("20240101000000", "start", True)]
        assert connection.execute("select count(*) from public.tokens").fetchone() == (1,), "seed.sql comes after"
    assert sorted(path for path in rollout.rglob("*")) == before, "the CLI leaves nothing in the rollout"
    assert push(rollout, database) == []


def test_broken_migration_gives_file_line_statement_and_message(database: str, tmp_path: Path) -> None:
    names = ["20240101000000_good.sql", "20240101000001_broken.sql", "20240101000002_later.sql"]
    files = zip(names, [GOOD, BROKEN, "create table public.d (id int);"], strict=True)
    rollout = strangers.write(tmp_path, {f"migrations/{name}": text for name, text in files})

    with pytest.raises(MigrationError) as caught:
        push(rollout, database)

    error = caught.value
    assert error.file == rollout / "supabase" / "migrations" / names[1]
    assert error.line == 13
    assert error.statement.startswith("insert into public.b")
    assert "function public.nosuch() does not exist (SQLSTATE 42883)" in error.message
    assert f"{names[1]}:13: " in str(error)
    assert "\n" not in str(error)
    with psycopg.connect(database) as connection:
        left = connection.execute("select relname from pg_class where relnamespace = 'public'::regnamespace").fetchall()
        assert left == [("a",), ("a_pkey",)], "what came before stays, of the broken one nothing does"


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("migrations/20240101000001_x.sql", "select 1;\n\n\ninsert into public.a values (1), (1);\n", 4),
        ("seed.sql", "insert into public.a values (1);\ninsert into public.a\nvalues ('x');\n", 3),
        ("roles.sql", "create role twice_over nologin;\ncreate role twice_over nologin;\n", 2),
    ],
)
def test_line_is_found_without_a_position_too(database: str, tmp_path: Path, name: str, text: str, line: int) -> None:
    rollout = strangers.write(tmp_path, {"migrations/20240101000000_good.sql": GOOD, name: text})

    with pytest.raises(MigrationError) as caught:
        push(rollout, database)

    assert (caught.value.file, caught.value.line) == (rollout / "supabase" / name, line)


def test_what_is_no_migration_is_said_in_one_line(database: str, tmp_path: Path) -> None:
    rollout = strangers.write(tmp_path, {"config.toml": "[db\n", "migrations/20240101000000_good.sql": GOOD})

    with pytest.raises(StackError, match="supabase db push: failed to load config") as caught:
        push(rollout, database)

    assert "\n" not in str(caught.value)


def test_two_files_of_one_version_are_both_named(database: str, tmp_path: Path) -> None:
    folder = tmp_path / "supabase" / "migrations"
    folder.mkdir(parents=True)
    for name in ("0001_first.sql", "0001_second.sql"):
        (folder / name).write_text("select 1;")

    with pytest.raises(
        StackError, match=r"0001_first.sql and 0001_second.sql share the version 0001: the ledger holds"
    ):
        push(tmp_path, database)
