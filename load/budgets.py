"""Budgets: what a run is held to, from budgets.toml, and how far a report keeps to it.

A series with too few requests decides nothing: `expect_enough` raises `Unverified` before anything is compared.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from environments.files import read_toml, validated
from environments.model import Environment
from fixtures.errors import ConfigurationError, Unverified
from load.report import Hits, LoadReport, Series

BUDGETS = Path(__file__).parent / "budgets.toml"
SHARES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Latency(_Table):
    """Milliseconds within which so many of the requests of a series must end."""

    p50: int = Field(gt=0)
    p95: int = Field(gt=0)
    p99: int = Field(gt=0)
    minimum: int = Field(gt=0)


class Cache(_Table):
    """The share of course files that the cache must answer."""

    hit_rate: float = Field(ge=0, le=1)
    minimum: int = Field(gt=0)


class Budgets(_Table):
    """What one environment is held to; `minimum` requests in all, at most a share of `errors` of them failed."""

    minimum: int = Field(gt=0)
    errors: float = Field(ge=0, lt=1)
    cache: Cache
    series: dict[str, Latency]

    @classmethod
    def of(cls, environment: Environment, path: Path = BUDGETS) -> Budgets:
        """The budgets of an environment, by its name or else its profile. Raises `ConfigurationError`."""
        tables = read_toml(path)
        table = tables.get(environment.name, tables.get(environment.profile))
        if not isinstance(table, dict):
            raise ConfigurationError(path, environment.profile, f"expected a table, or one named {environment.name}")
        return validated(cls, table, path)


@dataclass(frozen=True)
class Breach:
    """A budget that was not kept: of what, the measure, what was measured and what was allowed (milliseconds or %)."""

    series: str
    measure: str
    measured: float
    allowed: float
    of: int

    def __str__(self) -> str:
        unit = "%" if self.measure in ("errors", "hit rate") else " ms"
        return (
            f"{self.series}: {self.measure} {self.measured:g}{unit}, budget {self.allowed:g}{unit} ({self.of} requests)"
        )


def expect_whole(report: LoadReport) -> None:
    """Raise `Unverified` where a report is not of a whole run: it did not start, sent nothing, or lost a process."""
    if report.problem:
        raise Unverified(f"load: {report.problem}")
    if report.lost:
        raise Unverified(f"load: {len(report.lost)} of {report.workers} processes were lost: {', '.join(report.lost)}")
    if report.everything().requests == 0:
        raise Unverified("load: no request was sent")


def expect_enough(report: LoadReport, budgets: Budgets, *names: str) -> None:
    """Raise `Unverified` where a report has too few requests to judge by; names of series, all that have a budget."""
    expect_whole(report)
    few = []
    total = report.everything().requests
    if total < budgets.minimum:
        few.append(f"{total} requests in all of at least {budgets.minimum}")
    for name in names or budgets.series:
        count, minimum = report.series(name).requests, budgets.series[name].minimum
        if count < minimum:
            few.append(f"{name}: {count} of at least {minimum}")
    if few:
        raise Unverified(f"load: too few requests: {'; '.join(few)}")


def breaches(name: str, series: Series, budget: Latency) -> list[Breach]:
    """The percentiles of a series that are over its budget."""
    measured = {measure: series.percentile(share) for measure, share in SHARES.items()}
    return [
        Breach(name, measure, value, getattr(budget, measure), series.requests)
        for measure, value in measured.items()
        if value > getattr(budget, measure)
    ]


def error_breaches(report: LoadReport, budgets: Budgets) -> list[Breach]:
    """The ratio of failed requests, of all and of each series with a budget, where it is over the budget."""
    found = []
    named = {"all requests": report.everything(), **{name: report.series(name) for name in budgets.series}}
    for name, series in named.items():
        ratio = series.failures / series.requests if series.requests else 0.0
        # One failure of few is no ratio yet: of a series, two are needed.
        if ratio > budgets.errors and (name == "all requests" or series.failures > 1):
            found.append(Breach(name, "errors", round(ratio * 100, 2), budgets.errors * 100, series.requests))
    return found


def cache_breach(hits: Hits, budget: Cache, name: str = "course files") -> Breach | None:
    """The hit rate, where it is not above the budget. Raises `Unverified` for too few requests."""
    if hits.total < budget.minimum:
        raise Unverified(f"load: too few requests: {name} at the public address: {hits.total} of {budget.minimum}")
    if hits.rate > budget.hit_rate:
        return None
    return Breach(name, "hit rate", round(hits.rate * 100, 1), budget.hit_rate * 100, hits.total)
