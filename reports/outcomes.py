"""What became of each check, from pytest's reports, without trusting what plugins made of them.

In the process that runs a check, `pytest_runtest_makereport` notes which exception really ended each phase; the note
travels with the report. A check passed only if setup, call and teardown each bear a note of no exception *and* a report
that says passed and nothing else: an outcome that somebody flipped afterwards is not a pass.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import pytest

from fixtures.errors import Unverified
from fixtures.evidence import PROPERTY as EVIDENCE
from fixtures.findings import PROPERTY as FINDING
from fixtures.findings import Finding
from reports.model import CheckResult, Outcome

Ended = Literal["cleanly", "assertion", "unverified", "skip", "xfail", "timeout", "exception"]
NOTE = "greenlight_note"
PHASES = ("setup", "call", "teardown")

# The worst first: what a check is called when its phases, its reruns or its subtests differ.
_WORST: tuple[Outcome, ...] = (
    "failed",
    "crashed",
    "timeout",
    "error",
    "unverified",
    "xpassed",
    "xfailed",
    "skipped",
    "not run",
    "deselected",
    "passed",
)


@dataclass(frozen=True)
class Check:
    """One collected check: the items that it is evidence for, what became of it, and what it left."""

    items: tuple[str, ...]
    result: CheckResult
    findings: tuple[Finding, ...] = ()
    evidence: tuple[str, ...] = ()


def note(error: BaseException | None) -> dict[str, str]:
    """Note how a phase really ended: the sort of exception, and one line for the reader."""
    ended: Ended
    if error is None:
        return {"ended": "cleanly", "line": ""}
    line = one_line(f"{type(error).__name__}: {error}" if str(error) else type(error).__name__)
    if isinstance(error, Unverified):
        ended, line = "unverified", one_line(str(error)) or "the check gave no reason"
    elif isinstance(error, pytest.xfail.Exception):
        ended, line = "xfail", one_line(str(error.msg or ""))
    elif isinstance(error, pytest.skip.Exception):
        ended, line = "skip", one_line(str(error.msg or ""))
    elif isinstance(error, pytest.fail.Exception) and re.match(r"Timeout \(?>", str(error)):
        ended, line = "timeout", one_line(str(error))
    elif isinstance(error, AssertionError | pytest.fail.Exception):
        ended, line = "assertion", headline(str(error)) or "an assertion without words did not hold"
    elif isinstance(error, BaseExceptionGroup):
        ended, line = _of_group(error, line)
    else:
        ended = "exception"
    return {"ended": ended, "line": line}


def one_line(text: str, limit: int = 240) -> str:
    """The first line of `text` that says something, at most `limit` characters long."""
    first = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return first if len(first) <= limit else first[: limit - 1] + "…"


def headline(text: str, limit: int = 240) -> str:
    """What an assertion says up to its first empty line, in one line; of what does not fit, the lines are counted.

    What pytest adds by itself, the condition that did not hold, is left out where there are words.
    """
    words = re.sub(r"(?<=\S)\nassert .*", "", text.strip(), flags=re.DOTALL)
    lines = [" ".join(line.split()) for line in re.split(r"\n\s*\n", words, maxsplit=1)[0].splitlines()]
    if not lines or lines[0].startswith("assert "):
        return one_line(text, limit)
    said = lines[0]
    for number, line in enumerate(lines[1:], start=1):
        longer = f"{said}{' ' if said.endswith(':') else '; '}{line}"
        more = f"; and {len(lines) - number} more"
        if not said.endswith(":") and len(longer) > limit - len(more):
            return one_line(said, limit - len(more)) + more
        said = longer
    return one_line(said, limit)


@dataclass
class _Progress:
    phases: set[str] = field(default_factory=set)
    found: list[tuple[Outcome, str]] = field(default_factory=list)
    duration: float = 0.0
    findings: dict[str, Finding] = field(default_factory=dict)
    evidence: dict[str, None] = field(default_factory=dict)


class Recorder:
    """Gathers pytest's reports of a run; `checks` gives the result of every check that was collected."""

    def __init__(self) -> None:
        self._progress: dict[str, _Progress] = {}

    def add(self, report: pytest.TestReport) -> None:
        """Take in the report of one phase, also one of a rerun, a subtest, or a worker that crashed."""
        progress = self._progress.setdefault(report.nodeid, _Progress())
        outcome, reason = classify(report)
        progress.found.append((outcome, reason))
        progress.duration += report.duration or 0.0
        if outcome == "passed":
            progress.phases.add(str(report.when))
        for name, value in report.user_properties:
            if name == EVIDENCE:
                progress.evidence[str(value)] = None
            elif name == FINDING:
                finding = Finding.from_json(str(value))
                progress.findings[finding.id] = finding

    def checks(
        self, collected: dict[str, tuple[str, ...]], deselected: dict[str, tuple[str, ...]], *, not_run: str
    ) -> list[Check]:
        """Every check with its result: `collected` and `deselected` map node ids to items.

        `not_run` says why a check that was to run did not.
        """
        checks = [
            Check(items, CheckResult(nodeid=nodeid, outcome="deselected", reason="deselected"))
            for nodeid, items in deselected.items()
            if nodeid not in collected and nodeid not in self._progress
        ]
        for nodeid in [*collected, *(seen for seen in self._progress if seen not in collected)]:
            items = collected.get(nodeid) or deselected.get(nodeid) or ()
            progress = self._progress.get(nodeid)
            if progress is None:
                checks.append(Check(items, CheckResult(nodeid=nodeid, outcome="not run", reason=f"not run: {not_run}")))
                continue
            outcome, reason = _worst(progress, not_run)
            result = CheckResult(
                nodeid=nodeid, outcome=outcome, duration_s=round(progress.duration, 3), reason=one_line(reason)
            )
            checks.append(Check(items, result, tuple(progress.findings.values()), tuple(progress.evidence)))
        return checks


def classify(report: pytest.TestReport) -> tuple[Outcome, str]:
    """The outcome of one phase and the reason in one line: the worse of what was noted and what the report says."""
    noted: dict[str, str] = getattr(report, NOTE, None) or {}
    ended, line = noted.get("ended"), noted.get("line", "")
    where = "" if report.when == "call" else f"{report.when} "
    expected = getattr(report, "wasxfail", None)
    if report.when not in PHASES:  # the shape in which xdist says that a worker died
        return "crashed", f"crashed: {one_line(report.longreprtext) or 'the process that ran the check died'}"
    if ended == "unverified":
        return "unverified", line
    if ended == "timeout":
        return "timeout", f"timeout: {line}"
    if ended == "exception":
        return "error", f"{where}error: {line}"
    if ended == "assertion":
        if expected is not None:
            return "xfailed", f"xfail: {expected or 'no reason given'} ({line})"
        return "failed", f"{where and where.strip() + ': '}{line}"
    if ended == "xfail":
        return "xfailed", f"xfail: {expected or line or 'no reason given'}"
    if ended == "skip":
        return "skipped", f"skipped: {line or 'no reason given'}"
    if report.failed:
        text = report.longreprtext
        if text.startswith("[XPASS(strict)]"):
            return "xpassed", f"xpass: {one_line(text.removeprefix('[XPASS(strict)]')) or 'no reason given'}"
        return "failed", one_line(text) or "the report says failed"
    if expected is not None:
        return "xpassed", f"xpass: {expected or 'no reason given'}"
    if report.skipped:
        return "skipped", f"skipped: {_skip_reason(report)}"
    if ended != "cleanly" or not report.passed:
        return "error", f"{where}error: nobody saw how it ended (outcome {report.outcome!r} without a note)"
    return "passed", ""


def _worst(progress: _Progress, not_run: str) -> tuple[Outcome, str]:
    outcome, reason = min(progress.found, key=lambda found: _WORST.index(found[0]))
    missing = [phase for phase in PHASES if phase not in progress.phases]
    if outcome == "passed" and missing:
        return "not run", f"not run: {not_run}" if "call" in missing else f"error: its {missing[0]} did not end"
    return outcome, reason


def _of_group(group: BaseExceptionGroup[BaseException], line: str) -> tuple[Ended, str]:
    """An exception group is an assertion only if all of it is: one other exception in it makes it an error."""
    leaves: list[BaseException] = []
    stack: Sequence[BaseException] = [group]
    while stack:
        head, *rest = stack
        if isinstance(head, BaseExceptionGroup):
            stack = [*head.exceptions, *rest]
        else:
            leaves.append(head)
            stack = rest
    if all(isinstance(leaf, AssertionError) for leaf in leaves):
        return "assertion", one_line("; ".join(headline(str(leaf)) for leaf in leaves))
    return "exception", line


def _skip_reason(report: pytest.TestReport) -> str:
    if isinstance(report.longrepr, tuple):
        return one_line(str(report.longrepr[2]).removeprefix("Skipped: ")) or "no reason given"
    return one_line(report.longreprtext) or "no reason given"
