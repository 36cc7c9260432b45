"""Who may call what: every actor against every function, and a refusal counts only if nothing happened behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import pytest

from fixtures.canaries import Canaries, Course
from fixtures.contract import Contract, Deviations, the_contract
from fixtures.evidence import Evidence
from fixtures.exchange import Answer
from fixtures.gateway import Actor, Gateway

FUNCTIONS = sorted(the_contract().operations)
CHANGING = ("publish-course", "restore-course-version")

Send = Callable[[Actor], Answer]


@dataclass(frozen=True)
class Row:
    """One cell of the matrix: what somebody must be answered, and why."""

    actor: Actor
    statuses: tuple[int, ...]
    why: str


@pytest.fixture
def course(gateway: Gateway, canaries: Canaries) -> Course:
    """A private course of the first canary organization, with a stored file and one version of it."""
    first = gateway.canaries[0]
    file = canaries.course_file(first, ("q1", {"beginner": "One and one?", "expert": "1 + 1"}))
    made = canaries.course(first, "guarded", file=file)
    canaries.version(made, file)
    return made


@pytest.mark.check("fn-tested-locally")
@pytest.mark.parametrize("function", FUNCTIONS)
def test_without_a_valid_token_nobody_gets_in(
    function: str, gateway: Gateway, contract: Contract, course: Course, canaries: Canaries, deviations: Deviations
) -> None:
    """No token, a key in its place, an expired, forged or foreign one: 401, and the course is as it was before.

    The control: the genuine token that the forgeries are made from is let in.
    """
    operation = contract.operations[function]
    send = _call(function, course)
    rows = [Row(gateway.nobody, (401,), "no token"), Row(gateway.visitor, (401,), "an apikey is no token")]
    rows += [Row(key, (401,), "a key that everybody has is nobody's token") for key in gateway.public_keys]
    rows += [Row(forger, (401,), forger.credentials[0].obtained or "not a token") for forger in gateway.forgers]
    if operation.security == "user":
        rows += [Row(key, (401, 403), "the service is no user") for key in gateway.service_keys]

    _expect(rows, send, course, gateway, canaries, deviations)

    genuine = gateway.service if operation.security == "service" else gateway.member("editor", gateway.canaries[0])
    deviations.expect(send(genuine), 200, why="the control: a genuine credential is let in", kind="wrong-refusal")
    deviations.expect_none()


@pytest.mark.check("fn-tested-locally")
@pytest.mark.parametrize("scheme", ["Basic", "", "Bearer", "Token", "bearer bearer"])
def test_the_header_must_be_a_bearer(scheme: str, gateway: Gateway, deviations: Deviations) -> None:
    """A genuine token behind another scheme, or the scheme without its token, is no token."""
    sender = gateway.member("editor", gateway.canaries[0])
    value = scheme if scheme == "Bearer" else f"{scheme} {sender.credentials[0].secret}".strip()

    for operation in deviations.contract.operations.values():
        body = None if operation.method == "GET" else {"courseId": "greenlight"}
        answer = sender.send(operation.method, operation.function, body=body, headers={"authorization": value})
        deviations.expect(answer, 401, why=f"Authorization: {scheme or 'a bare token'} is no Bearer token")
    deviations.expect_none()


@pytest.mark.check("fn-tested-locally")
@pytest.mark.parametrize("function", CHANGING)
def test_only_editors_and_admins_of_its_organization_change_a_course(
    function: str,
    gateway: Gateway,
    course: Course,
    canaries: Canaries,
    deviations: Deviations,
    evidence: Evidence,
) -> None:
    """To whoever may not read it, a private course is the same as one that does not exist."""
    first, second = gateway.canaries
    send = _call(function, course)
    refused = [
        Row(gateway.member("viewer", first), (403,), "a viewer only reads"),
        Row(gateway.user("several"), (403,), f"a viewer of {first}, whatever they are in {second}"),
        *(Row(gateway.member(role, second), (403, 404), "another organization's course") for role in _ROLES),
        Row(gateway.user("stranger"), (403, 404), "a member of no organization"),
    ]
    granted = [
        *(Row(gateway.member(role, first), (200,), f"{role} of its organization") for role in ("editor", "org_admin")),
        Row(gateway.user("superadmin"), (200,), "a superadmin may everything"),
    ]

    answers = _expect(refused, send, course, gateway, canaries, deviations)
    missing = Course(canaries.name("missing"), first, course.organization_id)
    for row, answer in zip(refused[2:], answers[2:], strict=True):
        _expect_same(answer, _call(function, missing)(row.actor), deviations)
    for row in granted:
        before = canaries.state(course)
        answer = send(row.actor)
        deviations.expect(answer, *row.statuses, why=row.why, kind="under-permission")
        if answer.status == 200 and len(canaries.state(course).versions) != len(before.versions) + 1:
            deviations.note(answer, "answered 200, but the backend shows no new version", kind="integrity")
        answers.append(answer)

    rows = zip([*refused, *granted], answers, strict=True)
    evidence.table("matrix", ["actor", "should", "is"], [(r.actor.name, r.statuses, a.status) for r, a in rows])
    deviations.expect_none()


@pytest.mark.check("fn-tested-locally")
@pytest.mark.parametrize("function", CHANGING)
def test_a_global_course_is_still_its_organizations_own(
    function: str, gateway: Gateway, canaries: Canaries, deviations: Deviations
) -> None:
    """Everybody reads it, so that it is no secret (403, not 404), but nobody else publishes or restores it."""
    first, second = gateway.canaries
    file = canaries.course_file(first, ("q1", {"beginner": "One and one?"}))
    course = canaries.course(first, "shared", visibility="global", file=file)
    canaries.version(course, file)
    rows = [Row(gateway.member(role, second), (403,), f"{role} of {second}, who only reads it") for role in _ROLES]
    rows.append(Row(gateway.user("stranger"), (403, 404), "a member of no organization"))

    _expect(rows, _call(function, course), course, gateway, canaries, deviations)

    deviations.expect_none()


@pytest.mark.check("fn-tested-locally")
def test_embeddings_are_regenerated_by_the_service_alone(
    gateway: Gateway, course: Course, canaries: Canaries, deviations: Deviations, evidence: Evidence
) -> None:
    """It bypasses row-level security and costs money at the provider: no user may call it, a superadmin neither."""
    send = _call("regenerate-embeddings", course)
    users = [*gateway.members(), *(gateway.user(role) for role in ("several", "stranger", "superadmin"))]
    refused = [Row(user, (403,), "only the service itself may") for user in users]

    answers = _expect(refused, send, course, gateway, canaries, deviations)

    for key in gateway.service_keys:
        answer = send(key)
        body = deviations.expect(answer, 200, why="the service may, with a key of either generation")
        if body is not None and not canaries.embeddings(course):
            deviations.note(answer, "answered 200, but the backend shows no embedding", kind="integrity")
        answers.append(answer)
    evidence.table("matrix", ["actor", "status"], [(answer.actor, answer.status) for answer in answers])
    deviations.expect_none()


@pytest.mark.check("fn-tested-locally")
def test_reading_is_for_members(gateway: Gateway, deviations: Deviations, evidence: Evidence) -> None:
    """Each member reads the own organization's configuration and courses; a stranger learns of no organization."""
    first, second = gateway.canaries
    ids = {name: gateway.organization(name)["id"] for name in (first, second)}
    several, stranger, root = (gateway.user(role) for role in ("several", "stranger", "superadmin"))
    matrix: list[tuple[str, Actor, dict[str, Any], tuple[int, ...], str]] = [
        *(("org-config", member, {}, (200,), "the own organization") for member in gateway.members()),
        *(("list-courses-filtered", member, {}, (200,), "own and global courses") for member in gateway.members()),
        *(("org-config", several, {"organizationId": ids[name]}, (200,), f"a member of {name}") for name in ids),
        *(("org-config", root, {"organizationId": ids[name]}, (200,), "a superadmin") for name in ids),
        *(("list-courses-filtered", root, {"organizationId": ids[name]}, (200,), "a superadmin") for name in ids),
        ("list-courses-filtered", several, {}, (200,), "own and global courses"),
        ("org-config", several, {}, (400,), "which of several organizations is not said"),
        ("org-config", stranger, {}, (403,), "a member of no organization"),
        ("org-config", root, {"organizationId": _NO_SUCH_ID}, (404,), "no such organization"),
        ("org-config", root, {"slug": "greenlight-no-such-organization"}, (404,), "no such organization"),
    ]

    # Members ask twice, several of both organizations at a time: what is kept for one is not to reach another.
    matrix += [cell for cell in matrix if cell[0] == "org-config" and cell[1] in gateway.members()]

    answers = gateway.together(lambda cell: cell[1].get(cell[0], **cell[2]), matrix)

    for (_, actor, query, statuses, why), answer in zip(matrix, answers, strict=True):
        body = deviations.expect(answer, *statuses, why=why, kind="under-permission" if 200 in statuses else "contract")
        if body is not None and answer.function == "org-config" and answer.status == 200:
            asked = query.get("organizationId") or ids[actor.name.rpartition(" of ")[2]]
            if body["organization"]["id"] != asked:
                told = f"is about {body['organization']['id']}, asked was {asked}: somebody else's answer"
                deviations.note(answer, told, kind="confidentiality")
    listed = stranger.get("list-courses-filtered")
    body = deviations.expect(listed, 200, 403, why="a stranger sees nothing")
    if listed.status == 200 and body is not None and (body["courses"] or body["total"]):
        deviations.note(listed, f"shows a stranger {body['total']} courses", kind="confidentiality")
    evidence.table(
        "matrix",
        ["function", "actor", "query", "status"],
        [(a.function, a.actor, a.operation, a.status) for a in answers],
    )
    deviations.expect_none()


_ROLES = ("viewer", "editor", "org_admin")
_NO_SUCH_ID = "5bd1f0a4-6f0e-4f4e-9d39-0d6b2c1a7e55"


def _call(function: str, course: Course) -> Send:
    """A valid request to a function, about the course where it takes one."""
    bodies: dict[str, Any] = {
        "publish-course": {"courseId": course.id, "changelog": "greenlight"},
        "restore-course-version": {"courseId": course.id, "version": 1},
        "regenerate-embeddings": {
            "courseId": course.id,
            "newSnapshot": {"items": [{"id": "q1", "stem": {"variants": {"beginner": "One and one?"}}}]},
        },
    }
    if function in bodies:
        return lambda actor: actor.post(function, bodies[function])
    return lambda actor: actor.get(function)


def _expect(
    rows: Iterable[Row],
    send: Send,
    course: Course,
    gateway: Gateway,
    canaries: Canaries,
    deviations: Deviations,
) -> list[Answer]:
    """Each row's answer is a refusal as it should be, and the backend shows that nothing happened."""
    listed = list(rows)
    before = canaries.state(course)

    answers = gateway.together(lambda row: send(row.actor), listed)

    for row, answer in zip(listed, answers, strict=True):
        deviations.expect(answer, *row.statuses, why=row.why, kind="over-permission")
    if canaries.state(course) != before:
        for row in listed:  # once more, one by one: which of them was it?
            before = canaries.state(course)
            answer = send(row.actor)
            if happened := canaries.state(course).difference(before):
                deviations.note(
                    answer, f"answered {answer.status}, but the backend shows: {happened}", kind="integrity"
                )
    return answers


def _expect_same(answer: Answer, other: Answer, deviations: Deviations) -> None:
    """Two refusals that must not be told apart."""
    told = [(each.status, each.code, (each.json or {}).get("error", {}).get("message")) for each in (answer, other)]
    if told[0] != told[1]:
        observed = f"answered {told[0]} about another organization's course, but {told[1]} about none: it exists, then"
        deviations.note(answer, observed, kind="oracle")
