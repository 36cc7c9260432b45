"""Every class of leak: the sound schema is clear, the planted fault is found on its object, the repaired schema is
clear again.
"""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest

from fixtures.isolation.engine import examine
from tests.isolation.planted import FAULTS, SOUND, Fault


@pytest.fixture(scope="module")
def dsn(database_of: Callable[[str], str]) -> str:
    return database_of(SOUND)


def run(dsn: str, statements: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(statements)  # type: ignore[call-overload]


def test_the_sound_schema_is_clear(dsn: str) -> None:
    report = examine(dsn)

    assert [str(f) for f in report.findings] == []
    assert report.unverified == {}
    assert report.all_clear


@pytest.mark.parametrize("fault", [f for f in FAULTS if f.kinds], ids=lambda f: f.name)
def test_a_planted_fault_is_found_and_its_repair_clears_it(fault: Fault, dsn: str) -> None:
    run(dsn, fault.plant)
    try:
        planted = examine(dsn)
    finally:
        run(dsn, fault.repair)

    found = {(f.kind, f.object) for f in planted.findings}
    assert any((kind, fault.object) in found for kind in fault.kinds), found
    # What a raised authority opens, a recursion breaks or a shared name betrays may be named too; else only the fault's
    # object.
    if fault.kinds[0] not in ("authority", "availability", "oracle"):
        assert {f.object for f in planted.findings} == {fault.object}


def test_after_all_repairs_it_is_clear_again_and_nothing_is_left(dsn: str) -> None:
    report = examine(dsn)

    assert [str(f) for f in report.findings] == []
    with psycopg.connect(dsn) as connection:
        counts = connection.execute(
            "select (select count(*) from auth.users), (select count(*) from public.organizations)"
        ).fetchone()
    assert counts == (0, 0)
