"""One cluster and one stack of a stranger's rollout for all tests of a worker; what stops them has its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fixtures.stack.launch import RunningStack, launch
from fixtures.stack.postgres import Cluster
from tests.stack import strangers


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with Cluster.start(tmp_path_factory.mktemp("cluster")) as running:
        yield running


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    with launch(strangers.complete(tmp_path_factory.mktemp("strangers"))) as running:
        yield running
