"""Version History tells what was published, and a restore brings the old text back to learners."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from fixtures.canaries import Canaries, Course, Json
from fixtures.gateway import Gateway
from fixtures.screens import Visitor, Visitors
from fixtures.screens.stage import Item, Organization, course_file, publish, rows

NEWEST = 11
"""As many versions the courses have whose history checks make."""
# A moment's day, hour and minute where the browser is.
HERE = (
    """text => { const moment = new Date(text); return [moment.getDate(), moment.getHours(), moment.getMinutes()] }"""
)
# A time of day, with half of the day and zone where they follow.
CLOCK = re.compile(r"(?<![\d:])(\d{1,2}):(\d{2})(?::\d{2})?(?: ?([apAP])\.?[mM]\b\.?)?( ?\(?(?:[A-Z]{2,5}\b|[+-]\d))?")


@pytest.mark.check("smoke-version-history", "must-version-history", "ui-version-history")
@pytest.mark.parametrize("role", ["viewer", "editor"])
def test_versions_stand_newest_first_with_what_is_known_of_them(
    visitors: Visitors, gateway: Gateway, home: Organization, published_course: Json, role: str
) -> None:
    """Number, time, author and changelog of each, as the database has them."""
    course = published_course["id"]
    rpc = "/rest/v1/rpc/list_course_versions"
    answer = gateway.member(role, home.name).send("GET", rpc, query={"course": course})
    known = answer.json if answer.status == 200 else None
    stored = rows(gateway, role, home.name, "course_versions", course_id=f"eq.{course}", order="version.desc")
    member = visitors.member(role, home.name)

    member.versions.open(id=course)

    shown, wanted = member.versions.numbers(), [row["version"] for row in stored]
    assert shown == wanted, f"versions, or their order, differ: the screen lists {shown}, the database has {wanted}"
    for row in stored:
        line = member.versions.version(row["version"])
        text = line.inner_text()
        author = next((str(one.get("author")) for one in known or [] if one["version"] == row["version"]), "")
        for what, value in (("changelog", row["changelog"] or ""), ("author", author)):
            assert value in text, f"version {row['version']} does not show its {what} “{value}”: “{text}”"
        marked = line.locator("time").first.get_attribute("datetime") if line.locator("time").count() else None
        here = [int(part) for part in member.page.evaluate(HERE, row["published_at"])]
        _expect_time(text.replace(row["changelog"] or "\n", " "), marked, here, row)


@pytest.mark.check("must-version-history", "ui-version-history")
def test_a_snapshot_shows_what_was_published(
    visitors: Visitors, gateway: Gateway, home: Organization, published_course: Json
) -> None:
    """The oldest version's own content, not the newest's."""
    stored = rows(
        gateway, "viewer", home.name, "course_versions", course_id=f"eq.{published_course['id']}", order="version"
    )
    viewer = visitors.member("viewer", home.name)
    viewer.versions.open(id=published_course["id"])

    for row in (stored[0], stored[-1]):
        shown = viewer.versions.view(row["version"], by_keyboard=row is stored[0])

        for text in _texts(row["snapshot"]):
            why = f"the snapshot of version {row['version']} does not show “{text}”"
            viewer.versions.expect_text(re.compile(re.escape(text)), within=shown, why=why)
        others = [text for other in stored for text in _texts(other["snapshot"])]
        extra = [text for text in others if text not in _texts(row["snapshot"]) and text in _flat(shown.inner_text())]
        assert not extra, f"the snapshot of version {row['version']} shows “{extra[0]}”, which is of another version"


@pytest.mark.check("ui-version-history")
def test_a_restore_adds_a_version_and_brings_the_old_text_back(
    visitors: Visitors, gateway: Gateway, canaries: Canaries, home: Organization
) -> None:
    """Nothing is removed, and learners meet the old text: a message that says so is not enough.

    By the keyboard, and the last press by an impatient hand: the second time does nothing.
    """
    course, title = _published_often(gateway, canaries, home)
    viewer, editor = visitors.member("viewer", home.name), visitors.member("editor", home.name)
    viewer.play.open(id=course.id)
    viewer.play.expect_text("The new question", why="before the restore the player must show the newest text")
    editor.versions.open(id=course.id)
    changelog = canaries.name("restored")

    editor.versions.restore(NEWEST - 1, changelog)

    def history() -> list[Json]:
        return rows(gateway, "editor", home.name, "course_versions", course_id=f"eq.{course.id}", order="version")

    editor.versions.expect(lambda: len(history()) > NEWEST, f"the database has version {NEWEST - 1} once more, on top")
    editor.versions.the("view", version=str(NEWEST + 1))
    stored = history()
    known, wanted = [row["version"] for row in stored], list(range(NEWEST + 1, 0, -1))
    assert known == wanted[::-1], (
        f"a restore adds one version and removes none, also if it is confirmed twice in a row; the database has {known}"
    )
    shown = editor.versions.numbers()
    assert shown == wanted[: len(shown)], f"newest first, the versions are {wanted}; the screen lists {shown}"
    if editor.versions.has("changelog"):
        line = editor.versions.version(NEWEST + 1).inner_text()
        assert changelog in line, f"the new version does not show its changelog “{changelog}”: “{_flat(line)}”"
    _expect_authors(editor, gateway, home, course)
    first, last = (_texts(row["snapshot"]) for row in (stored[NEWEST - 2], stored[-1]))
    assert last == first, f"version {NEWEST - 1} was restored, which holds {first}; the new version holds {last}"
    viewer.play.open(id=course.id)
    viewer.play.expect_text("The old question", why=f"after the restore the player of {title} must show the old text")


@pytest.mark.check("ui-version-history")
def test_a_viewer_cannot_restore_in_the_screen_or_behind_it(
    visitors: Visitors, gateway: Gateway, canaries: Canaries, home: Organization
) -> None:
    """The button is not there, and what it would have called refuses."""
    course, _ = _published_often(gateway, canaries, home)
    viewer = visitors.member("viewer", home.name)
    viewer.versions.open(id=course.id)
    before = canaries.state(course)

    assert not viewer.versions.offers("restore"), "the screen offers a viewer to restore"
    gateway.member("viewer", home.name).post("restore-course-version", {"courseId": course.id, "version": 1})

    assert canaries.state(course) == before, f"a viewer restored: {canaries.state(course).difference(before)}"


def _published_often(gateway: Gateway, canaries: Canaries, home: Organization) -> tuple[Course, str]:
    """A course with `NEWEST` versions, more than nine, since “10” stands before “9” where numbers are taken for text.

    The last but one is an admin's and the newest an editor's.
    """
    title = canaries.name("history title")
    course = canaries.course(home.name, "history", title=title)
    canaries.versions(course, [_file(course, home, title, f"Draft {n}") for n in range(1, NEWEST - 1)])
    for role, text in (("org_admin", "The old question"), ("editor", "The new question")):
        canaries.store(course, _file(course, home, title, text))
        publish(gateway, course, f"Publication by {role}", role)
    return course, title


def _file(course: Course, home: Organization, title: str, text: str) -> Json:
    return course_file(course.id, home.id, title, [Item("q", None, text)])


def _expect_authors(visitor: Visitor, gateway: Gateway, home: Organization, course: Course) -> None:
    """Versions of several people each show their own, by the name that list_course_versions gives."""
    rpc = "/rest/v1/rpc/list_course_versions"
    answer = gateway.member("editor", home.name).send("GET", rpc, query={"course": course.id})
    authors = {one["version"]: one.get("author") for one in answer.json} if answer.status == 200 else {}
    for number in visitor.versions.numbers()[:3]:
        text, author = visitor.versions.version(number).inner_text(), authors.get(number)
        assert not author or author in text, f"version {number} is by “{author}”; it shows “{_flat(text)}”"


def _texts(snapshot: Json) -> list[str]:
    """What a reader of a snapshot looks for: the texts of its questions."""
    found = []
    for item in snapshot.get("items", []):
        variants = (item.get("stem") or {}).get("variants", {})
        found += [*variants.values(), *([item["text"]] if "text" in item else [])]
    return [_flat(text) for text in found if '"' not in text]


def _flat(text: str) -> str:
    return " ".join(text.split())


def _expect_time(text: str, marked: str | None, here: list[int], row: Json) -> None:
    """The moment itself where the page marks it up; and whoever reads a year must read the day too, here or in UTC.

    So must whoever reads a time of day, unless it says of what zone it is.
    """
    moment = datetime.fromisoformat(row["published_at"]).astimezone(UTC)
    days = "|".join(f"0?{each}" for each in {here[0], moment.day})
    dated = re.search(r"\b20\d\d\b", text)
    agrees = marked is not None or dated is not None
    if dated:
        agrees = str(moment.year) in text and re.search(rf"(?<!\d)({days})(?!\d)", text) is not None
    if marked is not None:
        agrees = agrees and datetime.fromisoformat(marked) == moment
    clocks = [clock for clock in CLOCK.finditer(text) if not clock[4]]
    if clocks:
        agrees = agrees and any(_hour(clock) in ((here[1], here[2]), (moment.hour, moment.minute)) for clock in clocks)
    said = f"“{_flat(text)}”" + (f", marked up as {marked}" if marked else "")
    assert agrees, f"version {row['version']} was published at {row['published_at']}; it shows {said}"


def _hour(clock: re.Match[str]) -> tuple[int, int]:
    """Hour and minute of a time of day, which may be of a clock with twelve hours."""
    hour, half = int(clock[1]), (clock[3] or "").lower()
    return (hour % 12 + (12 if half == "p" else 0) if half else hour), int(clock[2])
