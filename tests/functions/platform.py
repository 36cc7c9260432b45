"""The Management API as far as the CLI asks it here: functions, logs, the project; refusals in the platform's form.

Source: the API's reference (`/v1/projects/{ref}/functions`, `/v1/projects/{ref}/analytics/endpoints/logs`), and what
the CLI 3.1 sends: a bearer token, `sql`, `iso_timestamp_start`, `iso_timestamp_end`.
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

PROJECT = "abcdefghijklmnopqrst"
TOKEN = "sbp_" + "0123456789" * 4


@dataclass
class ManagementApi:
    """A fake of the platform: deployed functions, rows of the log, and how many requests the log has seen."""

    versions: dict[str, int]
    logged: list[dict[str, Any]] = field(default_factory=list)
    requests: int = 12
    asked: list[tuple[str, dict[str, list[str]]]] = field(default_factory=list)

    def __enter__(self) -> Self:
        api = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, body = api.answer(self.path, self.headers.get("authorization", ""))
                data = json.dumps(body).encode()
                self.send_response_only(status)
                self.send_header("content-type", "application/json; charset=utf-8")
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                """Silent."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, target: str, authorization: str) -> tuple[int, Any]:
        """Status and body for a request."""
        parts = urlsplit(target)
        query = parse_qs(parts.query)
        self.asked.append((parts.path, query))
        if authorization != f"Bearer {TOKEN}":
            return 401, {"message": "Unauthorized"}
        if not parts.path.startswith(f"/v1/projects/{PROJECT}"):
            return 404, {"message": "Project not found"}
        what = parts.path.removeprefix(f"/v1/projects/{PROJECT}")
        if what == "/functions":
            return 200, [_function(name, version) for name, version in self.versions.items()]
        if what == "/analytics/endpoints/logs":
            counts = "count()" in query["sql"][0]
            return 200, {"result": [{"requests": self.requests}] if counts else self.logged, "error": None}
        if what == "/analytics/endpoints/logs.all":
            return 410, {"message": "This endpoint has been removed"}
        if what == "":
            return 200, {
                "id": PROJECT,
                "ref": PROJECT,
                "name": "learnplay",
                "region": "eu-central-1",
                "status": "ACTIVE_HEALTHY",
            }
        return 404, {"message": "Not Found"}


def _function(name: str, version: int) -> dict[str, Any]:
    return {
        "id": f"00000000-0000-4000-8000-{sum(name.encode()):012d}",
        "slug": name,
        "name": name,
        "status": "ACTIVE",
        "version": version,
        "created_at": 1761400000000,
        "updated_at": 1761400000000,
        "verify_jwt": False,
        "import_map": False,
        "entrypoint_path": f"file:///tmp/user_fn/{name}/index.ts",
        "ezbr_sha256": "ab" * 32,
    }
