from __future__ import annotations

from collections.abc import Iterator

import pytest

from fixtures.scratch import Scratch
from tests.monitoring.fakes import Provider
from tests.monitoring.planting import Bench, bench


@pytest.fixture(scope="session")
def planting(tmp_path_factory: pytest.TempPathFactory, scratch: Scratch) -> Bench:
    return bench(tmp_path_factory.mktemp("operations"), scratch)


@pytest.fixture
def provider() -> Iterator[Provider]:
    """A provider's API on loopback; gone afterwards."""
    made = Provider()
    yield made
    made.close()
