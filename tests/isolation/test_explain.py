"""What is printed for people can be pasted as it is."""

from __future__ import annotations

import io

from rich.console import Console

from fixtures.findings import Finding
from fixtures.isolation.explain import show
from fixtures.isolation.report import IsolationReport


def test_scripts_are_printed_as_they_are_however_narrow_the_terminal() -> None:
    """A comment that was broken in two ran into `begin`: the script committed whatever it made."""
    observed = "B's value " + "that is long " * 40
    script = f"-- confidentiality: anon\n-- {observed}\nbegin;\nselect 1;\nrollback;\n"
    report = IsolationReport(findings=[Finding("confidentiality", "public.t", "anon", "select", observed, script)])
    printed = io.StringIO()

    show(report, Console(file=printed, width=60), scripts=True)

    assert script in printed.getvalue()
