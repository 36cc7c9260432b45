from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from environments.attestations import Attestation, attested
from environments.operations import People
from environments.people import ITEMS, placeholders, unnamed
from environments.waivers import Waiver, waived
from fixtures.catalogue import CHECKLIST_FILE, Catalogue
from reports.judging import Facts, Run, judge

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
FILE = Path("production.toml")
ON_CALL = Attestation(
    item="contact-engineering",
    environment="production",
    by="Ada Lovelace",
    role="lead",
    on=NOW - timedelta(days=1),
    statement="On call: Ada Lovelace, +44 20 7946 0000",
    expires=NOW + timedelta(days=30),
)


@pytest.mark.parametrize("said", ["[Contact]", "TBD", "tbd", "", "  ", "Ada <phone>", "???", "-"])
def test_a_placeholder_is_found_and_named(said: str) -> None:
    [found] = placeholders(People(engineering=said, devops="Grace Hopper"), FILE)

    assert found.item == "contact-engineering"
    assert f"people.engineering {'says' if said.strip(' -') else 'is empty'}" in found.text


def test_names_and_absent_settings_are_no_placeholders() -> None:
    assert placeholders(People(owner="Ada Lovelace", incidents_channel="#incidents"), FILE) == []


def test_a_placeholder_among_the_approvers_is_named() -> None:
    [found] = placeholders(People(approvers=("Ada Lovelace", "[Name]")), FILE)

    assert "people.approvers says [Name]" in found.text


def test_the_items_of_the_settings_are_there() -> None:
    catalogue = Catalogue.load()

    assert all(item in catalogue for item in ITEMS.values())
    assert set(ITEMS) | {"approvers"} == set(People.model_fields)


def test_the_checklists_own_contacts_are_named_until_somebody_is() -> None:
    found = unnamed(People(devops="Grace Hopper"), CHECKLIST_FILE, FILE)

    assert [each.item for each in found] == ["contact-engineering", "contact-support"]
    assert all("says [Contact]" in each.text and CHECKLIST_FILE.name in each.text for each in found)


def verdict_on(people: People, *attestations: Attestation) -> tuple[str, str]:
    item = Catalogue.load()["contact-engineering"]
    facts = Facts(
        run=Run("production", "r", NOW, 1.0),
        items=[item],
        now=NOW,
        attestations=attestations,
        approvers=people.approvers,
        placeholders=placeholders(people, FILE),
        unnamed=unnamed(people, CHECKLIST_FILE, FILE),
    )
    [judged] = judge(facts).items
    return judged.status, judged.reason


def test_an_attestation_decides_a_contact() -> None:
    assert verdict_on(People(engineering="Ada Lovelace"), ON_CALL)[0] == "attested"
    assert verdict_on(People(), ON_CALL)[0] == "attested"


def test_a_placeholder_in_the_environment_contradicts_an_attestation() -> None:
    status, reason = verdict_on(People(engineering="[Contact]"), ON_CALL)

    assert (status, "people.engineering says [Contact]" in reason) == ("unverified", True)


def test_a_contact_that_nobody_attests_or_names_says_where_to_put_it() -> None:
    status, reason = verdict_on(People())

    assert status == "unverified"
    assert "not attested" in reason
    assert "Engineering says [Contact], and people.engineering is not set in production.toml" in reason


def test_only_approvers_may_sign() -> None:
    status, reason = verdict_on(People(approvers=("Grace Hopper",)), ON_CALL)

    assert (status, "not one of people.approvers" in reason) == ("unverified", True)
    assert verdict_on(People(approvers=(" ada lovelace",)), ON_CALL)[0] == "attested"


def test_only_approvers_may_waive() -> None:
    waiver = Waiver(
        item="should-cache-hits",
        environment="staging",
        reason="Cache comes next week.",
        ticket="OPS-1",
        approver="Ada Lovelace",
        expires=NOW + timedelta(days=1),
    )

    assert waived([waiver], "should-cache-hits", "staging", NOW)[0] is waiver
    assert waived([waiver], "should-cache-hits", "staging", NOW, approvers=["Ada Lovelace"])[0] is waiver
    refused, reason = waived([waiver], "should-cache-hits", "staging", NOW, approvers=["Grace Hopper"])
    assert refused is None
    assert "not one of people.approvers" in reason


def test_a_later_attestation_by_a_stranger_is_no_attestation() -> None:
    later = ON_CALL.model_copy(update={"by": "Mallory", "on": NOW})

    found, reason = attested([ON_CALL, later], ON_CALL.item, "production", NOW, approvers=["Ada Lovelace"])

    assert (found, "Mallory" in reason) == (None, True)
