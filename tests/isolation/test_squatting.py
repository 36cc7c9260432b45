"""What a table lets be said once over all tenants: each key that lacks the tenant is told, whatever else is."""

from __future__ import annotations

import pytest

from environments.tenancy import Accepted, Tenancy
from tests.isolation.conftest import Examine

ROOMS = """
create table houses (id uuid primary key default gen_random_uuid(), street text not null);
create table keepers (
  house_id uuid not null references houses, person uuid not null references auth.users, primary key (house_id, person)
);
create table rooms (
  id uuid primary key default gen_random_uuid(), house_id uuid not null references houses, door text not null
);
create table lodgers (
  id uuid primary key default gen_random_uuid(), house_id uuid not null references houses,
  person uuid references auth.users, passport text not null unique, card text not null unique
);
create table lettings (
  id uuid primary key default gen_random_uuid(), house_id uuid not null references houses,
  room_id uuid not null references rooms on delete cascade,
  lodger_id uuid not null references lodgers on delete cascade,
  state text not null default 'offered' check (state in ('offered', 'let', 'ended'))
);
create unique index one_letting on lettings (room_id) where state = 'let';
create function keeps(h uuid) returns boolean language sql stable security definer set search_path = public as
$$ select exists (select 1 from keepers where house_id = h and person = auth.uid()) $$;
create function lodges(l uuid) returns boolean language sql stable security definer set search_path = public as
$$ select exists (select 1 from lodgers where id = l and person = auth.uid()) $$;
alter table houses enable row level security;
alter table keepers enable row level security;
alter table rooms enable row level security;
alter table lodgers enable row level security;
alter table lettings enable row level security;
create policy own on houses for select to authenticated using (keeps(id));
create policy own on keepers for select to authenticated using (keeps(house_id));
create policy own on rooms for select to authenticated using (keeps(house_id));
create policy own on lodgers for all to authenticated using (keeps(house_id));
create policy own on lettings for all to authenticated using (keeps(house_id));
create policy lodger on lettings for select to authenticated using (lodges(lodger_id));
grant select on houses, keepers, rooms to authenticated;
grant select, insert on lodgers to authenticated;
grant select, insert, update, delete on lettings to authenticated;
"""
BOTH = ["insert (card)", "insert (passport)"]


def test_a_place_is_taken_beside_whatever_else_a_table_is_charged_with(examined: Examine) -> None:
    report = examined(ROOMS)

    found = {(f.kind, f.operation) for f in report.findings if f.object == "public.lettings"}
    assert {("integrity", "insert"), ("integrity", "insert (room_id)")} <= found


def test_each_key_without_the_tenant_is_told(examined: Examine) -> None:
    report = examined(ROOMS)

    told = [f for f in report.findings if f.object == "public.lodgers" and f.kind == "oracle"]
    assert [f.operation for f in told] == BOTH
    assert len({f.id for f in told}) == 2, "each is told apart, and shown by a script of its own"


@pytest.mark.parametrize(
    ("operation", "left"), [("insert", []), (None, []), ("insert (card)", ["insert (passport)"]), ("update", BOTH)]
)
def test_a_key_is_accepted_with_the_operation_or_alone(
    operation: str | None, left: list[str], examined: Examine
) -> None:
    accepted = Accepted(object="public.lodgers", kind="oracle", operation=operation, reason="one passport, one lodger")

    report = examined(ROOMS, Tenancy(accepted=(accepted,)))

    assert [f.operation for f in report.findings if f.object == "public.lodgers"] == left
