"""The rows that everybody shares are there: the default organization, the global tag types, the global tags."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from environments.migrations import Expectations
from fixtures.database import Database
from fixtures.findings import Findings
from fixtures.rehearsal import Rehearsal
from fixtures.seeds import expect_seeded
from fixtures.statements import expect_rows


@pytest.mark.check("db-default-org")
def test_the_default_organization_is_there(database: Database, expectations: Expectations, findings: Findings) -> None:
    """Old content belongs to it by its id; the functions and the backfill look it up by its slug."""
    expect_seeded(database, [expectations.seed("default-organization")], findings)


@pytest.mark.check("db-global-tags")
def test_the_global_tags_are_there(database: Database, expectations: Expectations, findings: Findings) -> None:
    """Every organization starts from them; one too many or under another name changes everybody's filters."""
    expect_seeded(database, [expectations.seed("global-tag-types"), expectations.seed("global-tags")], findings)


@pytest.mark.check("db-seed-valid")
def test_every_seed_on_the_target_is_as_expected(
    database: Database, expectations: Expectations, findings: Findings
) -> None:
    """All of them together: names, keys and switches, nothing more and nothing less."""
    expect_seeded(database, expectations.seeds.values(), findings)


@pytest.mark.check("db-seed-valid")
def test_the_migrations_alone_seed_it(rehearsal: Rehearsal, expectations: Expectations, findings: Findings) -> None:
    """Rows that somebody typed in on staging would be missing on production."""
    expect_seeded(rehearsal.migrated, expectations.seeds.values(), findings)


@pytest.mark.check("prod-organizations-count")
def test_the_checklists_count_of_organizations(statements: Mapping[str, str], database: Database) -> None:
    """At least the default one; how many more there are is nobody's business here."""
    (row,) = expect_rows(database, statements["prod-organizations-count"])

    assert row["count"] >= 1, "there is no organization, not even the default one"


@pytest.mark.check("prod-global-tags-count")
def test_the_checklists_count_of_global_tags(
    statements: Mapping[str, str], database: Database, expectations: Expectations
) -> None:
    """The number that the operator compares with: as many as the migrations seed."""
    expected = len(expectations.seed("global-tags").rows)

    (row,) = expect_rows(database, statements["prod-global-tags-count"])

    assert row["count"] == expected, f"{row['count']} global tags, expected {expected}"
