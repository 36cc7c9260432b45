"""Every single guard of the reference rollout matters, and is missed when it is gone."""

from __future__ import annotations

from tests.reference.faults import cases, faults, noticed
from tests.reference.world import World

AT_LEAST = 100


def test_whichever_guard_is_removed_something_fails(world: World) -> None:
    """A guard that nobody misses is not tested or not needed. `python -m tests.reference.faults` says who notices."""
    planted, candidates = faults(world.connection), cases()

    missed = [fault.statement for fault in planted if noticed(world, fault, candidates) is None]

    assert len(planted) > AT_LEAST
    assert missed == []
