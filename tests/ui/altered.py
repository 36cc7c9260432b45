"""Altered front ends: the reference's with faults planted in its source, served by one stack, seen by the suite."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fixtures.stack.commands import tools
from fixtures.stack.launch import RunningStack
from reports.model import Verdict
from tests.planted import ROOT, Judged, users_of

REFERENCE = ROOT / "fixtures" / "reference"
SOURCE = REFERENCE / "web"
NAME = f"altered-{os.getpid()}"
OUT = ROOT / "reports" / "out" / NAME
SEED = ["deno", "task", "--quiet", "seed"]
BUILT_FROM = ("src", "build.ts", "deno.json", "deno.lock", "index.html")

ENVIRONMENT = """
profile = "{profile}"
[database]
dsn = "${{STACK_DB_URL}}"
[api]
url = "${{STACK_API_URL}}"
publishable_key = "${{STACK_PUBLISHABLE_KEY}}"
secret_key = "${{STACK_SECRET_KEY}}"
[web]
url = "{url}"
timeout = {timeout}
[web.labels]
{labels}
[users]
password = "${{STACK_USER_PASSWORD}}"
superadmin = "root@learnplay.test"
stranger = "nobody@nowhere.test"
{canaries}[permissions]
writes = {writes}
canary_tenants = {tenants}
[deployment]
phase = "month-1"
"""


@dataclass(frozen=True)
class Change:
    """A text of the front end's source, and what stands in its place."""

    file: str
    old: str
    new: str


@dataclass(frozen=True)
class Ended(Judged):
    """How the suite ended on a front end."""

    output: str

    @property
    def reasons(self) -> str:
        """Why each check that did not pass did not."""
        checks = [check for item in self.verdict.items for check in item.checks if check.outcome != "passed"]
        return "\n".join(dict.fromkeys(f"{check.nodeid}: {check.reason}" for check in checks))


class FrontEnds:
    """Builds altered front ends and lets the suite look at them, one after another at the same address."""

    def __init__(self, stack: RunningStack, served: Path, folder: Path) -> None:
        self.stack = stack
        self._served = served
        self._folder = folder

    def alter(self, *changes: Change) -> None:
        """Serve the reference's front end with these changes. A text that is not there once is an error of the test."""
        copy = self._folder / "web"
        shutil.rmtree(copy, ignore_errors=True)
        for name in BUILT_FROM:
            path = SOURCE / name
            (shutil.copytree if path.is_dir() else shutil.copy2)(path, _parent(copy / name))
        for change in changes:
            file = copy / "src" / change.file
            text = file.read_text()
            assert text.count(change.old) == 1, f"{change.file}: {change.old!r} is there {text.count(change.old)} times"
            file.write_text(text.replace(change.old, change.new))
        built = subprocess.run(
            ["deno", "task", "--quiet", "build"], cwd=copy, env=tools(), capture_output=True, text=True, timeout=60
        )
        assert built.returncode == 0, built.stderr
        shutil.copytree(copy / "dist", self._served, dirs_exist_ok=True)

    def serve(self, folder: Path) -> None:
        """Serve the front end of somebody else: a page, its styles, and a program to be bundled."""
        assets = self._served / "assets"
        assets.mkdir(exist_ok=True)
        bundle = ["deno", "bundle", "--quiet", "--platform", "browser", f"--config={SOURCE / 'deno.json'}", "--frozen"]
        bundle += ["-o", str(assets / "app.js"), "app.ts"]
        built = subprocess.run(bundle, cwd=folder, env=tools(), capture_output=True, text=True, timeout=60)
        assert built.returncode == 0, built.stderr
        shutil.copy2(folder / "stil.css", assets)
        shutil.copy2(folder / "index.html", self._served)

    def look(
        self,
        *selected: str,
        labels: str = "",
        profile: str = "local",
        writes: bool = True,
        url: str | None = None,
        timeout: float = 5,
        film: bool = False,
        tenants: Sequence[str] = ("acme", "globex"),
    ) -> Ended:
        """Run checks of the suite, by file or node id, on what is served. Their reports go to a folder of the run."""
        project = self._folder / "project"
        project.mkdir(exist_ok=True)
        environment, variables = project / f"{NAME}.toml", project / "stack.env"
        settings = {"labels": labels, "profile": profile, "url": url or self.stack.info.web_url, "timeout": timeout}
        settings |= {"tenants": json.dumps(tenants), "writes": str(writes).lower()}
        environment.write_text(ENVIRONMENT.format(canaries="".join(map(users_of, tenants)), **settings))
        variables.touch(mode=0o600)
        variables.write_text("".join(f"{key}='{value}'\n" for key, value in self.stack.info.variables().items()))
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "--show-capture=no",
            "--no-allure-html",
            *([] if film else ["--video=off"]),
        ]
        command += [f"--env={environment}", f"--dotenv={variables}", *(f"suites/ui/{each}" for each in selected)]
        clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        ended = subprocess.run(command, cwd=ROOT, env=clean, capture_output=True, text=True, timeout=400)
        verdict = OUT / "verdict.json"
        assert verdict.exists(), ended.stdout + ended.stderr
        return Ended(Verdict.read(verdict), ended.stdout)


def _parent(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path
