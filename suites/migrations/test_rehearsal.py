"""The migrations can be applied to every state that they may meet, and lead to the same schema from each."""

from __future__ import annotations

import pytest

from environments.migrations import Expectations
from fixtures import schema
from fixtures.applying import expect_applied, expect_pushed, push_half
from fixtures.evidence import Evidence
from fixtures.old_rows import diversify, expect_still_there
from fixtures.refusals import accepted
from fixtures.rehearsal import Rehearsal, Rollout, State
from fixtures.rows import expect_rows_kept, expect_value, rows_of
from fixtures.schema.model import Column, Constraint, Grant, Index, Table, Trigger

pytestmark = pytest.mark.check("db-migrations-tested")


def test_they_apply_to_an_empty_project(rehearsal: Rehearsal, rollout: Rollout, expectations: Expectations) -> None:
    """By the real CLI, as the checklist does it: a new project, and every developer's, starts from nothing."""
    project = rehearsal.empty()

    expect_pushed(project, rollout.directory)

    tables = {table.object for table in project.snapshot().of(Table)}
    assert set(expectations.tables) <= tables, f"not created: {sorted(set(expectations.tables) - tables)}"


def test_a_second_push_changes_nothing(rehearsal: Rehearsal, rollout: Rollout) -> None:
    """Deploys are repeated; whatever a second one did would be done by accident."""
    project = rehearsal.after(len(rollout.new))
    before = State.of(project)

    expect_pushed(project, rollout.directory)

    assert not (differences := State.of(project).differences_from(before)), "\n".join(differences)


def test_old_rows_are_kept(rehearsal: Rehearsal, rollout: Rollout, evidence: Evidence) -> None:
    """A migration that works on an empty table may lose, refuse or rewrite the rows that people have."""
    project = rehearsal.baseline()
    before = rows_of(project, rehearsal.old_columns)

    expect_pushed(project, rollout.directory)

    evidence.table("old rows", ["table", "rows"], [(table, rows.total()) for table, rows in before.items()])
    expect_rows_kept(project, before, rehearsal.old_columns)


def test_old_rows_are_given_to_the_default_organization(
    rehearsal: Rehearsal, rollout: Rollout, expectations: Expectations
) -> None:
    """A row without an owner is shown to nobody or to everybody, and neither is what its author wanted."""
    given = expectations.require_backfilled()
    unwatched = set(given.tables) - set(rehearsal.old_columns)
    assert not unwatched, f"not in the baseline: {sorted(unwatched)}"
    project = rehearsal.baseline()

    expect_applied(project, rollout.new)

    for table in given.tables:
        expect_value(project, table, given.column, given.value)
    columns = {each.object: each for each in rehearsal.complete.of(Column) if each.name == given.column}
    optional = [table for table in given.tables if given.required and columns[table].nullable]
    assert not optional, f"{given.column} may be empty in {', '.join(optional)}: the next row belongs to nobody"


def test_whatever_the_old_tables_allow_is_migrated(rehearsal: Rehearsal, rollout: Rollout, evidence: Evidence) -> None:
    """Doubles, and rows with nothing where nothing is allowed: production has them, and the seeds of a test do not.

    Their values may be settled on the way; the rows must stay, and so must the stored files.
    """
    project = rehearsal.baseline()
    there = diversify(project, rehearsal.old_columns)
    evidence.table("rows", ["table", "rows"], [(table, len(keys)) for table, keys in there.items()])

    try:
        expect_applied(project, rollout.new)
    except AssertionError as error:
        allowed = "on rows that the old tables allow (each doubled, and once more with nothing in what may be empty)"
        raise AssertionError(f"{error}\n{allowed}") from None

    expect_still_there(project, there)


def test_the_tables_refuse_what_they_must(rehearsal: Rehearsal, expectations: Expectations, evidence: Evidence) -> None:
    """A key or a condition that was forgotten is missed by nobody until there are two of what is there once."""
    broken = accepted(rehearsal.migrated, expectations.refusals)

    evidence.text("rules", "\n".join(expectations.refusals))
    assert not broken, "\n".join(broken)


def test_nothing_is_left_half_made(rehearsal: Rehearsal) -> None:
    """A constraint that was never validated holds for new rows alone; a trigger switched off does nothing."""
    made = rehearsal.complete

    left = [f"{each.object} {each.title} was never validated" for each in made.of(Constraint) if not each.validated]
    left += [f"{each.object} {each.title} is not valid" for each in made.of(Index) if not each.valid]
    left += [f"{each.object} {each.title} is disabled" for each in made.of(Trigger) if each.enabled == "disabled"]

    assert not left, "\n".join(left)


def test_every_earlier_state_leads_to_the_same_schema(rehearsal: Rehearsal, rollout: Rollout) -> None:
    """Staging, production and a developer's copy may each be somewhere else on the way."""
    for count in range(len(rollout.new) + 1):
        project = rehearsal.after(count)

        expect_applied(project, rollout.new)

        differences = schema.compare(
            rehearsal.complete, project.snapshot(), names=("all at once", f"after the first {count}, then the rest")
        )
        assert not differences, "\n".join(map(str, differences))


def test_both_regimes_of_default_grants_end_in_the_same_privileges(rehearsal: Rehearsal, evidence: Evidence) -> None:
    """Older projects grant new tables to every client role, newer ones to none: nothing may rest on either."""
    explicit, legacy = rehearsal.complete, rehearsal.complete_with_legacy_grants

    grants = [schema.Snapshot(tuple(side.of(Grant))) for side in (explicit, legacy)]
    differences = schema.compare(*grants, names=("by default nothing", "by default everything"))

    rows = [(grant.object, grant.name, ", ".join(grant.privileges)) for grant in explicit.of(Grant)]
    evidence.table("effective privileges", ["object", "role", "privileges"], rows)
    assert not differences, "\n".join(map(str, differences))


def test_a_migration_that_fails_leaves_nothing_behind(rehearsal: Rehearsal, rollout: Rollout) -> None:
    """What a failed push leaves behind makes the next one fail too, on a schema that no version of the code knows."""
    for count, migration in enumerate(rollout.new):
        project = rehearsal.after(count)
        before = State.of(project)

        push_half(project, migration)

        left = State.of(project).differences_from(before)
        assert not left, f"{migration.path.name}: failed at its end, and left behind: " + "\n".join(left)
