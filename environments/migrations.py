"""What an environment file says under `[migrations]`: what a rollout must leave behind, so that any rollout can be judged.

```toml
[migrations]
rollout = "../fixtures/reference"             # the directory that holds supabase/migrations; default: the stack's
expected = ["20251025200000_multi_tenant_organizations", …]   # what is rolled out; what comes before is the baseline
tables = ["public.organizations", …]          # the new tables
old_rows = "../fixtures/reference/…/old.sql"  # rows as they were before, where the baseline's migrations bring none

[migrations.backfilled]                       # old rows, and whom they were given to
tables = ["public.media_assets", "public.content_embeddings"]
column = "organization_id"
value = "00000000-0000-0000-0000-000000000001"

[migrations.seeds.default-organization]       # exactly these rows, where `where` holds
table = "public.organizations"
where = "id = '00000000-0000-0000-0000-000000000001'"
rows = [{ name = "LearnPlay", slug = "learnplay" }]
```
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

TableName = Annotated[str, Field(pattern=r"^[^.\s]+\.[^.\s]+$", description="schema.table")]
Label = Annotated[str, Field(pattern=r"^\d{14}_[^/]+$", description="a migration's file name without .sql")]
Scalar = str | int | float | bool


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Seed(_Section):
    """Rows that the migrations seed; `exact`: no others may be there where `where` (SQL) holds."""

    table: TableName
    where: str = "true"
    rows: tuple[dict[str, Scalar], ...] = Field(min_length=1)
    exact: bool = True

    @model_validator(mode="after")
    def _same_columns(self) -> Self:
        columns = set(self.rows[0])
        if wrong := [row for row in self.rows if set(row) != columns]:
            raise ValueError(f"every row names the same columns ({', '.join(sorted(columns))}); not so: {wrong[0]}")
        return self


class Backfilled(_Section):
    """Tables of the baseline that got a tenant column, and the tenant that their old rows were given to."""

    tables: tuple[TableName, ...] = Field(min_length=1)
    column: str
    value: Scalar


class Migrations(_Section):
    """The `[migrations]` section."""

    rollout: Path | None = None
    expected: tuple[Label, ...] = Field(default=(), description="in the order in which they are applied")
    tables: tuple[TableName, ...] = ()
    old_rows: Path | None = None
    backfilled: Backfilled | None = None
    seeds: dict[str, Seed] = Field(default_factory=dict)
    ignored_schemas: tuple[str, ...] = Field(default=(), description="schemas on the target that somebody else owns")
