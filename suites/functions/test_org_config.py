"""org-config tells an organization's branding, its tag types with their tags, and its levels: own over global."""

from __future__ import annotations

import random
from typing import Any

import pytest

from fixtures.canaries import Canaries
from fixtures.contract import Deviations
from fixtures.gateway import Actor, Gateway

LEVELS = ["beginner", "intermediate", "advanced", "expert"]

Row = dict[str, Any]


@pytest.mark.check("fn-tested-locally")
def test_it_tells_what_the_rows_say(gateway: Gateway, canaries: Canaries, deviations: Deviations) -> None:
    """For both canary organizations, compared with the rows: every type, every tag that is active, nothing else."""
    for name in gateway.canaries:
        organization = gateway.organization(name)
        answer = gateway.member("viewer", name).get("org-config")
        body = deviations.expect(answer, 200, why="a member reads the own configuration")
        if body is None:
            continue

        expected = {key: organization[key] for key in ("id", "name", "slug", "branding")}
        if body["organization"] != expected:
            deviations.note(answer, f"organization is {body['organization']}, the row says {expected}")
        tags = {each["key"]: {tag["id"] for tag in each["tags"]} for each in body["tagTypes"]}
        types = canaries.rows("tag_types", **{"or": _scope(organization["id"])})
        effective = _effective_tags(canaries, organization["id"], {row["key"] for row in types})
        for key in sorted(tags.keys() | effective.keys()):
            if key not in tags or tags[key] != effective.get(key):
                deviations.note(
                    answer, f"tags of the type {key} are {tags.get(key)}, the rows say {effective.get(key)}"
                )
        settings = organization["settings"]
        for wrong in (
            *_wrong_types(body["tagTypes"], types, settings),
            *_wrong_levels(body["variantConfig"]["difficulty"], settings),
        ):
            deviations.note(answer, wrong)

    deviations.expect_none()


@pytest.mark.check("fn-tested-locally")
def test_an_own_tag_replaces_the_global_one_of_its_slug(
    gateway: Gateway, canaries: Canaries, deviations: Deviations
) -> None:
    """For its own organization only; and one that is not active takes the global one away."""
    first, second = gateway.canaries
    mine, theirs = gateway.member("viewer", first), gateway.member("viewer", second)
    replaced, hidden = _free_global_tags(canaries, gateway.organization(first)["id"])
    before = _tags(theirs, deviations)

    own = canaries.tag(first, replaced["type_key"], slug=replaced["slug"])
    off = canaries.tag(first, hidden["type_key"], slug=hidden["slug"], is_active=False)
    answer = mine.get("org-config")
    body = deviations.expect(answer, 200, why="a member reads the own configuration")

    shown = _tags_of(body) if body is not None else {}
    if body is not None and (own["id"] not in shown or shown[own["id"]]["value"] != own["value"]):
        deviations.note(answer, f"does not show the own tag {own['value']}")
    if replaced["id"] in shown:
        deviations.note(answer, f"still shows the global tag {replaced['value']}, which an own one overrides")
    if hidden["id"] in shown or off["id"] in shown:
        deviations.note(answer, f"still shows the tag {hidden['value']}, which the organization has switched off")
    if (after := _tags(theirs, deviations)) != before:
        changed = sorted(before.keys() ^ after.keys())
        deviations.note(theirs.get("org-config"), f"tags {changed} changed by what {first} did", kind="confidentiality")
    canaries.discard(own, off)
    deviations.expect_none()


@pytest.mark.check("fn-tested-locally")
def test_an_own_tag_type_replaces_the_global_one_of_its_key(
    gateway: Gateway, canaries: Canaries, deviations: Deviations
) -> None:
    """Label, switch and order are the own row's and the tags below it stay; a new type comes with its own tags."""
    first, second = gateway.canaries
    mine, theirs = gateway.member("viewer", first), gateway.member("viewer", second)
    key = _free_global_type(canaries, gateway.organization(first)["id"])
    before = _types(mine, deviations).get(key, {})
    elsewhere = _types(theirs, deviations).get(key)

    own = canaries.tag_type(first, key=key, is_enabled=False, display_order=77)
    new = canaries.tag_type(first, is_enabled=True, display_order=78)
    tag = canaries.tag(first, new["key"])
    answer = mine.get("org-config")
    body = deviations.expect(answer, 200, why="a member reads the own configuration")

    if body is not None:
        types = {each["key"]: each for each in body["tagTypes"]}
        expected = {"label": own["label"], "isEnabled": False, "displayOrder": 77, "tags": before.get("tags")}
        if {name: types.get(key, {}).get(name) for name in expected} != expected:
            deviations.note(answer, f"the type {key} is {types.get(key)}, the own row says {expected}")
        shown = types.get(new["key"])
        if shown is None or not shown["isEnabled"] or [each["id"] for each in shown["tags"]] != [tag["id"]]:
            deviations.note(answer, f"the new type {new['key']} is {shown}, it has the tag {tag['id']}")
        orders = [each["displayOrder"] for each in body["tagTypes"]]
        if orders != sorted(orders):
            deviations.note(answer, f"types are not in display order: {orders}")
    if _types(theirs, deviations).get(key) != elsewhere or new["key"] in _types(theirs, deviations):
        observed = f"the type {key} or {new['key']} changed by what {first} did"
        deviations.note(theirs.get("org-config"), observed, kind="confidentiality")
    canaries.discard(tag, own, new)
    deviations.expect_none()


@pytest.mark.check("fn-tested-locally")
def test_id_and_slug_name_the_same_organization(gateway: Gateway, deviations: Deviations) -> None:
    """Whichever way it is asked for, the answer is that without any parameter."""
    first = gateway.canaries[0]
    organization = gateway.organization(first)
    member = gateway.member("viewer", first)
    plain = deviations.expect(member.get("org-config"), 200, why="the own organization")

    for query in (
        {"organizationId": organization["id"]},
        {"organizationId": organization["id"].upper()},
        {"slug": organization["slug"]},
        {"organizationId": organization["id"], "slug": organization["slug"]},
    ):
        answer = member.get("org-config", **query)
        body = deviations.expect(answer, 200, why=f"{query} is the own organization", kind="wrong-refusal")
        if body is not None and body != plain:
            deviations.note(answer, f"answered otherwise to {query} than without parameters")
    deviations.expect_none()


def _scope(organization: str) -> str:
    """What an organization uses, in PostgREST's words: the global rows and its own."""
    return f"(organization_id.is.null,organization_id.eq.{organization})"


def _effective_tags(canaries: Canaries, organization: str, keys: set[str]) -> dict[str, set[str]]:
    """The ids of the active tags by type: of two with one slug, the own one counts."""
    chosen: dict[tuple[str, str], Row] = {}
    for row in canaries.rows("tags", **{"or": _scope(organization)}):
        known = chosen.get((row["type_key"], row["slug"]))
        if known is None or known["organization_id"] is None:
            chosen[row["type_key"], row["slug"]] = row
    active = [row for row in chosen.values() if row["is_active"]]
    return {key: {row["id"] for row in active if row["type_key"] == key} for key in keys}


def _wrong_types(shown: list[Row], rows: list[Row], settings: Row) -> list[str]:
    """Where a global type is not labelled or switched as the organization's settings say; an own row says it itself."""
    said = settings.get("tagTypes", {})
    own = {row["key"] for row in rows if row["organization_id"] is not None}
    inherited = {row["key"]: row for row in rows if row["key"] not in own}
    wrong = []
    for each in shown:
        row = inherited.get(each["key"])
        if row is None:
            continue
        label = said.get("labels", {}).get(each["key"]) or row["label"]
        if each["label"] != label:
            wrong.append(f"the type {each['key']} is labelled {each['label']}, row and settings say {label}")
        enabled = row["is_enabled"] and each["key"] in said.get("enabled", [each["key"]])
        if each["isEnabled"] is not enabled:
            wrong.append(f"the type {each['key']} has isEnabled {each['isEnabled']}, row and settings say {enabled}")
    return wrong


def _wrong_levels(difficulty: Row, settings: Row) -> list[str]:
    """Where the difficulty levels are not what the organization's settings say."""
    said = settings.get("variants", {}).get("difficulty", {})
    wrong = []
    if [level["id"] for level in difficulty["levels"]] != LEVELS:
        wrong.append(f"levels are {[level['id'] for level in difficulty['levels']]}, should be {LEVELS}")
    for level in difficulty["levels"]:
        label = said.get("labels", {}).get(level["id"])
        if label is not None and level["label"] != label:
            wrong.append(f"the level {level['id']} is labelled {level['label']}, the settings say {label}")
    if "defaultLevelId" in said and difficulty["default"] != said["defaultLevelId"]:
        wrong.append(f"the default level is {difficulty['default']}, the settings say {said['defaultLevelId']}")
    if "exposeToUsers" in said and difficulty["exposeToUsers"] is not said["exposeToUsers"]:
        wrong.append(f"exposeToUsers is {difficulty['exposeToUsers']}, the settings say {said['exposeToUsers']}")
    return wrong


def _free_global_tags(canaries: Canaries, organization: str) -> tuple[Row, Row]:
    """Two active global tags that the organization has not overridden."""
    own = {(row["type_key"], row["slug"]) for row in canaries.rows("tags", organization_id=f"eq.{organization}")}
    everywhere = canaries.rows("tags", organization_id="is.null", is_active="is.true", order="slug")
    free = [row for row in everywhere if (row["type_key"], row["slug"]) not in own]
    assert len(free) >= 2, "the organization overrides every global tag, or there are none"
    one, other = random.sample(free, 2)  # two runs at once on one environment rarely choose the same ones
    return one, other


def _free_global_type(canaries: Canaries, organization: str) -> str:
    """A global tag type with tags that the organization has not overridden."""
    own = {row["key"] for row in canaries.rows("tag_types", organization_id=f"eq.{organization}")}
    used = {row["type_key"] for row in canaries.rows("tags", organization_id="is.null")}
    free = sorted({row["key"] for row in canaries.rows("tag_types", organization_id="is.null")} & used - own)
    assert free, "the organization overrides every global tag type, or there are none"
    return str(free[0])


def _types(actor: Actor, deviations: Deviations) -> dict[str, Row]:
    body = deviations.expect(actor.get("org-config"), 200, why="a member reads the own configuration")
    return {each["key"]: each for each in body["tagTypes"]} if body is not None else {}


def _tags(actor: Actor, deviations: Deviations) -> dict[str, Row]:
    return _tags_of({"tagTypes": list(_types(actor, deviations).values())})


def _tags_of(body: Row) -> dict[str, Row]:
    return {tag["id"]: tag for each in body["tagTypes"] for tag in each["tags"]}
