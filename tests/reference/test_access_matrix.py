"""Who may do what: the contract's table, row by row, with a control for every refusal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pytest

from tests.reference.world import (
    ANON,
    ANONYMOUS,
    GLOBAL_TAG,
    GLOBAL_TYPE,
    MEMBERS,
    NOBODY,
    OWNER,
    ROLES,
    ROOT,
    VECTOR,
    Actor,
    World,
    uid,
)

Owner = Literal["acme", "globex", "global"]

# operation: the roles that may do it to what their organization owns | to what is global.
MATRIX = """
organizations         select  viewer editor org_admin   |
organizations         update  org_admin                 |
organizations         insert                            |
organizations         delete                            |
organization_domains  select  viewer editor org_admin   |
organization_domains  insert  org_admin                 |
organization_domains  update  org_admin                 |
organization_domains  delete  org_admin                 |
user_roles            select  org_admin                 |
user_roles            insert  org_admin                 |
user_roles            update  org_admin                 |
user_roles            delete  org_admin                 |
tag_types             select  viewer editor org_admin   | viewer editor org_admin
tag_types             insert  org_admin                 |
tag_types             update  org_admin                 |
tag_types             delete  org_admin                 |
tags                  select  viewer editor org_admin   | viewer editor org_admin
tags                  insert  org_admin                 |
tags                  update  org_admin                 |
tags                  delete  org_admin                 |
tag_approval_queue    select  org_admin                 |
tag_approval_queue    insert  editor org_admin          |
tag_approval_queue    update  org_admin                 |
tag_approval_queue    delete  org_admin                 |
course_metadata       select  viewer editor org_admin   | viewer editor org_admin
course_metadata       insert  editor org_admin          |
course_metadata       update  editor org_admin          |
course_metadata       delete  editor org_admin          |
course_versions       select  viewer editor org_admin   |
course_versions       insert  editor org_admin          |
course_versions       delete                            |
media_assets          select  viewer editor org_admin   | viewer editor org_admin
media_assets          insert  editor org_admin          |
media_assets          update  editor org_admin          |
media_assets          delete  editor org_admin          |
content_embeddings    select  viewer editor org_admin   | viewer editor org_admin
content_embeddings    insert  editor org_admin          |
content_embeddings    update  editor org_admin          |
content_embeddings    delete  editor org_admin          |
storage.objects       select  viewer editor org_admin   | viewer editor org_admin
storage.objects       insert  editor org_admin          |
storage.objects       update  editor org_admin          |
storage.objects       delete  editor org_admin          |
"""


@dataclass(frozen=True)
class Line:
    """One operation on one table, and who may do it."""

    table: str
    operation: str
    own: frozenset[str]
    on_global: frozenset[str]

    def __str__(self) -> str:
        return f"{self.operation} {self.table}"


def parse(text: str) -> list[Line]:
    lines = []
    for line in text.strip().splitlines():
        left, right = line.split("|")
        table, operation, *own = left.split()
        lines.append(Line(table, operation, frozenset(own), frozenset(right.split())))
    return lines


LINES = parse(MATRIX)

# Rows that are global belong to no organization. A `global` course belongs to globex, which shares it: a foreign row
# that is read by everybody who belongs somewhere.
ROWS: dict[str, dict[Owner, str]] = {
    "organizations": {"acme": "acme", "globex": "globex"},
    "organization_domains": {"acme": "domain-acme", "globex": "domain-globex"},
    "user_roles": {"acme": "role-twice-admin-acme", "globex": "role-twice-admin-globex"},
    "tag_types": {"acme": "unused-type-acme", "globex": "unused-type-globex", "global": str(GLOBAL_TYPE)},
    "tags": {"acme": "tag-acme", "globex": "tag-globex", "global": str(GLOBAL_TAG)},
    "tag_approval_queue": {"acme": "suggestion-acme", "globex": "suggestion-globex"},
    "course_metadata": {"acme": "acme-unpublished", "globex": "globex-unpublished", "global": "globex-global"},
    "course_versions": {"acme": "version-acme-org", "globex": "version-globex-org"},
    "media_assets": {"acme": "media-acme-org", "globex": "media-globex-org", "global": "media-globex-global"},
    "content_embeddings": {
        "acme": "embedding-acme-org",
        "globex": "embedding-globex-org",
        "global": "embedding-globex-global",
    },
    "storage.objects": {"acme": "file-acme-org", "globex": "file-globex-org", "global": "file-globex-global"},
}

UPDATES = {
    "organizations": "name = 'changed'",
    "organization_domains": "domain = 'changed.test'",
    "user_roles": "role = 'editor'",
    "tag_types": "label = 'changed'",
    "tags": "value = 'changed'",
    "tag_approval_queue": "status = 'rejected'",
    "course_metadata": "title = 'changed'",
    "media_assets": "alt_text = 'changed'",
    "content_embeddings": "content = 'changed'",
    "storage.objects": "metadata = '{\"changed\": true}'",
}


def row_id(table: str, name: str) -> str:
    if table == "course_metadata" or "-0000-" in name:
        return name
    return str(uid(name))


def insertion(table: str, owner: Owner) -> str:
    """A statement that adds a row for an organization, or a global one."""
    org = "null" if owner == "global" else f"'{uid(owner)}'"
    course = f"{owner}-org"
    stranger = uid("nobody")
    return {
        "organizations": "insert into organizations (name, slug) values ('New', 'new')",
        "organization_domains": (
            f"insert into organization_domains (organization_id, domain) values ({org}, 'new.test')"
        ),
        "user_roles": (
            f"insert into user_roles (user_id, organization_id, role) values ('{stranger}', {org}, 'viewer')"
        ),
        "tag_types": f"insert into tag_types (organization_id, key, label) values ({org}, 'new', 'New')",
        "tags": f"insert into tags (organization_id, type_key, value, slug) values ({org}, 'domain', 'New', 'new')",
        "tag_approval_queue": f"insert into tag_approval_queue (organization_id, course_id) values ({org}, '{course}')",
        "course_metadata": f"insert into course_metadata (id, organization_id) values ('new', {org})",
        "course_versions": f"insert into course_versions (course_id, snapshot) values ('{course}', '{{}}')",
        "media_assets": (
            f"insert into media_assets (organization_id, course_id, kind, url) values ({org}, '{course}', 'image', 'u')"
        ),
        "content_embeddings": (
            f"insert into content_embeddings (organization_id, content, embedding) values ({org}, 'c', '{VECTOR}')"
        ),
        "storage.objects": f"insert into storage.objects (bucket_id, name) values ('courses', '{course}/new.json')",
    }[table]


def statement(line: Line, owner: Owner) -> str:
    where = f"where id = '{row_id(line.table, ROWS[line.table].get(owner, ''))}'"
    if line.operation == "insert":
        return insertion(line.table, owner)
    if line.operation == "select":
        return f"select id from {line.table} {where}"
    if line.operation == "update":
        return f"update {line.table} set {UPDATES[line.table]} {where}"
    return f"delete from {line.table} {where}"


def expect_granted(world: World, actor: Actor, query: str) -> None:
    outcome = world.act(actor, query)
    assert (outcome.count, outcome.error) == (1, None), f"under-permission: {actor}: {query}: {outcome}"


def expect_refused(world: World, actor: Actor, query: str) -> None:
    """Refused, and possible for somebody: the same statement works for the owner."""
    control = world.act(OWNER, query)
    assert (control.count, control.error) == (1, None), f"the statement itself does not work: {query}: {control}"
    outcome = world.act(actor, query)
    assert outcome.count == 0, f"over-permission: {actor}: {query}: {outcome}"
    assert outcome.sqlstate in (None, "42501"), f"wrong refusal: {actor}: {query}: {outcome}"


@pytest.mark.parametrize("line", LINES, ids=str)
def test_members_do_exactly_what_the_table_grants(world: World, line: Line) -> None:
    """Everything to the own organization's rows that the table names; to another's nothing; a superadmin everything."""
    has_global = "global" in ROWS[line.table]

    for role in ROLES:
        actor = MEMBERS["acme", role]
        expect = expect_granted if role in line.own else expect_refused
        expect(world, actor, statement(line, "acme"))
        if line.table != "organizations" or line.operation != "insert":
            expect_refused(world, actor, statement(line, "globex"))
        if has_global and line.operation == "select":
            expect_granted(world, actor, statement(line, "global"))
        elif line.table in ("tags", "tag_types") or (has_global and line.operation == "update"):
            expect_refused(world, actor, statement(line, "global"))


@pytest.mark.parametrize("line", LINES, ids=str)
def test_superadmin_does_everything(world: World, line: Line) -> None:
    owners: list[Owner] = ["acme", "globex"]
    if line.table in ("tags", "tag_types"):
        owners.append("global")

    for owner in owners:
        expect_granted(world, ROOT, statement(line, owner))


@pytest.mark.parametrize("actor", [ANON, NOBODY, ANONYMOUS], ids=str)
@pytest.mark.parametrize("line", LINES, ids=str)
def test_outsiders_reach_nothing(world: World, line: Line, actor: Actor) -> None:
    """Neither without a session, nor with one and no role: what is global is for members."""
    for owner in ROWS[line.table]:
        if line.operation == "insert" and owner == "global" and line.table not in ("tags", "tag_types"):
            continue
        query = statement(line, owner)
        outcome = world.act(actor, query)
        assert outcome.count == 0, f"over-permission: {actor}: {query}"
        assert outcome.sqlstate in (None, "42501"), f"wrong refusal: {actor}: {query}: {outcome.error}"


@pytest.mark.parametrize("table", [t for t in ROWS if t != "storage.objects"])
def test_anon_is_refused_by_grants_alone(world: World, table: str) -> None:
    """Row-level security would give an empty answer; without any grant there is not even that."""
    outcome = world.act(ANON, f"select from {table}")

    assert outcome.sqlstate == "42501"


def test_users_read_their_own_roles(world: World) -> None:
    for role in ("viewer", "editor"):
        seen = world.act(MEMBERS["acme", role], "select user_id, role from user_roles").rows
        assert seen == [(uid(f"{role}-acme"), role)]


@pytest.mark.parametrize("role", [*ROLES, "superadmin"])
def test_nobody_changes_a_published_version(world: World, role: str) -> None:
    actor = ROOT if role == "superadmin" else MEMBERS["acme", role]
    change = f"update course_versions set changelog = 'x' where id = '{uid('version-acme-org')}'"

    assert world.act(actor, change).sqlstate == "42501"
    assert world.act(OWNER, change).sqlstate == "42501", "not even the owner: the row is immutable"
