"""The `[tenancy]` section of an environment file: what a person declares about tenants; it wins over inference."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from environments.files import read_toml

LOWER_KINDS = ("oracle", "exposure", "conditional-exposure", "attribution")
Operation = Literal["select", "insert", "update", "delete", "execute"]
Scope = Literal["own", "other", "global"]
Meaning = Literal["tenant", "role", "flag", "other"]
PLATFORM_CLAIMS = ("sub", "email", "role", "aal", "is_anonymous", "amr", "session_id", "aud", "phone")
"""What Auth itself says in every token: no tenant, and no role within one."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Membership(_Strict):
    """Where a user's tenant is written: a table with both, or a claim of the token."""

    table: str | None = None
    user: str | None = None
    tenant: str | None = None
    role: str | None = None
    claim: str | None = None
    """Dotted path in the token, for example `app_metadata.tenant_id`."""


class PublicByDesign(_Strict):
    """An object that everybody may read on purpose."""

    object: str
    reason: str = Field(min_length=1)
    actors: tuple[str, ...] = ()
    """Only these roles (`anon`, `authenticated`); empty means both."""


class Accepted(_Strict):
    """A finding of a lower kind (an inherent oracle, a conditional exposure) that a person accepts."""

    object: str
    kind: str
    reason: str = Field(min_length=1)
    operation: str | None = None
    """As the finding names it, `insert (slug)`, or all of that sort, `insert`; none means every one."""
    actors: tuple[Literal["members", "authenticated", "anon"], ...] = ()
    """Of whom: members of any tenant, whoever is signed in, whoever is not; empty means everybody."""

    def covers(self, role: str, *, member: bool) -> bool:
        """Whether it speaks of somebody with that database role, who is a member of a tenant or of none."""
        return not self.actors or role in self.actors or (member and "members" in self.actors)

    @field_validator("kind")
    @classmethod
    def _only_lower(cls, kind: str) -> str:
        if kind not in LOWER_KINDS:
            raise ValueError(
                f"only findings of kind {', '.join(LOWER_KINDS)} can be accepted; {kind!r} must be repaired"
            )
        return kind


class Grant(_Strict):
    """One line of the declared access matrix: what a role may do with which rows of an object."""

    role: str
    object: str
    own: tuple[Operation, ...] = ()
    other: tuple[Operation, ...] = ()
    global_: tuple[Operation, ...] = Field(default=(), alias="global")


class Tenancy(_Strict):
    """Declarations that help or correct inference; everything is optional."""

    declarations: Path | None = None
    """A file with these same keys, for what several environments share; what stands beside it wins over the file."""
    root: str | None = None
    """The table whose rows are the tenants, for example `public.organizations`."""
    membership: tuple[Membership, ...] = ()
    claims: dict[str, Meaning] = Field(default_factory=dict)
    """Claim of the token (dotted path, as the report names it) → what it says: the `tenant` of its bearer, their `role`
    there, a `flag` that is true or false, something `other`."""
    tenant_columns: dict[str, str] = Field(default_factory=dict)
    """Table → column that holds the tenant's key, where no foreign key says so."""
    public: tuple[PublicByDesign, ...] = ()
    accepted: tuple[Accepted, ...] = ()
    values: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """`schema.table.column` → values (as text) that synthesis may use there."""
    roles: tuple[str, ...] = ()
    """Role values, lowest first; inferred from what each may do otherwise."""
    exposed_schemas: tuple[str, ...] = ()
    """Schemas that PostgREST exposes; inferred from grants otherwise."""
    matrix: tuple[Grant, ...] = ()
    stamped: tuple[str, ...] = ()
    """`schema.table.column`: what the database itself writes there (who did it, when), whatever a client says; with
    ` on insert` behind it only into a new row: in which state it starts."""
    synthetic_tenants: bool = True
    """Whether tenants may be made up inside a transaction that is rolled back (say so for production)."""

    @field_validator("claims", mode="before")
    @classmethod
    def _dotted(cls, claims: Any) -> Any:
        """`app_metadata.role` without quotes is a table within a table to TOML, and the same claim."""
        return dict(_paths(claims)) if isinstance(claims, dict) else claims

    @model_validator(mode="after")
    def _said_once(self) -> Self:
        tenants = {member.claim for member in self.membership if member.claim}
        for claim, meaning in self.claims.items():
            if claim in PLATFORM_CLAIMS:
                raise ValueError(f"tenancy.claims: expected none of the platform's own, found `{claim}`")
            if claim in tenants and meaning != "tenant":
                raise ValueError(f'tenancy.claims: expected "tenant" of `{claim}`, which a membership names for one')
        return self

    @model_validator(mode="before")
    @classmethod
    def _shared(cls, data: Any, info: ValidationInfo) -> Any:
        if not isinstance(data, dict) or not isinstance(data.get("declarations"), str):
            return data
        file = Path((info.context or {}).get("folder", "."), data["declarations"])
        shared = read_toml(file)
        if "declarations" in shared:
            raise ValueError(f"{file.name}: expected no further `declarations`")
        return {**shared, **data, "declarations": file}


def _paths(claims: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, meaning in claims.items():
        if isinstance(meaning, dict):
            yield from ((f"{name}.{below}", inner) for below, inner in _paths(meaning))
        else:
            yield name, meaning
