"""A mock project: a catalogue of three items, an environment, and real pytest runs on checks that a test writes."""

from __future__ import annotations

import functools
import os
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from reports.model import ItemVerdict, Verdict
from tests.verdict.zygote import Zygote

ROOT = Path(__file__).parent.parent.parent

_ITEM = """
[{id}]
title = "{title}"
section = ["Database", "{section}"]
source = ["- [ ] {title}"]
kind = "{kind}"
gate = "{gate}"
phase = "pre-deployment"
layer = "migrations"
environments = ["local", "staging", "production"]
owner = "Engineering"
risk = "Something breaks."
remedy = "Repair it."
"""


@dataclass
class Ended:
    """How a run ended."""

    status: int
    output: str
    out: Path

    @property
    def verdict(self) -> Verdict:
        return Verdict.read(self.out / "verdict.json")

    def item(self, name: str = "alpha") -> ItemVerdict:
        return next(item for item in self.verdict.items if item.id == name)


@dataclass
class Project:
    """A directory with suites, a catalogue and an environment of its own."""

    path: Path

    def item(self, id: str, *, gate: str = "must", kind: str = "check", title: str = "", section: str = "Rows") -> None:  # noqa: A002
        with (self.path / "suites/checklist.toml").open("a") as file:
            file.write(_ITEM.format(id=id, title=title or id.title(), gate=gate, kind=kind, section=section))

    def suite(self, source: str, name: str = "test_checks.py") -> None:
        path = self.path / "suites" / name
        path.write_text("import os, pytest\ncheck = pytest.mark.check\n\n" + textwrap.dedent(source))

    def write(self, name: str, text: str) -> Path:
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
        return path

    def run(self, *arguments: str, variables: Mapping[str, str] | None = None, allure: bool = False) -> Ended:
        if not any(argument.startswith("-m") for argument in arguments):
            arguments = ("-m", "staging", *arguments)
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "STAGING_"))
        }
        environment |= {"PYTHONPATH": str(ROOT), **(variables or {})}
        # Half of a run's time would go into plugins that no mock check uses.
        plugins = ["allure_pytest", "timeout", *(["xdist"] if "-n" in arguments else [])]
        environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
        arguments = (*(f"-p{name}" for name in plugins), *([] if allure else ["--no-allure-html"]), *arguments)
        output = self.path / "output.txt"
        status = _zygote().run(
            ["-p", "no:cacheprovider", *arguments], cwd=self.path, variables=environment, output=output
        )
        return Ended(status, output.read_text(), self.path / "reports/out/staging")


@functools.cache
def _zygote() -> Zygote:
    return Zygote(ROOT)


def mock_project(path: Path) -> Project:
    """A project with the must-items `alpha` and `beta`; `beta` passes, `alpha` has no check."""
    made = Project(path)
    made.write("conftest.py", (ROOT / "conftest.py").read_text())
    made.write(
        "pytest.toml",
        """
        [pytest]
        strict = true
        pythonpath = ["."]
        testpaths = ["suites"]
        """,
    )
    made.write(
        "environments/staging.toml", '[database]\ndsn = "postgresql://nobody:secret-dsn-word@127.0.0.1:9/none"\n'
    )
    made.write("suites/checklist.toml", "")
    made.item("alpha")
    made.item("beta")
    made.suite('@check("beta")\ndef test_beta():\n    assert True\n', "test_beta.py")
    return made
