"""One stack for all tests of load, and environment files that point at it or at something faulty before it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from fixtures.load import LOCUSTFILE, ROOT, run_locust
from fixtures.stack.__main__ import REFERENCE, REFERENCE_SEED
from fixtures.stack.launch import RunningStack, launch
from load.report import LoadReport
from tests.planted import CANARIES

ENVIRONMENT = """
profile = "local"

[api]
url = "{url}"
publishable_key = "${{STACK_PUBLISHABLE_KEY}}"
secret_key = "${{STACK_SECRET_KEY}}"

[users]
password = "${{STACK_USER_PASSWORD}}"

{canaries}
[storage]
cache_header = "x-cache"

[permissions]
writes = true
canary_tenants = ["acme", "globex"]

[load]
enabled = true
users = 12
duration = {duration}
max_requests = {requests}
rate = 100
spawn_rate = 12
think = 0.06
"""


@dataclass
class Target:
    """Makes environment files and puts load on them."""

    stack: RunningStack
    folder: Path

    @property
    def variables(self) -> dict[str, str]:
        return {**os.environ, **self.stack.info.variables()}

    def file(self, url: str | None = None, *, duration: float = 3, requests: int = 600) -> Path:
        path = self.folder / "target.toml"
        path.write_text(
            ENVIRONMENT.format(
                canaries=CANARIES, url=url or self.stack.info.api_url, duration=duration, requests=requests
            )
        )
        return path

    def run(self, file: Path, *arguments: str) -> LoadReport:
        return run_locust(file, self.folder / "report.json", variables=self.variables, within=60, arguments=arguments)

    @contextmanager
    def distributed(self, file: Path, *, workers: int) -> Iterator[Distributed]:
        """A master and its workers, each a process of its own, as on several machines."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = str(probe.getsockname()[1])
        path, log = self.folder / "report.json", self.folder / "distributed.log"
        locust = [sys.executable, "-m", "locust", "-f", str(LOCUSTFILE), "--headless", "--env", str(file)]
        leading = ["--master", "--expect-workers", str(workers), "--master-bind-port", port, "--report", str(path)]
        started: list[subprocess.Popen[bytes]] = []

        def start(*arguments: str) -> None:
            with log.open("ab") as output:
                command = [*locust, "--only-summary", *arguments]
                started.append(
                    subprocess.Popen(
                        command, cwd=ROOT, env=self.variables, stdout=output, stderr=output, stdin=subprocess.DEVNULL
                    )
                )

        try:
            start(*leading)
            for _ in range(workers):
                start("--worker", "--master-port", port)
            yield Distributed(started[0], started[1:], path)
        finally:
            for process in started:
                process.kill()
                process.wait()


@dataclass
class Distributed:
    """A run of several processes."""

    master: subprocess.Popen[bytes]
    workers: list[subprocess.Popen[bytes]]
    path: Path

    def report(self, *, within: float) -> LoadReport:
        """Wait until the master has ended, and read what it wrote."""
        self.master.wait(within)
        return LoadReport.read(self.path)


@pytest.fixture(scope="session")
def stack() -> Iterator[RunningStack]:
    with launch(REFERENCE, seed=REFERENCE_SEED) as running:
        yield running


@pytest.fixture
def target(stack: RunningStack, tmp_path: Path) -> Target:
    return Target(stack, tmp_path)
