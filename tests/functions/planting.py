"""Planting a fault in the functions, or between them and the checks, and running the real checks on them."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import psycopg
import pytest

from environments.loading import load_environment
from environments.model import Environment
from fixtures.gateway import _GATEWAY, Gateway
from fixtures.stack.launch import RunningStack
from fixtures.waiting import until
from reports.model import Verdict
from tests.functions.proxy import Meddle, Proxy
from tests.planted import CANARIES, ROOT, Judged, project

REFERENCE = ROOT / "fixtures" / "reference"

_ENVIRONMENT = """
profile = "local"
[database]
dsn = "{info.database_url}"
[api]
url = "{info.api_url}"
publishable_key = "{info.publishable_key}"
secret_key = "{info.secret_key}"
anon_key = "{info.anon_key}"
service_role_key = "{info.service_role_key}"
[functions]
allowed_origins = ["{info.web_url}"]
log = "{info.functions_log}"
[users]
password = "{info.user_password}"
expired_token = "{info.expired_token}"
superadmin = "root@learnplay.test"
several = "both@acme-globex.test"
stranger = "nobody@nowhere.test"
{canaries}[permissions]
writes = true
canary_tenants = ["acme", "globex"]
[app]
path = "{rollout}"
"""


@dataclass(frozen=True)
class Ended(Judged):
    """What the checks said."""

    outcomes: dict[str, str]
    failures: dict[str, str]

    @property
    def failed(self) -> set[str]:
        """The checks that failed, by their names without parameters."""
        return {name.partition("[")[0] for name, outcome in self.outcomes.items() if outcome == "failed"}

    def message(self, check: str) -> str:
        """What a check's failures say."""
        return "\n".join(text for name, text in self.failures.items() if name.partition("[")[0] == check)


@dataclass
class _Listening:
    """Gives a run the actors who have signed in already, and notes what became of each check."""

    gateway: Gateway
    outcomes: dict[str, str] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        known = self.gateway
        config.stash[_GATEWAY] = known

        class Late:  # of two plugins' fixtures of one name, that of the later one counts
            @pytest.fixture(scope="session")
            def gateway(self) -> Gateway:
                return known

        config.pluginmanager.register(Late())

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        name = report.nodeid.rpartition("::")[2]
        if report.when == "call" or report.outcome != "passed":
            self.outcomes[name] = report.outcome
        if report.failed:
            self.failures[name] = report.longreprtext


@dataclass
class Planting:
    """A stack on a copy of the rollout whose functions can be spoilt, and a project directory for the runs."""

    path: Path
    stack: RunningStack
    rollout: Path
    environment: Environment
    gateway: Gateway

    @contextmanager
    def fault(self, changes: Sequence[tuple[str, str, str]]) -> Iterator[None]:
        """Change files of the functions (file, text, other text); all is as it was afterwards."""
        folder = self.rollout / "supabase" / "functions"
        before = {name: (folder / name).read_text() for name, _, _ in changes}
        try:
            for name, old, new in changes:
                text = (folder / name).read_text()
                assert old in text, f"{name} has no {old!r}: the fault would not be planted"
                (folder / name).write_text(text.replace(old, new))
            self._restart()
            yield
        finally:
            for name, text in before.items():
                (folder / name).write_text(text)
            self._restart()

    @contextmanager
    def without(self, *triggers: str) -> Iterator[None]:
        """A database without some triggers (`table.trigger`): its own refusal would hide what a function lets by."""
        with psycopg.connect(self.stack.info.database_url, autocommit=True) as database:

            def turn(to: str) -> None:
                for table, _, trigger in (each.partition(".") for each in triggers):
                    database.execute(f"alter table public.{table} {to} trigger {trigger}")

            turn("disable")
            try:
                yield
            finally:
                turn("enable")

    @contextmanager
    def meddled(self, meddle: Meddle) -> Iterator[Gateway]:
        """A gateway whose functions are behind a proxy that changes their answers."""
        assert self.environment.functions is not None
        assert self.environment.functions.url is not None
        with Proxy(self.environment.functions.url, meddle) as proxy:
            functions = self.environment.functions.model_copy(update={"url": f"{proxy.url}/functions/v1"})
            gateway = Gateway(self.environment.model_copy(update={"functions": functions}))
            gateway._actors.update(
                {name: dataclasses.replace(actor, gateway=gateway) for name, actor in self.gateway._actors.items()}
            )
            yield gateway
            gateway.close()

    def run(
        self, *checks: str, gateway: Gateway | None = None, more: Sequence[str] = (), file: Path | None = None
    ) -> Ended:
        """Run checks of suites/functions (files, or `file::check`) on the stack as it is now."""
        listening = _Listening(gateway or self.gateway)
        suite = self.path / "suites" / "functions"
        environment = file or self.path / "environments" / "planted.toml"
        pytest.main(
            [
                *(str(suite / check) for check in checks),
                *("--env", str(environment), "--rootdir", str(self.path), "-c", str(self.path / "pytest.toml")),
                *("--disable-plugin-autoload", "-p", "no:cacheprovider", "-q", "--no-allure-html", *more),
            ],
            plugins=[listening],
        )
        out = self.path / "reports" / "out" / environment.stem / "verdict.json"
        return Ended(Verdict.read(out), listening.outcomes, listening.failures)

    def write(self, name: str, text: str) -> Path:
        """An environment file beside the usual one."""
        file = self.path / "environments" / f"{name}.toml"
        file.write_text(text)
        return file

    def _restart(self) -> None:
        """End the functions' processes: each starts again, as it is now, at its next request."""
        supervisor = psutil.Process(self.stack.supervisor.pid)
        functions = [child for child in supervisor.children(recursive=True) if _is_deno(child)]
        for process in functions:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        until(
            lambda: not any(_runs(each) for each in functions), within=5, what="the functions have ended", every=0.005
        )


def _is_deno(process: psutil.Process) -> bool:
    try:
        return process.name().startswith("deno")
    except psutil.NoSuchProcess:  # it has ended by itself meanwhile
        return False


def _runs(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def planting(path: Path, rollout: Path, stack: RunningStack) -> Planting:
    """A project directory with greenlight's own suites, and an environment file for the stack."""
    file = project(path) / "planted.toml"
    text = _ENVIRONMENT.format(info=stack.info, rollout=rollout, canaries=CANARIES)
    file.write_text(text)
    environment = load_environment(file, {})
    return Planting(path, stack, rollout, environment, Gateway(environment))


def copied(path: Path) -> Path:
    """A copy of the reference rollout whose functions may be changed, with what its seed needs."""
    rollout = path / "rollout"
    shutil.copytree(REFERENCE, rollout, ignore=shutil.ignore_patterns("node_modules", "dist", "web"))
    return rollout
