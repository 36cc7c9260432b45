"""No request changes every row at once, as on hosted projects."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from fixtures.stack.gateway.safeupdate import changes_every_row
from fixtures.stack.launch import RunningStack


@pytest.fixture
def rest(stack: RunningStack) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{stack.info.api_url}/rest/v1", headers={"apikey": stack.info.secret_key}) as client:
        yield client


@pytest.mark.parametrize(("method", "verb"), [("PATCH", "UPDATE"), ("DELETE", "DELETE")])
@pytest.mark.parametrize("query", ["", "?select=nickname", "?columns=nickname&order=id&limit=1"])
@pytest.mark.parametrize("privileged", [True, False])
def test_without_a_filter_it_is_refused(
    rest: httpx.Client, stack: RunningStack, method: str, verb: str, query: str, privileged: bool
) -> None:
    """Also to a role that has no privilege there: the refusal comes first, as it does from the module."""
    key = stack.info.secret_key if privileged else stack.info.publishable_key
    before = rest.get("/profiles?select=nickname").json()

    answer = rest.request(method, f"/profiles{query}", json={"nickname": "everybody"}, headers={"apikey": key})

    assert answer.status_code == 400
    message = f"{verb} requires a WHERE clause"
    assert answer.json() == {"code": "21000", "details": None, "hint": None, "message": message}
    assert rest.get("/profiles?select=nickname").json() == before


@pytest.mark.parametrize(
    "query", ["?nickname=eq.nobody", "?not.and=(id.not.is.null,nickname.neq.x)", "?or=(nickname.eq.nobody)"]
)
def test_with_a_filter_it_passes(rest: httpx.Client, query: str) -> None:
    assert rest.patch(f"/profiles{query}", json={"avatar": None}).status_code == 204


def test_what_is_wrong_before_is_said_first(rest: httpx.Client, stack: RunningStack) -> None:
    assert rest.delete("/nosuch").status_code == 404
    assert rest.delete("/profiles", headers={"content-profile": "nosuch"}).json()["code"] == "PGRST106"
    expired = {"apikey": stack.info.publishable_key, "authorization": f"Bearer {stack.info.expired_token}"}
    assert rest.delete("/profiles", headers=expired).status_code == 401


@pytest.mark.parametrize(
    ("method", "path", "query", "found"),
    [
        ("DELETE", b"/rpc/f", b"", False),
        ("POST", b"/a", b"", False),
        ("DELETE", b"/a", b"data->>x.y=eq.1", False),
        ("PATCH", b"/a", b"select=*,b(*)&b.id=eq.1", True),
    ],
)
def test_what_counts_as_a_filter(method: str, path: bytes, query: bytes, found: bool) -> None:
    assert changes_every_row(method, path, query) is found
