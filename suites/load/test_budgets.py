"""Under the load that the environment allows, its budgets are kept: latencies, errors, and no creeping up."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from fixtures.evidence import Evidence
from fixtures.findings import Finding, Findings
from fixtures.load_felt import Felt
from load.budgets import Breach, Budgets, breaches, error_breaches, expect_enough
from load.charts import histogram, latency_chart
from load.report import COURSE_LOAD, LoadReport, figures


@pytest.mark.check("prod-performance", "should-course-load")
def test_courses_load_within_the_budget(
    load_run: LoadReport, budgets: Budgets, evidence: Evidence, findings: Findings
) -> None:
    """A course load is its metadata and its file together, as a learner waits for it."""
    budget = budgets.series[COURSE_LOAD]
    series = load_run.series(COURSE_LOAD)
    evidence.text("course load over time", latency_chart(load_run, COURSE_LOAD, budget=budget.p95), suffix=".svg")
    evidence.text("course loads by duration", histogram(series, COURSE_LOAD, budget=budget.p95), suffix=".svg")
    evidence.table("numbers", *_numbers(load_run))
    found = breaches(COURSE_LOAD, series, budget)
    _expect_none(found, load_run, findings)

    expect_enough(load_run, budgets, COURSE_LOAD)


@pytest.mark.check("prod-performance", "week1-performance")
def test_every_screen_is_within_its_budget(
    load_run: LoadReport, load_felt: Felt, budgets: Budgets, evidence: Evidence, findings: Findings
) -> None:
    """The catalogue, the tag filter, versions and publishing have budgets of their own."""
    evidence.table("numbers", *_numbers(load_run))
    load_felt.show(evidence)
    evidence.json("run", load_run.model_dump(exclude={"records", "users"}))
    found = [b for name, budget in budgets.series.items() for b in breaches(name, load_run.series(name), budget)]
    _expect_none(found, load_run, findings)

    expect_enough(load_run, budgets)


@pytest.mark.check("prod-performance")
def test_hardly_any_request_fails(
    load_run: LoadReport, budgets: Budgets, evidence: Evidence, findings: Findings
) -> None:
    """An answer with another status than the screen needs, or none at all; fast errors must not pass for speed."""
    errors = [
        (name, error, count)
        for name in load_run.names()
        for error, count in sorted(load_run.series(name).errors.items())
    ]
    evidence.table("errors", ("series", "error", "requests"), errors)
    _expect_none(error_breaches(load_run, budgets), load_run, findings)

    expect_enough(load_run, budgets, COURSE_LOAD)


@pytest.mark.check("week1-performance")
def test_latency_does_not_creep_up(
    load_run: LoadReport, budgets: Budgets, evidence: Evidence, findings: Findings
) -> None:
    """The second half of the run keeps the budget by itself: a slow end must not hide behind a fast beginning."""
    half = load_run.duration / 2
    later = {name: load_run.series(name, since=half) for name in budgets.series}
    halves = [
        (name, load_run.series(name, until=half).percentile(0.95), later[name].percentile(0.95))
        for name in budgets.series
    ]
    evidence.table("p95 of both halves", ("series", "first half, ms", "second half, ms"), halves)
    # The first whole half has every percentile; of few requests in a part, the 95th says enough.
    found = [
        breach
        for name, budget in budgets.series.items()
        for breach in breaches(f"{name}, second half", later[name], budget)
        if breach.measure == "p95" and later[name].requests >= budget.minimum // 2
    ]
    _expect_none(found, load_run, findings)

    expect_enough(load_run, budgets)


def _expect_none(found: Sequence[Breach], report: LoadReport, findings: Findings) -> None:
    """What is over a budget fails, also in a run that was not whole: more of it would not have made it faster."""
    for breach in found:
        findings.add(
            Finding(
                kind="budget",
                object=f"load:{breach.series}",
                actor="members under load",
                operation=breach.measure,
                observed=str(breach),
                reproduce=f"locust -f load/locustfile.py --env {report.environment} --headless --report report.json",
            )
        )
    assert not found, "over the budget: " + "; ".join(map(str, found))


def _numbers(report: LoadReport) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
    """A table: series, requests, failures, percentiles in milliseconds."""
    columns = ("series", "requests", "failures", "p50", "p95", "p99", "max")
    rows: list[tuple[object, ...]] = [
        (name, *figures(series).values())
        for name, series in [
            *((name, report.series(name)) for name in report.names()),
            ("all requests", report.everything()),
        ]
    ]
    return columns, rows
