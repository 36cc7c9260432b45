"""Sentry after the deploy, and Grafana: no new kinds of error, no growing rate, and the dashboards are set up."""

from __future__ import annotations

import pytest

from environments.model import Environment
from fixtures.catalogue import Catalogue
from fixtures.dashboards.panels import load_panels
from fixtures.deployed import Platform
from fixtures.errors import Unverified
from fixtures.evidence import Evidence
from fixtures.findings import Findings
from fixtures.monitoring.grafana import Grafana, missing_panels
from fixtures.monitoring.postgres_log import PostgresLog
from fixtures.monitoring.sentry import Sentry, growing
from fixtures.monitoring.windows import Window, window_of


def new_issues(environment: Environment, window: Window, findings: Findings, evidence: Evidence) -> None:
    """Fail on more new kinds of error in the window than `monitoring.sentry.max_new_issues`."""
    sentry = Sentry(environment)
    sentry.expect_known()
    issues = sentry.new_issues(window)
    rows = [(i.first_seen, i.level, i.title, i.culprit, i.events, i.users, i.link) for i in issues]
    evidence.table("new issues", ["first seen", "level", "title", "in", "events", "users", "link"], rows)
    allowed = environment.monitoring.sentry.max_new_issues
    if len(issues) > allowed:
        for issue in issues:
            findings.add(issue.finding())
    named = "; ".join(issue.title for issue in issues[:5])
    assert len(issues) <= allowed, f"{len(issues)} new kinds of error in {window}, allowed {allowed}: {named}"


@pytest.mark.check("monitor-sentry")
def test_no_new_kind_of_error_in_the_first_hour(
    environment: Environment, findings: Findings, evidence: Evidence
) -> None:
    """What Sentry first saw after the deploy is the rollout's own, and the cheapest to roll back now."""
    window = window_of(environment, "first-hour")

    new_issues(environment, window, findings, evidence)

    window.expect_over()


@pytest.mark.check("day1-error-rates")
def test_errors_do_not_grow_over_the_first_day(
    environment: Environment, findings: Findings, evidence: Evidence
) -> None:
    """Neither new kinds of error, nor more and more of the old ones: a leak or a filling queue shows in the hours."""
    window = window_of(environment, "first-day")
    hours = Sentry(environment).events_by_hour(window)
    evidence.table("errors by hour", ["hour (UTC)", "errors"], hours)

    new_issues(environment, window, findings, evidence)

    if not hours:
        raise Unverified(f"Sentry: events-stats: no hour of {window}")
    assert not (trouble := growing(hours)), trouble
    window.expect_over()


@pytest.mark.check("done-monitoring-active")
def test_monitoring_answers_with_what_came_after_the_deploy(environment: Environment, evidence: Evidence) -> None:
    """Configured and silent is not active: Sentry has had events of the project, and the logs hold the window."""
    window = window_of(environment, "first-hour")

    Sentry(environment).expect_known()
    PostgresLog(environment).expect_held(window)
    if environment.monitoring.logs.functions is None:
        seen = Platform(environment).logs(
            "select count() as held from logs where source = 'function_edge_logs'", window.start, window.end
        )
        if not seen or int(seen[0].get("held") or 0) == 0:
            raise Unverified(f"the platform's log holds no request to a function of {window}")

    evidence.text("monitoring", f"Sentry knows the project; the logs hold {window}")


@pytest.mark.check("nice-dashboards")
def test_every_panel_is_on_a_dashboard(environment: Environment, evidence: Evidence) -> None:
    """By title, ours or the checklist's, each with a query: `python -m fixtures.dashboards export` writes them all."""
    dashboards = Grafana(environment).dashboards()

    catalogue = Catalogue.load()
    titles = [(panel.title, catalogue[panel.id].title) for panel in load_panels()]
    missing = missing_panels(dashboards, titles)

    evidence.table("dashboards", ["title", "uid"], [(each.get("title"), each.get("uid")) for each in dashboards])
    assert not missing, f"on no dashboard: {', '.join(missing)}"
