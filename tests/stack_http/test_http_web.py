"""The web server: a single-page application with its parts, told at run time where its API is."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path

import httpx
import pytest
from starlette.types import ASGIApp

from fixtures.stack import web

NAVIGATION = {"accept": "text/html,application/xhtml+xml", "sec-fetch-mode": "navigate"}
SETTINGS = web.WebSettings("http://127.0.0.1:54321", "sb_publishable_x", {"name": "</script><b>"})


class Site:
    """A browser's view of a web server, without a socket in between."""

    def __init__(self, app: ASGIApp) -> None:
        self._transport = httpx.ASGITransport(app)

    def get(self, path: str, headers: dict[str, str] | None = None, method: str = "GET") -> httpx.Response:
        async def ask() -> httpx.Response:
            async with httpx.AsyncClient(transport=self._transport, base_url="http://site") as client:
                return await client.request(method, path, headers=headers)

        return asyncio.run(ask())


@pytest.fixture
def build(tmp_path: Path) -> Path:
    (tmp_path / "dist" / "assets").mkdir(parents=True)
    (tmp_path / "secret.txt").write_text("outside")
    (tmp_path / "dist" / "index.html").write_text("<!doctype html><title>app</title>")
    (tmp_path / "dist" / "assets" / "main-1a2b.js").write_text("export {}")
    (tmp_path / "dist" / "catalog.json").write_text("[]")
    (tmp_path / "dist" / "link").symlink_to(tmp_path / "secret.txt")
    return tmp_path / "dist"


@pytest.fixture
def site(build: Path) -> Site:
    return Site(web.create_app(build, SETTINGS))


@pytest.mark.parametrize("path", ["/", "/admin/tags", "/play/intro-1", "/admin/courses/a.b/versions"])
def test_every_page_is_the_application(site: Site, path: str) -> None:
    answer = site.get(path, headers=NAVIGATION)

    assert (answer.status_code, "<title>app</title>" in answer.text) == (200, True)
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("path", ["/assets/gone-9z.js", "/logo.svg", "/api/none"])
def test_missing_part_is_404_and_not_the_application(site: Site, path: str) -> None:
    """HTML in place of a script hides the mistake behind a syntax error."""
    assert site.get(path, headers={"accept": "*/*", "sec-fetch-mode": "no-cors"}).status_code == 404
    assert site.get(path, headers={"accept": "*/*"}).status_code == 404


def test_parts_have_their_type_and_may_be_kept(site: Site) -> None:
    script, data = site.get("/assets/main-1a2b.js"), site.get("/catalog.json")

    assert script.headers["content-type"].startswith("text/javascript")
    assert "immutable" in script.headers["cache-control"]
    assert data.headers["content-type"] == "application/json"
    known = site.get("/catalog.json", headers={"if-none-match": data.headers["etag"]})
    assert (known.status_code, known.content) == (304, b"")


def test_page_is_told_where_its_api_is(site: Site) -> None:
    answer = site.get("/config.js")

    (found,) = re.findall(r"window\.__CONFIG__ = Object\.freeze\((.*)\);", answer.text)
    assert json.loads(found) == {
        "supabaseUrl": "http://127.0.0.1:54321",
        "publishableKey": "sb_publishable_x",
        "name": "</script><b>",
    }
    assert "</script>" not in answer.text
    assert answer.headers["content-type"].startswith("text/javascript")
    assert site.get("/config.js", headers={"if-none-match": answer.headers["etag"]}).status_code == 304


def test_headers_protect_the_page(site: Site) -> None:
    for path in ("/", "/assets/main-1a2b.js", "/config.js", "/none"):
        headers = site.get(path, headers=NAVIGATION).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]


@pytest.mark.parametrize(
    "path", ["/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/link", "/assets", "/a%00b"]
)
def test_nothing_outside_of_the_build_is_served(site: Site, path: str) -> None:
    answer = site.get(path, headers={"accept": "*/*"})

    assert answer.status_code == 404
    assert "outside" not in answer.text


def test_head_and_other_methods(site: Site) -> None:
    assert site.get("/catalog.json", method="HEAD").headers["content-length"] == "2"
    assert site.get("/", method="POST").status_code == 405


def test_server_without_a_build_says_so_and_serves_it_once_it_is_there(tmp_path: Path) -> None:
    site = Site(web.create_app(tmp_path / "dist", SETTINGS))

    empty = site.get("/", headers=NAVIGATION)
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / "index.html").write_text("built")

    assert empty.status_code == 503
    assert "no built front end" in empty.text
    assert str(tmp_path) not in empty.text
    assert site.get("/", headers=NAVIGATION).text == "built"
