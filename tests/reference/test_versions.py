"""What two people do at once: publish, remove each other, delete what the other takes. On a copy: here one commits."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from fixtures.stack.postgres import Cluster
from fixtures.waiting import until
from tests.reference.world import MEMBERS, TWICE_ADMIN, Actor, become, uid

EDITOR, ADMIN = MEMBERS["acme", "editor"], MEMBERS["acme", "org_admin"]
PUBLISH = "select version, content_version from publish_course('acme-org', '{\"id\": \"acme-org\"}')"


@pytest.fixture
def copy(cluster: Cluster, populated: str) -> Iterator[str]:
    assert populated.endswith("/reference_world")
    yield cluster.create("reference_copy", template="reference_world")
    cluster.drop("reference_copy")


def run(dsn: str, actor: Actor, statement: str, *parameters: object) -> list[tuple[object, ...]]:
    with psycopg.connect(dsn) as connection, connection.cursor() as cursor:
        become(cursor, actor)
        cursor.execute(statement, parameters or None)
        return cursor.fetchall() if cursor.description else []


def someone_waits(dsn: str) -> bool:
    with psycopg.connect(dsn) as connection:
        waiting = (
            "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
        )
        return connection.execute(waiting).fetchone() == (1,)


def test_two_publishers_make_two_versions(copy: str) -> None:
    """The second waits for the first, and numbers after it."""
    with ThreadPoolExecutor() as pool, psycopg.connect(copy) as first, first.cursor() as cursor:
        become(cursor, EDITOR)
        assert cursor.execute(PUBLISH).fetchall() == [(2, 1)]
        second = pool.submit(run, copy, ADMIN, PUBLISH)
        until(lambda: someone_waits(copy), within=5, what="the second publisher waits for the first")

        first.commit()

        assert second.result(5) == [(3, 2)]


def test_many_publishers_leave_no_gap(copy: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        versions = sorted(rows[0][0] for rows in pool.map(lambda _: run(copy, EDITOR, PUBLISH), range(16)))

    assert versions == list(range(2, 18))


def test_a_publisher_who_gives_up_takes_no_number(copy: str) -> None:
    with psycopg.connect(copy) as connection, connection.cursor() as cursor:
        become(cursor, EDITOR)
        cursor.execute(PUBLISH)
        connection.rollback()

    assert run(copy, EDITOR, PUBLISH) == [(2, 1)]


def test_a_publisher_who_saw_an_older_state_is_refused(copy: str) -> None:
    """In a stricter isolation level the second does not overwrite what it has not seen: 409, never one lost."""
    with psycopg.connect(copy) as late, late.cursor() as cursor:
        late.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        become(cursor, ADMIN)
        cursor.execute("select from course_metadata")
        run(copy, EDITOR, PUBLISH)

        with pytest.raises((psycopg.errors.SerializationFailure, psycopg.errors.UniqueViolation)):
            cursor.execute(PUBLISH)


def test_a_reader_of_a_course_does_not_hold_up_its_publishers(copy: str) -> None:
    """Locks are for those who may change the row: a viewer's, and another organization's, find nothing to lock."""
    for actor in (MEMBERS["acme", "viewer"], MEMBERS["globex", "editor"]):
        with psycopg.connect(copy) as idle, idle.cursor() as cursor:
            become(cursor, actor)
            cursor.execute("select from course_metadata where id in ('acme-org', 'acme-global') for update")
            with pytest.raises(psycopg.errors.InsufficientPrivilege), idle.transaction():
                cursor.execute("insert into course_versions (course_id, snapshot) values ('acme-org', '{}')")

            assert run(copy, EDITOR, PUBLISH.replace("select", "set local lock_timeout = '2s'; select", 1)) is not None


def test_two_admins_cannot_remove_each_other(copy: str) -> None:
    remove = "delete from user_roles where organization_id = %s and user_id = %s"
    acme = uid("acme")
    with ThreadPoolExecutor() as pool, psycopg.connect(copy) as first, first.cursor() as cursor:
        become(cursor, ADMIN)
        assert cursor.execute(remove, [acme, TWICE_ADMIN.user]).rowcount == 1
        second = pool.submit(run, copy, TWICE_ADMIN, remove, acme, ADMIN.user)
        until(lambda: someone_waits(copy), within=5, what="the second admin waits for the first")

        first.commit()

        with pytest.raises(psycopg.errors.CheckViolation):
            second.result(5)


def test_a_tag_is_not_deleted_from_under_a_course_that_takes_it(copy: str) -> None:
    """The course locks its tags as a foreign key would, so that deleting waits and then finds the course."""
    with ThreadPoolExecutor() as pool, psycopg.connect(copy) as first, first.cursor() as cursor:
        become(cursor, EDITOR)
        cursor.execute(
            "insert into course_metadata (id, organization_id, tag_ids) values ('new', %s, array[%s]::uuid[])",
            [uid("acme"), uid("tag-acme")],
        )
        second = pool.submit(run, copy, ADMIN, "delete from tags where id = %s", uid("tag-acme"))
        until(lambda: someone_waits(copy), within=5, what="the deletion waits for the course")

        first.commit()
        second.result(5)

    assert run(copy, EDITOR, "select tag_ids from course_metadata where id = 'new'") == [([],)]
