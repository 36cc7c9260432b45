"""What the benches share on which faults are planted: a project around the real suites, seeded users, the judgement.

A bench runs the real checks on something spoilt, and a test says which items must be red for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from reports.model import ItemVerdict, Verdict

ROOT = Path(__file__).parent.parent


def users_of(organization: str) -> str:
    """The users of one of the organizations of the reference's seed, as a section of an environment file."""
    return f"""
[users.organizations.{organization}]
viewer = "viewer@{organization}.test"
editor = "editor@{organization}.test"
org_admin = "admin@{organization}.test"
"""


CANARIES = users_of("acme") + users_of("globex")
"""The two organizations of the reference's seed that checks write to, as sections of an environment file."""


def project(path: Path) -> Path:
    """Make `path` a project directory with greenlight's own suites; returns the folder for its environment files."""
    (path / "conftest.py").write_text((ROOT / "conftest.py").read_text())
    (path / "pytest.toml").write_text('[pytest]\nstrict = true\npythonpath = ["."]\n')
    (path / "suites").symlink_to(ROOT / "suites")
    environments = path / "environments"
    environments.mkdir()
    return environments


@dataclass(frozen=True)
class Judged:
    """The verdict of a run on something planted."""

    verdict: Verdict

    def __getitem__(self, item: str) -> ItemVerdict:
        return next(each for each in self.verdict.items if each.id == item)

    def with_status(self, status: str) -> set[str]:
        """The items with a status."""
        return {each.id for each in self.verdict.items if each.status == status}

    @property
    def red(self) -> set[str]:
        """The items that failed."""
        return self.with_status("failed")

    @property
    def green(self) -> set[str]:
        """The items that were verified."""
        return self.with_status("verified")
