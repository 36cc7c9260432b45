"""The catalogue and the checklist's text say the same, in both directions: no line is lost, none is invented."""

from __future__ import annotations

from fixtures.catalogue import Catalogue, Line, checklist_lines

CATALOGUE = Catalogue.load()
LINES = list(checklist_lines())
# The sign-off at the end of the checklist is written in plain text, and asks for something all the same.
SIGN_OFF = ("**Status:**", "**Owner:**", "**Review Date:**")


def asks_for_something(line: Line) -> bool:
    return line.kind in ("box", "entry", "command") or line.text.startswith(SIGN_OFF)


def test_the_checklist_has_88_boxes() -> None:
    assert sum(line.kind == "box" for line in LINES) == 88


def test_every_line_that_asks_for_something_has_an_item() -> None:
    lost = [f"{line.number}: {line.text}" for line in LINES if asks_for_something(line) and not at(line)]

    assert not lost


def test_every_item_stands_for_lines_of_the_checklist() -> None:
    written = {(line.section, line.text) for line in LINES if asks_for_something(line)}

    invented = [(item.id, text) for item in CATALOGUE for text in item.source if (item.section, text) not in written]

    assert not invented


def test_every_box_has_exactly_one_item() -> None:
    shared = {line.text: ids for line in LINES if line.kind == "box" and len(ids := at(line)) != 1}

    assert not shared


def test_items_stand_in_the_order_of_the_checklist() -> None:
    order = {(line.section, text): line.number for line in reversed(LINES) for text in [line.text]}
    numbers = [min(order[item.section, text] for text in item.source) for item in CATALOGUE]

    assert numbers == sorted(numbers)


def at(line: Line) -> list[str]:
    return [item.id for item in CATALOGUE.at(line.section, line.text)]
