"""A climb ends where a budget breaks, or where more cannot be learned, and says which."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fixtures.errors import Unverified
from load.budgets import Budgets, Cache, Latency
from load.capacity import Capacity, climb
from load.report import COURSE_LOAD, Limits, LoadReport, Record, Series

LIMITS = Limits(users=10, duration=8, max_requests=9000, rate=1000, spawn_rate=10, think=1)
BUDGETS = Budgets(
    minimum=10,
    errors=0.01,
    cache=Cache(hit_rate=0.7, minimum=1),
    series={COURSE_LOAD: Latency(p50=1000, p95=2000, p99=4000, minimum=1)},
)


def system(slow_from: float, *, most: float = 10_000, failing_from: float = 10_000) -> Callable[[float], LoadReport]:
    """A target that is asked 40 times a second without pauses scaled, and serves `most`."""

    def run(think: float) -> LoadReport:
        rate = min(40 / think, most)
        requests = int(rate * 8)
        took = 3000 if rate > slow_from else 50
        failures = requests // 10 if rate > failing_from else 0
        series = Series(requests=requests, failures=failures, histogram={took: requests})
        record = Record(worker="one", slices={0: {"course file": series, COURSE_LOAD: series}})
        return LoadReport(environment="local", target="", started="", limits=LIMITS, duration=8, records=[record])

    return run


def climbed(run: Callable[[float], LoadReport], **limits: float) -> Capacity:
    return climb(run, LIMITS.model_copy(update=limits), BUDGETS)


def test_the_knee_is_the_step_before_the_one_that_breaks_a_budget() -> None:
    capacity = climbed(system(slow_from=100))

    assert [round(step.rate) for step in capacity.steps] == [10, 20, 40, 80, 160]
    assert capacity.knee is not None
    assert round(capacity.knee.rate) == 80
    assert "over the budget: course load: p50 3000 ms" in capacity.ended


def test_errors_break_a_budget_too() -> None:
    capacity = climbed(system(slow_from=10_000, failing_from=50))

    assert capacity.knee is not None
    assert round(capacity.knee.rate) == 40
    assert "errors 10%" in capacity.ended


def test_a_target_that_breaks_at_once_has_no_knee() -> None:
    assert climbed(system(slow_from=1)).knee is None


def test_a_rate_that_rises_no_more_and_one_that_is_not_allowed_end_it() -> None:
    assert "bring no more than 60 requests a second" in climbed(system(slow_from=10_000, most=60)).ended
    assert "allows 45 requests a second" in climbed(system(slow_from=10_000, most=44), rate=45).ended


def test_a_run_that_was_none_is_no_capacity() -> None:
    def dead(_think: float) -> LoadReport:
        return LoadReport(environment="local", target="", started="", limits=LIMITS, problem="nobody answers")

    with pytest.raises(Unverified, match="nobody answers"):
        climbed(dead)
