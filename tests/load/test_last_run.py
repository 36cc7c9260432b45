"""Where no load may be put on an environment now, the last run on it is judged: on it, since the deploy, and lately."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from environments.loading import ENVIRONMENTS, load_environment
from environments.model import Environment
from fixtures.errors import Unverified
from fixtures.load import last_run
from load.report import Limits, LoadReport

WHY = "production.toml: load.enabled is false: no load goes there"
LIMITS = Limits(users=1, duration=1, max_requests=1, rate=1, spawn_rate=1)
NOW = datetime.now(UTC)


def production(**more: str) -> Environment:
    of = {"DB_URL": "postgresql://u:p@h/p", "API_URL": "https://api.example", "WEB_URL": "https://web.example"}
    names = (*of, "PUBLISHABLE_KEY", "SECRET_KEY", "USER_PASSWORD")
    return load_environment(
        ENVIRONMENTS / "production.toml",
        {f"PRODUCTION_{name}": of.get(name, f"a {name}") for name in names} | more,
    )


def kept(folder: Path, *, hours: float = 1, target: str = "https://api.example/") -> Path:
    started = (NOW - timedelta(hours=hours)).isoformat(timespec="seconds")
    path = folder / "load.json"
    LoadReport(environment="production", target=target, started=started, limits=LIMITS).write(path)
    return path


def test_the_last_run_here_is_judged(tmp_path: Path) -> None:
    assert last_run(production(), kept(tmp_path), WHY).target == "https://api.example/"


def test_a_report_that_is_named_goes_before_it(tmp_path: Path) -> None:
    named = kept(tmp_path).rename(tmp_path / "from-ci.json")

    assert last_run(production(PRODUCTION_LOAD_REPORT=str(named)), tmp_path / "load.json", WHY).workers == 1


def test_without_one_it_says_what_would_be_needed(tmp_path: Path) -> None:
    with pytest.raises(Unverified, match=r"load.enabled is false.*no report of an earlier run: load.json"):
        last_run(production(), tmp_path / "load.json", WHY)


@pytest.mark.parametrize(
    ("hours", "target", "deployed", "said"),
    [
        (30, "https://api.example", None, r"is 30 hours old, more than 24 \(load.report_max_age_hours\)"),
        (1, "https://staging.example", None, "load.json is of https://staging.example, not of https://api.example"),
        (5, "https://api.example", 2, "was before deployment.deployed_at"),
    ],
)
def test_another_run_is_none(tmp_path: Path, hours: float, target: str, deployed: float | None, said: str) -> None:
    at = (NOW - timedelta(hours=deployed)).isoformat() if deployed else ""
    environment = production(PRODUCTION_DEPLOYED_AT=at)

    with pytest.raises(Unverified, match=said):
        last_run(environment, kept(tmp_path, hours=hours, target=target), WHY)


def test_what_is_no_report_is_named(tmp_path: Path) -> None:
    path = tmp_path / "load.json"
    path.write_text("[]")

    with pytest.raises(Unverified, match=r"load.report: load.json is no report of a run"):
        last_run(production(), path, WHY)
