"""Score findings against the ground truth: found, missed and false alarms, per schema and in total.

    python -m tests.isolation_corpus.score [NAME …]

examines every schema on a throw-away database, gives the engine nothing but a connection string, and prints a table.
"""

from __future__ import annotations

import argparse
import importlib
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

import psycopg

from tests.isolation_corpus.prove import databases
from tests.isolation_corpus.truth import Leak, Truth, load, names, normal


class FindingLike(Protocol):
    """What a finding must tell to be scored."""

    @property
    def kind(self) -> str:
        """What sort of defect."""

    @property
    def object(self) -> str:
        """Schema-qualified, functions with their argument types."""


@dataclass
class Score:
    """The result for one schema. `lesser` are oracles and conditional exposures reported of sound objects."""

    name: str
    leaks: int = 0
    found: list[Leak] = field(default_factory=list)
    otherwise: list[tuple[Leak, str]] = field(default_factory=list)
    """Leaks that were reported, but under none of their kinds."""
    missed: list[Leak] = field(default_factory=list)
    false_alarms: list[FindingLike] = field(default_factory=list)
    lesser: list[FindingLike] = field(default_factory=list)
    seconds: float = 0.0


def lesser(kind: str) -> bool:
    """Whether a kind is of the lower sort that a person accepts with a reason."""
    return "oracle" in kind or "conditional" in kind


def _shadowing(finding: FindingLike) -> bool:
    text = " ".join(str(getattr(finding, name, "")) for name in ("kind", "operation", "observed")).lower()
    return any(word in text for word in ("shadow", "search_path", "pg_temp"))


def score(truth: Truth, findings: Iterable[FindingLike]) -> Score:
    """Compare findings with the truth of one schema.

    A leak is found by a finding on its object, or on one of those that it may be reported under (`also`). A finding on
    anything else accuses the innocent, except for the lower kinds on objects whose oracle is accepted.
    """
    relevant = [
        f
        for f in findings
        if not any(op in str(getattr(f, "operation", "")).lower() for op in truth.accepted_operations)
    ]
    result = Score(truth.name, leaks=len(truth.leak))
    guilty: set[str] = set()
    for leak in truth.leak:
        aliases = {normal(leak.object), *map(normal, leak.also)}
        guilty |= aliases
        own = [f for f in relevant if normal(f.object) == normal(leak.object)]
        hits = own or [f for f in relevant if normal(f.object) in aliases and f.kind in leak.kinds]
        if any(f.kind in leak.kinds for f in hits):
            result.found.append(leak)
        elif hits:
            result.otherwise.append((leak, ", ".join(sorted({f.kind for f in hits}))))
        else:
            result.missed.append(leak)
    # The API offers no way to make a temporary table: sound functions that one could shadow so are told apart below.
    accepted = {normal(thing) for thing in truth.accepted}
    guilty |= set(map(normal, truth.debatable))
    public = {normal(thing) for thing in truth.declared_public}
    for finding in relevant:
        thing = normal(finding.object)
        mild = lesser(finding.kind) or _shadowing(finding)
        if thing in guilty or (thing in accepted and lesser(finding.kind)):
            continue
        if thing in public and (mild or finding.kind in ("confidentiality", "exposure")):
            continue
        (result.lesser if mild else result.false_alarms).append(finding)
    return result


def table(scores: list[Score]) -> str:
    """The scores as text, one line per schema and a total, with what was missed and falsely accused below each."""
    lines = [f"{'schema':<24}{'leaks':>6}{'found':>6}{'other':>6}{'missed':>7}{'false':>6}{'lesser':>7}{'s':>7}"]
    for s in scores:
        lines.append(_line(s.name, [s]))
        lines += [f"    missed  {leak.object} ({', '.join(leak.kinds)}): {leak.why}" for leak in s.missed]
        lines += [
            f"    other   {leak.object} is {', '.join(leak.kinds)}, reported as {kind}" for leak, kind in s.otherwise
        ]
        lines += [f"    false   {f.object} {f.kind} {getattr(f, 'observed', '')}"[:200] for f in s.false_alarms]
        lines += [f"    lesser  {f.object} {f.kind}" for f in s.lesser]
    return "\n".join([*lines, _line("total", scores)])


def _line(name: str, scores: list[Score]) -> str:
    def objects(findings: list[FindingLike]) -> int:
        return len({normal(f.object) for f in findings})

    columns = (
        sum(s.leaks for s in scores),
        sum(len(s.found) for s in scores),
        sum(len(s.otherwise) for s in scores),
        sum(len(s.missed) for s in scores),
        sum(objects(s.false_alarms) for s in scores),
        sum(objects(s.lesser) for s in scores),
    )
    widths = (6, 6, 6, 7, 6, 7)
    return (
        f"{name:<24}"
        + "".join(f"{c:>{w}}" for c, w in zip(columns, widths, strict=True))
        + f"{sum(s.seconds for s in scores):>7.1f}"
    )


def main() -> None:
    """Examine the named schemas (all without a name) and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*")
    wanted = parser.parse_args().names or names()
    # Late, so that the corpus can be proved without the engine.
    examine = importlib.import_module("fixtures.isolation.engine").examine
    scores = []
    with databases() as make:
        for name in wanted:
            truth = load(name)
            dsn = make(truth.grants, name)
            with psycopg.connect(dsn, autocommit=True) as connection:
                connection.execute(truth.schema_sql)
            started = time.monotonic()
            report = examine(dsn)
            result = score(truth, report.findings)
            result.seconds = time.monotonic() - started
            scores.append(result)
    print(table(scores))


if __name__ == "__main__":
    main()
