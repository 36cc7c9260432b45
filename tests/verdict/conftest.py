from __future__ import annotations

from pathlib import Path

import pytest

from tests.verdict.project import Project, mock_project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return mock_project(tmp_path)
