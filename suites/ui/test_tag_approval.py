"""The Tag Approval Queue: a suggestion becomes a tag of its course or goes, and either way waits no longer."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from fixtures.canaries import Canaries, Course, Json
from fixtures.gateway import Gateway
from fixtures.screens import Approval, Visitors
from fixtures.screens.stage import Organization, Others, rows, shared_tags, suggest


@dataclass(frozen=True)
class Case:
    """A canary course with two texts that were suggested for it, one of them close to a tag that is there already."""

    course: Course
    title: str
    borne: str
    """The tag that the course bears anyway."""
    kind: Json
    tag: Json
    to_map: str
    to_create: str
    to_share: str
    """A text that was suggested for a type of all organizations; empty where there is none."""
    shared: Json
    """A tag of that type, which is all organizations' too."""
    suggestion: str

    @property
    def texts(self) -> list[str]:
        """All texts that were suggested."""
        return [text for text in (self.to_map, self.to_create, self.to_share) if text]


@pytest.fixture
def case(gateway: Gateway, canaries: Canaries, home: Organization) -> Case:
    """One suggestion that waits."""
    kind = canaries.tag_type(home.name)
    tag, borne, title = (
        canaries.tag(home.name, kind["key"]),
        canaries.tag(home.name, kind["key"]),
        canaries.name("queued"),
    )
    course = canaries.course(home.name, "queued", title=title, tag_ids=[borne["id"]])
    texts = canaries.name("similar"), canaries.name("novel")
    suggested = {kind["key"]: list(texts)}
    common = shared_tags(gateway, home)
    to_share, shared = ("", {}) if not common else (canaries.name("common"), common[0])
    if shared:
        suggested[shared["typeKey"]] = [to_share]
    suggestion = suggest(gateway, course, suggested)
    return Case(course, title, borne["id"], kind, tag, *texts, to_share, shared, suggestion)


@pytest.mark.check("smoke-tag-approval", "ui-tag-approval")
def test_the_queue_shows_what_is_pending(
    visitors: Visitors, gateway: Gateway, home: Organization, others: Others
) -> None:
    """As many as the database has for the organization, under the titles of their courses."""
    admin = visitors.member("org_admin", home.name)

    admin.approval.open()

    shown, pending = (sorted(others.without(each)) for each in (admin.approval.waiting(), _pending(gateway, home)))
    assert shown == pending, f"the queue shows {shown}; pending are {pending}"


@pytest.mark.check("ui-tag-approval")
def test_an_approved_suggestion_becomes_tags_of_its_course(
    visitors: Visitors, gateway: Gateway, home: Organization, others: Others, case: Case
) -> None:
    """One text is mapped to the tag that was there, one to a tag that all organizations share, one becomes a new tag.

    The course bears all of them besides its own.

    Approve is pressed twice, as by an impatient hand: the second time does nothing.
    """
    admin = visitors.member("org_admin", home.name)
    admin.approval.open()
    waiting = admin.approval.waiting()
    assert case.title in waiting, f"the queue does not show {case.title}: {waiting}"
    part = admin.approval.suggestion(case.title)
    lost = [text for text in case.texts if not admin.approval.names_text(text, part)]
    assert len(lost) in (0, len(case.texts)), (
        f"several texts were suggested for {case.title}; the queue does not show “{lost[0]}”"
    )

    admin.approval.choose("map", case.tag["value"], within=part, text=case.to_map)
    admin.approval.choose("map", admin.approval.option("create"), within=part, text=case.to_create)
    if case.shared:
        admin.approval.choose("map", case.shared["value"], within=part, text=case.to_share)
    admin.approval.press_twice("approve", course=case.title)

    _expect_shorter(admin.approval, case, waiting, others)
    row = _expect_status(gateway, home, case, "approved")
    created = _created(gateway, home, case)
    assert len(created) == 1, f"“{case.to_create}” was to become one tag of its type, {len(created)} are there"
    assert created[0]["is_active"], f"“{case.to_create}” became a tag that is not active: nobody can filter by it"
    chosen = {case.tag["id"], created[0]["id"], *([case.shared["id"]] if case.shared else [])}
    borne = set(_tags(gateway, home, case))
    assert borne >= chosen, f"the course does not bear the tags {sorted(chosen - borne)} that were approved"
    assert case.borne in borne, "the approval took from the course the tag that it bore before"
    assert borne == {*chosen, case.borne}, (
        f"the course bears {sorted(borne - chosen - {case.borne})}, which nobody chose"
    )
    assert set(row["mapped_tag_ids"] or []) == chosen, (
        f"the queue keeps {row['mapped_tag_ids']}, approved were {chosen}"
    )
    twice = "; ".join(map(str, admin.log.unexpected))
    assert not twice, f"Approve, pressed twice in a row (the second time must do nothing), leads to: {twice}"


@pytest.mark.check("ui-tag-approval")
def test_a_rejected_suggestion_changes_nothing_but_the_queue(
    visitors: Visitors, gateway: Gateway, canaries: Canaries, home: Organization, others: Others, case: Case
) -> None:
    """It is kept as rejected: the next backfill must not ask the same again. What had been chosen for it is dropped.

    Another suggestion, for a type of tags that there is not, neither stays away nor keeps others from being decided.
    """
    admin, odd = visitors.member("org_admin", home.name), canaries.name("odd")
    suggest(gateway, canaries.course(home.name, "odd", title=odd), {"no-such-type": [canaries.name("text")]})
    admin.approval.open()
    waiting = admin.approval.waiting()
    assert odd in waiting, (
        f"tags of a type that is not there were suggested for {odd}, and the queue does not show it: {waiting}"
    )
    part = admin.approval.suggestion(case.title)

    admin.approval.choose("map", case.tag["value"], within=part, text=case.to_map)
    admin.approval.press("reject", course=case.title)

    _expect_shorter(admin.approval, case, waiting, others)
    _expect_status(gateway, home, case, "rejected")
    borne = _tags(gateway, home, case)
    assert borne == [case.borne], f"rejected were tags for a course that bore {case.borne}; it bears {borne}"
    assert _created(gateway, home, case) == [], "a text that was rejected became a tag"


@pytest.mark.check("ui-tag-approval")
def test_the_keyboard_alone_approves(
    visitors: Visitors, gateway: Gateway, home: Organization, others: Others, case: Case
) -> None:
    """By the tabulator to each control and by the keys that it listens to: not everybody can use a mouse."""
    admin = visitors.member("org_admin", home.name)
    admin.approval.open()
    waiting = admin.approval.waiting()
    part = admin.approval.suggestion(case.title)

    shown = part.aria_snapshot()
    for text in sorted(case.texts, key=shown.find):  # in the order of the screen, which the tabulator goes by
        value = case.shared["value"] if text == case.to_share else case.tag["value"]
        admin.approval.tab_to("map", within=part, text=text)
        admin.approval.type_option("map", value, within=part, text=text)
    admin.approval.tab_to("approve", course=case.title)
    admin.approval.expect_focus_seen("approve", course=case.title)
    admin.page.keyboard.press("Enter")
    if admin.approval.has("approve_confirm"):
        admin.approval.tab_to("approve_confirm")
        admin.page.keyboard.press("Enter")

    _expect_shorter(admin.approval, case, waiting, others)
    _expect_status(gateway, home, case, "approved")
    assert case.tag["id"] in _tags(gateway, home, case), "what was chosen by the keyboard is not what the course bears"


def _expect_shorter(queue: Approval, case: Case, before: list[str], others: Others) -> None:
    queue.gone("approve", course=case.title)
    after = queue.waiting()
    gone = others.without(title for title in before if title not in after)
    assert not gone, f"{gone} left the queue together with {case.title}"
    queue.open()
    assert case.title not in queue.waiting(), f"after a reload {case.title} waits again"


def _expect_status(gateway: Gateway, home: Organization, case: Case, status: str) -> Json:
    [row] = rows(gateway, "org_admin", home.name, "tag_approval_queue", id=f"eq.{case.suggestion}")
    assert row["status"] == status, f"the suggestion was {status} on the screen; the database says {row['status']}"
    return row


def _tags(gateway: Gateway, home: Organization, case: Case) -> list[str]:
    [row] = rows(gateway, "org_admin", home.name, "course_metadata", id=f"eq.{case.course.id}")
    return list(row["tag_ids"])


def _created(gateway: Gateway, home: Organization, case: Case) -> list[Json]:
    return rows(
        gateway, "org_admin", home.name, "tags", type_key=f"eq.{case.kind['key']}", value=f"eq.{case.to_create}"
    )


def _pending(gateway: Gateway, home: Organization) -> list[str]:
    """The titles of the courses for which something waits."""
    queue = rows(
        gateway, "org_admin", home.name, "tag_approval_queue", organization_id=f"eq.{home.id}", status="eq.pending"
    )
    courses = rows(gateway, "org_admin", home.name, "course_metadata", organization_id=f"eq.{home.id}")
    titles = {row["id"]: row["title"] or row["id"] for row in courses}
    return [str(titles.get(row["course_id"]) or row["course_id"]) for row in queue]
