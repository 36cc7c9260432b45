"""Every route opens by its address for whoever may see it, refuses everybody else, and reports no error."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from environments.model import Environment
from fixtures.canaries import Json
from fixtures.evidence import Evidence
from fixtures.screens import Screen, Visitor, Visitors
from fixtures.screens.stage import Organization

SCREENS = ("tags", "approval", "courses", "versions", "play")
ADMINS_ONLY = ("tags", "approval")
ROLES = ("viewer", "editor", "org_admin")
Heard = dict[str, list[str]]
"""By role: the errors that a walk through all routes met. One walk is enough for both checks that look at it."""


@pytest.fixture(scope="session")
def heard() -> Heard:
    """What walks of this run that came through have met."""
    return {}


@pytest.mark.check("stg-site-accessible")
def test_the_site_opens(visitors: Visitors, environment: Environment) -> None:
    """Its address answers with a page, and the page asks who is there."""
    url = environment.require("web.url")
    try:
        headers = {"accept": "text/html"}
        answer = httpx.get(url, headers=headers, timeout=environment.require("web.timeout"), follow_redirects=True)
    except httpx.HTTPError as error:
        raise AssertionError(f"{url} does not open: {type(error).__name__}: {error}") from None
    assert answer.status_code == 200, f"{url} answers {answer.status_code}"
    assert "text/html" in answer.headers.get("content-type", ""), (
        f"{url} is no page: {answer.headers.get('content-type')}"
    )
    guest = visitors.stranger()

    guest.page.goto(url, wait_until="commit")

    guest.sign_in.expect_asked(f"{url} must ask a stranger to sign in")


@pytest.mark.check("stg-routes-load")
@pytest.mark.parametrize("role", ROLES)
def test_every_route_loads_for_those_who_may_see_it_and_refuses_others(
    visitors: Visitors,
    home: Organization,
    published_course: Json,
    heard: Heard,
    role: str,
    evidence: Evidence,
    tmp_path: Path,
) -> None:
    """By its address, as from a bookmark; and whoever may not is told so, and given nothing to press."""
    member = visitors.member(role, home.name)

    problems = [problem for problem in _walk(member, role, published_course, evidence, tmp_path) if problem]

    assert not problems, "; ".join(problems)
    heard[role] = [str(each) for each in member.log.unexpected]


@pytest.mark.check("stg-routes-load")
def test_a_superadmin_is_not_refused_what_admins_get(visitors: Visitors) -> None:
    """The fourth role belongs to no organization, and is forgotten where roles are told apart."""
    superadmin = visitors.stranger("superadmin")
    superadmin.sign_in.open()

    superadmin.sign_in.sign_in(visitors.account("superadmin"))

    for name in ADMINS_ONLY:
        screen = superadmin.screen(name)
        superadmin.page.goto(screen.address(), wait_until="commit")
        screen.the("heading")
        superadmin.log.settle(superadmin.context)
        assert not screen.shows("refusal"), f"{screen.route} refuses a superadmin; it says {screen.says()}"


@pytest.mark.check("stg-routes-load")
def test_who_belongs_to_no_organization_is_shown_nothing(visitors: Visitors) -> None:
    """They may have signed up by themselves: they get in, and there is nothing to see."""
    guest = visitors.stranger("stranger")
    guest.sign_in.open()

    guest.sign_in.sign_in(visitors.account("stranger"))

    for name in SCREENS:
        screen = guest.screen(name)
        guest.page.goto(screen.address(id="any-course"), wait_until="commit")
        guest.sign_in.expect_signed_in("stranger")
        assert not _controls(screen), f"{screen.route} offers a stranger: {', '.join(_controls(screen))}"


@pytest.mark.check("stg-no-console-errors")
@pytest.mark.parametrize("role", ROLES)
def test_no_route_reports_an_error(
    visitors: Visitors,
    home: Organization,
    published_course: Json,
    heard: Heard,
    role: str,
    evidence: Evidence,
    tmp_path: Path,
) -> None:
    """Not in the console, no request that fails, no exception: an error that nobody sees is a feature that stopped."""
    errors = heard.get(role)

    if errors is None:
        member = visitors.member(role, home.name)
        for _ in _walk(member, role, published_course, evidence, tmp_path):
            member.sign_in.expect_signed_in(member.name)  # a page that is none of theirs reports no error of theirs
        errors = [str(each) for each in member.log.unexpected]

    evidence.json("errors", errors)
    assert not errors, f"{len(errors)} errors as {role}: " + "; ".join(errors)


def _walk(member: Visitor, role: str, course: Json, evidence: Evidence, folder: Path) -> Iterator[str]:
    """Go through all routes, leaving a picture of each; yields at each what is wrong with it, or nothing.

    Whoever stays for some seconds meets the same errors as here: they are had at once.
    """
    for name in SCREENS:
        screen = member.screen(name)
        problem = _opens(screen, course["id"])
        if not problem and name in ADMINS_ONLY and role != "org_admin":
            problem = _refuses(screen)
        member.log.settle(member.context)
        member.log.hurry(member.context)
        _picture(member, name, evidence, folder)
        yield f"{screen.route} as {role}: {problem}" if problem else ""


def _opens(screen: Screen, course: str) -> str:
    try:
        screen.open(id=course)
    except AssertionError as error:
        return str(error)
    return ""


def _refuses(screen: Screen) -> str:
    if not screen.shows("refusal"):
        return f"nothing says that only admins may; it says {screen.says()}"
    offered = _controls(screen)
    return f"it offers {', '.join(offered)}" if offered else ""


def _controls(screen: Screen) -> list[str]:
    """What of the screen's own controls is there to be pressed."""
    words = [key for key in screen.CONTROLS if key not in ("heading", "refusal", "empty", "list", "count", "type")]
    pressable = {"button", "switch", "checkbox", "combobox"}
    return [
        key
        for key in words
        if screen.has(key) and pressable & set(screen.control(key).roles) and screen.shows(key, within=screen.content)
    ]


def _picture(member: Visitor, name: str, evidence: Evidence, folder: Path) -> None:
    file = folder / f"{name}.png"
    member.page.screenshot(path=file)
    evidence.file(file, f"{name} as {member.name}")
