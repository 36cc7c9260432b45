from __future__ import annotations

from collections.abc import Iterator

import pytest

from fixtures.stack.launch import launch
from tests.functions.planting import Planting, copied, planting


@pytest.fixture(scope="session")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Planting]:
    """A stack on a copy of the reference rollout, whose functions the tests spoil one after the other."""
    rollout = copied(tmp_path_factory.mktemp("rollout"))
    with launch(rollout, seed=["deno", "task", "--quiet", "seed"]) as stack:
        made = planting(tmp_path_factory.mktemp("planting"), rollout, stack)
        yield made
        made.gateway.close()
