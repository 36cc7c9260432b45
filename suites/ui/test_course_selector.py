"""The CourseSelector lists own and global courses and no other, and each filter does what it says."""

from __future__ import annotations

from itertools import pairwise

import pytest

from fixtures.canaries import Json
from fixtures.errors import Unverified
from fixtures.gateway import Gateway
from fixtures.screens import Visitor, Visitors
from fixtures.screens.stage import Organization, Others, Shelf, listed, rows, shared_tags


@pytest.mark.check("smoke-course-selector", "must-course-filters", "ui-course-selector")
@pytest.mark.parametrize("role", ["viewer", "org_admin"])
def test_it_lists_own_and_global_courses_and_no_other(
    visitors: Visitors, gateway: Gateway, home: Organization, others: Others, role: str
) -> None:
    """All pages together are what list-courses-filtered answers, and what the database holds for the organization.

    What leads on from a course leads to that one and to no other, and tags that stand beside it are its own.
    """
    known = {course["id"]: course for course in listed(gateway, role, home.name)}
    foreign = [one for one in known.values() if home.id != one["organizationId"] and one["visibility"] != "global"]
    assert not foreign, f"list-courses-filtered gives {home.name} private courses of others: {foreign}"
    own = rows(gateway, role, home.name, "course_metadata", organization_id=f"eq.{home.id}", select="id")
    left_out = others.without({row["id"] for row in own} - known.keys())
    assert not left_out, f"list-courses-filtered leaves out {left_out}, courses of the organization"
    titles = [_title(course) for course in known.values()]
    unique = {_title(course): course["id"] for course in known.values() if titles.count(_title(course)) == 1}
    member = visitors.member(role, home.name)

    member.courses.open()

    member.courses.expect_tags({title: known[each]["tags"] for title, each in unique.items()}, home.config["tagTypes"])
    member.courses.expect_courses(
        lambda: [_title(course) for course in listed(gateway, role, home.name)], others, what="without a filter"
    )
    member.courses.expect_links(unique, play=member.play, versions=member.versions)


@pytest.mark.check("must-course-filters", "ui-course-selector")
def test_a_search_finds_what_the_api_finds(
    visitors: Visitors, gateway: Gateway, home: Organization, others: Others
) -> None:
    """Two words of a title that is there, in other letters than there, and one that no title has.

    From the second page, where there is one: what is found begins on a first page all the same.
    """
    titles = others.without(_title(course) for course in listed(gateway, "viewer", home.name))
    if not titles:
        raise Unverified(f"{home.name} lists no course to search for")
    word = _words(titles)
    if listed(gateway, "viewer", home.name, search=word.swapcase()):
        word = word.swapcase()
    viewer = visitors.member("viewer", home.name)
    viewer.courses.open()
    if viewer.courses.turns("next"):
        viewer.courses.turn("next")

    def found() -> list[str]:
        return [_title(course) for course in listed(gateway, "viewer", home.name, search=word)]

    viewer.courses.search(word)

    what = f"searching for “{word}”"
    viewer.courses.expect_count(lambda: len(found()), what=what)
    first = f"what is found begins on the first page, though “{word}” was searched for on the second one"
    viewer.courses.expect(lambda: not viewer.courses.turns("previous"), first)
    viewer.courses.expect_courses(found, others, what=what)
    viewer.courses.search("no-title-has-this-word")
    viewer.courses.expect_count(lambda: 0, what="searching for a word that no title has")


@pytest.mark.check("must-course-filters", "ui-course-selector")
def test_a_tag_narrows_the_list_to_what_the_api_gives(
    visitors: Visitors, gateway: Gateway, home: Organization, others: Others
) -> None:
    """A tag that some courses bear and others do not: every course of the answer bears it.

    One of the organization's own, then one that all organizations share.
    """

    def bearing(tag: Json) -> list[str]:
        return [_title(course) for course in listed(gateway, "viewer", home.name) if tag["id"] in course["tagIds"]]

    everything = len(others.without(_title(course) for course in listed(gateway, "viewer", home.name)))
    offered = [tag for kind in home.config["tagTypes"] if kind["isEnabled"] for tag in kind["tags"]]
    tags = [tag for tag in offered if others.without([tag["value"]])]
    common = {tag["id"] for tag in shared_tags(gateway, home)}
    telling = [tag for tag in tags if 0 < len(others.without(bearing(tag))) < everything]
    own = [tag for tag in telling if tag["id"] not in common][:1]
    chosen = [*own, *[tag for tag in telling if tag["id"] in common][:1]]
    if not chosen:
        raise Unverified(f"no tag of {home.name} is on some of its courses and not on others")
    viewer = visitors.member("viewer", home.name)
    viewer.courses.open()

    for tag in chosen:
        viewer.courses.click("tag", tag=tag["value"])

        sort = "its own tag" if tag in own else "the tag of all organizations"
        viewer.courses.expect_courses(lambda tag=tag: bearing(tag), others, what=f"filtered by {sort} “{tag['value']}”")  # type: ignore[misc]
        viewer.courses.click("tag", tag=tag["value"])


@pytest.mark.check("ui-course-selector")
def test_any_and_all_of_two_tags(visitors: Visitors, shelf: Shelf, home: Organization) -> None:
    """Any lists courses with one of them, All those with both; without tags, all are back, and words narrow them.

    The first one is chosen on the second page: what is found begins on a first page all the same.
    """
    viewer = _before(visitors, shelf, home)
    first, second = shelf.tags
    if viewer.courses.turns("next"):
        viewer.courses.turn("next")

    viewer.courses.click("tag", tag=first)
    viewer.courses.expect_count(lambda: len(shelf.tagged(first)), what=f"filtered by {first}")
    what = f"what is found begins on the first page, though {first} was chosen on the second one"
    viewer.courses.expect(lambda: not viewer.courses.turns("previous"), what)
    viewer.courses.press("tag", tag=second)
    viewer.courses.expect_courses(lambda: shelf.tagged(first, second), what="filtered by Any of two tags")
    viewer.courses.click("tag", tag=shelf.third)
    viewer.courses.expect_count(lambda: len(shelf.titles), what="filtered by Any of three tags, of which all bear one")
    viewer.courses.click("tag", tag=shelf.third)
    viewer.courses.pick("all")
    viewer.courses.expect_courses(
        lambda: shelf.tagged(first, second, match_all=True), what="filtered by All of two tags"
    )
    viewer.courses.pick("any")
    viewer.courses.expect_count(lambda: len(shelf.tagged(first, second)), what="filtered by Any again, after All")

    viewer.courses.click("tag", tag=first)
    viewer.courses.click("tag", tag=second)
    viewer.courses.expect_count(lambda: len(shelf.titles), what="after both tags were taken back")
    viewer.courses.search(title := shelf.titles[-1])
    viewer.courses.expect_courses(lambda: [title], what="searching for several words, which one title has")


@pytest.mark.check("ui-course-selector")
def test_pages_hold_every_course_once(visitors: Visitors, shelf: Shelf, home: Organization) -> None:
    """Forward through all pages, and back to the first, which is as it was."""
    viewer = _before(visitors, shelf, home)
    first_page = viewer.courses.titles()
    if len(first_page) >= len(shelf.titles):
        raise Unverified(f"{len(shelf.titles)} courses are on one page: turning pages was not seen")

    viewer.courses.expect_courses(lambda: shelf.titles, what="all pages together")

    assert not viewer.courses.turns("next"), "the last page offers a next one"
    if sorted(viewer.courses.titles()) == sorted(shelf.titles):
        return  # each page was added to those before it: there is no way back
    while viewer.courses.titles() != first_page:
        shown = viewer.courses.titles()
        assert viewer.courses.turns("previous"), f"the way back ends at {shown}, not at the first page"
        viewer.courses.turn("previous")


@pytest.mark.check("smoke-catalog-mode", "ui-course-selector")
def test_the_mode_switches_between_metadata_and_catalog(
    visitors: Visitors, gateway: Gateway, home: Organization
) -> None:
    """Metadata mode asks list-courses-filtered, catalog mode reads catalog.json; both list courses, and back again.

    Where the search is offered in catalog mode too, it searches the catalog.
    """
    viewer = visitors.member("viewer", home.name)
    viewer.courses.open()
    viewer.courses.expect_count(lambda: len(listed(gateway, "viewer", home.name)), what="in metadata mode")

    answer = viewer.courses.expect_asks("catalog.json", lambda: viewer.courses.pick("catalog"), "choosing catalog mode")

    titles = [course["title"] for course in answer.json()["courses"]]
    assert titles, "catalog.json lists no course"
    viewer.courses.expect_courses(lambda: titles, what="in catalog mode", first_page=True)
    if viewer.courses.shows("search"):
        viewer.courses.search("no-title-has-this-word")
        viewer.courses.expect_count(lambda: 0, what="searching the catalog for a word that no title has")
        viewer.courses.search("")
        viewer.courses.expect_count(lambda: len(titles), what="in catalog mode, after the search was taken back")
    viewer.courses.expect_asks(
        "list-courses-filtered", lambda: viewer.courses.pick("metadata"), "choosing metadata mode"
    )
    viewer.courses.expect_count(lambda: len(listed(gateway, "viewer", home.name)), what="back in metadata mode")


def _words(titles: list[str]) -> str:
    """Words of a title that find less than the first of them alone, if there are such; else one word of a title."""

    def holding(text: str) -> int:
        return sum(text.lower() in title.lower() for title in titles)

    for title in titles:
        for one, other in pairwise(title.split()):
            if holding(one) > holding(f"{one} {other}"):
                return f"{one} {other}"
    return max(titles, key=len).split()[0]


def _title(course: Json) -> str:
    """What the list calls a course."""
    return str(course["title"] or course["id"])


def _before(visitors: Visitors, shelf: Shelf, home: Organization) -> Visitor:
    """A viewer who has searched for the shelf: nothing that others do can be among its courses."""
    viewer = visitors.member("viewer", home.name)
    viewer.courses.open()
    viewer.courses.search(shelf.word)
    viewer.courses.expect_count(lambda: len(shelf.titles), what="searching for the shelf")
    return viewer
