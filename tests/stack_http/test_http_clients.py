"""The two official clients work as they are: `@supabase/supabase-js` in Deno, `supabase` in Python."""

from __future__ import annotations

import json
import os
import subprocess
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from storage3.exceptions import StorageApiError
from supabase import Client, create_client
from supabase_auth.errors import AuthApiError, AuthSessionMissingError
from supabase_functions.errors import FunctionsHttpError

from fixtures.stack.binaries import deno
from tests.stack_http.project import PASSWORD, Project

if TYPE_CHECKING:
    from tests.stack_http.conftest import Api

ROOT = Path(__file__).parents[2]
GENERATIONS = [("publishable", "secret"), ("anon", "service_role")]


@pytest.fixture(params=["project", "older_project"], ids=["ES256", "HS256"])
def either_project(request: pytest.FixtureRequest) -> Project:
    found: Project = request.getfixturevalue(request.param)
    return found


@pytest.mark.parametrize(("key", "admin_key"), GENERATIONS, ids=["new keys", "legacy keys"])
def test_supabase_js_works_unchanged(either_project: Project, key: str, admin_key: str) -> None:
    project = either_project
    email = f"js-{uuid.uuid4().hex[:8]}@example.test"
    task = {
        "url": project.url,
        "key": getattr(project.api_keys, key),
        "adminKey": getattr(project.api_keys, admin_key),
        "email": email,
        "password": PASSWORD,
    }

    allowed = ("--allow-net=127.0.0.1", "--allow-env", "--allow-read")
    script = Path(__file__).with_name("client.ts")
    run = subprocess.run(
        [deno(), "run", "--quiet", "--frozen", "--no-prompt", *allowed, script, json.dumps(task)],
        cwd=ROOT,
        env={**os.environ, "DENO_DIR": str(ROOT / ".deno"), "DENO_NO_UPDATE_CHECK": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    answers: dict[str, Any] = json.loads(run.stdout)

    paths = answers.pop("signed upload"), answers.pop("copy")
    assert all(path.endswith(name) for path, name in zip(paths, ("later.txt", "copy.txt"), strict=True))
    assert answers.pop("wrong password")["error"] == "invalid_credentials"
    assert answers.pop("sign in after deletion")["error"] == "invalid_credentials"
    assert answers.pop("admin as nobody")["error"] == "not_admin"
    assert answers.pop("missing table")["error"] in ("42P01", "PGRST205")
    assert answers.pop("upload twice")["message"] == "The resource already exists"
    assert answers.pop("upload elsewhere")["message"] == "new row violates row-level security policy"
    assert answers.pop("invoke missing")["error"] == "FunctionsHttpError"
    assert answers.pop("after sign-out") != "still in"
    assert answers == {
        "create user": email,
        "list users": True,
        "sign in": [True, "red", "bearer"],
        "claims": [True, project.keys.algorithm],
        "user": email,
        "update user": "dark",
        "refresh": True,
        "insert": {"body": "from js"},
        "select": [{"body": "from js"}],
        "count": 1,
        "update": [{"body": "changed"}],
        "rpc": "authenticated",
        "upload text": True,
        "upload blob": True,
        "upsert": True,
        "download": "hello again",
        "list": [["folder", True], ["blob.bin", False]],
        "list paged": [1, 1, False],
        "info": [3, "application/x-bytes", {"made": "here"}],
        "exists": True,
        "exists not": False,
        "sign": True,
        "signed download": "hello again",
        "sign upload": "string",
        "move": "Successfully moved",
        "remove": 2,
        "public upload": True,
        "public": [["MISS", {"open": True}], ["HIT", {"open": True}]],
        "create bucket": {"name": answers["create bucket"]["name"]},
        "bucket": [False, 1024 * 1024],
        "delete bucket": {"message": "Successfully deleted"},
        "invoke": ["POST", "/echo", '{"hello":"there"}'],
        "sign out": "out",
        "anonymous": [True, "js"],
        "anonymous rpc": ["authenticated", True],
        "sign up": True,
        "delete user": "deleted",
    }


@pytest.fixture(params=GENERATIONS, ids=["new keys", "legacy keys"])
def clients(request: pytest.FixtureRequest, either_project: Project) -> tuple[Client, Client]:
    """A client as an application has it, and one with the service role's key."""
    key, admin_key = (getattr(either_project.api_keys, name) for name in request.param)
    return create_client(either_project.url, key), create_client(either_project.url, admin_key)


@pytest.fixture
def person(clients: tuple[Client, Client]) -> dict[str, str]:
    """A confirmed user's credentials."""
    person = {"email": f"py-{uuid.uuid4().hex[:8]}@example.test", "password": PASSWORD}
    clients[1].auth.admin.create_user({**person, "email_confirm": True, "app_metadata": {"team": "red"}})
    return person


def test_python_client_signs_in_refreshes_and_out(clients: tuple[Client, Client], person: dict[str, str]) -> None:
    client, admin = clients

    with pytest.raises(AuthApiError) as wrong:
        client.auth.sign_in_with_password({**person, "password": "wrong"})
    session = client.auth.sign_in_with_password(person).session
    renewed = client.auth.refresh_session().session
    shown = client.auth.get_user()
    client.auth.update_user({"data": {"theme": "dark"}})
    client.auth.sign_out()

    assert wrong.value.code == "invalid_credentials"
    assert session is not None
    assert renewed is not None
    assert renewed.refresh_token != session.refresh_token
    assert shown is not None
    assert shown.user.app_metadata["team"] == "red"
    with pytest.raises((AuthApiError, AuthSessionMissingError)):
        client.auth.refresh_session(renewed.refresh_token)
    stored = admin.auth.admin.get_user_by_id(shown.user.id).user
    assert stored.user_metadata == {"theme": "dark"}
    admin.auth.admin.update_user_by_id(stored.id, {"app_metadata": {"team": "blue"}})
    admin.auth.admin.delete_user(stored.id)
    with pytest.raises(AuthApiError, match="Invalid login credentials"):
        client.auth.sign_in_with_password(person)


def test_python_client_signs_in_anonymously(clients: tuple[Client, Client]) -> None:
    client, admin = clients

    user = client.auth.sign_in_anonymously().user

    assert user is not None
    assert user.is_anonymous is True
    assert client.rpc("whoami").execute().data["claims"]["is_anonymous"] is True
    assert user.id in [listed.id for listed in admin.auth.admin.list_users(per_page=200)]
    with pytest.raises(AuthApiError, match="User not allowed"):
        client.auth.admin.list_users()


def test_python_client_reads_and_writes_rows(clients: tuple[Client, Client], person: dict[str, str]) -> None:
    client, admin = clients
    user = client.auth.sign_in_with_password(person).user
    assert user is not None

    written = client.table("notes").insert({"body": "from python"}).execute().data
    counted = client.table("notes").select("body", count="exact").execute()  # type: ignore[arg-type]
    client.table("notes").update({"body": "changed"}).eq("id", written[0]["id"]).execute()
    seen_by_admin = admin.table("notes").select("body").eq("owner", user.id).execute().data

    assert (counted.data, counted.count) == ([{"body": "from python"}], 1)
    assert seen_by_admin == [{"body": "changed"}]
    assert client.rpc("whoami").execute().data["sub"] == user.id
    assert admin.rpc("whoami").execute().data["role"] == "service_role"


def test_python_client_stores_files(clients: tuple[Client, Client], person: dict[str, str]) -> None:
    client, admin = clients
    user = client.auth.sign_in_with_password(person).user
    assert user is not None
    own, path = client.storage.from_("own"), f"{user.id}/folder/hello world.txt"

    own.upload(path, b"hello", {"content-type": "text/plain", "metadata": {"made": "here"}})
    with pytest.raises(StorageApiError, match="row-level security"):
        own.upload("elsewhere/x.txt", b"x")
    with pytest.raises(StorageApiError, match="already exists"):
        own.upload(path, b"again")
    own.upload(path, b"hello again", {"content-type": "text/plain", "upsert": "true"})
    signed = own.create_signed_url(path, 60)["signedUrl"]
    assert signed is not None
    later = own.create_signed_upload_url(f"{user.id}/later.txt")
    own.upload_to_signed_url(later["path"], later["token"], b"later")
    own.copy(path, f"{user.id}/copy.txt")
    own.move(f"{user.id}/copy.txt", f"{user.id}/moved.txt")
    admin.storage.from_("open").upload(f"{user.id}.json", b"{}", {"content-type": "application/json"})

    assert own.download(path) == b"hello again"
    assert httpx.get(signed).content == b"hello again"
    assert [entry["name"] for entry in own.list(user.id)] == ["folder", "later.txt", "moved.txt"]
    page = own.list_v2({"prefix": f"{user.id}/", "with_delimiter": True})
    assert ([file.name for file in page.objects], len(page.folders)) == (
        [f"{user.id}/later.txt", f"{user.id}/moved.txt"],
        1,
    )
    assert own.exists(path)
    assert httpx.get(client.storage.from_("open").get_public_url(f"{user.id}.json")).json() == {}
    assert len(own.remove([path, f"{user.id}/moved.txt"])) == 2
    assert not own.exists(path)
    admin.storage.create_bucket(f"py-{user.id}", options={"public": False})
    assert admin.storage.get_bucket(f"py-{user.id}").public is False
    admin.storage.delete_bucket(f"py-{user.id}")


def test_python_client_invokes_functions(clients: tuple[Client, Client], person: dict[str, str]) -> None:
    client, _ = clients
    client.auth.sign_in_with_password(person)

    answer = json.loads(client.functions.invoke("echo", {"body": {"hello": "there"}}))

    assert (answer["method"], answer["path"], json.loads(answer["text"])) == ("POST", "/echo", {"hello": "there"})


def test_key_alone_does_not_reach_a_function_that_verifies(api: Api) -> None:
    """As on hosted projects: the newer keys are no JWTs, the legacy ones are."""
    new = create_client(api.project.url, api.project.api_keys.publishable)
    legacy = create_client(api.project.url, api.project.api_keys.anon)

    assert json.loads(legacy.functions.invoke("echo"))["path"] == "/echo"
    with pytest.raises(FunctionsHttpError) as refused:
        new.functions.invoke("echo")
    assert refused.value.status == 401
