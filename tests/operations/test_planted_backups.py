"""A backup that does not come back is red, and one that does is not, in whatever form it was written."""

from __future__ import annotations

import gzip
import os
import subprocess
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from fixtures import backup
from fixtures.dump_text import rows_in
from fixtures.scratch import Scratch, ScratchDatabase
from fixtures.stack.binaries import postgres
from fixtures.stack.template import SUPERUSER
from fixtures.supabase_cli import supabase
from tests.migrations.planting import Ended
from tests.preflight.bench import Bench

BACKUPS = "operations/test_backups.py"


@pytest.fixture
def restoring(bench: Bench, scratch: Scratch, target: ScratchDatabase) -> Callable[..., Ended]:
    def on(spoil: Callable[[Path], object] = lambda _: None, file: Path | None = None) -> Ended:
        if file is None:
            file = bench.path / "backup.sql"
            backup.dump(target.dsn, file)
        spoil(file)
        toml = f'[database]\ndsn = "{target.dsn}"\ndump = "{file}"\n'
        return bench.run(BACKUPS, toml=toml, fixtures={"scratch": scratch})

    return on


def cut(file: Path) -> None:
    """A dump whose rows no longer fit its tables: one constraint refuses them all."""
    text = file.read_text()
    file.write_text(text.replace("slug text NOT NULL", "slug text NOT NULL CHECK (false)", 1))


def without(file: Path) -> None:
    file.write_text(file.read_text().replace("public.media_assets", "public.media_gone"))


def old(file: Path) -> None:
    then = (datetime.now(UTC) - timedelta(days=3)).timestamp()
    os.utime(file, (then, then))


def truncated(file: Path) -> None:
    """What was written before the disk was full: all tables are made, and the last ones have no rows."""
    text = file.read_text()
    file.write_text(text[: text.index("COPY public.tags")])


def emptied(file: Path) -> None:
    """Taken with --exclude-table-data=public.media_assets."""
    head, copy, rest = file.read_text().partition("COPY public.media_assets")
    assert copy
    file.write_text(head + rest.partition("\\.\n")[2])


def ahead(file: Path) -> None:
    then = (datetime.now(UTC) + timedelta(days=3)).timestamp()
    os.utime(file, (then, then))


def copied(file: Path) -> None:
    """An old one that was copied today."""
    text = file.read_text().replace("\nSET ", "\n-- Started on 2026-01-01 03:00:00 CET\n\nSET ", 1)
    file.write_text(text)


def test_a_backup_comes_back(restoring: Callable[..., Ended]) -> None:
    ended = restoring()

    assert ended["prod-backups-tested"].status == "verified", ended.text


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (cut, "restored"),
        (without, "not in backup.sql: public.media_assets"),
        (old, "is 72 hours old, at most 26 are allowed"),
        (copied, "hours old, at most 26 are allowed"),
        (ahead, "which has not come yet"),
        (truncated, "backup.sql is cut off"),
        (emptied, "whose rows were left out of backup.sql: public.media_assets"),
        (Path.unlink, "there is no file"),
    ],
)
def test_a_backup_that_helps_nobody(
    restoring: Callable[..., Ended], spoil: Callable[[Path], object], said: str
) -> None:
    ended = restoring(spoil)

    assert ended.red == {"prod-backups-tested"}, ended.text
    assert said in ended.text


def test_without_a_dump_it_is_open(bench: Bench, target: ScratchDatabase) -> None:
    ended = bench.run(BACKUPS, toml=f'[database]\ndsn = "{target.dsn}"\n')

    assert ended["prod-backups-tested"].status == "unverified"
    assert "database.dump is not set" in ended["prod-backups-tested"].reason


# Forms ---------------------------------------------------------------------------------------------------------------

ODD = r"""
create table public."Odd; (Name)" (id int primary key, "values" text, nothing text);
insert into public."Odd; (Name)" values
  (1, 'it''s (a), "b"; $$ $x$ /* --'),
  (2, E'two\n\\connect postgres\n\\.\nINSERT INTO public.tags VALUES (\'\n-- '),
  (3, E'),\n\t(4, \'VALUES'), (4, null), (5, '');
create table public."user" (id int);
insert into public."user" values (1), (2);
create function public.notes() returns void language plpgsql as $a$
begin
INSERT INTO public."user" VALUES (3);
INSERT INTO public.nowhere VALUES ('$$;');
end $a$;
comment on function public.notes() is 'costs $5; it''s free
COPY public.tags FROM stdin;
';
"""
COUNT = "select count(*) as n from {}"
TABLES = "select tablename as name, format('public.%I', tablename) as quoted from pg_tables where schemaname = 'public'"
QUOTED = "--quote-all-identifiers"

Write = Callable[[ScratchDatabase, Scratch, Path], None]


def pg_dump(*options: str) -> Write:
    return lambda target, _, file: backup.tool("pg_dump", target.dsn, *options, f"--file={file}").expect_success()


def cluster(target: ScratchDatabase, scratch: Scratch, file: Path) -> None:
    others = [f"--exclude-database={name}" for name in scratch.made if name != target.name]
    server = scratch.cluster.dsn("postgres", SUPERUSER)
    backup.tool("pg_dumpall", server, *others, f"--file={file}").expect_success()


def cli(target: ScratchDatabase, _: Scratch, file: Path) -> None:
    """What `supabase db dump` and `supabase db dump --data-only` run in their containers, one after the other."""
    for options in ((), ("--data-only",)):
        said = supabase("db", "dump", "--dry-run", *options, database=target.dsn).ran.output
        script = said[said.index("#!/usr/bin/env bash") :].replace("\\r", "")
        variables = {"PATH": f"{postgres('pg_dump').parent}:{os.defpath}"}
        ran = subprocess.run(["bash", "-c", script], env=variables, check=True, capture_output=True)
        with file.open("ab") as written:
            written.write(ran.stdout)


def packed(target: ScratchDatabase, scratch: Scratch, file: Path) -> None:
    """What the dashboard offers: a whole cluster, compressed."""
    plain = file.with_suffix(".plain")
    cluster(target, scratch, plain)
    file.write_bytes(gzip.compress(plain.read_bytes()))
    plain.unlink()


FORMS = {
    "quoted names": pg_dump(QUOTED),
    "several rows in an INSERT": pg_dump("--inserts", "--rows-per-insert=3"),
    "the CLI's": cli,
    "custom": pg_dump("--format=custom"),
    "a directory": pg_dump("--format=directory"),
    "tar": pg_dump("--format=tar"),
    "with its database": pg_dump("--create"),
    "a cluster": cluster,
    "a cluster, compressed": packed,
}


@pytest.mark.parametrize("write", FORMS.values(), ids=FORMS)
def test_a_sound_backup_in_any_form(
    restoring: Callable[..., Ended],
    target: ScratchDatabase,
    scratch: Scratch,
    write: Write,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    folder = tmp_path / "backups"
    folder.mkdir()
    target.run(ODD)
    write(target, scratch, folder / "backup")

    ended = restoring(file=folder / "backup")

    assert ended["prod-backups-tested"].status == "verified", ended.text
    # Nothing in the clear stays behind, and nothing was done to another database.
    assert [file.name for file in folder.iterdir()] == ["backup"]
    assert not [*tmp_path.glob("greenlight-dump-*")]
    assert not ScratchDatabase("postgres", scratch.cluster.dsn("postgres", SUPERUSER)).rows(TABLES)


def test_rows_are_counted_as_they_are_there(target: ScratchDatabase, scratch: Scratch, tmp_path: Path) -> None:
    target.run(ODD)
    there = {f"public.{row['name']}": target.rows(COUNT.format(row["quoted"]))[0]["n"] for row in target.rows(TABLES)}
    assert there["public.Odd; (Name)"] == 5

    for name in ("quoted names", "several rows in an INSERT", "the CLI's"):
        FORMS[name](target, scratch, tmp_path / name)
        counts = rows_in(tmp_path / name)
        told = {table: count for table, count in counts.items() if count and table.startswith("public.")}

        assert told == {table: count for table, count in there.items() if count}, name


def data_alone(file: Path) -> None:
    text = file.read_text()
    file.write_text(text[text.index("COPY ") :])


def torn(file: Path) -> None:
    whole = gzip.compress(file.read_bytes())
    file.write_bytes(whole[: len(whole) // 2])


def packed_half(file: Path) -> None:
    truncated(file)
    file.write_bytes(gzip.compress(file.read_bytes()))


def of_others(file: Path) -> None:
    """A whole cluster, but for the database that it is about."""
    text, head = file.read_text(), "-- PostgreSQL database cluster dump"
    file.write_text(f"{head}\n\\connect other\n{text}{head} complete\n")


def half_a_cluster(file: Path) -> None:
    text = file.read_text()
    file.write_text(f"-- PostgreSQL database cluster dump\n\\connect other\n{text}")


def emptied_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (data_alone, "backup.sql brings rows and makes no table to put them in"),
        (torn, "backup.sql is cut off or damaged"),
        (packed_half, "backup.sql is cut off: it lacks the line"),
        (half_a_cluster, "backup.sql is cut off"),
        (of_others, "backup.sql holds other, and no database scratch_"),
        (emptied_folder, "backup.sql is a folder, and not one that pg_dump wrote"),
    ],
)
def test_a_form_that_helps_nobody(restoring: Callable[..., Ended], spoil: Callable[[Path], object], said: str) -> None:
    ended = restoring(spoil)

    assert ended.red == {"prod-backups-tested"}, ended.text
    assert said in ended.text


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\x28\xb5\x2f\xfd....", "backup.sql is compressed with zstd, and not unpacked here"),
        (b"age-encryption.org/v1\n", "backup.sql is encrypted with age"),
        (b"\x7fELF\0\0", "backup.sql is neither SQL nor in a format that pg_restore reads"),
    ],
    ids=["zstd", "age", "something else"],
)
def test_a_form_that_cannot_be_read_is_open(restoring: Callable[..., Ended], content: bytes, said: str) -> None:
    ended = restoring(lambda file: file.write_bytes(content))

    assert ended["prod-backups-tested"].status == "unverified", ended.text
    assert said in ended["prod-backups-tested"].reason
