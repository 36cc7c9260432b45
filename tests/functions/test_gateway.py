"""The client: what it refuses to send, what it shows of what it sent, and what it leaves behind."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator

import httpx
import pytest

from fixtures.canaries import Canaries
from fixtures.contract import Contract, exposed, the_contract
from fixtures.errors import Unverified
from fixtures.exchange import Answer, Credential, curl
from fixtures.gateway import Gateway, ReadOnlyError
from fixtures.runs import Lease, alive, new_run, run_of
from tests.functions.planting import Planting


@pytest.fixture
def production(planted: Planting) -> Iterator[Gateway]:
    """The same system, as one that is only read."""
    permissions = planted.environment.permissions.model_copy(update={"writes": False})
    gateway = Gateway(planted.environment.model_copy(update={"profile": "production", "permissions": permissions}))
    yield gateway
    gateway.close()


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "post", "PURGE", "MERGE"])
def test_on_production_nothing_is_sent_that_could_write(method: str, production: Gateway, planted: Planting) -> None:
    log = planted.stack.info.directory / "access.log"
    editor = production.member("editor", "acme")

    with pytest.raises(ReadOnlyError, match="was not sent"):
        editor.send(method, "/rest/v1/never_written", body={"value": "x"})

    assert editor.get("org-config").status == 200
    assert "never_written" not in log.read_text()


def test_a_run_on_production_only_reads(production: Gateway, planted: Planting) -> None:
    """All checks that apply there, and the gateway's own log of what they sent; signing in is the one exception."""
    planted_file = planted.path / "environments" / "planted.toml"
    text = planted_file.read_text().replace('profile = "local"', 'profile = "production"')
    log = planted.stack.info.directory / "access.log"
    before = len(log.read_text().splitlines())

    ended = planted.run("", gateway=production, file=planted.write("live", text.replace("writes = true", "")))

    sent = [json.loads(line) for line in log.read_text().splitlines()[before:]]
    # What the functions ask the API in turn is their own: an RPC is called by POST.
    methods = {entry["method"] for entry in sent if entry["path"].startswith("/functions/")}
    assert methods <= {"GET", "HEAD", "OPTIONS"}
    assert not any(entry["method"] in ("PUT", "PATCH", "DELETE") for entry in sent)
    assert {item.id for item in ended.verdict.items if item.status == "verified"} >= {
        "fn-cors",
        "fn-environment",
        "must-no-leaks",
        "prod-smoke-org-config",
        "stg-functions-answer",
    }
    assert not ended.red


def test_on_production_there_are_no_canaries(production: Gateway, planted: Planting) -> None:
    environment = planted.environment.model_copy(update={"profile": "production"})

    with pytest.raises(Unverified, match="read-only"):
        Canaries(environment, production, new_run())


def test_a_curl_line_shows_the_same_again_and_no_secret(planted: Planting) -> None:
    """Pasted into a shell with its variables set, it gets the same answer."""
    editor = planted.gateway.member("editor", "acme")
    answer = editor.post("publish-course", {"courseId": "it's `not` $there", "changelog": 'say "when" \\ now'})
    secrets = [each.secret for each in editor.credentials]
    password = planted.environment.users.password
    assert password is not None

    script = answer.curl
    line = script.splitlines()[-1]
    variables = {each.variable: each.secret for each in editor.credentials}
    done = subprocess.run(
        ["bash", "-c", line], env={**os.environ, **variables}, capture_output=True, text=True, check=True
    )

    assert not any(secret in script for secret in [*secrets, password.get_secret_value()])
    assert "$TOKEN_EDITOR_ACME" in line
    assert "TOKEN_EDITOR_ACME=$(curl" in script
    assert done.stdout.startswith(f"HTTP/1.1 {answer.status}")
    assert json.loads(done.stdout.rpartition("\n")[2])["error"]["code"] == answer.code == "NOT_FOUND"


def test_a_body_that_is_no_text_and_a_secret_in_a_body_are_shown_safely() -> None:
    key = Credential("SECRET_KEY", "sb_secret_0123456789")
    binary = httpx.Request("POST", "http://localhost/x", content=b'\xff"\x00')
    telling = httpx.Request("POST", "http://localhost/x", content=b"my key is sb_secret_0123456789")

    assert curl(binary) == "curl -sS -i \"http://localhost/x\" --data-binary $'\\xff\\x22\\x00'"
    assert "[SECRET_KEY]" in curl(telling, (key,))
    assert key.secret not in curl(telling, (key,))


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ("TypeError: x is undefined\n    at handler (file:///var/task/index.ts:3:9)", "a stack trace"),
        ('insert or update on table "tags" violates foreign key constraint "k"', "SQL"),
        ('new row violates row-level security policy for table "tags"', "SQL"),
        ("select id from tags where id = 1", "SQL"),
        ("could not connect to postgresql://postgres:x@db:5432/postgres", "a connection string"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoiYW5vbiJ9.c2lnbmF0dXJl", "a token"),
        ("use sb_secret_abcdefgh", "a key"),
    ],
)
def test_what_belongs_inside_is_seen_in_an_error(body: str, shown: str) -> None:
    error = {"error": {"code": "INTERNAL", "message": body, "requestId": "12345678"}}
    answer = Answer("anybody", httpx.Request("GET", "http://localhost/org-config"), httpx.Response(400, json=error))

    assert any(what.startswith(shown) for what in exposed(answer)), exposed(answer)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("sb_secret_0123456789", "a key"),
        ("postgresql://postgres:x@db:5432/postgres", "a connection string"),
        ("Bearer eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoiYW5vbiJ9.c2lnbmF0dXJl", "a token"),
    ],
)
def test_a_secret_in_a_header_is_one_too(value: str, shown: str) -> None:
    error = {"error": {"code": "UNAUTHORIZED", "message": "Who are you?", "requestId": "12345678"}}
    response = httpx.Response(401, json=error, headers={"x-debug": value})
    answer = Answer("anybody", httpx.Request("GET", "http://localhost/org-config"), response)

    assert the_contract().violations(answer) == [f"the header x-debug shows {shown}"]


@pytest.mark.parametrize(
    "message", ["Not allowed", "version must be a whole number from 1 on", "Select one from the list"]
)
def test_words_for_people_are_no_leak(message: str) -> None:
    error = {"error": {"code": "BAD_REQUEST", "message": message, "requestId": "12345678"}}
    answer = Answer("anybody", httpx.Request("GET", "http://localhost/org-config"), httpx.Response(400, json=error))

    assert the_contract().violations(answer) == []


def test_the_contract_speaks_of_every_function_and_refuses_what_it_does_not_know() -> None:
    contract = Contract.load()
    request = httpx.Request("GET", "http://localhost/functions/v1/org-config")

    assert set(contract.operations) == {
        "org-config",
        "list-courses-filtered",
        "publish-course",
        "restore-course-version",
        "regenerate-embeddings",
    }
    for status in (201, 301, 418, 500, 503):
        answer = Answer("anybody", request, httpx.Response(status, json={}))
        assert any("is not documented" in wrong for wrong in contract.violations(answer))


def test_forged_tokens_are_forged(planted: Planting) -> None:
    """None of them is accepted by the API itself, and the genuine one is: they are refused for what they are."""
    gateway = planted.gateway
    assert gateway.member("editor", "acme").send("GET", "/rest/v1/tags", query={"limit": 1}).status == 200

    forgers = gateway.forgers

    names = {actor.credentials[0].variable for actor in forgers}
    assert len(names) == len(forgers) >= 15
    assert {"FORGED_ALG_NONE", "FORGED_HS256_PUBLIC_PEM", "FORGED_TAMPERED_ROLE", "EXPIRED_TOKEN"} <= names
    for forger in forgers:
        assert forger.send("GET", "/rest/v1/tags").status == 401, forger


def test_what_a_killed_run_has_left_is_swept_and_a_living_one_is_left_alone(planted: Planting) -> None:
    gateway, environment = planted.gateway, planted.environment
    killed, living, next_one = (Canaries(environment, gateway, new_run()) for _ in range(3))
    lost = killed.course("acme", file=killed.course_file("acme", ("q1", {"beginner": "?"})), visibility="global")
    assert gateway.member("editor", "acme").post("publish-course", {"courseId": lost.id}).status == 200
    killed.tag("acme")
    killed.tag("globex", slug="mathematics", type_key="domain")
    killed.tag_type("acme", key="subject")
    kept = living.course("acme")

    with Lease(living.run):
        next_one.sweep(lambda run: alive(run) if run != killed.run else False)
        assert next_one.state(kept).metadata is not None
    living.remove()

    rest = {table: next_one.rows(table) for table in ("course_metadata", "tags", "tag_types", "course_versions")}
    assert environment.permissions.canary_prefix not in json.dumps(rest)
    assert next_one.file(lost) is None
    public = httpx.get(f"{planted.stack.info.api_url}/storage/v1/object/public/public-courses/{lost.id}/course.json")
    assert public.status_code in (400, 404)


def test_a_run_is_alive_as_long_as_its_process_is() -> None:
    run = new_run()
    code = (
        f"import sys, fixtures.runs as c\nwith c.Lease({run!r}):\n    print('held', flush=True)\n    sys.stdin.read()\n"
    )
    holder = subprocess.Popen(["python", "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=_environment())
    assert holder.stdout is not None
    holder.stdout.readline()
    assert alive(run)

    holder.kill()
    holder.wait()

    assert not alive(run)
    assert not alive(run), "it left more than one thing, and each is asked about"


def test_names_tell_their_run() -> None:
    run = new_run()

    assert re.fullmatch(r"\d{12}-[0-9a-f]{4}", run)
    assert run_of(f"greenlight-{run}-course-1", "greenlight-") == run
    for other in ("greenlight-", "greenlight-course", f"other-{run}-x", f"greenlight-{run}x"):
        assert run_of(other, "greenlight-") is None


def test_nothing_is_written_to_an_organization_that_is_no_canary(planted: Planting) -> None:
    canaries = Canaries(planted.environment, planted.gateway, new_run())

    with pytest.raises(Unverified, match="not one of permissions"):
        canaries.course("learnplay")


def _environment() -> dict[str, str]:
    from tests.functions.planting import ROOT

    return {**os.environ, "PYTHONPATH": str(ROOT), "PATH": f"{ROOT / '.venv/bin'}:{os.environ['PATH']}"}
