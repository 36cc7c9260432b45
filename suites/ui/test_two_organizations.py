"""Two organizations at once never meet: not on a page for a moment, not on the wire, not in what a browser keeps."""

from __future__ import annotations

import pytest

from environments.model import Environment
from fixtures.canaries import Canaries, Json
from fixtures.findings import Finding, Findings
from fixtures.gateway import Gateway
from fixtures.screens import Visitor, Visitors
from fixtures.screens.sightings import Sighting, kept_words, leaves, sightings
from fixtures.screens.stage import Item, Organization, course_file, rows, suggest

SCREENS = ("courses", "tags", "approval", "versions", "play")


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
    Whoever signs out leaves none of them to the next one at this browser.
    """
    names = {each.name: _names(gateway, environment, each) for each in (home, away)}
    marks: dict[str, list[str]] = {each.name: [] for each in (home, away)}
    if not environment.read_only:
        canaries: Canaries = request.getfixturevalue("canaries")
        marks = {each.name: _mark(gateway, canaries, each) for each in (home, away)}
    both = [visitors.watched("org_admin", each.name) for each in (home, away)]

    for screen in SCREENS:
        for visitor in both:
            visitor.page.goto(visitor.screen(screen).address(id=published_course["id"]), wait_until="commit")
        for visitor in both:
            visitor.sign_in.expect_signed_in(visitor.name)
            visitor.log.settle(visitor.context)
            visitor.log.read_bodies()

    found = []
    for visitor, own, other in zip(both, (home, away), (away, home), strict=True):
        foreign = set(names[other.name]) - set(names[own.name]) - {published_course["id"]}  # asked for here
        seen = {text for _, text in visitor.log.texts}
        assert set(marks[own.name][:1]) <= seen, (
            f"{visitor.name} does not see the tag {marks[own.name][0]} of {own.name}"
        )
        assert visitor.log.bodies, f"no answer that {visitor.name} got could be read"
        found += [(visitor, each) for each in sightings(visitor, exactly=foreign, anywhere=marks[other.name])]
    if marks[home.name]:
        left = _left_behind(both[0], [*names[home.name], *marks[home.name]], home)
        found += [(both[0], each) for each in left]
    for visitor, sighting in found:
        findings.add(_finding(visitor, sighting))
    assert not found, "; ".join(f"{visitor.name} {sighting}" for visitor, sighting in found[:5])


def _names(gateway: Gateway, environment: Environment, each: Organization) -> list[str]:
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
    return sorted({word for word in words if len(word) > 2} - shared)


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


def _left_behind(visitor: Visitor, names: list[str], own: Organization) -> list[Sighting]:
    """What the browser still keeps of an organization's tags and courses after signing out.

    The server is not told: many front ends would end all sessions of who signs out, and other checks go on.
    """
    visitor.context.route("**/auth/v1/logout*", lambda route: route.fulfill(status=204))
    visitor.sign_in.sign_out()
    visitor.sign_in.expect_asked("signing out must lead to the sign-in screen")
    remembered = {own.config["organization"]["name"], own.config["organization"]["slug"]}
    words = [name for name in names if "@" not in name and name not in remembered]
    left = kept_words(visitor, words)
    return [Sighting(each.text, f"after signing out, {each.where}", each.path) for each in left]


def _finding(visitor: Visitor, sighting: Sighting) -> Finding:
    screen = f"screen:{sighting.path}"
    steps = (
        f"# sign in as {visitor.name} at {visitor.web.url} and open {sighting.path}; then look for “{sighting.text}”"
    )
    return Finding("confidentiality", screen, visitor.name, "look", str(sighting), steps)
