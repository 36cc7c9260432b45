"""The verdict as data: `reports/out/<environment>/verdict.json`, the one source of every other report.

The form is stable: `schema` grows by one when a field changes its meaning; a field may be added without that.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from fixtures.errors import GreenlightError
from fixtures.findings import KINDS

Status = Literal["verified", "attested", "waived", "failed", "unverified", "not applicable"]
Gate = Literal["must", "should", "nice", "info"]
Outcome = Literal[
    "passed",  # setup, call and teardown each ran and ended without any exception
    "failed",  # an assertion did not hold
    "error",  # something else went wrong, in setup, call or teardown
    "unverified",  # the check says that it could not look
    "skipped",
    "xfailed",
    "xpassed",
    "deselected",
    "crashed",  # the process that ran it died
    "timeout",
    "not run",
]
NO_CHECK_YET = "no check yet"


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, serialize_by_alias=True)


class CheckResult(_Model):
    """What became of one check (one pytest node). `reason` is one line, empty when it passed."""

    nodeid: str
    outcome: Outcome
    duration_s: float = 0.0
    reason: str = ""


class ItemVerdict(_Model):
    """The verdict of one item. `reason` says why; `evidence` is relative to the directory of the reports."""

    id: str
    title: str
    section: str
    gate: Gate
    status: Status
    reason: str = ""
    checks: tuple[CheckResult, ...] = ()
    evidence: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()
    owner: str = ""
    remedy: str = ""

    @property
    def stands_in_the_way(self) -> bool:
        """Whether this item keeps the run from go: a must-item that is neither decided in favour nor out of scope."""
        return self.gate == "must" and self.status in ("failed", "unverified")


class FindingVerdict(_Model):
    """One defect (`fixtures.findings.Finding`), with the items that it concerns. `kind` is one of `KINDS`."""

    id: str
    kind: str = Field(json_schema_extra={"enum": [*KINDS]})
    object: str
    actor: str
    operation: str
    observed: str
    reproduce: str
    items: tuple[str, ...] = ()


class Counts(_Model):
    """How many items have each status."""

    verified: int = 0
    attested: int = 0
    waived: int = 0
    failed: int = 0
    unverified: int = 0
    not_applicable: int = 0

    @classmethod
    def of(cls, items: tuple[ItemVerdict, ...] | list[ItemVerdict]) -> Counts:
        """Count `items`."""
        counted = dict.fromkeys(cls.model_fields, 0)
        for item in items:
            counted[item.status.replace(" ", "_")] += 1
        return cls(**counted)


class Verdict(_Model):
    """The verdict of a run.

    `problems` are what keeps a run from go besides its items: a module that could not be collected, an interruption,
    an empty selection. `remarks` block nothing (a stale waiver); `narrowed_by` is what made the selection partial;
    `commit` is the revision of the checks, where there is one.
    """

    schema_: Literal[1] = Field(default=1, alias="schema")
    environment: str
    run: str
    started: datetime
    duration_s: float
    selection: Literal["full", "partial"]
    verdict: Literal["go", "no-go"]
    counts: Counts
    items: tuple[ItemVerdict, ...]
    findings: tuple[FindingVerdict, ...] = ()
    problems: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    narrowed_by: str = ""
    commit: str = ""

    @property
    def go(self) -> bool:
        """Whether the run says go."""
        return self.verdict == "go"

    @property
    def in_the_way(self) -> tuple[ItemVerdict, ...]:
        """The items that keep the run from go."""
        return tuple(item for item in self.items if item.stands_in_the_way)

    @property
    def headline(self) -> str:
        """One line for the end of a terminal, a commit status or a chat message."""
        failed = sum(item.status == "failed" for item in self.in_the_way)
        unverified = len(self.in_the_way) - failed
        parts = [f"{_count(failed, 'must-item')} failed"] if failed else []
        parts += [f"{unverified if failed else _count(unverified, 'must-item')} unverified"] if unverified else []
        parts += self.problems
        settled = [f"{number} {name.replace('_', ' ')}" for name, number in self.counts if number]
        scope = "full selection" if self.selection == "full" else "partial selection: no gate"
        return f"{self.verdict.upper()} {self.environment} ({scope}): {', '.join(parts or settled) or 'nothing to say'}"

    def write(self, path: Path) -> None:
        """Write the verdict as JSON, all or nothing: a reader never sees half of it."""
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_suffix(".json.part")
        beside.write_text(self.model_dump_json(indent=2) + "\n", encoding="utf-8")
        beside.replace(path)

    @classmethod
    def read(cls, path: Path) -> Verdict:
        """Read a verdict. Raises `GreenlightError` where there is none, or where it is not one."""
        try:
            return cls.model_validate_json(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise GreenlightError(f"{path}: no verdict here; `pytest -m <environment>` writes one") from None
        except ValueError as error:
            raise GreenlightError(f"{path}: not a verdict of schema 1: {str(error).splitlines()[0]}") from error


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
