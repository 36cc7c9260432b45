from __future__ import annotations

import pytest

from environments.migrations import Migrations, load_contract
from fixtures.rehearsal import Rehearsal, Rollout
from fixtures.scratch import Scratch
from tests.migrations.planting import REFERENCE, Bench, bench


@pytest.fixture(scope="session")
def planting(tmp_path_factory: pytest.TempPathFactory, scratch: Scratch) -> Bench:
    rollout = Rollout.read(REFERENCE, load_contract(Migrations().contract))
    return bench(tmp_path_factory.mktemp("planting"), scratch, Rehearsal(scratch, rollout))
