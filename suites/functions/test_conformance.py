"""Whatever is sent, a function answers as the contract says: a documented status, type and shape, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from environments.model import Environment
from fixtures.canaries import Canaries
from fixtures.contract import Contract, Deviations, Operation, the_contract
from fixtures.evidence import Evidence
from fixtures.gateway import Actor, Gateway

FUNCTIONS = sorted(the_contract().operations)

# Bodies that no generator of valid and invalid *documents* makes: they are none, or more than anybody reads.
MALFORMED = {
    "no body": b"",
    "half a document": b'{"courseId": "a',
    "two documents": b'{"courseId": "a"}{"courseId": "b"}',
    "not UTF-8": b'{"courseId": "\xff\xfe"}',
    "a byte order mark and nothing": b"\xef\xbb\xbf",
    "a list": b'["courseId"]',
    "null": b"null",
    "NaN": b'{"courseId": NaN}',
    "nested 20,000 deep": b'{"courseId":' + b"[" * 20_000 + b"]" * 20_000 + b"}",
    "a prototype": b'{"__proto__": {"courseId": "a"}, "constructor": {"prototype": {}}}',
    "half a surrogate pair": b'{"courseId": "\\ud800"}',
    "six megabytes": b'{"courseId": "a", "changelog": "' + b"x" * 6_000_000 + b'"}',
}
SOUND_JSON = ("half a surrogate pair",)  # the grammar allows it: a course of that name may also simply not be there
QUERIES = {
    "a parameter twice": "limit=1&limit=2&organizationId=a&organizationId=b&slug=a&slug=b",
    "a parameter as a list": "limit[]=1&slug[]=a&tagIds[]=b&organizationId[]=c",
    "not UTF-8": "search=%ff%fe&slug=%ff",
    "a NUL": "search=%00&slug=%00&organizationId=%00",
    "SQL": "search='%3B%20drop%20table%20tags%3B--&slug='&tagIds='",
    "PostgREST's own words": "search=*)%2Cid.not.is.null&slug=eq.x&tagIds=cs.%7B%7D&select=*&order=id",
    "numbers that are none": "limit=1e3&offset=-0&limit=0x10",
    "beyond every integer": "limit=99999999999999999999&offset=99999999999999999999",
    "percent alone": "search=%&slug=%zz",
}


@pytest.mark.check("fn-tested-locally")
@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_generated_request_gets_a_documented_answer(
    function: str,
    environment: Environment,
    gateway: Gateway,
    canaries: Canaries,
    deviations: Deviations,
    evidence: Evidence,
) -> None:
    """Schemathesis makes the requests from the document: each boundary of each field, and everything at once.

    Valid ones must not be called bad, invalid ones not be accepted; the shortest request that shows it comes first.
    """
    from fixtures.conformance import Generated, generated  # slow to import, and of no use to a run of other checks

    operation = the_contract().operations[function]
    course_id = _published(gateway, canaries) if operation.method == "POST" else None
    cases = []

    def made() -> Iterator[Generated]:
        for case in generated(operation, environment.require("functions.url"), course_id=course_id):
            cases.append(case)
            yield case  # sent while the next one is being made up

    answers = gateway.together(lambda case: case.send(_somebody_allowed(operation, gateway, case.url)), made())

    judged = sorted(zip(cases, answers, strict=True), key=lambda pair: len(pair[0].url) + len(pair[0].content or b""))
    evidence.table("requests", ["meant", "request", "status"], [(c.meant, a.operation, a.status) for c, a in judged])
    for case, answer in judged:
        wrong = case.complaints(answer) or deviations.contract.violations(answer)
        if wrong:
            deviations.note(answer, f"({case.meant}) answered {answer.seen}: {'; '.join(wrong)}")
    deviations.expect_none()
    assert len(cases) > 20, f"only {len(cases)} requests were generated for {function}"


@pytest.mark.check("fn-tested-locally")
@pytest.mark.parametrize("function", FUNCTIONS)
def test_malformed_requests_are_refused_politely(
    function: str, gateway: Gateway, contract: Contract, deviations: Deviations
) -> None:
    """What is no JSON, no UTF-8 or far too much is the sender's mistake (400), never the server's (5xx)."""
    operation = contract.operations[function]
    sender = _somebody_allowed(operation, gateway, "")
    url = gateway.url_of(function)

    if operation.method == "POST":
        answers = gateway.together(lambda body: sender.send("POST", function, content=body), MALFORMED.values())
        for sort, answer in zip(MALFORMED, answers, strict=True):
            statuses = (400, 404, 413) if sort in SOUND_JSON else (400, 413)
            deviations.expect(answer, *statuses, why=f"the body is {sort}")
        plain = sender.send("POST", function, content=b"courseId=a", headers={"content-type": "text/plain"})
        deviations.expect(plain, 400, 415, why="the body is a form")
    else:
        for answer in gateway.together(lambda query: sender.send("GET", f"{url}?{query}"), QUERIES.values()):
            deviations.expect(answer, 200, 400, 403, 404, why="a strange query is served or refused, never an error")
    deviations.expect_none()


@pytest.mark.check("fn-tested-locally")
@pytest.mark.parametrize("function", FUNCTIONS)
def test_other_methods_are_not_allowed(
    function: str, gateway: Gateway, contract: Contract, deviations: Deviations
) -> None:
    """405, with the methods that there are: also for somebody who may call the function."""
    operation = contract.operations[function]
    sender = _somebody_allowed(operation, gateway, "")
    others = [method for method in ("GET", "POST", "PUT", "PATCH", "DELETE") if method != operation.method]

    answers = gateway.together(lambda method: sender.send(method, function), others)

    for answer in answers:
        deviations.expect(answer, 405, why=f"{function} is called by {operation.method}")
        allowed = answer.headers.get("allow", "")
        if answer.status == 405 and operation.method not in allowed.replace(",", " ").split():
            deviations.note(answer, f"Allow is {allowed or 'missing'}, which does not name {operation.method}")
    deviations.expect_none()


def _published(gateway: Gateway, canaries: Canaries) -> str:
    """A course with one version, so that valid requests about it have something to change."""
    first = gateway.canaries[0]
    file = canaries.course_file(first, ("q1", {"beginner": "One and one?"}))
    course = canaries.course(first, "generated", file=file)
    canaries.version(course, file)
    return course.id


def _somebody_allowed(operation: Operation, gateway: Gateway, url: str) -> Actor:
    """Whom the function serves: for a parameter that only superadmins may give, one of them."""
    if operation.security == "service":
        return gateway.service
    return gateway.user("superadmin") if "organizationId=" in url else gateway.member("editor", gateway.canaries[0])
