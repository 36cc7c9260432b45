"""The adapters against fakes of the documented APIs, and the real Supabase CLI against a fake of its endpoint."""

from __future__ import annotations

import itertools
import json
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from environments.model import Environment
from fixtures.catalogue import Catalogue
from fixtures.dashboards.__main__ import main as dashboards_main
from fixtures.dashboards.export import dashboard
from fixtures.dashboards.panels import load_panels
from fixtures.errors import Unverified
from fixtures.monitoring.client import Client
from fixtures.monitoring.grafana import Grafana, missing_panels
from fixtures.monitoring.postgres_log import PostgresLog
from fixtures.monitoring.sentry import Sentry, growing
from fixtures.monitoring.windows import Window, window_of
from tests.monitoring.fakes import TOKEN, GrafanaFake, LogsFake, Provider, SentryFake
from tests.monitoring.planting import Bench

NOW = datetime.now(UTC).replace(microsecond=0)
DEPLOYED = NOW - timedelta(days=2)
HOUR = Window("first-hour", DEPLOYED, DEPLOYED + timedelta(hours=1))
PROJECT = "abcdefghijklmnopqrst"
ACCESS = "sbp_" + "0123456789" * 4
DATA_SOURCES = {"DS_POSTGRES": "pg-1", "DS_SUPABASE": "infinity-1"}


def environment(**sections: object) -> Environment:
    return Environment.model_validate(
        {
            "name": "production",
            "path": Path("production.toml"),
            "profile": "production",
            "web": {"url": "https://x.test"},
            "deployment": {"deployed_at": DEPLOYED, "phase": "first-day", "project_ref": PROJECT},
            **sections,
        }
    )


def with_sentry(provider: Provider, **more: object) -> Environment:
    settings = {"url": provider.url, "organization": "acme", "project": "web", "token": TOKEN, **more}
    return environment(monitoring={"sentry": settings})


def settings_of(provider: Provider, *, max_new_issues: int = 0) -> str:
    return (
        f'[web]\nurl = "https://x.test"\n[deployment]\ndeployed_at = {DEPLOYED.isoformat()}\nphase = "month-1"\n'
        f'[monitoring.sentry]\nurl = "{provider.url}"\norganization = "acme"\nproject = "web"\ntoken = "{TOKEN}"\n'
        f'max_new_issues = {max_new_issues}\n[monitoring.grafana]\nurl = "{provider.url}"\ntoken = "{TOKEN}"\n'
    )


CHECKS = "test_errors_and_dashboards.py -k not monitoring_answers"
WATCHED = {"monitor-sentry", "day1-error-rates", "nice-dashboards"}


def test_what_is_not_configured_is_named(planting: Bench) -> None:
    settings = f'[web]\nurl = "https://x.test"\n[deployment]\ndeployed_at = {DEPLOYED.isoformat()}\nphase = "month-1"\n'

    ended = planting.run("test_errors_and_dashboards.py", settings=settings, profile="production")

    assert ended.with_status("unverified") == {*WATCHED, "done-monitoring-active"}
    sentry = ", ".join(f"monitoring.sentry.{name}" for name in ("organization", "project"))
    assert f"{sentry} and monitoring.sentry.token are not set" in ended["monitor-sentry"].reason
    assert "monitoring.grafana.url and monitoring.grafana.token are not set" in ended["nice-dashboards"].reason


def test_quiet_and_complete_is_green(planting: Bench, provider: Provider) -> None:
    sentry, grafana = SentryFake(provider), GrafanaFake(provider)
    sentry.add(DEPLOYED - timedelta(days=9))
    sentry.hours = [4] * 24
    grafana.load(dashboard(load_panels()), DATA_SOURCES)

    ended = planting.run(CHECKS, settings=settings_of(provider), profile="production")

    assert ended.with_status("verified") == WATCHED, ended.text


def test_a_new_kind_of_error_in_the_first_hour_is_red(planting: Bench, provider: Provider) -> None:
    sentry = SentryFake(provider)
    sentry.add(DEPLOYED + timedelta(minutes=10), "RangeError: no such level")
    sentry.hours = [4] * 24
    GrafanaFake(provider).load(dashboard(load_panels()), DATA_SOURCES)

    ended = planting.run(CHECKS, settings=settings_of(provider), profile="production")

    assert ended.red == {"monitor-sentry", "day1-error-rates"}
    assert "RangeError: no such level" in ended["monitor-sentry"].reason
    assert TOKEN not in ended.text
    allowed = planting.run(CHECKS, settings=settings_of(provider, max_new_issues=1), profile="production")
    assert allowed.with_status("verified") == WATCHED


def test_an_hour_that_is_not_over_is_no_quiet_hour(planting: Bench, provider: Provider) -> None:
    sentry = SentryFake(provider)
    now = datetime.now(UTC)
    just_now = (now - timedelta(minutes=2)).isoformat()
    settings = settings_of(provider).replace(DEPLOYED.isoformat(), just_now)

    ended = planting.run(CHECKS + " and hour", settings=settings, profile="production")
    sentry.add(now - timedelta(minutes=1))
    again = planting.run(CHECKS + " and hour", settings=settings, profile="production")

    assert ended["monitor-sentry"].status == "unverified"
    assert "nothing so far, and the first-hour window is not over before" in ended["monitor-sentry"].reason
    assert again.red == {"monitor-sentry"}, again.text


def test_a_new_kind_of_error_later_that_day_is_red_for_the_day_alone(planting: Bench, provider: Provider) -> None:
    SentryFake(provider).add(DEPLOYED + timedelta(hours=20))
    GrafanaFake(provider).load(dashboard(load_panels()), DATA_SOURCES)

    assert planting.run(CHECKS, settings=settings_of(provider), profile="production").red == {"day1-error-rates"}


def test_errors_that_grow_are_red(planting: Bench, provider: Provider) -> None:
    SentryFake(provider).hours = [2] * 6 + [9] * 6 + [20] * 12
    GrafanaFake(provider).load(dashboard(load_panels()), DATA_SOURCES)

    ended = planting.run(CHECKS, settings=settings_of(provider), profile="production")

    assert ended.red == {"day1-error-rates"}
    assert "errors grow: 2.0 an hour at first, 20.0 an hour at last" in ended.text


def test_a_dashboard_that_lacks_a_panel_is_red(planting: Bench, provider: Provider) -> None:
    SentryFake(provider)
    model = dashboard(load_panels())
    model["panels"] = [panel for panel in model["panels"] if panel["title"] != "Tag approval queue depth"]
    [count] = [panel for panel in model["panels"] if panel["title"] == "Organizations"]
    count["targets"] = [{"refId": "A", "datasource": count["datasource"]}]
    GrafanaFake(provider).load(model, DATA_SOURCES)

    ended = planting.run(CHECKS, settings=settings_of(provider), profile="production")

    assert ended.red == {"nice-dashboards"}
    assert "on no dashboard: Organizations, Tag approval queue depth" in ended.text


def test_panels_in_the_checklists_own_words_are_found(planting: Bench, provider: Provider) -> None:
    SentryFake(provider).hours = [4] * 24
    model = dashboard(load_panels())
    words = {panel.title: Catalogue.load()[panel.id].title for panel in load_panels()}
    for panel in model["panels"]:
        panel["title"] = f" {words[panel['title']].upper()}  " if panel["title"] in words else panel["title"]
    GrafanaFake(provider).load(model, DATA_SOURCES)

    ended = planting.run(CHECKS, settings=settings_of(provider), profile="production")

    assert ended.with_status("verified") == WATCHED, ended.text


def test_what_is_no_dashboard_is_said(provider: Provider) -> None:
    provider.routes["/api/search"] = lambda _: (200, [None, {"uid": "a"}], {})
    provider.routes["/api/dashboards/uid/a"] = lambda _: (200, ["moved"], {})
    settings = {"grafana": {"url": provider.url, "token": TOKEN}}

    with pytest.raises(Unverified, match=r"Grafana: a: expected a dashboard, found \['moved'\]"):
        Grafana(environment(monitoring=settings)).dashboards()


@pytest.mark.parametrize(
    ("hours", "said"),
    [([3] * 24, ""), ([0] * 12 + [4] * 12, ""), ([40] * 12 + [10] * 12, ""), ([1] * 18 + [9] * 6, "errors grow")],
)
def test_growth_is_more_than_twice_and_not_a_handful(hours: list[int], said: str) -> None:
    trouble = growing([(DEPLOYED + timedelta(hours=n), count) for n, count in enumerate(hours)])

    assert trouble.startswith(said)
    assert bool(trouble) == bool(said)


def test_issues_on_several_pages_are_all_read(provider: Provider) -> None:
    sentry = SentryFake(provider, page=2)
    for minute in range(5):
        sentry.add(DEPLOYED + timedelta(minutes=minute))

    assert len(Sentry(with_sentry(provider)).new_issues(HOUR)) == 5


def test_the_environment_on_sentry_is_asked_for(provider: Provider) -> None:
    SentryFake(provider)

    Sentry(with_sentry(provider, environment="production")).new_issues(HOUR)

    assert provider.asked[-1][1]["environment"] == "production"


def test_a_project_that_never_had_an_event_proves_nothing(provider: Provider) -> None:
    SentryFake(provider).first_event = None

    with pytest.raises(Unverified, match="never had an event"):
        Sentry(with_sentry(provider)).expect_known()


def test_an_environment_that_nothing_reports_proves_nothing(provider: Provider) -> None:
    SentryFake(provider)
    Sentry(with_sentry(provider, environment="live")).expect_known()

    with pytest.raises(Unverified, match=r"never had an event of the environment 'production'.*; it knows live"):
        Sentry(with_sentry(provider, environment="production")).expect_known()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [({"token": "another-token"}, "monitoring.sentry.token is not valid"), ({"organization": "other"}, "404")],
)
def test_a_refused_request_says_what_is_wrong(provider: Provider, wrong: dict[str, str], said: str) -> None:
    SentryFake(provider)

    with pytest.raises(Unverified, match=said) as raised:
        Sentry(with_sentry(provider, **wrong)).new_issues(HOUR)

    assert TOKEN not in str(raised.value)
    assert "another-token" not in str(raised.value)


def test_connections_are_tried_again_and_then_given_up() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        client = Client("Sentry", url, TOKEN, setting="monitoring.sentry.token", timeout=0.5)

        with pytest.raises(Unverified, match="no connection in 3 tries"):
            client.get("/")


def test_an_answer_that_does_not_come_is_not_asked_for_again() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        client = Client("Sentry", url, TOKEN, setting="monitoring.sentry.token", timeout=0.2)

        with pytest.raises(Unverified, match="ReadTimeout"):
            client.get("/")

        silent.setblocking(False)
        silent.accept()
        with pytest.raises(BlockingIOError):
            silent.accept()


def test_an_error_of_the_server_is_not_tried_again(provider: Provider) -> None:
    provider.routes["/x"] = lambda _: (503, {}, {})

    with pytest.raises(Unverified, match="503 for /x"):
        Client("Sentry", provider.url, TOKEN, setting="s", timeout=1).get("/x")

    assert len(provider.asked) == 1


def test_the_export_is_imported_and_has_every_panel(provider: Provider, tmp_path: Path) -> None:
    assert dashboards_main(["export", "--output", str(tmp_path / "dashboard.json")]) == 0
    grafana = GrafanaFake(provider)

    grafana.load(json.loads((tmp_path / "dashboard.json").read_text()), DATA_SOURCES)

    settings = {"grafana": {"url": provider.url, "token": TOKEN, "folder": "ops"}}
    found = Grafana(environment(monitoring=settings)).dashboards()
    assert missing_panels(found, [[panel.title] for panel in load_panels()]) == []
    text = json.dumps(found)
    assert "${DS_" not in text
    assert "pg-1" in text
    places = [panel["gridPos"] for panel in found[0]["panels"]]
    assert all(place["x"] + place["w"] <= 24 for place in places)
    cells = [(x, y) for p in places for x in range(p["x"], p["x"] + p["w"]) for y in range(p["y"], p["y"] + p["h"])]
    assert len(cells) == len(set(cells)), "panels overlap"


def test_dashboards_of_other_folders_do_not_count(provider: Provider) -> None:
    GrafanaFake(provider).load(dashboard(load_panels()), DATA_SOURCES, folder="attic")
    settings = {"grafana": {"url": provider.url, "token": TOKEN, "folder": "ops"}}

    assert Grafana(environment(monitoring=settings)).dashboards() == []


def test_the_twelve_panels_of_the_checklist_are_there() -> None:
    assert len(load_panels()) == 12
    assert [panel.dashboard for panel in load_panels()] == [
        name for name in ("Multi-Tenant Health", "Performance", "Usage") for _ in range(4)
    ]


def test_the_platforms_log_is_asked_by_the_cli_day_by_day(provider: Provider) -> None:
    """The real binary, on an address of ours: it refuses more than 24 hours at once, as the endpoint does."""
    logs = LogsFake(provider, PROJECT)
    logs.refusals = [
        {
            "timestamp": (DEPLOYED + timedelta(hours=30)).strftime("%Y-%m-%dT%H:%M:%S.%f"),
            "event_message": "permission denied for table tags",
            "user_name": "authenticator",
            "database_name": "postgres",
            "application_name": "PostgREST 14.1",
            "sql_state_code": "42501",
            "error_severity": "ERROR",
            "query": "select 1",
        }
    ]
    deployment = {"project_ref": PROJECT, "access_token": ACCESS, "management_url": provider.url}
    log = PostgresLog(environment(deployment={**deployment, "deployed_at": DEPLOYED}))
    window = Window("first days", DEPLOYED, DEPLOYED + timedelta(hours=36))

    [entry] = log.refusals(window)

    assert (entry.user, entry.sqlstate, entry.message) == ("authenticator", "42501", "permission denied for table tags")
    assert entry.moment == DEPLOYED + timedelta(hours=30)
    logs.held = 0
    with pytest.raises(Unverified, match="holds nothing of"):
        log.expect_held(HOUR)


@pytest.mark.parametrize(
    ("phase", "length"),
    [("first-hour", timedelta(hours=1)), ("first-day", timedelta(days=1)), ("week-1", None), ("deployment", None)],
)
def test_a_window_begins_with_the_deploy_and_ends_with_its_phase_or_now(phase: str, length: timedelta | None) -> None:
    window = window_of(environment(), phase, now=NOW)  # type: ignore[arg-type]

    assert window.start == DEPLOYED
    assert window.end == (DEPLOYED + length if length else NOW)


def test_the_pieces_of_a_window_cover_it_without_gaps() -> None:
    pieces = list(Window("w", DEPLOYED, DEPLOYED + timedelta(hours=50)).pieces(timedelta(hours=24)))

    assert [piece.end - piece.start for piece in pieces] == [timedelta(hours=n) for n in (24, 24, 2)]
    assert all(first.end == second.start for first, second in itertools.pairwise(pieces))


def test_monitoring_that_answers_with_the_first_hour_is_active(planting: Bench, provider: Provider) -> None:
    SentryFake(provider)
    logs = LogsFake(provider, PROJECT)
    platform = (
        f'project_ref = "{PROJECT}"\naccess_token = "{ACCESS}"\nmanagement_url = "{provider.url}"\n[monitoring.sentry]'
    )
    settings = settings_of(provider).replace("[monitoring.sentry]", platform)
    checks = "test_errors_and_dashboards.py -k monitoring_answers"

    active = planting.run(checks, settings=settings, profile="production")
    logs.held = 0
    silent = planting.run(checks, settings=settings, profile="production")

    assert active["done-monitoring-active"].status == "verified", active.text
    assert silent["done-monitoring-active"].status == "unverified"
    assert "holds nothing of first-hour" in silent.text
