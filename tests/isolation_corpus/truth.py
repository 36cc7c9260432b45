"""The ground truth of the corpus: what `truth.toml` beside each `schema.sql` says, as models."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

HERE = Path(__file__).parent
Kind = Literal["confidentiality", "integrity", "authority", "availability", "oracle", "conditional-exposure"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Leak(_Strict):
    """One object that leaks, the sentence why, and SQL whose last statement answers one row `true`."""

    object: str
    kinds: tuple[Kind, ...] = Field(min_length=1)
    why: str
    proof: str
    also: tuple[str, ...] = ()
    """Other objects under whose name the same defect may be reported (a trigger's table, what a promotion opens)."""


class Control(_Strict):
    """Something tricky that is sound: SQL whose last statement answers `true` while it holds."""

    object: str
    holds: str
    proof: str


class Truth(_Strict):
    """One schema's ground truth. Every object that a client can name is in exactly one list."""

    name: str = ""
    story: str
    grants: Literal["explicit", "legacy"] = "explicit"
    setup: str = ""
    outsiders: tuple[str, ...] = ()
    """Actors of the set-up who must not see a row that contains the word `canary` through a clean object."""
    clean: tuple[str, ...] = ()
    accepted: tuple[str, ...] = ()
    """Sound but for an inherent oracle or an exposure by their own data (a globally unique slug, a published row): a
    finding of such a lower kind is neither found nor a false alarm, any other is one."""
    declared_public: tuple[str, ...] = ()
    """Public on purpose, which nobody can tell from the schema: that it can be read is not charged, all else is."""
    debatable: tuple[str, ...] = ()
    """Where careful people differ (a lease names its renter, who may be anybody): no finding counts, for or against."""
    accepted_operations: tuple[str, ...] = ()
    """Operations that no finding is charged for: what the old default grants gave to all and the API does not offer."""
    leak: tuple[Leak, ...] = ()
    control: tuple[Control, ...] = ()

    @property
    def schema_sql(self) -> str:
        return (HERE / self.name / "schema.sql").read_text()


def load(name: str) -> Truth:
    """The ground truth of the schema in the folder `name`."""
    data = tomllib.loads((HERE / name / "truth.toml").read_text())
    return Truth.model_validate({"name": name, **data})


def names() -> list[str]:
    """All schemas of the corpus, by folder name."""
    return sorted(path.parent.name for path in HERE.glob("*/truth.toml"))


def normal(thing: str) -> str:
    """One spelling for an object: no spaces after commas, no schema before an extension's type, no quotes."""
    text = thing.replace('"', "").replace("extensions.", "").replace("pg_catalog.", "")
    return ",".join(part.strip() for part in text.split(","))
