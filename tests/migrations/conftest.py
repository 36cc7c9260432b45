from __future__ import annotations

import pytest

from fixtures.scratch import Scratch
from tests.migrations.planting import Bench, bench


@pytest.fixture(scope="session")
def planting(tmp_path_factory: pytest.TempPathFactory, scratch: Scratch) -> Bench:
    return bench(tmp_path_factory.mktemp("planting"), scratch)
