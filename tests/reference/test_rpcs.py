"""Each RPC answers only about what its caller may read, and changes only what its caller may change."""

from __future__ import annotations

import json

import pytest

from tests.reference.world import (
    ANON,
    ANONYMOUS,
    BOTH,
    GLOBAL_TAG,
    MEMBERS,
    NOBODY,
    OWNER,
    ROLES,
    ROOT,
    TWICE_ADMIN,
    VECTOR,
    Actor,
    World,
    uid,
)

ACME, GLOBEX = uid("acme"), uid("globex")
VIEWER, EDITOR, ADMIN = (MEMBERS["acme", role] for role in ROLES)
GLOBAL_TAGS = 6  # of type domain

CALLS = {
    "is_superadmin": "select is_superadmin()",
    "get_user_org_ids": "select get_user_org_ids()",
    "has_org_role": f"select has_org_role('{ACME}', 'viewer')",
    "user_in_org": f"select user_in_org('{ACME}')",
    "get_user_role_in_org": f"select get_user_role_in_org('{ACME}')",
    "get_user_roles": "select role from get_user_roles()",
    "get_enabled_tag_types": f"select key from get_enabled_tag_types('{ACME}')",
    "get_active_tags": f"select slug from get_active_tags('{ACME}', 'domain')",
    "get_courses_by_tags": f"select id from get_courses_by_tags('{ACME}', array['{GLOBAL_TAG}'::uuid], true)",
    "get_latest_version": "select get_latest_version('acme-org')",
    "get_version_snapshot": "select get_version_snapshot('acme-org', 1)",
    "list_course_versions": "select version from list_course_versions('acme-org')",
    "restore_course_version": "select new_version from restore_course_version('acme-org', 1, 'back')",
    "publish_course": "select version from publish_course('acme-org', '{\"id\": \"acme-org\"}', 'new')",
    "search_media_by_org": f"select id from search_media_by_org('{ACME}', 'u')",
    "search_content_by_org": f"select id from search_content_by_org('{ACME}', '{VECTOR}')",
}


def values(world: World, actor: Actor, call: str) -> list[object]:
    outcome = world.act(actor, call)
    assert outcome.error is None, outcome.error
    return [row[0] for row in outcome.rows]


def said(world: World, actor: Actor, call: str) -> tuple[object, ...]:
    """Everything the caller is told, be it rows or an error."""
    outcome = world.act(actor, call)
    return (outcome.rows, *outcome.said)


@pytest.mark.parametrize("name", CALLS)
def test_members_and_only_they_get_an_answer(world: World, name: str) -> None:
    writes = name in ("restore_course_version", "publish_course")

    if writes:
        assert world.act(VIEWER, CALLS[name]).sqlstate == "42501"
    for actor in (EDITOR, ADMIN) if writes else (VIEWER, EDITOR, ADMIN):
        assert world.act(actor, CALLS[name]).count >= 1, f"under-permission: {actor}"
    assert world.act(ROOT, CALLS[name]).count >= (0 if name == "get_user_org_ids" else 1)


@pytest.mark.parametrize("name", CALLS)
def test_anon_and_service_role_may_not_even_call(world: World, name: str) -> None:
    assert world.act(ANON, CALLS[name]).sqlstate == "42501"
    assert world.act(Actor("service_role", "service_role"), CALLS[name]).sqlstate == "42501"


@pytest.mark.parametrize("actor", [NOBODY, ANONYMOUS], ids=str)
@pytest.mark.parametrize("name", CALLS)
def test_whoever_belongs_nowhere_learns_nothing(world: World, name: str, actor: Actor) -> None:
    answer = world.act(actor, CALLS[name])

    assert all(value in (None, False) for row in answer.rows for value in row)
    if answer.error is not None:
        assert answer.sqlstate == "PT404"


@pytest.mark.parametrize("name", [name for name in CALLS if "acme" in CALLS[name] or str(ACME) in CALLS[name]])
@pytest.mark.parametrize("actor", [MEMBERS["globex", role] for role in ROLES], ids=str)
def test_another_organizations_things_answer_like_things_that_do_not_exist(
    world: World, name: str, actor: Actor
) -> None:
    missing = CALLS[name].replace(str(ACME), str(uid("no such"))).replace("acme-org", "no-such")

    assert said(world, actor, CALLS[name]) == said(world, actor, missing)


def test_the_caller_is_told_about_the_caller(world: World) -> None:
    assert values(world, BOTH, "select get_user_org_ids()") in ([ACME, GLOBEX], [GLOBEX, ACME])
    assert values(world, ROOT, "select get_user_org_ids()") == []
    assert values(world, BOTH, f"select get_user_role_in_org('{GLOBEX}')") == ["editor"]
    assert values(world, VIEWER, f"select get_user_role_in_org('{GLOBEX}')") == [None]
    assert values(world, ROOT, f"select get_user_role_in_org('{GLOBEX}')") == ["superadmin"]
    assert world.act(VIEWER, "select * from get_user_roles()").rows == [(ACME, "Acme", "acme", "viewer")]
    assert world.act(ROOT, "select * from get_user_roles()").rows == [(None, None, None, "superadmin")]


@pytest.mark.parametrize("least", range(4))
def test_a_higher_role_includes_the_lower_ones(world: World, least: int) -> None:
    ladder = [VIEWER, EDITOR, ADMIN, ROOT]
    wanted = [*ROLES, "superadmin"][least]

    granted = [values(world, actor, f"select has_org_role('{ACME}', '{wanted}')") == [True] for actor in ladder]

    assert granted == [held >= least for held in range(4)]
    for nonsense in ("null, 'viewer'", f"'{ACME}', 'owner'", f"'{ACME}', null", f"'{GLOBEX}', 'viewer'"):
        assert values(world, ADMIN, f"select has_org_role({nonsense})") == [False]
    assert values(world, ROOT, f"select has_org_role('{ACME}', 'owner')") == [False]
    assert values(world, ADMIN, "select user_in_org(null)") == [False]


def test_tag_types_own_rows_then_settings_then_global_rows(world: World) -> None:
    types = f"select key, label from get_enabled_tag_types('{ACME}')"
    world.must(ADMIN, "delete from tag_types where key = 'unused'")
    settings = {
        "tagTypes": {
            "enabled": ["level", "domain", "theme"],
            "order": ["level", "domain", "theme"],
            "labels": {"domain": "Field"},
        }
    }

    world.must(ADMIN, "update organizations set settings = %s where id = %s", json.dumps(settings), ACME)
    world.must(
        ADMIN,
        "insert into tag_types (organization_id, key, label, is_enabled) values (%s, 'theme', 'Off', false)",
        ACME,
    )
    assert world.act(VIEWER, types).rows == [("own-acme", "Own"), ("level", "Level"), ("domain", "Field")]

    world.must(
        ADMIN,
        "insert into tag_types (organization_id, key, label, display_order) values (%s, 'domain', 'Ours', 9)",
        ACME,
    )
    assert world.act(VIEWER, types).rows == [("own-acme", "Own"), ("level", "Level"), ("domain", "Ours")]


def test_the_own_tag_wins_over_the_global_one(world: World) -> None:
    tags = f"select value from get_active_tags('{ACME}', 'domain') where slug = 'science'"
    own = "insert into tags (organization_id, type_key, value, slug, is_active)"
    own += " values (%s, 'domain', 'Physics', 'science', %s)"

    assert values(world, VIEWER, tags) == ["Science"]
    world.must(ADMIN, own, ACME, True)
    assert values(world, VIEWER, tags) == ["Physics"]
    world.must(ADMIN, "update tags set is_active = false where value = 'Physics'")
    assert values(world, VIEWER, tags) == []
    assert (
        len(values(world, MEMBERS["globex", "viewer"], CALLS["get_active_tags"].replace(str(ACME), str(GLOBEX))))
        == GLOBAL_TAGS
    )


def test_courses_by_any_or_all_tags(world: World) -> None:
    def found(tags: list[object], match_all: bool) -> list[object]:
        listed = ",".join(f"'{tag}'" for tag in tags)
        return values(
            world,
            VIEWER,
            f"select id from get_courses_by_tags('{ACME}', array[{listed}]::uuid[], {match_all}) order by 1",
        )

    own, everything = uid("tag-acme"), ["acme-global", "acme-org", "acme-unpublished", "globex-global"]
    assert found([], False) == everything
    assert found([GLOBAL_TAG], False) == ["acme-global", "acme-org", "globex-global"]
    assert found([GLOBAL_TAG, own], True) == ["acme-global", "acme-org"]
    assert found([own, uid("no such")], False) == ["acme-global", "acme-org"]
    assert found([own, uid("no such")], True) == []


def test_versions_are_listed_with_their_author(world: World) -> None:
    world.must(ADMIN, 'select publish_course(\'acme-org\', \'{"id": "acme-org", "title": "Renamed"}\', \'second\')')

    rows = world.act(VIEWER, "select version, author, changelog from list_course_versions('acme-org')").rows

    assert rows == [(2, "org_admin-acme@test", "second"), (1, "editor-acme@test", None)]
    assert world.act(MEMBERS["globex", "viewer"], "select from list_course_versions('acme-global')").count == 0, (
        "own only"
    )
    assert world.act(ROOT, "select from list_course_versions('acme-org')").count == 2


def test_publishing_bumps_and_restoring_adds(world: World) -> None:
    before = world.act(OWNER, "select content_version, etag from course_metadata where id = 'acme-org'").rows[0]

    published = world.must(EDITOR, "select * from publish_course('acme-org', '{\"title\": \"Two\"}')").rows[0]
    restored = world.must(ADMIN, "select * from restore_course_version('acme-org', 1)").rows[0]

    assert (published[0], published[2]) == (2, before[0] + 1)
    assert (restored[0], restored[1], restored[3]) == (3, 1, before[0] + 2)
    assert len({before[1], published[3], restored[4]}) == 3, "every publication has an etag of its own"
    rows = world.act(
        OWNER,
        "select version, snapshot, changelog, published_by, etag from course_versions"
        " where course_id = 'acme-org' order by 1",
    ).rows
    assert rows[0][1] == rows[2][1], "the old snapshot, unchanged"
    assert rows[2][2:4] == ("Restored from version 1", ADMIN.user)
    now = world.act(OWNER, "select content_version, etag, title from course_metadata where id = 'acme-org'").rows[0]
    assert now == (restored[3], rows[2][4], "Two"), "a snapshot without a title leaves the title alone"


@pytest.mark.parametrize("call", ["publish_course({0}, '{{}}')", "restore_course_version({0}, 1)"])
def test_who_may_not_publish_is_told_no_more_than_they_can_see(world: World, call: str) -> None:
    """42501 only for a course that the caller reads; a global one's versions are not for others."""

    def refusal(actor: Actor, course: str) -> str | None:
        return world.act(actor, f"select {call.format(repr(course))}").sqlstate

    assert refusal(VIEWER, "acme-org") == "42501"
    assert refusal(EDITOR, "globex-org") == refusal(EDITOR, "no-such") == "PT404"
    assert refusal(EDITOR, "globex-global") == ("42501" if "publish" in call else "PT404")
    assert refusal(BOTH, "acme-org") == "42501"
    assert refusal(BOTH, "globex-org") is None
    assert refusal(TWICE_ADMIN, "globex-global") is None
    assert world.owner_value("select max(version) from course_versions") == 1


def test_a_refused_publication_leaves_nothing(world: World) -> None:
    for snapshot in ("null", "'[]'"):
        assert world.act(EDITOR, f"select publish_course('acme-org', {snapshot})").sqlstate in ("23502", "23514")

    assert world.owner_value("select content_version from course_metadata where id = 'acme-org'") == 0


def test_search_stays_in_the_organization(world: World) -> None:
    media = "select organization_id from search_media_by_org('{0}', 'U', 1000)"
    content = "select id from search_content_by_org('{0}', '" + VECTOR + "', 1000)"

    assert set(values(world, VIEWER, media.format(ACME))) == {ACME}
    assert values(world, VIEWER, media.format(GLOBEX)) == []
    assert len(values(world, VIEWER, content.format(ACME))) == 2
    assert values(world, VIEWER, content.format(GLOBEX)) == []
    assert len(values(world, ROOT, content.format(GLOBEX))) == 2
    assert values(world, VIEWER, f"select id from search_media_by_org('{ACME}', '%')") == [], (
        "a percent sign is a percent sign"
    )
    assert len(values(world, VIEWER, f"select id from search_media_by_org('{ACME}', '', -1)")) == 0
