"""A proxy between the checks and honest functions that changes answers: what comes back is what counts."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.functions.planting import Planting
from tests.functions.proxy import Meddle, Reply


def _json(reply: Reply) -> Any:
    return json.loads(reply.body) if reply.body and "json" in reply.headers.get("content-type", "") else None


def swallows_refusals(reply: Reply) -> None:
    """403 becomes 200 with an empty list."""
    if reply.status == 403 and "list-courses" in reply.path:
        reply.status, reply.body = 200, b'{"courses": [], "total": 0, "limit": 20, "offset": 0}'


def loses_a_course(reply: Reply) -> None:
    """The last course of every full page is gone."""
    body = _json(reply)
    if "list-courses" in reply.path and body and len(body.get("courses", [])) > 1:
        reply.body = json.dumps({**body, "courses": body["courses"][:-1]}).encode()


def renames_a_type(reply: Reply) -> None:
    """Numbers come as text."""
    body = _json(reply)
    if reply.path.endswith("/publish-course") and body and "version" in body:
        reply.body = json.dumps({**body, "version": str(body["version"])}).encode()


def serves_html(reply: Reply) -> None:
    """Errors are pages for people."""
    if reply.status >= 400:
        reply.headers["content-type"] = "text/html"
        reply.body = b"<h1>Something went wrong</h1>"


def opens_to_every_site(reply: Reply) -> None:
    """Whoever asks is let in."""
    if "origin" in reply.asked:
        reply.headers["access-control-allow-origin"] = reply.asked["origin"]
        reply.headers["access-control-allow-credentials"] = "true"


def adds_its_key(reply: Reply) -> None:
    """An answer tells the key that it was made with."""
    body = _json(reply)
    if "org-config" in reply.path and body and "organization" in body:
        body["organization"]["branding"]["debug"] = "sb_secret_AbCdEfGhIjKlMnOpQrStUv_12345678"
        reply.body = json.dumps(body).encode()


def tells_another_organization(reply: Reply) -> None:
    """Everybody is told the same configuration: whose was asked for first."""
    body = _json(reply)
    if "org-config" in reply.path and body and "organization" in body:
        first = _FIRST.setdefault("body", reply.body)
        reply.body = first


_FIRST: dict[str, bytes] = {}

CASES: dict[str, tuple[Meddle, tuple[str, ...], str, str, set[str]]] = {
    "swallows refusals": (
        swallows_refusals,
        ("test_other_organizations.py::test_another_organization_cannot_be_named",),
        "test_another_organization_cannot_be_named",
        "should be 403: globex is another organization",
        {"fn-tested-locally", "must-no-leaks"},
    ),
    "loses a course": (
        loses_a_course,
        ("test_list_courses.py::test_visibility_and_words",),
        "test_visibility_and_words",
        "(missing [",
        {"fn-tested-locally"},
    ),
    "renames a type": (
        renames_a_type,
        ("test_publishing.py::test_publishing_writes_the_stored_file_as_the_next_version",),
        "test_publishing_writes_the_stored_file_as_the_next_version",
        'version: "1" is not of type "integer"',
        {"fn-tested-locally"},
    ),
    "serves HTML": (
        serves_html,
        (
            "test_conformance.py::test_other_methods_are_not_allowed",
            "test_deployed.py::test_each_function_answers_and_opens_to_nobody",
        ),
        "test_other_methods_are_not_allowed",
        "content type text/html, documented is application/json",
        {"fn-tested-locally", "stg-functions-answer"},
    ),
    "opens to every site": (
        opens_to_every_site,
        ("test_cors.py",),
        "test_no_other_origin_may",
        "lets the origin https://elsewhere.example in",
        {"fn-cors"},
    ),
    "adds its key": (
        adds_its_key,
        ("test_deployed.py::test_org_config_serves_a_member",),
        "test_org_config_serves_a_member",
        "the body shows a key",
        {"prod-smoke-org-config"},
    ),
    "tells another organization": (
        tells_another_organization,
        ("test_who_may_call.py::test_reading_is_for_members",),
        "test_reading_is_for_members",
        "is about 00000000-",
        {"fn-tested-locally"},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_comes_back_is_what_counts(name: str, planted: Planting) -> None:
    meddle, checks, check, words, red = CASES[name]

    with planted.meddled(meddle) as gateway:
        ended = planted.run(*checks, gateway=gateway)

    assert ended.red == red, "\n".join(ended.failures.values())[:3000]
    assert words in ended.message(check), ended.message(check)[:3000]


def test_a_proxy_that_changes_nothing_changes_nothing(planted: Planting) -> None:
    """The control of all others, on the stack that the faults are planted in: it is the change that turned them red."""
    files = sorted(file.name for file in (planted.path / "suites" / "functions").glob("test_*.py"))
    left_out = (
        "test_conformance.py",
        "test_deployed.py",
    )  # run by every `make verify`, and nothing here lists functions

    with planted.meddled(lambda _: None) as gateway:
        ended = planted.run(*(name for name in files if name not in left_out), gateway=gateway)

    assert set(ended.outcomes.values()) == {"passed"}, ended.failures
    assert not ended.red
