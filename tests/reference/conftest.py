"""The reference rollout on a Postgres of its own, once per session; a world in a transaction, once per test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from fixtures.stack.postgres import Cluster
from tests.reference.world import World, migrate, populate


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with Cluster.start(tmp_path_factory.mktemp("reference")) as running:
        yield running


@pytest.fixture(scope="session")
def populated(cluster: Cluster) -> str:
    """The dsn of a database with all migrations applied and two organizations in it."""
    dsn = cluster.create("reference_world")
    migrate(dsn)
    with psycopg.connect(dsn) as connection:
        populate(connection)
    return dsn


@pytest.fixture(scope="session")
def connections(populated: str) -> Iterator[Callable[[], psycopg.Connection[Any]]]:
    """One connection for all worlds, and a new one once somebody has ended it (whoever copies the database does)."""
    held: list[psycopg.Connection[Any]] = []

    def connection() -> psycopg.Connection[Any]:
        if not held or held[-1].closed or held[-1].broken:
            held.append(psycopg.connect(populated))
        return held[-1]

    yield connection
    for each in held:
        each.close()


@pytest.fixture
def world(connections: Callable[[], psycopg.Connection[Any]]) -> Iterator[World]:
    """A world in a transaction that is rolled back."""
    connection = connections()
    try:
        connection.execute("select")
    except psycopg.OperationalError:
        connection = connections()
    try:
        yield World(connection)
    finally:
        connection.rollback()
