"""The highest rate of requests at which the budgets still hold: information for whoever plans, never a gate.

    python -m load.capacity --env local --dotenv .env.stack
    python -m load.capacity --env staging --seconds 60

Steps follow each other, each a run of the same journeys by as many members, whose pauses are halved from step to step.
It ends at the first step that breaks a budget (the knee is the step before), or where more cannot be learned: the rate
no longer rises, the generator is the bottleneck, or the environment's `[load]` allows no more.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from rich.console import Console
from rich.table import Table

from environments.loading import environment_file
from fixtures.errors import GreenlightError
from fixtures.load import MORE, run_locust
from load.budgets import Breach, Budgets, breaches, error_breaches, expect_whole
from load.limits import environment_for_load, limits_of
from load.report import COURSE_LOAD, Limits, LoadReport

FIRST = 4.0  # times the pauses of the journeys' own: few requests a second
STEPS = 12
STEADY = 1.15  # a step that brings less than this times the rate before brings no more
BUSY = 90.0  # percent of a core, from which the generator is what is measured
NEARLY = 0.85  # of the rate that the environment allows


@dataclass(frozen=True)
class Step:
    """One run: by which the members' pauses were scaled, its report, and the budgets that it broke."""

    think: float
    report: LoadReport
    broken: tuple[Breach, ...]

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.report.everything().requests / self.report.duration if self.report.duration else 0.0


@dataclass(frozen=True)
class Capacity:
    """All steps in their order, and why there are no more."""

    steps: tuple[Step, ...]
    ended: str

    @property
    def knee(self) -> Step | None:
        """The step with the highest rate among those before any budget broke."""
        held = [step for step in self.steps if not step.broken]
        return max(held, key=lambda step: step.rate, default=None)


def climb(run: Callable[[float], LoadReport], limits: Limits, budgets: Budgets) -> Capacity:
    """Halve the pauses until a budget breaks or no more can be learned; `run` makes a run with its pauses scaled.

    Raises `Unverified` for a run that was none.
    """
    steps: list[Step] = []
    for think in (FIRST * limits.think / 2**number for number in count()):
        report = run(think)
        expect_whole(report)
        step = Step(think, report, tuple(_broken(report, budgets)))
        before = steps[-1].rate if steps else 0.0
        steps.append(step)
        if ended := _ended(step, before, limits, len(steps)):
            return Capacity(tuple(steps), ended)
    raise AssertionError("unreachable: the number of steps is bounded")


def _ended(step: Step, before: float, limits: Limits, number: int) -> str:
    """Why this was the last step, empty if it was not."""
    if step.broken:
        return "over the budget: " + "; ".join(map(str, step.broken))
    if step.report.generator_cpu > BUSY:
        return f"the generator used {step.report.generator_cpu:.0f} % of its core: more needs --processes or machines"
    if step.rate >= NEARLY * limits.rate:
        return f"the environment allows {limits.rate:g} requests a second, and every budget holds there"
    if step.rate < STEADY * before:
        return f"shorter pauses bring no more than {max(step.rate, before):.0f} requests a second, within the budgets"
    return f"{STEPS} steps" if number == STEPS else ""


def _broken(report: LoadReport, budgets: Budgets) -> Iterator[Breach]:
    for name, budget in budgets.series.items():
        yield from breaches(name, report.series(name), budget)
    yield from error_breaches(report, budgets)


def shown(capacity: Capacity) -> Table:
    """The steps as a table."""
    table = Table(box=None, pad_edge=False)
    for column in ("pauses ×", "requests/s", "requests", "course load p95", "generator", "budgets"):
        table.add_column(column, justify="left" if column == "budgets" else "right")
    for step in capacity.steps:
        numbers = (f"{step.think:g}", f"{step.rate:.0f}", str(step.report.everything().requests))
        latency = f"{step.report.series(COURSE_LOAD).percentile(0.95)} ms"
        held = "held" if not step.broken else ", ".join(f"{each.series} {each.measure}" for each in step.broken)
        table.add_row(*numbers, latency, f"{step.report.generator_cpu:.0f} %", held)
    return table


def main(arguments: Sequence[str] | None = None) -> int:
    """Climb on an environment and print what came of it; returns 2 where no run could be made."""
    parser = argparse.ArgumentParser(prog="python -m load.capacity", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--env", default="local", help="environment file, or its name")
    parser.add_argument("--dotenv", default="", help="file of NAME=value lines, default .env")
    parser.add_argument("--seconds", type=float, default=8, help="how long a step lasts (default %(default)s)")
    options = parser.parse_args(arguments)
    console = Console(highlight=False)
    given = ["--dotenv", str(Path(options.dotenv).resolve())] if options.dotenv else []
    try:
        environment = environment_for_load(options.env, options.dotenv or None)
        limits, budgets = limits_of(environment), Budgets.of(environment)
        file = environment_file(options.env)
        with tempfile.TemporaryDirectory(prefix="greenlight-") as folder:

            def run(think: float) -> LoadReport:
                console.print(f"{options.seconds:g} s with pauses × {think:g} …")
                scaled = [*given, "--think", f"{think:g}", "--run-time", f"{options.seconds:g}s"]
                within = options.seconds + limits.users / limits.spawn_rate + MORE
                path = Path(folder, "report.json")
                path.unlink(missing_ok=True)
                return run_locust(file, path, variables=os.environ, within=within, arguments=scaled)

            capacity = climb(run, limits, budgets)
    except GreenlightError as error:
        print(error, file=sys.stderr)
        return 2
    console.print(shown(capacity))
    knee = capacity.knee
    console.print(f"knee: {knee.rate:.0f} requests a second" if knee else "knee: below the first step")
    console.print(f"ended: {capacity.ended}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
