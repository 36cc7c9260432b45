"""Markup in what people write stays text: a title or a tag must not become a part of the page that runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from playwright.sync_api import Route

from fixtures.canaries import Canaries
from fixtures.gateway import Gateway
from fixtures.screens import Screen, Visitors
from fixtures.screens.stage import Item, Organization, course_file, publish, suggest

# Whose markup became a part of the page: what is put there is a picture of that name.
ALIVE = (
    "() => document.querySelector('img[src*=greenlight-markup]')?.getAttribute('src') ?? globalThis.greenlightMarkup"
)


@dataclass(frozen=True)
class Trapped:
    """A course in whose texts there is markup: its id, title, the label of its tag type, its tag, its question.

    Also in the label of a level, which is the course's own where the organization has none for it.
    """

    course: str
    title: str
    kind: str
    tag: str
    question: str
    changelog: str
    suggestion: str


@pytest.fixture(scope="module")
def trapped(canaries: Canaries, gateway: Gateway, home: Organization) -> Trapped:
    """Wherever somebody may write a text, it would load a picture that is not there, and then run."""

    def trap(word: str) -> str:
        source = f"/greenlight-markup/{word}"
        return f"{canaries.name(word)} <img src={source} onerror=greenlightMarkup='{source}'>"

    label, title, question, changelog, suggestion = map(trap, ("label", "title", "question", "changelog", "suggested"))
    kind = canaries.tag_type(home.name, label=label)
    tag = canaries.tag(home.name, kind["key"], slug=canaries.name("slug"), value=trap("tag"))
    course = canaries.course(home.name, "markup", title=title, tag_ids=[tag["id"]])
    file = course_file(course.id, home.id, title, [Item("q", None, question)])
    file["variants"]["difficulty"]["levels"].append({"id": "greenlight", "label": trap("level"), "order": 9})
    canaries.store(course, file)
    publish(gateway, course, changelog)
    suggest(gateway, course, {kind["key"]: [suggestion]})
    return Trapped(course.id, title, label, str(tag["value"]), question, changelog, suggestion)


@pytest.mark.check("ui-course-selector")
def test_markup_in_a_title_stays_text_in_the_list(visitors: Visitors, home: Organization, trapped: Trapped) -> None:
    """And in the filters, which are tags; and in catalog mode, where a title comes from a file."""
    editor = visitors.member("editor", home.name)
    editor.courses.open()

    editor.courses.search(trapped.title.split()[0])

    editor.courses.expect_count(lambda: 1, what="searching for the title before the markup")
    _expect_text(editor.courses, trapped.title, trapped.tag)
    editor.page.route("**/catalog.json*", lambda route: _with_course(route, trapped.title))
    editor.courses.expect_asks("catalog.json", lambda: editor.courses.pick("catalog"), "choosing catalog mode")
    _expect_text(editor.courses, trapped.title)
    editor.page.unroute("**/catalog.json*")


@pytest.mark.check("ui-variants")
def test_markup_in_a_question_stays_text_in_the_player(
    visitors: Visitors, home: Organization, trapped: Trapped
) -> None:
    """Whoever writes a course must not run programs in its learners' browsers; nor once they have answered."""
    editor, item = visitors.member("editor", home.name), Item("q", None, trapped.question)

    editor.play.open(id=trapped.course)

    _expect_text(editor.play, trapped.title, trapped.question)
    if editor.play.shows("check"):
        editor.play.click("answer", answer=f"{trapped.question} a")
        editor.play.click("check")
        _expect_text(editor.play, item.explanation(""))


@pytest.mark.check("ui-version-history")
def test_markup_in_a_changelog_stays_text_in_the_history(
    visitors: Visitors, home: Organization, trapped: Trapped
) -> None:
    """And in the snapshot, which is the whole course."""
    editor = visitors.member("editor", home.name)
    editor.versions.open(id=trapped.course)

    editor.versions.view(1)

    _expect_text(editor.versions, trapped.changelog)


@pytest.mark.check("ui-tag-management")
def test_markup_in_a_tag_stays_text_where_it_is_managed(
    visitors: Visitors, home: Organization, trapped: Trapped
) -> None:
    """In the label of a type, in a value of it, and in what is said once one was added."""
    admin = visitors.member("org_admin", home.name)
    added = trapped.tag.replace("-tag-", "-added-").replace("/tag", "/added")
    admin.tags.open()
    _expect_text(admin.tags, trapped.kind, trapped.tag)

    admin.tags.add(trapped.kind, added)

    _expect_text(admin.tags, added)


@pytest.mark.check("ui-tag-approval")
def test_markup_in_a_suggestion_stays_text_in_the_queue(
    visitors: Visitors, home: Organization, trapped: Trapped
) -> None:
    """What is suggested comes from course files, which anybody may have written."""
    admin = visitors.member("org_admin", home.name)

    admin.approval.open()

    admin.approval.the("approve", course=trapped.title)
    with _staying_text(admin.approval):
        admin.approval.the("map", within=admin.approval.suggestion(trapped.title), text=trapped.suggestion)
    _expect_text(admin.approval, trapped.title)


def _with_course(route: Route, title: str) -> None:
    """The catalog as it is, and one more course before all others: like one of them, under another title."""
    answer = route.fetch()
    catalog = answer.json()
    catalog["courses"].insert(0, {**catalog["courses"][0], "title": title})
    route.fulfill(response=answer, json=catalog)


def _expect_text(screen: Screen, *texts: str) -> None:
    with _staying_text(screen):
        for text in texts:
            screen.expect_text(text, why="markup must be shown as the text that it is")


@contextmanager
def _staying_text(screen: Screen) -> Iterator[None]:
    try:
        yield
    finally:  # where it became a part of the page, its text is not there either, and that says less
        source = screen.page.evaluate(ALIVE)
        what = str(source).rpartition("/")[2]
        assert not source, f"the markup in a text ({what}) became a part of {screen.path}, and runs"
