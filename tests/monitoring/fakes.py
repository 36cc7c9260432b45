"""Fakes of what the adapters talk to, after the providers' API documentation, each on a loopback port of its own.

Sentry: docs.sentry.io/api/events/list-an-organizations-issues and .../api/pagination; Grafana:
grafana.com/docs/grafana/latest/developers/http_api/{folder_dashboard_search,dashboard}; the logs endpoint:
supabase.com/docs/reference/api/v1-get-project-logs.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "token-of-the-provider-0123456789"

Query = dict[str, str]
Reply = tuple[int, Any, dict[str, str]]
Route = Callable[[Query], Reply]


class Provider:
    """Serves what `routes` says, to whoever brings the token, and notes what was asked for."""

    def __init__(self) -> None:
        self.routes: dict[str, Route] = {}
        self.asked: list[tuple[str, Query]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, body, headers = outer.answer(self.path, self.headers.get("authorization", ""))
                data = json.dumps(body).encode()
                self.send_response(status)
                for name, value in {"content-type": "application/json", "content-length": len(data), **headers}.items():
                    self.send_header(name, str(value))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    def answer(self, path: str, authorization: str) -> Reply:
        parts = urlsplit(path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if TOKEN not in authorization and "sbp_" not in authorization:
            return 401, {"detail": "Invalid token"}, {}
        self.asked.append((parts.path, query))
        route = self.routes.get(parts.path)
        return route(query) if route else (404, {"detail": "The requested resource does not exist"}, {})

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class SentryFake:
    """An organization `acme` with a project `web`."""

    def __init__(self, provider: Provider, *, page: int = 100) -> None:
        self.issues: list[dict[str, Any]] = []
        self.hours: list[int] = []
        self.first_event: str | None = "2026-01-01T00:00:00Z"
        self._page = page
        self._url = provider.url
        provider.routes["/api/0/organizations/acme/issues/"] = self._list
        provider.routes["/api/0/organizations/acme/events-stats/"] = self._stats
        provider.routes["/api/0/projects/acme/web/"] = lambda _: (
            200,
            {"slug": "web", "firstEvent": self.first_event},
            {},
        )
        provider.routes["/api/0/projects/acme/web/environments/"] = lambda _: (200, [{"id": "1", "name": "live"}], {})

    def add(self, first_seen: datetime, title: str = "TypeError: x is undefined", **more: Any) -> None:
        number = str(1000 + len(self.issues))
        self.issues.append(
            {
                "id": number,
                "shortId": f"WEB-{number}",
                "title": title,
                "culprit": "org-config",
                "level": "error",
                "count": "7",
                "userCount": 3,
                "firstSeen": first_seen.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
                "lastSeen": first_seen.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
                "permalink": f"https://acme.sentry.example/issues/{number}/",
                "metadata": {"type": "TypeError"},
                **more,
            }
        )

    def _list(self, query: Query) -> Reply:
        assert "project:web" in query["query"]
        assert {"start", "end"} <= query.keys()
        begin = int(query.get("cursor", "0:0:0").split(":")[1])
        following = begin + self._page
        more = str(following < len(self.issues)).lower()
        link = f'<{self._url}/next>; rel="next"; results="{more}"; cursor="0:{following}:0"'
        return 200, self.issues[begin:following], {"Link": link}

    def _stats(self, query: Query) -> Reply:
        assert query["interval"] == "1h"
        start = datetime.fromisoformat(query["start"]).replace(tzinfo=UTC)
        data = [
            [int((start + timedelta(hours=number)).timestamp()), [{"count": count}]]
            for number, count in enumerate(self.hours)
        ]
        return 200, {"data": data, "start": 0, "end": 0}, {}


class GrafanaFake:
    """A Grafana that imports dashboards as its API does, and lists them."""

    def __init__(self, provider: Provider) -> None:
        self.kept: dict[str, dict[str, Any]] = {}
        self._provider = provider
        provider.routes["/api/search"] = self._search

    def load(self, model: dict[str, Any], inputs: dict[str, str], folder: str = "ops") -> None:
        """`POST /api/dashboards/import`: refuses what Grafana refuses."""
        asked = {each["name"]: each for each in model.get("__inputs", [])}
        assert asked.keys() <= inputs.keys(), f"412: inputs without a value: {asked.keys() - inputs.keys()}"
        text = json.dumps({name: value for name, value in model.items() if not name.startswith("__")})
        for name, value in inputs.items():
            text = text.replace(f"${{{name}}}", value)
        dashboard = json.loads(text)
        assert dashboard["title"], "400: empty-name"
        assert dashboard["id"] is None, "404: an id that this Grafana does not have"
        assert len(dashboard["uid"]) <= 40, "400: uid-too-long"
        assert set(dashboard["uid"]) <= set("abcdefghijklmnopqrstuvwxyz0123456789-_"), "400: uid-invalid"
        ids = [panel["id"] for panel in dashboard["panels"]]
        assert len(ids) == len(set(ids)), "400: two panels with one id"
        self.kept[dashboard["uid"]] = {"dashboard": dashboard, "meta": {"folderTitle": folder}}
        self._provider.routes[f"/api/dashboards/uid/{dashboard['uid']}"] = lambda _: (
            200,
            self.kept[dashboard["uid"]],
            {},
        )

    def _search(self, query: Query) -> Reply:
        assert query.get("type") == "dash-db"
        hits = [
            {
                "uid": uid,
                "title": kept["dashboard"]["title"],
                "type": "dash-db",
                "folderTitle": kept["meta"]["folderTitle"],
            }
            for uid, kept in self.kept.items()
        ]
        return 200, hits, {}


class LogsFake:
    """The Management API's endpoint of logs, which refuses ranges of more than 24 hours."""

    def __init__(self, provider: Provider, project: str = "abcdefghijklmnopqrst") -> None:
        self.refusals: list[dict[str, Any]] = []
        self.held = 42
        provider.routes[f"/v1/projects/{project}/analytics/endpoints/logs"] = self._logs

    def _logs(self, query: Query) -> Reply:
        start, end = (
            datetime.fromisoformat(query[f"iso_timestamp_{name}"].replace("Z", "+00:00")) for name in ("start", "end")
        )
        if end - start > timedelta(hours=24):
            return 400, {"message": "the range must be no more than 24 hours"}, {}
        if "count()" in query["sql"]:
            return 200, {"result": [{"held": self.held}]}, {}
        moments = [datetime.fromisoformat(row["timestamp"]).replace(tzinfo=UTC) for row in self.refusals]
        found = [row for row, at in zip(self.refusals, moments, strict=True) if start <= at <= end]
        return 200, {"result": found}, {}
