"""Nothing secret leaves: known secrets anywhere, unknown ones by their shape, and nothing else is torn."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, SecretStr

from fixtures.redaction import REDACTED, Redactor, secrets_of

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoic2VydmljZV9yb2xlIn0.c2lnbmF0dXJlLXNpZ25hdHVyZQ"


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        (f"token is {JWT}.", JWT),
        ("key sb_secret_abcDEF123_-x used", "sb_secret_abcDEF123_-x"),
        ("sbp_0123456789abcdef0123456789abcdef01234567", "sbp_0123456789abcdef0123456789abcdef01234567"),
        ("postgresql://postgres:p%40ss-w0rd@db.example.org:5432/postgres", "p%40ss-w0rd"),
        ("redis://:hunter22@cache/0", "hunter22"),
        ("Authorization: Bearer abcdefgh12345678", "abcdefgh12345678"),
        ("curl -H 'apikey: anything-goes-here' https://x", "anything-goes-here"),
        ('{"Authorization": "Basic dXNlcjpwYXNz"}', "dXNlcjpwYXNz"),
        ("{'apikey': 'k-123456789'}", "k-123456789"),
        ("Set-Cookie: sb-access-token=abc123; Path=/", "abc123"),
        ("then bearer 0123456789abcdef", "0123456789abcdef"),
        ("PGPASSWORD=open-sesame psql", "open-sesame"),
        ("host=db user=postgres password=open-sesame dbname=x", "open-sesame"),
        ('password = "open sesame"', "open sesame"),
        ('{"refresh_token":"v1.abcdef"}', "v1.abcdef"),
        ("-----BEGIN PRIVATE KEY-----\nMIIEvQ\nabc\n-----END PRIVATE KEY-----", "MIIEvQ\nabc"),
    ],
)
def test_secrets_are_known_by_their_shape(text: str, secret: str) -> None:
    redacted = Redactor().text(text)

    assert secret not in redacted
    assert REDACTED in redacted
    assert Redactor().text(redacted) == redacted


@pytest.mark.parametrize(
    "text",
    [
        "select password_hash is null from users where token_count > 3",
        "permission denied for table tags",
        "https://example.org/a:b/c?x=1@2",
        "00000000-0000-0000-0000-000000000001",
        "the password field is shown",
        "sb_publishable_abc",
        'curl -H "Authorization: Bearer $TOKEN" -H "apikey: ${KEY}"',
        "psql postgresql://postgres:$PGPASSWORD@db.example.org/postgres",
        "postgresql://postgres@db.example.org/postgres",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert Redactor().text(text) == text


def test_known_secrets_go_in_every_form_in_which_they_travel() -> None:
    redactor = Redactor()
    redactor.learn('a "strange"/secret')

    for form in ('a "strange"/secret', "a%20%22strange%22%2Fsecret", json.dumps('a "strange"/secret')):
        assert "strange" not in redactor.text(f"before {form} after")


def test_a_short_secret_tears_no_words() -> None:
    redactor = Redactor()
    redactor.learn("abc")

    assert redactor.text("abc abcd xabc abc.") == f"{REDACTED} abcd xabc {REDACTED}."


def test_json_is_redacted_at_any_depth_and_under_telling_keys() -> None:
    redactor = Redactor()
    redactor.learn("hidden-value")

    redacted = redactor.json({"a": [{"b": "x hidden-value y"}], "Cookie": "id=1", "access_token": 7, "tokens": 12})
    header = redactor.json({"name": "apikey", "value": "k-1"})

    assert redacted == {"a": [{"b": f"x {REDACTED} y"}], "Cookie": REDACTED, "access_token": REDACTED, "tokens": 12}
    assert header == {"name": "apikey", "value": REDACTED}


def test_files_that_are_text_are_redacted_and_others_are_not_touched(tmp_path: Path) -> None:
    redactor = Redactor()
    redactor.learn("hidden-value")
    image = b"\x89PNG\r\n\x1a\n\xff\xfehidden-value"
    (tmp_path / "a.png").write_bytes(image)
    (tmp_path / "a.log").write_bytes(b"\xff hidden-value")
    (tmp_path / "a.unknown").write_text("hidden-value")

    assert redactor.file(tmp_path / "a.png") == image
    assert b"hidden-value" not in redactor.file(tmp_path / "a.log")
    assert b"hidden-value" not in redactor.file(tmp_path / "a.unknown")


def test_archives_are_redacted_member_by_member() -> None:
    redactor = Redactor()
    redactor.learn("hidden-value")
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("trace.network", '{"headers": [{"name": "apikey", "value": "hidden-value"}]}')
        archive.writestr("resources/a.png", b"\x89PNG\0\xff")

    with zipfile.ZipFile(io.BytesIO(redactor.data(made.getvalue(), suffix=".zip"))) as archive:
        assert b"hidden-value" not in archive.read("trace.network")
        assert archive.read("resources/a.png") == b"\x89PNG\0\xff"


class _Database(BaseModel):
    dsn: SecretStr
    keys: dict[str, SecretStr] = {}


def test_all_secrets_of_a_model_are_found_and_the_password_in_a_dsn() -> None:
    model = _Database(dsn=SecretStr("postgresql://me:pa%24s@h/db"), keys={"x": SecretStr("k1")})

    assert secrets_of([model]) == {"postgresql://me:pa%24s@h/db", "pa%24s", "pa$s", "k1"}


@given(
    st.text("abcXYZ019+/=-_%&\"'\\ {}", min_size=8, max_size=30).filter(lambda text: len(text.strip()) >= 8),
    st.text(max_size=20),
    st.text(max_size=20),
)
def test_no_known_secret_survives_anywhere(secret: str, before: str, after: str) -> None:
    redactor = Redactor()
    redactor.learn(secret)

    assert secret not in redactor.text(f"{before}{secret}{after}").replace(REDACTED, "")
    assert secret not in json.dumps(redactor.json({"k": [before + secret]}), ensure_ascii=False).replace(REDACTED, "")
