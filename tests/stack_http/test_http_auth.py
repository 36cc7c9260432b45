"""Auth answers as Supabase Auth does: its statuses, bodies and error codes, on the real `auth` schema."""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING

import httpx
import jwt
import pytest

from fixtures.stack.auth import AuthSettings
from tests.stack_http.project import PASSWORD, Project

if TYPE_CHECKING:
    from tests.stack_http.conftest import Api, User

CLAIMS = {
    *("iss", "sub", "aud", "exp", "iat", "role", "email", "phone", "app_metadata", "user_metadata"),
    *("session_id", "aal", "amr", "is_anonymous"),
}


def refreshed(api: Api, token: str) -> httpx.Response:
    return api.call("POST", "/auth/v1/token?grant_type=refresh_token", json={"refresh_token": token})


def test_token_carries_every_claim_of_supabase(api: Api, user: User) -> None:
    jwks = jwt.PyJWKSet.from_dict(api.call("GET", "/auth/v1/.well-known/jwks.json", key=None).json())

    claims = jwt.decode(user.token, jwks.keys[0], algorithms=["ES256"], audience="authenticated")

    assert claims.keys() == CLAIMS
    assert jwt.get_unverified_header(user.token)["kid"] == jwks.keys[0].key_id
    assert claims["sub"] == user.id
    assert claims["role"] == "authenticated"
    assert claims["is_anonymous"] is False
    assert claims["amr"][0]["method"] == "password"
    assert claims["app_metadata"] == {"provider": "email", "providers": ["email"]}
    assert claims["exp"] - claims["iat"] == 3600


def test_older_project_signs_with_its_secret_and_shows_no_key(older_api: Api) -> None:
    user = older_api.user()

    jwks = older_api.call("GET", "/auth/v1/.well-known/jwks.json", key=None).json()

    assert jwks == {"keys": []}
    assert jwt.get_unverified_header(user.token)["alg"] == "HS256"


def test_jwks_never_shows_anything_private(api: Api) -> None:
    (key,) = api.call("GET", "/auth/v1/.well-known/jwks.json", key=None).json()["keys"]

    assert key["alg"] == "ES256"
    assert not key.keys() & {"d", "k", "p", "q"}


@pytest.mark.parametrize(
    "grant",
    [{"password": "wrong password"}, {"password": ""}, {"email": "nobody@example.test"}, {"password": "x" * 100}],
)
def test_wrong_password_and_unknown_address_are_answered_alike(api: Api, user: User, grant: dict[str, str]) -> None:
    body = {"email": user.email, "password": PASSWORD} | grant

    answer = api.call("POST", "/auth/v1/token?grant_type=password", json=body)

    assert answer.status_code == 400
    assert answer.json() == {"code": 400, "error_code": "invalid_credentials", "msg": "Invalid login credentials"}


def test_newer_api_version_gets_the_newer_body(api: Api) -> None:
    headers = {"x-supabase-api-version": "2024-01-01"}

    answer = api.call("POST", "/auth/v1/token?grant_type=password", json={"email": "a@b.test"}, headers=headers)

    assert answer.json() == {"code": "invalid_credentials", "message": "Invalid login credentials"}
    assert answer.headers["x-supabase-api-version"] == "2024-01-01"


def test_refresh_token_is_good_for_one_exchange(project: Project, user: User) -> None:
    strict = httpx.Client(base_url=project.auth_with(refresh_token_reuse_interval=0))

    def exchange(token: str) -> httpx.Response:
        return strict.post("/token?grant_type=refresh_token", json={"refresh_token": token})

    first = exchange(user.refresh_token).json()["refresh_token"]
    second = exchange(first).json()["refresh_token"]

    reused = exchange(user.refresh_token)

    assert (reused.status_code, reused.json()["error_code"]) == (400, "refresh_token_already_used")
    assert exchange(second).status_code == 400, "reuse is taken for theft: the whole session ends"


def test_client_that_lost_the_answer_may_ask_again(api: Api, user: User) -> None:
    """The parent of the active token answers with the active one, as Supabase Auth does."""
    first = refreshed(api, user.refresh_token).json()["refresh_token"]

    again = refreshed(api, user.refresh_token)

    assert again.status_code == 200
    assert again.json()["refresh_token"] == first


def test_unknown_refresh_token_is_refused(api: Api) -> None:
    answer = refreshed(api, "abcdefghijkl")

    assert (answer.status_code, answer.json()["error_code"]) == (400, "refresh_token_not_found")


def test_signing_out_everywhere_ends_every_session(api: Api, user: User) -> None:
    other = api.signed_in(user.email)

    answer = api.call("POST", "/auth/v1/logout", token=user.token)

    assert answer.status_code == 204
    for session in (user, other):
        assert refreshed(api, session.refresh_token).json()["error_code"] == "refresh_token_not_found"
        gone = api.call("GET", "/auth/v1/user", token=session.token)
        assert (gone.status_code, gone.json()["error_code"]) == (403, "session_not_found")


def test_signing_out_here_leaves_the_other_session(api: Api, user: User) -> None:
    other = api.signed_in(user.email)

    assert api.call("POST", "/auth/v1/logout?scope=local", token=user.token).status_code == 204

    assert refreshed(api, user.refresh_token).status_code == 400
    assert refreshed(api, other.refresh_token).status_code == 200


def test_signing_out_the_others_leaves_this_session(api: Api, user: User) -> None:
    other = api.signed_in(user.email)

    assert api.call("POST", "/auth/v1/logout?scope=others", token=user.token).status_code == 204

    assert refreshed(api, other.refresh_token).status_code == 400
    assert refreshed(api, user.refresh_token).status_code == 200


def test_user_writes_own_metadata_but_never_app_metadata(api: Api, user: User) -> None:
    """Policies trust `app_metadata`; whoever could write their own would write their own authority."""
    written = api.call("PUT", "/auth/v1/user", token=user.token, json={"data": {"theme": "dark", "role": "admin"}})
    refused = api.call("PUT", "/auth/v1/user", token=user.token, json={"app_metadata": {"role": "admin"}})

    assert written.json()["user_metadata"] == {"theme": "dark", "role": "admin"}
    assert (refused.status_code, refused.json()["error_code"]) == (403, "not_admin")
    claims = jwt.decode(api.signed_in(user.email).token, options={"verify_signature": False})
    assert claims["app_metadata"] == {"provider": "email", "providers": ["email"]}
    assert claims["role"] == "authenticated"


def test_new_password_counts_and_ends_other_sessions(api: Api, user: User) -> None:
    other = api.signed_in(user.email)

    changed = api.call("PUT", "/auth/v1/user", token=user.token, json={"password": "another passphrase"})

    assert changed.status_code == 200
    assert refreshed(api, other.refresh_token).status_code == 400
    assert refreshed(api, user.refresh_token).status_code == 200
    assert api.signed_in(user.email, "another passphrase").id == user.id


def test_password_is_stored_as_bcrypt_of_supabases_cost(project: Project) -> None:
    default = AuthSettings(project.keys, "http://x/auth/v1").bcrypt_cost
    email = f"{uuid.uuid4().hex}@example.test"

    httpx.post(f"{project.auth_with(bcrypt_cost=default)}/signup", json={"email": email, "password": PASSWORD})

    ((stored,),) = project.query("select encrypted_password from auth.users where email = %s", [email])
    assert stored.startswith("$2b$10$")


def test_sign_up_makes_a_user_who_is_signed_in(api: Api) -> None:
    body = {"email": f"{uuid.uuid4().hex}@Example.test", "password": PASSWORD, "data": {"name": "Jo"}}

    answer = api.call("POST", "/auth/v1/signup", json=body).json()
    again = api.call("POST", "/auth/v1/signup", json=body)

    assert answer["user"]["email"] == body["email"].lower()
    assert answer["user"]["user_metadata"] == {"name": "Jo"}
    assert answer["user"]["identities"][0]["provider"] == "email"
    assert api.call("GET", "/auth/v1/user", token=answer["access_token"]).json()["id"] == answer["user"]["id"]
    assert (again.status_code, again.json()["error_code"]) == (422, "user_already_exists")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"email": "no address", "password": PASSWORD}, 400, "validation_failed"),
        ({"email": "a@b.test", "password": "short"}, 422, "weak_password"),
        ({"email": "a@b.test"}, 400, "validation_failed"),
        ({"phone": "123456", "password": PASSWORD}, 400, "phone_provider_disabled"),
    ],
)
def test_sign_up_refuses_what_makes_no_user(api: Api, body: dict[str, str], status: int, code: str) -> None:
    answer = api.call("POST", "/auth/v1/signup", json=body)

    assert (answer.status_code, answer.json()["error_code"]) == (status, code)


def test_settings_close_the_doors_they_name(project: Project) -> None:
    closed = httpx.Client(base_url=project.auth_with(enable_signup=False))
    default = httpx.Client(base_url=project.auth_with(enable_anonymous_sign_ins=False))
    person = {"email": f"{uuid.uuid4().hex}@example.test", "password": PASSWORD}

    refused = closed.post("/signup", json=person)
    anonymous = default.post("/signup", json={})
    allowed = default.post("/signup", json=person)

    assert (refused.status_code, refused.json()["error_code"]) == (422, "signup_disabled")
    assert (anonymous.status_code, anonymous.json()["error_code"]) == (422, "anonymous_provider_disabled")
    assert allowed.status_code == 200
    assert closed.get("/settings").json()["disable_signup"] is True


def test_unconfirmed_user_waits_where_confirmation_is_asked_for(project: Project, api: Api) -> None:
    strict = httpx.Client(base_url=project.auth_with(confirm_email=True))
    person = {"email": f"{uuid.uuid4().hex}@example.test", "password": PASSWORD}

    made = strict.post("/signup", json=person).json()
    early = strict.post("/token?grant_type=password", json=person)
    api.call("PUT", f"/auth/v1/admin/users/{made['id']}", key="secret", json={"email_confirm": True})

    assert "access_token" not in made
    assert early.json()["error_code"] == "email_not_confirmed"
    assert strict.post("/token?grant_type=password", json=person).status_code == 200
    stranger = strict.post("/signup", json=person).json()
    assert stranger["id"] != made["id"], "signing up with somebody's address must not tell that it is known"


def test_anonymous_user_is_authenticated_and_says_so(api: Api) -> None:
    answer = api.call("POST", "/auth/v1/signup", json={"data": {"color": "red"}}).json()

    claims = jwt.decode(answer["access_token"], options={"verify_signature": False})
    assert claims["is_anonymous"] is True
    assert claims["role"] == "authenticated"
    assert claims["amr"][0]["method"] == "anonymous"
    assert claims["email"] == ""
    assert answer["user"]["is_anonymous"] is True


def test_anonymous_user_becomes_a_permanent_one(api: Api) -> None:
    token = api.call("POST", "/auth/v1/signup", json={}).json()["access_token"]
    email = f"{uuid.uuid4().hex}@example.test"

    answer = api.call("PUT", "/auth/v1/user", token=token, json={"email": email, "password": PASSWORD})

    assert answer.json()["is_anonymous"] is False
    assert api.signed_in(email).id == answer.json()["id"]


@pytest.mark.parametrize("key", ["secret", "service_role"])
def test_service_role_manages_users(api: Api, key: str) -> None:
    email = f"{uuid.uuid4().hex}@example.test"
    body = {"email": email, "password": PASSWORD, "email_confirm": True, "app_metadata": {"org": "acme"}}

    made = api.call("POST", "/auth/v1/admin/users", key=key, json=body).json()
    path = f"/auth/v1/admin/users/{made['id']}"
    twice = api.call("POST", "/auth/v1/admin/users", key=key, json=body)
    changed = api.call("PUT", path, key=key, json={"app_metadata": {"org": None, "plan": "pro"}}).json()
    listed = api.call("GET", "/auth/v1/admin/users?page=1&per_page=1", key=key)
    removed = api.call("DELETE", path, key=key)

    assert made["app_metadata"] == {"provider": "email", "providers": ["email"], "org": "acme"}
    assert (twice.status_code, twice.json()["error_code"]) == (422, "email_exists")
    assert changed["app_metadata"] == {"provider": "email", "providers": ["email"], "plan": "pro"}
    assert [user["id"] for user in listed.json()["users"]] == [made["id"]], "newest first"
    assert int(listed.headers["x-total-count"]) >= 1
    assert removed.json() == {}
    assert api.call("GET", path, key=key).status_code == 404
    grant = {"email": email, "password": PASSWORD}
    assert api.call("POST", "/auth/v1/token?grant_type=password", json=grant).status_code == 400


@pytest.mark.parametrize("key", ["publishable", "anon"])
def test_nobody_else_manages_users(api: Api, user: User, key: str) -> None:
    for token in (None, user.token):
        for method, path in (("GET", ""), ("POST", ""), ("GET", f"/{user.id}"), ("DELETE", f"/{user.id}")):
            answer = api.call(method, f"/auth/v1/admin/users{path}", key=key, token=token)
            assert (answer.status_code, answer.json()["error_code"]) == (403, "not_admin"), (method, path)
    assert api.call("GET", "/auth/v1/user", token=user.token).json()["id"] == user.id


def test_banned_user_stays_out_until_the_ban_is_lifted(api: Api, user: User) -> None:
    path = f"/auth/v1/admin/users/{user.id}"
    grant = {"email": user.email, "password": PASSWORD}

    api.call("PUT", path, key="secret", json={"ban_duration": "1h30m"})
    banned = api.call("POST", "/auth/v1/token?grant_type=password", json=grant)
    tired = refreshed(api, user.refresh_token)
    api.call("PUT", path, key="secret", json={"ban_duration": "none"})

    assert banned.json()["error_code"] == "user_banned"
    assert tired.json()["error_code"] == "user_banned"
    assert api.signed_in(user.email).id == user.id


def test_deleted_user_is_gone_with_the_sessions(api: Api, user: User) -> None:
    api.call("DELETE", f"/auth/v1/admin/users/{user.id}", key="secret")

    answer = api.call("GET", "/auth/v1/user", token=user.token)

    assert (answer.status_code, answer.json()["error_code"]) == (403, "user_not_found")
    assert refreshed(api, user.refresh_token).status_code == 400


def test_trigger_of_the_application_sees_the_new_user(project: Project, api: Api) -> None:
    """Applications hang their own rows on `auth.users`; an error there must fail the sign-up, not hide."""
    project.query("create table if not exists public.seen (id uuid)")
    project.query(
        """
        create or replace function public.note_user() returns trigger language plpgsql security definer
        set search_path = '' as $$ begin insert into public.seen values (new.id); return new; end $$
        """
    )
    project.query(
        "create trigger note_user after insert on auth.users for each row execute function public.note_user()"
    )

    user = api.user()

    assert project.query("select 1 from public.seen where id = %s", [user.id]) == [(1,)]
    project.query("drop function public.note_user() cascade")


def test_failing_trigger_fails_the_sign_up(project: Project, api: Api) -> None:
    project.query(
        "create or replace function public.refuse_user() returns trigger language plpgsql as "
        "$$ begin raise exception 'internal detail'; end $$"
    )
    project.query(
        "create trigger refuse_user after insert on auth.users for each row"
        " when (new.email like 'refused%') execute function public.refuse_user()"
    )
    person = {"email": f"refused-{uuid.uuid4().hex}@example.test", "password": PASSWORD}

    alone = api.call("POST", "/auth/v1/signup", json=person)
    by_admin = api.call("POST", "/auth/v1/admin/users", key="secret", json=person)
    project.query("drop function public.refuse_user() cascade")

    assert (alone.status_code, alone.json()["msg"]) == (500, "Database error saving new user")
    assert by_admin.json()["msg"] == "Database error creating new user"
    assert "internal detail" not in alone.text
    assert project.query("select 1 from auth.users where email = %s", [person["email"]]) == []


def test_user_whom_other_rows_need_is_not_deleted(project: Project, api: Api, user: User) -> None:
    project.query("create table if not exists public.holds (holder uuid references auth.users)")
    project.query("insert into public.holds values (%s)", [user.id])

    answer = api.call("DELETE", f"/auth/v1/admin/users/{user.id}", key="secret")

    assert (answer.status_code, answer.json()["msg"]) == (500, "Database error deleting user")
    assert api.call("GET", "/auth/v1/user", token=user.token).status_code == 200


def test_what_is_not_embedded_says_so(api: Api) -> None:
    answer = api.call("POST", "/auth/v1/recover", json={"email": "a@b.test"})

    assert answer.status_code == 501
    assert "not part of the embedded Auth" in answer.json()["msg"]


def test_expiry_follows_the_setting(project: Project, user: User) -> None:
    brief = httpx.Client(base_url=project.auth_with(jwt_expiry=120))

    answer = brief.post("/token?grant_type=password", json={"email": user.email, "password": PASSWORD}).json()

    assert answer["expires_in"] == 120
    assert abs(answer["expires_at"] - time.time() - 120) < 5


def test_config_of_a_rollout_decides(project: Project) -> None:
    config = {"enable_signup": False, "enable_anonymous_sign_ins": True, "jwt_expiry": 900, "site_url": "http://x"}

    settings = type(project.auth_settings).from_config(
        {**config, "email": {"enable_confirmations": True}}, project.keys, "http://x/auth/v1"
    )

    assert (settings.enable_signup, settings.enable_anonymous_sign_ins) == (False, True)
    assert (settings.jwt_expiry, settings.confirm_email) == (900, True)


@pytest.mark.parametrize("body", [b"{", b"[]", b'"text"'])
def test_body_that_is_no_object_is_refused(api: Api, body: bytes) -> None:
    answer = api.call("POST", "/auth/v1/token?grant_type=password", content=body)

    assert (answer.status_code, answer.json()["error_code"]) == (400, "bad_json")
