"""The cache says what it did, forgets what was written, and never keeps what was asked for with a token."""

from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fixtures.stack.cache import PublicCache

if TYPE_CHECKING:
    from tests.stack_http.conftest import Api


def published(api: Api, content: bytes = b"course", cache_control: str = "max-age=60") -> str:
    """The path of a new public file."""
    name = f"{uuid.uuid4()}.json"
    headers = {"cache-control": cache_control, "content-type": "application/json"}
    api.call("POST", f"/storage/v1/object/open/{name}", key="secret", content=content, headers=headers)
    return f"/storage/v1/object/public/open/{name}"


def status(answer: httpx.Response) -> str:
    return answer.headers["cf-cache-status"]


def test_second_reader_is_served_from_the_cache(api: Api) -> None:
    path = published(api)

    answers = [api.call("GET", path, key=None) for _ in range(3)]

    assert [status(answer) for answer in answers] == ["MISS", "HIT", "HIT"]
    assert {answer.content for answer in answers} == {b"course"}
    assert answers[2].headers["age"] == "0"
    assert answers[2].headers["etag"] == answers[0].headers["etag"]


def test_query_is_part_of_the_key(api: Api) -> None:
    path = published(api)
    api.call("GET", path, key=None)

    assert status(api.call("GET", f"{path}?version=2", key=None)) == "MISS"
    assert status(api.call("GET", f"{path}?version=2", key=None)) == "HIT"


def test_reader_who_has_it_gets_304_from_the_cache(api: Api) -> None:
    path = published(api)
    etag = api.call("GET", path, key=None).headers["etag"]

    answer = api.call("GET", path, key=None, headers={"if-none-match": etag})

    assert (answer.status_code, answer.content, status(answer)) == (304, b"", "HIT")


@pytest.mark.parametrize("how", ["upsert", "put", "move", "delete", "many", "bucket", "purge"])
def test_whatever_changes_a_file_makes_the_cache_forget_it(api: Api, how: str) -> None:
    path = published(api)
    name = path.rpartition("/")[2]
    own = f"/storage/v1/object/open/{name}"
    api.call("GET", path, key=None)
    assert status(api.call("GET", path, key=None)) == "HIT"

    move = {"bucketId": "open", "sourceKey": name, "destinationKey": f"moved-{name}"}
    requests: dict[str, tuple[str, str, dict[str, Any]]] = {
        "upsert": ("POST", own, {"content": b"new", "headers": {"x-upsert": "true"}}),
        "put": ("PUT", own, {"content": b"new"}),
        "move": ("POST", "/storage/v1/object/move", {"json": move}),
        "delete": ("DELETE", own, {}),
        "many": ("DELETE", "/storage/v1/object/open", {"json": {"prefixes": [name]}}),
        "bucket": ("PUT", "/storage/v1/bucket/open", {"json": {"public": True}}),
        "purge": ("DELETE", f"/storage/v1/cdn/open/{name}", {}),
    }
    method, target, more = requests[how]
    assert api.call(method, target, key="secret", **more).status_code == 200

    answer = api.call("GET", path, key=None)
    assert answer.headers["cf-cache-status"] != "HIT"
    if how in ("upsert", "put"):
        assert answer.content == b"new"
    if how in ("move", "delete", "many"):
        assert answer.json()["error"] == "not_found"


def test_purging_is_for_the_service_role(api: Api) -> None:
    path = published(api)
    user = api.user()
    api.call("GET", path, key=None)

    refused = api.call("DELETE", f"/storage/v1/cdn/open/{path.rpartition('/')[2]}", token=user.token)

    assert refused.json()["error"] == "Unauthorized"
    assert status(api.call("GET", path, key=None)) == "HIT"


def test_nothing_asked_for_with_a_token_is_kept_or_served(api: Api) -> None:
    path = published(api)
    user = api.user()

    assert status(api.call("GET", path, token=user.token)) == "BYPASS"
    assert status(api.call("GET", path, key=None)) == "MISS"
    assert status(api.call("GET", path, token=user.token)) == "BYPASS"
    private = api.call("GET", f"/storage/v1/object/own/{user.id}/x", token=user.token)
    assert "cf-cache-status" not in private.headers


def test_what_must_not_be_kept_is_not(api: Api) -> None:
    for directive in ("no-cache", "no-store", "private, max-age=60", "max-age=0"):
        path = published(api, cache_control=directive)
        assert [status(api.call("GET", path, key=None)) for _ in range(2)] == ["BYPASS", "BYPASS"], directive
    missing = "/storage/v1/object/public/open/missing.json"
    assert [status(api.call("GET", missing, key=None)) for _ in range(2)] == ["BYPASS", "BYPASS"]


def test_part_of_a_file_passes_by_the_cache(api: Api) -> None:
    path = published(api)
    api.call("GET", path, key=None)

    part = api.call("GET", path, key=None, headers={"range": "bytes=0-1"})

    assert (part.status_code, part.content, status(part)) == (206, b"co", "BYPASS")


class Origin:
    """An application behind a cache whose clock stands still until it is told to go on."""

    def __init__(self, **options: Any) -> None:
        self.now = 0.0
        self.body, self.cache_control, self.asked = b"one", "max-age=10", 0
        self.extra: dict[str, str] = {}
        self.cache = PublicCache(clock=lambda: self.now, **options)
        self.during: Any = lambda: None
        app = Starlette(routes=[Route("/{path:path}", self.answer)])
        self.transport = httpx.ASGITransport(self.cache.in_front_of(app))

    async def answer(self, request: Request) -> Response:
        self.asked += 1
        body = self.body
        etag = f'"{body.decode()[:20]}"'
        headers = {"etag": etag, "cache-control": self.cache_control, **self.extra}
        self.during()
        if request.headers.get("if-none-match") == etag:
            return Response(status_code=304, headers=headers)
        return Response(body, headers=headers)

    def get(self, path: str = "b/a", method: str = "GET", **headers: str) -> httpx.Response:
        async def ask() -> httpx.Response:
            async with httpx.AsyncClient(transport=self.transport, base_url="http://cache") as client:
                return await client.request(method, f"/object/public/{path}", headers=headers)

        return asyncio.run(ask())


def test_stale_file_is_confirmed_or_fetched_anew() -> None:
    origin = Origin()
    origin.get()
    origin.now = 9
    fresh = origin.get()
    origin.now = 11
    confirmed, after = origin.get(), origin.get()
    origin.now, origin.body = 30, b"two"
    fetched = origin.get()

    assert (status(fresh), fresh.headers["age"]) == ("HIT", "9")
    assert (status(confirmed), confirmed.content, status(after)) == ("REVALIDATED", b"one", "HIT")
    assert (status(fetched), fetched.content) == ("EXPIRED", b"two")
    assert origin.asked == 3


def test_shared_lifetime_wins_and_the_header_has_the_name_given() -> None:
    origin = Origin(header="x-cache")
    origin.cache_control = "public, max-age=1, s-maxage=100"
    origin.get()
    origin.now = 50

    assert origin.get().headers["x-cache"] == "HIT"


def test_head_is_answered_from_the_cache_without_a_body() -> None:
    origin = Origin()

    cold = origin.get(method="HEAD")
    origin.get()
    warm = origin.get(method="HEAD")

    assert status(cold) == "BYPASS"
    assert (status(warm), warm.content, warm.headers["content-length"]) == ("HIT", b"", "3")


@pytest.mark.parametrize("header", ["set-cookie", "vary"])
def test_answer_for_somebody_in_particular_is_not_kept(header: str) -> None:
    origin = Origin()
    origin.extra = {header: "x"}

    assert [status(origin.get()) for _ in range(2)] == ["BYPASS", "BYPASS"]


def test_size_is_bounded_and_the_least_used_goes_first() -> None:
    origin = Origin(capacity=250, largest=100)
    origin.body = b"x" * 100
    origin.get("b/first")
    origin.get("b/second")
    origin.get("b/first")

    origin.get("b/third")

    assert status(origin.get("b/first")) == "HIT"
    assert status(origin.get("b/second")) == "MISS"
    origin.body = b"x" * 101
    assert [status(origin.get("b/large")) for _ in range(2)] == ["BYPASS", "BYPASS"]


def test_file_that_is_written_while_it_is_fetched_is_not_kept() -> None:
    """Otherwise a reader in between would bring the old content back for an hour."""
    origin = Origin()

    def write() -> None:
        origin.body = b"new"
        origin.cache.forget("b", "a")
        origin.during = lambda: None

    origin.during = write
    origin.get()

    assert origin.get().content == b"new"


def test_other_paths_are_none_of_the_caches_business() -> None:
    origin = Origin()

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=origin.transport, base_url="http://cache") as client:
            return await client.get("/object/authenticated/b/a")

    assert "cf-cache-status" not in asyncio.run(ask()).headers
