"""One stack with the reference rollout for all tests here; each plants its fault in the database and repairs it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from environments.loading import load_environment
from environments.model import Environment
from fixtures.findings import Finding
from fixtures.gateway import Gateway
from fixtures.isolation_http.examination import Examination
from fixtures.isolation_http.people import People, gathered
from fixtures.isolation_http.sessions import opened
from fixtures.isolation_http.sightings import Sighting, fold
from fixtures.isolation_http.surface import exposed_schemas, read_surface
from fixtures.runs import Lease, alive, new_run
from fixtures.stack.launch import StackInfo, launch
from fixtures.waiting import until

ROOT = Path(__file__).parents[2]


@dataclass
class Project:
    """A running project to plant faults in, and the passes of isolation on it."""

    info: StackInfo
    environment: Environment
    gateway: Gateway
    people: People

    @contextmanager
    def planted(self, fault: str, repair: str, *, callable_: str = "", schemas: str = "") -> Iterator[None]:
        """The fault, seen by PostgREST, and its repair; it adds the function `callable_` and exposes `schemas`."""
        self._apply(fault)
        try:
            if callable_:
                until(lambda: self._answers(callable_), within=20, what=f"PostgREST knows {callable_}")
            if schemas:
                until(lambda: schemas in exposed_schemas(self.gateway), within=20, what=f"PostgREST exposes {schemas}")
            yield
        finally:
            self._apply(repair)
            if callable_:
                until(lambda: not self._answers(callable_), within=20, what=f"PostgREST forgets {callable_}")
            if schemas:
                until(
                    lambda: schemas not in exposed_schemas(self.gateway), within=20, what=f"PostgREST hides {schemas}"
                )

    def examine(self, what: Callable[[Examination], list[Sighting]], *objects: str) -> list[Finding]:
        """The findings of one pass; `objects` keeps it to these, and canary rows to those tables."""
        surface = read_surface(self.environment, self.gateway)
        run = new_run()
        with (
            Lease(run),
            opened(
                self.environment,
                self.gateway,
                surface,
                self.people,
                run,
                alive,
                {each for each in objects if "(" not in each} or None,
            ) as session,
        ):
            session.examination.only = set(objects) or None
            return fold(what(session.examination))

    def shell(self, script: str) -> str:
        """What a finding's script prints, with its variables set and with nothing else."""
        secrets = {
            "SECRET_KEY": self.info.secret_key,
            "PUBLISHABLE_KEY": self.info.publishable_key,
            "USER_PASSWORD": self.info.user_password,
        }
        done = subprocess.run(
            ["bash", "-c", script],
            env={"PATH": os.environ["PATH"], **secrets},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return done.stdout + done.stderr

    def _apply(self, statements: str) -> None:
        with psycopg.connect(self.info.database_url, autocommit=True) as connection:
            connection.execute(statements.encode())

    def _answers(self, function: str) -> bool:
        answer = self.gateway.service.send("GET", f"/rest/v1/rpc/{function}?course=none")
        return answer.status != 404


@pytest.fixture(scope="session")
def project() -> Iterator[Project]:
    """The reference rollout on a stack of its own, with its users signed in."""
    seed = ["deno", "task", "--quiet", "seed"]
    with launch(ROOT / "fixtures" / "reference", seed=seed) as stack:
        environment = load_environment(ROOT / "environments" / "local.toml", {}, stack=stack.info.variables())
        gateway = Gateway(environment)
        with gathered(environment, gateway) as people:
            yield Project(stack.info, environment, gateway, people)
        gateway.close()
