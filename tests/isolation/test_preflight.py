"""A connection that cannot look is told so in one line, and an empty database is no all-clear."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from fixtures.errors import Unverified
from fixtures.isolation.__main__ import main
from fixtures.isolation.engine import examine
from fixtures.stack.postgres import Cluster

SCHEMA = """
create table public.teams (id uuid primary key);
create table public.team_members (user_id uuid references auth.users, team_id uuid references public.teams);
create role weak login password 'weak';
create role reader login password 'reader' bypassrls;
grant usage on schema public to weak, reader;
grant anon, authenticated to weak;
"""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Cluster:
    directory: Path = tmp_path_factory.mktemp("preflight")
    with Cluster.start(directory / "cluster") as started:
        yield started


def dsn_as(dsn: str, role: str) -> str:
    return dsn.replace(dsn[dsn.index("//") + 2 : dsn.index("@")], f"{role}:{role}")


@pytest.mark.parametrize(
    ("role", "words"),
    [("weak", "does not bypass row-level security"), ("reader", "may not become anon, authenticated")],
)
def test_a_role_that_cannot_look_is_told_what_it_lacks(cluster: Cluster, role: str, words: str) -> None:
    dsn = cluster.create(f"preflight_{role}")
    with psycopg.connect(dsn, autocommit=True) as connection:
        if not connection.execute("select 1 from pg_roles where rolname = 'weak'").fetchone():
            connection.execute(SCHEMA)

    with pytest.raises(Unverified, match=words):
        examine(dsn_as(dsn, role))


def test_a_read_only_session_is_told_so(cluster: Cluster) -> None:
    dsn = cluster.create("preflight_readonly")

    with pytest.raises(Unverified, match="read-only"):
        examine(f"{dsn}?options=-c%20default_transaction_read_only%3Don")


def test_an_empty_database_is_no_all_clear(cluster: Cluster) -> None:
    report = examine(cluster.create("preflight_empty"))

    assert not report.findings
    assert "no table and no function" in report.unverified["database"]


def test_tables_that_are_nobodys_are_no_all_clear(cluster: Cluster) -> None:
    """Where nothing is known to be a tenant's, that nobody takes it from another says nothing."""
    dsn = cluster.create("preflight_nobodys")
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("create table public.words (id int primary key, word text not null)")
        connection.execute("alter table public.words enable row level security")

    report = examine(dsn)

    assert "declare the root" in report.unverified["tenancy"]
    assert {row.granted for row in report.matrix if row.object == "public.words"} == {False}, "it was looked at"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "file: not found"),
        ("tenancy = 1", "tenancy: expected a table"),
        ("[other]", "tenancy: expected a value, found none"),
        ("[tenancy]\nrot = 'public.teams'", "tenancy.rot: unknown key (did you mean root?)"),
    ],
)
def test_a_wrong_declaration_is_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    text: str | None,
    words: str,
) -> None:
    file = tmp_path / "tenancy.toml"
    if text is not None:
        file.write_text(text)
    monkeypatch.setattr("sys.argv", ["isolation", "postgresql://nowhere", "--tenancy", str(file)])

    assert main() == 2
    assert capsys.readouterr().err == f"{file}: {words}\n"
