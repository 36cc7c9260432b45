"""Lines of a log: what is a violation, of what and by whom, and what the checks provoked themselves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from fixtures.errors import Unverified
from fixtures.exchange import Answer
from fixtures.monitoring.journal import Journal, Refused
from fixtures.monitoring.postgres_log import Entry, entries_in
from fixtures.monitoring.violations import object_of, tell_apart

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
SLACK = timedelta(milliseconds=20)
DENIED = "permission denied for table tags"


def entry(message: str = DENIED, *, user: str = "authenticator", application: str = "", at: float = 0) -> Entry:
    return Entry(AT + timedelta(seconds=at), user, "postgres", application, "42501", "ERROR", message)


def refused(message: str = DENIED, *, began: float = -0.1, ended: float = 0.1) -> Refused:
    return Refused(AT + timedelta(seconds=began), AT + timedelta(seconds=ended), "anon", "GET /rest/v1/tags", message)


BY_POLICY = "new row violates row-level security policy"


@pytest.mark.parametrize(
    ("path", "said", "user", "counts"),
    [
        ("/storage/v1/object/courses/a", BY_POLICY, "supabase_storage_admin", 0),
        ("/storage/v1/object/courses/a", "", "supabase_storage_admin", 1),  # it failed for another reason
        ("/storage/v1/object/courses/a", BY_POLICY, "authenticator", 1),
        ("/rest/v1/tags", BY_POLICY, "supabase_storage_admin", 1),
        ("/functions/v1/publish-course", "", "supabase_storage_admin", 0),
    ],
)
def test_what_storage_refused_is_told_apart(path: str, said: str, user: str, counts: int) -> None:
    request = Refused(AT - SLACK, AT + SLACK, "viewer", f"POST {path}", said)
    lines = [entry(f'{BY_POLICY} for table "objects"', user=user)]

    assert len(tell_apart(lines, [request], slack=SLACK).violations) == counts


def test_of_two_requests_the_one_that_ended_first_explains_the_first_line() -> None:
    long, short = refused(began=-1, ended=9), refused(began=0, ended=1)

    told = tell_apart([entry(at=0.5), entry(at=5)], [long, short], slack=SLACK)

    assert not told.violations


@pytest.mark.parametrize(
    ("line", "application"),
    [
        ("authenticator@postgres 42501 [PostgREST 12.2] ERROR:  permission denied for table tags", "PostgREST 12.2"),
        ("authenticator@postgres 42501 [[unknown]] ERROR:  permission denied for table tags", ""),
        ("authenticator@postgres 42501 [an [odd] name] ERROR:  permission denied for table tags", "an [odd] name"),
        ("authenticator@postgres 42501 ERROR:  permission denied for table tags", ""),
    ],
)
def test_a_line_is_read_with_and_without_the_application(line: str, application: str) -> None:
    text = f"2026-11-20 12:00:00.000 UTC [77] {line}\n2026-11-20 12:00:00.000 UTC [77] " + line.replace(
        "ERROR:  permission denied for table tags", "STATEMENT:  select * from tags"
    )

    [found] = entries_in(text.splitlines())

    assert (found.moment, found.user, found.sqlstate, found.message) == (AT, "authenticator", "42501", DENIED)
    assert (found.application, found.statement) == (application, "select * from tags")


def test_sessions_whose_lines_interleave_keep_their_statements() -> None:
    lines = [
        "2026-11-20 12:00:00.000 UTC [1] a@d 42501 [x] ERROR:  permission denied for table tags",
        "2026-11-20 12:00:00.000 UTC [2] b@d 42501 [y] ERROR:  permission denied for table courses",
        "2026-11-20 12:00:00.000 UTC [1] a@d 42501 [x] STATEMENT:  one",
        "\tgoes on",
        "2026-11-20 12:00:00.000 UTC [2] b@d 42501 [y] STATEMENT:  two",
    ]

    assert [(each.user, each.statement) for each in entries_in(lines)] == [("a", "one"), ("b", "two")]


def test_a_log_in_another_zone_is_not_guessed_at() -> None:
    with pytest.raises(Unverified, match="times are in CET"):
        list(entries_in(["2026-11-20 12:00:00.000 CET [1] a@d 42501 ERROR:  permission denied for table tags"]))


@pytest.mark.parametrize(
    ("message", "object_"),
    [
        (DENIED, "tags"),
        ("permission denied for function is_superadmin", "function is_superadmin"),
        ("permission denied for schema auth", "schema auth"),
        ("permission denied for materialized view sums", "materialized view sums"),
        ('new row violates row-level security policy for table "tags"', "tags"),
        ('new row violates row-level security policy "own" for table "tags"', "tags"),
        ('query would be affected by row-level security policy for table "tags"', "tags"),
        ('infinite recursion detected in policy for relation "user_roles"', "user_roles"),
        ("only editors publish a course", "only editors publish a course"),
    ],
)
def test_the_object_of_a_refusal(message: str, object_: str) -> None:
    assert object_of(message) == object_


def test_a_refusal_that_nobody_of_us_provoked_counts() -> None:
    told = tell_apart([entry(), entry(at=1)], [], slack=SLACK)

    assert told.table() == [("tags", "the API (authenticator)", 2, "2026-11-20 12:00:00", "2026-11-20 12:00:01")]
    assert len(told.findings()) == 1


def test_a_request_explains_one_line_of_its_message() -> None:
    """A user who is refused in the same moment is not hidden behind a check."""
    told = tell_apart([entry(), entry()], [refused()], slack=SLACK)

    assert (len(told.violations), told.provoked.total()) == (1, 1)


@pytest.mark.parametrize(
    "request_", [refused("permission denied for table courses"), refused(began=1, ended=2), refused(began=-9, ended=-8)]
)
def test_a_request_explains_no_other_message_and_no_other_moment(request_: Refused) -> None:
    assert len(tell_apart([entry()], [request_], slack=SLACK).violations) == 1


def test_a_function_explains_what_happened_while_it_ran() -> None:
    told = tell_apart([entry(), entry("only editors publish a course")], [refused("")], slack=SLACK)

    assert not told.violations


def test_the_name_of_the_checks_hides_nothing_behind_the_api() -> None:
    told = tell_apart(
        [entry(application="greenlight"), entry(user="postgres", application="greenlight")], [], slack=SLACK
    )

    assert [each.actor for each in told.violations] == ["the API (authenticator)"]


def test_the_journal_keeps_refusals_across_runs_and_forgets_old_ones(tmp_path: Path) -> None:
    file = tmp_path / "provoked.jsonl"
    request = httpx.Request("GET", "http://api.test/rest/v1/tags")
    denied = httpx.Response(403, json={"code": "42501", "message": DENIED}, request=request)
    good = httpx.Response(200, json=[], request=request)

    Journal(file).note(Answer("anon", request, denied), AT, AT)
    Journal(file).note(Answer("anon", request, good), AT, AT)

    [kept] = Journal(file).refused()
    assert (kept.message, kept.request) == (DENIED, "GET /rest/v1/tags")
    Journal(file).prune(AT + timedelta(days=36))
    assert Journal(file).refused() == []


def test_a_journal_of_another_checkout_counts_for_the_same_system_alone(tmp_path: Path) -> None:
    other, own = tmp_path / "ci.jsonl", tmp_path / "provoked.jsonl"
    for system in ("http://api.test", "http://staging.test"):
        request = httpx.Request("GET", f"{system}/rest/v1/tags")
        denied = httpx.Response(403, json={"code": "42501", "message": DENIED}, request=request)
        Journal(other).note(Answer("anon", request, denied), AT, AT)

    journal = Journal(own, elsewhere=[other, tmp_path / "none.jsonl"], system="http://api.test/")

    assert [each.system for each in journal.refused()] == ["http://api.test"]
    assert journal.reach(AT) == ""
    assert "begin at 2" in journal.reach(AT - timedelta(hours=1))
    assert "say nothing" in Journal(own).reach(AT)


def test_a_journal_that_is_none_is_named(tmp_path: Path) -> None:
    file = tmp_path / "ci.jsonl"
    file.write_text("moment,actor\n")

    with pytest.raises(Unverified, match=r"ci.jsonl, line 1: no note .* \(monitoring.logs.journals\)"):
        Journal(tmp_path / "provoked.jsonl", elsewhere=[file]).refused()
