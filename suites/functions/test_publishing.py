"""publish-course and restore-course-version write one whole version each, or nothing; none is ever lost or removed."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from fixtures.canaries import Canaries, Course, CourseState
from fixtures.contract import Deviations
from fixtures.errors import DeadlineExceeded
from fixtures.exchange import Answer
from fixtures.gateway import Gateway
from fixtures.waiting import until

PUBLISH, RESTORE = "publish-course", "restore-course-version"
AT_ONCE = 10
EMBEDDED_WITHIN = 20.0  # seconds: publishing starts it and does not wait for it

Json = dict[str, Any]


@pytest.fixture
def file(gateway: Gateway, canaries: Canaries) -> Json:
    """A course file of two items in two levels."""
    texts = ("q1", {"beginner": "One and one?", "expert": "1 + 1"}), ("q2", {"beginner": "Two?", "expert": "2"})
    return canaries.course_file(gateway.canaries[0], *texts)


@pytest.fixture
def course(gateway: Gateway, canaries: Canaries, file: Json) -> Course:
    """A private course of the first canary organization with its stored file; never published."""
    tag = canaries.rows("tags", select="id", organization_id="is.null", limit="1")[0]["id"]
    return canaries.course(gateway.canaries[0], "published", file=file, tag_ids=[tag])


@pytest.mark.check("fn-tested-locally")
def test_publishing_writes_the_stored_file_as_the_next_version(
    gateway: Gateway, canaries: Canaries, course: Course, deviations: Deviations
) -> None:
    """Number, snapshot, content version, etag and author change together, and the answer tells what the rows say."""
    editor = gateway.member("editor", gateway.canaries[0])
    etags = set()

    for number in (1, 2):
        before = canaries.state(course)
        answer = editor.post(PUBLISH, {"courseId": course.id, "changelog": f"Revision {number}"})
        body = deviations.expect(answer, 200, why="an editor publishes a course of the own organization")
        if body is None:
            break
        after = canaries.state(course)
        _expect_one_more(before, after, answer, deviations, etag=body["etag"])
        written = after.versions[-1] if after.versions else {}
        told = {name: body[name] for name in ("version", "snapshotId", "etag")}
        rows = {"version": written.get("version"), "snapshotId": written.get("id"), "etag": written.get("etag")}
        if told != rows:
            deviations.note(answer, f"tells {told}, the row says {rows}")
        if body["version"] != number:
            deviations.note(answer, f"is version {body['version']}, should be {number}")
        if after.metadata and body["contentVersion"] != after.metadata["content_version"]:
            observed = (
                f"tells contentVersion {body['contentVersion']}, the row says {after.metadata['content_version']}"
            )
            deviations.note(answer, observed)
        if written.get("changelog") != f"Revision {number}":
            deviations.note(answer, f"changelog is {written.get('changelog')!r}, sent was 'Revision {number}'")
        if written.get("published_by") != editor.user_id:
            deviations.note(answer, f"published_by is {written.get('published_by')}, not the editor who published")
        if abs(datetime.fromisoformat(body["publishedAt"]) - datetime.now(UTC)) > timedelta(minutes=5):
            deviations.note(answer, f"publishedAt is {body['publishedAt']}, which is not now")
        _expect_snapshot(after, answer, deviations)
        etags.add(body["etag"])

    if len(etags) == 1:
        deviations.note(answer, f"two versions have one etag: {etags.pop()}")
    deviations.expect_none()


@pytest.mark.check("fn-tested-locally")
def test_publishing_starts_the_embeddings(
    gateway: Gateway, canaries: Canaries, course: Course, deviations: Deviations
) -> None:
    """Search would go on answering from the text before: one embedding for each item and level, soon."""
    answer = gateway.member("org_admin", gateway.canaries[0]).post(PUBLISH, {"courseId": course.id})
    deviations.expect(answer, 200, why="an org_admin publishes a course of the own organization")

    if answer.status == 200 and not _embedded(canaries, course, 4):
        found = [(row["item_id"], row["level"]) for row in canaries.embeddings(course)]
        deviations.note(
            answer, f"within {EMBEDDED_WITHIN:g} s there are embeddings of {found}, should be q1, q2 × 2 levels"
        )

    deviations.expect_none()


@pytest.mark.check("fn-tested-locally")
def test_what_cannot_be_published_leaves_nothing_behind(
    gateway: Gateway, canaries: Canaries, deviations: Deviations
) -> None:
    """No such course, no stored file, a file that is none: refused, and the backend shows that nothing happened."""
    first = gateway.canaries[0]
    editor = gateway.member("editor", first)
    without, broken = canaries.course(first, "fileless"), canaries.course(first, "broken")
    canaries.store(broken, b"{ this is no JSON")
    listed = canaries.course(first, "listed")
    canaries.store(listed, b"[1, 2, 3]")
    missing = Course(canaries.name("missing"), first, without.organization_id)

    for course, statuses, why in (
        (missing, (404,), "there is no such course"),
        (without, (404, 409), "the course has no stored file"),
        (broken, (400, 404, 409), "the stored file is no JSON"),
        (listed, (400, 404, 409), "the stored file is no course"),
    ):
        before = canaries.state(course)
        answer = editor.post(PUBLISH, {"courseId": course.id})
        deviations.expect(answer, *statuses, why=why)
        _expect_unchanged(course, before, answer, canaries, deviations)

    deviations.expect_none()


@pytest.mark.check("fn-tested-locally")
@pytest.mark.parametrize("sort", ["foreign", "unknown"])
def test_a_course_with_unusable_tags_is_not_published(
    sort: str, gateway: Gateway, canaries: Canaries, course: Course, deviations: Deviations
) -> None:
    """Another organization's tag, or one that does not exist, is refused (400) where the rows allow it at all.

    Where the database itself lets nobody give a course such a tag, that is the stronger refusal.
    """
    first, second = gateway.canaries
    tag = canaries.tag(second)["id"] if sort == "foreign" else "7b0c61f0-54a4-4a3c-8f6a-0f5f2d1f7c11"
    own = (canaries.state(course).metadata or {}).get("tag_ids", [])

    given = canaries.retag(course, [*own, tag])

    if given:
        before = canaries.state(course)
        answer = gateway.member("editor", first).post(PUBLISH, {"courseId": course.id})
        deviations.expect(answer, 400, why=f"the course has a tag that is {sort}")
        _expect_unchanged(course, before, answer, canaries, deviations)
    deviations.expect_none()


@pytest.mark.check("fn-tested-locally")
def test_restoring_adds_a_version_and_removes_none(
    gateway: Gateway, canaries: Canaries, course: Course, file: Json, deviations: Deviations
) -> None:
    """The old snapshot is the newest version and the stored file again; all that was published is still there."""
    first = gateway.canaries[0]
    editor = gateway.member("editor", first)
    for revised in (file, {**file, "items": file["items"][:1], "title": canaries.name("revised")}):
        canaries.store(course, revised)
        deviations.expect(editor.post(PUBLISH, {"courseId": course.id}), 200, why="an editor publishes")
    before = canaries.state(course)

    answer = editor.post(RESTORE, {"courseId": course.id, "version": 1, "changelog": "Back"})

    body = deviations.expect(answer, 200, why="an editor restores a version of the own course")
    after = canaries.state(course)
    if body is not None:
        _expect_one_more(before, after, answer, deviations, etag=body["etag"])
        written = after.versions[-1] if after.versions else {}
        told = {name: body[name] for name in ("newVersion", "restoredFromVersion", "snapshotId", "etag")}
        rows = {"newVersion": written.get("version"), "restoredFromVersion": 1}
        rows |= {"snapshotId": written.get("id"), "etag": written.get("etag")}
        if told != rows or body["newVersion"] != 3:
            deviations.note(answer, f"tells {told}, the row says {rows}")
        if written.get("snapshot") != before.versions[0]["snapshot"]:
            deviations.note(answer, "the new version's snapshot is not that of version 1")
        if written.get("changelog") != "Back":
            deviations.note(answer, f"changelog is {written.get('changelog')!r}, sent was 'Back'")
        _expect_snapshot(after, answer, deviations)
    deviations.expect_none()


@pytest.mark.check("fn-tested-locally")
def test_what_cannot_be_restored_leaves_nothing_behind(
    gateway: Gateway, canaries: Canaries, course: Course, file: Json, deviations: Deviations
) -> None:
    """A version that there is not, of this course, of another one, or of none."""
    first = gateway.canaries[0]
    editor = gateway.member("editor", first)
    canaries.version(course, file)
    other = canaries.course(first, "other", file=file)
    canaries.version(other, file)
    canaries.version(other, file)
    before = canaries.state(course)

    for version, statuses in (
        (2, (404,)),
        (2147483647, (404,)),
        (0, (400,)),
        (-1, (400,)),
        ("1", (400,)),
        (1.5, (400,)),
    ):
        answer = editor.post(RESTORE, {"courseId": course.id, "version": version})
        deviations.expect(answer, *statuses, why=f"there is no version {version!r} of this course")
        _expect_unchanged(course, before, answer, canaries, deviations)

    deviations.expect_none()


@pytest.mark.check("fn-tested-locally")
def test_none_of_ten_concurrent_publications_is_lost(
    gateway: Gateway, canaries: Canaries, course: Course, deviations: Deviations
) -> None:
    """Each is a version of its own or a 409 that wrote nothing; two that both "succeed" as one version lose one."""
    editor = gateway.member("editor", gateway.canaries[0])
    before = canaries.state(course)

    answers = gateway.together(
        lambda number: editor.post(PUBLISH, {"courseId": course.id, "changelog": f"Racer {number}"}),
        range(AT_ONCE),
        at_once=AT_ONCE,
    )

    _expect_all_counted(before, canaries.state(course), answers, "version", deviations)
    deviations.expect_none()


@pytest.mark.check("fn-tested-locally")
def test_none_of_ten_concurrent_restorations_is_lost(
    gateway: Gateway, canaries: Canaries, course: Course, file: Json, deviations: Deviations
) -> None:
    """As with publications; and in the end the stored file is what the newest version says."""
    editor = gateway.member("editor", gateway.canaries[0])
    for number in (1, 2):
        canaries.version(course, {**file, "title": f"{file['title']} {number}"})
    before = canaries.state(course)

    answers = gateway.together(
        lambda number: editor.post(RESTORE, {"courseId": course.id, "version": 1 + number % 2}),
        range(AT_ONCE),
        at_once=AT_ONCE,
    )

    after = canaries.state(course)
    _expect_all_counted(before, after, answers, "newVersion", deviations)
    _expect_snapshot(after, answers[-1], deviations)
    deviations.expect_none()


def _expect_all_counted(
    before: CourseState, after: CourseState, answers: list[Answer], field: str, deviations: Deviations
) -> None:
    """As many new versions as successes, each with its own number, and the course counts them all."""
    bodies = [deviations.expect(answer, 200, 409, why="a race is won, or lost with a 409") for answer in answers]
    won = [body[field] for answer, body in zip(answers, bodies, strict=True) if answer.status == 200 and body]
    if any(answer.status == 0 for answer in answers):
        return  # what became of a request without an answer nobody knows: that there was none is noted already
    new = [row["version"] for row in after.versions[len(before.versions) :]]
    last = answers[-1]
    if not won:
        deviations.note(last, f"of {AT_ONCE} at once none succeeded: {sorted(a.status for a in answers)}")
    if sorted(won) != new:
        observed = f"{len(won)} of {AT_ONCE} at once succeeded as versions {sorted(won)}, but the backend has {new}"
        deviations.note(last, f"lost a race: {observed}", kind="integrity")
    if after.versions[: len(before.versions)] != before.versions:
        deviations.note(last, "versions that had been published before have changed", kind="integrity")
    counted = (after.metadata or {}).get("content_version", 0) - (before.metadata or {}).get("content_version", 0)
    if counted != len(won):
        deviations.note(last, f"lost a race: {len(won)} succeeded, content_version rose by {counted}", kind="integrity")
    if after.versions and after.metadata and after.metadata["etag"] != after.versions[-1]["etag"]:
        deviations.note(last, "lost a race: the course's etag is not that of its newest version", kind="integrity")


def _expect_one_more(
    before: CourseState, after: CourseState, answer: Answer, deviations: Deviations, *, etag: str
) -> None:
    """Exactly one version more, none changed, and the course's counter and etag moved with it."""
    if len(after.versions) != len(before.versions) + 1:
        observed = f"there were {len(before.versions)} versions and are {len(after.versions)}, should be one more"
        deviations.note(answer, observed, kind="integrity")
    if after.versions[: len(before.versions)] != before.versions:
        deviations.note(answer, "versions that had been published before have changed or are gone", kind="integrity")
    old, new = before.metadata or {}, after.metadata or {}
    if new.get("content_version") != old.get("content_version", 0) + 1:
        observed = (
            f"content_version is {new.get('content_version')}, was {old.get('content_version')}: should rise by 1"
        )
        deviations.note(answer, observed)
    if new.get("etag") == old.get("etag"):
        deviations.note(answer, "the course's etag has not changed")
    if new.get("etag") != etag:
        deviations.note(answer, f"tells the etag {etag}, the course has {new.get('etag')}")


def _expect_snapshot(state: CourseState, answer: Answer, deviations: Deviations) -> None:
    """The newest version is the stored file."""
    stored = json.loads(state.file) if state.file else None
    newest = state.versions[-1]["snapshot"] if state.versions else None
    if newest is None or newest != stored:
        deviations.note(
            answer, f"the newest version's snapshot is not the stored file: {_part(newest)} ≠ {_part(stored)}"
        )


def _expect_unchanged(
    course: Course, before: CourseState, answer: Answer, canaries: Canaries, deviations: Deviations
) -> None:
    if happened := canaries.state(course).difference(before):
        deviations.note(answer, f"answered {answer.status}, but the backend shows: {happened}", kind="integrity")


def _embedded(canaries: Canaries, course: Course, number: int) -> bool:
    """Whether there are that many embeddings in time."""
    try:
        return bool(
            until(lambda: len(canaries.embeddings(course)) == number, within=EMBEDDED_WITHIN, what="embeddings")
        )
    except DeadlineExceeded:
        return False


def _part(value: Any) -> str:
    return json.dumps(value)[:150]
