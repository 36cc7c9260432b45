"""The verdict: gathers what happened, has it judged, writes `verdict.json` and the reports, and owns the exit status.

Active only where an environment is in play; greenlight's own tests run as with plain pytest. The verdict on disk is
no-go from the first moment on, so that a run which dies half-way has not left a go behind; pytest's exit status is 0
exactly when the verdict is go, whatever another plugin thinks of it.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Callable, Generator
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import pytest

from environments.attestations import ATTESTATIONS_FILE, load_attestations
from environments.loading import ENVIRONMENTS, environment_names
from environments.model import Environment
from environments.people import placeholders, unnamed
from environments.waivers import WAIVERS_FILE, load_waivers
from fixtures.catalogue import CHECKLIST_FILE, Catalogue, applies
from fixtures.checklist import catalogue_of, collected
from fixtures.environment import LAUNCH_ERROR, environment_of
from fixtures.errors import ConfigurationError
from fixtures.evidence import OUTPUT, redactor_of
from reports import allure, scripts
from reports.judging import Facts, Run, judge
from reports.model import Verdict
from reports.outcomes import NOTE, Recorder, note, one_line
from reports.selection import lost_checks, narrowed_by
from reports.terminal import console_for, render, shown

_NEEDED = ("fixtures.environment", "fixtures.checklist", "fixtures.evidence", "fixtures.findings")
_UNFINISHED = "the run did not finish"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--no-allure-html`."""
    text = "leave out Allure's HTML, which takes a second; its results are written all the same"
    parser.getgroup("greenlight").addoption("--no-allure-html", action="store_true", help=text)


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Take over where an environment is in play.

    Raises `UsageError` if a plugin that the verdict needs is switched off.
    """
    environment = environment_of(config)
    if environment is None:
        return
    for name in _NEEDED:
        if not config.pluginmanager.has_plugin(name):
            raise pytest.UsageError(f"the plugin {name} is switched off: without it there is no verdict")
    out = config.rootpath / "reports" / "out" / environment.name
    config.stash[OUTPUT] = out
    if hasattr(config, "workerinput"):
        config.pluginmanager.register(Worker(config, out), "greenlight-worker")
        return
    if config.option.collectonly:
        config.pluginmanager.register(Listing(config, out), "greenlight-listing")
        return
    try:
        judge_here = Judge(config, environment, out)
    except ConfigurationError as error:
        raise pytest.UsageError(str(error)) from None
    config.pluginmanager.register(judge_here, "greenlight-judge")


class _Noting:
    """In every process that runs checks: how each phase really ended travels with its report."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_makereport(
        self, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Note the exception itself, closest to where it happened, before other plugins change the report."""
        report = yield
        noted = note(call.excinfo.value if call.excinfo else None)
        setattr(report, NOTE, redactor_of(self.config).json(noted))
        return report


class Worker(_Noting):
    """The part of the verdict in a worker of a distributed run."""

    def __init__(self, config: pytest.Config, out: Path) -> None:
        super().__init__(config)
        self._out = out

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        """Write Allure's results beside those of the other workers."""
        allure.begin(self.config, self._out / "allure-results", clean=False)


class Listing:
    """`--collect-only`: checks are named and none is run. Nothing is judged, and what the last run left stays.

    The status is no-go's all the same: a gate that only listed has not looked.
    """

    def __init__(self, config: pytest.Config, out: Path) -> None:
        self._config, self._out = config, out

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Let nothing end the process with 0."""

        def never_go() -> None:
            session.exitstatus = int(session.exitstatus) or int(pytest.ExitCode.TESTS_FAILED)

        self._config.add_cleanup(never_go)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say why there is no verdict."""
        terminalreporter.line(
            f"\nlisted, and none run: no verdict, exit status 1; {shown(self._out)} is as the last run left it"
        )


class Judge(_Noting):
    """The verdict's own process: the only one, or the controller of a distributed run."""

    def __init__(self, config: pytest.Config, environment: Environment, out: Path) -> None:
        super().__init__(config)
        self._environment, self._out = environment, out
        self._catalogue = catalogue_of(config)
        self._attestations = load_attestations(_beside(config, ATTESTATIONS_FILE))
        self._waivers = load_waivers(_beside(config, WAIVERS_FILE))
        self._started = datetime.now(UTC)
        self._id = f"{self._started:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
        self._recorder = Recorder()
        self._problems: list[str] = []
        self._interrupted = ""
        self._results = out / "allure-results"

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Say no-go until the end, clear what an earlier run left, and let nothing end the process with 0 before."""
        for folder in ("evidence", scripts.FOLDER):
            shutil.rmtree(self._out / folder, ignore_errors=True)
        for stale in ("signoff.md", "signoff.html", "allure.html"):
            (self._out / stale).unlink(missing_ok=True)
        judge(Facts(self._run(problems=(_UNFINISHED,)), (), self._started)).write(self._out / "verdict.json")
        self._results = allure.begin(self.config, self._results, clean=True)
        _refuse_early_exit(self.config)
        # Cleanups run last in, first out and after every hook: nobody changes the status after this one.
        self._status = int(pytest.ExitCode.INTERNAL_ERROR)
        self.config.add_cleanup(lambda: setattr(session, "exitstatus", self._status))

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A module that could not be collected holds checks that nobody knows of."""
        if report.failed:
            last = [line for line in report.longreprtext.splitlines() if line.startswith("E ")][-1:]
            reason = last[0].removeprefix("E ") if last else report.longreprtext
            self._problem(f"not collected: {report.nodeid or 'the suites'}: {one_line(reason)}")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take in every report, from here and from the workers."""
        self._recorder.add(report)

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Ctrl-C, or a call of `pytest.exit`."""
        match excinfo.value:
            case pytest.Session.Interrupted():
                self._interrupted = one_line(f"stopped early: {excinfo.value}")
            case KeyboardInterrupt():
                self._interrupted = "interrupted (Ctrl-C)"
            case _:
                launch = self.config.stash.get(LAUNCH_ERROR, "")
                self._interrupted = one_line(launch or f"pytest.exit: {excinfo.value}")

    def pytest_internalerror(self, excrepr: object) -> None:
        """An error of pytest or of a plugin."""
        lines = [line for line in str(excrepr).splitlines() if line.strip()]
        self._problem(f"internal error: {one_line(lines[-1] if lines else '')}")

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(
        self, session: pytest.Session, exitstatus: int | pytest.ExitCode
    ) -> Generator[None, object, None]:
        """Judge when everybody else is done: workers gone, pytest's own summary printed."""
        try:
            yield
        except BaseException as error:
            self._interrupted = self._interrupted or one_line(f"{type(error).__name__} at the end: {error}")
            raise
        finally:
            self._conclude(session, int(exitstatus))

    def _conclude(self, session: pytest.Session, status: int) -> None:
        stopped = session.shouldfail or session.shouldstop
        if isinstance(stopped, str) and not self._interrupted:
            self._interrupted = f"stopped early: {stopped}"
        known = bool(self._interrupted or self._problems)
        if not known and status in (2, 3, 4):  # interrupted, internal error, usage error
            self._problem(f"pytest ended with status {status}")
        judged = judge(self._facts()).model_dump(mode="json")
        verdict = Verdict.model_validate(redactor_of(self.config).json(judged))
        self._status = 0 if verdict.go else status or int(pytest.ExitCode.TESTS_FAILED)
        session.exitstatus = self._status
        verdict.write(self._out / "verdict.json")
        self._report(verdict)

    def _facts(self) -> Facts:
        narrow = self._narrowed_by()
        not_run = self._interrupted or "pytest collected it and did not run it"
        found = collected(self.config)
        everything = {**found.deselected, **found.selected}
        lost = {} if narrow else lost_checks(self.config, everything)
        if unknown := [*self._problems, *([self._interrupted] if self._interrupted else [])]:
            # Nobody knows which checks there would have been: no item may say that it has none yet.
            has = {item for items in everything.values() for item in items}
            lost = {item.id: f"not known: {unknown[0]}" for item in self._catalogue if item.id not in has} | lost
        return Facts(
            run=self._run(problems=tuple(self._problems)),
            items=self._catalogue.items,
            now=datetime.now(UTC),
            checks=self._recorder.checks(found.selected, found.deselected, not_run=not_run),
            not_applicable={
                item.id: reason
                for item in self._catalogue
                for here, reason in [applies(item, self._environment)]
                if not here
            },
            attestations=self._attestations,
            waivers=self._waivers,
            lost=lost,
            approvers=self._environment.people.approvers,
            placeholders=placeholders(self._environment.people, self._environment.path),
            unnamed=unnamed(self._environment.people, CHECKLIST_FILE, self._environment.path),
            deployed_at=self._environment.deployment.deployed_at,
            environments=self._known(),
        )

    def _run(self, problems: tuple[str, ...]) -> Run:
        return Run(
            environment=self._environment.name,
            id=self._id,
            started=self._started,
            duration_s=round((datetime.now(UTC) - self._started).total_seconds(), 1),
            narrowed_by=self._narrowed_by(),
            interrupted=self._interrupted,
            problems=problems,
            commit=_commit(self.config.rootpath),
        )

    def _known(self) -> list[str]:
        """The environments that there are: beside this run's own file, beside the attestations, and greenlight's."""
        folders = (self._environment.path.parent, _beside(self.config, ATTESTATIONS_FILE).parent, ENVIRONMENTS)
        return sorted({name for folder in folders for name in environment_names(folder)})

    def _narrowed_by(self) -> str:
        return narrowed_by(self.config, self._environment.profile)

    def _problem(self, text: str) -> None:
        text = redactor_of(self.config).text(text)
        if text not in self._problems:
            self._problems.append(text)

    def _report(self, verdict: Verdict) -> None:
        """Write the reports for people. One that cannot be made is named, and takes nothing else with it."""
        reports = [("Verdict", shown(self._out / "verdict.json"))]
        reports.append(("Sign-off", self._made("signoff.html", lambda: _signoff(verdict, self._out, self._catalogue))))
        reports.append(("Allure", self._made("allure.html", lambda: self._allure(verdict))))
        if (self._out / "evidence").exists():
            reports.append(("Evidence", shown(self._out / "evidence")))
        if verdict.findings:
            reports.append(("Scripts", self._made(scripts.FOLDER, lambda: _scripts(verdict, self._out))))
        runnable = scripts.written(verdict, self._out)
        terminal = self.config.pluginmanager.get_plugin("terminalreporter")
        if terminal is None:
            render(verdict, console_for(sys.stdout, colour=False), reports, runnable)
            return
        terminal.ensure_newline()
        writer = terminal._tw
        render(verdict, console_for(writer._file, colour=writer.hasmarkup, width=_width(writer)), reports, runnable)

    def _allure(self, verdict: Verdict) -> str:
        if not self.config.pluginmanager.has_plugin("allure_listener"):
            return "the plugin allure_pytest is switched off"
        allure.complete(verdict, self._results)
        return (
            "--no-allure-html" if self.config.option.no_allure_html else allure.html(verdict, self._results, self._out)
        )

    def _made(self, name: str, make: Callable[[], str]) -> str:
        try:
            missing = make()
        except Exception as error:  # a report that fails must not take the verdict with it
            missing = one_line(f"{type(error).__name__}: {error}")
        return f"not made: {missing}" if missing else shown(self._out / name)


def _signoff(verdict: Verdict, out: Path, catalogue: Catalogue) -> str:
    from reports import signoff  # its templates' engine is slow to import, and workers write no sheet

    signoff.write(verdict, out, catalogue, catalogue.file.parent / "rollout-checklist.md")
    return ""


def _scripts(verdict: Verdict, out: Path) -> str:
    scripts.write(verdict, out)
    return ""


def _beside(config: pytest.Config, default: Path) -> Path:
    """The file of that name in the `environments` of the directory that pytest runs in, else greenlight's own."""
    folder = config.rootpath / "environments"
    return folder / default.name if folder.is_dir() else default


def _width(writer: object) -> int:
    """As wide as the terminal, or 100 columns where a file or a log is at the other end."""
    return int(getattr(writer, "fullwidth", 100)) if getattr(writer, "hasmarkup", False) else 100


def _refuse_early_exit(config: pytest.Config) -> None:
    """A check that calls `os._exit(0)` would end the run as if all were well; children that were forked may still."""
    really, owner = os._exit, os.getpid()

    def exit_late(status: int) -> NoReturn:
        really(status or int(pytest.ExitCode.INTERNAL_ERROR) if os.getpid() == owner else status)

    os._exit = exit_late
    config.add_cleanup(lambda: setattr(os, "_exit", really))


def _commit(root: Path) -> str:
    """The revision of the checks, with `-dirty` where files were changed; empty outside of a repository."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]
    try:
        return subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=10, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""
