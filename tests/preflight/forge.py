"""A forge for tests: the three endpoints of GitHub's REST API that reviews are read from, as documented."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

REPOSITORY = "learnplay/platform"
TOKEN = "ghp_for_tests"


@dataclass
class Change:
    """A path's newest commit and the pull request that brought it."""

    sha: str
    number: int | None = 1
    author: str = "ada"
    merged: bool = True
    reviews: list[tuple[str, str, str]] = field(default_factory=lambda: [("grace", "APPROVED", "head")])
    """Reviewer, state, and the commit that was reviewed (`head` is what was merged)."""


class FakeForge:
    """Serves what is in `changes`, by path; a path without one has a change that was approved."""

    def __init__(self) -> None:
        self.changes: dict[str, Change] = {}
        self.requests: list[tuple[str, str]] = []
        self.status = 200
        self.headers: dict[str, str] = {}
        self.body: bytes | None = None
        """What it answers whatever is asked, in place of what it knows."""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def toml(self, token: str = TOKEN) -> str:
        return f'[forge]\nurl = "{self.url}"\nrepository = "{REPOSITORY}"\ntoken = "{token}"\ntimeout = 2\n'

    def answer(self, path: str, query: dict[str, list[str]]) -> tuple[int, Any]:
        base = f"/repos/{REPOSITORY}"
        if path == f"{base}/commits":
            wanted = query["path"][0]
            change = self.changes.setdefault(wanted, Change(f"{len(self.changes):040x}"))
            return 200, [{"sha": change.sha}] if change.sha else []
        of = {change.sha: change for change in self.changes.values()}
        if path.startswith(f"{base}/commits/") and path.endswith("/pulls"):
            change = of[path.split("/")[-2]]
            return 200, [self._pull(change)] if change.number else []
        if path.startswith(f"{base}/pulls/") and path.endswith("/reviews"):
            number = int(path.split("/")[-2])
            change = next(each for each in self.changes.values() if (each.number or 0) == number)
            page, size = int(query["page"][0]), int(query["per_page"][0])
            reviews = [
                {"user": {"login": who}, "state": state, "commit_id": commit} for who, state, commit in change.reviews
            ]
            return 200, reviews[(page - 1) * size : page * size]
        return 404, {"message": "Not Found"}

    def _pull(self, change: Change) -> dict[str, Any]:
        merged = "2026-11-20T09:30:00Z" if change.merged else None
        return {"number": change.number, "user": {"login": change.author}, "merged_at": merged, "head": {"sha": "head"}}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        forge = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: Any) -> None:
                pass

            def do_GET(self) -> None:
                url = urlsplit(self.path)
                forge.requests.append((self.command, url.path))
                status, body = forge.status, {"message": "as the test wants it"}
                if self.headers.get("authorization") != f"Bearer {TOKEN}":
                    status, body = 401, {"message": "Bad credentials"}
                elif status == 200:
                    status, body = forge.answer(url.path, parse_qs(url.query))
                data = json.dumps(body).encode() if forge.body is None else forge.body
                self.send_response(status)
                for name, value in forge.headers.items():
                    self.send_header(name, value)
                self.send_header("content-type", "application/json; charset=utf-8")
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

        return Handler
