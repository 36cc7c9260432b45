"""A member's screens cost no more because other organizations have courses: no policy is asked row by row."""

from __future__ import annotations

import pytest

from fixtures.evidence import Evidence
from fixtures.findings import Finding, Findings
from fixtures.growth import COURSES, SCREENS, STEEP, Growth
from load.charts import growth_chart


@pytest.mark.check("prod-performance")
@pytest.mark.parametrize("screen", SCREENS)
def test_a_screen_does_not_pay_for_other_organizations_courses(
    growth: Growth, screen: str, evidence: Evidence, findings: Findings
) -> None:
    """At 10, 100 and 1,000 organizations with 100 courses each, one viewer reads about as much of the database."""
    costs, exponent = growth.of(screen), growth.exponent(screen)
    rows = [(c.organizations, c.organizations * COURSES, c.pages, f"{c.milliseconds:.1f}", c.scans) for c in costs]
    columns = ("organizations", "courses", "pages read", "ms", "how")
    evidence.table(f"{screen}, growth exponent {exponent:.2f}", columns, rows)
    evidence.text(
        "pages read by organizations",
        growth_chart(screen, [(c.organizations, c.pages) for c in costs], exponent=exponent),
        suffix=".svg",
    )
    evidence.json("plans", {c.organizations: c.plans for c in costs})
    first, last = costs[0], costs[-1]
    observed = (
        f"{first.pages} pages read at {first.organizations} organizations, {last.pages} at {last.organizations} "
        f"(growth exponent {exponent:.2f}) by {last.scans}"
    )

    if exponent >= STEEP:
        findings.add(Finding("budget", "public.course_metadata", "viewer", screen, observed, _again(screen)))

    assert exponent < STEEP, f"the {screen} of one organization pays for the courses of all: {observed}"


def _again(screen: str) -> str:
    """The statement, to be explained on a copy with many organizations."""
    where = " where tag_ids && array['<tag>'::uuid]" if SCREENS[screen] else ""
    return f"""-- as a viewer, on a copy with many organizations; a function of a column is asked for every row,
-- and so is a bare auth.uid(): wrap it as (select auth.uid()), compare the column with a list made once
begin;
set local role authenticated;
select set_config('request.jwt.claims', '{{"sub": "<viewer>", "role": "authenticated"}}', true);
explain (analyze, buffers)
select id from public.course_metadata{where} order by updated_at desc, id limit 20;
rollback;
"""
