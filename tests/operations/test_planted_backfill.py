"""Each way in which a backfill goes wrong is noticed by the check that asks for it; a sound one passes them all."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from fixtures.backfill import Report
from fixtures.throwaway import Throwaway
from tests.migrations.planting import Ended
from tests.preflight.bench import Bench

ITEM = "db-backfill-tested"
SCRIPT = Path(__file__).with_name("backfill.py")

# Fault → the checks that notice it.
FAULTS = {
    "stops at a corrupt file": {"test_a_corrupt_file_is_reported_and_stops_nothing", "test_the_report_is_true"},
    "registers what it cannot read": {"test_a_corrupt_file_is_reported_and_stops_nothing"},
    "queues again": {"test_suggestions_are_queued_once", "test_a_second_run_changes_nothing"},
    "queues nothing": {"test_suggestions_are_queued_once"},
    "changes rows again": {"test_a_second_run_changes_nothing"},
    "leaves a lock behind": {"test_a_killed_run_can_be_run_again", "test_every_course_is_registered_once"},
    "forgets the last course": {"test_every_course_is_registered_once", "test_the_report_is_true"},
    "counts wrongly": {"test_the_report_is_true", "test_a_second_run_changes_nothing"},
    "conceals errors": {"test_a_corrupt_file_is_reported_and_stops_nothing", "test_the_report_is_true"},
    "writes no report": {"test_the_report_is_true"},
    "takes the first page only": {"test_every_course_is_registered_once", "test_the_report_is_true"},
    "opens courses to everybody, loses tags, tells its key": {
        "test_it_keeps_its_key_to_itself",
        "test_a_row_says_what_the_file_says",
        "test_suggestions_say_what_the_file_says",
    },
    "invents titles, decides by itself, tidies up": {
        "test_a_row_says_what_the_file_says",
        "test_suggestions_say_what_the_file_says",
        "test_what_was_there_stays",
    },
}


@pytest.fixture
def empty(project: Throwaway) -> Iterator[Throwaway]:
    """The project without the courses of an earlier run."""
    yield project
    with psycopg.connect(project.project.info.database_url) as connection:
        connection.execute("delete from public.tag_approval_queue")
        connection.execute("delete from public.course_metadata")


def run(bench: Bench, project: Throwaway, fault: str = "") -> Ended:
    command = f"{sys.executable} -I {SCRIPT} '{fault}'"
    return bench.run("operations/test_backfill.py", scripts={"backfill": command}, fixtures={"throwaway": project})


def test_a_sound_backfill_passes(bench: Bench, empty: Throwaway) -> None:
    ended = run(bench, empty)

    assert ended[ITEM].status == "verified", ended.text
    assert len(ended.outcomes) == 10


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_noticed(bench: Bench, empty: Throwaway, fault: str) -> None:
    ended = run(bench, empty, fault)

    assert ended.red == {ITEM}, ended.text
    assert ended.failed >= FAULTS[fault], ended.text


def test_reports_in_other_words_are_understood(tmp_path: Path) -> None:
    file = tmp_path / "report.md"
    head = "| | |\n|-|-|\n| Total | 2 |\n| **Created** | 1 |\n| Existing | 1 |\n| Errors | 0 |\n"
    file.write_text(f"{head}\n- a: created\n- b – exists\n")

    report = Report.read(file)

    assert report.counts == {"total": 2, "created": 1, "existing": 1, "errors": 0}
    assert report.results == {"a": "created", "b": "existing"}
    assert not report.contradictions()


def test_the_newest_report_is_the_one_of_the_latest_time(tmp_path: Path) -> None:
    for name in ("2026-11-20T09-30-00", "2026-11-20", "20261121T080000", "old", "before-2026-11-19"):
        (tmp_path / f"backfill-{name}.md").write_text("Total: 0\nCreated: 0\nExisting: 0\nErrors: 0\n")

    assert Report.newest(tmp_path, "backfill-*.md").path.name == "backfill-20261121T080000.md"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Total: 3\nCreated: 1\nExisting: 1\nErrors: 0\n- a: created\n- b: existing\n", "total 3 is not created"),
        ("Total: 2\nCreated: 1\nExisting: 1\nErrors: 0\n- a: created\n", "1 courses are listed, total is 2"),
        ("Total: 2\nCreated: 2\nExisting: 0\nErrors: 0\n- a: created\n- b: error\n", "created is 2, and 1 courses"),
    ],
)
def test_numbers_that_cannot_be_are_named(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "report.md"
    file.write_text(text)

    assert said in "; ".join(Report.read(file).contradictions())
