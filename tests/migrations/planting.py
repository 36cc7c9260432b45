"""Planting a fault in a target or in a rollout, and running the real checks on it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import pytest

from environments.migrations import Expectations, Migrations, load_expectations
from fixtures.applying import expect_pushed
from fixtures.rehearsal import Rehearsal, Rollout
from fixtures.scratch import Scratch, ScratchDatabase
from reports.model import Verdict
from tests.planted import ROOT, Judged, project

REFERENCE = ROOT / "fixtures" / "reference"

_ENVIRONMENT = """
profile = "{profile}"
[database]
dsn = "{dsn}"
"""


@dataclass(frozen=True)
class Ended(Judged):
    """What the checks said."""

    outcomes: dict[str, str]
    failures: list[str]

    @property
    def failed(self) -> set[str]:
        """The checks that failed, by the names of their functions."""
        return {name for name, outcome in self.outcomes.items() if outcome == "failed"}

    @property
    def text(self) -> str:
        """All reasons, findings and failures."""
        findings = [f"{each.kind} {each.object} {each.operation}: {each.observed}" for each in self.verdict.findings]
        return "\n".join([*(each.reason or "" for each in self.verdict.items), *findings, *self.failures])


class Resumed(Rehearsal):
    """A rehearsal that takes from another what they have in common: the states before the planted fault."""

    def __init__(self, known: Rehearsal, scratch: Scratch, rollout: Rollout) -> None:
        super().__init__(scratch, rollout)
        self._known = known

    def state(self, count: int) -> ScratchDatabase:
        mine, theirs = (
            [each.sql for each in (*rollout.baseline, *rollout.new[:count])]
            for rollout in (self.rollout, self._known.rollout)
        )
        return self._known.state(count) if mine == theirs else super().state(count)


class _Sharing:
    """Gives the run databases of a Postgres that runs already, and notes what became of each check."""

    def __init__(self, shared: Scratch, rehearsal: Rehearsal | None) -> None:
        self.outcomes: dict[str, str] = {}
        self.failures: list[str] = []
        self._shared = shared
        self._rehearsal = rehearsal

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        shared, known = self._shared, self._rehearsal

        class Late:  # of two plugins' fixtures of one name, that of the later one counts
            @pytest.fixture(scope="session")
            def scratch(self) -> Scratch:
                return shared

        class LateRehearsal:
            @pytest.fixture(scope="session")
            def rehearsal(self) -> Rehearsal:
                assert known is not None
                return known

        config.pluginmanager.register(Late())
        if known is not None:
            config.pluginmanager.register(LateRehearsal())

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" or report.outcome != "passed":
            self.outcomes[report.nodeid.rpartition("::")[2]] = report.outcome
        if report.failed:
            self.failures.append(report.longreprtext)


@dataclass
class Bench:
    """Where faults are planted: targets on which the reference rollout was applied, and copies of the rollout."""

    path: Path
    scratch: Scratch
    rehearsal: Rehearsal
    expectations: Expectations
    applied: ScratchDatabase

    def target(self) -> ScratchDatabase:
        """A database on which the real CLI has applied the reference rollout."""
        return self.scratch.database(like=self.applied)

    def rollout(self, name: str = "planted") -> Path:
        """A copy of the reference rollout's migrations, to spoil."""
        copy = self.path / name
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(REFERENCE / "supabase" / "migrations", copy / "supabase" / "migrations")
        return copy

    def run(
        self,
        target: ScratchDatabase,
        *checks: str,
        rollout: Path | None = REFERENCE,
        settings: str = "",
        profile: str = "staging",
    ) -> Ended:
        """Run the checks in files of suites/migrations (all, or those named), in a project directory of their own."""
        file = self.path / "environments" / "planted.toml"
        migrations = f'[migrations]\nrollout = "{rollout}"\n{settings}' if rollout else ""
        file.write_text(_ENVIRONMENT.format(profile=profile, dsn=target.dsn) + migrations)
        sharing = _Sharing(self.scratch, self._known(rollout) if not settings else None)
        suite = self.path / "suites" / "migrations"
        before = set(self.scratch.made)
        arguments = [str(suite / check) for check in checks or ("",)]
        arguments += ["--env", str(file), "--rootdir", str(self.path), "-c", str(self.path / "pytest.toml")]
        # A run takes half a second; what would double that is switched off.
        arguments += [
            "--disable-plugin-autoload",
            *(f"-pno:{name}" for name in ("cacheprovider", "unraisableexception")),
        ]
        with patch("reports.verdict._signoff"):
            pytest.main(arguments, plugins=[sharing])
        if rollout != REFERENCE:  # what was rehearsed is of no further use
            for name in self.scratch.made.keys() - before:
                self.scratch.drop(self.scratch.made[name])
        return Ended(
            Verdict.read(self.path / "reports" / "out" / "planted" / "verdict.json"), sharing.outcomes, sharing.failures
        )

    def _known(self, rollout: Path | None) -> Rehearsal | None:
        """What was rehearsed already and serves this run too."""
        if rollout is None or rollout == REFERENCE:
            return self.rehearsal if rollout else None
        return Resumed(self.rehearsal, self.scratch, Rollout.read(rollout, self.expectations))


def bench(path: Path, scratch: Scratch) -> Bench:
    """A project directory with greenlight's own suites, and a target with the reference rollout."""
    project(path)
    expectations = load_expectations(Migrations().expectations)
    rehearsal = Rehearsal(scratch, Rollout.read(REFERENCE, expectations))
    for count in range(len(rehearsal.rollout.new) + 1):
        rehearsal.state(count)
    applied = scratch.database()
    expect_pushed(applied, REFERENCE)
    return Bench(path, scratch, rehearsal, expectations, applied)
