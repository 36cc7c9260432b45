"""list-courses-filtered finds exactly the courses that the filters say, page by page, none twice and none lost."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import pytest

from fixtures.canaries import Canaries
from fixtures.contract import Deviations
from fixtures.gateway import Actor, Gateway

LIST = "list-courses-filtered"
MANY = 23  # more than the default page, and no multiple of any page asked for

Row = dict[str, Any]


@dataclass(frozen=True)
class Shelf:
    """Courses of the first canary organization that one word finds, and what they were made with."""

    word: str
    member: Actor
    rows: tuple[Row, ...]
    tags: tuple[Row, ...]

    def ids(self, wanted: Any = lambda _: True) -> set[str]:
        """The ids of those for which `wanted` holds."""
        return {row["id"] for row in self.rows if wanted(row)}


@pytest.fixture(scope="module")
def shelf(gateway: Gateway, canaries: Canaries) -> Shelf:
    """Made by one statement, so that all have the same times: an order by time alone is none."""
    first = gateway.canaries[0]
    word = canaries.name("shelf")
    tags = tuple(canaries.tag(first) for _ in range(3))
    two, three, _ = (tag["id"] for tag in tags)
    rows = [
        {
            "id": canaries.name("listed"),
            "title": f"{word} Course {number:02}" + (" at 100%" if number == 7 else ""),
            "visibility": "global" if number % 5 == 0 else "org",
            "tag_ids": [tag for tag, every in ((two, 2), (three, 3)) if number % every == 0],
        }
        for number in range(MANY)
    ]
    canaries.courses(first, rows)
    return Shelf(word, gateway.member("viewer", first), tuple(rows), tags)


@pytest.mark.check("fn-tested-locally")
def test_any_and_all(shelf: Shelf, deviations: Deviations) -> None:
    """Any finds courses with one of the tags, All those with every one of them; All of one tag is Any of it."""
    two, three, unused = (tag["id"] for tag in shelf.tags)

    def any_of(*tags: str) -> set[str]:
        return shelf.ids(lambda row: set(row["tag_ids"]) & set(tags))

    def all_of(*tags: str) -> set[str]:
        return shelf.ids(lambda row: set(row["tag_ids"]) >= set(tags))

    for tags, match_all, expected in (
        ([two], None, any_of(two)),
        ([two, three], None, any_of(two, three)),
        ([two, three], False, any_of(two, three)),
        ([two, three], True, all_of(two, three)),
        ([three], True, all_of(three)),
        ([two, two], True, all_of(two)),
        ([two, unused], None, any_of(two)),
        ([two, unused], True, set()),
        ([two, three, unused], True, set()),
        ([unused], None, set()),
        ([], True, shelf.ids()),
    ):
        _expect_found(shelf, deviations, expected, tagIds=tags, matchAll=match_all)

    deviations.expect_none()


@pytest.mark.check("fn-tested-locally")
def test_visibility_and_words(shelf: Shelf, deviations: Deviations) -> None:
    """Each filter alone, and together with others: they narrow each other.

    Words are found in upper and lower case; what is a wildcard to a database is a sign like any other.
    """
    two = shelf.tags[0]["id"]

    _expect_found(shelf, deviations, shelf.ids())
    for visibility in ("org", "global"):
        expected = shelf.ids(lambda row, v=visibility: row["visibility"] == v)
        _expect_found(shelf, deviations, expected, visibility=visibility)
        tagged = shelf.ids(lambda row, v=visibility: row["visibility"] == v and two in row["tag_ids"])
        _expect_found(shelf, deviations, tagged, visibility=visibility, tagIds=[two])
    for search, expected in (
        (f"{shelf.word} Course 07", shelf.ids(lambda row: "Course 07" in row["title"])),
        (f"{shelf.word} COURSE 1", shelf.ids(lambda row: "Course 1" in row["title"])),
        (f"{shelf.word} Course 07 at 100%", shelf.ids(lambda row: "100%" in row["title"])),
        *((f"{shelf.word}{wildcard}Course", set()) for wildcard in "%_.*"),
        (f"{shelf.word} no such course", set()),
    ):
        _expect_found(shelf, deviations, expected, search=search)

    deviations.expect_none()


@pytest.mark.check("fn-tested-locally")
@pytest.mark.parametrize("size", [1, 5, 7, 20])
def test_pages_neither_repeat_nor_lose_a_course(
    size: int, shelf: Shelf, gateway: Gateway, deviations: Deviations
) -> None:
    """The pages of any size, put together, are the whole list in the same order; each tells the same total."""
    whole = shelf.member.get(LIST, search=shelf.word, limit=100)
    body = deviations.expect(whole, 200, why="a member lists the own courses")
    order = [course["id"] for course in body["courses"]] if body is not None else []
    # The last one begins in the middle of a page: an offset counts courses, whatever the limit is.
    offsets = [*range(0, MANY + size, size), size // 2 + 1] if size > 1 else range(0, MANY + 1, 3)

    pages = gateway.together(lambda at: shelf.member.get(LIST, search=shelf.word, limit=size, offset=at), offsets)

    for offset, page in zip(offsets, pages, strict=True):
        body = deviations.expect(page, 200, why="a page of the own courses")
        if body is None:
            continue
        told = (body["total"], body["limit"], body["offset"])
        if told != (MANY, size, offset):
            deviations.note(page, f"total, limit and offset are {told}, should be {(MANY, size, offset)}")
        shown, expected = [course["id"] for course in body["courses"]], order[offset : offset + size]
        if shown != expected:
            lost, extra = len(set(expected) - set(shown)), len(set(shown) - set(expected))
            observed = f"page at {offset} of {size} has {len(shown)} courses: {lost} missing, {extra} of other pages"
            deviations.note(page, f"{observed}; should be {len(expected)}, in the order of the whole list")
    deviations.expect_none()


@pytest.mark.check("fn-tested-locally")
def test_limits(shelf: Shelf, gateway: Gateway, deviations: Deviations) -> None:
    """Twenty unless asked otherwise, a hundred at most; what is no limit, offset, tag or visibility is refused."""
    answer = shelf.member.get(LIST, search=shelf.word)
    body = deviations.expect(answer, 200, why="no limit is asked for")
    if body is not None and (len(body["courses"]), body["limit"], body["offset"], body["total"]) != (20, 20, 0, MANY):
        shown = f"{len(body['courses'])} of {body['total']}, limit {body['limit']}, offset {body['offset']}"
        deviations.note(answer, f"without a limit it shows {shown}; should be 20 of {MANY}, limit 20, offset 0")
    wrong: list[Row] = [
        *({"limit": limit} for limit in (0, -1, 101, 1.5, "all", "")),
        *({"offset": offset} for offset in (-1, 0.5, "end")),
        {"visibility": "public"},
        {"tagIds": "mathematics"},
        {"tagIds": f"{shelf.tags[0]['id']},x"},
        {"matchAll": "yes"},
        {"organizationId": "learnplay"},
        {"search": "x" * 201},
    ]

    for query, refused in zip(wrong, gateway.together(lambda q: shelf.member.get(LIST, **q), wrong), strict=True):
        deviations.expect(refused, 400, why=f"{query} is not allowed")

    deviations.expect_none()


@pytest.mark.check("fn-tested-locally")
def test_each_course_is_told_as_it_is(shelf: Shelf, canaries: Canaries, deviations: Deviations) -> None:
    """Every field is that of the row, and the tags come with their values; the total counts all, not the page."""
    rows = {row["id"]: row for row in canaries.rows("course_metadata", title=f"like.{shelf.word}*")}
    tags = {tag["id"]: (tag["id"], tag["value"], tag["slug"]) for tag in shelf.tags}
    answer = shelf.member.get(LIST, search=shelf.word, limit=100)

    body = deviations.expect(answer, 200, why="a member lists the own courses")

    for course in body["courses"] if body is not None else []:
        row = rows.get(course["id"], {})
        names = {"organizationId": "organization_id", "title": "title", "visibility": "visibility", "tagIds": "tag_ids"}
        names |= {"contentVersion": "content_version", "etag": "etag", "updatedAt": "updated_at"}
        for name, column in names.items():
            if course[name] != row.get(column):
                deviations.note(
                    answer, f"{name} of {course['id']} is {course[name]!r}, the row says {row.get(column)!r}"
                )
        shown = [(tag["id"], tag["value"], tag["slug"]) for tag in course["tags"]]
        if sorted(shown) != sorted(tags[tag] for tag in row.get("tag_ids", [])):
            deviations.note(answer, f"the tags of {course['id']} are {shown}, the row says {row.get('tag_ids')}")
    deviations.expect_none()


@pytest.mark.check("fn-tested-locally")
def test_who_sees_which(shelf: Shelf, gateway: Gateway, deviations: Deviations) -> None:
    """Its own members see all of them, others the global ones, a superadmin all and by organization."""
    first, second = gateway.canaries
    shared = shelf.ids(lambda row: row["visibility"] == "global")
    ids = {name: gateway.organization(name)["id"] for name in (first, second)}

    for actor, query, expected in (
        (gateway.member("editor", first), {}, shelf.ids()),
        (gateway.member("org_admin", first), {}, shelf.ids()),
        (gateway.user("several"), {}, shelf.ids()),
        (gateway.member("viewer", second), {}, shared),
        (gateway.member("org_admin", second), {"visibility": "org"}, set()),
        (gateway.user("superadmin"), {}, shelf.ids()),
        (gateway.user("superadmin"), {"organizationId": ids[first]}, shelf.ids()),
        (gateway.user("superadmin"), {"organizationId": ids[second]}, set()),
    ):
        _expect_found(shelf, deviations, expected, actor=actor, **query)
    answer = gateway.member("viewer", second).get(LIST, search=shelf.word, limit=100)
    body = deviations.expect(answer, 200, why="others see the global ones")
    own = {tag["id"] for tag in shelf.tags}
    listed = body["courses"] if body is not None else []
    named = sorted({tag["value"] for course in listed for tag in course["tags"] if tag["id"] in own})
    if named:  # a global course shows the ids of its tags to everybody; what they mean is its organization's business
        deviations.note(answer, f"tells {second} what tags of {first} are called: {named}", kind="confidentiality")

    deviations.expect_none()


def _expect_found(
    shelf: Shelf, deviations: Deviations, expected: set[str], actor: Actor | None = None, **query: Any
) -> None:
    """The answer has exactly these courses, and says how many there are."""
    answer = (actor or shelf.member).get(LIST, **{"search": shelf.word, "limit": 100, **query})
    asked = {name: value for name, value in query.items() if value is not None and name != "search"}
    body = deviations.expect(answer, 200, why=f"courses are asked for by {asked or 'words alone'}")
    if body is None:
        return
    found = [course["id"] for course in body["courses"]]
    if set(found) != expected or len(found) != len(set(found)):
        numbers = dict(zip((row["id"] for row in shelf.rows), itertools.count()))
        missing = sorted(numbers[each] for each in expected - set(found))
        extra = sorted(numbers.get(each, -1) for each in set(found) - expected)
        observed = f"found {len(found)} courses, should be {len(expected)} (missing {missing}, too many {extra})"
        deviations.note(answer, f"asked by {asked or query}: {observed}")
    elif body["total"] != len(expected):
        deviations.note(answer, f"asked by {asked or query}: total is {body['total']}, there are {len(expected)}")
