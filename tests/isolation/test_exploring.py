"""Programs that Hypothesis composes find what takes several steps, and nothing on a sound schema."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from fixtures.isolation import exploring
from fixtures.isolation.engine import examine
from fixtures.waiting import seconds

# Whoever says that their own request is about everybody, and then approves it, reads all papers: two harmless steps.
SCHEMA = """
create table public.tenants (id uuid primary key default gen_random_uuid(), name text not null);
create table public.members (
  user_id uuid not null references auth.users (id), tenant_id uuid not null references public.tenants (id),
  primary key (user_id, tenant_id));
create table public.papers (
  id uuid primary key default gen_random_uuid(), tenant_id uuid not null references public.tenants (id),
  body text not null);
create table public.requests (
  id uuid primary key default gen_random_uuid(), tenant_id uuid not null references public.tenants (id),
  about text not null default 'own' check (about in ('own', 'everybody')),
  state text not null default 'new' check (state in ('new', 'approved')), note text);
create function public.mine() returns setof uuid language sql stable security definer set search_path = '' as
  $$ select tenant_id from public.members where user_id = auth.uid() $$;
alter table public.tenants enable row level security;
alter table public.members enable row level security;
alter table public.papers enable row level security;
alter table public.requests enable row level security;
create policy own on public.tenants for select to authenticated using (id in (select public.mine()));
create policy own on public.members for select to authenticated using (user_id = (select auth.uid()));
create policy own on public.requests for all to authenticated
  using (tenant_id in (select public.mine())) with check (tenant_id in (select public.mine()));
create policy own on public.papers for select to authenticated using (tenant_id in (select public.mine()){also});
grant select on public.tenants, public.members, public.papers to authenticated;
grant select, insert, update, delete on public.requests to authenticated;
"""
OPENED = """ or exists (
  select from public.requests where about = 'everybody' and state = 'approved'
  and tenant_id in (select public.mine()))"""


@pytest.fixture(autouse=True)
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(exploring, "KEPT", tmp_path / "kept")
    return tmp_path / "kept"


def test_what_takes_two_harmless_steps_is_found_shrunk_and_kept(database_of: Callable[[str], str], kept: Path) -> None:
    dsn = database_of(SCHEMA.format(also=OPENED))

    gate = examine(dsn)
    report = examine(dsn, profile="explore", explore_seconds=10)

    assert [f for f in gate.findings if f.object == "public.papers"] == [], "the exhaustive pass sees single steps"
    [finding] = [f for f in report.findings if f.object == "public.papers"]
    assert (finding.kind, finding.operation) == ("confidentiality", "select")
    assert "update public.requests about = everybody" in finding.observed
    assert "update public.requests state = approved" in finding.observed
    assert finding.observed.count("; then ") == 1, "shrunk to the two steps that it takes"
    assert any(kept.rglob("*")), "the next exploration begins with it"
    assert any(line.startswith("explored ") for line in report.inferred)


def test_nothing_is_found_where_nothing_opens(database_of: Callable[[str], str]) -> None:
    report = examine(database_of(SCHEMA.format(also="")), profile="explore", explore_seconds=4)

    assert report.findings == []
    assert report.unverified == {}


@pytest.mark.parametrize(("text", "expected"), [("90", 90), ("90s", 90), ("10m", 600), ("1.5h", 5400)])
def test_durations(text: str, expected: float) -> None:
    assert seconds(text) == expected


def test_what_is_no_duration_is_refused() -> None:
    with pytest.raises(ValueError, match="'soon' is no duration: expected 90s, 10m or 2h"):
        seconds("soon")
