"""The gateway's rules: who may pass with which key, what is passed on, and what is said when nothing answers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from fixtures.stack import gateway
from fixtures.stack.tokens import ApiKeys
from fixtures.waiting import until
from tests.stack_http.project import EchoFunctions, Project, raw_request

if TYPE_CHECKING:
    from tests.stack_http.conftest import Api, User

BROWSER = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64) Chrome/140"}


@pytest.fixture(params=["api", "older_api"])
def either_api(request: pytest.FixtureRequest) -> Api:
    found: Api = request.getfixturevalue(request.param)
    return found


@pytest.mark.parametrize("path", ["/rest/v1/notes", "/auth/v1/settings", "/auth/v1/user"])
def test_key_is_asked_for(api: Api, path: str) -> None:
    without = api.call("GET", path, key=None)
    wrong = api.call("GET", path, key=None, headers={"apikey": "sb_publishable_wrong"})
    foreign = api.call("GET", path, key=None, headers={"apikey": ApiKeys.generate(api.project.keys).publishable})

    assert (without.status_code, without.json()["message"]) == (401, "No API key found in request")
    for answer in (wrong, foreign):
        assert (answer.status_code, answer.json()["message"]) == (401, "Invalid API key")


@pytest.mark.parametrize(
    ("key", "role"),
    [("publishable", "anon"), ("secret", "service_role"), ("anon", "anon"), ("service_role", "service_role")],
)
@pytest.mark.parametrize("how", ["apikey alone", "both headers", "query"])
def test_keys_of_both_generations_act_as_their_role(either_api: Api, key: str, role: str, how: str) -> None:
    """supabase-js sends the key in both headers, curl users in one, links in the query."""
    api = either_api
    value = getattr(api.project.api_keys, key)
    path, headers = "/rest/v1/rpc/whoami", {}
    if how == "both headers":
        headers = {"Authorization": f"Bearer {value}"}
    if how == "query":
        path += f"?apikey={value}"

    answer = api.call("GET", path, key=None if how == "query" else key, headers=headers)

    assert answer.json()["role"] == role


@pytest.mark.parametrize("key", ["publishable", "anon", "secret"])
def test_users_token_wins_over_the_key(either_api: Api, key: str) -> None:
    user = either_api.user()

    seen = either_api.call("GET", "/rest/v1/rpc/whoami", key=key, token=user.token).json()

    assert (seen["role"], seen["sub"]) == ("authenticated", user.id)


def test_opaque_key_as_bearer_must_be_the_apikey(api: Api) -> None:
    """Otherwise a publishable key in `apikey` would let any secret key in the other header through unseen."""
    token = api.project.api_keys.secret

    for path in ("/rest/v1/notes", "/auth/v1/admin/users", "/storage/v1/bucket"):
        assert api.call("GET", path, key="publishable", token=token).status_code == 401, path


def test_secret_key_does_not_work_in_a_browser(api: Api) -> None:
    refused = api.call("GET", "/rest/v1/notes", key="secret", headers=BROWSER)

    assert (refused.status_code, refused.json()["message"]) == (401, "Forbidden use of secret API key in browser")
    assert api.call("GET", "/rest/v1/notes", key="secret").status_code == 200


def test_schema_is_shown_to_the_service_role_alone(api: Api, user: User) -> None:
    assert api.call("GET", "/rest/v1/").status_code == 401
    assert api.call("GET", "/rest/v1/", token=user.token).status_code == 401
    assert "notes" in api.call("GET", "/rest/v1/", key="secret").text


def test_rest_answers_as_postgrest_does(api: Api, user: User) -> None:
    """Prefer, ranges and their answers pass in both directions."""
    rows = [{"body": f"note {number}"} for number in range(5)]
    headers = {"Prefer": "return=representation"}
    written = api.call("POST", "/rest/v1/notes?select=id,body", token=user.token, json=rows, headers=headers)
    counted = api.call(
        "GET", "/rest/v1/notes?order=id", token=user.token, headers={"Prefer": "count=exact", "Range": "1-2"}
    )
    head = api.call("HEAD", "/rest/v1/notes", token=user.token, headers={"Prefer": "count=exact"})
    changed = api.call("PATCH", f"/rest/v1/notes?id=eq.{written.json()[0]['id']}", token=user.token, json={"body": "x"})
    removed = api.call("DELETE", "/rest/v1/notes?body=eq.x", token=user.token, headers=headers)

    assert (written.status_code, len(written.json())) == (201, 5)
    assert (counted.status_code, counted.headers["content-range"]) == (206, "1-2/5")
    assert [row["body"] for row in counted.json()] == ["note 1", "note 2"]
    assert (head.headers["content-range"], head.content) == ("0-4/5", b"")
    assert changed.status_code == 204
    assert [row["body"] for row in removed.json()] == ["x"]


def test_rows_of_others_stay_hidden_through_the_gateway(api: Api, user: User) -> None:
    api.call("POST", "/rest/v1/notes", token=user.token, json={"body": "mine"})

    stranger = api.user()

    assert len(api.call("GET", "/rest/v1/notes", token=user.token).json()) == 1
    assert api.call("GET", "/rest/v1/notes", token=stranger.token).json() == []
    assert api.call("GET", "/rest/v1/notes").status_code == 401, "nothing is granted to anon"


def test_browser_may_ask_rest_auth_and_storage(api: Api) -> None:
    headers = {
        "origin": "https://anywhere.test",
        "access-control-request-method": "POST",
        "access-control-request-headers": "apikey,authorization,x-client-info",
    }
    for path in ("/rest/v1/notes", "/auth/v1/token", "/storage/v1/object/own/a"):
        answer = api.call("OPTIONS", path, key=None, headers=headers)
        assert answer.status_code == 200
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.headers["access-control-allow-headers"] == "apikey,authorization,x-client-info"
    plain = api.call("GET", "/rest/v1/rpc/whoami", headers={"origin": "https://anywhere.test"})
    assert plain.headers.get_list("access-control-allow-origin") == ["*"]
    assert "Content-Range" in plain.headers["access-control-expose-headers"]


def test_functions_speak_for_themselves_on_cors(api: Api) -> None:
    headers = {"origin": "https://app.test", "access-control-request-method": "POST"}

    preflight = api.call("OPTIONS", "/functions/v1/echo", key=None, headers=headers)

    assert preflight.json()["method"] == "OPTIONS", "the function answers, though it verifies tokens"
    assert preflight.headers["access-control-allow-origin"] == "https://app.test"


def test_function_gets_the_request_as_hosted_projects_pass_it(api: Api, user: User) -> None:
    answer = api.call(
        "PUT", "/functions/v1/echo/deep%2Fer?x=1&y=a%20b", token=user.token, content=b"hello", headers={"x-mine": "1"}
    )

    seen = answer.json()
    assert (seen["method"], seen["path"], seen["query"]) == ("PUT", "/echo/deep/er", "x=1&y=a%20b")
    assert (seen["text"], seen["headers"]["x-mine"]) == ("hello", "1")
    assert seen["headers"]["authorization"] == f"Bearer {user.token}"
    assert seen["headers"]["apikey"] == api.project.api_keys.publishable
    assert seen["headers"]["x-forwarded-for"] == "127.0.0.1"
    assert seen["headers"]["x-forwarded-proto"] == "http"
    assert seen["headers"]["sb-request-id"] == answer.headers["sb-request-id"]
    assert answer.headers["x-function"] == "yes"


def test_function_that_verifies_nothing_is_open(api: Api) -> None:
    assert api.call("POST", "/functions/v1/public", key=None, json={}).status_code == 200


def test_missing_and_broken_functions_say_what_they_are(api: Api) -> None:
    missing = api.call("POST", "/functions/v1/nothing", json={})
    broken = api.call("POST", "/functions/v1/broken", json={})

    assert (missing.status_code, missing.json()["code"]) == (404, "NOT_FOUND")
    assert (broken.status_code, broken.json()["code"]) == (503, "BOOT_ERROR")
    assert "SyntaxError" not in broken.text


def test_hop_by_hop_and_forged_forwarding_headers_stay_behind(api: Api) -> None:
    headers = {
        "connection": "keep-alive, x-secret",
        "x-secret": "1",
        "te": "trailers",
        "x-forwarded-for": "6.6.6.6",
        "x-forwarded-proto": "https",
        "sb-request-id": "forged",
    }

    seen = api.call("GET", "/functions/v1/public", key=None, headers=headers).json()["headers"]

    assert not {"x-secret", "te"} & seen.keys()
    assert seen["x-forwarded-for"] == "127.0.0.1"
    assert seen["x-forwarded-proto"] == "http"
    assert seen["sb-request-id"] != "forged"


def test_large_bodies_pass_and_larger_ones_do_not(api: Api) -> None:
    allowed = b"x" * (20 * 1024 * 1024)

    passed = api.call("POST", "/functions/v1/public", key=None, content=allowed)
    line = f"POST /functions/v1/public HTTP/1.1\r\ncontent-length: {51 * 1024 * 1024}"
    refused = asyncio.run(raw_request(api.project.url, line.encode()))

    assert passed.json()["length"] == len(allowed)
    assert refused.startswith(b"HTTP/1.1 413")


@pytest.mark.parametrize("path", ["/", "/rest/v2/notes", "/graphql/v1", "/realtime/v1/websocket"])
def test_no_other_route_is_there(api: Api, path: str) -> None:
    answer = api.call("GET", path)

    assert (answer.status_code, answer.json()["message"]) == (404, "no Route matched with those values")


def test_dot_segments_do_not_climb_out_of_a_route(api: Api) -> None:
    """An open path must not be a way to a closed one."""
    for path in (b"/auth/v1/.well-known/jwks.json/../../admin/users", b"/storage/v1/object/public/../../bucket"):
        answer = asyncio.run(raw_request(api.project.url, b"GET " + path + b" HTTP/1.1"))
        assert answer.startswith(b"HTTP/1.1 400"), path


def test_access_log_has_a_line_per_request_and_no_secret(api: Api, user: User) -> None:
    marker = f"/rest/v1/notes_{user.id[:8]}"
    api.call("GET", f"{marker}?apikey={api.project.api_keys.publishable}&body=eq.topsecret", token=user.token)

    def written() -> list[dict[str, Any]]:
        lines = [json.loads(line) for line in api.project.access_log.read_text().splitlines()]
        return [line for line in lines if line["path"] == marker]

    (line,) = until(written, within=5, what="the request is in the log")
    assert (line["method"], line["status"], line["role"]) == ("GET", 404, "authenticated")
    assert line["ms"] > 0
    text = api.project.access_log.read_text()
    assert user.token not in text
    assert api.project.api_keys.publishable not in text
    assert "topsecret" not in text


Handler = Any


@asynccontextmanager
async def upstream_that(answer: Handler) -> AsyncIterator[str]:
    """A server that answers each connection with what `answer(reader, writer)` writes."""
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


async def through_gateway(
    project: Project, rest: str, *, timeout: float = 5, times: int = 1, method: str = "GET"
) -> list[httpx.Response]:
    """Answers of a gateway in front of the REST upstream at `rest`, called without a socket."""
    settings = gateway.GatewaySettings(project.keys, project.api_keys, rest_timeout=timeout)

    async def unused(*_: object) -> None: ...

    app = gateway.create_app(settings, rest, EchoFunctions(), unused, unused)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    headers = {"apikey": project.api_keys.publishable}
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway", headers=headers) as client:
        answers = [await client.request(method, "/rest/v1/notes") for _ in range(times)]
    await app.close()
    return answers


async def read_request(reader: asyncio.StreamReader) -> bytes:
    return await reader.readuntil(b"\r\n\r\n")


def test_nobody_listening_is_503(project: Project) -> None:
    (answer,) = asyncio.run(through_gateway(project, "http://127.0.0.1:9"))

    assert answer.status_code == 503
    assert answer.json() == {"message": "The upstream server is not available"}
    assert answer.headers["sb-request-id"]


@pytest.mark.parametrize("bytes_sent", [b"", b"SSH-2.0-OpenSSH\r\n\r\n", b"HTTP/1.1 200 OK\r\ncontent-le"])
def test_broken_upstream_is_502(project: Project, bytes_sent: bytes) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(bytes_sent)
        writer.close()

    async def scene() -> list[httpx.Response]:
        async with upstream_that(answer) as url:
            return await through_gateway(project, url)

    (response,) = asyncio.run(scene())

    assert response.status_code == 502
    assert "invalid response" in response.json()["message"]


def test_silent_upstream_is_504(project: Project) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async def scene() -> list[httpx.Response]:
        async with upstream_that(answer) as url:
            return await through_gateway(project, url, timeout=0.2)

    (response,) = asyncio.run(scene())

    assert response.status_code == 504


BODIES = {
    "length": b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello",
    "chunked": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
    "early hints": b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello",
    "until the end": b"HTTP/1.0 200 OK\r\n\r\nhello",
}


@pytest.mark.parametrize("way", BODIES)
def test_every_way_to_end_a_body_is_understood(project: Project, way: str) -> None:
    """And one connection serves all requests, where it can be kept."""
    connections = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        while True:
            try:
                await read_request(reader)
            except asyncio.IncompleteReadError:
                break
            writer.write(BODIES[way])
            if way == "until the end":
                break
        writer.close()

    async def scene() -> list[httpx.Response]:
        async with upstream_that(serve) as url:
            return await through_gateway(project, url, times=3)

    for response in asyncio.run(scene()):
        assert (response.status_code, response.text) == (200, "hello")
    assert connections == (3 if way == "until the end" else 1)


def test_connection_that_was_closed_meanwhile_is_replaced(project: Project) -> None:
    """A server may close a kept connection at any moment; a read is simply asked again."""

    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
        await reader.read(1)
        writer.close()

    async def scene() -> list[httpx.Response]:
        async with upstream_that(once) as url:
            return await through_gateway(project, url, times=3)

    assert [response.text for response in asyncio.run(scene())] == ["ok"] * 3


def test_write_after_a_head_gets_a_connection_that_lives(api: Api, user: User) -> None:
    """PostgREST closes the connection after a HEAD; a write must not be sent into it, since it is not repeated."""
    for _ in range(20):
        assert api.call("HEAD", "/rest/v1/notes", token=user.token).status_code == 200
        assert api.call("POST", "/rest/v1/notes", token=user.token, json={"body": "x"}).status_code == 201


def test_interrupted_body_does_not_look_complete(project: Project) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf")
        await writer.drain()
        writer.close()

    async def scene(project: Project) -> None:
        async with upstream_that(serve) as url:
            settings = gateway.GatewaySettings(project.keys, project.api_keys)

            async def unused(*_: object) -> None: ...

            address = project.serve(gateway.create_app(settings, url, EchoFunctions(), unused, unused))
            async with httpx.AsyncClient() as client:
                await client.get(f"{address}/rest/v1/x", headers={"apikey": project.api_keys.publishable})

    with pytest.raises(httpx.RemoteProtocolError):
        asyncio.run(scene(project))
