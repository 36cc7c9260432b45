"""Security headers as browsers read them: what is legal is not red, and what does nothing is."""

from __future__ import annotations

import httpx
import pytest

from fixtures.headers import header_faults

GOOD = {
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
}
FRAMED = "; frame-ancestors 'self'"


@pytest.mark.parametrize(
    "other",
    [
        {},
        {"Strict-Transport-Security": "Max-Age=31536000"},
        {"Strict-Transport-Security": 'includeSubDomains; max-age = "31536000"'},
        {"Referrer-Policy": "unsafe-url, strict-origin"},
        {"Referrer-Policy": "strict-origin, of-the-future"},
        {"Content-Security-Policy": "Script-Src 'self' https://*.acme.com; Frame-Ancestors 'none'"},
        {"Content-Security-Policy": "script-src 'self' 'unsafe-eval'" + FRAMED},
        {"Content-Security-Policy": "script-src 'nonce-abc' 'strict-dynamic' https: 'unsafe-inline'" + FRAMED},
        {"Content-Security-Policy": "script-src 'self' 'sha256-abc=' 'unsafe-inline'" + FRAMED},
        {"Content-Security-Policy": "default-src *, script-src 'self'; frame-ancestors 'self'"},
        {"Content-Security-Policy": "default-src 'self'", "X-Frame-Options": "deny"},
    ],
)
def test_what_limits_is_not_red(other: dict[str, str]) -> None:
    assert header_faults(httpx.Headers(GOOD | other)) == []


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"Strict-Transport-Security": "max-age=60"}, "Strict-Transport-Security"),
        ({"Strict-Transport-Security": "x-max-age=31536000"}, "Strict-Transport-Security"),
        ({"Referrer-Policy": "strict-origin, unsafe-url"}, "Referrer-Policy"),
        ({"Referrer-Policy": "whatever"}, "Referrer-Policy"),
        ({"Content-Security-Policy": "default-src 'self'; frame-ancestors *"}, "frame-ancestors"),
        ({"Content-Security-Policy": "default-src 'self'; frame-ancestors https:"}, "frame-ancestors"),
        (
            {"Content-Security-Policy": "default-src 'self'; frame-ancestors *", "X-Frame-Options": "DENY"},
            "frame-ancestors",
        ),
        *(
            ({"Content-Security-Policy": policy + FRAMED}, "limits scripts")
            for policy in (
                "img-src 'self'",
                "script-src *",
                "script-src https://*",
                "script-src https://*:*",
                "script-src *:443",
                "script-src HTTPS:",
                "script-src 'self' blob:",
                "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
                "script-src 'unsafe-inline' 'strict-dynamic'",
                "script-src 'self'; script-src-elem *",
                "script-src *; script-src 'self'",
            )
        ),
    ],
)
def test_what_does_nothing_is_red(other: dict[str, str], said: str) -> None:
    [found] = header_faults(httpx.Headers(GOOD | other))

    assert said in found
