"""Each panel of the checklist's dashboards shows something true of the target."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

import pytest

from environments.model import Environment
from fixtures.canaries import Canaries
from fixtures.dashboards.charts import draw
from fixtures.dashboards.panels import Panel, Point, answer, expect_percentiles, load_panels, points_of
from fixtures.dashboards.samples import Samples
from fixtures.database import Database
from fixtures.deployed import Platform
from fixtures.errors import Unverified
from fixtures.evidence import Evidence
from fixtures.gateway import Gateway
from fixtures.monitoring.plugin import Watch
from fixtures.monitoring.postgres_log import DAY
from fixtures.monitoring.windows import Window

PANELS = load_panels()
VIOLATIONS = next(panel for panel in PANELS if panel.id == "panel-rls-violations")


def of_source(source: str) -> list[object]:
    """The panels of a source, each as evidence for its own item."""
    found = [panel for panel in PANELS if panel.source == source and panel is not VIOLATIONS]
    return [pytest.param(panel, id=panel.id, marks=pytest.mark.check(panel.id)) for panel in found]


def show(panel: Panel, points: list[Point], evidence: Evidence) -> None:
    """Leave the chart, its rows and its query."""
    evidence.text(panel.title, draw(panel, points), suffix=".svg")
    evidence.table(f"{panel.id} rows", ["time", "label", "value"], [(p.time or "", p.label, p.value) for p in points])
    evidence.text(f"{panel.id} query", panel.sql.strip(), suffix=".sql")


@pytest.mark.parametrize("panel", of_source("database"))
def test_a_panel_of_the_database_shows_what_is_there(panel: Panel, database: Database, evidence: Evidence) -> None:
    """Its values add up to what another query counts: a panel that shows the wrong thing is worse than none."""
    points = answer(panel, database)

    show(panel, points, evidence)


@pytest.mark.parametrize("panel", of_source("logs"))
def test_a_panel_of_measurements_has_some(
    panel: Panel, environment: Environment, request: pytest.FixtureRequest, evidence: Evidence
) -> None:
    """From the platform's log of the last day; a stack has no such log, so there the same is measured."""
    if environment.profile == "local":
        gateway: Gateway = request.getfixturevalue("gateway")
        canaries: Canaries = request.getfixturevalue("canaries")
        points = Samples(environment, gateway, canaries).of(panel.id)
    else:
        now = datetime.now().astimezone()
        rows = Platform(environment).logs(" ".join(panel.sql.split()), now - DAY, now)
        if not rows:
            raise Unverified(f"{panel.id}: the platform's log has nothing to show in the last day")
        points = points_of(panel, rows)

    show(panel, points, evidence)
    if panel.unit == "ms":
        expect_percentiles(panel, points)
    assert points, f"{panel.id} shows nothing"


@pytest.mark.check(VIOLATIONS.id)
def test_the_panel_of_violations_shows_one_that_was_provoked(violation_watch: Watch, evidence: Evidence) -> None:
    """Attempts are counted whoever makes them, so that what was just provoked has to be among them."""
    watch = violation_watch
    window = watch.window("deployment") if watch.environment.profile == "local" else None
    now = datetime.now().astimezone()
    window = window or Window("last day", now - DAY, now)
    mark = watch.provoke()

    refusals = watch.log.refusals(Window(window.name, window.start, datetime.now().astimezone()))

    hours = Counter(each.moment.replace(minute=0, second=0, microsecond=0) for each in refusals)
    points = [Point(count, "", hour) for hour, count in sorted(hours.items())]
    show(VIOLATIONS, points, evidence)
    assert any(mark in each.statement for each in refusals), "a provoked refusal is not among those counted"
