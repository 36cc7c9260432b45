"""A wrong link, staging without a go, a site without protection, a backup that does not come back: each is red."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Address
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from fixtures.catalogue import Catalogue
from fixtures.deployment import expect_go, leads_astray
from fixtures.errors import Unverified
from fixtures.scratch import ScratchDatabase
from tests.migrations.planting import Ended
from tests.preflight.bench import Bench

DEPLOYMENT = "operations/test_deployment.py"
REF = "abcdefghijklmnopqrst"
OTHER = "zyxwvutsrqponmlkjihg"
PAGE = "<!doctype html><title>LearnPlay</title><script src=/app.js></script>"
SECURE = {
    "content-type": "text/html; charset=utf-8",
    "strict-transport-security": "max-age=31536000; includeSubDomains",
    "content-security-policy": "default-src 'self'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "strict-origin-when-cross-origin",
}


# The project ---------------------------------------------------------------------------------------------------------


def linked(
    bench: Bench,
    *,
    api: str = REF,
    user: str = f"postgres.{REF}",
    link: str = REF,
    profile: str = "staging",
) -> Ended:
    if link:
        bench.write("supabase/.temp/project-ref", link)
    toml = f'[api]\nurl = "https://{api}.supabase.co"\npublishable_key = "sb_publishable_x"\n'
    toml += f'[deployment]\nproject_ref = "{REF}"\n'
    toml += f'[database]\ndsn = "postgresql://{user}:x@127.0.0.1:1/postgres"\nconnect_timeout = 1\n'
    return bench.run(f"{DEPLOYMENT}::test_the_right_project_is_linked", profile=profile, toml=toml)


def test_the_right_link_is_fine(bench: Bench) -> None:
    assert linked(bench)["stg-project-linked"].status == "verified"
    assert linked(bench, profile="production")["prod-project-linked"].status == "verified"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"link": OTHER}, "supabase/.temp/project-ref (supabase link) names"),
        ({"api": OTHER}, "api.url names"),
        ({"user": f"postgres.{OTHER}"}, "database.dsn names"),
    ],
)
def test_another_project(bench: Bench, wrong: dict[str, str], said: str) -> None:
    ended = linked(bench, **wrong)

    assert ended.red == {"stg-project-linked"}
    assert said in ended.text


def test_no_link_is_open(bench: Bench) -> None:
    ended = linked(bench, link="")

    assert ended["stg-project-linked"].status == "unverified"
    assert "run `supabase link" in ended["stg-project-linked"].reason


# Staging -------------------------------------------------------------------------------------------------------------


def verdict(path: Path, **other: Any) -> Path:
    items = [{"id": item.id, "gate": item.gate, "status": "verified", "reason": ""} for item in Catalogue.load()]
    started = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    said = {"environment": "staging", "verdict": "go", "selection": "full", "started": started, "items": items}
    file = path / "staging" / "verdict.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(said | other))
    return file


def test_the_go_of_staging_is_read(tmp_path: Path) -> None:
    assert expect_go(verdict(tmp_path), timedelta(hours=72))["verdict"] == "go"


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"verdict": "no-go", "items": [], "problems": ["the run did not finish"]}, "no-go: the run did not finish"),
        ({"verdict": "no-go"}, "staging is no-go: its verdict does not say why"),
        ({"selection": "partial"}, "was partial"),
        ({"started": "2026-01-01T00:00:00+00:00"}, "hours old"),
        ({"started": "2099-01-01T00:00:00+00:00"}, "hours old"),
        ({"environment": "local"}, "is one of local"),
        ({"items": [{"id": "db-rls-enabled", "gate": "must", "status": "failed"}]}, "open in it: db-rls-enabled"),
        ({"items": []}, "did not ask for"),
    ],
)
def test_what_is_no_go(bench: Bench, other: dict[str, Any], said: str) -> None:
    verdict(bench.path / "reports" / "out", **other)

    ended = bench.run(f"{DEPLOYMENT}::test_staging_is_go", profile="production")

    assert ended.red == {"prod-staging-passed", "done-staging-validated"}
    assert said in ended.text


def test_a_go_from_before_the_deployment_is_none(tmp_path: Path) -> None:
    file = verdict(tmp_path)
    said = json.loads(file.read_text())
    told = {"status": "not applicable", "reason": "due from deployment on; staging is at pre-deployment"}
    said["items"] = [each | (told if each["id"] == "db-tables-created" else {}) for each in said["items"]]
    file.write_text(json.dumps(said))

    with pytest.raises(AssertionError, match=r"db-tables-created\): is deployment\.phase of staging behind"):
        expect_go(file, timedelta(hours=72), ["db-rls-verified", "db-tables-created"])


def test_without_a_verdict_it_is_open(tmp_path: Path) -> None:
    with pytest.raises(Unverified, match="no verdict of staging"):
        expect_go(tmp_path / "staging" / "verdict.json", timedelta(hours=72))


# The site ------------------------------------------------------------------------------------------------------------


class Site:
    """A web server over TLS whose answer a test chooses; its certificate is its own authority."""

    def __init__(self, folder: Path, days: int = 90) -> None:
        self.status, self.headers, self.body = 200, dict(SECURE), PAGE
        self.certificate = _certificate(folder, days)
        site = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: Any) -> None:
                pass

            def do_GET(self) -> None:
                data = site.body.encode()
                self.send_response(site.status)
                for name, value in site.headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self.url = f"https://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _certificate(folder: Path, days: int) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / f"certificate-{days}.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return file


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    running = Site(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(running.certificate))
    yield running
    running.stop()


def visit(bench: Bench, url: str) -> Ended:
    toml = f'[web]\nurl = "{url}"\ntimeout = 3\n'
    return bench.run(f"{DEPLOYMENT}::test_the_homepage_loads", profile="production", toml=toml)


def test_a_site_as_it_should_be(bench: Bench, site: Site) -> None:
    ended = visit(bench, site.url)

    assert ended["prod-smoke-homepage"].status == "verified", ended.text


SITES: dict[str, tuple[Callable[[Site], object], str]] = {
    "it is down": (lambda site: setattr(site, "status", 503), "answers 503"),
    "a page of the host": (lambda site: setattr(site, "body", "<h1>It works!</h1>"), "a page without the application"),
    "no page": (lambda site: site.headers.update({"content-type": "application/json"}), "is no page"),
    "no HSTS": (lambda site: site.headers.pop("strict-transport-security"), "Strict-Transport-Security"),
    "HSTS for a minute": (
        lambda site: site.headers.update({"strict-transport-security": "max-age=60"}),
        "Strict-Transport-Security",
    ),
    "no policy": (
        lambda site: site.headers.pop("content-security-policy"),
        "Content-Security-Policy; frame-ancestors",
    ),
    "a policy that lets everything in": (
        lambda site: site.headers.update({"content-security-policy": "default-src *; frame-ancestors 'none'"}),
        "a Content-Security-Policy that limits scripts",
    ),
    "types are guessed": (lambda site: site.headers.pop("x-content-type-options"), "nosniff"),
    "addresses leak": (lambda site: site.headers.update({"referrer-policy": "unsafe-url"}), "Referrer-Policy"),
}


@pytest.mark.parametrize("fault", SITES)
def test_a_site_that_lacks_something(bench: Bench, site: Site, fault: str) -> None:
    spoil, said = SITES[fault]
    spoil(site)

    ended = visit(bench, site.url)

    assert ended.red == {"prod-smoke-homepage"}, ended.text
    assert said in ended.text


def test_a_certificate_that_runs_out(bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ending = Site(tmp_path, days=5)
    monkeypatch.setenv("SSL_CERT_FILE", str(ending.certificate))

    ended = visit(bench, ending.url)

    ending.stop()
    assert ended.red == {"prod-smoke-homepage"}
    assert "its certificate runs out on" in ended.text


def test_a_certificate_that_nobody_trusts(bench: Bench, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")

    ended = visit(bench, site.url)

    assert ended.red == {"prod-smoke-homepage"}
    assert "is not trusted" in ended.text


@pytest.mark.parametrize(
    ("asked", "led", "said"),
    [
        ("https://learn.example", "https://www.learn.example/auth", ""),
        ("https://www.learn.example", "https://learn.example", ""),
        (
            "https://learn.example",
            "https://parked.example.org",
            "leads to https://parked.example.org, which is another",
        ),
        ("https://learn.example", "http://learn.example/x", "leads to http://learn.example/x, which is not encrypted"),
        ("http://learn.example", "http://learn.example", "http://learn.example is not encrypted"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000", ""),
    ],
)
def test_where_a_site_may_lead(asked: str, led: str, said: str) -> None:
    assert bool(leads_astray(asked, led)) == bool(said)
    assert said in leads_astray(asked, led)


def test_nobody_listens(bench: Bench) -> None:
    ended = visit(bench, "http://127.0.0.1:9")

    assert ended["prod-smoke-homepage"].status == "unverified"
    assert "nobody answers" in ended["prod-smoke-homepage"].reason


# All parts -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("plant", "missing", "said"),
    [
        ("", "", ""),
        ("delete from supabase_migrations.schema_migrations where version = '20251025200004'", "", "not applied"),
        ("", "publish-course", "function publish-course: answers 404"),
    ],
    ids=["all there", "a migration behind", "a function behind"],
)
def test_parts_that_are_behind(
    bench: Bench, site: Site, target: ScratchDatabase, plant: str, missing: str, said: str
) -> None:
    target.run(plant or "select 1")
    nobody = SimpleNamespace(send=lambda _, name: SimpleNamespace(status=404 if name == missing else 204))
    toml = f'[database]\ndsn = "{target.dsn}"\n[web]\nurl = "{site.url}"\n'

    ended = bench.run(
        f"{DEPLOYMENT}::test_every_part_is_deployed",
        profile="production",
        toml=toml,
        fixtures={"gateway": SimpleNamespace(nobody=nobody, answers=[])},
    )

    assert ended.red == ({"done-production-deployed"} if said else set()), ended.text
    assert said in ended.text
