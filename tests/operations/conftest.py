from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from environments.migrations import Migrations, load_expectations
from fixtures.rehearsal import Rehearsal, Rollout
from fixtures.scratch import Scratch, ScratchDatabase
from fixtures.throwaway import Throwaway
from tests.preflight.bench import REFERENCE, Bench
from tests.preflight.bench import bench as make


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return make(tmp_path)


@pytest.fixture(scope="session")
def known(scratch: Scratch) -> Rehearsal:
    return Rehearsal(scratch, Rollout.read(REFERENCE, load_expectations(Migrations().expectations)))


@pytest.fixture(scope="session")
def project() -> Iterator[Throwaway]:
    """One throw-away project for all tests of a worker."""
    started = Throwaway(REFERENCE)
    yield started
    started.stop()


@pytest.fixture
def target(scratch: Scratch, known: Rehearsal) -> Iterator[ScratchDatabase]:
    made = known.after(len(known.rollout.new))
    yield made
    scratch.drop(made)
