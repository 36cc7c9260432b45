from __future__ import annotations

from pathlib import Path

import pytest

from tests.preflight.bench import Bench
from tests.preflight.bench import bench as make


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return make(tmp_path)
