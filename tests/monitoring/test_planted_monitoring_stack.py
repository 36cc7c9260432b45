"""Checks that ask through the API: green on a sound stack, and red for the fault that is theirs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from fixtures.dashboards.panels import Panel, answer, load_panels
from fixtures.database import Database
from fixtures.stack.launch import StackInfo
from tests.monitoring.planting import Bench

SCREENS = "test_monitoring.py -k screens"
APPROVAL = "test_success.py -k approval"
MEASURED = "test_dashboards.py -k measurements"
MEASUREMENTS = {"panel-course-load", "panel-tag-filter", "panel-publish-duration", "panel-cache-hits"}


@contextmanager
def planted(stack: StackInfo, fault: str, repair: str) -> Iterator[None]:
    """A fault in the stack's database, repaired afterwards."""
    with psycopg.connect(stack.database_url, autocommit=True) as connection:
        connection.execute(fault.encode())
        try:
            yield
        finally:
            connection.execute(repair.encode())


@pytest.mark.parametrize(
    ("checks", "items"),
    [
        (SCREENS, {"smoke-no-rls-violations"}),
        (APPROVAL, {"week1-tag-approval", "should-tag-approval"}),
        (MEASURED, MEASUREMENTS),
    ],
)
def test_a_sound_stack_is_green(planting: Bench, settings: str, checks: str, items: set[str]) -> None:
    ended = planting.run(checks, settings=settings)

    assert ended.with_status("verified") == items, ended.text


def test_a_table_that_screens_may_not_read_turns_the_smoke_red(
    planting: Bench, stack: StackInfo, settings: str
) -> None:
    fault = "revoke select on public.course_versions from authenticated"
    with planted(stack, fault, "grant select on public.course_versions to authenticated"):
        ended = planting.run(SCREENS, settings=settings)

    assert ended.red == {"smoke-no-rls-violations"}
    assert "permission denied for table course_versions" in ended.text


def test_a_review_that_is_not_kept_turns_the_approval_red(planting: Bench, stack: StackInfo, settings: str) -> None:
    policy = 'alter policy "org admins review" on public.tag_approval_queue using (%s)'
    kept = "organization_id = any((select private.orgs_as('org_admin'))::uuid[])"
    with planted(stack, policy % "false", policy % kept):
        ended = planting.run(APPROVAL, settings=settings)

    assert ended.red == {"week1-tag-approval", "should-tag-approval"}
    assert "nothing was changed" in ended.text


def test_a_publish_that_is_refused_turns_its_panel_red(planting: Bench, stack: StackInfo, settings: str) -> None:
    with planted(
        stack,
        "revoke insert on public.course_versions from authenticated",
        "grant insert on public.course_versions to authenticated",
    ):
        ended = planting.run(MEASURED, settings=settings)

    assert ended.red == {"panel-publish-duration"}, ended.text


def test_a_cache_that_does_not_say_what_it_does_is_no_evidence(planting: Bench, settings: str) -> None:
    ended = planting.run(MEASURED, settings=settings.replace("x-cache", "x-other"))

    assert ended.with_status("unverified") == {"panel-cache-hits"}
    assert "storage.cache_header: no answer bears x-other" in ended.text


SPOILED = [panel for panel in load_panels() if panel.source == "database"]


@pytest.mark.parametrize("panel", SPOILED, ids=lambda panel: panel.id)
def test_a_panel_that_leaves_rows_out_is_red(planting: Bench, panel: Panel) -> None:
    """The query still runs, and shows less than there is."""
    less = panel.sql.strip()
    less = f"select * from ({less}) shown where false" if panel.chart != "number" else less.replace("count(*)", "0")
    database = Database(planting.lively.dsn)
    try:
        assert answer(panel, database), "nothing to leave out"
        with pytest.raises(AssertionError, match=f"{panel.id} shows 0"):
            answer(panel.model_copy(update={"sql": less}), database)
    finally:
        database.close()


def test_a_restore_is_told_from_a_publish(planting: Bench) -> None:
    """Course 1 has three versions, of which the last is the first again."""
    restores = next(panel for panel in SPOILED if panel.id == "panel-version-restores")
    database = Database(planting.lively.dsn)

    counted = {point.label: point.value for point in answer(restores, database)}

    database.close()
    assert counted == {"restores": 1, "publishes": 2}
