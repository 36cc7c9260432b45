"""Whoever has an account gets in, whoever has not does not, and a session ends when it is said to."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlsplit

import httpx
import pytest
from playwright.sync_api import Route
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from environments.model import Environment
from environments.sections import Account
from fixtures.canaries import Json
from fixtures.errors import DeadlineExceeded, Unverified
from fixtures.evidence import Evidence
from fixtures.gateway import Gateway
from fixtures.screens import Visitor, Visitors
from fixtures.screens.recorder import path_of, short
from fixtures.screens.sightings import kept_secrets
from fixtures.screens.sign_in import password_of
from fixtures.waiting import until

ELSEWHERE = "https://elsewhere.invalid"
A_MOMENT_MS = 1000
ADDRESS_WITHIN = 1.0  # seconds
AFTER_EXPIRY = timedelta(days=2)


@pytest.mark.check("smoke-login")
@pytest.mark.parametrize("role", ["viewer", "editor", "org_admin"])
def test_members_sign_in(visitors: Visitors, gateway: Gateway, role: str) -> None:
    """With e-mail address and password, in every role."""
    member = visitors.member(role, gateway.canaries[0])

    member.courses.open()

    member.sign_in.expect_signed_in(member.name)


@pytest.mark.check("smoke-login")
def test_a_wrong_password_says_so(visitors: Visitors, gateway: Gateway, published_course: Json) -> None:
    """In words, on the screen, and without a session that a reload would find. While it is typed, nobody reads it.

    The right one then leads to the page that was asked for.
    """
    guest = visitors.stranger()
    account = visitors.account("viewer", gateway.canaries[0])
    guest.log.allow(400, "/auth/v1/token")
    guest.page.clock.install()
    guest.sign_in.open()
    assert guest.sign_in.hides_password(), "whoever looks over one's shoulder reads the password: its field shows it"

    guest.sign_in.submit(account.email, f"not-{password_of(account, 'users.password')}")

    guest.sign_in.the("refusal")
    guest.page.clock.fast_forward(A_MOMENT_MS)
    assert guest.sign_in.shows("refusal"), "the word about a wrong password goes again before anybody can have read it"
    guest.versions.go(id=published_course["id"])
    guest.sign_in.expect_asked("after a wrong password a page of members must still ask to sign in")
    _arrives(guest, account, guest.versions.address(id=published_course["id"]))


@pytest.mark.check("smoke-login")
def test_signing_out_ends_the_session(visitors: Visitors, environment: Environment) -> None:
    """On this page, after a reload, and at the server: nothing is kept that would let the next one at this browser in.

    As somebody who belongs to no organization: many front ends end all sessions of whoever signs out.
    """
    assert environment.api is not None
    guest = visitors.stranger("stranger")
    account = visitors.account("stranger")
    guest.sign_in.open()
    tokens = _signed_in(guest, account)
    refresh_token = tokens["refresh_token"]

    guest.sign_in.sign_out(by_keyboard=True)

    guest.sign_in.expect_asked("signing out must lead to the sign-in screen")
    guest.page.goto(guest.courses.address(), wait_until="commit")
    guest.sign_in.expect_asked("after signing out a reload must ask again")
    guest.log.settle(guest.context)
    url = f"{environment.api.url}/auth/v1/token?grant_type=refresh_token"
    headers = {"apikey": environment.api.public_key.get_secret_value()}
    renewed = httpx.post(url, json={"refresh_token": refresh_token}, headers=headers, timeout=environment.api.timeout)
    secrets = {"access token": tokens["access_token"], "refresh token": refresh_token}
    left = kept_secrets(guest, {**secrets, "password": password_of(account, "users.password")})
    assert not left, f"signed out, and the browser still keeps {'; '.join(left)}"
    assert renewed.status_code == 400, f"the session that was signed out of can still be renewed: {renewed.status_code}"


@pytest.mark.check("smoke-login")
def test_a_deep_link_survives_signing_in(visitors: Visitors, gateway: Gateway) -> None:
    """A link in an e-mail leads where it says, not to the start; and never to somebody else's site."""
    guest = visitors.stranger()
    guest.page.goto(guest.tags.address(), wait_until="commit")
    guest.sign_in.expect_asked("a page of members must ask a stranger to sign in")
    # Where the address itself says where to go to after it, it may say another site.
    told = re.search(
        rf"=({re.escape(quote(guest.tags.route, safe=''))}|{re.escape(guest.tags.route)})(?=&|$)", guest.page.url
    )
    forged = guest.page.url.replace(told[1], quote(f"{ELSEWHERE}/", safe="")) if told else ""

    guest.sign_in.sign_in(visitors.account("org_admin", gateway.canaries[0]), by_keyboard=True)

    guest.tags.expect_ready()
    assert guest.tags.path == guest.tags.route, (
        f"signed in from a link to {guest.tags.route}, arrived at {guest.tags.path}"
    )
    if forged:
        guest.context.route(f"{ELSEWHERE}/**", lambda route: route.fulfill(body="elsewhere"))
        guest.page.goto(forged, wait_until="commit")
        guest.sign_in.expect(lambda: guest.sign_in.is_decided(ELSEWHERE), "somebody who is signed in is let in")
        guest.log.settle(guest.context)
        assert not guest.page.url.startswith(ELSEWHERE), (
            f"a link to {path_of(forged)} that names another site leads there, past the sign-in: {forged}"
        )


@pytest.mark.check("smoke-login")
def test_an_expired_session_asks_again(
    visitors: Visitors, gateway: Gateway, environment: Environment, published_course: Json
) -> None:
    """Two days later, by the browser's clock, with a session that the server has ended: no page of members any more.

    Whoever signs in again is where they were, with what they had searched for. Nor does a page go on that is open, once
    the server answers that nobody is signed in.
    """
    assert environment.api is not None
    guest, account = visitors.stranger("viewer with an old session"), visitors.account("viewer", gateway.canaries[0])
    guest.log.allow(400, "/auth/v1/")
    guest.log.allow(401, environment.api.url)
    guest.log.allow(403, "/auth/v1/")
    guest.play.go(id=published_course["id"])
    guest.sign_in.expect_asked("a page of members must ask a stranger to sign in")
    token = _arrives(guest, account, guest.play.address(id=published_course["id"]))["access_token"]
    guest.courses.open()
    key = environment.api.public_key.get_secret_value()
    link = _link_to_search(guest, published_course["title"].split()[0])
    headers = {"apikey": key, "authorization": f"Bearer {token}"}
    httpx.post(f"{environment.api.url}/auth/v1/logout?scope=local", headers=headers, timeout=environment.api.timeout)

    guest.page.clock.set_system_time(datetime.now(UTC) + AFTER_EXPIRY)
    guest.courses.visit(link)

    guest.sign_in.expect_asked("an expired session must ask to sign in again")
    guest.page.clock.set_system_time(datetime.now(UTC))
    _arrives(guest, account, link)
    guest.courses.expect_ready()
    if _is_refused(guest, environment.api.url):
        guest.sign_in.expect_asked("a page that is open must ask to sign in again once the server answers 401")


@pytest.mark.check("smoke-login")
def test_nobody_sees_a_page_of_members_without_signing_in(
    visitors: Visitors, evidence: Evidence, tmp_path: Path
) -> None:
    """Every route but the sign-in asks who is there."""
    guest = visitors.stranger()

    for name in ("tags", "approval", "courses", "versions", "play"):
        screen = guest.screen(name)
        guest.page.goto(screen.address(id="any-course"), wait_until="commit")
        guest.sign_in.expect_asked(f"{screen.route} must ask a stranger to sign in")

    guest.page.screenshot(path=tmp_path / "sign-in.png")
    evidence.file(tmp_path / "sign-in.png", "sign_in")
    evidence.text("asked at", path_of(guest.page.url))


def _link_to_search(guest: Visitor, word: str) -> str:
    """The address that the CourseSelector has once a word was searched for: not every front end keeps it there."""
    guest.courses.search(word)
    with suppress(DeadlineExceeded):
        until(lambda: word in _place(_here(guest))[1].values(), within=ADDRESS_WITHIN, what="the word in the address")
    return _here(guest)


def _is_refused(guest: Visitor, api: str) -> bool:
    """Whether a search asks the server, which from now on answers as it does to a session that is over."""
    refused: list[str] = []

    def refuse(route: Route) -> None:
        headers = {"access-control-allow-origin": route.request.headers.get("origin", "*")}
        again = "/auth/v1/" in route.request.url
        refused.append(route.request.url)
        body = {"code": "session_not_found", "error_code": "session_not_found", "msg": "", "message": "JWT expired"}
        route.fulfill(status=400 if again else 401, headers=headers, json=body)

    guest.context.route(re.compile(rf"^{re.escape(api)}/(rest|functions|auth)/v1/"), refuse)
    guest.courses.search("anything else")
    with suppress(DeadlineExceeded):
        until(lambda: _here(guest) and refused, within=guest.web.timeout, what="a request")
    return bool(refused)


def _arrives(guest: Visitor, account: Account, address: str) -> Json:
    """Who signs in comes to where a link led, with all that stands behind a question mark in it; returns the tokens."""
    tokens = _signed_in(guest, account)
    path, query = _place(address)

    def is_there(url: str) -> bool:
        there = _place(url)
        return there[0] == path and query.items() <= there[1].items()

    try:
        guest.page.wait_for_url(is_there, wait_until="commit", timeout=guest.web.timeout * 1000)
    except PlaywrightTimeout:
        arrived = short(_here(guest))
        raise AssertionError(f"signed in from a link to {short(address)}, arrived at {arrived}") from None
    return tokens


def _here(guest: Visitor) -> str:
    """The address of the page, as the page has it."""
    return str(guest.page.evaluate("location.href"))


def _place(address: str) -> tuple[str, dict[str, str]]:
    """The path of an address, and what stands behind a question mark in it, also where routes are behind a #."""
    parts = urlsplit(address)
    return path_of(address), dict(parse_qsl(parts.query or parts.fragment.partition("?")[2]))


def _signed_in(guest: Visitor, account: Account) -> Json:
    """The tokens that signing in gives the browser."""
    try:
        with guest.page.expect_response(lambda answer: "/auth/v1/token" in answer.url) as answered:
            guest.sign_in.sign_in(account)
    except PlaywrightTimeout:
        raise Unverified("signing in, the browser asks no /auth/v1/token: its session was not seen to end") from None
    return dict(answered.value.json())
