"""Every way in which a run can look green without having looked: pytest's exit status and the verdict are not fooled."""

from __future__ import annotations

import pytest

from tests.verdict.conftest import Project


def test_a_run_in_which_everything_passes_is_go(project: Project) -> None:
    project.suite('@check("alpha")\ndef test_alpha():\n    assert 1 + 1 == 2\n')

    ended = project.run()

    assert (ended.status, ended.verdict.verdict, ended.item().status) == (0, "go", "verified"), ended.output
