"""Two organizations at once never meet: not on a page for a moment, not on the wire, not in what a browser keeps."""

from __future__ import annotations

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
ROUNDS = {"org_admin": ("tags", "approval", "courses"), "viewer": ("courses", "versions", "play")}
"""Where whoever is next goes, by role. Versions are those of a course in the list, and from there it is played."""
BEGUN = "new Promise((done) => requestAnimationFrame(() => setTimeout(done)))"


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
    (first, _), (second, _) = both
    for visitor, mine, theirs, roles in (
        (first, other, own, ("org_admin", "viewer")),
        (second, own, other, ("viewer",)),
    ):
        seen += _left_behind(visitor, theirs)
        seen += [each for role in roles for each in _next_one(visitor, visitors, mine, theirs, role)]

    for one in seen:
        findings.add(_finding(one, {*own.marks, *other.marks}))
    assert not seen, "; ".join(map(str, seen[:5]))


def _look_closer(visitor: Visitor, screen: str, own: Names, course: Json) -> None:
    """What a screen shows only to who asks for it: a snapshot, the catalog, and what one tag finds."""
    if screen == "versions" and course["organization_id"] == own.home.id:
        visitor.versions.view(int(course["content_version"]))
    if screen == "courses":
        visitor.courses.expect_ready()
        if own.tag:
            visitor.courses.click("tag", tag=own.tag)
            visitor.log.settle(visitor.context)
        if any(map(visitor.courses.has, ("catalog", "mode"))):
            visitor.courses.pick("catalog")


def _note(visitor: Visitor) -> None:
    """Have all that the page has to show and to say, and note it: once it was drawn, it has asked for what it needs."""
    visitor.page.evaluate(BEGUN)
    visitor.log.settle(visitor.context)
    visitor.log.hurry(visitor.context)
    visitor.log.read_bodies()


def _seen(visitor: Visitor, who: str, theirs: Names, public: Collection[str]) -> list[Seen]:
    """What somebody came across of an organization that is not theirs; what the sign-in screen says is no secret."""
    greeting = visitor.greeting
    product = {name for name in theirs.brand if mentioned([name.casefold()], greeting.casefold())}
    catalogs = (body for _, url, body in visitor.log.bodies if url.partition("?")[0].endswith("catalog.json"))
    shared = {text for body in catalogs for text in leaves(body)}
    foreign = theirs.real - product - shared - frozenset(public)
    anywhere = {*theirs.marks, *(name for name in foreign if "@" in name)}
    found = sightings(visitor, names=foreign, anywhere=anywhere, known=mentioned(foreign, greeting))
    return [Seen(who, visitor, each) for each in found]


def _left_behind(visitor: Visitor, own: Names) -> list[Seen]:
    """What the browser still keeps of an organization's tags and courses after signing out.

    The server is not told: many front ends would end all sessions of who signs out, and other checks go on.
    """
    visitor.context.route("**/auth/v1/logout*", lambda route: route.fulfill(status=204))
    _sign_out(visitor)
    words = [name for name in own.real - own.brand if "@" not in name]
    left = [
        Sighting(each.text, f"after signing out, {each.where}", each.path)
        for each in kept_words(visitor, [*words, *own.marks])
    ]
    return [Seen(visitor.name, visitor, each) for each in left]


def _next_one(visitor: Visitor, visitors: Visitors, own: Names, theirs: Names, role: str) -> list[Seen]:
    """What a browser on which somebody of another organization has signed out shows to who signs in on the same page.

    Which organization that was, and who, it may remember. From screen to screen it is by links: nothing is loaded anew.
    """
    visitor.log.watch_anew(visitor.page)
    visitor.sign_in.sign_in(visitors.account(role, own.home.name))
    _note(visitor)
    for screen in ROUNDS[role]:
        if visitor.screen(screen).follow():
            visitor.screen(screen).the("heading")
            _note(visitor)
    _sign_out(visitor)
    remembered = {visitors.account("org_admin", theirs.home.name).email, *theirs.brand}
    who = f"{role} of {own.home.name}, after {visitor.name} on the same page,"
    return _seen(visitor, who, theirs, own.real | remembered)


def _sign_out(visitor: Visitor) -> None:
    visitor.sign_in.sign_out()
    visitor.sign_in.expect_asked("signing out must lead to the sign-in screen")


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


def _finding(seen: Seen, marks: Collection[str]) -> Finding:
    """One for each name, and one for all that were made up for this run, so that it is the same in the next."""
    text, path, url = seen.sighting.text, seen.sighting.path, seen.visitor.web.url
    steps = f"# sign in as {seen.who} at {url} and open {path}; then look for “{text}”"
    looks = "look" if text in marks else f"look for “{text}”"
    return Finding("confidentiality", f"screen:{path}", seen.who, looks, str(seen.sighting), steps)
