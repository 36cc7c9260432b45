"""Browsers of the allowed origins may call the functions, and those of no other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from environments.model import Environment
from fixtures.contract import Contract, Deviations, the_contract
from fixtures.exchange import Answer
from fixtures.gateway import Gateway

FUNCTIONS = sorted(the_contract().operations)
NEEDED = ("authorization", "apikey", "content-type", "x-client-info")
"""What supabase-js sends, and a browser therefore asks for."""


@pytest.mark.check("fn-cors")
@pytest.mark.parametrize("function", FUNCTIONS)
def test_an_allowed_origin_may_call(
    function: str, environment: Environment, gateway: Gateway, contract: Contract, deviations: Deviations
) -> None:
    """The preflight allows its method and headers; the answer, an error too, can be read. `Vary` keeps caches apart."""
    method = contract.operations[function].method
    for origin in environment.require("functions.allowed_origins"):
        preflight = _preflight(gateway, function, origin, method)
        if preflight.status not in (200, 204):
            deviations.note(preflight, f"answered {preflight.seen}; should allow the preflight of {origin}")
            continue
        _expect_allowed(preflight, origin, deviations)
        _expect_named(preflight, "access-control-allow-methods", (method.lower(),), deviations)
        _expect_named(preflight, "access-control-allow-headers", NEEDED, deviations)
        for answer in _answers(gateway, function, method, {"origin": origin}):
            _expect_allowed(answer, origin, deviations)
    deviations.expect_none()


@pytest.mark.check("fn-cors")
@pytest.mark.parametrize("function", FUNCTIONS)
def test_no_other_origin_may(
    function: str, environment: Environment, gateway: Gateway, contract: Contract, deviations: Deviations
) -> None:
    """A foreign one, `null`, and those that resemble an allowed one are told nothing; `*` is never an answer."""
    allowed = environment.require("functions.allowed_origins")
    assert environment.functions is not None
    method = contract.operations[function].method
    origins = [environment.functions.foreign_origin, *_lookalikes(allowed)]

    asked = gateway.together(
        lambda origin: [
            _preflight(gateway, function, origin, method),
            *_answers(gateway, function, method, {"origin": origin}),
        ],
        origins,
    )

    for origin, answers in zip(origins, asked, strict=True):
        for answer in answers:
            told = answer.headers.get("access-control-allow-origin")
            if told is not None:
                deviations.note(answer, f"lets the origin {origin} in: Access-Control-Allow-Origin is {told}")
    deviations.expect_none()


@pytest.mark.check("fn-cors")
@pytest.mark.parametrize("function", FUNCTIONS)
def test_without_an_origin_caches_are_warned_all_the_same(
    function: str, environment: Environment, gateway: Gateway, contract: Contract, deviations: Deviations
) -> None:
    """A cache that keeps this answer must not give it to a browser of any origin."""
    environment.require("functions.allowed_origins")

    for answer in _answers(gateway, function, contract.operations[function].method, {}):
        if answer.headers.get("access-control-allow-origin") is not None:
            told = answer.headers["access-control-allow-origin"]
            deviations.note(answer, f"names no origin, and is answered Access-Control-Allow-Origin: {told}")
        _expect_vary(answer, deviations)
    deviations.expect_none()


def _preflight(gateway: Gateway, function: str, origin: str, method: str) -> Answer:
    headers = {
        "origin": origin,
        "access-control-request-method": method,
        "access-control-request-headers": ", ".join(NEEDED),
    }
    return gateway.nobody.send("OPTIONS", function, headers=headers)


def _answers(gateway: Gateway, function: str, method: str, headers: dict[str, str]) -> Iterator[Answer]:
    """A refusal without a token, and where it only reads an answer with one."""
    writes = method == "POST"
    if not writes:
        yield gateway.member("viewer", gateway.canaries[0]).send(method, function, headers=headers)
    if not (writes and gateway.read_only):
        body: Any = {"courseId": "greenlight"} if writes else None
        yield gateway.nobody.send(method, function, headers=headers, body=body)
    yield gateway.nobody.send("GET", function, headers=headers)


def _lookalikes(allowed: tuple[str, ...]) -> Iterator[str]:
    """What a careless comparison takes for an allowed origin."""
    yield "null"
    for origin in allowed:
        parts = urlsplit(origin)
        yield f"{origin}.elsewhere.example"
        yield f"{parts.scheme}://elsewhere-{parts.hostname}"
        yield f"{parts.scheme}://{parts.hostname}@elsewhere.example"
        yield f"{'http' if parts.scheme == 'https' else 'https'}://{parts.netloc}"
        yield f"{parts.scheme}://{parts.hostname}:{(parts.port or 443) + 1}"


def _expect_allowed(answer: Answer, origin: str, deviations: Deviations) -> None:
    told = answer.headers.get("access-control-allow-origin")
    if told == "*":
        deviations.note(answer, "Access-Control-Allow-Origin is *, which lets every site in")
    elif told != origin:
        deviations.note(answer, f"Access-Control-Allow-Origin is {told}, should be {origin}")
    _expect_vary(answer, deviations)


def _expect_vary(answer: Answer, deviations: Deviations) -> None:
    named = [name.strip().lower() for name in answer.headers.get("vary", "").split(",")]
    if "origin" not in named:
        deviations.note(answer, f"Vary is {answer.headers.get('vary', 'missing')}, does not name Origin")


def _expect_named(answer: Answer, header: str, names: tuple[str, ...], deviations: Deviations) -> None:
    value = answer.headers.get(header, "")
    missing = [name for name in names if name not in [each.strip().lower() for each in value.split(",")]]
    if missing:
        deviations.note(answer, f"{header} is {value or 'missing'}, does not name {', '.join(missing)}")
