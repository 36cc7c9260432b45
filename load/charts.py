"""Charts as self-contained SVG: latency over time, how often requests took how long, what a screen costs by size."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader

from load.report import LoadReport, Series

TEMPLATES = Path(__file__).parent / "templates"
WIDTH, HEIGHT = 720, 260
LEFT, RIGHT, TOP, BOTTOM = 56, 16, 34, 40


@dataclass(frozen=True)
class Tick:
    """A mark on an axis: where, and what it says."""

    at: float
    label: str


@dataclass(frozen=True)
class Line:
    """A line of the chart: the class that colours it, its name, and its points as SVG wants them."""

    kind: str
    name: str
    points: str


@dataclass(frozen=True)
class Bar:
    """A bar of the histogram, with the text that a pointer shows."""

    x: float
    y: float
    width: float
    height: float
    title: str


def latency_chart(report: LoadReport, name: str, *, budget: int | None = None) -> str:
    """p50 and p95 of a series over time, with its budget (milliseconds), above the rate of all requests."""
    count = max(1, math.ceil(report.duration / report.width))
    moments = [n * report.width for n in range(count)]
    parts = [report.series(name, since=at, until=at + report.width) for at in moments]
    rates = [report.everything(since=at, until=at + report.width).requests / report.width for at in moments]
    p95 = [part.percentile(0.95) for part in parts]
    top = max([*p95, budget or 0, 1]) * 1.1
    busiest = max([*rates, 1]) * 2  # the lower half: the rate is the background
    x = _scale(0, max(count - 1, 1), LEFT, WIDTH - RIGHT)
    y = _scale(0, top, HEIGHT - BOTTOM, TOP)
    lines = [
        Line("p95", "p95", _points([(x(n), y(value)) for n, value in enumerate(p95) if parts[n].requests])),
        Line("p50", "p50", _points([(x(n), y(p.percentile(0.5))) for n, p in enumerate(parts) if p.requests])),
    ]
    floor = _scale(0, busiest, HEIGHT - BOTTOM, TOP)
    area = _points(
        [
            (x(0), HEIGHT - BOTTOM),
            *((x(n), floor(rate)) for n, rate in enumerate(rates)),
            (x(count - 1), HEIGHT - BOTTOM),
        ]
    )
    step = max(1, count // 10)
    return _render(
        "latency.svg.j2",
        title=f"{name}: latency over time, {report.environment}",
        lines=lines,
        area=area,
        peak=round(max(rates, default=0)),
        budget=(Tick(y(budget), f"budget p95 {budget} ms") if budget else None),
        across=[Tick(x(n), f"{moments[n]:g}") for n in range(0, count, step)],
        up=[Tick(y(value), f"{value:g}") for value in _round_steps(top)],
    )


def histogram(series: Series, name: str, *, budget: int | None = None) -> str:
    """How often requests took how long, on a logarithmic axis (milliseconds), with p50, p95, p99 and the budget."""
    least = max(1, min(series.histogram, default=1))
    most = max([*series.histogram, budget or 0, least * 10])
    bins = 48
    x = _scale(math.log(least), math.log(most), LEFT, WIDTH - RIGHT)
    counts = [0] * bins
    for milliseconds, requests in series.histogram.items():
        share = (math.log(max(milliseconds, least)) - math.log(least)) / (math.log(most) - math.log(least))
        counts[min(bins - 1, int(share * bins))] += requests
    y = _scale(0, max([*counts, 1]) * 1.1, HEIGHT - BOTTOM, TOP)
    width = (WIDTH - LEFT - RIGHT) / bins
    edges = [math.exp(math.log(least) + (math.log(most) - math.log(least)) * n / bins) for n in range(bins + 1)]
    bars = [
        Bar(LEFT + n * width, y(c), width - 1, HEIGHT - BOTTOM - y(c), f"{edges[n]:.0f}–{edges[n + 1]:.0f} ms: {c}")
        for n, c in enumerate(counts)
        if c
    ]
    marks = [
        Tick(x(math.log(max(series.percentile(share), least))), f"p{share * 100:g}") for share in (0.5, 0.95, 0.99)
    ]
    across = [10**e * m for e in range(6) for m in (1, 2, 5)]
    return _render(
        "histogram.svg.j2",
        title=f"{name}: {series.requests} requests by duration",
        bars=bars,
        marks=marks if series.requests else [],
        budget=(Tick(x(math.log(budget)), f"budget p95 {budget} ms") if budget else None),
        across=[Tick(x(math.log(value)), f"{value:g}") for value in across if least <= value <= most],
        up=[Tick(y(value), f"{value:g}") for value in _round_steps(max([*counts, 1]))],
    )


def growth_chart(name: str, costs: Sequence[tuple[int, int]], *, exponent: float) -> str:
    """Pages read over organizations, both logarithmic, beside the line of what grows as fast as they do."""
    least, most = costs[0][0], costs[-1][0]
    lowest = max(1, min(pages for _, pages in costs))
    highest = max(*(pages for _, pages in costs), lowest * most // least)
    x = _scale(math.log(least), math.log(most), LEFT, WIDTH - RIGHT)
    y = _scale(math.log(lowest), math.log(highest), HEIGHT - BOTTOM, TOP)
    at = [(x(math.log(size)), y(math.log(max(1, pages)))) for size, pages in costs]
    first = costs[0][1]
    steep = [(x(math.log(size)), y(math.log(max(1, first * size / least)))) for size, _ in costs]
    return _render(
        "growth.svg.j2",
        title=f"{name}: growth exponent {exponent:.2f}",
        line=_points(at),
        steep=_points(steep),
        dots=[Tick(x(math.log(size)), f"{pages} pages") for size, pages in costs],
        across=[Tick(x(math.log(size)), f"{size:,}") for size, _ in costs],
        up=[Tick(y(math.log(10**n)), f"{10**n:,}") for n in range(8) if lowest <= 10**n <= highest],
    )


def _render(template: str, **values: object) -> str:
    # Not HTML for a browser to guess at: names come from code, and everything is escaped all the same.
    loader = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    frame = {
        "width": WIDTH,
        "height": HEIGHT,
        "left": LEFT,
        "right": WIDTH - RIGHT,
        "top": TOP,
        "floor": HEIGHT - BOTTOM,
    }
    return loader.get_template(template).render(**frame, **values)


def _scale(low: float, high: float, start: float, end: float) -> Callable[[float], float]:
    span = (high - low) or 1
    return lambda value: round(start + (value - low) / span * (end - start), 1)


def _points(points: list[tuple[float, float]]) -> str:
    return " ".join(f"{x:g},{y:g}" for x, y in points)


def _round_steps(top: float) -> list[float]:
    """Three to six round numbers from 0 up."""
    rough = max(top, 1) / 5
    power = 10 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)
    return [step * n for n in range(int(top / step) + 1)]
