"""Who is a member no more, or not yet: what decides it, and what is left to a person."""

from __future__ import annotations

import pytest

from tests.isolation.conftest import Examine

CLUBS = """
create table clubs (id uuid primary key default gen_random_uuid(), name text not null);
create table members (
  club uuid not null references clubs on delete cascade,
  person uuid not null references auth.users on delete cascade,
  {columns},
  primary key (club, person)
);
create function belongs(c uuid) returns boolean language sql stable security definer set search_path = '' as
$$ select exists (select from public.members where club = c and person = auth.uid()) $$;
create function counts(c uuid) returns boolean language sql stable security definer set search_path = '' as
$$ select exists (select from public.members where club = c and person = auth.uid() and {condition}) $$;
alter table clubs enable row level security;
alter table members enable row level security;
create policy own on clubs for select to authenticated using (belongs(id));
create policy own on members for select to authenticated using (belongs(club));
grant select on clubs, members to authenticated;
"""
THING = """
create table {name} (
  id uuid primary key default gen_random_uuid(),
  club uuid not null references clubs on delete cascade, body text not null
);
alter table {name} enable row level security;
create policy own on {name} for select to authenticated using ({guard}(club));
grant select on {name} to authenticated;
"""


def club(columns: str, condition: str, *, asking: int, others: int) -> str:
    """A schema in which so many tables ask whether a member counts, and so many do not."""
    things = [("counts", f"strict_{n}") for n in range(asking)] + [("belongs", f"lax_{n}") for n in range(others)]
    return CLUBS.format(columns=columns, condition=condition) + "".join(
        THING.format(name=name, guard=guard) for guard, name in things
    )


def test_where_as_many_tables_ask_as_do_not_the_word_in_the_membership_decides(examined: Examine) -> None:
    state = "state text not null default 'active' check (state in ('active', 'removed'))"

    report = examined(club(state, "state = 'active'", asking=3, others=4))

    found = {(f.kind, f.object) for f in report.findings}
    assert found == {("confidentiality", f"public.lax_{n}") for n in range(4)}


def test_a_word_that_may_mean_a_pause_is_left_to_a_person(examined: Examine) -> None:
    state = "state text not null default 'active' check (state in ('active', 'suspended'))"

    report = examined(club(state, "state = 'active'", asking=3, others=4))

    found = {(f.kind, f.object) for f in report.findings}
    assert found == {("conditional-exposure", f"public.lax_{n}") for n in range(4)}


def test_a_flag_that_is_but_a_right_accuses_nobody_and_is_named(examined: Examine) -> None:
    post = "post text not null check (post in ('lead', 'hand')), can_print boolean not null default true"

    report = examined(club(post, "can_print and post in ('lead', 'hand')", asking=3, others=4))

    assert report.findings == []
    assert any("can_print = false: taken for fewer rights" in note for note in report.inferred)


def test_two_tables_that_ask_accuse_none_of_the_rest_which_is_named(examined: Examine) -> None:
    state = "state text not null default 'active' check (state in ('active', 'removed'))"

    report = examined(club(state, "state = 'active'", asking=2, others=4))

    assert report.findings == []
    assert any("state = removed: taken for fewer rights" in note for note in report.inferred)


def test_people_are_made_members_in_full_though_some_tables_open_to_the_merely_invited(examined: Examine) -> None:
    state = (
        "post text not null check (post in ('lead', 'hand')), "
        "state text not null default 'invited' check (state in ('invited', 'active', 'barred'))"
    )

    report = examined(club(state, "state = 'active'", asking=1, others=4))

    assert report.findings == []
    assert "membership: public.members (user person, tenant club, role in post)" in report.inferred


def test_nobody_is_made_an_officer_to_open_what_only_officers_see(examined: Examine) -> None:
    rank = "kind text not null default 'plain' check (kind in ('plain', 'owner'))"

    report = examined(
        club("post text not null check (post in ('lead', 'hand'))", "post = 'lead'", asking=1, others=4)
        + f"create table people (id uuid primary key references auth.users on delete cascade, {rank});"
        + "create table audits (id uuid primary key default gen_random_uuid(), club uuid not null references clubs);"
        + "alter table people enable row level security; alter table audits enable row level security;"
        + "create policy own on people for select to authenticated using (id = auth.uid());"
        + "create policy own on audits for select to authenticated using (exists (select from people p "
        + "where p.id = auth.uid() and p.kind = 'owner')); grant select on people, audits to authenticated;"
    )

    assert [f.kind for f in report.findings if f.object != "public.audits"] == []
    assert {f.kind for f in report.findings} <= {"availability"}


LIST = """
create table rooms (
  id uuid primary key default gen_random_uuid(),
  club uuid not null references clubs on delete cascade, name text not null
);
create table seats (
  room uuid not null references rooms on delete cascade, person uuid not null, primary key (room, person)
);
create table lines (
  id uuid primary key default gen_random_uuid(),
  room uuid not null references rooms on delete cascade, body text not null
);
create function sits(r uuid) returns boolean language sql stable security definer set search_path = '' as
$$ select exists (select from public.seats where room = r and person = auth.uid()) $$;
alter table rooms enable row level security;
alter table seats enable row level security;
alter table lines enable row level security;
create policy own on rooms for select to authenticated using (belongs(club){guests});
create policy own on seats for select to authenticated using (belongs((select r.club from rooms r where r.id = room)));
create policy own on lines for select to authenticated using (sits(room));
grant select on rooms, seats, lines to authenticated;
"""
PLAIN = club("post text not null check (post in ('lead', 'hand'))", "post = 'lead'", asking=0, others=2)


def test_a_seat_that_outlasts_the_membership_is_left_to_a_person_where_nobody_can_be_seen_to_give_one(
    examined: Examine,
) -> None:
    report = examined(PLAIN + LIST.format(guests=""))

    assert {(f.kind, f.object) for f in report.findings} == {("conditional-exposure", "public.lines")}


def test_who_sees_the_room_without_being_a_member_is_its_guest(examined: Examine) -> None:
    report = examined(PLAIN + LIST.format(guests=" or sits(id)"))

    assert report.findings == []


SETTINGS = """
create table settings (
  club uuid not null references clubs on delete cascade, person uuid not null references auth.users on delete cascade,
  tone text not null default 'plain', primary key (club, person)
);
alter table settings enable row level security;
create policy own on settings for all to authenticated using ({guard});
grant select, insert, update, delete on settings to authenticated;
"""


@pytest.mark.parametrize("guard", ["person = auth.uid()", "belongs(club)"])
def test_settings_that_nobody_asks_make_nobody_a_member(examined: Examine, guard: str) -> None:
    report = examined(PLAIN + SETTINGS.format(guard=guard))

    assert report.findings == []
    assert "beside the membership, asked by nothing: public.settings (user person, tenant club)" in report.inferred
