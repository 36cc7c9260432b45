"""While connections are shared and claims change at every request, nobody sees what is another organization's."""

from __future__ import annotations

import pytest

from environments.model import Environment
from fixtures.evidence import Evidence
from fixtures.findings import Finding, Findings
from load.isolation import expect_looked_at
from load.report import LoadReport


@pytest.mark.check("smoke-no-rls-violations")
def test_no_answer_under_load_bears_what_is_another_organizations(
    load_run: LoadReport, environment: Environment, evidence: Evidence, findings: Findings
) -> None:
    """One leak among all answers fails: a session setting that bleeds, an answer cached across users.

    It counts only while members do see their own organization's marks, and every organization has some.
    """
    leaks = load_run.leaks()
    evidence.table(
        "answers looked at",
        ("organization", "marks looked for", "answers with own marks"),
        [(name, count, load_run.own(name)) for name, count in load_run.marks.items()],
    )
    evidence.json(
        "leaks", {"answers": load_run.answers, "leaked": load_run.leaked, "leaks": [e.model_dump() for e in leaks]}
    )
    for leak in leaks:
        findings.add(
            Finding(
                kind="confidentiality",
                object=leak.request.partition(" ")[2],
                actor=leak.account,
                operation=f"{leak.request} under load",
                observed=f"saw {leak.mark} of {leak.owner} (status {leak.status}): {leak.observed}",
                reproduce=f"locust -f load/locustfile.py --env {environment.name} --headless --report report.json",
            )
        )
    first = f": {leaks[0].account} saw {leaks[0].mark} of {leaks[0].owner} in {leaks[0].request}" if leaks else ""

    assert load_run.leaked == 0, (
        f"{load_run.leaked} of {load_run.answers} answers bore another organization's marks{first}"
    )
    expect_looked_at(load_run, tuple(environment.users.organizations))
