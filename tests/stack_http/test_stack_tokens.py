"""Nobody forges a token: every part refuses the classic attacks, and accepts the real thing beside them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import TYPE_CHECKING, Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization

from fixtures.stack.tokens import ApiKeys, InvalidToken, SigningKeys, Subject, mint

if TYPE_CHECKING:
    from tests.stack_http.conftest import Api, User

ATTACKS = (
    "alg_none",
    "alg_none_with_signature",
    "tampered_role",
    "expired",
    "other_project",
    "other_project_same_kid",
    "public_key_as_secret",
    "public_jwk_as_secret",
    "empty_secret",
    "garbage",
)


def encoded(part: Any) -> str:
    text = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


def signed_with(secret: bytes, claims: dict[str, Any], **header: Any) -> str:
    message = f"{encoded({'alg': 'HS256', 'typ': 'JWT', **header})}.{encoded(claims)}"
    return f"{message}.{encoded(hmac.new(secret, message.encode(), hashlib.sha256).digest())}"


def forged(attack: str, keys: SigningKeys, real: str) -> str:
    """A token that claims to be the service role, or a real one that is no longer good."""
    head, _, signature = real.split(".")
    claims = jwt.decode(real, options={"verify_signature": False})
    lifted = {**claims, "role": "service_role"}
    other = SigningKeys.generate(keys.algorithm)
    match attack:
        case "alg_none":
            return f"{encoded({'alg': 'none', 'typ': 'JWT'})}.{encoded(lifted)}."
        case "alg_none_with_signature":
            return f"{encoded({'alg': 'None', 'typ': 'JWT'})}.{encoded(lifted)}.{signature}"
        case "tampered_role":
            return f"{head}.{encoded(lifted)}.{signature}"
        case "expired":
            return keys.sign({**claims, "exp": int(time.time()) - 60})
        case "other_project":
            return other.sign(lifted)
        case "other_project_same_kid":
            same = SigningKeys(other.algorithm, other.secret, kid=keys.kid, private=other.private)
            return same.sign(lifted)
        case "public_key_as_secret":
            return signed_with(_public_pem(keys), lifted, **({"kid": keys.kid} if keys.kid else {}))
        case "public_jwk_as_secret":
            return signed_with(json.dumps(keys.jwks()).encode(), lifted)
        case "empty_secret":
            return signed_with(b"", lifted)
    return "no.token.atall"


def _public_pem(keys: SigningKeys) -> bytes:
    if keys.private is None:
        return b"-----BEGIN PUBLIC KEY-----"
    encoding = serialization.Encoding.PEM
    return keys.private.public_key().public_bytes(encoding, serialization.PublicFormat.SubjectPublicKeyInfo)


@pytest.fixture(params=["ES256", "HS256"])
def either_api(request: pytest.FixtureRequest) -> Api:
    found: Api = request.getfixturevalue("api" if request.param == "ES256" else "older_api")
    return found


@pytest.mark.parametrize("attack", ATTACKS)
def test_every_part_refuses_a_forged_token(either_api: Api, attack: str) -> None:
    api = either_api
    user = api.user()
    real = api.call("GET", "/rest/v1/rpc/whoami", token=user.token).json()
    name = f"{user.id}/secret.txt"
    api.call("POST", f"/storage/v1/object/own/{name}", token=user.token, content=b"secret")
    token = forged(attack, api.project.keys, user.token)

    answers = {
        "rest": api.call("GET", "/rest/v1/notes", token=token),
        "rpc": api.call("POST", "/rest/v1/rpc/whoami", token=token, json={}),
        "auth": api.call("GET", "/auth/v1/user", token=token),
        "admin": api.call("GET", "/auth/v1/admin/users", token=token),
        "download": api.call("GET", f"/storage/v1/object/authenticated/own/{name}", token=token),
        "list": api.call("POST", "/storage/v1/object/list/own", token=token, json={"prefix": user.id}),
        "upload": api.call("POST", f"/storage/v1/object/own/{user.id}/x.txt", token=token, content=b"x"),
        "function": api.call("POST", "/functions/v1/echo", token=token, json={}),
    }

    assert (real["role"], real["sub"]) == ("authenticated", user.id), "the control: the real token is accepted"
    for part, answer in answers.items():
        assert answer.status_code in (400, 401, 403), f"{part} answered {answer.status_code}: {answer.text}"
    assert api.call("GET", f"/storage/v1/object/authenticated/own/{name}", token=user.token).content == b"secret"


def test_functions_name_the_reason(api: Api, user: User) -> None:
    """As hosted projects do, in the body and in `sb-error-code`."""
    expected = {
        "alg_none": "UNAUTHORIZED_UNSUPPORTED_TOKEN_ALGORITHM",
        "expired": "UNAUTHORIZED_ASYMMETRIC_JWT",
        "public_key_as_secret": "UNAUTHORIZED_LEGACY_JWT",
        "garbage": "UNAUTHORIZED_INVALID_JWT_FORMAT",
    }
    for attack, code in expected.items():
        answer = api.call("POST", "/functions/v1/echo", token=forged(attack, api.project.keys, user.token))
        assert (answer.status_code, answer.json()["code"], answer.headers["sb-error-code"]) == (401, code, code)
    missing = api.call("POST", "/functions/v1/echo")
    assert missing.json()["code"] == "UNAUTHORIZED_NO_AUTH_HEADER"


def test_signed_url_is_no_users_token_and_the_reverse(api: Api, user: User) -> None:
    path = f"/storage/v1/object/own/{user.id}/a.txt"
    api.call("POST", path, token=user.token, content=b"a")
    sign = f"/storage/v1/object/sign/own/{user.id}/a.txt"
    url = api.call("POST", sign, token=user.token, json={"expiresIn": 60}).json()["signedURL"]
    token = url.partition("token=")[2]

    assert api.call("GET", f"/storage/v1{url}", key=None).content == b"a"
    assert api.call("GET", "/rest/v1/notes", token=token).status_code == 401
    assert api.call("GET", "/auth/v1/user", token=token).status_code == 403
    assert api.call("GET", path, token=token).status_code == 400
    assert api.call("GET", f"{sign}?token={user.token}", key=None).status_code == 400


@pytest.mark.parametrize("algorithm", ["ES256", "HS256"])
def test_keys_verify_what_they_sign(algorithm: Any) -> None:
    keys = SigningKeys.generate(algorithm)
    subject = Subject("11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222")

    assert keys.verify(mint(keys, subject, "http://x/auth/v1", 60))["sub"] == subject.id
    with pytest.raises(InvalidToken, match="expired"):
        keys.verify(mint(keys, subject, "http://x/auth/v1", -60))
    with pytest.raises(InvalidToken, match="exp"):
        keys.verify(keys.sign({"sub": subject.id}))


def test_keys_of_both_generations_name_their_role() -> None:
    keys = SigningKeys.generate()
    api_keys = ApiKeys.generate(keys)

    assert api_keys.role_of(api_keys.publishable) == "anon"
    assert api_keys.role_of(api_keys.secret) == "service_role"
    assert api_keys.role_of(ApiKeys.generate(keys).secret) is None
    assert keys.verify(api_keys.service_role)["role"] == "service_role"
    assert api_keys.publishable.startswith("sb_publishable_")
    assert "sb_" not in repr(api_keys)
    assert keys.secret not in repr(keys)
