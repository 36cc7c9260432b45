"""Attestations: what people sign for, in `environments/attestations.toml`, for the items that no program can decide.

    [[attestation]]
    item = "contact-engineering"
    environment = "production"
    by = "Ada Lovelace"
    role = "engineering lead"
    on = 2026-11-20T09:30:00Z
    statement = "On call from 20 November: Ada Lovelace, +44 20 7946 0000; called once, answered."
    link = "https://wiki.example.org/on-call"
    expires = 2026-12-31

One that is lapsed, dated in the future, or signed by nobody does not count, and a later one supersedes earlier ones.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from environments.files import read_toml, validated
from environments.placeholders import placeholder

ATTESTATIONS_FILE = Path(__file__).parent / "attestations.toml"


def _day(at: time) -> BeforeValidator:
    """Let a bare date stand for a moment of that day in UTC."""

    def moment(value: Any) -> Any:
        plain = isinstance(value, date) and not isinstance(value, datetime)
        return datetime.combine(value, at, UTC) if plain else value

    return BeforeValidator(moment)


Start = Annotated[AwareDatetime, _day(time.min)]
"""A moment, or a day: its beginning in UTC."""
End = Annotated[AwareDatetime, _day(time.max)]
"""A moment, or a day: its end in UTC."""


class Attestation(BaseModel):
    """One person's signed statement about one item on one environment."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    item: str
    environment: str
    by: str = ""
    role: str = ""
    on: Start
    statement: str = ""
    link: str = ""
    expires: End

    def invalid(self, now: datetime) -> str | None:
        """Why the attestation does not count at `now` (timezone-aware), or None if it does."""
        for key, text in (("by", self.by), ("role", self.role), ("statement", self.statement)):
            found = placeholder(text)
            if found is not None:
                return f"`{key}` of the attestation {f'says {found}' if found else 'is empty'}"
        if self.link and (found := placeholder(self.link)) is not None:
            return f"`link` of the attestation says {found or 'nothing'}"
        if self.on > now:
            return f"attested by {self.by} on {self.on:%Y-%m-%d}, which is in the future"
        if self.expires < now:
            return f"the attestation of {self.by} lapsed on {self.expires:%Y-%m-%d}"
        return None


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    attestation: tuple[Attestation, ...] = Field(default=())


def load_attestations(file: Path = ATTESTATIONS_FILE) -> tuple[Attestation, ...]:
    """All attestations of the file, none if there is no such file; raises `ConfigurationError` if it is wrong."""
    return validated(_File, read_toml(file), file).attestation if file.exists() else ()


def stranger(name: str, approvers: Collection[str]) -> bool:
    """Whether somebody is not among those who may sign; everybody may where nobody is named."""
    return bool(approvers) and name.strip().casefold() not in {each.strip().casefold() for each in approvers}


def attested(
    attestations: Iterable[Attestation],
    item: str,
    environment: str,
    now: datetime,
    *,
    approvers: Collection[str] = (),
    since: tuple[datetime, str] | None = None,
) -> tuple[Attestation | None, str]:
    """The attestation that decides the item on the environment at `now`, or None and why there is none.

    The latest one supersedes the others, whatever it says; one dated in the future supersedes nothing. `approvers` are
    those who may sign (`people.approvers`). What it is about happens `since` a moment (and what that is): nobody can
    have signed for it on a day before.
    """
    ours = sorted(
        (one for one in attestations if one.item == item and one.environment == environment), key=lambda one: one.on
    )
    if not ours:
        return None, "not attested"
    latest = next((one for one in reversed(ours) if one.on <= now), ours[-1])
    reason = latest.invalid(now)
    if reason is None and stranger(latest.by, approvers):
        reason = f"attested by {latest.by}, who is not one of people.approvers"
    if reason is None and since and latest.on.astimezone(UTC).date() < since[0].astimezone(UTC).date():
        reason = f"attested by {latest.by} on {latest.on:%Y-%m-%d}, before {since[1]} on {since[0]:%Y-%m-%d}"
    return (None, reason) if reason else (latest, "")
