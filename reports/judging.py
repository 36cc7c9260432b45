"""The judgement: a pure function from what is known about a run to its verdict.

An item starts as `unverified` and leaves that state only for a reason:

- `not applicable`: data says so (`fixtures.catalogue.applies`); whatever ran for it is shown and decides nothing.
- `failed`: a check of it failed, or added a finding (one that adds findings and passes is a defect of its own). A live
  waiver makes it `waived`, still with the failure, unless another check of it did not look: a waiver accepts a failure
  and no silence. Nothing else outweighs a failure.
- `attested`: an item of kind attestation with a live attestation; one of kind check that is `attestable`, as long as
  those of its checks that did not pass say no more than that they could not look.
- `verified`: it has a check, and every check of it that is known ran and passed in setup, call and teardown.
- `unverified` in every other case. The reason is `no check yet` exactly when there is no check for the item at all;
  where one was lost on the way (a module that did not import, a check in the source that pytest did not collect), the
  reason says that instead.

A run is go when every applicable must-item in its selection is verified, attested or waived, at least one item was
decided by a check or a person, and the run itself had no problem: everything was collected, nothing interrupted it.
Items of the gates should, nice and info are judged and shown in the same way, and do not block.

A partial selection judges the items of which at least one check was selected, by the same rules, so that an item with a
deselected check stays unverified. It is no gate: `selection` says so in every report.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from environments.attestations import Attestation, attested
from environments.files import meant
from environments.people import Unfilled
from environments.waivers import Waiver, waived
from fixtures.catalogue import Item, decidable
from fixtures.findings import Finding
from reports.model import NO_CHECK_YET, Counts, FindingVerdict, ItemVerdict, Verdict
from reports.outcomes import Check


@dataclass(frozen=True)
class Run:
    """What a verdict says about the run itself.

    `narrowed_by` is what made the selection partial, `interrupted` what ended the run early, and `problems` is all else
    that keeps it from go whatever its items say.
    """

    environment: str
    id: str
    started: datetime
    duration_s: float
    narrowed_by: str = ""
    interrupted: str = ""
    problems: tuple[str, ...] = ()
    commit: str = ""


@dataclass(frozen=True)
class Facts:
    """Everything that decides a verdict.

    `not_applicable` gives the reason of each item that is out of scope; `lost` names, by item, checks that exist and
    were not collected; `now` is the moment at which attestations and waivers must be live; `approvers`
    are those who may sign them. `placeholders` stand in the environment file and contradict an attestation of their
    item; `unnamed` are contacts that nobody filled in. What comes after `deployed_at` cannot be signed for before.
    `environments` are the names of those that there are, as far as anybody knows.
    """

    run: Run
    items: Sequence[Item]
    now: datetime
    checks: Sequence[Check] = ()
    not_applicable: Mapping[str, str] = field(default_factory=dict)
    attestations: Sequence[Attestation] = ()
    waivers: Sequence[Waiver] = ()
    lost: Mapping[str, str] = field(default_factory=dict)
    approvers: Sequence[str] = ()
    placeholders: Sequence[Unfilled] = ()
    unnamed: Sequence[Unfilled] = ()
    deployed_at: datetime | None = None
    environments: Sequence[str] = ()


def judge(facts: Facts) -> Verdict:
    """Judge a run. Pure: the same facts give the same verdict."""
    by_item: dict[str, list[Check]] = {item.id: [] for item in facts.items}
    strays: list[Check] = []
    for check in facts.checks:
        known = [item for item in check.items if item in by_item]
        for item in known:
            by_item[item].append(check)
        if not known and (check.findings or check.result.outcome not in ("passed", "deselected")):
            strays.append(check)

    run = facts.run
    judged = tuple(
        _judge_item(item, by_item[item.id], facts)
        for item in facts.items
        if not run.narrowed_by or any(check.result.outcome != "deselected" for check in by_item[item.id])
    )
    problems = [*([run.interrupted] if run.interrupted else []), *run.problems]
    problems += [f"{check.result.nodeid} bears no item and did not pass: {check.result.reason}" for check in strays]
    if not judged:
        problems.append("nothing was selected")
    elif not any(item.status in ("verified", "attested", "waived", "failed") for item in judged):
        problems.append("nothing was verified")

    blocked = bool(problems) or any(item.stands_in_the_way for item in judged)
    return Verdict(
        environment=run.environment,
        run=run.id,
        started=run.started,
        duration_s=run.duration_s,
        selection="partial" if run.narrowed_by or run.interrupted else "full",
        narrowed_by=run.narrowed_by,
        verdict="no-go" if blocked else "go",
        counts=Counts.of(judged),
        items=judged,
        findings=_findings(facts.checks, {item.id for item in judged}),
        problems=tuple(problems),
        remarks=_remarks(facts, judged),
        commit=run.commit,
    )


def _judge_item(item: Item, checks: Sequence[Check], facts: Facts) -> ItemVerdict:
    failed = [check for check in checks if check.result.outcome == "failed" or check.findings]
    open_ = [check for check in checks if check.result.outcome != "passed"]

    def verdict(status: str, reason: str = "") -> ItemVerdict:
        return ItemVerdict.model_validate(
            {
                "id": item.id,
                "title": item.title,
                "section": item.heading,
                "gate": item.gate,
                "owner": item.owner,
                "remedy": item.remedy,
                "status": status,
                "reason": reason,
                "checks": [check.result for check in checks],
                "evidence": _unique(path for check in checks for path in check.evidence),
                "findings": _unique(finding.id for check in checks for finding in check.findings),
            }
        )

    if item.id in facts.not_applicable:
        return verdict("not applicable", facts.not_applicable[item.id])
    if failed:
        reason = _join(_failure(check) for check in failed)
        silent = _join(check.result.reason for check in open_ if check not in failed)
        waived, remark = _waiver(item, facts)
        if waived and silent:
            return verdict("failed", f"{reason}{remark}; the waiver does not cover: {silent}")
        return verdict("waived" if waived else "failed", f"{reason}{remark}")

    environment = facts.run.environment
    attestation, silent = attested(
        facts.attestations,
        item.id,
        environment,
        facts.now,
        approvers=facts.approvers,
        since=decidable(item, facts.deployed_at),
    )
    contradicted = [each.text for each in facts.placeholders if each.item == item.id]
    if contradicted:
        attestation, silent = None, _join([*contradicted, silent])
    elif attestation is None:
        silent = _join([silent, *(each.text for each in facts.unnamed if each.item == item.id)])
    signed = _signed(attestation) if attestation else ""
    if item.kind == "attestation":
        if signed and not open_:
            return verdict("attested", signed)
        return verdict("unverified", _join([*(check.result.reason for check in open_), *([] if signed else [silent])]))
    lost = facts.lost.get(item.id)
    if checks and not open_ and not lost:
        return verdict("verified")
    only_blind = not lost and all(check.result.outcome == "unverified" for check in open_)
    if item.attestable and signed and only_blind:
        return verdict("attested", signed)
    reasons = _join([*(check.result.reason for check in open_), *([lost] if lost else [])]) or NO_CHECK_YET
    # An attestation that is there and does not count is worth a word; one that nobody wrote is not.
    lapsed = any(one.item == item.id and one.environment == environment for one in facts.attestations)
    return verdict("unverified", f"{reasons}; {silent}" if item.attestable and lapsed and silent else reasons)


def _failure(check: Check) -> str:
    if check.result.outcome == "failed":
        return check.result.reason
    findings = f"{len(check.findings)} finding{'' if len(check.findings) == 1 else 's'}"
    return f"{check.result.nodeid} added {findings} and did not fail ({check.result.outcome}): a defect of the check"


def _signed(attestation: Attestation) -> str:
    role = f" ({attestation.role})" if attestation.role else ""
    link = f" {attestation.link}" if attestation.link else ""
    until = f"until {attestation.expires:%Y-%m-%d}"
    return f"{attestation.by}{role}, {attestation.on:%Y-%m-%d}, {until}: {attestation.statement}{link}"


def _waiver(item: Item, facts: Facts) -> tuple[bool, str]:
    """Whether a live waiver covers the item, and what the reason says about waivers, live or not."""
    waiver, silent = waived(facts.waivers, item.id, facts.run.environment, facts.now, approvers=facts.approvers)
    if waiver is None:
        return False, f"; {silent}" if silent else ""
    return True, f"; waived by {waiver.approver} until {waiver.expires:%Y-%m-%d} ({waiver.ticket}): {waiver.reason}"


def _remarks(facts: Facts, judged: Sequence[ItemVerdict]) -> tuple[str, ...]:
    """What the people who wrote attestations and waivers should know; it does not change the verdict."""
    known = {item.id: item for item in facts.items}
    status = {item.id: item.status for item in judged}
    remarks = []
    for one in facts.attestations:
        if one.item not in known:
            remarks.append(f"attestation for {one.item}: no such item")
        elif known[one.item].kind == "check" and not known[one.item].attestable:
            remarks.append(f"attestation for {one.item}: a check alone decides it, so it counts for nothing")
        remarks += _elsewhere("attestation", one, facts)
    remarks += [each.text for each in facts.placeholders]
    for waiver in facts.waivers:
        if waiver.item not in known:
            remarks.append(f"waiver for {waiver.item}: no such item")
        elif waiver.environment == facts.run.environment and status.get(waiver.item) in ("verified", "attested"):
            found = status[waiver.item]
            remarks.append(f"stale waiver for {waiver.item}: the item is {found}; take it out of waivers.toml")
        remarks += _elsewhere("waiver", waiver, facts)
    return _unique(remarks)


def _elsewhere(what: str, one: Attestation | Waiver, facts: Facts) -> list[str]:
    """A remark on an entry for an environment that nobody knows: it will never count."""
    if not facts.environments or one.environment in (facts.run.environment, *facts.environments):
        return []
    hint = meant(one.environment, facts.environments)
    return [f"{what} for {one.item} on {one.environment}: no environment of that name is known here{hint}"]


def _findings(checks: Iterable[Check], judged: set[str]) -> tuple[FindingVerdict, ...]:
    found: dict[str, tuple[Finding, list[str]]] = {}
    for check in checks:
        for finding in check.findings:
            found.setdefault(finding.id, (finding, []))[1].extend(item for item in check.items if item in judged)
    return tuple(
        FindingVerdict(
            id=finding.id,
            kind=finding.kind,
            object=finding.object,
            actor=finding.actor,
            operation=finding.operation,
            observed=finding.observed,
            reproduce=finding.reproduce,
            items=_unique(items),
        )
        for finding, items in found.values()
    )


def _join(reasons: Iterable[str], most: int = 3) -> str:
    """Distinct reasons in one line; many of them are counted, since each check has its own in `checks`."""
    distinct = _unique(reason for reason in reasons if reason)
    more = f"; and {len(distinct) - most} more" if len(distinct) > most else ""
    return "; ".join(distinct[:most]) + more


def _unique(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))
