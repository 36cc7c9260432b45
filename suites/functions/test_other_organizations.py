"""Another organization's ids, in any parameter, alone or beside own ones, never show or touch anything of its."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from fixtures.canaries import Canaries, Course
from fixtures.contract import Deviations
from fixtures.errors import Unverified
from fixtures.evidence import Evidence
from fixtures.exchange import Answer
from fixtures.gateway import ROLES, Actor, Gateway

NO_SUCH_ID = "0c9f5f0e-3c7b-4f0d-8f35-5f2f0e7b9d11"
NO_SUCH_SLUG = "greenlight-no-such-organization"
TRIES = 3
"""How often the two worlds are compared while somebody else keeps changing what the organization sees."""

Ask = Callable[[Actor], Answer]


@dataclass(frozen=True)
class Question:
    """One request, as any actor may send it."""

    name: str
    ask: Ask


@pytest.mark.check("fn-tested-locally", "must-no-leaks")
def test_another_organization_cannot_be_named(gateway: Gateway, deviations: Deviations, evidence: Evidence) -> None:
    """By id or slug, alone or beside the own one: 403, the same that an organization that does not exist is answered.

    The control: its own members are told its configuration.
    """
    first, second = gateway.canaries
    own, other = gateway.organization(first), gateway.organization(second)
    pairs: list[tuple[str, dict[str, Any], dict[str, Any] | None]] = [
        ("org-config", {"organizationId": other["id"]}, {"organizationId": NO_SUCH_ID}),
        ("org-config", {"slug": other["slug"]}, {"slug": NO_SUCH_SLUG}),
        ("org-config", {"organizationId": other["id"], "slug": other["slug"]}, None),
        ("org-config", {"organizationId": own["id"], "slug": other["slug"]}, None),
        ("org-config", {"organizationId": other["id"], "slug": own["slug"]}, None),
        ("list-courses-filtered", {"organizationId": other["id"]}, {"organizationId": NO_SUCH_ID}),
        ("list-courses-filtered", {"organizationId": other["id"], "visibility": "org"}, None),
    ]
    outsiders = [*(gateway.member(role, first) for role in ROLES), gateway.user("stranger")]
    cases = [(actor, *pair) for actor in outsiders for pair in pairs]

    answers = gateway.together(lambda case: (case[0].get(case[1], **case[2]), _asked(case)), cases)

    for answer, of_none in answers:
        deviations.expect(answer, 403, why=f"{second} is another organization", kind="confidentiality")
        if of_none is not None and _told(answer) != _told(of_none):
            observed = f"answered {_told(answer)} about {second}, but {_told(of_none)} about none: it exists, then"
            deviations.note(answer, observed, kind="oracle")
    for role in ROLES:
        answer = gateway.member(role, second).get("org-config", organizationId=other["id"], slug=other["slug"])
        deviations.expect(answer, 200, why="the control: its own members read it", kind="wrong-refusal")
    evidence.table("requests", ["actor", "request", "status"], [(a.actor, a.operation, a.status) for a, _ in answers])
    deviations.expect_none()


@pytest.mark.check("fn-tested-locally")
def test_even_the_own_organization_is_not_listed_by_its_id(gateway: Gateway, deviations: Deviations) -> None:
    """`organizationId` is for superadmins; for anybody else it must not be a second way to say whose courses."""
    own = gateway.organization(gateway.canaries[0])["id"]

    for role in ROLES:
        answer = gateway.member(role, gateway.canaries[0]).get("list-courses-filtered", organizationId=own)
        deviations.expect(answer, 403, why="organizationId is only for a superadmin", kind="over-permission")

    deviations.expect_none()


@pytest.mark.check("fn-tested-locally")
def test_what_another_organization_has_makes_no_difference(
    gateway: Gateway, canaries: Canaries, deviations: Deviations, evidence: Evidence
) -> None:
    """Two worlds: with private courses, tags and tag types of another organization, every answer is as without them.

    Each question names what the other organization has in one world only: its ids, its words, beside own ones or alone.
    Where they differ, a third time, without again, shows that nobody else has changed the answers meanwhile.
    """
    first, second = gateway.canaries
    own_tag = canaries.tag(first)
    own = canaries.course(first, "own", tag_ids=[own_tag["id"]])
    actors = [*(gateway.member(role, first) for role in ROLES), gateway.user("stranger")]

    for _ in range(TRIES):
        foreign = Course(canaries.name("private"), second, gateway.organization(second)["id"])
        tag = str(uuid.uuid4())
        questions = _questions(own_tag["id"], tag, own, foreign, gateway.organization(second))
        without = _answers(gateway, actors, questions)
        made = _build(canaries, foreign, tag)
        before = canaries.state(foreign)
        with_them = _answers(gateway, actors, questions)
        happened = canaries.state(foreign).difference(before)
        _expect_visible_to_its_own(foreign, gateway, deviations)
        canaries.discard(foreign, *made)
        asked = [_body(each) for each in without]
        if asked == [_body(each) for each in with_them]:
            break
        if asked == [_body(each) for each in _answers(gateway, actors, questions)]:
            break
    else:
        raise Unverified("somebody else keeps changing what the canary organization sees: no worlds to compare")

    told = [(a.actor, a.operation, a.status, _body(a) == _body(b)) for a, b in zip(without, with_them, strict=True)]
    evidence.table("two worlds", ["actor", "request", "status", "equal"], told)
    for one, other in zip(without, with_them, strict=True):
        if _body(one) != _body(other):
            observed = (
                f"answered {other.seen} where {second} has a private course and tag, {one.seen} where it has none"
            )
            deviations.note(other, observed, kind="confidentiality")
    if happened:
        culprit = next((answer for answer in with_them if answer.request.method == "POST"), with_them[0])
        deviations.note(culprit, f"after these requests the other organization's course: {happened}", kind="integrity")
    deviations.expect_none()


@pytest.mark.check("fn-tested-locally")
def test_a_claimed_organization_in_the_body_is_not_believed(
    gateway: Gateway, canaries: Canaries, deviations: Deviations
) -> None:
    """A course belongs to the organization that the database says, whatever a body claims beside the course's id."""
    first, second = gateway.canaries
    file = canaries.course_file(second, ("q1", {"beginner": "Two and two?"}))
    foreign = canaries.course(second, "claimed", file=file)
    canaries.version(foreign, file)
    claims = {"organizationId": gateway.organization(first)["id"], "organization_id": gateway.organization(first)["id"]}
    before = canaries.state(foreign)

    for role in ("editor", "org_admin"):
        actor = gateway.member(role, first)
        for function, more in (("publish-course", {}), ("restore-course-version", {"version": 1})):
            answer = actor.post(function, {"courseId": foreign.id, **more, **claims})
            deviations.expect(answer, 400, 403, 404, why=f"the course is {second}'s", kind="over-permission")
            if happened := canaries.state(foreign).difference(before):
                deviations.note(
                    answer, f"answered {answer.status}, but the backend shows: {happened}", kind="integrity"
                )

    deviations.expect_none()


@pytest.mark.check("fn-tested-locally")
def test_a_snapshot_cannot_move_embeddings(gateway: Gateway, canaries: Canaries, deviations: Deviations) -> None:
    """The service is trusted, the snapshot that it is handed is not: it is an editor's words."""
    first, second = gateway.canaries
    course = canaries.course(first, "moved")
    snapshot = canaries.course_file(second, ("q1", {"beginner": "Whose is this?"}), id="another-course")

    answer = gateway.service.post("regenerate-embeddings", {"courseId": course.id, "newSnapshot": snapshot})

    deviations.expect(answer, 200, why="the snapshot is a course file")
    rows = canaries.rows("content_embeddings", select="organization_id,course_id", content="like.*Whose is this?*")
    owners = {(row["organization_id"], row["course_id"]) for row in rows if row["course_id"] != course.id}
    strangers = {row["organization_id"] for row in canaries.embeddings(course)} - {course.organization_id}
    if owners or strangers:
        deviations.note(answer, f"wrote embeddings of {owners or strangers}, the course is {first}'s", kind="integrity")
    deviations.expect_none()


def _questions(own_tag: str, tag: str, own: Course, foreign: Course, other: dict[str, Any]) -> Sequence[Question]:
    """What outsiders ask. Of own and foreign ids together, the answer must be that to the own ones."""

    def listed(name: str, **query: Any) -> Question:
        return Question(name, lambda actor: actor.get("list-courses-filtered", **query))

    def posted(function: str, **body: Any) -> Question:
        return Question(function, lambda actor: actor.post(function, body))

    snapshot = {"items": [{"id": "q1", "stem": {"variants": {"beginner": "Stolen"}}}]}
    return (
        listed("all courses", limit=100),
        listed("the second page", limit=1, offset=1),
        listed("private courses", visibility="org", limit=100),
        listed("global courses", visibility="global", limit=100),
        listed("its tag", tagIds=[tag]),
        listed("its tag, all", tagIds=[tag], matchAll=True),
        listed("own and its tag", tagIds=[own_tag, tag]),
        listed("own and its tag, all", tagIds=[own_tag, tag], matchAll=True),
        listed("its words", search=foreign.id),
        listed("its words among private ones", search=foreign.id, visibility="org", limit=1),
        Question("org-config", lambda actor: actor.get("org-config")),
        Question("its configuration", lambda actor: actor.get("org-config", organizationId=other["id"])),
        Question("its slug", lambda actor: actor.get("org-config", slug=other["slug"])),
        posted("publish-course", courseId=foreign.id),
        posted("restore-course-version", courseId=foreign.id, version=1),
        posted("restore-course-version", courseId=own.id, version=1),
        posted("regenerate-embeddings", courseId=foreign.id, newSnapshot=snapshot),
    )


def _build(canaries: Canaries, foreign: Course, tag: str) -> list[dict[str, Any]]:
    """The other organization's private things: a tag type, a tag, a course with both, its file, a version."""
    second = foreign.organization
    private = [canaries.tag(second, id=tag), canaries.tag_type(second)]
    file = canaries.course_file(second, ("q1", {"beginner": f"Secret of {foreign.id}"}))
    canaries.courses(second, [{"id": foreign.id, "tag_ids": [tag], "content_version": 1}])
    canaries.store(foreign, file)
    canaries.version(foreign, file)
    return private


def _expect_visible_to_its_own(foreign: Course, gateway: Gateway, deviations: Deviations) -> None:
    """The control: what outsiders must not see is there, and its own members see it."""
    member = gateway.member("viewer", foreign.organization)
    answer = member.get("list-courses-filtered", search=foreign.id)
    body = deviations.expect(answer, 200, why="its own members list it", kind="wrong-refusal")
    if body is not None and [course["id"] for course in body["courses"]] != [foreign.id]:
        deviations.note(answer, f"does not list {foreign.id} to a member of its own organization", kind="wrong-refusal")


def _answers(gateway: Gateway, actors: Sequence[Actor], questions: Sequence[Question]) -> list[Answer]:
    cases = [(actor, question) for actor in actors for question in questions]
    return gateway.together(lambda case: case[1].ask(case[0]), cases)


def _asked(case: tuple[Actor, str, dict[str, Any], dict[str, Any] | None]) -> Answer | None:
    actor, function, _, of_none = case
    return actor.get(function, **of_none) if of_none is not None else None


def _body(answer: Answer) -> tuple[int, str]:
    """An answer without what differs each time."""
    body = answer.json
    if isinstance(body, dict) and isinstance(body.get("error"), dict):
        body = {**body, "error": {**body["error"], "requestId": "…"}}
    return answer.status, json.dumps(body, sort_keys=True)


def _told(answer: Answer) -> str:
    return f"{answer.status} {(answer.json or {}).get('error', {}).get('message', answer.code)}"
