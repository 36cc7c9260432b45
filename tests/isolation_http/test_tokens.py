"""A verifier that takes what it must not is found, each laxity as itself; and what was committed is gone afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import jwt
import pytest

from fixtures.errors import Unverified
from fixtures.findings import Finding
from fixtures.gateway import Gateway
from fixtures.isolation_http.people import gathered
from fixtures.isolation_http.sessions import opened
from fixtures.isolation_http.sightings import fold
from fixtures.isolation_http.surface import read_surface
from fixtures.isolation_http.tokens import doors, file_of, try_tokens
from fixtures.runs import Lease, alive, new_run
from tests.isolation_http.conftest import Project

Laxity = Callable[[str], bool]


class Lax(httpx.BaseTransport):
    """A gateway that lets some bad tokens pass: it puts a genuine one in their place."""

    def __init__(self, inner: httpx.BaseTransport, genuine: str, passes: Laxity) -> None:
        self._inner, self._genuine, self._passes = inner, genuine, passes

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if token.count(".") == 2 and self._passes(token):
            request.headers["authorization"] = f"Bearer {self._genuine}"
        return self._inner.handle_request(request)


@contextmanager
def lax(project: Project, passes: Laxity) -> Iterator[Gateway]:
    gateway = Gateway(project.environment)
    genuine = gateway.member("viewer", project.people.first).credentials[0].secret
    gateway._transport = Lax(gateway._transport, genuine, passes)
    yield gateway
    gateway.close()


def found(project: Project, gateway: Gateway) -> list[Finding]:
    surface = read_surface(project.environment, gateway)
    with gathered(project.environment, gateway) as people:
        file = file_of(project.environment, surface, people.members[-1])
        assert file is not None
        return fold(try_tokens(gateway, doors(surface, people, file))[0])


def unsigned(token: str) -> bool:
    return str(jwt.get_unverified_header(token)["alg"]).lower() == "none"


def confused(token: str) -> bool:
    claims = jwt.decode(token, options={"verify_signature": False})
    return jwt.get_unverified_header(token)["alg"] == "HS256" and "sub" in claims  # the older API keys have none


def tampered(token: str) -> bool:
    return jwt.decode(token, options={"verify_signature": False}).get("role") == "service_role" and not unsigned(token)


@pytest.mark.parametrize(
    ("passes", "accused"),
    [(unsigned, "FORGED_ALG_NONE"), (confused, "FORGED_HS256_PUBLIC_PEM"), (tampered, "FORGED_TAMPERED_ROLE")],
)
def test_a_lax_verifier_is_found(project: Project, passes: Laxity, accused: str) -> None:
    with lax(project, passes) as gateway:
        findings = found(project, gateway)

    assert {each.kind for each in findings} == {"authority"}
    assert {"auth.users", "storage.objects"} <= {each.object for each in findings}
    assert all(accused in each.actor for each in findings)
    assert all(f"${accused}" in each.reproduce or "$FORGED_" in each.reproduce for each in findings)


def test_a_strict_verifier_is_not(project: Project) -> None:
    assert found(project, project.gateway) == []


def test_what_a_killed_run_has_left_is_swept_by_the_next(project: Project) -> None:
    surface = read_surface(project.environment, project.gateway)
    arguments = (project.environment, project.gateway, surface, project.people)
    killed, next_run = new_run(), new_run()
    with Lease(killed):
        left = opened(*arguments, killed, alive)
        session = left.__enter__()
        canaries = dict(session.examination.foreign.canaries)
    assert canaries

    with Lease(next_run), opened(*arguments, next_run, lambda run: run == next_run):
        pass

    users = project.gateway.service.send("GET", "/auth/v1/admin/users?page=1&per_page=1000").text
    assert killed not in users
    assert next_run not in users
    builder = session.examination.builder
    assert [each for each in canaries.values() if builder.now(each)] == []


def test_an_environment_without_an_api_is_unverified_by_name(project: Project) -> None:
    alone = project.environment.model_copy(update={"api": None})

    with pytest.raises(Unverified, match=r"api\.url"):
        Gateway(alone)


def test_a_project_without_a_database_address_says_so(project: Project) -> None:
    blind = project.environment.model_copy(update={"database": None})

    with pytest.raises(Unverified, match=r"database"):
        read_surface(blind, project.gateway)
