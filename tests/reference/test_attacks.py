"""What a member of one organization tries against another, or against the own one's rules. Each has its control."""

from __future__ import annotations

import pytest

from tests.reference.world import (
    ANONYMOUS,
    BOTH,
    GLOBAL_TAG,
    MEMBERS,
    NOBODY,
    OWNER,
    ROOT,
    SERVICE,
    TWICE_ADMIN,
    VECTOR,
    Actor,
    Outcome,
    World,
    uid,
)

ACME, GLOBEX = uid("acme"), uid("globex")
VIEWER, EDITOR, ADMIN = (MEMBERS["acme", role] for role in ("viewer", "editor", "org_admin"))
GLOBEX_EDITOR = MEMBERS["globex", "editor"]
MISSING = uid("nothing bears this name")


def expect_same_answer(first: Outcome, second: Outcome, *values: tuple[object, object]) -> None:
    """The two answers differ in nothing but what the client itself had sent."""
    assert first.error is not None
    assert second.error is not None
    said = [str(part) for part in second.said]
    for sent_first, sent_second in values:
        said = [part.replace(str(sent_second), str(sent_first)) for part in said]
    assert [str(part) for part in first.said] == said


# Moving rows between organizations ---------------------------------------------------------------------------------

MOVABLE = {
    "organization_domains": "domain-acme",
    "user_roles": "role-viewer-acme",
    "tag_types": "unused-type-acme",
    "tags": "tag-acme",
    "tag_approval_queue": "suggestion-acme",
    "course_metadata": "acme-unpublished",
    "media_assets": "media-acme-org",
    "content_embeddings": "embedding-acme-org",
}


@pytest.mark.parametrize("table", MOVABLE)
@pytest.mark.parametrize("target", [GLOBEX, None], ids=["globex", "global"])
def test_a_row_is_not_moved_out_of_its_organization(world: World, table: str, target: object) -> None:
    row = MOVABLE[table] if table == "course_metadata" else uid(MOVABLE[table])

    outcome = world.act(ADMIN, f"update {table} set organization_id = %s where id = %s", target, row)

    assert outcome.sqlstate == "42501", outcome


# A statement that reads no column is not subject to the policies for select: only that of its own command holds it.


def count_of(world: World, table: str, org: object) -> object:
    return world.owner_value(f"select count(*) from {table} where organization_id = %s", org)


@pytest.mark.parametrize("table", MOVABLE)
@pytest.mark.parametrize("actor", [VIEWER, EDITOR, ADMIN], ids=str)
def test_nothing_is_taken_by_a_statement_without_a_condition(world: World, table: str, actor: Actor) -> None:
    world.must(OWNER, "delete from tags where organization_id = %s", GLOBEX)
    world.must(OWNER, "update media_assets set course_id = null")
    before = count_of(world, table, GLOBEX)

    taken = world.act(actor, f"update {table} set organization_id = %s", ACME, keep=True)

    assert taken.sqlstate in (None, "42501")
    assert count_of(world, table, GLOBEX) == before


@pytest.mark.parametrize("table", MOVABLE)
def test_nothing_is_pushed_by_a_statement_without_a_condition(world: World, table: str) -> None:
    """Nobody smuggles rows into another organization."""
    pushed = world.act(ADMIN, f"update {table} set organization_id = %s", GLOBEX)

    assert pushed.sqlstate == "42501"


@pytest.mark.parametrize("table", [*MOVABLE, "course_versions"])
@pytest.mark.parametrize("actor", [VIEWER, EDITOR, ADMIN], ids=str)
def test_deleting_everything_deletes_nothing_of_others(world: World, table: str, actor: Actor) -> None:
    others = f"select count(*) from {table} where organization_id is distinct from %s"
    if table == "course_versions":
        others = "select count(*) from course_versions where course_id not like 'acme-%%' or %s::uuid is null"
    if table == "user_roles":
        world.must(OWNER, "drop trigger keep_an_org_admin on user_roles")
    world.must(OWNER, "drop trigger keep_published_course on course_metadata")
    world.must(OWNER, "drop trigger check_tags_keep_their_type on tag_types")
    before = world.owner_value(others, ACME)

    deleted = world.act(actor, f"delete from {table}", keep=True)

    assert deleted.sqlstate in (None, "42501")
    assert world.owner_value(others, ACME) == before


@pytest.mark.parametrize(
    ("table", "row", "change"),
    [
        ("course_metadata", "globex-global", f"organization_id = '{ACME}', tag_ids = '{{}}'"),
        ("media_assets", uid("media-globex-global"), f"organization_id = '{ACME}', course_id = null"),
        ("content_embeddings", uid("embedding-globex-global"), f"organization_id = '{ACME}', course_id = null"),
        ("storage.objects", uid("file-globex-global"), "name = 'acme-org/taken.json'"),
        ("tags", GLOBAL_TAG, f"organization_id = '{ACME}'"),
        ("tag_types", uid("type-globex"), f"organization_id = '{ACME}'"),
    ],
)
def test_what_is_read_by_all_is_taken_by_nobody(world: World, table: str, row: object, change: str) -> None:
    world.must(OWNER, "update media_assets set course_id = null where id <> %s", uid("media-globex-global"))
    world.must(OWNER, "delete from content_embeddings where id <> %s", uid("embedding-globex-global"))

    taken = world.act(ADMIN, f"update {table} set {change} where id = %s", row)

    assert (taken.count, taken.error) == (0, None)


def test_one_organization_at_a_time_is_renamed(world: World) -> None:
    outcome = world.act(ADMIN, "update organizations set name = 'x'", keep=True)

    assert (outcome.count, outcome.error) == (1, None)
    assert world.owner_value("select count(*) from organizations where name = 'x'") == 1


def test_a_row_moves_only_where_its_mover_may_write(world: World) -> None:
    """Viewer there and editor here is not enough; the admin of both may."""
    move = "update course_metadata set organization_id = %s, tag_ids = '{}' where id = 'globex-unpublished'"

    assert world.act(BOTH, move, ACME).sqlstate == "42501"
    assert world.act(TWICE_ADMIN, move, ACME).count == 1


def test_own_tags_do_not_travel_with_a_course(world: World) -> None:
    outcome = world.act(TWICE_ADMIN, "update course_metadata set organization_id = %s where id = 'globex-org'", ACME)

    assert outcome.sqlstate == "23503"


# Ids of courses ----------------------------------------------------------------------------------------------------


def test_a_course_in_use_is_not_taken_over_by_an_upsert(world: World) -> None:
    world.act(
        EDITOR,
        "insert into course_metadata (id, organization_id, title) values ('globex-org', %s, 'mine')"
        " on conflict (id) do update set organization_id = excluded.organization_id, title = excluded.title",
        ACME,
        keep=True,
    )

    assert world.owner_value("select organization_id from course_metadata where id = 'globex-org'") == GLOBEX
    assert world.owner_value("select title from course_metadata where id = 'globex-org'") == "Globex-Org"


def test_files_left_behind_do_not_go_to_whoever_registers_their_id(world: World) -> None:
    """globex deletes a course but not its file; acme registers the id, and would read it."""
    world.must(
        OWNER, "insert into storage.objects (bucket_id, name) values ('courses', 'globex-unpublished/course.json')"
    )
    world.must(GLOBEX_EDITOR, "delete from course_metadata where id = 'globex-unpublished'")
    register = "insert into course_metadata (id, organization_id) values (%s, %s)"

    refused = world.act(EDITOR, register, "globex-unpublished", ACME)
    renamed = world.act(EDITOR, "update course_metadata set id = 'globex-unpublished' where id = 'acme-unpublished'")

    in_use = world.act(EDITOR, register, "globex-org", ACME)
    assert refused.sqlstate == "23505"
    assert renamed.sqlstate == "23505"
    assert (
        (refused.said[:2], refused.error.diag.constraint_name)
        == (  # type: ignore[union-attr]
            in_use.said[:2],
            in_use.error.diag.constraint_name,  # type: ignore[union-attr]
        )
    ), "left behind and in use look the same"
    assert world.act(EDITOR, register, "globex-unpublishe", ACME).count == 1, "a prefix of such an id is free"
    assert world.act(SERVICE, register, "globex-unpublished", GLOBEX).count == 1, "the backfill may"


def test_a_published_course_keeps_its_history(world: World) -> None:
    assert world.act(EDITOR, "delete from course_metadata where id = 'acme-org'").sqlstate == "23503"
    assert world.act(EDITOR, "update course_metadata set id = 'renamed' where id = 'acme-org'").sqlstate == "23503"
    assert world.act(EDITOR, "delete from course_metadata where id = 'acme-unpublished'").count == 1
    world.must(ROOT, "delete from organizations where id = %s", ACME)
    assert world.owner_value("select count(*) from course_versions where course_id = 'acme-org'") == 0


# Hanging rows on foreign parents, and telling foreign from missing ---------------------------------------------------

HANGING: dict[str, tuple[str, object, object]] = {
    "media on a course": (
        "insert into media_assets (organization_id, course_id, kind, url) values (%(acme)s, %(ref)s, 'image', 'u')",
        "globex-org",
        "no-such",
    ),
    "embedding on a course": (
        "insert into content_embeddings (organization_id, course_id, item_id, level, content, embedding)"
        f" values (%(acme)s, %(ref)s, 'i', 'beginner', 'c', '{VECTOR}')",
        "globex-org",
        "no-such",
    ),
    "media moved to a course": (
        f"update media_assets set course_id = %(ref)s where id = '{uid('media-acme-org')}'",
        "globex-org",
        "no-such",
    ),
    "suggestion on a course": (
        "insert into tag_approval_queue (organization_id, course_id) values (%(acme)s, %(ref)s)",
        "globex-org",
        "no-such",
    ),
    "version on a course": (
        "insert into course_versions (course_id, snapshot) values (%(ref)s, '{}')",
        "globex-org",
        "no-such",
    ),
    "version on a global course": (
        "insert into course_versions (course_id, snapshot) values (%(ref)s, '{}')",
        "globex-global",
        "no-such",
    ),
    "tag of a type": (
        "insert into tags (organization_id, type_key, value, slug) values (%(acme)s, %(ref)s, 'v', 's')",
        "own-globex",
        "no-such",
    ),
    "course with a tag": (
        "insert into course_metadata (id, organization_id, tag_ids) values ('new', %(acme)s, array[%(ref)s::uuid])",
        uid("tag-globex"),
        MISSING,
    ),
    "course changed to a tag": (
        "update course_metadata set tag_ids = array[%(ref)s::uuid] where id = 'acme-org'",
        uid("tag-globex"),
        MISSING,
    ),
    "suggestion mapped to a tag": (
        f"update tag_approval_queue set mapped_tag_ids = array[%(ref)s::uuid] where id = '{uid('suggestion-acme')}'",
        uid("tag-globex"),
        MISSING,
    ),
    "file under a course": (
        "insert into storage.objects (bucket_id, name) values ('courses', %(ref)s || '/course2.json')",
        "globex-org",
        "no-such",
    ),
}


def hang(world: World, actor: Actor, case: str, reference: object) -> Outcome:
    text = HANGING[case][0].replace("%(acme)s", f"'{ACME}'").replace("%(ref)s", f"'{reference}'")
    return world.act(actor, text)


@pytest.mark.parametrize("case", HANGING)
@pytest.mark.parametrize("actor", [VIEWER, EDITOR, ADMIN, TWICE_ADMIN], ids=str)
def test_nothing_hangs_on_another_organization(world: World, case: str, actor: Actor) -> None:
    """And the refusal is the one for what does not exist. Whoever may write in both still keeps them apart."""
    _, foreign, missing = HANGING[case]

    refused = hang(world, actor, case, foreign)

    if actor is TWICE_ADMIN and case.startswith(("version", "file")):
        assert refused.error is None, "one organization only, and an admin of it"
        return
    if refused.error is None:
        assert refused.count == 0, f"{case}: {refused}"
        assert actor is VIEWER or actor is EDITOR, "an update that finds nothing to change"
        return
    expect_same_answer(refused, hang(world, actor, case, missing), (foreign, missing))


@pytest.mark.parametrize("case", [case for case in HANGING if "global" not in case])
def test_the_same_hangs_on_the_own_organization(world: World, case: str) -> None:
    counterparts: dict[object, object] = {"globex-org": "acme-org", "own-globex": "own-acme"}
    own = counterparts.get(HANGING[case][1], uid("tag-acme"))
    world.must(OWNER, "delete from content_embeddings where organization_id = %s", ACME)

    outcome = hang(world, ADMIN, case, own)

    assert (outcome.count, outcome.error) == (1, None)


def test_an_embedding_of_another_organization_does_not_betray_itself_by_a_clash(world: World) -> None:
    """Were the tenant not part of the key, an existing row would answer 23505 and a missing one 23503."""
    insert = (
        "insert into content_embeddings (organization_id, course_id, item_id, level, content, content_hash, embedding)"
        f" values ('{ACME}', 'globex-org', %s, 'beginner', 'c', 'h', '{VECTOR}')"
    )
    world.must(OWNER, "update content_embeddings set content_hash = 'h'")

    assert world.act(EDITOR, insert, "i").sqlstate == "23503"
    assert world.act(EDITOR, insert, "other").sqlstate == "23503"


# Authority ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("actor", [VIEWER, EDITOR, BOTH, NOBODY, ANONYMOUS], ids=str)
@pytest.mark.parametrize("role", ["org_admin", "editor", "superadmin"])
def test_nobody_promotes_themselves(world: World, actor: Actor, role: str) -> None:
    org = None if role == "superadmin" else ACME
    insert = "insert into user_roles (user_id, organization_id, role) values (%s, %s, %s)"

    assert world.act(actor, insert, actor.user, org, role).sqlstate == "42501"
    changed = world.act(
        actor, "update user_roles set role = %s, organization_id = %s where user_id = %s", role, org, actor.user
    )
    assert changed.count == 0


def test_an_org_admin_makes_no_superadmin(world: World) -> None:
    insert = "insert into user_roles (user_id, organization_id, role) values (%s, %s, 'superadmin')"

    assert world.act(ADMIN, insert, NOBODY.user, None).sqlstate == "42501"
    assert world.act(ADMIN, insert, NOBODY.user, ACME).sqlstate == "23514"
    assert (
        world.act(ADMIN, "update user_roles set role = 'superadmin' where user_id = %s", ADMIN.user).sqlstate == "23514"
    )
    own = "update user_roles set role = 'superadmin', organization_id = null where user_id = %s"
    assert world.act(ADMIN, own, ADMIN.user).sqlstate == "42501"
    assert world.act(ROOT, insert, NOBODY.user, None).count == 1


def test_an_org_admin_enrols_nobody_elsewhere(world: World) -> None:
    insert = "insert into user_roles (user_id, organization_id, role) values (%s, %s, 'viewer')"

    assert world.act(ADMIN, insert, ADMIN.user, GLOBEX).sqlstate == "42501"
    assert world.act(ADMIN, insert, NOBODY.user, GLOBEX).sqlstate == "42501"
    assert world.act(ADMIN, insert, NOBODY.user, ACME).count == 1


def test_an_organization_keeps_an_admin(world: World) -> None:
    """The last admin cannot leave or step down; a superadmin decides otherwise, and a deleted user is gone anyway."""
    world.must(OWNER, "delete from user_roles where id = %s", uid("role-twice-admin-acme"))
    leave = f"delete from user_roles where id = '{uid('role-org_admin-acme')}'"
    step_down = f"update user_roles set role = 'viewer' where id = '{uid('role-org_admin-acme')}'"
    hand_over = f"update user_roles set user_id = '{NOBODY.user}' where id = '{uid('role-org_admin-acme')}'"

    assert world.act(ADMIN, leave).sqlstate == "23514"
    assert world.act(ADMIN, step_down).sqlstate == "23514"
    assert world.act(ADMIN, hand_over).count == 1
    assert world.act(ROOT, leave).count == 1
    assert world.act(OWNER, "delete from auth.users where id = %s", ADMIN.user).count == 1
    world.must(
        ADMIN, "insert into user_roles (user_id, organization_id, role) values (%s, %s, 'org_admin')", NOBODY.user, ACME
    )
    assert world.act(ADMIN, leave).count == 1


def test_claims_that_users_write_themselves_count_for_nothing(world: World) -> None:
    claims = {
        "user_metadata": {"role": "superadmin", "organization_id": str(ACME)},
        "app_metadata": {"role": "superadmin"},
    }
    actor = Actor("nobody", user=NOBODY.user, claims=claims)

    assert world.act(actor, "select from organizations").count == 0
    assert world.act(actor, "select is_superadmin()").rows == [(False,)]


# Forging -----------------------------------------------------------------------------------------------------------


def test_who_published_is_not_the_clients_to_say(world: World) -> None:
    world.must(
        EDITOR,
        "insert into course_versions (course_id, version, snapshot, published_by, published_at)"
        " values ('acme-org', 77, '{}', %s, '2001-01-01')",
        ADMIN.user,
    )

    rows = world.act(
        OWNER,
        "select version, published_by, published_at > '2020-01-01' from course_versions"
        " where course_id = 'acme-org' order by 1",
    ).rows
    assert rows[1:] == [(2, EDITOR.user, True)], "the next number, the caller, now"


def test_who_reviewed_is_not_the_clients_to_say(world: World) -> None:
    suggestion = uid("suggestion-acme")
    world.must(
        ADMIN,
        "update tag_approval_queue set status = 'approved', reviewed_by = %s, reviewed_at = '2001-01-01' where id = %s",
        EDITOR.user,
        suggestion,
    )
    reviewed = "select reviewed_by, reviewed_at > '2020-01-01' from tag_approval_queue where id = %s"
    assert world.act(OWNER, reviewed, suggestion).rows == [(ADMIN.user, True)]

    world.must(ADMIN, "update tag_approval_queue set reviewed_by = %s where id = %s", EDITOR.user, suggestion)
    assert world.act(OWNER, reviewed, suggestion).rows == [(ADMIN.user, True)]

    world.must(
        EDITOR,
        "insert into tag_approval_queue (id, organization_id, course_id, status, reviewed_by)"
        " values (%s, %s, 'acme-org', 'approved', %s)",
        uid("forged"),
        ACME,
        ADMIN.user,
    )
    assert world.act(OWNER, "select status, reviewed_by from tag_approval_queue where id = %s", uid("forged")).rows == [
        ("pending", None)
    ]


def test_a_domain_is_not_verified_by_who_claims_it(world: World) -> None:
    claim = "insert into organization_domains (id, organization_id, domain, verified_at)"
    claim += " values (%s, %s, 'bank.test', now())"
    verified = "select verified_at is not null from organization_domains where id = %s"

    world.must(ADMIN, claim, uid("claimed"), ACME)
    assert world.owner_value(verified, uid("claimed")) is False
    world.must(ADMIN, "update organization_domains set verified_at = now() where id = %s", uid("claimed"))
    assert world.owner_value(verified, uid("claimed")) is False

    world.must(ROOT, "update organization_domains set verified_at = now() where id = %s", uid("claimed"))
    assert world.owner_value(verified, uid("claimed")) is True
    world.must(ADMIN, "update organization_domains set is_primary = false where id = %s", uid("claimed"))
    assert world.owner_value(verified, uid("claimed")) is True
    world.must(ADMIN, "update organization_domains set domain = 'other-bank.test' where id = %s", uid("claimed"))
    assert world.owner_value(verified, uid("claimed")) is False


# What an error tells -------------------------------------------------------------------------------------------------

TAGGED = "insert into course_metadata (id, organization_id, tag_ids) values ('x', '{0}', array['{1}'::uuid])"
TYPED = "insert into tags (organization_id, type_key, value, slug) values ('{0}', '{1}', 'v', 's')"
FAILING: dict[str, str] = {
    "not null": "update course_metadata set title = null where id = 'globex-org'",
    "not null in insert": f"insert into course_metadata (id, organization_id, title) values ('x', '{GLOBEX}', null)",
    "check": "update course_metadata set visibility = 'x' where id = 'globex-org'",
    "version of a foreign course": "insert into course_versions (course_id, snapshot) values ('globex-org', null)",
    "foreign tags for a foreign course": TAGGED.format(GLOBEX, uid("tag-globex")),
    "missing tags for a foreign course": TAGGED.format(GLOBEX, MISSING),
    "foreign tag type for a foreign tag": TYPED.format(GLOBEX, "own-globex"),
}


@pytest.mark.parametrize("case", FAILING)
@pytest.mark.parametrize("actor", [VIEWER, EDITOR, ADMIN], ids=str)
def test_no_error_prints_a_row_or_answers_before_the_policy(world: World, case: str, actor: Actor) -> None:
    outcome = world.act(actor, FAILING[case])

    assert outcome.count == 0
    assert outcome.sqlstate in (None, "42501"), outcome
    assert not any("Failing row" in str(part) for part in outcome.said)


def test_errors_about_own_rows_print_none_either(world: World) -> None:
    outcome = world.act(EDITOR, "update course_metadata set visibility = 'x' where id = 'acme-org'")

    assert outcome.sqlstate == "23514"
    assert outcome.error is not None
    assert outcome.error.diag.message_detail is None


def test_owner_functions_that_write_print_no_row(world: World) -> None:
    """Deleting a tag rewrites courses as their owner: nothing about them may come back."""
    outcome = world.must(ADMIN, "delete from tags where id = %s", uid("tag-acme"))

    assert outcome.count == 1
    assert world.owner_value("select tag_ids from course_metadata where id = 'acme-org'") == [GLOBAL_TAG]
    assert world.owner_value("select tag_ids from course_metadata where id = 'globex-org'") == [
        uid("tag-globex"),
        GLOBAL_TAG,
    ]


# Storage -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "globex-org/x.json",
        "globex-org/a/b/x.json",
        "globex-org",
        "course.json",
        "/globex-org/x.json",
        "../globex-org/x.json",
        "GLOBEX-ORG/x.json",
        "",
        "no-such/x.json",
        "globex-global/x.json",
    ],
)
def test_files_are_written_only_under_own_courses(world: World, path: str) -> None:
    insert = "insert into storage.objects (bucket_id, name) values (%s, %s)"

    assert world.act(ADMIN, insert, "courses", path).sqlstate == "42501"
    assert (
        world.act(ADMIN, "update storage.objects set name = %s where id = %s", path, uid("file-acme-org")).sqlstate
        == "42501"
    )
    assert world.act(ADMIN, insert, "courses", "acme-org/a/b/x.json").count == 1


@pytest.mark.parametrize("actor", [VIEWER, EDITOR, ADMIN, ROOT], ids=str)
def test_the_public_bucket_is_closed_to_clients(world: World, actor: Actor) -> None:
    world.must(OWNER, "insert into storage.objects (bucket_id, name) values ('public-courses', 'acme-org/course.json')")

    for path in ("acme-org/other.json", "catalog.json"):
        insert = "insert into storage.objects (bucket_id, name) values ('public-courses', %s)"
        assert world.act(actor, insert, path).sqlstate == "42501"
    assert world.act(actor, "select from storage.objects where bucket_id = 'public-courses'").count == 0
    moved = world.act(
        actor, "update storage.objects set bucket_id = 'public-courses' where id = %s", uid("file-acme-org")
    )
    assert moved.count == 0


@pytest.mark.parametrize(
    "withdraw",
    [
        "update course_metadata set visibility = 'org' where id = 'acme-global'",
        "update course_metadata set visibility = 'org', title = 'x' where id = 'acme-global'",
        "delete from course_versions where course_id = 'acme-global';"
        "delete from course_metadata where id = 'acme-global'",
    ],
)
def test_a_course_that_is_no_longer_global_leaves_the_public_bucket(world: World, withdraw: str) -> None:
    for course in ("acme-global", "acme-globalization", "globex-global"):
        world.must(
            OWNER,
            "insert into storage.objects (bucket_id, name) values ('public-courses', %s)",
            f"{course}/course.json",
        )

    for step in withdraw.split(";"):
        world.must(ROOT, step)

    left = world.act(OWNER, "select name from storage.objects where bucket_id = 'public-courses' order by 1").rows
    assert left == [("acme-globalization/course.json",), ("globex-global/course.json",)]


def test_the_bucket_with_everybodys_courses_is_private(world: World) -> None:
    assert world.owner_value("select public from storage.buckets where id = 'courses'") is False


# Shadowing ---------------------------------------------------------------------------------------------------------


def test_a_callers_own_tables_and_types_deceive_no_function(world: World) -> None:
    """Temporary objects come first in every search path, whatever a function pins it to."""
    for made in (
        "create temporary table user_roles (user_id uuid, organization_id uuid, role text)",
        "create temporary table organizations (id uuid)",
        "create domain pg_temp.text as pg_catalog.text check (false)",
    ):
        world.must(Actor("maker", user=VIEWER.user), made)
    world.must(
        Actor("maker", user=VIEWER.user),
        "insert into pg_temp.user_roles values (%s::pg_catalog.uuid, null, 'superadmin')",
        VIEWER.user,
    )

    assert world.act(VIEWER, "select public.is_superadmin()").rows == [(False,)]
    assert world.act(VIEWER, "select from public.organizations").count == 1
    assert world.act(VIEWER, "select from public.list_course_versions('acme-org')").count == 1
    assert world.act(VIEWER, "select from public.list_course_versions('globex-org')").count == 0


def test_every_function_pins_its_search_path(world: World) -> None:
    loose = world.act(
        OWNER,
        "select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace"
        " where n.nspname in ('public', 'private') and not coalesce(p.proconfig, '{}') @> array['search_path=\"\"']",
    ).rows

    assert loose == []
