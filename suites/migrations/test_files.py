"""The repository holds the migrations of the rollout, under their names, in an order that every system agrees on."""

from __future__ import annotations

from collections import Counter

import pytest

from environments.migrations import Expectations
from fixtures.migrations import misnamed_files
from fixtures.rehearsal import Rollout

pytestmark = pytest.mark.check("db-migrations-tested")


def test_the_rollout_consists_of_its_migrations_in_order(rollout: Rollout, expectations: Expectations) -> None:
    """One that is missing, renamed or slipped in between would be applied to some systems and not to others."""
    expected = list(expectations.migrations)

    found = [migration.label for migration in rollout.new]

    assert found[: len(expected)] == expected, f"in {rollout.directory}: {found}, expected {expected}"


def test_every_file_is_one_that_the_cli_applies(rollout: Rollout) -> None:
    """`supabase db push` passes over a file whose name it does not understand without an error."""
    wrong = misnamed_files(rollout.directory)

    assert not wrong, "\n".join(wrong)


def test_no_two_migrations_share_a_version(rollout: Rollout) -> None:
    """The version is the ledger's key: the second of two would never be applied, or stop the push."""
    counts = Counter(migration.version for migration in rollout.all)

    shared = [migration.label for migration in rollout.all if counts[migration.version] > 1]

    assert not shared, f"more than one file of the same version: {', '.join(shared)}"
