"""On the environment itself: every stored course has its row, its tags are queued, and the report was kept and read.

On `local` the backfill is run here, on a stored course that nobody registered; elsewhere people have run it, and what
they left is looked at: storage, tables and reports.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, timedelta

import pytest

from environments.model import Environment
from fixtures.application import Application
from fixtures.backfill import Report, variables_for
from fixtures.canaries import Canaries, Course
from fixtures.course_files import Courses, courses_of, file_of, names_tags, require_stored
from fixtures.database import Database
from fixtures.errors import Unverified
from fixtures.evidence import Evidence
from fixtures.gateway import Gateway

AROUND = timedelta(days=2)
"""The backfill is a step of the deployment, whose moment is that of its end."""


@pytest.fixture(scope="module")
def backfilled(environment: Environment, application: Application, request: pytest.FixtureRequest) -> Iterator[str]:
    """Where the reports of this environment's backfill are; on `local` it has been run here before that.

    It yields the pattern of their names, in the repository or (on `local`) in its copy.
    """
    if environment.profile != "local":
        yield application.settings.backfill_reports
        return
    canaries: Canaries = request.getfixturevalue("canaries")
    course = Course(canaries.name("backfill"), "", "")
    canaries.store(course, {"id": course.id, "title": "Never registered", "tags": {"theme": ["Heart"]}})
    api = environment.api
    if api is None:
        raise Unverified(f"{environment.path.name}: api.url is not set")
    keys = [key.get_secret_value() if key else "" for key in (api.secret_key, api.service_role_key)]
    running = application.start("backfill", folder=application.copy, variables=variables_for(api.url, *keys))
    ran = running.finish(application.settings.scripts.timeout)
    # Other checks store corrupt canaries on purpose, so its status alone says nothing: the report does.
    assert any(application.copy.glob(application.settings.backfill_reports)), f"it wrote no report: {ran.tail()}"
    yield application.settings.backfill_reports
    canaries.discard(course)


@pytest.fixture
def courses(backfilled: str, database: Database, environment: Environment, request: pytest.FixtureRequest) -> Courses:
    """The courses in storage and in the database, without what other checks have put there for a moment."""
    assert backfilled
    prefix = environment.permissions.canary_prefix
    others = [prefix]
    found = courses_of(database, environment, but=others)
    if environment.profile == "local":
        mine = request.getfixturevalue("canaries").prefix + "backfill"
        everything = courses_of(database, environment)

        def with_mine(kept: frozenset[str], every: frozenset[str]) -> frozenset[str]:
            return kept | {each for each in every if each.startswith(mine)}

        found = Courses(
            with_mine(found.stored, everything.stored),
            with_mine(found.registered, everything.registered),
            with_mine(found.bare, everything.bare),
        )
    require_stored(found, environment)
    return found


@pytest.fixture
def report(backfilled: str, environment: Environment, application: Application, evidence: Evidence) -> Report:
    """The newest report; on production the one that was archived counts, too."""
    folder = application.copy if environment.profile == "local" else application.path
    if environment.profile == "production" and any(folder.glob(application.settings.archived_reports)):
        backfilled = application.settings.archived_reports
    found = Report.newest(folder, backfilled)
    evidence.text(found.path.name, found.text, suffix=".md")
    return found


@pytest.mark.check("backfill-courses-complete", "stg-backfill-run", "prod-backfill-run")
def test_every_stored_course_has_a_row(courses: Courses, environment: Environment, evidence: Evidence) -> None:
    """To its owners a course without a row looks deleted."""
    evidence.table("courses", ["stored", "registered"], [(len(courses.stored), len(courses.registered))])

    missing = courses.unregistered

    named = ", ".join(missing[:20])
    assert not missing, f"{len(missing)} stored courses have no course_metadata row on {environment.name}: {named}"


@pytest.mark.check("backfill-suggestions-queued")
def test_tags_of_course_files_are_queued(
    courses: Courses, gateway: Gateway, environment: Environment, evidence: Evidence
) -> None:
    """Tags that only the old file knows are lost unless somebody is asked what they mean now."""
    candidates = sorted(courses.bare & courses.stored)

    files = gateway.together(lambda course: file_of(gateway, environment, course), candidates)
    lost = [course for course, file in zip(candidates, files, strict=True) if file and names_tags(file)]

    evidence.table("courses without tags", ["course", "tags in its file"], [(c, c in lost) for c in candidates])
    assert not lost, f"tags in the file, none on the course, and nothing in tag_approval_queue: {', '.join(lost[:20])}"


@pytest.mark.check("stg-backfill-report", "prod-backfill-run")
def test_the_report_agrees_with_the_database(report: Report, courses: Courses) -> None:
    """A report that counts wrongly hides the courses that were left behind, and one of elsewhere says nothing."""
    done = {course for course, result in report.results.items() if result in ("created", "existing")}
    unknown = sorted(course for course in done if course in courses.stored and course not in courses.registered)
    elsewhere = done and not (done & courses.stored)

    assert not report.contradictions(), f"{report.path.name}: " + "; ".join(report.contradictions())
    assert not elsewhere, f"{report.path.name}: none of its courses is stored here: it is another project's"
    assert not (left_out := _left_out(report, courses)), left_out
    assert not unknown, f"{report.path.name}: said to be registered, and without a row: {', '.join(unknown[:20])}"


@pytest.mark.check("backfill-no-errors")
def test_the_report_has_no_errors(report: Report, environment: Environment, request: pytest.FixtureRequest) -> None:
    """Each error is a course that was left out; canaries that other checks have corrupted on purpose are none."""
    others: list[str] = []
    if environment.profile == "local":
        mine = request.getfixturevalue("canaries").prefix + "backfill"
        prefix = environment.permissions.canary_prefix
        others = [course for course in report.failures if course.startswith(prefix) and not course.startswith(mine)]

    failed = [course for course in report.failures if course not in others]

    named = ", ".join(failed) or "unnamed courses"
    assert report.counts["errors"] == len(others), f"{report.path.name}: errors for {named}"


@pytest.mark.check("prod-backfill-archived")
def test_productions_report_is_archived(
    application: Application, courses: Courses, environment: Environment, evidence: Evidence
) -> None:
    """Months later it is the only answer to the question what became of a course.

    One of a rehearsal answers another question: it is older than the deployment, or has other courses in it.
    """
    archived = Report.newest(application.path, application.settings.archived_reports)

    evidence.text(archived.path.name, archived.text, suffix=".md")
    assert not archived.contradictions(), f"{archived.path.name}: " + "; ".join(archived.contradictions())
    assert set(archived.results) & courses.stored, f"{archived.path.name}: none of its courses is stored here"
    assert not (left_out := _left_out(archived, courses)), left_out
    deployed = environment.deployment.deployed_at
    if deployed and archived.day:
        early = deployed.astimezone(UTC).date() - archived.day
        assert early <= AROUND, (
            f"{archived.path.name} is {early.days} days older than the deployment ({deployed:%Y-%m-%d})"
        )


def _left_out(report: Report, courses: Courses) -> str:
    """Which courses a report should know of and does not: those whose files were there on the day before it."""
    missing = sorted(courses.stored_before(report.day) - set(report.results)) if report.day else []
    named = ", ".join(missing[:20])
    return (
        f"{report.path.name} does not tell of {len(missing)} courses that were stored before: {named}" if named else ""
    )
