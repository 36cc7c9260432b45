"""The judgement as a pure function: each rule by an example, and what must hold for all runs by properties."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from environments.attestations import Attestation
from environments.waivers import Waiver
from fixtures.catalogue import Item
from fixtures.findings import Finding
from reports.judging import Facts, Run, judge
from reports.model import CheckResult, Outcome, Verdict
from reports.outcomes import Check

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
RUN = Run("staging", "run-1", NOW, 1.0)
FINDING = Finding("integrity", "public.tags", "anon", "update", "changed", "select 1")
OUTCOMES: tuple[Outcome, ...] = (
    "passed",
    "failed",
    "error",
    "unverified",
    "skipped",
    "xfailed",
    "xpassed",
    "deselected",
    "crashed",
    "timeout",
    "not run",
)


def item(id: str = "alpha", **values: Any) -> Item:  # noqa: A002
    defaults: dict[str, Any] = {
        "title": id,
        "section": ("Database",),
        "source": (f"- [ ] {id}",),
        "kind": "check",
        "gate": "must",
        "phase": "pre-deployment",
        "layer": "migrations",
        "environments": ("staging",),
        "owner": "Engineering",
        "risk": "Much.",
        "remedy": "Repair.",
    }
    return Item(id=id, **defaults | values)


def check(outcome: Outcome = "passed", *items: str, name: str = "test_a", findings: tuple[Finding, ...] = ()) -> Check:
    reason = "" if outcome == "passed" else f"{outcome}: because"
    return Check(items or ("alpha",), CheckResult(nodeid=name, outcome=outcome, reason=reason), findings)


def attestation(**values: Any) -> Attestation:
    defaults: dict[str, Any] = {
        "item": "alpha",
        "environment": "staging",
        "by": "Ada Lovelace",
        "role": "engineering lead",
        "on": NOW - timedelta(days=1),
        "statement": "Read and agreed.",
        "expires": NOW + timedelta(days=1),
    }
    return Attestation(**defaults | values)


def waiver(**values: Any) -> Waiver:
    defaults: dict[str, Any] = {
        "item": "alpha",
        "environment": "staging",
        "reason": "Known and small.",
        "ticket": "OPS-1",
        "approver": "Grace Hopper",
        "expires": NOW + timedelta(days=1),
    }
    return Waiver(**defaults | values)


def judged(*checks: Check, items: tuple[Item, ...] | None = None, **facts: Any) -> Verdict:
    return judge(Facts(RUN, items or (item(),), NOW, checks, **facts))


def of(verdict: Verdict) -> tuple[str, str, str]:
    first = verdict.items[0]
    return verdict.verdict, first.status, first.reason


def test_every_check_of_an_item_must_pass() -> None:
    assert of(judged(check(), check(name="test_b"))) == ("go", "verified", "")
    assert of(judged(check(), check("failed", name="test_b"))) == ("no-go", "failed", "failed: because")


@pytest.mark.parametrize("outcome", [one for one in OUTCOMES if one not in ("passed", "failed")])
def test_whatever_did_not_end_is_unverified(outcome: Outcome) -> None:
    assert of(judged(check(), check(outcome, name="test_b"))) == ("no-go", "unverified", f"{outcome}: because")


def test_no_check_yet_is_said_exactly_where_there_is_none() -> None:
    assert of(judged()) == ("no-go", "unverified", "no check yet")
    assert of(judged(lost={"alpha": "not collected: x"})) == ("no-go", "unverified", "not collected: x")
    assert of(judged(check(), lost={"alpha": "not collected: x"})) == ("no-go", "unverified", "not collected: x")


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_a_finding_fails_its_item_whatever_its_check_says(outcome: Outcome) -> None:
    verdict = judged(check(outcome, "alpha", "beta", findings=(FINDING,)), items=(item(), item("beta")))

    assert [one.status for one in verdict.items] == ["failed", "failed"]
    assert verdict.findings[0].items == ("alpha", "beta")


@pytest.mark.parametrize("gate", ["should", "nice", "info"])
def test_other_gates_are_shown_and_do_not_block(gate: str) -> None:
    verdict = judged(check(), check("failed", "beta"), items=(item(), item("beta", gate=gate)))

    assert verdict.go
    assert verdict.items[1].status == "failed"


def test_not_applicable_has_a_reason_and_decides_nothing() -> None:
    verdict = judged(
        check("failed"),
        check("passed", "beta"),
        items=(item(), item("beta")),
        not_applicable={"alpha": "no Sentry here"},
    )

    assert of(verdict) == ("go", "not applicable", "no Sentry here")


def test_a_run_that_verified_nothing_is_no_go() -> None:
    assert judged(not_applicable={"alpha": "not here"}).problems == ("nothing was verified",)
    assert judge(Facts(RUN, (), NOW)).problems == ("nothing was selected",)


def test_a_live_attestation_decides_an_item_of_its_kind() -> None:
    person = (item(kind="attestation"),)

    verdict = judged(items=person, attestations=(attestation(),))

    assert (verdict.verdict, verdict.items[0].status) == ("go", "attested")
    assert "Ada Lovelace (engineering lead), 2026-11-19, until 2026-11-21: Read and agreed." in verdict.items[0].reason
    assert of(judged(items=person)) == ("no-go", "unverified", "not attested")


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"expires": NOW - timedelta(hours=1)}, "the attestation of Ada Lovelace lapsed on 2026-11-20"),
        ({"on": NOW + timedelta(hours=1)}, "attested by Ada Lovelace on 2026-11-20, which is in the future"),
        ({"by": ""}, "`by` of the attestation is empty"),
        ({"by": "[Contact]"}, "`by` of the attestation says [Contact]"),
        ({"environment": "production"}, "not attested"),
    ],
)
def test_an_attestation_that_does_not_count(values: dict[str, Any], reason: str) -> None:
    verdict = judged(items=(item(kind="attestation"),), attestations=(attestation(**values),))

    assert of(verdict) == ("no-go", "unverified", reason)


@pytest.mark.parametrize(
    ("phase", "whole", "days", "said"),
    [
        ("week-1", True, 3, "before the end of its phase (week-1) on 2026-11-24"),
        ("week-1", True, 8, ""),
        ("week-1", False, 3, ""),
        ("first-day", False, 0, "before the deployment on 2026-11-20"),
        ("pre-deployment", False, 9, ""),
    ],
)
def test_nobody_signs_for_what_has_not_been(phase: str, whole: bool, days: int, said: str) -> None:
    about = (item(kind="attestation", phase=phase, whole_phase=whole),)
    deployed = attestation().on + timedelta(days=1) - timedelta(days=days)

    verdict = judged(items=about, attestations=(attestation(),), deployed_at=deployed)

    assert verdict.items[0].status == ("unverified" if said else "attested")
    assert said in verdict.items[0].reason


def test_an_attestation_for_an_unknown_item_is_remarked() -> None:
    assert judged(check(), attestations=(attestation(item="alhpa"),)).remarks == (
        "attestation for alhpa: no such item",
    )


def test_an_attestation_never_stands_in_for_a_check() -> None:
    assert of(judged(attestations=(attestation(),))) == ("no-go", "unverified", "no check yet")


@pytest.mark.parametrize(
    ("checks", "status"),
    [
        ((), "attested"),
        ((check("unverified"),), "attested"),
        ((check("failed"),), "failed"),
        ((check("error"),), "unverified"),
        ((check("skipped"),), "unverified"),
        ((check("passed"),), "verified"),
        ((check("passed"), check("unverified", name="test_b")), "attested"),
        ((check("unverified"), check("skipped", name="test_b")), "unverified"),
    ],
)
def test_an_attestable_check_may_be_attested_while_it_cannot_look(checks: tuple[Check, ...], status: str) -> None:
    verdict = judged(*checks, items=(item(attestable=True),), attestations=(attestation(),))

    assert verdict.items[0].status == status


def test_a_waiver_accepts_a_failure_and_still_shows_it() -> None:
    verdict = judged(check("failed"), waivers=(waiver(),))

    assert (verdict.verdict, verdict.items[0].status) == ("go", "waived")
    assert verdict.items[0].reason.startswith("failed: because; waived by Grace Hopper until 2026-11-21 (OPS-1)")


@pytest.mark.parametrize("values", [{"expires": NOW - timedelta(hours=1)}, {"approver": "TBD"}, {"ticket": ""}])
def test_a_waiver_that_does_not_count(values: dict[str, Any]) -> None:
    verdict = judged(check("failed"), waivers=(waiver(**values),))

    assert (verdict.verdict, verdict.items[0].status) == ("no-go", "failed")
    assert "waiver" in verdict.items[0].reason


def test_a_waiver_accepts_no_silence() -> None:
    assert judged(waivers=(waiver(),)).items[0].status == "unverified"

    verdict = judged(check("failed"), check("skipped", name="test_b"), waivers=(waiver(),))

    assert (verdict.verdict, verdict.items[0].status) == ("no-go", "failed")
    assert verdict.items[0].reason.endswith("the waiver does not cover: skipped: because")


def test_a_stale_waiver_is_remarked() -> None:
    remark = "stale waiver for alpha: the item is verified; take it out of waivers.toml"
    assert judged(check(), waivers=(waiver(),)).remarks == (remark,)


def test_a_waiver_of_what_is_attested_is_stale_too() -> None:
    about = (item(kind="attestation"),)
    remark = "stale waiver for alpha: the item is attested; take it out of waivers.toml"

    assert judged(items=about, attestations=(attestation(),), waivers=(waiver(),)).remarks == (remark,)
    assert judged(items=about, waivers=(waiver(),)).remarks == ()


def test_an_attestation_of_what_a_check_alone_decides_is_remarked() -> None:
    remark = "attestation for alpha: a check alone decides it, so it counts for nothing"

    assert judged(check(), attestations=(attestation(),)).remarks == (remark,)
    assert judged(check(), items=(item(attestable=True),), attestations=(attestation(),)).remarks == ()


def test_an_environment_that_nobody_knows_is_remarked() -> None:
    about = (item(attestable=True),)
    known = ("staging", "production")

    verdict = judged(
        check(),
        items=about,
        attestations=(attestation(environment="prodution"), attestation(environment="production")),
        waivers=(waiver(environment="stagin"),),
        environments=known,
    )

    assert verdict.remarks == (
        "attestation for alpha on prodution: no environment of that name is known here (did you mean production?)",
        "waiver for alpha on stagin: no environment of that name is known here (did you mean staging?)",
    )
    assert judged(check(), items=about, attestations=(attestation(),), environments=()).remarks == ()


def test_a_check_without_an_item_that_does_not_pass_is_a_problem() -> None:
    assert not judged(check(), check("crashed", "gamma", name="test_c")).go


# What must hold for every run: a few items, any checks with any outcomes, any attestations and waivers.
names = st.sampled_from(["alpha", "beta", "gamma"])
any_check = st.builds(
    lambda outcome, items, name, found: check(outcome, *items, name=name, findings=(FINDING,) if found else ()),
    st.sampled_from([*OUTCOMES, *["passed"] * 12]),
    st.lists(names, min_size=1, max_size=2, unique=True),
    st.uuids().map(lambda number: f"test_{number.hex[:8]}"),
    st.integers(0, 9).map(lambda number: number == 0),
)
any_facts = st.builds(
    lambda checks, gates, kinds, signed, waived, narrowed: Facts(
        dataclasses.replace(RUN, narrowed_by="-k x" if narrowed else ""),
        tuple(
            item(name, gate=gate, kind=kind, attestable=name == "gamma")
            for name, gate, kind in zip(["alpha", "beta", "gamma"], gates, kinds, strict=True)
        ),
        NOW,
        tuple(checks),
        attestations=tuple(attestation(item=name) for name in signed),
        waivers=tuple(waiver(item=name) for name in waived),
    ),
    st.lists(any_check, max_size=6),
    st.tuples(*[st.sampled_from(["must", "must", "should", "nice", "info"])] * 3),
    st.tuples(*[st.sampled_from(["check", "check", "check", "attestation"])] * 3),
    st.sets(names),
    st.sets(names, max_size=1),
    st.booleans(),
)


@given(facts=any_facts, data=st.data())
def test_less_that_passed_never_makes_a_run_go(facts: Facts, data: st.DataObject) -> None:
    """Of a full selection. A partial one is no gate: without its only check, an item is no longer selected."""
    facts = dataclasses.replace(facts, run=RUN)
    passed = [one for one in facts.checks if one.result.outcome == "passed" and not one.findings]
    if judge(facts).go or not passed:
        return
    one = data.draw(st.sampled_from(passed))
    worse = data.draw(st.sampled_from([outcome for outcome in OUTCOMES if outcome not in ("passed", "failed")]))

    without = [other for other in facts.checks if other is not one]
    instead = [*without, dataclasses.replace(one, result=one.result.model_copy(update={"outcome": worse}))]

    assert not judge(dataclasses.replace(facts, checks=without)).go
    assert not judge(dataclasses.replace(facts, checks=instead)).go


@given(facts=any_facts)
def test_go_means_that_every_must_item_was_decided_in_favour(facts: Facts) -> None:
    verdict = judge(facts)

    blocked = [one for one in verdict.items if one.gate == "must" and one.status in ("failed", "unverified")]
    assert verdict.go == (not blocked and not verdict.problems)
    assert sum(number for _, number in verdict.counts) == len(verdict.items)
    assert all(one.reason for one in verdict.items if one.status != "verified")


@given(facts=any_facts)
def test_verified_means_that_a_check_passed_and_none_did_otherwise(facts: Facts) -> None:
    for one in judge(facts).items:
        if one.status == "verified":
            assert one.checks
            assert all(result.outcome == "passed" for result in one.checks)


@given(facts=any_facts)
def test_a_verdict_survives_its_file(facts: Facts) -> None:
    verdict = judge(facts)

    assert Verdict.model_validate_json(verdict.model_dump_json()) == verdict


@given(facts=any_facts, seed=st.randoms(use_true_random=False))
def test_the_order_of_checks_does_not_matter(facts: Facts, seed: Any) -> None:
    shuffled = list(facts.checks)
    seed.shuffle(shuffled)

    again = judge(dataclasses.replace(facts, checks=shuffled))

    assert [one.status for one in again.items] == [one.status for one in judge(facts).items]
