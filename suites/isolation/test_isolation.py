"""No organization can read, change, enrol itself in or learn of another one; every role may do what it must."""

from __future__ import annotations

from concurrent.futures import Future

import pytest

from fixtures.errors import Unverified
from fixtures.evidence import Evidence
from fixtures.findings import Findings
from fixtures.isolation.report import IsolationReport
from fixtures.second_opinion import Opinion

BOUNDARY = (
    "confidentiality",
    "integrity",
    "authority",
    "oracle",
    "exposure",
    "conditional-exposure",
    "over-permission",
)


@pytest.mark.check("must-no-leaks")
def test_no_organization_reaches_another(
    second_opinion: Future[Opinion], isolation: IsolationReport, findings: Findings, evidence: Evidence
) -> None:
    """Whatever an outsider reads, calls or writes, what they see and what stands there are the same with and without
    the other.
    """
    evidence.json("isolation", isolation.to_dict())
    evidence.text("what was inferred", "\n".join(isolation.inferred))
    second_opinion.result().show(evidence)
    leaks = [f for f in isolation.findings if f.kind in BOUNDARY]

    for finding in leaks:
        findings.add(finding)

    assert not leaks, f"{len(leaks)} finding(s), first: {leaks[0]}"
    expect_nothing_skipped(isolation)


@pytest.mark.check("db-rls-verified")
def test_policies_let_through_whom_they_must_and_nobody_else(
    isolation: IsolationReport, findings: Findings, evidence: Evidence
) -> None:
    """A system that denies everybody is no safer than one that errors: both are findings, as is a grant beside the
    matrix.
    """
    evidence.table(
        "access matrix",
        ["role", "object", "operation", "rows", "granted", "expected"],
        [
            [r.role, r.object, r.operation, r.rows, r.granted, "" if r.expected is None else r.expected]
            for r in isolation.matrix
        ],
    )

    for finding in isolation.findings:
        findings.add(finding)

    assert not isolation.findings, f"{len(isolation.findings)} finding(s), first: {isolation.findings[0]}"
    expect_nothing_skipped(isolation)


def expect_nothing_skipped(isolation: IsolationReport) -> None:
    """A run that could not look at something is no all-clear."""
    if isolation.unverified:
        raise Unverified(
            "could not be looked at: " + "; ".join(f"{label}: {why}" for label, why in isolation.unverified.items())
        )
