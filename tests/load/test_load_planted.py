"""Slow, leaky and uncached systems behind the gateway are noticed; a dead one, or too few requests, is never a pass."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from environments.loading import load_environment
from fixtures.errors import Unverified
from fixtures.waiting import until
from load.budgets import Budgets, breaches, cache_breach, error_breaches, expect_enough, expect_whole
from load.isolation import expect_looked_at
from load.report import LoadReport, Series
from tests.load import systems
from tests.load.conftest import Target
from tests.load.systems import System, serving

ROOT = Path(__file__).parent.parent.parent
BOTH = ("acme", "globex")
PREPARED = 60  # requests by which a run is prepared, about


def budgets_of(target: Target, file: Path) -> Budgets:
    return Budgets.of(load_environment(file, target.variables))


def test_a_sound_system_keeps_its_budgets_and_its_tenants_apart(target: Target) -> None:
    file = target.file(duration=20)

    report = target.run(file, "--enough-after", "2")

    budgets = budgets_of(target, file)
    expect_enough(report, budgets)
    expect_looked_at(report, BOTH)
    assert report.leaked == 0, report.leaks()[:3]
    assert error_breaches(report, budgets) == []
    assert cache_breach(report.cache(), budgets.cache) is None
    assert report.published_at is not None
    requests = report.everything()
    assert requests.requests <= sum(record.sent for record in report.records) <= 600
    assert sum(requests.histogram.values()) == requests.requests == report.answers


def test_claims_that_bleed_into_the_next_request_are_seen(target: Target) -> None:
    with serving(System(target.stack.info.api_url, systems.BLEEDING)) as url:
        report = target.run(target.file(url, duration=5))

    expect_leak(report)


def test_an_answer_cached_across_users_is_seen_and_a_publish_that_purges_everything(target: Target) -> None:
    """Two faults that do not touch each other, in one run."""
    with serving(System(target.stack.info.api_url, systems.SHARED_CACHE, systems.PURGING)) as url:
        file = target.file(url, duration=5)
        report = target.run(file)

    expect_leak(report)
    budget = budgets_of(target, file).cache.model_copy(update={"minimum": 1})
    assert report.published_at is not None
    assert cache_breach(report.cache(since=report.published_at), budget) is not None


def expect_leak(report: LoadReport) -> None:
    assert report.leaked > 0, f"nothing seen in {report.answers} answers"
    leak = report.leaks()[0]
    assert leak.account.endswith(BOTH)
    assert leak.owner == "another organization" or leak.owner not in leak.account


def test_every_check_fails_on_a_system_that_is_slow_failing_leaky_and_uncached(target: Target) -> None:
    """The checks themselves, by pytest, on a copy of the suite: each of their items must come out failed."""
    everything = (systems.SLOW_FILES, systems.UNCACHED, systems.FAILING, systems.SHARED_CACHE)
    project = target.folder / "project"
    # What the repository makes of the database is not the business of a system that misbehaves.
    elsewhere = shutil.ignore_patterns("__pycache__", "test_growth.py")
    shutil.copytree(ROOT / "suites/load", project / "suites/load", ignore=elsewhere)
    shutil.copy(ROOT / "suites/checklist.toml", project / "suites")
    shutil.copy(ROOT / "conftest.py", project)
    (project / "pytest.toml").write_text("[pytest]\nstrict = true\n")

    with serving(System(target.stack.info.api_url, *everything)) as url:
        file = target.file(url, duration=6)
        command = [sys.executable, "-m", "pytest", "suites/load", f"--env={file}", "-p", "no:cacheprovider"]
        ended = subprocess.run(
            [*command, "--no-allure-html"],
            cwd=project,
            env={**target.variables, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )

    assert ended.returncode == 1, ended.stdout[-3000:]
    verdict = json.loads((project / "reports/out/target/verdict.json").read_text())
    status = {item["id"]: item["status"] for item in verdict["items"]}
    red = ["prod-performance", "should-course-load", "week1-performance", "smoke-no-rls-violations"]
    red += ["monitor-cache-hits", "should-cache-hits", "week1-cache-hits"]
    assert {item: status[item] for item in red} == dict.fromkeys(red, "failed"), ended.stdout[-3000:]
    checks = {check["nodeid"].rpartition("::")[2]: check["outcome"] for i in verdict["items"] for check in i["checks"]}
    assert set(checks.values()) == {"failed"}, checks


def test_nobody_there_is_no_pass(target: Target) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"

        report = target.run(target.file(url))

    assert report.everything().requests == 0
    for judge in (
        lambda: expect_whole(report),
        lambda: expect_looked_at(report, BOTH),
        lambda: expect_enough(report, budgets_of(target, target.file())),
    ):
        with pytest.raises(Unverified, match="the run did not begin"):
            judge()


def test_too_few_requests_decide_nothing(target: Target) -> None:
    file = target.file(requests=20, duration=1)

    report = target.run(file)

    assert report.everything().requests <= 20
    with pytest.raises(Unverified, match=r"too few requests: \d+ requests in all of at least 80"):
        expect_enough(report, budgets_of(target, file))
    with pytest.raises(Unverified, match="successful answers"):
        expect_looked_at(report, BOTH)
    with pytest.raises(Unverified, match="too few requests"):
        cache_breach(report.cache(), budgets_of(target, file).cache)


def test_a_process_that_is_killed_is_noticed_and_what_it_saw_until_then_is_kept(target: Target) -> None:
    system = System(target.stack.info.api_url)
    with serving(system) as url, target.distributed(target.file(url, duration=8), workers=2) as run:
        until(lambda: system.requests > PREPARED + 60, within=30, what="both processes are at work")
        run.workers[0].kill()
        report = run.report(within=40)

    assert report.workers == 2
    assert len(report.lost) == 1
    with pytest.raises(Unverified, match="1 of 2 processes were lost"):
        expect_whole(report)
    assert all(record.sent <= 300 for record in report.records), "each may send its part only"
    survivor = next(record for record in report.records if record.worker not in report.lost)
    assert survivor.answers > 30
    assert {"acme", "globex"} <= {organization for record in report.records for organization in record.own}


def test_load_that_is_not_allowed_is_not_sent(target: Target) -> None:
    system = System(target.stack.info.api_url)
    with serving(system) as url:
        file = target.file(url)
        file.write_text(file.read_text().replace("enabled = true", "enabled = false"))

        report = target.run(file)

    assert "load.enabled is false" in report.problem
    assert system.requests == 0


def test_slow_percentiles_break_the_budget_that_they_exceed(target: Target) -> None:
    budget = budgets_of(target, target.file()).series["course load"]
    series = Series()
    for milliseconds in [10.0] * 94 + [2000.4] * 6:
        series.add(milliseconds, None)

    assert [breach.measure for breach in breaches("course load", series, budget)] == ["p95"]
