"""A policy or a filter that makes one organization pay for the rows of others is found, and a sound one is not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures.applying import expect_pushed
from fixtures.errors import Unverified
from fixtures.growth import SCREENS, SIZES, STEEP, measured
from fixtures.scratch import Scratch, ScratchDatabase
from tests.planted import ROOT

FEW = (10, 50, 250)  # what is spoilt takes seconds at a thousand
READ = "members read own and global courses"
FAULTS = {
    "a function that is asked for every row": f"""
        create function public.reads(org uuid) returns boolean
          language sql stable security definer set search_path = '' as $$
            select exists (select from public.user_roles where organization_id = org and user_id = auth.uid()) $$;
        alter policy "{READ}" on public.course_metadata using (visibility = 'global' or public.reads(organization_id));
    """,
    "a list that is made for every row": f"""
        alter policy "{READ}" on public.course_metadata
        using (visibility = 'global' or auth.uid() = any (array(
          select user_id from public.user_roles r where r.organization_id = course_metadata.organization_id)));
    """,
    "no index on the organization": "drop index public.course_metadata_organization_id_idx;",
}


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scratch]:
    made = Scratch(tmp_path_factory.mktemp("growth"))
    yield made
    made.stop()


@pytest.fixture(scope="module")
def migrated(scratch: Scratch) -> ScratchDatabase:
    database = scratch.database()
    expect_pushed(database, Path(ROOT, "fixtures/reference"))
    return database


def test_the_references_screens_cost_the_same_however_many_others_there_are(
    scratch: Scratch, migrated: ScratchDatabase
) -> None:
    growth = measured(scratch, migrated)

    for screen in SCREENS:
        assert [cost.organizations for cost in growth.of(screen)] == list(SIZES)
        assert growth.exponent(screen) < 0.1
        assert growth.of(screen)[-1].pages > 1


@pytest.mark.parametrize("fault", FAULTS)
def test_what_pays_for_the_rows_of_others_is_steep(scratch: Scratch, migrated: ScratchDatabase, fault: str) -> None:
    spoilt = scratch.database(like=migrated)
    spoilt.run(FAULTS[fault])

    growth = measured(scratch, spoilt, FEW)

    assert growth.exponent("catalogue") >= STEEP
    assert "Seq Scan course_metadata" in growth.of("catalogue")[-1].scans


def test_what_is_not_answered_at_all_is_a_failure(
    scratch: Scratch, migrated: ScratchDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoilt = scratch.database(like=migrated)
    spoilt.run(FAULTS["a function that is asked for every row"])
    monkeypatch.setattr("fixtures.growth.WITHIN", 0.01)

    with pytest.raises(AssertionError, match=r"not answered within 0\.01 s at \d+ organizations: select"):
        measured(scratch, spoilt, FEW)


def test_a_viewer_who_sees_nothing_measures_nothing(scratch: Scratch, migrated: ScratchDatabase) -> None:
    spoilt = scratch.database(like=migrated)
    spoilt.run(f'alter policy "{READ}" on public.course_metadata using (false);')

    with pytest.raises(Unverified, match="the catalogue shows a viewer 0 courses"):
        measured(scratch, spoilt, FEW)


def test_another_schema_is_unverified(scratch: Scratch) -> None:
    with pytest.raises(Unverified, match=r'relation "public\.tags" does not exist'):
        measured(scratch, scratch.database())
