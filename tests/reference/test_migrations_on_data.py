"""Old rows are kept, whatever is in them; seeds are exact; migrations are advised against by nobody."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from fixtures.stack.postgres import Cluster
from tests.reference.world import DEFAULT, MIGRATIONS, OWNER, VECTOR, World, migrate, uid

TAGS = {
    "domain": ["Mathematics", "Science", "Language Arts", "Social Studies", "Computer Science", "Medicine"],
    "level": ["Kindergarten", "Elementary", "Middle School", "High School", "University", "Professional"],
    "theme": ["Numbers", "Time", "Anatomy", "Grammar"],
}


def test_the_five_follow_the_baseline() -> None:
    assert [file.stem for file in MIGRATIONS[1:]] == [
        "20251025200000_multi_tenant_organizations",
        "20251025200001_multi_tenant_user_roles",
        "20251025200002_multi_tenant_tags",
        "20251025200003_multi_tenant_course_metadata",
        "20251025200004_multi_tenant_media_embeddings",
    ]
    assert all(file.read_text() == file.read_text().rstrip() + "\n" for file in MIGRATIONS)


def test_old_rows_are_kept_and_belong_to_the_default_organization(cluster: Cluster) -> None:
    """Also rows that speak of courses nobody can have, and several of one item."""
    dsn = cluster.create("reference_old")
    migrate(dsn, MIGRATIONS[:1])
    strange = [None, "", "a/b", "..", "tab\there", "with space", "Ünïcode", "multiplication-basics", "new-one"]
    with psycopg.connect(dsn) as connection:
        for n, course in enumerate(strange):
            for item in ("x", None):
                connection.execute(
                    "insert into media_assets (course_id, item_id, kind, url) values (%s, %s, 'image', %s)",
                    [course, item, f"{n}"],
                )
                connection.execute(
                    "insert into content_embeddings (course_id, item_id, content, embedding) values (%s, %s, %s, %s)",
                    [course, item, f"{n}", VECTOR],
                )
        before = {
            t: connection.execute(f"select count(*) from {t}").fetchone()
            for t in ("media_assets", "content_embeddings")
        }

    migrate(dsn, MIGRATIONS[1:])

    with psycopg.connect(dsn) as connection:
        for table, count in before.items():
            assert connection.execute(f"select count(*) from {table}").fetchone() == count
            owners = connection.execute(f"select distinct organization_id from {table}").fetchall()
            assert owners == [(DEFAULT,)]
            kept = connection.execute(
                f"select distinct course_id from {table} where course_id = any (%s)", [strange]
            ).fetchall()
            assert {row[0] for row in kept} == {"with space", "Ünïcode", "multiplication-basics", "new-one"}


def test_suggestions_queued_between_the_migrations_do_not_stop_the_next(cluster: Cluster) -> None:
    dsn = cluster.create("reference_between")
    migrate(dsn, MIGRATIONS[:4])
    with psycopg.connect(dsn) as connection:
        connection.execute("insert into organizations (id, name, slug) values (%s, 'Other', 'other')", [uid("other")])
        for org, course in ((DEFAULT, "c1"), (DEFAULT, "c1"), (uid("other"), "c2"), (DEFAULT, "a/b")):
            connection.execute(
                "insert into tag_approval_queue (organization_id, course_id) values (%s, %s)", [org, course]
            )

    migrate(dsn, MIGRATIONS[4:])

    with psycopg.connect(dsn) as connection:
        left = connection.execute(
            "select organization_id, course_id from tag_approval_queue order by course_id"
        ).fetchall()
        assert left == [(DEFAULT, "c1"), (DEFAULT, "c1"), (uid("other"), "c2")]


def test_seeds_are_exact(world: World) -> None:
    organizations = world.act(OWNER, "select id, name, slug from organizations where id = %s", DEFAULT).rows
    types = world.act(
        OWNER, "select key, is_enabled from tag_types where organization_id is null order by display_order"
    ).rows
    tags = world.act(
        OWNER, "select type_key, value, is_active from tags where organization_id is null order by id"
    ).rows

    assert organizations == [(DEFAULT, "LearnPlay", "learnplay")]
    assert types == [(key, True) for key in ("domain", "level", "theme", "subject", "class")]
    assert tags == [(key, value, True) for key, listed in TAGS.items() for value in listed]


@pytest.mark.parametrize("table", ["tag_types", "tags"])
def test_seeding_again_changes_nothing(world: World, table: str) -> None:
    """The statements of the migration can be run by hand on a project that lost a global row."""
    text = MIGRATIONS[3].read_text()
    insert = text[text.index(f"insert into public.{table}") :].split(";")[0]
    before = world.owner_value(f"select count(*) from {table}")

    world.must(OWNER, insert)

    assert world.owner_value(f"select count(*) from {table}") == before


def test_squawk_has_no_objection() -> None:
    """Where a rule is not followed, the file says so and why."""
    squawk = Path(sys.executable).with_name("squawk")
    command = [squawk, "--assume-in-transaction", "--pg-version", "17", *MIGRATIONS]

    advice = subprocess.run(command, capture_output=True, text=True, check=False)

    assert advice.returncode == 0, advice.stdout
