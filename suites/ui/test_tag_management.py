"""What Tag Management says is what the database has, before a change and after it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fixtures.canaries import Canaries, Json
from fixtures.errors import Unverified
from fixtures.gateway import Gateway
from fixtures.screens import Visitors
from fixtures.screens.stage import Organization, Others, organization, rows, shared_tags


@pytest.mark.check("smoke-tag-management", "must-tag-management", "ui-tag-management")
def test_the_screen_lists_what_the_organization_has(
    visitors: Visitors, gateway: Gateway, home: Organization, others: Others
) -> None:
    """Types in their order with their switch, and every active value; an empty list without an error is a policy."""
    admin = visitors.member("org_admin", home.name)
    admin.tags.open()
    config = organization(gateway, home.name).config["tagTypes"]

    shown = {label: admin.tags.shown(label) for label in others.without(admin.tags.types())}

    config = [kind for kind in config if others.without([kind["label"]])]
    ordered = [kind["label"] for kind in config]
    assert list(shown) == ordered, f"the screen lists the types {list(shown)}; org-config has them as {ordered}"
    for kind in config:
        screen = shown[kind["label"]]
        assert screen.is_enabled == kind["isEnabled"], f"{kind['label']} is shown as {_on(screen.is_enabled)}"
        active = sorted(others.without(value for value, is_active in screen.values.items() if is_active))
        expected = sorted(others.without(tag["value"] for tag in kind["tags"]))
        unset = "" if admin.tags.has("value") else ' (where values have no such button, set [web.labels] "tags.value")'
        assert active == expected, f"{kind['label']} shows {active}{unset}; the organization has {expected}"


@pytest.mark.check("ui-tag-management")
def test_a_value_that_is_added_is_there(
    visitors: Visitors, gateway: Gateway, canaries: Canaries, home: Organization
) -> None:
    """On the screen, after a reload, in the database, and in what learners filter by; added again, it says so."""
    kind, admin = canaries.tag_type(home.name), visitors.member("org_admin", home.name)
    value = f"{canaries.name('added')} In Capitals"
    admin.tags.open()

    admin.tags.add(kind["label"], value, by_keyboard=True)

    admin.tags.expect(lambda: _stored(gateway, home, type_key=kind["key"]), f"the database has “{value}”")
    stored = _stored(gateway, home, type_key=kind["key"])
    assert [row["value"] for row in stored] == [value], (
        f"“{value}” was added to a new type; the database has {[row['value'] for row in stored]} of it"
    )
    admin.tags.expect_value(kind["label"], value)
    [row] = stored
    assert row["is_active"], f"the database has “{value}” not active"
    admin.tags.open()
    shown = admin.tags.shown(kind["label"]).values
    assert shown == {value: True}, f"“{value}” was added; after a reload the values are {shown}"
    assert _offered(gateway, home, kind) == [value], "org-config does not offer the value that was added"
    admin.log.allow(409, "/rest/v1/tags")
    admin.tags.expect_answered(
        lambda: admin.tags.add(kind["label"], value), f"adding “{value}”, which is there already"
    )
    stored = _stored(gateway, home, type_key=kind["key"])
    assert len(stored) == 1, f"“{value}” was added again; the database has it {len(stored)} times"


@pytest.mark.check("ui-tag-management")
def test_a_value_that_is_renamed_keeps_its_identity(
    visitors: Visitors, gateway: Gateway, canaries: Canaries, home: Organization
) -> None:
    """The same row under another name: courses that bear it go on bearing it. One that is not active stays so."""
    kind, admin = canaries.tag_type(home.name), visitors.member("org_admin", home.name)
    tag, idle = canaries.tag(home.name, kind["key"]), canaries.tag(home.name, kind["key"], is_active=False)
    new, other = canaries.name("renamed"), canaries.name("renamed")
    admin.tags.open()

    admin.tags.rename(kind["label"], tag["value"], new, by_keyboard=True)
    admin.tags.expect_value(kind["label"], new)
    admin.tags.rename(kind["label"], idle["value"], other)

    admin.tags.expect(
        lambda: other in [row["value"] for row in _stored(gateway, home, type_key=kind["key"])],
        f"the database has “{idle['value']}” under the name “{other}”",
    )
    rows_now = sorted(
        (row["id"], row["value"], row["is_active"]) for row in _stored(gateway, home, type_key=kind["key"])
    )
    wanted = sorted([(tag["id"], new, True), (idle["id"], other, False)])
    assert rows_now == wanted, f"two values were renamed and no more; the database has {rows_now}, wanted {wanted}"
    admin.tags.open()
    shown = admin.tags.shown(kind["label"]).values
    assert shown == {new: True, other: False}, f"after a reload the values are {shown}"


@pytest.mark.check("ui-tag-management")
def test_a_value_that_is_deactivated_is_offered_no_longer(
    visitors: Visitors, gateway: Gateway, canaries: Canaries, home: Organization
) -> None:
    """It stays, so that it can come back, and is gone from the filters; its neighbour is not."""
    kind, admin = canaries.tag_type(home.name), visitors.member("org_admin", home.name)
    tag, neighbour = canaries.tag(home.name, kind["key"]), canaries.tag(home.name, kind["key"])
    admin.tags.open()

    admin.tags.click("deactivate", value=tag["value"])

    admin.tags.expect(
        lambda: [row["is_active"] for row in _stored(gateway, home, id=tag["id"])] != [True],
        f"“{tag['value']}”, which was deactivated, is not active in the database",
    )
    known = [row["is_active"] for row in _stored(gateway, home, id=tag["id"])]
    assert known, f"“{tag['value']}” was deactivated and is gone from the database: it cannot come back"
    admin.tags.expect_value(kind["label"], tag["value"], is_active=False)
    offered = _offered(gateway, home, kind)
    assert offered == [neighbour["value"]], f"of two values one was deactivated; learners are offered {offered}"
    admin.tags.open()
    admin.tags.press("activate", value=tag["value"])
    admin.tags.expect_value(kind["label"], tag["value"])
    offered = sorted(_offered(gateway, home, kind))
    assert offered == sorted([tag["value"], neighbour["value"]]), f"activated again; learners are offered {offered}"


@pytest.mark.check("ui-tag-management")
def test_a_type_is_switched_off_and_on(
    visitors: Visitors, gateway: Gateway, canaries: Canaries, home: Organization
) -> None:
    """Off, it is no filter of the CourseSelector; on, it is one again. Its values and its place stay as they are."""
    kind, admin = canaries.tag_type(home.name, display_order=75), visitors.member("org_admin", home.name)
    tag = canaries.tag(home.name, kind["key"])
    admin.tags.open()

    for is_on in (False, True):
        admin.tags.work("switch", by_keyboard=is_on, type=kind["label"])
        admin.tags.expect(
            lambda is_on=is_on: admin.tags.shown(kind["label"]).is_enabled is is_on,  # type: ignore[misc]
            f"the switch of the type is {_on(is_on)}",
        )

        [row] = _types(gateway, home, kind)
        assert row["is_enabled"] is is_on, (
            f"the switch is {_on(is_on)}; the database says is_enabled: {row['is_enabled']}"
        )
        for column in ("label", "display_order"):
            changed = f"the type was switched {_on(is_on)}, which changed its {column}"
            assert row[column] == kind[column], f"{changed} from {kind[column]} to {row[column]}"
        active = [row["is_active"] for row in _stored(gateway, home, id=tag["id"])]
        assert active == [True], (
            f"the type was switched {_on(is_on)}; of its value the database says is_active: {active}"
        )
        admin.courses.open()
        admin.courses.expect_filters()
        assert admin.courses.shows("tag", tag=tag["value"]) is is_on, f"the type is {_on(is_on)}, its filter is not"
        admin.tags.open()
        assert admin.tags.shown(kind["label"]).is_enabled is is_on, f"after a reload the type is no longer {_on(is_on)}"


@pytest.mark.check("ui-tag-management")
def test_a_type_takes_the_label_and_place_that_it_is_given(
    visitors: Visitors, gateway: Gateway, canaries: Canaries, home: Organization
) -> None:
    """The order of the screen is the order of the filters. One that is off stays off."""
    first = canaries.tag_type(home.name, display_order=70, is_enabled=False)
    second, admin = canaries.tag_type(home.name, display_order=80), visitors.member("org_admin", home.name)
    label = canaries.name("label")
    admin.tags.open()
    assert _order(admin.tags.types(), first["label"], second["label"]) == [first["label"], second["label"]]

    admin.tags.relabel(first["label"], label, by_keyboard=True)
    admin.tags.the("switch", type=label)
    admin.tags.move_behind(label, second["label"], 85)

    admin.tags.expect(
        lambda: _place(gateway, home, first) > _place(gateway, home, second),
        f"the database has {label} behind {second['label']}, where it was moved to",
    )
    [row] = _types(gateway, home, first)
    assert row["label"] == label, f"the database has the label {row['label']}, the screen {label}"
    assert not row["is_enabled"], "the type was off; saving its label and place switched it on"
    admin.tags.open()
    assert _order(admin.tags.types(), label, second["label"]) == [second["label"], label], "the place is not kept"


@pytest.mark.check("ui-tag-management")
def test_what_all_organizations_share_is_changed_for_this_one_alone(
    visitors: Visitors, gateway: Gateway, canaries: Canaries, home: Organization, common: tuple[Json, Json]
) -> None:
    """A type that was never this organization's own takes a label and is switched off, for this organization.

    So does a value of it, where the screen offers that. The rows of all stay as they are.
    """
    (kind, value), admin = common, visitors.member("org_admin", home.name)
    label, new = canaries.name("label"), canaries.name("renamed")
    shared = _shared(gateway, home, kind, value)
    admin.tags.open()

    admin.tags.relabel(kind["label"], label)
    admin.tags.expect(
        lambda: _own_type(gateway, home, kind).get("label") == label,
        f"{kind['label']}, a type of all organizations, is {label} for {home.name} once that was saved",
    )
    was = _own_type(gateway, home, kind)["is_enabled"]
    assert was is kind["isEnabled"], f"{kind['label']} was given the label {label}, which switched it {_on(was)}"
    admin.tags.the("switch", type=label)
    admin.tags.click("switch", type=label)
    admin.tags.expect(
        lambda: _own_type(gateway, home, kind).get("is_enabled") is False,
        f"{kind['label']}, a type of all organizations, is off for {home.name} once it was switched off",
    )
    if admin.tags.offers("rename", value=value["value"]):
        admin.tags.rename(label, value["value"], new)
        admin.tags.expect(
            lambda: _own_values(gateway, home, kind, value) == [(new, True)],
            f"“{value['value']}”, a value of all organizations, is “{new}” for {home.name} once that was saved",
        )
        admin.tags.expect_value(label, new)
        admin.tags.click("deactivate", value=new)
        admin.tags.expect(
            lambda: _own_values(gateway, home, kind, value) == [(new, False)],
            f"“{new}”, a value of all organizations, is not active for {home.name} once it was deactivated",
        )

    now = _shared(gateway, home, kind, value)
    assert now == shared, f"{home.name} changed what all organizations share: {now} instead of {shared}"


@pytest.fixture
def common(gateway: Gateway, canaries: Canaries, home: Organization) -> Iterator[tuple[Json, Json]]:
    """A type and a value of it that all organizations share; what the organization has of its own goes afterwards.

    While it is another one it bears this run's prefix, so that whatever is left of a killed run is swept.
    """
    own = {row["key"] for row in rows(gateway, "org_admin", home.name, "tag_types", organization_id=f"eq.{home.id}")}
    kinds = [kind for kind in home.config["tagTypes"] if kind["key"] not in own]
    values = [tag for tag in shared_tags(gateway, home) if tag["typeKey"] in {kind["key"] for kind in kinds}]
    if not values:
        raise Unverified(f"{home.name} shares no type of tags with other organizations: one of its own was looked at")
    kind = next(kind for kind in kinds if kind["key"] == values[0]["typeKey"])
    yield kind, values[0]
    left = rows(gateway, "org_admin", home.name, "tag_types", organization_id=f"eq.{home.id}", key=f"eq.{kind['key']}")
    canaries.discard(*left, *_stored(gateway, home, type_key=kind["key"], slug=values[0]["slug"]))


@pytest.mark.check("ui-tag-management")
def test_a_viewer_cannot_change_tags_in_the_screen_or_behind_it(
    visitors: Visitors, gateway: Gateway, canaries: Canaries, home: Organization
) -> None:
    """A button that is hidden protects nothing: what it would have sent is sent here, with the viewer's own token.

    Nor is one hidden that was there until the screen knew who it is for.
    """
    kind = canaries.tag_type(home.name)
    tag, value = canaries.tag(home.name, kind["key"]), canaries.name("forbidden")
    viewer = visitors.member("viewer", home.name)
    viewer.log.watch(viewer.page)
    viewer.tags.open()
    viewer.tags.the("refusal")
    assert not viewer.tags.offers("add", type=kind["label"]), "the screen offers a viewer to add a value"
    viewer.log.watch(viewer.page, on=False)
    for_a_moment = viewer.tags.offered_before(name for _, name in viewer.log.controls)
    assert not for_a_moment, f"the screen offered a viewer for a moment: {', '.join(for_a_moment[:5])}"
    row = {"organization_id": home.id, "type_key": kind["key"], "value": value, "slug": value}
    behind = gateway.member("viewer", home.name)

    behind.send("POST", "/rest/v1/tags", body=row)
    behind.send("PATCH", "/rest/v1/tags", query={"id": f"eq.{tag['id']}"}, body={"value": value})
    behind.send("DELETE", "/rest/v1/tags", query={"id": f"eq.{tag['id']}"})

    kept = [(each["id"], each["value"]) for each in _stored(gateway, home, type_key=kind["key"])]
    assert kept == [(tag["id"], tag["value"])], "a viewer changed tags behind the screen"
    control = gateway.member("org_admin", home.name).send("POST", "/rest/v1/tags", body=row)
    assert control.status == 201, f"the control: an admin must be able to do it: {control.seen}"


def _stored(gateway: Gateway, home: Organization, **columns: str) -> list[Json]:
    filters = {name: f"eq.{value}" for name, value in columns.items()}
    return rows(gateway, "org_admin", home.name, "tags", organization_id=f"eq.{home.id}", **filters)


def _own_type(gateway: Gateway, home: Organization, kind: Json) -> Json:
    """The organization's own row of a type, or nothing."""
    filters = {"organization_id": f"eq.{home.id}", "key": f"eq.{kind['key']}"}
    return next(iter(rows(gateway, "org_admin", home.name, "tag_types", **filters)), {})


def _own_values(gateway: Gateway, home: Organization, kind: Json, value: Json) -> list[tuple[str, bool]]:
    """Name and state of what the organization has in the place of a value that all share."""
    stored = _stored(gateway, home, type_key=kind["key"], slug=value["slug"])
    return [(row["value"], row["is_active"]) for row in stored]


def _shared(gateway: Gateway, home: Organization, kind: Json, value: Json) -> list[Json]:
    """The rows of a type and of a value of it that belong to all."""
    everybodys = {"organization_id": "is.null"}
    return [
        *rows(gateway, "org_admin", home.name, "tag_types", key=f"eq.{kind['key']}", **everybodys),
        *rows(gateway, "org_admin", home.name, "tags", id=f"eq.{value['id']}", **everybodys),
    ]


def _types(gateway: Gateway, home: Organization, kind: Json) -> list[Json]:
    return rows(gateway, "org_admin", home.name, "tag_types", id=f"eq.{kind['id']}")


def _place(gateway: Gateway, home: Organization, kind: Json) -> int:
    [row] = _types(gateway, home, kind)
    return int(row["display_order"])


def _offered(gateway: Gateway, home: Organization, kind: Json) -> list[str]:
    config = organization(gateway, home.name).config["tagTypes"]
    return [tag["value"] for each in config if each["key"] == kind["key"] for tag in each["tags"]]


def _order(types: list[str], *labels: str) -> list[str]:
    return [label for label in types if label in labels]


def _on(is_on: bool) -> str:
    return "on" if is_on else "off"
