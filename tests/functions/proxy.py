"""A proxy before the functions that changes what they answer."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import urlsplit

import httpx

from fixtures.wire import Wire


@dataclass
class Reply:
    """What the function answered, to be changed as one likes; and what it was asked."""

    method: str
    path: str
    asked: dict[str, str]
    status: int
    headers: dict[str, str]
    body: bytes = field(repr=False)


Meddle = Callable[[Reply], None]


class Proxy:
    """`url` passes everything on to the origin of `upstream`, and the answers through `meddle`."""

    def __init__(self, upstream: str, meddle: Meddle) -> None:
        parts = urlsplit(upstream)
        origin = f"{parts.scheme}://{parts.netloc}"
        client = httpx.Client(timeout=20, transport=Wire())

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                length = int(self.headers.get("content-length") or 0)
                asked = {name.lower(): value for name, value in self.headers.items()}
                passed = {name: value for name, value in asked.items() if name not in ("host", "connection")}
                answer = client.request(
                    self.command, origin + self.path, content=self.rfile.read(length), headers=passed
                )
                kept = {
                    name: value
                    for name, value in answer.headers.items()
                    if name not in ("content-length", "content-encoding", "transfer-encoding", "connection")
                }
                reply = Reply(self.command, self.path, asked, answer.status_code, kept, answer.content)
                meddle(reply)
                self.send_response_only(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(reply.body)))
                self.end_headers()
                self.wfile.write(reply.body)

            do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_GET  # noqa: N815 (the base class asks for it)

            def log_message(self, *_: object) -> None:
                """Silent."""

        self._client = client
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._client.close()
