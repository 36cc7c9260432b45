"""The backfill registers every stored course once, says truly what it did, and gets over what goes wrong."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import Future

import pytest

from environments.model import Environment
from fixtures.application import Application
from fixtures.backfill import CORRUPT, CROWD, KEPT, Experiment, experiment, title_of
from fixtures.evidence import Evidence
from fixtures.throwaway import Throwaway

pytestmark = pytest.mark.check("db-backfill-tested")


@pytest.fixture(scope="module")
def begun(application: Application, environment: Environment, throwaway: Throwaway) -> Future[Experiment]:
    """The backfill on a project of our own: sound and corrupt course files, three runs, the first killed half-way."""
    return throwaway.begin(lambda project: experiment(application, environment, project))


@pytest.fixture
def seen(begun: Future[Experiment], evidence: Evidence) -> Experiment:
    """What it did, with each run's output as evidence."""
    found = begun.result()
    for number, (ran, report) in enumerate(zip(found.runs, found.reports, strict=True), start=1):
        evidence.text(
            f"run {number} output", f"$ {ran.command}\n{ran.output}\n({ran.ending}, after {ran.seconds:.1f} s)"
        )
        if report:
            evidence.text(f"run {number} report", report.text, suffix=".md")
    return found


def test_a_killed_run_can_be_run_again(seen: Experiment) -> None:
    """Backfills are killed: by a deadline, a closed laptop. What is half done then must not be in the way."""
    half, whole = seen.rows[0], seen.rows[1]

    assert 0 < sum(half[course] for course in seen.sound) < len(seen.sound), "the first run was not killed half-way"
    missing = [course for course in seen.sound if not whole[course]]
    assert not missing, f"after a run that was killed and another, without a row: {missing}\n{seen.runs[1].tail()}"


def test_every_course_is_registered_once(seen: Experiment) -> None:
    """A course without a row belongs to nobody, and cannot be found. There are more than storage lists at once."""
    assert {course: seen.rows[1][course] for course in seen.sound} == dict.fromkeys(seen.sound, 1)


def test_suggestions_are_queued_once(seen: Experiment) -> None:
    """Old tags that are not queued are lost: nobody will be asked what they mean. Twice is work for nothing."""
    queued = {course: seen.queue[1][course] for course in seen.sound if seen.queue[1][course]}

    assert queued == dict.fromkeys(seen.tagged, 1), "courses with tags in their file should have one suggestion each"


def test_suggestions_say_what_the_file_says(seen: Experiment) -> None:
    """All of its tags, and as a question: a suggestion that is approved already was never put to anybody."""
    said = {course: seen.said[course] for course in seen.tagged if course in seen.said}
    assert said, "no course with tags was registered"

    texts = {course: {text.strip().casefold() for text in each.suggested} for course, each in said.items()}
    lost = [
        f"{c}: {text}" for c, tags in seen.tagged.items() for text in tags if text.casefold() not in texts.get(c, ())
    ]
    decided = [f"{course}: {', '.join(each.status)}" for course, each in said.items() if set(each.status) - {"pending"}]

    assert not lost, f"tags of the file that no suggestion has: {'; '.join(lost[:10])}"
    assert not decided, f"suggestions that are not pending: {'; '.join(decided[:10])}"


def test_a_row_says_what_the_file_says(seen: Experiment) -> None:
    """A course that nobody made global is its organization's, and one under a wrong title is not found."""
    said = {course: seen.said[course] for course in seen.sound if course in seen.said}
    assert said, "no course was registered"

    published = [course for course, each in said.items() if each.visibility != "org"]
    renamed = [f"{c}: {each.title!r}" for c, each in said.items() if each.title not in (None, "", title_of(c))]

    assert not published, f"visible beyond their organization: {', '.join(published[:10])}"
    assert not renamed, f"under another title than in their file: {'; '.join(renamed[:10])}"


def test_what_was_there_stays(seen: Experiment) -> None:
    """A course of another organization, and what was decided about its tags, are none of the backfill's business."""
    before, *after = seen.kept

    assert [each for each in after if each != before] == [], f"{KEPT} should stay as it was: {before}"


def test_a_corrupt_file_is_reported_and_stops_nothing(seen: Experiment) -> None:
    """One bad file out of a thousand must not decide about the others, nor pass without a word."""
    report = seen.reports[1]

    assert report, f"the run wrote no report: {seen.runs[1].tail()}"
    corrupt = sorted([*CORRUPT, *CROWD])
    assert report.failures == corrupt, "the report should mark exactly the corrupt files as errors"
    registered = [course for course in corrupt if seen.rows[1][course]]
    assert not registered, f"registered in spite of a file that cannot be read: {registered}"


def test_the_report_is_true(seen: Experiment) -> None:
    """Somebody decides by these numbers whether to go on."""
    before, after, report = seen.rows[0], seen.rows[1], seen.reports[1]
    assert report, f"the run wrote no report: {seen.runs[1].tail()}"

    created = sorted(course for course in seen.sound if after[course] and not before[course])
    existing = sorted(course for course in [*seen.sound, KEPT] if before[course])

    assert not report.contradictions(), "; ".join(report.contradictions())
    stored = len(seen.sound) + len(CORRUPT) + len(CROWD) + 1
    assert report.counts["total"] == stored, "total should be the course files in storage"
    said = Counter(report.results.values())
    assert (said["created"], said["existing"]) == (len(created), len(existing)), "created and existing, as it happened"
    assert sorted(course for course, result in report.results.items() if result == "created") == created


def test_it_keeps_its_key_to_itself(seen: Experiment) -> None:
    """Reports are archived and read by many, and its output is in the log of whoever ran it."""
    told = [f"run {number}: its output" for number, ran in enumerate(seen.runs, 1) if seen.secret in ran.output]
    told += [
        f"run {n}: its report" for n, report in enumerate(seen.reports, 1) if report and seen.secret in report.text
    ]

    assert seen.secret, "there is no key to look for"
    assert not told, f"the key that bypasses every policy is in {', '.join(told)}"


def test_a_second_run_changes_nothing(seen: Experiment) -> None:
    """Whoever is not sure whether it ran runs it again."""
    report = seen.reports[2]

    assert seen.contents[2] == seen.contents[1], "the rows are others after one more run"
    assert report, f"the run wrote no report: {seen.runs[2].tail()}"
    assert report.counts["created"] == 0, "one more run says that it created something"
