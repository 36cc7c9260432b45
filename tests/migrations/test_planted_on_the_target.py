"""Each fault that somebody may plant in a target's database turns the items red that speak of it, and no other."""

from __future__ import annotations

import psycopg
import pytest

from fixtures.applying import expect_pushed
from tests.migrations.planting import REFERENCE, Bench

TARGET = ("test_applied.py", "test_tables.py", "test_seeds.py")
PUSHED = "stg-migrations-pushed"
LEDGER = "supabase_migrations.schema_migrations"
VERSION = "20251025200002"

# Fault → the SQL that plants it, the items that turn red, and what the reader is told.
FAULTS = {
    "a policy dropped by hand": (
        "do $$ declare p record; begin select * into p from pg_policies where tablename = 'tags' order by 1 limit 1;"
        " execute format('drop policy %I on public.tags', p.policyname); end $$",
        {PUSHED},
        "public.tags",
    ),
    "a policy opened by hand": (
        "do $$ declare p record; begin select * into p from pg_policies where tablename = 'tags' and cmd = 'SELECT'"
        " limit 1; execute format('alter policy %I on public.tags using (true)', p.policyname); end $$",
        {PUSHED},
        "USING differs: repository",
    ),
    "a column added by hand": (
        "alter table public.tags add column colour text default 'red'",
        {PUSHED},
        "public.tags column colour: is missing in repository",
    ),
    "a function rewritten by hand": (
        "create or replace function public.is_superadmin() returns boolean language sql stable security definer"
        " set search_path = '' as 'select true'",
        {PUSHED},
        "public.is_superadmin() function",
    ),
    "a grant given by hand": (
        "grant select on public.user_roles to anon",
        {PUSHED},
        "public.user_roles grants to anon: differ: repository none ≠ target select",
    ),
    "a default grant given by hand": (
        "alter default privileges in schema public grant select on tables to anon",
        {PUSHED},
        "public default privileges of postgres for tables",
    ),
    "an index dropped by hand": ("drop index public.course_metadata_tag_ids_idx", {PUSHED}, "course_metadata_tag_ids"),
    "a constraint dropped by hand": (
        "alter table public.course_versions drop constraint course_versions_course_id_version_key",
        {PUSHED},
        "public.course_versions constraint course_versions_course_id_version_key: is missing in target",
    ),
    "a trigger disabled by hand": (
        "alter table public.course_metadata disable trigger touch_updated_at",
        {PUSHED},
        "trigger touch_updated_at: enabled differs: repository origin ≠ target disabled",
    ),
    "a trigger on the platform's users": (
        "create function public.greet() returns trigger language plpgsql as 'begin return new; end';"
        " create trigger greet after insert on auth.users for each row execute function public.greet()",
        {PUSHED},
        "auth.users trigger greet: is missing in repository",
    ),
    "a policy on stored files": (
        "create policy open_to_all on storage.objects for select to anon using (true)",
        {PUSHED},
        "storage.objects policy open_to_all: is missing in repository",
    ),
    "a rule that swallows what is deleted": (
        "create rule keep as on delete to public.tag_types do instead nothing",
        {PUSHED},
        "public.tag_types rule keep: is missing in repository",
    ),
    "a table published by hand": (
        "alter publication supabase_realtime add table public.tags; alter table public.tags replica identity full",
        {PUSHED},
        "public.tags publication supabase_realtime: is missing in repository",
    ),
    "what Realtime tells of a deleted row": (
        "alter table public.tags replica identity full",
        {PUSHED},
        "public.tags table: replica identity differs: repository default ≠ target full",
    ),
    "row level security switched off": (
        "alter table public.user_roles disable row level security",
        {PUSHED, "db-rls-enabled"},
        "exposure public.user_roles select",
    ),
    "a forgotten table in another schema": (
        "create schema reporting; grant usage on schema reporting to authenticated;"
        " create table reporting.totals (id int); grant select (id) on reporting.totals to authenticated",
        {PUSHED, "db-rls-enabled"},
        "exposure reporting.totals select",
    ),
    "a partition without its own guard": (
        "create table public.events (id int) partition by list (id); alter table public.events enable row level"
        " security; create table public.events_1 partition of public.events for values in (1);"
        " grant select on public.events, public.events_1 to authenticated",
        {PUSHED, "db-rls-enabled"},
        "exposure public.events_1 select",
    ),
    "a table under another name": (
        "alter table public.tag_approval_queue rename to tag_queue",
        {PUSHED, "db-tables-created", "stg-tables-query"},
        "not there: public.tag_approval_queue",
    ),
    "a tag that is missing": (
        "delete from public.tags where value = 'Grammar'",
        {"db-global-tags", "db-seed-valid"},
        "public.tags: missing: type_key 'theme', value 'Grammar', is_active True",
    ),
    "a global tag too many": (
        "insert into public.tags (type_key, value, slug) values ('theme', 'Colours', 'colours')",
        {"db-global-tags", "db-seed-valid"},
        "not to be there: type_key 'theme', value 'Colours'",
    ),
    "a tag type switched off": (
        "update public.tag_types set is_enabled = false where key = 'class'",
        {"db-global-tags", "db-seed-valid"},
        "public.tag_types: missing: key 'class', is_enabled True",
    ),
    "the default organization renamed": (
        "update public.organizations set name = 'Learn & Play'",
        {"db-default-org", "db-seed-valid"},
        "public.organizations: missing: id '00000000-0000-0000-0000-000000000001', name 'LearnPlay'",
    ),
    "a migration that the ledger does not know": (
        f"delete from {LEDGER} where version = '{VERSION}'",
        {PUSHED, "db-migrations-tested"},
        "not applied on the target: 20251025200002_multi_tenant_tags",
    ),
    "a migration that the repository does not know": (
        f"insert into {LEDGER} values ('20251025200009', '{{select 1}}', 'by_hand')",
        {PUSHED},
        "20251025200009_by_hand: applied, not in the repository",
    ),
    "a file edited after it was applied": (
        f"update {LEDGER} set statements[2] = 'select 1' where version = '{VERSION}'",
        {PUSHED},
        "20251025200002_multi_tenant_tags: statement 2 differs: applied 'select 1'",
    ),
    "no ledger": (
        "drop schema supabase_migrations cascade",
        {PUSHED, "db-migrations-tested"},
        "nothing was ever pushed here",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_the_fault_turns_its_items_red_and_no_other(planting: Bench, fault: str) -> None:
    plant, red, told = FAULTS[fault]
    target = planting.target()
    target.run(plant)

    ended = planting.run(target, *TARGET)

    assert ended.red == red, ended.text
    assert told in ended.text


def test_a_client_role_that_may_become_another_one_is_drift(planting: Bench) -> None:
    target = planting.target()
    target.run("grant authenticated to anon")
    try:
        ended = planting.run(target, "test_applied.py")
    finally:
        target.run("revoke authenticated from anon")  # roles are the whole server's

    assert ended.red == {PUSHED}, ended.text
    assert "anon membership in authenticated: is missing in repository" in ended.text


def test_nothing_is_red_on_a_sound_target(planting: Bench) -> None:
    target = planting.target()

    ended = planting.run(target, *TARGET)

    assert ended.red == set(), ended.text
    assert set(ended.outcomes.values()) == {"passed"}


def test_production_asks_for_the_counts_of_the_checklist(planting: Bench) -> None:
    sound, spoilt = planting.target(), planting.target()
    spoilt.run("delete from public.tags where value = 'Time'; delete from public.organizations")

    assert planting.run(sound, *TARGET, profile="production").red == set()
    counts = {"prod-organizations-count", "prod-global-tags-count"}
    assert counts <= planting.run(spoilt, *TARGET, profile="production").red


def test_a_ledger_without_statements_is_unverified(planting: Bench) -> None:
    target = planting.target()
    target.run(f"update {LEDGER} set statements = null where version = '{VERSION}'")

    ended = planting.run(target, "test_applied.py")

    assert ended[PUSHED].status == "unverified"
    assert "20251025200002_multi_tenant_tags" in (ended[PUSHED].reason or "")


def test_without_a_repository_only_the_database_is_judged(planting: Bench) -> None:
    ended = planting.run(planting.applied, *TARGET, rollout=None)

    assert ended[PUSHED].status == "unverified"
    assert "migrations.rollout is not set" in (ended[PUSHED].reason or "")
    assert {ended[item].status for item in ("db-rls-enabled", "db-default-org", "db-global-tags")} == {"verified"}


def test_what_somebody_else_owns_is_no_drift(planting: Bench) -> None:
    target = planting.target()
    target.run("create schema theirs; create table theirs.t (); create table public.st_theirs ()")
    ignored = 'ignored_schemas = ["theirs"]\nignored_objects = ["public.st_*"]\n'

    assert planting.run(target, "test_applied.py").red == {PUSHED}
    assert planting.run(target, "test_applied.py", settings=ignored).red == set()


def test_an_extension_counts_if_a_migration_asks_for_it(planting: Bench) -> None:
    target = planting.target()
    with psycopg.connect(planting.scratch.cluster.dsn(target.name, "supabase_admin"), autocommit=True) as superuser:
        superuser.execute('drop extension "uuid-ossp"')

    assert planting.run(target, "test_applied.py").red == set()


def test_a_target_of_the_older_default_grants_is_no_drift(planting: Bench) -> None:
    target = planting.scratch.database(grants="legacy")
    expect_pushed(target, REFERENCE)

    assert planting.run(target, "test_applied.py").red == set()
