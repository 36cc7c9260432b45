"""One deadline for a whole answer, however it is spread over time, and new tries only where nobody was reached."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from fixtures.reading import TRIES, Reader

PAUSE = 0.1  # seconds between two bytes: far less than any timeout of a single read
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 400\r\n\r\n"


class Dribble:
    """A server that sends what it has at once, and then a byte at a time, for as long as somebody listens."""

    def __init__(self) -> None:
        self.at_once = b""
        self.asked = 0
        dribble = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                dribble.asked += 1
                self.wfile.write(dribble.at_once)
                for byte in (HEAD + b" " * 400)[len(dribble.at_once) :]:
                    if dribble._stopped.wait(PAUSE):
                        return
                    try:
                        self.wfile.write(bytes([byte]))
                    except OSError:
                        return

            def log_message(self, *_: object) -> None:
                return

        self._stopped = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        self._stopped.set()
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def dribble() -> Iterator[Dribble]:
    running = Dribble()
    yield running
    running.stop()


@pytest.mark.parametrize("at_once", [b"", HEAD], ids=["its head", "its body"])
def test_an_answer_byte_by_byte_is_given_up_at_the_deadline(dribble: Dribble, at_once: bytes) -> None:
    dribble.at_once = at_once
    began = time.monotonic()

    with pytest.raises(httpx.ReadTimeout, match=r"no whole answer within 0\.8 s"):
        Reader(dribble.url, within=0.8).get("/")

    assert time.monotonic() - began < 5
    assert dribble.asked == 1


def test_a_whole_answer_is_read(dribble: Dribble) -> None:
    dribble.at_once = HEAD + b" " * 399

    assert len(Reader(dribble.url, within=20).get("/").content) == 400


def test_a_loop_that_runs_already_is_no_obstacle(dribble: Dribble) -> None:
    """Playwright keeps one in the thread of the checks."""
    dribble.at_once = HEAD + b" " * 400

    async def inside() -> int:
        return Reader(dribble.url, within=20).get("/").status_code

    assert asyncio.run(inside()) == 200


def test_a_connection_that_does_not_come_about_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    tries = []

    async def refuse(*_: object, **__: object) -> httpx.Response:
        tries.append(1)
        raise httpx.ConnectError("refused")

    monkeypatch.setattr(httpx.AsyncClient, "get", refuse)

    with pytest.raises(httpx.ConnectError):
        Reader("http://127.0.0.1:1", within=5).get("/")

    assert len(tries) == TRIES
