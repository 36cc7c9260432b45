"""Where a tenant or its people stand in other than a column of their own: what logic does with the value tells."""

from __future__ import annotations

import json

import pytest

from fixtures.isolation.claim_shapes import Shape, filled, shape_of
from fixtures.isolation.embedded import Embedded
from fixtures.isolation.rosters import Roster, mentioned_in, roles_named

CLAIM = "auth.jwt() -> 'app_metadata' -> 'orgs'"


@pytest.mark.parametrize(
    ("logic", "value"),
    [
        (f"org_id in (select jsonb_object_keys({CLAIM})::uuid)", {"t": "admin"}),
        (f"({CLAIM}) ->> (org_id)::text = 'admin'", {"t": "admin"}),
        (f"({CLAIM}) -> (org_id)::text ->> 'role' = 'admin'", {"t": {"role": "admin"}}),
        (
            f"exists (select from jsonb_array_elements({CLAIM}) as e where e ->> 'org_id' = x and e ->> 'role' = 'y')",
            [{"org_id": "t", "role": "admin"}],
        ),
    ],
)
def test_a_claim_of_several_tenants_is_made_as_logic_reads_it(logic: str, value: object) -> None:
    start = logic.index(CLAIM)

    shape, _ = shape_of(logic, start, start + len(CLAIM))

    assert filled(shape, "t", "admin") == value


def test_a_plain_comparison_has_no_shape() -> None:
    """The planted error: one tenant in a claim is no object by tenant."""
    logic = f"org_id = ({CLAIM})::uuid"
    start = logic.index(CLAIM)

    shape, _ = shape_of(logic, start, start + len(CLAIM))

    assert shape == Shape()


def test_a_key_in_a_text_is_found_again() -> None:
    topic, document = Embedded(before="org:"), Embedded(field="account_id", people=("actor",))
    keys = {"17": "b"}

    assert topic.key_in(topic.around("17"), keys) == "b"
    assert document.key_in(document.around("17", "me"), keys) == "b"
    assert topic.key_in("user:17", keys) == ""
    assert json.loads(document.signed(document.around("17", "me"), "you")) == {"account_id": "17", "actor": "you"}


@pytest.mark.parametrize(
    ("logic", "form", "roster"),
    [
        ("(auth.uid() = ANY (member_ids))", "array", "member_ids"),
        ("(member_ids @> ARRAY[auth.uid()])", "array", "member_ids"),
        ("((roles ->> (auth.uid())::text) = 'owner'::text)", "map", "roles"),
        ("(members ? (auth.uid())::text)", "list", "members"),
    ],
)
def test_a_list_of_people_is_recognised(logic: str, form: str, roster: str) -> None:
    (found, _, _, column, after), *_ = mentioned_in(logic)

    assert (found, column) == (form, roster)
    assert roles_named(after) == (["owner"] if form == "map" else [])


def test_a_roster_holds_its_people() -> None:
    people: list[tuple[str, str | None]] = [("p", "owner"), ("q", None)]

    assert Roster(1, "c", "array").holding(people) == "{p,q}"
    assert json.loads(Roster(1, "c", "map").holding(people)) == {"p": "owner", "q": "member"}
