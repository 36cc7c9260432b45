"""Course files that everybody may read come from the cache, also after somebody has published."""

from __future__ import annotations

import pytest

from environments.model import Environment
from fixtures.course_files import public_files
from fixtures.evidence import Evidence
from fixtures.findings import Finding, Findings
from fixtures.gateway import Gateway
from load.budgets import Breach, Budgets, cache_breach, expect_whole
from load.report import LoadReport


@pytest.mark.check("monitor-cache-hits")
def test_a_course_file_that_is_asked_for_again_comes_from_the_cache(
    gateway: Gateway, environment: Environment, evidence: Evidence, findings: Findings
) -> None:
    """Three times each, since caches have several machines: a header that never says so, or is not there, is a miss."""
    courses = public_files(gateway, environment, most=5)

    header, rows, cold = environment.storage.cache_header, [], []
    for course in courses:
        answers = [gateway.nobody.send("GET", environment.public_file(course)) for _ in range(3)]
        said = [answer.headers.get(header) for answer in answers]
        rows.append((course, *(f"{answer.status} {value}" for answer, value in zip(answers, said, strict=True))))
        if not any(environment.storage.is_hit(value) for value in said[1:]):
            cold.append(f"{course} ({header}: {', '.join(value or 'not there' for value in said)})")
            findings.add(
                Finding(
                    kind="budget",
                    object=f"file:{environment.storage.public_bucket}",
                    actor="anybody",
                    operation=f"GET {course}",
                    observed=f"asked for again, the file did not come from the cache: {cold[-1]}",
                    reproduce=f"{answers[-1].curl}  # twice, and look at {header}",
                )
            )

    evidence.table("answers", ("course", "first", "second", "third"), rows)
    assert not cold, f"not from the cache when asked for again: {'; '.join(cold)}"


@pytest.mark.check("should-cache-hits", "week1-cache-hits")
def test_most_course_files_come_from_the_cache(
    load_run: LoadReport, budgets: Budgets, evidence: Evidence, findings: Findings
) -> None:
    """By the header that the environment names, over all requests of the run for files of global courses."""
    rows = [
        (course, hits.hits, hits.misses, hits.unnamed, f"{hits.rate:.0%}")
        for course in load_run.cached_courses()
        for hits in [load_run.cache(course)]
    ]
    evidence.table("by course", ("course", "hits", "misses", "of these without the header", "rate"), rows)
    expect_whole(load_run)

    _expect_kept(cache_breach(load_run.cache(), budgets.cache), load_run, findings)


@pytest.mark.check("week1-cache-hits")
def test_publishing_leaves_other_courses_in_the_cache(
    load_run: LoadReport, budgets: Budgets, findings: Findings
) -> None:
    """From the first publish on the rate is as high: what members publish here is no global course.

    Where nothing may be written nobody publishes, and the rate is that of the whole run.
    """
    expect_whole(load_run)
    since = load_run.published_at or 0
    few = budgets.cache.model_copy(update={"minimum": max(1, budgets.cache.minimum // 2)})

    _expect_kept(cache_breach(load_run.cache(since=since), few, "course files after a publish"), load_run, findings)


def _expect_kept(breach: Breach | None, report: LoadReport, findings: Findings) -> None:
    if breach:
        unnamed = report.cache().unnamed
        why = f"; {unnamed} answers did not bear the header" if unnamed else ""
        findings.add(
            Finding(
                kind="budget",
                object=f"load:{breach.series}",
                actor="members under load",
                operation=breach.measure,
                observed=f"{breach}{why}",
                reproduce=f"locust -f load/locustfile.py --env {report.environment} --headless --report report.json",
            )
        )
        raise AssertionError(f"below the budget: {breach}{why}")
