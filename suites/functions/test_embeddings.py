"""regenerate-embeddings keeps one embedding for each item and level, and touches only what has changed."""

from __future__ import annotations

from typing import Any

import pytest

from fixtures.canaries import Canaries, Course
from fixtures.contract import Deviations
from fixtures.gateway import Gateway

Json = dict[str, Any]
Place = tuple[str | None, str | None]

TEXTS = {
    "q1": {"beginner": "How many are one and one?", "expert": "1 + 1"},
    "q2": {"beginner": "How many are two and two?", "expert": "2 + 2"},
    "q3": {"beginner": "How many are three and three?", "expert": "3 + 3"},
}


@pytest.mark.check("fn-tested-locally")
def test_only_what_has_changed_is_embedded(gateway: Gateway, canaries: Canaries, deviations: Deviations) -> None:
    """Everything at first, nothing if nothing has changed, then one text, then one item less, step by step.

    What is not to be touched keeps its row and the time at which it was written.
    """
    first = gateway.canaries[0]
    course, bystander = canaries.course(first, "embedded"), canaries.course(first, "bystander")
    whole = _file(canaries, first, TEXTS)
    reworded = _file(canaries, first, {**TEXTS, "q2": {**TEXTS["q2"], "expert": "2 + 2 = ?"}})
    shorter = _file(canaries, first, {"q1": TEXTS["q1"], "q2": TEXTS["q2"] | {"expert": "2 + 2 = ?"}})
    gateway.service.post("regenerate-embeddings", {"courseId": bystander.id, "newSnapshot": whole})
    beside = canaries.embeddings(bystander)

    steps: list[tuple[str, Json | None, Json, tuple[int, int, int], set[Place]]] = [
        ("all of a new course", None, whole, (6, 0, 0), set()),
        ("nothing has changed", whole, whole, (0, 6, 0), set()),
        ("one text has changed", whole, reworded, (1, 5, 0), {("q2", "expert")}),
        ("an item has gone", reworded, shorter, (0, 4, 2), {("q3", "beginner"), ("q3", "expert")}),
        ("everything is as it was", shorter, whole, (3, 3, 0), {("q2", "expert")}),
        ("the course is empty", whole, {"items": []}, (0, 0, 6), set()),
    ]
    for what, old, new, expected, touched in steps:
        before = _by_place(canaries.embeddings(course))
        body = {"courseId": course.id, "oldSnapshot": old, "newSnapshot": new}
        answer = gateway.service.post("regenerate-embeddings", {k: v for k, v in body.items() if v is not None})
        told = deviations.expect(answer, 200, why=what)
        rows = canaries.embeddings(course)
        after = _by_place(rows)
        if told is not None and (told["embedded"], told["unchanged"], told["removed"]) != expected:
            counts = f"embedded {expected[0]}, unchanged {expected[1]}, removed {expected[2]}"
            deviations.note(answer, f"({what}) tells {told}, should be {counts}")
        places = _places(new)
        if set(after) != places:
            deviations.note(answer, f"({what}) embeddings are of {sorted(map(str, after))}, should be {len(places)}")
        if len(rows) > len(after):
            left = f"{len(rows) - len(after)} of {len(rows)} embeddings are of texts that are no more"
            deviations.note(answer, f"({what}) {left}: a search still finds them beside the new ones")
        for place in before.keys() & after.keys() - touched:
            if before[place] != after[place]:
                deviations.note(answer, f"({what}) the embedding of {place} was written again, and had not changed")

    if canaries.embeddings(bystander) != beside:
        deviations.note(answer, "embeddings of another course have changed", kind="integrity")
    deviations.expect_none()


@pytest.mark.check("fn-tested-locally")
def test_rows_belong_to_the_course_and_say_what_was_embedded(
    gateway: Gateway, canaries: Canaries, deviations: Deviations
) -> None:
    """Organization and course are those of the course's row; the text is the level's own, else the default's."""
    second = gateway.canaries[1]
    course = canaries.course(second, "embedded")
    file = _file(canaries, second, {"q1": {"beginner": "Only for beginners"}, "q2": TEXTS["q2"]})

    answer = gateway.service.post("regenerate-embeddings", {"courseId": course.id, "newSnapshot": file})

    deviations.expect(answer, 200, why="the service embeds a course")
    rows = {(row["item_id"], row["level"]): row for row in canaries.embeddings(course)}
    for place, words in {
        ("q1", "beginner"): "Only for beginners",
        ("q1", "expert"): "Only for beginners",
        ("q2", "expert"): "2 + 2",
    }.items():
        content = rows.get(place, {}).get("content", "nothing")
        if words not in content:
            deviations.note(answer, f"the embedding of {place} is of {content!r}, should be of {words!r}")
    if owners := {row["organization_id"] for row in rows.values()} - {course.organization_id}:
        deviations.note(
            answer, f"embeddings belong to {owners}, the course to {course.organization_id}", kind="integrity"
        )
    deviations.expect_none()


@pytest.mark.check("fn-tested-locally")
def test_a_course_that_is_not_there_is_not_embedded(
    gateway: Gateway, canaries: Canaries, deviations: Deviations
) -> None:
    """404, and no row without a course."""
    first = gateway.canaries[0]
    missing = Course(canaries.name("missing"), first, gateway.organization(first)["id"])
    body = {"courseId": missing.id, "newSnapshot": _file(canaries, first, TEXTS)}

    answer = gateway.service.post("regenerate-embeddings", body)

    deviations.expect(answer, 404, why="there is no such course")
    if rows := canaries.embeddings(missing):
        deviations.note(answer, f"wrote {len(rows)} embeddings of no course", kind="integrity")
    deviations.expect_none()


def _file(canaries: Canaries, organization: str, texts: dict[str, dict[str, str]]) -> Json:
    return canaries.course_file(organization, *texts.items())


def _places(file: Json) -> set[Place]:
    return {(item["id"], level) for item in file["items"] for level in ("beginner", "expert")}


def _by_place(rows: list[Json]) -> dict[Place, tuple[str, str]]:
    """Row and time of writing, by item and level."""
    return {(row["item_id"], row["level"]): (row["id"], row["updated_at"]) for row in rows}
