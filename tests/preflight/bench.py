"""A project directory with greenlight's own suites, an application to spoil, and real runs of the checks on it."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from reports.model import Verdict
from tests.migrations.planting import Ended
from tests.planted import ROOT, project

REFERENCE = ROOT / "fixtures" / "reference"

_API = '[api]\nurl = "https://bench.test"\npublishable_key = "sb_publishable_bench"\n'
_WEB = '[web]\nurl = "https://app.bench.test"\n'
SCRIPTS = {
    "typecheck": "echo checked",
    "lint": "echo clean",
    "test": "echo 12 passed",
    "e2e": "echo 2 passed",
    "build": 'mkdir -p dist && echo "<script src=app.js>" > dist/index.html'
    ' && echo "connect(\\"$VITE_SUPABASE_URL\\", \\"$VITE_SUPABASE_PUBLISHABLE_KEY\\")" > dist/app.js',
    "backfill": "echo nothing to do",
}


class _Noting:
    """Notes what became of each check, and gives the run fixtures of the test's own."""

    def __init__(self, fixtures: Mapping[str, Any]) -> None:
        self.outcomes: dict[str, str] = {}
        self.failures: list[str] = []
        self._fixtures = fixtures

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        for name, value in self._fixtures.items():
            late = type("Late", (), {name: _fixture(name, value)})  # of two fixtures of a name the later one counts
            config.pluginmanager.register(late())

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" or report.outcome != "passed":
            self.outcomes[report.nodeid.rpartition("::")[2]] = report.outcome
        if report.failed:
            self.failures.append(report.longreprtext)


def _fixture(name: str, value: Any) -> Any:
    def given(_: Any) -> Any:
        return value

    return pytest.fixture(scope="session", name=name)(given)


@dataclass
class Bench:
    """Where runs happen; `app` is an application that is as it should be until a test spoils it."""

    path: Path
    app: Path

    def write(self, name: str, text: str) -> Path:
        """Write a file of the application."""
        file = self.app / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    def edit(self, name: str, old: str, new: str) -> None:
        """Change a file of the application; the old text must be there."""
        text = (self.app / name).read_text()
        assert old in text, f"{name} has no {old!r}"
        self.write(name, text.replace(old, new))

    def run(
        self,
        *checks: str,
        profile: str = "staging",
        toml: str = "",
        app: str = "",
        scripts: Mapping[str, str] | None = None,
        timeout: float = 20,
        fixtures: Mapping[str, Any] | None = None,
    ) -> Ended:
        """Run check files (`preflight/test_scripts.py`) on the application; `app` are more settings of `[app]`."""
        file = self.path / "environments" / "bench.toml"
        address = "".join(table for table in (_API, _WEB) if table.split("\n")[0] not in toml)
        commands = {name: f"sh scripts/{name}.sh" for name in SCRIPTS} | dict(scripts or {})
        lines = [f'profile = "{profile}"', address, toml, "[app]", f'path = "{self.app}"', 'bundle = "dist"', app]
        lines += ["[app.scripts]", *(f'{name} = "{command}"' for name, command in commands.items())]
        file.write_text("\n".join([*lines, f"timeout = {timeout}"]))
        noting = _Noting(fixtures or {})
        arguments = [str(self.path / "suites" / check) for check in checks]
        arguments += ["--env", str(file), "--rootdir", str(self.path), "-c", str(self.path / "pytest.toml")]
        arguments += ["--disable-plugin-autoload", "-q"]
        arguments += [f"-pno:{name}" for name in ("cacheprovider", "unraisableexception")]
        with patch("reports.verdict._signoff"):
            pytest.main(arguments, plugins=[noting])
        verdict = Verdict.read(self.path / "reports" / "out" / "bench" / "verdict.json")
        return Ended(verdict, noting.outcomes, noting.failures)


def bench(path: Path) -> Bench:
    """A new bench with a copy of the reference application whose scripts are quick."""
    project(path)
    app = path / "app"
    app.mkdir()
    for part in ("docs", "package.json", "supabase/migrations", "releases"):
        source = REFERENCE / part
        (shutil.copytree if source.is_dir() else shutil.copy)(source, app / part)
    made = Bench(path, app)
    for name, text in SCRIPTS.items():
        made.write(f"scripts/{name}.sh", text + "\n")
    return made
