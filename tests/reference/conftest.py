"""The reference rollout on a Postgres of its own, once per session; a world in a transaction, once per test."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from fixtures.stack.postgres import Cluster
from tests.reference.world import World, migrate, opened, populate


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


@pytest.fixture
def world(populated: str) -> Iterator[World]:
    with opened(populated) as world:
        yield world
