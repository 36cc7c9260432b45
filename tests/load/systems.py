"""Systems to put load on: a proxy before one shared stack, with faults planted behind what looks like the gateway."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from starlette.types import Receive, Scope, Send

from fixtures.stack.serving import Listener

SLOW = 2.2  # seconds
_HOP = ("host", "connection", "content-length", "transfer-encoding", "content-encoding", "accept-encoding")

# Faults
SLOW_FILES = "own course files take longer than two seconds"
UNCACHED = "the cache answers nothing"
PURGING = "a publish purges every course from the cache"
FAILING = "one call of a function in ten ends in an error"
BLEEDING = "one request in ten runs with the claims of the one before"
SHARED_CACHE = "lists of courses are cached by address, whoever asks"


class System:
    """Forwards to `target`, with faults."""

    def __init__(self, target: str, *faults: str) -> None:
        self.target = target
        self.faults = faults
        self.requests = 0
        self._before = b""
        self._cached: dict[str, httpx.Response] = {}
        self._purged = False
        self._client: httpx.AsyncClient | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        self.requests += 1
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        path, query = scope["path"], scope["query_string"].decode()
        url = f"{self.target}{scope['raw_path'].decode()}{'?' + query if query else ''}"
        headers = [(name, value) for name, value in scope["headers"] if name.decode() not in _HOP]
        answer = await self._answer(scope["method"], path, url, self._bled(headers), body)
        kept = [(n.encode(), v.encode()) for n, v in answer.headers.multi_items() if n.lower() not in _HOP]
        kept = self._told(path, kept)
        content = answer.content
        kept.append((b"content-length", str(len(content)).encode()))
        status = answer.status_code
        if FAILING in self.faults and self.requests % 10 == 0 and path.startswith("/functions/"):
            status = 500
        await send({"type": "http.response.start", "status": status, "headers": kept})
        await send({"type": "http.response.body", "body": content})

    async def _answer(
        self, method: str, path: str, url: str, headers: list[tuple[bytes, bytes]], body: bytes
    ) -> httpx.Response:
        assert self._client is not None
        if SLOW_FILES in self.faults and method == "GET" and path.startswith("/storage/v1/object/courses/"):
            await asyncio.sleep(SLOW)
        cached = SHARED_CACHE in self.faults and path.endswith("/list-courses-filtered")
        if cached and url in self._cached:
            return self._cached[url]
        answer = await self._client.request(method, url, headers=headers, content=body)
        if cached and answer.status_code == 200:
            self._cached[url] = answer
        self._purged = self._purged or path.endswith("/publish-course")
        return answer

    def _bled(self, headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        """The headers, now and then with the credential of the request before."""
        own = dict(headers).get(b"authorization", b"")
        if BLEEDING in self.faults and self.requests % 10 == 0 and own and self._before:
            headers = [(n, self._before if n == b"authorization" else v) for n, v in headers]
        if own and own.count(b".") == 2:  # a member's, not a key
            self._before = own
        return headers

    def _told(self, path: str, headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        """The headers, with a miss where the fault says so."""
        missed = UNCACHED in self.faults or (PURGING in self.faults and self._purged)
        if missed and "/object/public/" in path:
            return [*((n, v) for n, v in headers if n != b"x-cache"), (b"x-cache", b"MISS")]
        return headers

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        self._client = httpx.AsyncClient(timeout=20, limits=httpx.Limits(max_connections=64))
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._client.aclose()
        await send({"type": "lifespan.shutdown.complete"})


@contextmanager
def serving(system: System) -> Iterator[str]:
    """The system's address while it serves, in a thread of its own."""
    ready, ending = threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()
    listener = Listener(system)

    async def serve() -> None:
        async with listener:
            ready.set()
            await ending.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),), daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield listener.url
    finally:
        loop.call_soon_threadsafe(ending.set)
        thread.join(10)
