"""The checklist's rollback leads back to what was there before, step by step, and is never tried on the target."""

from __future__ import annotations

from concurrent.futures import Future
from pathlib import Path

import httpx
import pytest

from environments.migrations import Expectations
from environments.model import Environment
from fixtures.application import Application
from fixtures.documents import text_of
from fixtures.errors import Unverified
from fixtures.evidence import Evidence
from fixtures.migrations import not_backed_up
from fixtures.rehearsal import Rollout
from fixtures.releases import Reverted, build, revert
from fixtures.rollback import Deleted, Rollback, delete_functions
from fixtures.throwaway import Throwaway

NAMES = ("org-config", "list-courses-filtered", "publish-course", "restore-course-version", "regenerate-embeddings")
FUNCTIONS = [pytest.param(name, marks=pytest.mark.check(f"rollback-delete-{name}")) for name in NAMES]
STEPS = ("organizations", "user-roles", "tags", "course-metadata", "media-embeddings")
MIGRATIONS = [
    pytest.param(number, marks=pytest.mark.check(f"rollback-revert-{name}"), id=name)
    for number, name in enumerate(STEPS)
]


@pytest.fixture(scope="module", autouse=True)
def deleting(throwaway: Throwaway) -> Future[dict[str, Deleted]]:
    """The functions of a project of our own are deleted while the database is rolled back."""
    return throwaway.begin(lambda project: delete_functions(project, NAMES))


@pytest.fixture(scope="module")
def front_end(application: Application, tmp_path_factory: pytest.TempPathFactory) -> Reverted:
    """The repository, brought back to the previous release in a clone."""
    return revert(application, tmp_path_factory.mktemp("front-end"))


@pytest.mark.parametrize("number", MIGRATIONS)
def test_a_migration_is_reverted(
    rollback: Rollback, expectations: Expectations, environment: Environment, number: int
) -> None:
    """Newest first: after each step the ledger must hold exactly what is older, or a later push is refused.

    What a rollout has beyond the checklist's five is looked at with the last one.
    """
    labels = expectations.migrations[number : None if number == len(STEPS) - 1 else number + 1]
    if not labels:
        count, file = len(expectations.migrations), environment.migrations.expectations.name
        raise Unverified(
            f"{file} names {count} migrations, and this is number {number + 1}: a rollout that has fewer on purpose"
            f' says so in {environment.path.name}: [not_applicable] rollback-revert-{STEPS[number]} = "why"'
        )
    assert rollback.listed is not None
    listed = rollback.listed.expect_done()["migrations"]
    for label in reversed(labels):
        version = label.partition("_")[0]
        assert version in rollback.reverts, f"{label} is not in the repository, so it cannot be reverted"
        rollback.reverts[version].expect_done()
        older = [*rollback.baseline, *(each for each in reversed(rollback.newest_first) if each < version)]
        assert rollback.ledgers[version] == older, f"the ledger after {version} was reverted"
        applied = [row["local"] for row in listed if row["remote"]]
        assert version not in applied, f"`supabase migration list` still shows {version} as applied"


@pytest.mark.check("rollback-restore")
def test_the_backup_brings_back_what_was_there(
    rollback: Rollback, rollout: Rollout, application: Application, environment: Environment, evidence: Evidence
) -> None:
    """Schema and rows, object by object: what the restore does not bring back is found out in the worst hour else.

    Extensions, what is granted on the platform's tables, their rows, and roles with their settings are in no such
    backup: what a migration does to them has to be undone by the procedure.
    """
    assert rollback.restored is not None
    assert rollback.after is not None
    evidence.table(
        "time taken", ["step", "seconds"], [(step, f"{took:.2f}") for step, took in rollback.seconds.items()]
    )
    assert rollback.migrated.differences_from(rollback.before), "the migrations changed nothing: there is no way back"

    rollback.restored.expect_success()
    if rollback.undone is not None:
        rollback.undone.expect_success()
    differences = rollback.after.differences_from(rollback.before)

    found = f"{len(differences)} differences after the rollback (SQL of `migrations.undo` would be run before this):\n"
    assert not differences, found + "\n".join(differences[:40])
    undo = environment.migrations.undo
    procedure = text_of(application.path, application.settings.documents.disaster_recovery)
    procedure += undo.read_text(encoding="utf-8") if undo else ""
    stays = [each for migration in rollout.new for each in not_backed_up(migration, procedure)]
    assert not stays, "\n".join(map(str, stays))


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_is_deleted(deleting: Future[dict[str, Deleted]], function: str, evidence: Evidence) -> None:
    """A function that stays goes on writing by the new rules into the old tables."""
    deleted = deleting.result()[function]

    evidence.json("statuses", {"before": deleted.before, "after": deleted.after, "seconds": deleted.answer.ran.seconds})
    assert deleted.before != httpx.codes.NOT_FOUND, f"{function} is not there: nothing shows that it would be deleted"
    deleted.answer.expect_done()
    assert deleted.after == httpx.codes.NOT_FOUND, f"{function} still answers, with {deleted.after}"


@pytest.mark.check("rollback-frontend-revert")
def test_the_front_end_is_reverted(front_end: Reverted, evidence: Evidence) -> None:
    """A revert that meets a merge, or stops a commit short, is a release that never was."""
    evidence.text("git revert", f"{front_end.commits} commits\n{front_end.git.output}")

    front_end.git.expect_success()
    assert not front_end.differences, f"not as in the previous release: {', '.join(front_end.differences[:20])}"


@pytest.mark.check("rollback-frontend-build")
def test_the_previous_front_end_builds(front_end: Reverted, application: Application, evidence: Evidence) -> None:
    """The packages of last year are the ones that are gone today."""
    ran = build(application, front_end.application)

    evidence.text("build output", f"$ {ran.command}\n{ran.output}")
    ran.expect_success()
    page = front_end.application / application.settings.bundle / "index.html"
    assert Path(page).is_file(), f"the build ended well and wrote no {application.settings.bundle}/index.html"
