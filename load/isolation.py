"""When the search for leaks under load may be believed."""

from __future__ import annotations

from collections.abc import Iterable

from fixtures.errors import Unverified
from load.budgets import expect_whole
from load.report import LoadReport

LEAST = 50
"""Successful answers without which nothing is decided: a fault that shows at one request in hundreds is rare."""


def expect_looked_at(report: LoadReport, organizations: Iterable[str]) -> None:
    """Raise `Unverified` where no leak was found and none could have been.

    Too few answers, an organization without marks, or one whose own members never saw any of its marks: then the
    search is blind (a body that cannot be read, other ids than expected).
    """
    expect_whole(report)
    if report.successful < LEAST:
        raise Unverified(f"load: {report.successful} successful answers were looked at, fewer than {LEAST}")
    without = [name for name in organizations if not report.marks.get(name)]
    if without:
        raise Unverified(f"load: nothing that only its members may see was found of {', '.join(without)}")
    blind = [name for name in organizations if not report.own(name)]
    if blind:
        raise Unverified(f"load: members of {', '.join(blind)} saw none of their own organization's marks")
