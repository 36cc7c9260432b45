"""Two organizations with everything in them, on the reference rollout's schema, and a way to act as anybody in it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import psycopg
from psycopg import sql

from fixtures.isolation.wire import AS_STORAGE

ROLLOUT = Path(__file__).parents[2] / "fixtures" / "reference"
MIGRATIONS = sorted((ROLLOUT / "supabase" / "migrations").glob("*.sql"))
DEFAULT = UUID("00000000-0000-0000-0000-000000000001")
GLOBAL_TAG = UUID("00000000-0000-0000-0000-000000000201")
GLOBAL_TYPE = UUID("00000000-0000-0000-0000-000000000105")  # class, which no tag uses
VECTOR = "[" + ",".join(["0.5"] * 384) + "]"
ROLES = ("viewer", "editor", "org_admin")


def uid(name: str) -> UUID:
    """The id of whatever bears this name in the world."""
    return uuid5(DEFAULT, name)


@dataclass(frozen=True)
class Actor:
    """Who sends a statement: a database role, and the user of the token if there is one."""

    name: str
    role: str = "authenticated"
    user: UUID | None = None
    claims: dict[str, Any] = field(default_factory=dict, compare=False)

    def __str__(self) -> str:
        return self.name

    @property
    def token(self) -> str:
        """The claims, as PostgREST hands them to the database."""
        identity = {"sub": str(self.user), "aud": "authenticated", "email": f"{self.name}@test"} if self.user else {}
        return json.dumps({"role": self.role, "is_anonymous": False, **identity, **self.claims})


def user(name: str, **claims: Any) -> Actor:
    return Actor(name, user=uid(name), claims=claims)


ANON = Actor("anon", "anon")
SERVICE = Actor("service_role", "service_role")
OWNER = Actor("owner", "postgres")
MEMBERS = {(org, role): user(f"{role}-{org}") for org in ("acme", "globex") for role in ROLES}
BOTH = user("both")  # viewer in acme, editor in globex
TWICE_ADMIN = user("twice-admin")  # org_admin in both
NOBODY = user("nobody")
ANONYMOUS = user(
    "anonymous", is_anonymous=True, user_metadata={"role": "superadmin", "organization_id": str(uid("acme"))}
)
ROOT = user("root")
OUTSIDERS = (ANON, NOBODY, ANONYMOUS)


@dataclass(frozen=True)
class Outcome:
    """What came of a statement: the rows and their number, or the error."""

    rows: list[tuple[Any, ...]]
    count: int
    error: psycopg.Error | None = None

    @property
    def sqlstate(self) -> str | None:
        return self.error.sqlstate if self.error else None

    @property
    def said(self) -> tuple[str | None, ...]:
        """All that the client is told of an error."""
        diagnostic = self.error.diag if self.error else None
        parts = ("sqlstate", "message_primary", "message_detail", "message_hint", "constraint_name")
        return tuple(getattr(diagnostic, part, None) for part in parts)


class World:
    """One transaction in the world; each statement runs as somebody and, unless kept, is taken back."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.connection = connection

    def act(self, actor: Actor, statement: str, *parameters: object, keep: bool = False) -> Outcome:
        """Send one statement as `actor`; with `keep`, what it did stays until the test ends."""
        cursor = self.connection.cursor()
        cursor.execute("savepoint act")
        try:
            become(cursor, actor)
            if "storage.objects" in statement:
                cursor.execute(AS_STORAGE)
            cursor.execute(statement, parameters or None)
            rows = cursor.fetchall() if cursor.description else []
            outcome = Outcome(rows, max(cursor.rowcount, 0))
        except psycopg.Error as error:
            outcome = Outcome([], 0, error)
        if outcome.error or not keep:
            cursor.execute("rollback to savepoint act")
        cursor.execute("release savepoint act")
        cursor.execute("reset role")
        settings = "set_config('request.jwt.claims', '', true), set_config('storage.allow_delete_query', '', true)"
        cursor.execute(f"select {settings}")
        return outcome

    def must(self, actor: Actor, statement: str, *parameters: object) -> Outcome:
        """As `act`, kept, and it has to work: for what a test is given."""
        outcome = self.act(actor, statement, *parameters, keep=True)
        assert outcome.error is None, f"{actor}: {statement}: {outcome.error}"
        return outcome

    def owner_value(self, statement: str, *parameters: object) -> Any:
        """The first value of a statement's answer, as the database's owner sees it."""
        rows = self.act(OWNER, statement, *parameters).rows
        return rows[0][0] if rows else None


def become(cursor: psycopg.Cursor[Any], actor: Actor) -> None:
    cursor.execute(sql.SQL("set local role {}").format(sql.Identifier(actor.role)))
    token = "" if actor is OWNER else actor.token
    cursor.execute("select set_config('request.jwt.claims', %s, true)", [token])


def migrate(dsn: str, files: Sequence[Path] = MIGRATIONS) -> None:
    """Apply migrations as the CLI does: one transaction per file."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        for file in files:
            connection.execute(file.read_bytes())


def populate(connection: psycopg.Connection[Any]) -> None:
    """Organizations, members, and a row of each organization in every table, with what is global beside it."""
    run = connection.execute
    names = [*(actor.name for actor in MEMBERS.values()), "both", "twice-admin", "nobody", "anonymous", "root"]
    for name in names:
        run("insert into auth.users (id, email) values (%s, %s)", [uid(name), f"{name}@test"])
    for org in ("acme", "globex"):
        owner = uid(org)
        run("insert into organizations (id, name, slug) values (%s, %s, %s)", [owner, org.title(), org])
        run(
            "insert into organization_domains (id, organization_id, domain, is_primary) values (%s, %s, %s, true)",
            [uid(f"domain-{org}"), owner, f"{org}.test"],
        )
        for role in ROLES:
            run(
                "insert into user_roles (id, user_id, organization_id, role) values (%s, %s, %s, %s)",
                [uid(f"role-{role}-{org}"), uid(f"{role}-{org}"), owner, role],
            )
        run(
            "insert into tag_types (id, organization_id, key, label) values (%s, %s, %s, 'Own')",
            [uid(f"type-{org}"), owner, f"own-{org}"],
        )
        run(
            "insert into tag_types (id, organization_id, key, label) values (%s, %s, 'unused', 'Unused')",
            [uid(f"unused-type-{org}"), owner],
        )
        run(
            "insert into tags (id, organization_id, type_key, value, slug) values (%s, %s, %s, 'Own', 'own')",
            [uid(f"tag-{org}"), owner, f"own-{org}"],
        )
        for visibility in ("org", "global"):
            course = f"{org}-{visibility}"
            run(
                "insert into course_metadata (id, organization_id, title, visibility, tag_ids)"
                " values (%s, %s, %s, %s, %s)",
                [course, owner, course.title(), visibility, [uid(f"tag-{org}"), GLOBAL_TAG]],
            )
            run(
                "insert into course_versions (id, course_id, snapshot, published_by) values (%s, %s, %s, %s)",
                [uid(f"version-{course}"), course, json.dumps({"id": course}), uid(f"editor-{org}")],
            )
            run(
                "insert into media_assets (id, organization_id, course_id, kind, url)"
                " values (%s, %s, %s, 'image', 'u')",
                [uid(f"media-{course}"), owner, course],
            )
            run(
                "insert into content_embeddings (id, organization_id, course_id, item_id, level, content, embedding)"
                " values (%s, %s, %s, 'i', 'beginner', 'c', %s)",
                [uid(f"embedding-{course}"), owner, course, VECTOR],
            )
            run(
                "insert into storage.objects (id, bucket_id, name) values (%s, 'courses', %s)",
                [uid(f"file-{course}"), f"{course}/course.json"],
            )
        run(
            "insert into course_metadata (id, organization_id) values (%s, %s)",
            [f"{org}-unpublished", owner],
        )
        run(
            "insert into tag_approval_queue (id, organization_id, course_id) values (%s, %s, %s)",
            [uid(f"suggestion-{org}"), owner, f"{org}-org"],
        )
    extra = [("both", "acme", "viewer"), ("both", "globex", "editor")]
    extra += [
        ("twice-admin", "acme", "org_admin"),
        ("twice-admin", "globex", "org_admin"),
        ("root", None, "superadmin"),
    ]
    for name, org, role in extra:
        run(
            "insert into user_roles (id, user_id, organization_id, role) values (%s, %s, %s, %s)",
            [uid(f"role-{name}-{org}"), uid(name), uid(org) if org else None, role],
        )
