"""What takes too long is asked once, named in the report, and keeps nothing else from being looked at."""

from __future__ import annotations

from collections.abc import Callable

import psycopg

from fixtures.isolation.engine import examine
from tests.isolation.planted import SOUND

ENDLESS = """
create sequence calls;
create function endless(project uuid) returns boolean language plpgsql security definer set search_path = '' as $$
begin
  -- A number that was taken stays taken when its transaction is rolled back: it counts the calls.
  perform nextval('public.calls');
  loop perform pg_sleep(0.1); end loop;
end $$;
revoke execute on function endless(uuid) from public, anon;
grant execute on function endless(uuid) to authenticated;
create function peek(p uuid) returns text language sql security definer set search_path = '' as
  $$ select title from public.projects where id = p $$;
revoke all on sequence calls from public, anon, authenticated;
"""


def test_a_function_that_never_ends_is_called_once_and_named(database_of: Callable[[str], str]) -> None:
    dsn = database_of(SOUND + ENDLESS)

    report = examine(dsn)

    assert report.unverified == {
        "public.endless(uuid)": "took longer than 1 s, or waited for a lock, and was not asked again"
    }
    assert {(f.kind, f.object) for f in report.findings} == {("confidentiality", "public.peek(uuid)")}
    with psycopg.connect(dsn) as connection:
        assert connection.execute("select last_value, is_called from public.calls").fetchone() == (1, True)


def test_a_table_that_somebody_else_has_locked_is_named_and_nobody_accused(database_of: Callable[[str], str]) -> None:
    dsn = database_of(SOUND)

    with psycopg.connect(dsn) as connection:
        connection.execute("lock table public.projects in share mode")
        report = examine(dsn)

    assert report.findings == []
    assert any("waited for a lock" in reason for reason in report.unverified.values()), report.unverified
