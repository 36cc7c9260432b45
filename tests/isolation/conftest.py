"""One cluster for these tests; each schema in a database of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import psycopg
import pytest

from environments.tenancy import Tenancy
from fixtures.isolation.engine import examine
from fixtures.isolation.report import IsolationReport
from fixtures.stack.postgres import Cluster

Examine = Callable[..., IsolationReport]


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with Cluster.start(Path(tmp_path_factory.mktemp("isolation"))) as running:
        yield running


@pytest.fixture(scope="session")
def database_of(cluster: Cluster) -> Callable[[str], str]:
    numbers = count()

    def make(schema: str) -> str:
        dsn = cluster.create(f"isolation_{next(numbers)}")
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(schema)  # type: ignore[call-overload]
        return dsn

    return make


@pytest.fixture(scope="session")
def examined(database_of: Callable[[str], str]) -> Examine:
    def run(schema: str, tenancy: Tenancy | None = None) -> IsolationReport:
        return examine(database_of(schema), tenancy)

    return run
