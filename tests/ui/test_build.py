"""The stack serves a front end that was built just now, or does not start and says what the build printed."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixtures.errors import StackError
from fixtures.stack.launch import launch
from fixtures.stack.state import run_directory

FAILING = ["deno", "eval", "console.error('src/app.tsx: no such thing as Tgas'); Deno.exit(3)"]


def test_a_front_end_that_does_not_build_is_no_stack(tmp_path: Path) -> None:
    """An older build that still lies there would be verified in its place."""
    (tmp_path / "supabase").mkdir()
    before = set(run_directory().path.iterdir())

    with pytest.raises(StackError, match=r"build command .* ended with 3: .*no such thing as Tgas"):
        launch(tmp_path, build=FAILING)

    left = {path.name for path in set(run_directory().path.iterdir()) - before if path.is_dir()}
    assert not any(name.startswith("stack") for name in left)
