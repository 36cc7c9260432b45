"""Keys and constraints of the contract, which no role gets around."""

from __future__ import annotations

import pytest

from tests.reference.world import DEFAULT, MEMBERS, OWNER, World, uid

ACME = uid("acme")
UNIQUE, CHECK, FOREIGN = "23505", "23514", "23503"

BROKEN = [
    (UNIQUE, "insert into organizations (name, slug) values ('x', 'globex')"),
    (CHECK, "insert into organizations (name, slug) values ('x', 'Not A Slug')"),
    (CHECK, "insert into organizations (name, slug) values ('', 'x')"),
    (CHECK, "insert into organizations (name, slug, settings) values ('x', 'x', '[]')"),
    (CHECK, "insert into organizations (name, slug, branding) values ('x', 'x', '\"blue\"')"),
    (UNIQUE, f"insert into organization_domains (organization_id, domain) values ('{ACME}', 'globex.test')"),
    (
        UNIQUE,
        f"insert into organization_domains (organization_id, domain, is_primary) values ('{ACME}', 'x.test', true)",
    ),
    (CHECK, f"insert into organization_domains (organization_id, domain) values ('{ACME}', 'UPPER.test')"),
    (
        UNIQUE,
        f"insert into user_roles (user_id, organization_id, role) values ('{uid('viewer-acme')}', '{ACME}', 'editor')",
    ),
    (UNIQUE, f"insert into user_roles (user_id, organization_id, role) values ('{uid('root')}', null, 'superadmin')"),
    (CHECK, f"insert into user_roles (user_id, organization_id, role) values ('{uid('nobody')}', null, 'viewer')"),
    (
        CHECK,
        f"insert into user_roles (user_id, organization_id, role) values ('{uid('nobody')}', '{ACME}', 'superadmin')",
    ),
    (CHECK, f"insert into user_roles (user_id, organization_id, role) values ('{uid('nobody')}', '{ACME}', 'owner')"),
    (
        FOREIGN,
        f"insert into user_roles (user_id, organization_id, role) values ('{uid('no such')}', '{ACME}', 'viewer')",
    ),
    (UNIQUE, "insert into tag_types (organization_id, key, label) values (null, 'domain', 'x')"),
    (UNIQUE, f"insert into tag_types (organization_id, key, label) values ('{ACME}', 'own-acme', 'x')"),
    (UNIQUE, "insert into tags (organization_id, type_key, value, slug) values (null, 'domain', 'x', 'science')"),
    (UNIQUE, f"insert into tags (organization_id, type_key, value, slug) values ('{ACME}', 'own-acme', 'x', 'own')"),
    (FOREIGN, "insert into tags (organization_id, type_key, value, slug) values (null, 'own-acme', 'x', 'x')"),
    (FOREIGN, f"delete from tag_types where id = '{uid('type-acme')}'"),
    (FOREIGN, f"update tag_types set key = 'renamed' where id = '{uid('type-acme')}'"),
    (FOREIGN, "delete from tag_types where organization_id is null and key = 'domain'"),
    (CHECK, "update tag_approval_queue set status = 'maybe'"),
    (CHECK, "update tag_approval_queue set suggested_tags = '[]'"),
    (CHECK, "update tag_approval_queue set mapped_tag_ids = array[null]::uuid[]"),
    (UNIQUE, f"insert into course_metadata (id, organization_id) values ('globex-org', '{ACME}')"),
    (CHECK, f"insert into course_metadata (id, organization_id) values ('a/b', '{ACME}')"),
    (CHECK, f"insert into course_metadata (id, organization_id) values ('..', '{ACME}')"),
    (CHECK, f"insert into course_metadata (id, organization_id) values ('', '{ACME}')"),
    (CHECK, "update course_metadata set visibility = 'public'"),
    (CHECK, "update course_metadata set content_version = -1"),
    (CHECK, "update course_metadata set tag_ids = array[null]::uuid[]"),
    (FOREIGN, f"update course_metadata set tag_ids = array['{uid('no such')}'::uuid]"),
    (CHECK, "insert into course_versions (course_id, snapshot) values ('acme-org', '[]')"),
    ("23502", "insert into media_assets (kind, url) values ('image', 'u')"),
    (CHECK, f"insert into media_assets (organization_id, kind, url) values ('{ACME}', 'scroll', 'u')"),
    ("22000", f"insert into content_embeddings (organization_id, content, embedding) values ('{ACME}', 'c', '[1,2]')"),
]


@pytest.mark.parametrize(("sqlstate", "statement"), BROKEN, ids=[statement for _, statement in BROKEN])
def test_the_database_refuses(world: World, sqlstate: str, statement: str) -> None:
    assert world.act(OWNER, statement).sqlstate == sqlstate


def test_an_own_type_may_go_while_a_global_one_carries_its_tags(world: World) -> None:
    """The override is dropped; the tags fall back to the global type of the same key."""
    world.must(OWNER, "insert into tag_types (organization_id, key, label) values (%s, 'domain', 'Ours')", ACME)
    world.must(OWNER, "insert into tags (organization_id, type_key, value, slug) values (%s, 'domain', 'x', 'x')", ACME)

    outcome = world.act(MEMBERS["acme", "org_admin"], "delete from tag_types where key = 'domain'")

    assert (outcome.count, outcome.error) == (1, None)


def test_deleting_a_course_takes_what_is_nothing_without_it(world: World) -> None:
    world.must(
        OWNER, "insert into tag_approval_queue (organization_id, course_id) values (%s, 'acme-unpublished')", ACME
    )
    world.must(
        OWNER,
        "insert into media_assets (id, organization_id, course_id, kind, url)"
        " values (%s, %s, 'acme-unpublished', 'image', 'u')",
        uid("kept"),
        ACME,
    )

    world.must(MEMBERS["acme", "editor"], "delete from course_metadata where id = 'acme-unpublished'")

    assert world.owner_value("select count(*) from tag_approval_queue where course_id = 'acme-unpublished'") == 0
    assert world.act(OWNER, "select organization_id, course_id from media_assets where id = %s", uid("kept")).rows == [
        (ACME, None)
    ]


def test_the_default_organization_is_there_and_a_deleted_one_leaves_nothing(world: World) -> None:
    world.must(OWNER, "delete from organizations where id = %s", ACME)

    for table in (
        "organization_domains",
        "user_roles",
        "tag_types",
        "tags",
        "tag_approval_queue",
        "course_metadata",
        "media_assets",
    ):
        assert world.owner_value(f"select count(*) from {table} where organization_id = %s", ACME) == 0
    assert world.owner_value("select count(*) from course_versions where course_id like 'acme-%%'") == 0
    assert world.owner_value("select count(*) from organizations where id = %s", DEFAULT) == 1


def test_users_are_deleted_without_touching_what_they_published(world: World) -> None:
    editor = MEMBERS["acme", "editor"].user

    world.must(OWNER, "delete from auth.users where id = %s", editor)

    assert world.owner_value("select published_by from course_versions where course_id = 'acme-org'") == editor
    assert world.owner_value("select count(*) from user_roles where user_id = %s", editor) == 0


def test_changes_are_dated(world: World) -> None:
    world.must(OWNER, "update course_metadata set updated_at = '2001-01-01' where id = 'acme-org'")

    assert world.owner_value("select updated_at = now() from course_metadata where id = 'acme-org'") is True
