"""Each difficulty level shows its own text, or the fallback that the contract names."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

import pytest

from fixtures.errors import Unverified
from fixtures.gateway import Gateway
from fixtures.screens import Visitor, Visitors
from fixtures.screens.stage import DEFAULT_LEVEL, LEVELS, Item, Levelled, Organization, Others, listed


@pytest.mark.check("ui-variants")
def test_every_level_shows_its_text_or_the_fallback(
    visitors: Visitors, home: Organization, away: Organization, levelled: Mapping[str, Levelled]
) -> None:
    """The level's own text, else the course's default, else the first one present; for questions, answers, reasons.

    After a reload, so that the choice is seen to survive one. Who has chosen nothing begins with the default. And
    whoever answers is told whether that was right.
    """
    where = _organization(home, away, exposes=True)
    course = levelled[where.name]
    viewer = visitors.member("viewer", where.name)
    viewer.play.open(id=course.id)
    begins = viewer.play.level()
    assert re.search(_called(where, DEFAULT_LEVEL), begins), f"begins with {begins}; the default is {DEFAULT_LEVEL}"

    for level in LEVELS:
        viewer.play.choose("level", _called(where, level))
        viewer.page.reload(wait_until="commit")

        viewer.play.expect_ready()
        chosen = viewer.play.level()
        assert re.search(_called(where, level), chosen), f"{level} was chosen; a reload forgot it and shows {chosen}"
        explained = ("plain",) if level == DEFAULT_LEVEL else (f"no-{level}", *(["all"] if level == LEVELS[-1] else []))
        _expect_questions(viewer, course.items, level, explained)


@pytest.mark.check("ui-variants")
def test_no_level_is_offered_where_the_organization_hides_it(
    visitors: Visitors, home: Organization, away: Organization, levelled: Mapping[str, Levelled]
) -> None:
    """Learners then get the course's default, even if their browser kept a choice from elsewhere."""
    where, elsewhere = _organization(home, away, exposes=False), _organization(home, away, exposes=True)
    other = visitors.member("viewer", elsewhere.name)
    other.play.open(id=levelled[elsewhere.name].id)
    before = set(other.play.kept())
    other.play.choose("level", _called(elsewhere, "expert"))
    choice = {name: value for name, value in other.play.kept().items() if name not in before}
    course = levelled[where.name]
    viewer = visitors.member("viewer", where.name)
    viewer.play.keep(choice)

    viewer.play.open(id=course.id)

    assert not viewer.play.shows("level"), f"{where.name} hides levels, and {viewer.play.path} offers them"
    names = [name for level in LEVELS for name in (level, where.label(level))]
    _expect_questions(viewer, course.items, DEFAULT_LEVEL, not_offered=names)


@pytest.mark.check("week4-variants", "should-variants")
def test_a_learner_switches_levels_of_a_course_that_is_there(
    visitors: Visitors, gateway: Gateway, home: Organization, away: Organization, others: Others
) -> None:
    """Reads only: the first question of a course with levels changes with the level, and the choice stays."""
    where = _organization(home, away, exposes=True)
    viewer = visitors.member("viewer", where.name)
    tried = []
    for course in listed(gateway, "viewer", where.name):
        if not course["contentVersion"] or course["organizationId"] != where.id or not others.without([course["id"]]):
            continue
        viewer.play.open(id=course["id"])
        if viewer.play.shows("level") and len(viewer.play.levels()) > 1:
            break
        tried.append(course["title"])
    else:
        raise Unverified(f"no published course of {where.name} has levels ({', '.join(tried) or 'it has no course'})")

    texts, levels = {}, viewer.play.levels()
    control = viewer.play.the("level").inner_text()
    for label in levels:
        viewer.play.choose("level", label)
        texts[label] = viewer.play.content.inner_text().replace(control, "")
        assert texts[label].strip(), f"{viewer.play.path} shows nothing at {label}"

    assert len(set(texts.values())) > 1, f"{viewer.play.path} shows the same text at {', '.join(texts)}"
    last = viewer.play.level()
    viewer.page.reload(wait_until="commit")
    viewer.play.expect_ready()
    assert viewer.play.level() == last, f"{last} was chosen; a reload forgot it and shows {viewer.play.level()}"


def _organization(home: Organization, away: Organization, *, exposes: bool) -> Organization:
    for each in (home, away):
        if each.exposes_levels is exposes:
            return each
    words = "exposes" if exposes else "hides"
    raise Unverified(f"no canary organization {words} levels (settings.variants.difficulty.exposeToUsers)")


def _called(where: Organization, level: str) -> re.Pattern[str]:
    """A level under the organization's name for it, or the course's own."""
    return re.compile(f"^({re.escape(where.label(level))}|{level})$", re.IGNORECASE)


def _expect_questions(
    viewer: Visitor,
    items: tuple[Item, ...],
    level: str,
    explained: Collection[str] = (),
    not_offered: Collection[str] = (),
) -> None:
    """Each question with its options, and of those with the ids `explained` what is said once they were answered."""
    for n, item in enumerate(items):
        expected = item.at(level)
        why = f"question “{item.id}” at {level} must read “{expected}”"
        if not_offered:
            why = f"levels are hidden here, so that the course's default counts, whatever was chosen elsewhere: {why}"
        viewer.play.expect_text(expected, why=why)
        offered = viewer.play.offered_among(not_offered) if not_offered else []
        assert not offered, f"levels are hidden here, and question {n + 1} on {viewer.play.path} offers {offered}"
        if item.numeric:
            if explained and level == DEFAULT_LEVEL:
                _expect_judged(viewer, f"question “{item.id}”", "4", "4.9")
            continue
        for letter in "ab":
            _expect_option(viewer, f"{expected} {letter}", f"question “{item.id}” at {level}")
        if item.id in explained and viewer.play.shows("check"):
            viewer.play.click("answer", answer=f"{expected} a")
            viewer.play.click("check")
            why = f"the explanation of question “{item.id}” at {level} must read “{item.explanation(level)}”"
            viewer.play.expect_text(item.explanation(level), why=why)
        if explained and item.id == "all" and level == DEFAULT_LEVEL:
            _expect_judged(viewer, f"question “{item.id}”", f"{expected} a", f"{expected} b")
        if n + 1 < len(items):
            viewer.play.next_question(f"{expected} a")


def _expect_judged(viewer: Visitor, of: str, right: str, wrong: str) -> None:
    """A right answer and a wrong one are not met by the same words, where one may answer a second time."""
    if not viewer.play.shows("check"):
        return
    viewer.play.give(right)
    viewer.play.click("check")
    told = viewer.play.told()
    if not viewer.play.may_answer():
        return
    viewer.play.give(wrong)
    viewer.play.click("check")
    viewer.play.expect(
        lambda: viewer.play.told() != told,
        f"{of} says something else to the wrong answer “{wrong}” than to the right one “{right}”",
    )


def _expect_option(viewer: Visitor, option: str, of: str) -> None:
    try:
        viewer.play.the("answer", answer=option)
    except AssertionError as error:
        raise AssertionError(f"{of} must offer the answer “{option}”: {error}") from None
