"""Waivers: failures that somebody accepts for a while, in `environments/waivers.toml`. The failure stays visible.

[[waiver]]
item = "should-cache-hits"
environment = "staging"
reason = "The cache in front of Storage is switched on in the week after the deploy."
ticket = "https://tracker.example.org/OPS-231"
approver = "Grace Hopper"
expires = 2026-12-15
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from environments.attestations import End, stranger
from environments.files import read_toml, validated
from environments.placeholders import placeholder

WAIVERS_FILE = Path(__file__).parent / "waivers.toml"


class Waiver(BaseModel):
    """One accepted failure of one item on one environment, until it expires."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    item: str
    environment: str
    reason: str = ""
    ticket: str = ""
    approver: str = ""
    expires: End

    def invalid(self, now: datetime) -> str | None:
        """Why the waiver does not count at `now` (timezone-aware), or None if it does."""
        for key, text in (("reason", self.reason), ("ticket", self.ticket), ("approver", self.approver)):
            found = placeholder(text)
            if found is not None:
                return f"`{key}` of the waiver {f'says {found}' if found else 'is empty'}"
        if self.expires < now:
            return f"the waiver approved by {self.approver} expired on {self.expires:%Y-%m-%d}"
        return None


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    waiver: tuple[Waiver, ...] = Field(default=())


def load_waivers(file: Path = WAIVERS_FILE) -> tuple[Waiver, ...]:
    """All waivers of the file, none if there is no such file; raises `ConfigurationError` if it is wrong."""
    return validated(_File, read_toml(file), file).waiver if file.exists() else ()


def waived(
    waivers: Iterable[Waiver], item: str, environment: str, now: datetime, *, approvers: Collection[str] = ()
) -> tuple[Waiver | None, str]:
    """The live waiver for the item on the environment, or None and why the ones that are there do not count.

    `approvers` are those who may approve one (`people.approvers`).
    """
    reasons = []
    for one in waivers:
        if one.item == item and one.environment == environment:
            reason = one.invalid(now)
            if reason is None and stranger(one.approver, approvers):
                reason = f"the waiver is approved by {one.approver}, who is not one of people.approvers"
            if reason is None:
                return one, ""
            reasons.append(reason)
    return None, "; ".join(reasons)
