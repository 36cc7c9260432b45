"""`[migrations]` of an environment file, and the expectations it names: what a rollout must leave in the database."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, field_validator, model_validator

from environments.files import read_toml, validated
from environments.sections import File, Section, Words
from fixtures.errors import Unverified

TableName = Annotated[str, Field(pattern=r"^[^.\s]+\.[^.\s]+$", description="schema.table")]
Label = Annotated[str, Field(pattern=r"^\d+_[^/]+$", description="a migration's file name without .sql")]
Scalar = str | int | float | bool


class Migrations(Section):
    """`[migrations]`: where the rollout's migrations are, and what they must leave behind."""

    rollout: File | None = None
    """The folder with `supabase/` in it; that of `stack.rollout` or `app.path` unless given."""
    expectations: File = Path(__file__).with_name("expectations.toml")
    """What the rollout must leave behind; another rollout brings its own."""
    old_rows: File | None = None
    """SQL that puts rows into the baseline's tables, where its own migrations bring none."""
    undo: File | None = None
    """SQL of the rollback for what no backup brings back: an extension, privileges on the platform's tables, secrets.

    It is run after the backup was restored, in the rehearsal as on the day.
    """
    ignored_schemas: Words = ()
    """Schemas of the target that somebody else owns: no drift there."""
    ignored_objects: Words = ()
    """Objects of the target that somebody else owns, as drift names them: `public.rls_auto_enable()`, `public.st_*`."""

    @field_validator("expectations")
    @classmethod
    def _can_be_read(cls, file: Path) -> Path:
        """A wrong file is known before anything starts. Raises `ConfigurationError`."""
        load_expectations(file)
        return file


class Seed(Section):
    """Rows that the migrations seed. `exact`: there are no others where the SQL condition `where` holds."""

    table: TableName
    where: str = "true"
    rows: tuple[dict[str, Scalar], ...] = Field(min_length=1)
    exact: bool = True

    @model_validator(mode="after")
    def _same_columns(self) -> Self:
        columns = set(self.rows[0])
        for number, row in enumerate(self.rows, start=1):
            if set(row) != columns:
                raise ValueError(f"row {number}: expected the same columns as in row 1 ({', '.join(sorted(columns))})")
        return self

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the rows name."""
        return tuple(self.rows[0])


class Backfilled(Section):
    """Tables of the baseline that got a tenant column, and the tenant that their old rows were given to."""

    tables: tuple[TableName, ...] = Field(min_length=1)
    column: str
    value: Scalar
    required: bool = False
    """Whether the column must be there in every row from then on (`not null`)."""


class Refusal(Section):
    """A statement that the tables must refuse, after others that they must take."""

    given: tuple[str, ...] = ()
    refused: str = Field(min_length=1)
    sqlstate: tuple[Annotated[str, Field(pattern=r"^[0-9A-Z]{2,5}$")], ...] = ("23",)
    """Beginnings of the SQLSTATE that count as a refusal; `23` is any violation of a constraint."""


class Expectations(Section):
    """What a rollout must leave in the database."""

    migrations: tuple[Label, ...] = Field(min_length=1)
    """What is rolled out, in order. What comes before the first is the baseline."""
    tables: tuple[TableName, ...] = Field(min_length=1)
    """The new tables."""
    seeds: dict[str, Seed] = Field(default_factory=dict)
    """Name → rows that everybody shares; checks ask for `default-organization`, `global-tag-types`, `global-tags`."""
    backfilled: Backfilled | None = None
    refusals: dict[str, Refusal] = Field(default_factory=dict)
    """Rule → a statement that the new tables must refuse."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if list(self.migrations) != sorted(set(self.migrations)):
            raise ValueError("migrations: expected each once, in ascending order")
        return self

    def seed(self, name: str) -> Seed:
        """One seed; raises `Unverified` if the expectations do not have it."""
        if name not in self.seeds:
            raise Unverified(f"the expectations of the migrations have no seeds.{name}")
        return self.seeds[name]

    def require_backfilled(self) -> Backfilled:
        """Whom old rows are given to; raises `Unverified` if the expectations do not say."""
        if self.backfilled is None:
            raise Unverified("the expectations of the migrations have no backfilled")
        return self.backfilled


def load_expectations(file: Path) -> Expectations:
    """Read a file of expectations. Raises `ConfigurationError` naming file, key and what was expected."""
    return validated(Expectations, read_toml(file), file)
