"""Mutants of which no tenant can see anything, each established by hand, with the reason."""

from __future__ import annotations

EQUIVALENT: dict[str, str] = {}


def reason(name: str) -> str | None:
    """Why the mutant of that name changes nothing between tenants, None if it should be found."""
    return next((why for part, why in EQUIVALENT.items() if part in name), None)
