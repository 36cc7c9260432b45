"""Each fault that is planted in the front end turns the items that it breaks red, no other, and is named.

Faults of different screens are planted together, since a run costs more than a fault: a round's faults break different
items, or are each for one check to find, so that each is seen by itself.
"""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from zipfile import ZipFile

import pytest
from PIL import Image

from tests.ui.altered import OUT, FrontEnds
from tests.ui.faults import ADDING, PLAIN
from tests.ui.quiet_faults import QUIET
from tests.ui.shared_faults import SHARED
from tests.ui.subtle_faults import SUBTLE

FAULTS = PLAIN | SUBTLE | QUIET | SHARED
ROUNDS = [
    (
        "a filter that filters nothing",
        "a restore that only says so",
        "a fallback that takes the wrong level",
        "a button that only the mouse can reach",
        "a wrong password that nobody mentions",
        "a screen of admins that a viewer gets",
    ),
    (
        "pages that repeat",
        "an order that is reversed",
        "a choice that a reload forgets",
        "an approval that does not reach the course",
        "a session that signing out leaves behind",
        "values that are left out",
    ),
    (
        "a count that is wrong",
        "levels offered where they are hidden",
        "a deep link that is forgotten",
        "a rename and a switch that are not stored",
    ),
    ("All that means Any", "an error that is hidden from the console"),
    ("another organization's tag for a moment", "markup that runs"),
    (
        "another organization's tag kept in the browser",
        "levels that all show the same",
        "a toolbar that is too wide for a phone",
        "a picture that says nothing to who cannot see it",
    ),
    ("a front end of another project", "labels that are somebody else's", "an exception that somebody swallows"),
    (
        "All that holds on the first page",
        "a catalog that is not searched",
        "a player that keeps the old text",
        "an explanation that does not fall back",
        "levels offered from the second question on",
        "markup that runs in an explanation",
        "buttons for a moment",
        "a switch that takes the values with it",
        "a saving that switches on",
        "an approval that replaces the tags",
        "a rejection that tags the course",
        "a token that signing out leaves behind",
        "another organization's tag in the console",
    ),
    (
        "a link that leads to another course",
        "a search that minds the case",
        "a catalog mode that is none",
        "a snapshot that is the current text",
        "a snapshot that is too wide for a phone",
        "a choice of levels that nobody sees",
        "markup that runs in a message",
        "a place that is not saved",
        "an approval that runs twice",
        "another organization's tag in an attribute",
    ),
    ("a hidden level that still counts", "an approval that nobody can trace", "times that are all the newest one's"),
    (
        "a refusal that nobody can read",
        "values that fade away",
        "a rejection that only the mouse can reach",
        "filters that only the mouse can reach",
        "a way on that a phone has not",
        "a restore that only the mouse opens",
        "markup that runs in the catalog",
        "courses of others that take their time",
    ),
    (
        "a password that is read over the shoulder",
        "a restore that runs twice",
        "a switch that forgets the place",
        "a focus that nobody sees",
        "a page that is kept",
        "a right answer that counts as wrong",
        "an admin's screen that a superadmin is refused",
        "filters that stay in the browser",
        "a bar that lies over the course",
    ),
    (
        "a link that leads to another site",
        "authors that are all the newest one's",
        "a name in other letters",
        "a type that is not there",
        "an empty page at the end",
        "a number that is nearly right",
        "a button that wakes up late",
    ),
    (
        "a restore of the version before",
        "a refusal that nobody mentions",
        "an explanation at the default level",
        "one text where several were suggested",
        "Any that means All of three",
        "a refusal that goes at once",
    ),
    (
        "versions in the order of their letters",
        "a console that is another one",
        "an exception that is nothing",
        "an error that comes late",
    ),
    (
        "a tag of all organizations that filters nothing",
        "a tag of all organizations that is dropped",
        "a type of all organizations that stays as it is",
        "a sign-in that only a mouse works",
        "snapshots that only a mouse shows",
        "All, and never Any again",
        "a search that keeps the page",
        "a link to a history that is lost",
        "an open page that does not ask again",
        "markup that runs in the label of a level",
    ),
    (
        "a tag that is created and not active",
        "a value of all organizations that stays as it is",
        "tags that only a mouse chooses",
        "pages that only a mouse turns",
        "an approval that shows under a mouse",
        "a layout that is decided at load",
        "a link to a course that is lost",
        "times of another zone",
    ),
    (
        "a rename that activates",
        "a rejection that only a mouse works",
        "a switch that only a mouse works",
        "a word of success that nobody can read",
        "a verdict that nobody can read",
        "a search for the first word",
        "a link that loses what was searched for",
        "tags of other courses",
    ),
]


@pytest.mark.parametrize("names", ROUNDS, ids=lambda names: names[0])
def test_planted_faults_are_found_and_named(front_ends: FrontEnds, names: tuple[str, ...]) -> None:
    planted = [FAULTS[name] for name in names]
    red = {item for each in planted for item in each.red}
    front_ends.alter(*(change for each in planted for change in each.changes))

    ended = front_ends.look(*dict.fromkeys(check for each in planted for check in each.looking))

    assert ended.red == red, ended.output
    assert set().union(*(each.green for each in planted)) - red <= ended.green, ended.output
    for each in planted:
        reasons = [line for line in ended.reasons.splitlines() if any(f"/{check}" in line for check in each.looking)]
        assert each.said in "\n".join(reasons), f"{each.said}\n{ended.reasons}"
    for one, other in combinations(planted, 2):
        apart = not one.red & other.red or set(one.looking).isdisjoint(other.looking)
        assert apart, "a round's faults break different items, or are for different checks to find"


def test_every_fault_has_its_round() -> None:
    assert sorted(FAULTS) == sorted(name for names in ROUNDS for name in names)


def test_labels_of_somebody_else_are_found_once_they_are_set(front_ends: FrontEnds) -> None:
    """As the message said: by name, and by role and name where the role differs too."""
    front_ends.alter(*FAULTS["labels that are somebody else's"].changes)

    ended = front_ends.look(ADDING, labels='"tags.add" = "New tag"\n"tags.new_value" = "searchbox: What"')

    assert ended.green == {"ui-tag-management"}, ended.output


def test_a_failure_leaves_picture_console_trace_and_film(front_ends: FrontEnds) -> None:
    """The film, and what the page looked like at each step, are of a second go, which decides nothing."""
    front_ends.alter(*FAULTS["a deep link that is forgotten"].changes)

    ended = front_ends.look("test_sign_in.py::test_a_deep_link_survives_signing_in", film=True)

    assert ended.red == {"smoke-login"}
    [evidence] = (item.evidence for item in ended.verdict.items if item.id == "smoke-login")
    left = {Path(file).name: OUT / file for file in evidence}
    assert {"somebody-screen.png", "somebody-console.txt", "somebody-trace.zip"} <= left.keys()
    assert not _snapshots(left["somebody-trace.zip"])
    assert _snapshots(left["somebody-trace-of-the-second-go.zip"])
    assert "failed too: no heading named “Tag Management”" in left["film.txt"].read_text()
    with Image.open(left["somebody-film.webp"]) as film:
        assert film.n_frames > 2, "it shows one thing after the other"  # type: ignore[attr-defined]


def _snapshots(trace: Path) -> int:
    """How often a trace holds what the page looked like."""
    with ZipFile(trace) as archive:
        steps = [name for name in archive.namelist() if name.endswith(".trace")]
        return sum(archive.read(name).count(b'"type":"frame-snapshot"') for name in steps)


def test_where_nothing_may_be_written_it_reads(front_ends: FrontEnds) -> None:
    """As on production: what writes is unverified and says so, and whatever only reads is decided."""
    front_ends.alter()

    ended = front_ends.look("", profile="production", writes=False, labels="")

    judged = {item.id: item.status for item in ended.verdict.items if item.status != "not applicable"}
    assert set(judged.values()) == {"verified"}, ended.output
    assert {"must-no-leaks", "must-tag-management", "week4-variants"} <= judged.keys()


def test_a_site_that_is_not_there_is_said_to_be(front_ends: FrontEnds) -> None:
    ended = front_ends.look("test_routes.py::test_the_site_opens", url="http://127.0.0.1:9")

    assert ended.red == {"stg-site-accessible"}
    assert "does not open" in ended.reasons
