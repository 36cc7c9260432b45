"""Each fault that somebody may plant in the migrations of a rollout is told by the check that is about it."""

from __future__ import annotations

from pathlib import Path

import pytest

from environments.migrations import Refusal
from fixtures.errors import Unverified
from fixtures.refusals import accepted
from tests.migrations.planting import Bench

ITEM = "db-migrations-tested"
STATIC = ("test_files.py", "test_statements.py")
LATER = "20251025200005_later.sql"
TAGS = "20251025200002_multi_tenant_tags.sql"

ORDER = "test_the_rollout_consists_of_its_migrations_in_order"
NAMES = "test_every_file_is_one_that_the_cli_applies"
UNIQUE = "test_no_two_migrations_share_a_version"
TRANSACTION = "test_every_statement_shares_the_transaction_of_its_file"
LOCKS = "test_no_statement_locks_or_rewrites_a_table_in_use"
EMPTY = "test_they_apply_to_an_empty_project"
AGAIN = "test_a_second_push_changes_nothing"
KEPT = "test_old_rows_are_kept"
GIVEN = "test_old_rows_are_given_to_the_default_organization"
STATES = "test_every_earlier_state_leads_to_the_same_schema"
REGIMES = "test_both_regimes_of_default_grants_end_in_the_same_privileges"
HALF = "test_a_migration_that_fails_leaves_nothing_behind"
ALLOWED = "test_whatever_the_old_tables_allow_is_migrated"
REFUSED = "test_the_tables_refuse_what_they_must"
MADE = "test_nothing_is_left_half_made"

# Fault → a file and what it says, the checks that fail, what the reader is told. Of the rehearsal only the checks that
# are to fail are run: the others take their time, and have nothing to do with it.
FAULTS: dict[str, tuple[str, str, set[str], str]] = {
    "a file under another name": ("multi_tenant_extra.sql", "select 1;", {NAMES}, "multi_tenant_extra.sql: not of"),
    "a file slipped in between": ("20251025200002_a_hotfix.sql", "select 1;", {ORDER, UNIQUE}, "_a_hotfix"),
    "an index on a table in use": (
        LATER,
        "set lock_timeout = '5s';\n\ncreate index later_idx on public.media_assets (kind);",
        {LOCKS},
        f"{LATER}:3: require-concurrent-index-creation",
    ),
    "a column of another type": (
        LATER,
        "alter table public.media_assets alter column kind type varchar(20);",
        {LOCKS},
        f"{LATER}:1: changing-column-type",
    ),
    "a foreign key that is checked at once": (
        LATER,
        "alter table public.media_assets add constraint k foreign key (course_id) references public.course_metadata;",
        {LOCKS},
        f"{LATER}:1: adding-foreign-key-constraint",
    ),
    "an index built concurrently beside other statements": (
        LATER,
        "create table public.later (id int);\ncreate index concurrently later_idx on public.later (id);",
        {TRANSACTION, LOCKS, HALF},
        f"{LATER}:2: cannot run in a transaction",
    ),
    "a commit on the way": (
        LATER,
        "create table public.later (id int);\n-- now safe\ncommit;\ncreate table public.last (id int);",
        {TRANSACTION, HALF},
        f"{LATER}:3: ends or begins the transaction",
    ),
    "a transaction of its own": (
        LATER,
        "begin;\ninsert into public.organizations (name, slug) values ('Late', 'late');\ncommit;",
        {TRANSACTION, HALF},
        "public.organizations: new or changed",
    ),
    "a statement that is refused": (
        LATER,
        "select 1;\n\nalter table public.tags\n  add column kind no_such_type;",
        {EMPTY},
        f'{LATER}:4: type "no_such_type" does not exist',
    ),
    "old rows thrown away": (
        LATER,
        "delete from public.media_assets where kind = 'image';",
        {KEPT},
        "public.media_assets: gone or changed",
    ),
    "old values rewritten": (
        LATER,
        "update public.content_embeddings set content = upper(content);",
        {KEPT},
        "public.content_embeddings: gone or changed",
    ),
    "old columns dropped": (LATER, "alter table public.media_assets drop column alt_text;", {KEPT}, "alt_text"),
    "old rows given to somebody else": (
        LATER,
        "insert into public.organizations (id, name, slug) values ('00000000-0000-0000-0000-000000000002', 'X', 'x');"
        "update public.content_embeddings set course_id = null;"
        "update public.content_embeddings set organization_id = '00000000-0000-0000-0000-000000000002';",
        {GIVEN},
        "public.content_embeddings: 3 old rows have another organization_id",
    ),
    "grants that are left to the project's default": (
        LATER,
        "create table public.later (id int); alter table public.later enable row level security;",
        {REGIMES},
        "public.later: grants to anon differ: by default nothing none ≠ by default everything",
    ),
    "a key that old rows do not have": (
        LATER,
        "create unique index later_idx on public.media_assets (url); -- squawk-ignore-file",
        {ALLOWED},
        "rows that the old tables allow (each doubled, and",
    ),
    "stored files thrown away": (
        LATER,
        "select set_config('storage.allow_delete_query', 'true', true);"
        "delete from storage.objects where name not like '%/course.json';",
        {ALLOWED},
        "storage.objects: 2 of 3 are gone: beside.txt, greenlight/cover.png",
    ),
    "keys and conditions that are gone, and half a constraint": (
        LATER,
        "alter table public.course_versions drop constraint course_versions_course_id_version_key;"
        "alter table public.user_roles drop constraint user_roles_superadmin_is_global;"
        "alter table public.media_assets alter column organization_id drop not null;"
        "alter table public.tags disable trigger check_tag_type;"
        "alter table public.tags add constraint later check (slug = lower(slug)) not valid;",
        {REFUSED, MADE, GIVEN},
        "a version of a course has a number of its own: should be refused, and is accepted: insert into",
    ),
    "a step that rests on the session of the one before": (
        "20251025200006_last.sql",
        "do $$ begin if to_regclass('pg_temp.noted') is not null then create table public.last (); end if; end $$;",
        {STATES},
        "public.last: table is missing in",
    ),
    "a ledger that does not remember": (
        LATER,
        "create table public.later (id int);"
        "create function public.forget() returns trigger language plpgsql as 'begin return null; end';"
        "create trigger forget before insert on supabase_migrations.schema_migrations"
        " for each row execute function public.forget();",
        {AGAIN},
        'relation "later" already exists',
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_the_check_that_is_about_it_fails(planting: Bench, fault: str) -> None:
    name, text, failing, told = FAULTS[fault]
    rollout = planting.rollout()
    add(rollout, name, text)
    if STATES in failing:
        add(rollout, LATER, "create temporary table noted (id int);")
    rehearsed = [f"test_rehearsal.py::{check}" for check in failing if check in REHEARSED]

    ended = planting.run(planting.applied, *STATIC, *rehearsed, rollout=rollout)

    assert ended.failed == failing, ended.text
    assert ended.red == {ITEM}
    assert told in ended.text


REHEARSED = {EMPTY, AGAIN, KEPT, GIVEN, STATES, REGIMES, HALF, ALLOWED, REFUSED, MADE}


def test_every_check_of_the_rehearsal_has_its_fault() -> None:
    planted = {check for _, _, failing, _ in FAULTS.values() for check in failing}

    assert planted == REHEARSED | {ORDER, NAMES, UNIQUE, TRANSACTION, LOCKS}


def test_a_sound_rollout_passes(planting: Bench) -> None:
    ended = planting.run(planting.applied, *STATIC, "test_rehearsal.py")

    assert set(ended.outcomes.values()) == {"passed"}, ended.text
    assert set(ended.outcomes) == REHEARSED | {ORDER, NAMES, UNIQUE, TRANSACTION, LOCKS}


def test_a_missing_migration_is_told(planting: Bench) -> None:
    rollout = planting.rollout()
    (rollout / "supabase" / "migrations" / TAGS).unlink()

    assert planting.run(planting.applied, *STATIC, rollout=rollout).failed == {ORDER}


@pytest.mark.parametrize(
    "text",
    [
        "-- as good as empty\n-- squawk-ignore require-concurrent-index-creation\n"
        "create index later_idx on public.media_assets (kind);",
        "create index concurrently later_idx on public.media_assets (kind);",
        "create table public.later (id bigint primary key);\ncreate index later_idx on public.later (id);",
        "create function public.later() returns void language plpgsql as $$ begin perform 1; end $$;",
    ],
)
def test_what_is_excused_stands_alone_or_is_new_passes(planting: Bench, text: str) -> None:
    rollout = planting.rollout()
    add(rollout, LATER, "set lock_timeout = '5s';\n" * ("concurrently" not in text) + text)

    assert planting.run(planting.applied, *STATIC, rollout=rollout).failed == set()


def test_a_rule_that_cannot_be_tried_is_open(planting: Bench) -> None:
    more = Refusal(given=("insert into public.tags (value) values ('x')",), refused="select 1")

    with pytest.raises(Unverified, match=r"cannot be tried here: x: what must be taken is refused \(23502"):
        accepted(planting.applied, {"x": more})

    [said] = accepted(planting.applied, {"x": more, "y": Refusal(refused="select 1/0")})
    assert said.startswith("y: is refused for another reason than 23 (22012: division by zero)")


def test_a_baseline_without_rows_shows_nothing(planting: Bench) -> None:
    rollout = planting.rollout()
    baseline = rollout / "supabase" / "migrations" / "20251025000000_single_tenant_baseline.sql"
    baseline.write_text(baseline.read_text() + "\ntruncate public.media_assets;\n")

    ended = planting.run(planting.applied, f"test_rehearsal.py::{KEPT}", rollout=rollout)

    assert ended[ITEM].status == "unverified"
    assert "public.media_assets: no rows on the baseline" in (ended[ITEM].reason or "")


def add(rollout: Path, name: str, text: str) -> None:
    (rollout / "supabase" / "migrations" / name).write_text(text + "\n")
