"""What the database grants is what the migrations say, whichever default grants a project has."""

from __future__ import annotations

import psycopg

from fixtures.stack.postgres import Cluster
from fixtures.stack.template import PLATFORM, SUPERUSER
from tests.reference.world import OWNER, World, migrate

EVERYTHING = {"select", "insert", "update", "delete"}
TABLES = {
    "organizations": EVERYTHING,
    "organization_domains": EVERYTHING,
    "user_roles": EVERYTHING,
    "tag_types": EVERYTHING,
    "tags": EVERYTHING,
    "tag_approval_queue": EVERYTHING,
    "course_metadata": EVERYTHING,
    "course_versions": EVERYTHING - {"update"},
    "media_assets": EVERYTHING,
    "content_embeddings": EVERYTHING,
}

PRIVILEGES = """
with roles(role) as (values ('anon'), ('authenticated'), ('service_role')),
spaces as (select oid, nspname from pg_namespace where nspname in ('public', 'private'))
select role, 'table', c.oid::regclass::text, privilege
from roles, pg_class c join spaces s on s.oid = c.relnamespace,
  unnest(array['select', 'insert', 'update', 'delete', 'truncate', 'references', 'trigger', 'maintain']) privilege
where c.relkind in ('r', 'p', 'v', 'm', 'f') and has_table_privilege(role, c.oid, privilege)
union all
select role, 'column', a.attrelid::regclass || '.' || a.attname, privilege
from roles, pg_attribute a join pg_class c on c.oid = a.attrelid join spaces s on s.oid = c.relnamespace,
  unnest(array['select', 'insert', 'update', 'references']) privilege
where c.relkind in ('r', 'p', 'v', 'm', 'f') and a.attnum > 0 and not a.attisdropped
  and has_column_privilege(role, a.attrelid, a.attnum, privilege)
union all
select role, 'sequence', c.oid::regclass::text, privilege
from roles, pg_class c join spaces s on s.oid = c.relnamespace, unnest(array['usage', 'select', 'update']) privilege
where c.relkind = 'S' and has_sequence_privilege(role, c.oid, privilege)
union all
select role, 'function', p.oid::regprocedure::text, 'execute'
from roles, pg_proc p join spaces s on s.oid = p.pronamespace where has_function_privilege(role, p.oid, 'execute')
union all
select role, 'schema', s.nspname, privilege
from roles, spaces s, unnest(array['usage', 'create']) privilege where has_schema_privilege(role, s.oid, privilege)
"""

Privilege = tuple[str, str, str, str]


def privileges(dsn: str) -> set[Privilege]:
    """All that client roles hold in the application's schemas, however it came to them."""
    with psycopg.connect(dsn) as connection:
        return set(connection.execute(PRIVILEGES).fetchall())


def test_both_regimes_of_default_grants_end_up_the_same(cluster: Cluster, populated: str) -> None:
    legacy = cluster.create("reference_legacy")
    with psycopg.connect(cluster.dsn("reference_legacy", SUPERUSER), autocommit=True) as connection:
        connection.execute((PLATFORM / "50_grants_legacy.sql").read_bytes())
    with psycopg.connect(legacy) as connection:
        connection.execute(
            "create table public.control (id int); create function public.control() returns int return 1"
        )
    control = {what for role, kind, what, _ in privileges(legacy) if role == "anon" and kind in ("table", "function")}
    assert control == {"control", "control()"}, "the regime is the older one"
    with psycopg.connect(legacy) as connection:
        connection.execute("drop table public.control; drop function public.control()")

    migrate(legacy)

    assert privileges(legacy) == privileges(populated)


def test_tables_are_granted_as_the_access_table_needs(populated: str) -> None:
    held: dict[tuple[str, str], set[str]] = {}
    for role, kind, what, privilege in privileges(populated):
        if kind == "table":
            held.setdefault((role, what), set()).add(privilege)

    expected = {(role, table): grants for role in ("authenticated", "service_role") for table, grants in TABLES.items()}
    assert held == expected


def test_functions_are_for_signed_in_users_only(populated: str) -> None:
    """RPCs and the two helpers that policies ask; nothing for anon, no trigger function for anybody."""
    held = {(role, what.split("(")[0]) for role, kind, what, _ in privileges(populated) if kind == "function"}

    assert {role for role, _ in held} == {"authenticated"}
    assert {name for _, name in held if name.startswith("private.")} == {"private.orgs_as", "private.is_member"}
    assert len(held) == 2 + 16, "the fifteen RPCs of the contract, and publish_course"


def test_schemas_give_clients_names_and_nothing_more(populated: str) -> None:
    held = {(role, what, privilege) for role, kind, what, privilege in privileges(populated) if kind == "schema"}

    assert held == {(role, "public", "usage") for role in ("anon", "authenticated", "service_role")} | {
        ("authenticated", "private", "usage")
    }


def test_row_level_security_is_on_everywhere(world: World) -> None:
    without = (
        "select c.oid::regclass::text from pg_class c"
        " where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relrowsecurity"
    )

    assert world.act(OWNER, without).rows == []


def test_no_policy_is_for_public_or_anon(world: World) -> None:
    """And none asks for the user once per row."""
    loose = (
        "select policyname from pg_policies where schemaname in ('public', 'storage') and roles <> '{authenticated}'"
    )
    helpers = r"(uid|orgs_as|is_superadmin|is_member)\("
    per_row = (
        "select policyname from pg_policies where schemaname in ('public', 'storage')"
        f" and regexp_count(concat(qual, with_check), '{helpers}')"
        rf" <> regexp_count(concat(qual, with_check), 'SELECT (\w+\.)?{helpers}')"
    )

    assert world.act(OWNER, loose).rows == []
    assert world.act(OWNER, per_row).rows == []
