"""Two organizations at once never meet: not on a page for a moment, not on the wire, not in what a browser keeps."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass

import pytest

from environments.model import Environment
from fixtures.canaries import Canaries, Json
from fixtures.findings import Finding, Findings
from fixtures.gateway import Gateway
from fixtures.screens import Visitor, Visitors
from fixtures.screens.sightings import Sighting, kept_words, leaves, mentioned, sightings
from fixtures.screens.stage import Item, Organization, course_file, rows, suggest

SCREENS = ("tags", "approval", "versions", "play", "courses")
"""The courses last: from there whoever is next on the same page begins."""


@dataclass(frozen=True)
class Names:
    """What an organization is known by to its members and to nobody else."""

    home: Organization
    real: frozenset[str]
    """What its team named: these may be ordinary words."""
    marks: tuple[str, ...]
    """What exists nowhere else, the tag first; none where nothing may be written."""
    tag: str
    """One of the tags that its courses can be filtered by."""

    @property
    def remembered(self) -> frozenset[str]:
        """What a browser may keep for the next time: who was here last, and of which organization."""
        return frozenset(name for name in self.real if "@" in name) | self.brand

    @property
    def brand(self) -> frozenset[str]:
        """What it is called, which may be what the product is called."""
        return frozenset(str(self.home.config["organization"][key]) for key in ("name", "slug"))


@dataclass(frozen=True)
class Seen:
    """What somebody came across that they must not: as whom, and where."""

    who: str
    visitor: Visitor
    sighting: Sighting

    def __str__(self) -> str:
        return f"{self.who} {self.sighting}"


@pytest.mark.check("must-no-leaks")
def test_two_organizations_never_see_each_others_names(
    visitors: Visitors,
    gateway: Gateway,
    environment: Environment,
    home: Organization,
    away: Organization,
    published_course: Json,
    findings: Findings,
    request: pytest.FixtureRequest,
) -> None:
    """Side by side, as admins, who see most: each text that is ever on a page is noted, also one that goes again.

    Where something may be written, each has a tag, a course and a suggestion under names that exist nowhere else.
    Whoever signs out leaves none of them to the next one at this browser, who signs in on the same page: the other
    organization's admin, and its viewer.
    """
    names = {each.name: _names(gateway, environment, each, request) for each in (home, away)}
    own, other = names[home.name], names[away.name]
    both = [(visitors.watched("org_admin", each.name), each) for each in (home, away)]

    for screen in SCREENS:
        for visitor, _ in both:
            visitor.page.goto(visitor.screen(screen).address(id=published_course["id"]), wait_until="commit")
        for visitor, each in both:
            visitor.sign_in.expect_signed_in(visitor.name)
            _look_closer(visitor, screen, names[each.name], published_course)
            _note(visitor)
    seen = []
    for visitor, mine, theirs in ((both[0][0], own, other), (both[1][0], other, own)):
        assert set(mine.marks[:1]) <= {text for _, text in visitor.log.texts}, (
            f"{visitor.name} does not see the tag {mine.marks[0]} of {mine.home.name}"
        )
        assert visitor.log.bodies, f"no answer that {visitor.name} got could be read"
        public = theirs.real & mine.real | {published_course["id"]}  # asked for here
        seen += _seen(visitor, visitor.name, theirs, public)
    first, second = (visitor for visitor, _ in both)
    seen += _next_one(first, visitors, own, other, "org_admin")
    seen += _next_one(second, visitors, other, own, "viewer")

    for one in seen:
        findings.add(_finding(one))
    assert not seen, "; ".join(map(str, seen[:5]))


def _look_closer(visitor: Visitor, screen: str, own: Names, course: Json) -> None:
    """What a screen shows only to who asks for it: a snapshot, the catalog, and what one tag finds."""
    if screen == "versions" and course["organization_id"] == own.home.id:
        visitor.versions.view(int(course["content_version"]))
    if screen == "courses":
        visitor.courses.expect_ready()
        if any(map(visitor.courses.has, ("catalog", "mode"))):
            for mode in ("catalog", "metadata"):
                visitor.courses.pick(mode)
                visitor.log.settle(visitor.context)
        for _ in range(2 if own.tag else 0):  # chosen, and taken back
            visitor.courses.click("tag", tag=own.tag)
            visitor.log.settle(visitor.context)


def _note(visitor: Visitor) -> None:
    """Have all that the page has to show and to say, and note it."""
    visitor.log.settle(visitor.context)
    visitor.log.hurry(visitor.context)
    visitor.log.read_bodies()


def _seen(visitor: Visitor, who: str, theirs: Names, public: Collection[str]) -> list[Seen]:
    """What somebody came across of an organization that is not theirs; what the sign-in screen says is no secret."""
    greeting = visitor.greeting
    product = {name for name in theirs.brand if mentioned([name.casefold()], greeting.casefold())}
    catalogs = (body for _, url, body in visitor.log.bodies if url.partition("?")[0].endswith("catalog.json"))
    shared = {text for body in catalogs for text in leaves(json.loads(body))}
    foreign = theirs.real - product - shared - frozenset(public)
    anywhere = {*theirs.marks, *(name for name in foreign if "@" in name)}
    found = sightings(visitor, names=foreign, anywhere=anywhere, known=mentioned(foreign, greeting))
    return [Seen(who, visitor, each) for each in found]


def _next_one(visitor: Visitor, visitors: Visitors, before: Names, own: Names, role: str) -> list[Seen]:
    """What a browser keeps of an organization after signing out, and shows to one of another who signs in on its page.

    The server is not told: many front ends would end all sessions of who signs out, and other checks go on.
    """
    visitor.context.route("**/auth/v1/logout*", lambda route: route.fulfill(status=204))
    visitor.sign_in.sign_out()
    visitor.sign_in.expect_asked("signing out must lead to the sign-in screen")
    left = kept_words(visitor, [*(before.real - before.remembered), *before.marks])
    after = [Sighting(each.text, f"after signing out, {each.where}", each.path) for each in left]
    seen = [Seen(visitor.name, visitor, each) for each in after]

    who = f"{role} of {own.home.name}, after {visitor.name} on the same page,"
    visitor.log.watch_anew(visitor.page)
    visitor.sign_in.sign_in(visitors.account(role, own.home.name))
    _note(visitor)
    for screen in ("courses", "tags", "approval", "courses"):
        if visitor.screen(screen).follow():
            if screen == "courses" or role == "org_admin":
                visitor.screen(screen).expect_ready()
            _note(visitor)
    return seen + _seen(visitor, who, before, own.real | before.remembered)


def _names(gateway: Gateway, environment: Environment, each: Organization, request: pytest.FixtureRequest) -> Names:
    """What an organization's members know it by, and nobody else may: nothing of what it shares with all."""
    own = {"organization_id": f"eq.{each.id}"}
    words = [str(row["value"]) for row in rows(gateway, "org_admin", each.name, "tags", **own)]
    words += [str(row["label"]) for row in rows(gateway, "org_admin", each.name, "tag_types", **own)]
    for row in rows(gateway, "org_admin", each.name, "course_metadata", visibility="eq.org", **own):
        words += [str(row["id"]), str(row["title"])]
    for row in rows(gateway, "org_admin", each.name, "tag_approval_queue", **own):
        words += [value for value in leaves(row["suggested_tags"]) if value]
    members = environment.users.organizations[each.name]
    words += [account.email for account in (members.viewer, members.editor, members.org_admin) if account]
    words += [str(each.config["organization"][key]) for key in ("name", "slug")]
    everybodys = {"organization_id": "is.null"}
    shared = {str(row["value"]) for row in rows(gateway, "org_admin", each.name, "tags", **everybodys)}
    shared |= {str(row["label"]) for row in rows(gateway, "org_admin", each.name, "tag_types", **everybodys)}
    marks = () if environment.read_only else _mark(gateway, request.getfixturevalue("canaries"), each)
    offered = [tag["value"] for kind in each.config["tagTypes"] if kind["isEnabled"] for tag in kind["tags"]]
    return Names(each, frozenset(words) - shared - {""}, tuple(marks), next(iter([*marks[:1], *offered]), ""))


def _mark(gateway: Gateway, canaries: Canaries, each: Organization) -> list[str]:
    """Names that exist nowhere else: a tag (first), which every member sees, and a course with what hangs on it."""
    kind = canaries.tag_type(each.name)
    tag = canaries.tag(each.name, kind["key"])
    title = canaries.name("own title")
    question, suggestion = canaries.name("own question"), canaries.name("own suggestion")
    course = canaries.course(each.name, "own", title=title, tag_ids=[tag["id"]])
    canaries.store(course, course_file(course.id, each.id, title, [Item("q", None, question)]))
    suggest(gateway, course, {kind["key"]: [suggestion]})
    return [str(tag["value"]), str(kind["label"]), title, question, suggestion, course.id]


def _finding(seen: Seen) -> Finding:
    text, path, url = seen.sighting.text, seen.sighting.path, seen.visitor.web.url
    steps = f"# sign in as {seen.who} at {url} and open {path}; then look for “{text}”"
    return Finding("confidentiality", f"screen:{path}", seen.who, "look", str(seen.sighting), steps)
