"""What a backfill has left undone on a target, or in its reports, turns exactly the items red that speak of it."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from fixtures.rehearsal import Rehearsal
from fixtures.scratch import Scratch, ScratchDatabase
from tests.migrations.planting import Ended
from tests.preflight.bench import Bench

CHECKS = "operations/test_backfilled.py"
RAN = {"backfill-courses-complete", "stg-backfill-run"}
COURSES = """
  insert into storage.objects (bucket_id, name)
    select 'courses', id || '/course.json' from unnest(array['a', 'b', 'c']) id;
  insert into public.course_metadata (id, organization_id) select id, '00000000-0000-0000-0000-000000000001'
    from unnest(array['a', 'b', 'c']) id on conflict do nothing;
  insert into public.tag_approval_queue (course_id, organization_id, suggested_tags)
    values ('a', '00000000-0000-0000-0000-000000000001', '{"theme": ["x"]}');
"""
SOUND = "Total: 3\nCreated: 3\nExisting: 0\nErrors: 0\n- a: created\n- b: created\n- c: created\n"
NEWEST = "reports/backfill-metadata-2026-11-20.md"
ARCHIVED = "artifacts/production-backfill-20261120.md"

# Fault → SQL, the newest report, tags in the file of `b`, the items that turn red, what the reader is told.
FAULTS: dict[str, tuple[str, str, object, set[str], str]] = {
    "a stored course without a row": (
        "insert into storage.objects (bucket_id, name) values ('courses', 'd/course.json')",
        SOUND,
        {},
        RAN,
        "1 stored courses have no course_metadata row on bench: d",
    ),
    "tags that nobody was asked about": (
        "",
        SOUND,
        {"theme": ["y"]},
        {"backfill-suggestions-queued"},
        "tag_approval_queue: b",
    ),
    "tags in the older shape": ("", SOUND, ["y"], {"backfill-suggestions-queued"}, "tag_approval_queue: b"),
    "an error in the report": (
        "",
        SOUND.replace("Created: 3", "Created: 2").replace("Errors: 0", "Errors: 1").replace("c: created", "c: error"),
        {},
        {"backfill-no-errors"},
        "errors for c",
    ),
    "numbers that do not add up": (
        "",
        SOUND.replace("Total: 3", "Total: 4"),
        {},
        {"stg-backfill-report"},
        "total 4 is",
    ),
    "a report of another project": (
        "",
        SOUND.replace("- a", "- x").replace("- b", "- y").replace("- c", "- z"),
        {},
        {"stg-backfill-report"},
        "none of its courses is stored here",
    ),
    "a report that says more than is true": (
        "delete from public.course_metadata where id = 'c'",
        SOUND,
        {},
        {*RAN, "stg-backfill-report"},
        "said to be registered, and without a row: c",
    ),
    "a report that leaves a course out": (
        "update storage.objects set created_at = '2026-11-18'",
        SOUND.replace("3", "2").replace("- c: created\n", ""),
        {},
        {"stg-backfill-report"},
        "does not tell of 1 courses that were stored before: c",
    ),
    "no report": ("", "", {}, {"stg-backfill-report", "backfill-no-errors"}, "was the backfill run"),
}


@pytest.fixture
def run(bench: Bench, scratch: Scratch, known: Rehearsal) -> Callable[..., Ended]:
    def on(
        sql: str = "", tags: object = None, profile: str = "staging", courses: str = COURSES, settings: str = ""
    ) -> Ended:
        target: ScratchDatabase = scratch.database(like=known.state(len(known.rollout.new)))
        target.run(courses + sql)
        try:
            return bench.run(
                CHECKS,
                profile=profile,
                toml=f'[database]\ndsn = "{target.dsn}"\n{settings}',
                fixtures={"gateway": gateway(tags), "scratch": scratch},
            )
        finally:
            scratch.drop(target)

    return on


def gateway(tags: object) -> Any:
    def send(_: str, path: str) -> Any:
        return SimpleNamespace(status=200, json={"id": "b", "tags": tags if "/b/" in path else {}})

    return SimpleNamespace(
        service=SimpleNamespace(send=send), together=lambda work, cases: [work(case) for case in cases], answers=[]
    )


def test_nothing_is_red_without_a_fault(run: Callable[..., Ended], bench: Bench) -> None:
    bench.write(NEWEST, SOUND)

    ended = run()

    assert not ended.red, ended.text
    assert {ended[item].status for item in (*RAN, "backfill-no-errors", "stg-backfill-report")} == {"verified"}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_turns_its_items_red(run: Callable[..., Ended], bench: Bench, fault: str) -> None:
    sql, report, tags, red, said = FAULTS[fault]
    if report:
        bench.write("reports/backfill-metadata-2026-11-19.md", SOUND)  # what was right yesterday does not count
        bench.write(NEWEST, report)

    ended = run(sql, tags)

    assert ended.red == red, ended.text
    assert said in ended.text


def test_production_wants_its_report_kept(run: Callable[..., Ended], bench: Bench) -> None:
    bench.write(NEWEST, SOUND)

    assert run(profile="production").red == {"prod-backfill-archived"}

    bench.write(ARCHIVED, SOUND)
    ended = run(profile="production")

    assert not ended.red, ended.text
    assert ended["prod-backfill-archived"].status == "verified"


def test_the_report_of_a_rehearsal_is_not_archived_for_production(run: Callable[..., Ended], bench: Bench) -> None:
    bench.write("artifacts/production-backfill-20251101.md", SOUND)

    ended = run(profile="production", settings="[deployment]\ndeployed_at = 2025-11-10T10:00:00Z\n")

    assert ended.red == {"prod-backfill-archived"}
    assert "is 9 days older than the deployment (2025-11-10)" in ended.text


def test_production_without_any_report_was_not_backfilled(run: Callable[..., Ended]) -> None:
    assert run(profile="production").red >= {"prod-backfill-run", "prod-backfill-archived", "backfill-no-errors"}


def test_without_course_files_nothing_is_shown(run: Callable[..., Ended], bench: Bench) -> None:
    bench.write(NEWEST, SOUND)

    ended = run(courses="")

    assert ended["backfill-courses-complete"].status == "unverified"
    assert "nothing to see" in ended["backfill-courses-complete"].reason
