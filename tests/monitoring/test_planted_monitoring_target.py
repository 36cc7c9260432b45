"""Each fault that somebody may plant in a target turns the items red that speak of it, and no other."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest

from environments.loading import load_environment
from fixtures.errors import Unverified
from fixtures.monitoring.inspection import inspected
from fixtures.monitoring.postgres_log import PostgresLog
from fixtures.monitoring.windows import Window
from fixtures.scratch import ScratchDatabase
from fixtures.waiting import until
from tests.monitoring.planting import APPROVED, ON_COURSE, Bench

MONITORING = "test_monitoring.py -k not screens"
ITEMS = {"monitor-no-rls-violations", "monitor-database-load", "day1-queries", "week4-slow-queries"}
DATABASE_PANELS = "test_dashboards.py -k database or violations"
READER = "set role authenticated"
RENAMED = "update public.tags set value = value"


def test_a_sound_target_is_green(planting: Bench) -> None:
    ended = planting.run(MONITORING, settings=planting.database_settings(planting.target()))

    assert ended.with_status("verified") >= ITEMS, ended.text


def test_a_refused_statement_turns_the_watch_red(planting: Bench) -> None:
    target = planting.target("revoke select on public.tags from authenticated")
    planting.api_session(target, READER, "select * from public.tags")

    ended = planting.run(MONITORING + " and not slow", settings=planting.database_settings(target))

    assert ended.red == {"monitor-no-rls-violations"}, ended.text
    [finding] = ended.verdict.findings
    assert (finding.object, finding.actor) == ("tags", "the API (authenticator)")


def test_a_refused_row_turns_the_watch_red(planting: Bench) -> None:
    target = planting.target()
    claims = '{"sub": "00000000-0000-4000-9000-000000000001", "role": "authenticated"}'
    row = "('00000000-0000-4000-a000-000000000002', 'theme', 'Stolen', 'stolen')"
    planting.api_session(
        target,
        f"select set_config('request.jwt.claims', '{claims}', false)",
        READER,
        f"insert into public.tags (organization_id, type_key, value, slug) values {row}",
    )

    ended = planting.run(MONITORING, settings=planting.database_settings(target))

    assert ended.red == {"monitor-no-rls-violations"}, ended.text
    assert 'new row violates row-level security policy for table "tags"' in ended.text


def test_a_policy_that_recurses_turns_the_watch_red(planting: Bench) -> None:
    target = planting.target(
        "create policy loop on public.tags for select to authenticated using (exists (select from public.tags))"
    )
    with pytest.raises(psycopg.errors.InvalidObjectDefinition):
        planting.api_session(target, READER, "select * from public.tags")

    ended = planting.run(MONITORING + " and not slow", settings=planting.database_settings(target))

    assert ended.red == {"monitor-no-rls-violations"}, ended.text


def test_what_the_checks_provoke_themselves_does_not_count(planting: Bench) -> None:
    target = planting.target()
    with psycopg.connect(target.dsn, application_name="greenlight", autocommit=True) as connection:
        connection.execute("set role anon")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("select * from public.tags")

    ended = planting.run(MONITORING, settings=planting.database_settings(target))

    assert ended["monitor-no-rls-violations"].status == "verified", ended.text


def test_an_operators_refusal_counts(planting: Bench) -> None:
    target = planting.target()
    with psycopg.connect(target.dsn, autocommit=True) as connection:
        connection.execute("set role anon")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("select * from public.tags")

    ended = planting.run(MONITORING, settings=planting.database_settings(target))

    assert ended.red == {"monitor-no-rls-violations"}, ended.text


def test_another_systems_log_is_no_evidence(planting: Bench) -> None:
    log = planting.path / "other.log"
    log.write_text("2026-01-01 00:00:00.000 UTC [1] LOG:  database system is ready to accept connections\n")
    target = planting.target()
    settings = f'[monitoring]\ntimeout = 0.5\n[monitoring.logs]\npostgres = "{log}"\n[database]\ndsn = "{target.dsn}"\n'

    ended = planting.run(MONITORING, settings=settings)

    assert ended["monitor-no-rls-violations"].status == "unverified"
    assert "not in the Postgres log within 0.5 s" in ended.text


def test_a_log_that_ends_before_the_window_is_no_evidence(planting: Bench) -> None:
    log = planting.path / "ended.log"
    log.write_text("2026-01-01 00:00:00.000 UTC [1] LOG:  database system is ready to accept connections\n" * 2)
    settings = f'[monitoring.logs]\npostgres = "{log}"\n[database]\ndsn = "postgresql://x@127.0.0.1:1/x"\n'
    file = planting.path / "environments" / "ended.toml"
    file.write_text(settings)
    start = datetime(2026, 3, 1, tzinfo=UTC)

    with pytest.raises(Unverified, match="ends at 2026-01-01 00:00:00 UTC and does not hold the window"):
        PostgresLog(load_environment(file, {})).expect_held(Window("first-hour", start, start + timedelta(hours=1)))


def test_without_a_log_the_settings_are_named(planting: Bench) -> None:
    ended = planting.run(MONITORING, settings=f'[database]\ndsn = "{planting.target().dsn}"\n')

    assert ended["monitor-no-rls-violations"].status == "unverified"
    assert "deployment.project_ref and deployment.access_token are not set" in ended.text


def test_a_log_that_begins_after_the_window_is_no_evidence(planting: Bench) -> None:
    deployed = (datetime.now(UTC) - timedelta(days=3)).isoformat()
    settings = planting.database_settings(planting.target())
    settings += f"[deployment]\ndeployed_at = {deployed}\nphase = 'first-day'\n"

    ended = planting.run(MONITORING, settings=settings, profile="production")

    assert ended["monitor-no-rls-violations"].status == "unverified"
    assert "does not hold the window" in ended.text


def test_production_without_the_moment_of_its_deploy_has_no_window(planting: Bench) -> None:
    settings = planting.database_settings(planting.target()) + "[deployment]\nphase = 'first-hour'\n"

    ended = planting.run(MONITORING, settings=settings, profile="production")

    assert ended["monitor-no-rls-violations"].status == "unverified"
    assert "deployment.deployed_at is not set" in ended.text


@contextmanager
def waiting_for_a_lock(
    target: ScratchDatabase,
    held: LiteralString = "lock table public.tags in access exclusive mode",
    wanted: LiteralString = "select count(*) from public.tags",
) -> Iterator[None]:
    """One session holds a table, and another waits for it."""
    with target.connect() as holder, target.connect() as waiter:
        holder.execute(b"begin; " + held.encode())
        blocked = threading.Thread(target=lambda: waiter.execute(wanted), daemon=True)
        blocked.start()
        query = "select pid from pg_locks where not granted and pid = %s"
        until(lambda: holder.execute(query, [waiter.info.backend_pid]).fetchone(), within=10, what="it waits")
        yield
        holder.execute("rollback")
        blocked.join()


def test_a_session_that_waits_for_a_lock_turns_the_load_red(planting: Bench) -> None:
    target = planting.target()
    settings = planting.database_settings(target) + "[monitoring.limits]\nlock_wait_ms = 1\n"

    with waiting_for_a_lock(target):
        ended = planting.run("test_monitoring.py -k load", settings=settings)

    assert ended.red == {"monitor-database-load"}
    assert "public.tags" in ended.text or "tags" in ended.text


def test_too_many_connections_turn_the_load_red(planting: Bench) -> None:
    settings = planting.database_settings(planting.target()) + "[monitoring.limits]\nconnections_percent = 0.1\n"

    ended = planting.run(MONITORING, settings=settings)

    assert ended.red == {"monitor-database-load"}
    assert "connections are in use, limit 0.1 %" in ended.text


def test_a_slow_policy_turns_the_statements_red(planting: Bench) -> None:
    target = planting.target(
        "create policy slow on public.tag_approval_queue as restrictive for select to authenticated"
        " using ((select pg_sleep(0.08)) is not null)"
    )
    settings = planting.database_settings(target) + "[monitoring.limits]\nslow_query_ms = 60\n"

    ended = planting.run(MONITORING, settings=settings)

    assert ended.red == {"day1-queries", "week4-slow-queries"}, ended.text
    assert "approval-queue" in ended.text


def test_production_wants_its_statements_recorded(planting: Bench) -> None:
    deployed = (datetime.now(UTC) - timedelta(days=40)).isoformat()
    target = planting.target("drop extension pg_stat_statements")
    settings = planting.database_settings(target) + f"[deployment]\ndeployed_at = {deployed}\n"

    ended = planting.run("test_monitoring.py -k slow", settings=settings, profile="production")

    assert ended["day1-queries"].status == "unverified"
    assert "pg_stat_statements is not enabled" in ended.text


RECORDED = """
drop extension pg_stat_statements;
create view public.pg_stat_statements as select
  (select oid from pg_roles where rolname = 'authenticator') as userid,
  (select oid from pg_database where datname = current_database()) as dbid, 7::bigint as calls, {ms} as mean_exec_time,
  9.0 as max_exec_time, 35.0 as total_exec_time, 'select * from courses' as query;
create view public.pg_stat_statements_info as select now() - interval '{age}' as stats_reset;
"""


@pytest.mark.parametrize(
    ("ms", "age", "status", "said"),
    [
        (5.0, "3 hours", "verified", ""),
        (700.0, "3 hours", "failed", "select * from courses: 700 ms, limit 500 ms"),
        (5.0, "4 minutes", "unverified", "pg_stat_statements was reset 4 minutes ago"),
    ],
)
def test_production_judges_what_was_recorded(planting: Bench, ms: float, age: str, status: str, said: str) -> None:
    target = planting.target(RECORDED.format(ms=ms, age=age))
    deployed = (datetime.now(UTC) - timedelta(days=40)).isoformat()
    settings = planting.database_settings(target) + f"[deployment]\ndeployed_at = {deployed}\n"

    ended = planting.run("test_monitoring.py -k slow", settings=settings, profile="production")

    assert ended["day1-queries"].status == status, ended.text
    assert said in ended.text


def test_what_postgres_has_just_begun_to_record_decides_nothing(planting: Bench) -> None:
    """The extension itself, as the other checks of it have views in its place."""
    deployed = (datetime.now(UTC) - timedelta(days=40)).isoformat()
    settings = planting.database_settings(planting.target()) + f"[deployment]\ndeployed_at = {deployed}\n"

    ended = planting.run("test_monitoring.py -k slow", settings=settings, profile="production")

    assert ended["day1-queries"].status == "unverified"
    assert "pg_stat_statements was reset" in ended.text


def test_the_panels_of_a_sound_target_are_green(planting: Bench) -> None:
    ended = planting.run(DATABASE_PANELS, settings=planting.database_settings(planting.target()))

    assert len(ended.with_status("verified")) == 8, ended.text


@pytest.mark.parametrize(
    ("fault", "red"),
    [
        ("alter table public.tag_approval_queue rename status to state", {"panel-queue-depth"}),
        ("alter table public.tags rename created_at to made_at", {"panel-tags-created"}),
        (
            "alter table public.organizations rename name to label",
            {"panel-active-users", "panel-queue-depth", "panel-tags-created"},
        ),
        (
            "alter table public.course_versions rename published_at to at",
            {"panel-courses-published", "panel-version-restores"},
        ),
    ],
)
def test_a_panel_whose_query_does_not_run_is_red(planting: Bench, fault: str, red: set[str]) -> None:
    ended = planting.run(DATABASE_PANELS, settings=planting.database_settings(planting.target(fault)))

    assert ended.red == red, ended.text
    assert "the query does not run on the target" in ended.text


SUCCESS = "test_success.py"


def production(planting: Bench, target: ScratchDatabase, *, days: int = 35) -> str:
    deployed = (datetime.now(UTC) - timedelta(days=days)).isoformat()
    return planting.database_settings(target) + f"[deployment]\ndeployed_at = {deployed}\nphase = 'month-1'\n"


IN_THE_WINDOW = """
update auth.users set last_sign_in_at = now() - interval '20 days';
"""


def test_pilots_in_use_and_work_done_are_green(planting: Bench) -> None:
    worked = APPROVED + ON_COURSE + "update public.tag_approval_queue set reviewed_at = now() - interval '33 days';"

    ended = planting.run(
        SUCCESS, settings=production(planting, planting.target(IN_THE_WINDOW, worked)), profile="production"
    )

    assert ended.red == {"nice-ten-organizations"}, ended.text
    assert ended.with_status("verified") >= {
        "week4-pilots",
        "should-pilots",
        "week1-tag-approval",
        "should-tag-approval",
    }
    assert "2 of 3 organizations in use, expected 10" in ended["nice-ten-organizations"].reason


@pytest.mark.parametrize(
    ("default", "status", "said"),
    [
        ("slug = 'pilot-1'", "failed", "1 pilot organizations in use, expected 2"),
        ("name = 'Pilot 1'", "unverified", "no slug"),
    ],
)
def test_another_teams_default_organization_is_no_pilot(
    planting: Bench, tmp_path: Path, default: str, status: str, said: str
) -> None:
    file = tmp_path / "expectations.toml"
    seed = f"[seeds.default-organization]\ntable = 'public.organizations'\nrows = [{{ {default} }}]\n"
    file.write_text(f"migrations = ['20251025200000_first']\ntables = ['public.organizations']\n{seed}")
    settings = production(planting, planting.target(IN_THE_WINDOW)) + f"[migrations]\nexpectations = '{file}'\n"

    ended = planting.run(SUCCESS + " -k pilot", settings=settings, profile="production")

    assert ended["should-pilots"].status == status, ended.text
    assert said in ended["should-pilots"].reason


def test_organizations_without_activity_do_not_count(planting: Bench) -> None:
    idle = "update auth.users set last_sign_in_at = now() - interval '60 days'; "
    idle += "delete from public.tag_approval_queue; alter table public.course_versions disable trigger user;"
    idle += "update public.course_versions set published_at = now() - interval '60 days'"

    ended = planting.run(
        SUCCESS + " -k pilot", settings=production(planting, planting.target(idle)), profile="production"
    )

    assert ended.red == {"week4-pilots", "should-pilots"}
    assert "Pilot 1: no activity in the window" in ended.text


def test_organizations_without_members_do_not_count(planting: Bench) -> None:
    alone = IN_THE_WINDOW + "alter table public.user_roles disable trigger user; delete from public.user_roles"

    ended = planting.run(
        SUCCESS + " -k pilot", settings=production(planting, planting.target(alone)), profile="production"
    )

    assert ended.red == {"week4-pilots", "should-pilots"}
    assert "Pilot 1: no members" in ended.text


IMPORTED = """
update auth.users set last_sign_in_at = now() - interval '60 days';
alter table public.course_versions disable trigger user;
update public.course_versions set published_at = now() - interval '20 days';
"""


@pytest.mark.parametrize(
    "fault",
    [
        IMPORTED,
        IMPORTED + "update public.course_versions set published_by = '00000000-0000-4000-9000-000000000002'",
        IN_THE_WINDOW + "update auth.users set email = replace(email, 'user', 'Viewer') where email ~ '^user[12]@'",
    ],
    ids=["imported versions", "somebody from elsewhere", "the accounts of the checks"],
)
def test_what_others_do_there_does_not_count(planting: Bench, fault: str) -> None:
    checks = 'password = "x"\n[users.organizations.acme]\nviewer = "viewer1@test"\neditor = "viewer2@test"\n'
    settings = production(planting, planting.target(fault)) + f"[users]\n{checks}"

    ended = planting.run(SUCCESS + " -k pilot", settings=settings, profile="production")

    assert ended.red == {"week4-pilots", "should-pilots"}, ended.text
    assert "0 pilot organizations in use" in ended.text


def test_ten_organizations_in_use_are_green(planting: Bench) -> None:
    more = """
insert into public.organizations (name, slug) select 'More ' || n, 'more-' || n from generate_series(1, 8) n;
insert into public.user_roles (user_id, organization_id, role)
select '00000000-0000-4000-9000-000000000003', id, 'viewer' from public.organizations where slug like 'more-%';
"""
    ended = planting.run(
        SUCCESS + " -k ten", settings=production(planting, planting.target(IN_THE_WINDOW, more)), profile="production"
    )

    assert ended["nice-ten-organizations"].status == "verified", ended.text


@pytest.mark.parametrize(
    ("work", "said"),
    [
        ("select 1", "nobody approved a suggestion"),
        (
            APPROVED + "update public.tag_approval_queue set reviewed_at = now() - interval '33 days'",
            "not on the course",
        ),
        (
            APPROVED + ON_COURSE + "update public.tag_approval_queue set reviewed_at = now() - interval '50 days'",
            "nobody",
        ),
    ],
)
def test_an_approval_counts_once_its_tags_are_on_the_course(planting: Bench, work: str, said: str) -> None:
    ended = planting.run(
        SUCCESS + " -k approval", settings=production(planting, planting.target(work)), profile="production"
    )

    assert ended.red == {"week1-tag-approval", "should-tag-approval"}
    assert said in ended.text


def test_the_platforms_own_tool_shows_who_waits_for_whom(planting: Bench) -> None:
    target = planting.target("drop extension pg_stat_statements")

    # It looks at locks of rows; those of whole tables are in our SQL.
    with waiting_for_a_lock(target, held=RENAMED, wanted=RENAMED):
        reports = {report.name: report for report in inspected(target.dsn, within=30)}

    [row] = reports["blocking"].rows
    assert RENAMED in row["blocked_statement"]
    assert not reports["long-running-queries"].problem
    assert "pg_stat_statements" in reports["outliers"].problem, "what is not to be had says why"


def test_a_statement_that_does_not_end_turns_the_load_red(planting: Bench) -> None:
    target = planting.target()
    settings = planting.database_settings(target) + "[monitoring.limits]\nlong_statement_ms = 50\n"
    with target.connect() as sleeper, target.connect() as other:

        def sleep() -> None:
            with suppress(psycopg.errors.QueryCanceled):
                sleeper.execute("select pg_sleep(60)")

        asleep = threading.Thread(target=sleep, daemon=True)
        asleep.start()
        begun = "select 1 from pg_stat_activity where pid = %s and clock_timestamp() - query_start > interval '0.1 s'"
        until(lambda: other.execute(begun, [sleeper.info.backend_pid]).fetchone(), within=10, what="it runs")

        ended = planting.run("test_monitoring.py -k load", settings=settings)

        other.execute("select pg_cancel_backend(%s)", [sleeper.info.backend_pid])
        asleep.join()

    assert ended.red == {"monitor-database-load"}, ended.text
    assert "a statement has been running for" in ended.text
