"""What the screens have left in the logs of a stack: nothing at first, and then a refusal and an error that show."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx

from fixtures.stack.launch import StackInfo
from tests.monitoring.planting import Bench

LEFT = "../ui/test_left_behind.py"
ITEMS = {"smoke-no-rls-violations", "stg-functions-logs"}


def test_a_stack_on_which_nothing_happened_is_green(planting: Bench, settings: str) -> None:
    ended = planting.run(LEFT, settings=settings)

    assert ended.with_status("verified") == ITEMS, ended.text


def test_a_refusal_and_an_error_that_no_check_provoked_are_red(
    planting: Bench, stack: StackInfo, settings: str
) -> None:
    answer = httpx.get(f"{stack.api_url}/rest/v1/tags", headers={"apikey": stack.publishable_key})
    assert answer.json()["code"] == "42501"
    during = datetime.now(UTC) + timedelta(minutes=1)  # what was there before a run began is not that run's
    with stack.functions_log.open("a") as log:
        log.write(f"{during.isoformat(timespec='milliseconds')} [org-config] Error: nobody caught this\n")

    ended = planting.run(LEFT, settings=settings)

    assert ended.red == ITEMS, ended.text
    assert "permission denied for table tags" in ended.text
    assert "nobody caught this" in ended.text
