"""Markup in what people write stays text: a title or a tag must not become a part of the page that runs."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from fixtures.canaries import Canaries
from fixtures.gateway import Gateway
from fixtures.screens import Screen, Visitors
from fixtures.screens.stage import Item, Organization, course_file, publish, suggest

ALIVE = "globalThis.greenlightMarkup === undefined && !document.querySelector('img[src*=greenlight-markup]')"


@dataclass(frozen=True)
class Trapped:
    """A course in whose texts there is markup: its id, title, the label of its tag type, its tag, its question."""

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
        return f"{canaries.name(word)} <img src=/greenlight-markup onerror=greenlightMarkup=1>"

    label, title, question, changelog, suggestion = map(trap, ("label", "title", "question", "changelog", "suggested"))
    kind = canaries.tag_type(home.name, label=label)
    tag = canaries.tag(home.name, kind["key"], slug=canaries.name("slug"), value=trap("tag"))
    course = canaries.course(home.name, "markup", title=title, tag_ids=[tag["id"]])
    canaries.store(course, course_file(course.id, home.id, title, [Item("q", None, question)]))
    publish(gateway, course, changelog)
    suggest(gateway, course, {kind["key"]: [suggestion]})
    return Trapped(course.id, title, label, str(tag["value"]), question, changelog, suggestion)


@pytest.mark.check("ui-course-selector", "ui-variants", "ui-version-history")
def test_markup_in_a_course_stays_text(visitors: Visitors, home: Organization, trapped: Trapped) -> None:
    """In the list, its filters, the player and the history, snapshot included."""
    editor = visitors.member("editor", home.name)

    editor.courses.open()
    editor.courses.fill("search", trapped.title.split()[0])
    editor.courses.expect_count(1, what="searching for the title before the markup")
    _expect_text(editor.courses, trapped.title, trapped.tag)
    editor.play.open(id=trapped.course)
    _expect_text(editor.play, trapped.title, trapped.question)
    editor.versions.open(id=trapped.course)
    editor.versions.click("view", version="1")
    editor.versions.the("snapshot", version="1")
    _expect_text(editor.versions, trapped.changelog)


@pytest.mark.check("ui-tag-management", "ui-tag-approval")
def test_markup_in_a_tag_stays_text(visitors: Visitors, home: Organization, trapped: Trapped) -> None:
    """In the label of a type, a value of it, and a text that was suggested."""
    admin = visitors.member("org_admin", home.name)

    admin.tags.open()
    _expect_text(admin.tags, trapped.kind, trapped.tag)
    admin.approval.open()
    admin.approval.the("approve", course=trapped.title)
    _expect_text(admin.approval, trapped.title)


def _expect_text(screen: Screen, *texts: str) -> None:
    for text in texts:
        screen.expect_text(text, why="markup must be shown as the text that it is")
    assert screen.page.evaluate(ALIVE), f"markup in a text became a part of {screen.path}"
