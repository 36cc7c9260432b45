"""One stack for all altered front ends."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures.stack.launch import launch
from tests.ui.altered import OUT, REFERENCE, SEED, FrontEnds


@pytest.fixture(scope="session")
def front_ends(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FrontEnds]:
    folder = tmp_path_factory.mktemp("front-ends")
    served = folder / "served"
    served.mkdir()
    with launch(REFERENCE, seed=SEED, web=served) as stack:
        yield FrontEnds(stack, served, _made(folder / "work"))
    shutil.rmtree(OUT, ignore_errors=True)


def _made(path: Path) -> Path:
    path.mkdir()
    return path
