"""What could not be filled is named with the refusal where it began, and accused of nothing."""

from __future__ import annotations

from tests.isolation.conftest import Examine

CLUBS = """
create table people (id uuid primary key references auth.users on delete cascade, handle text not null{check});
create table clubs (
  id uuid primary key default gen_random_uuid(), name text not null, founder uuid not null references people
);
create table members (
  club uuid not null references clubs on delete cascade, person uuid not null references people on delete cascade,
  primary key (club, person)
);
create table notes (id uuid primary key default gen_random_uuid(), club uuid, body text not null);
create function belongs(c uuid) returns boolean language sql stable security definer set search_path = '' as
$$ select exists (select from public.members where club = c and person = auth.uid()) $$;
alter table people enable row level security;
alter table clubs enable row level security;
alter table members enable row level security;
alter table notes enable row level security;
create policy own on people for select to authenticated using (id = auth.uid());
create policy own on clubs for select to authenticated using (belongs(id));
create policy own on members for select to authenticated using (belongs(club));
create policy own on notes for select to authenticated using (belongs(club));
grant select on people, clubs, members, notes to authenticated;
grant execute on function belongs(uuid) to authenticated;
"""
STAMP = """
create function stamp() returns trigger language plpgsql as $$
begin
  new.club := nullif(current_setting('server.club', true), '')::uuid;
  return new;
end $$;
create trigger stamp before insert or update on notes for each row execute function stamp();
"""


def test_a_refusal_is_told_where_it_began(examined: Examine) -> None:
    refusing = """
    create function closed() returns trigger language plpgsql as $$ begin raise 'people are made elsewhere'; end $$;
    create trigger closed before insert on people for each row execute function closed();
    """

    report = examined(CLUBS.format(check="") + refusing)

    assert report.unverified["public.people"] == "no row could be made: P0001 people are made elsewhere"
    assert (
        "public.people, which could not be filled: P0001 people are made elsewhere"
        in (report.unverified["public.clubs"])
    )


def test_two_tables_that_wait_for_each_other_are_named(examined: Examine) -> None:
    each_other = "alter table people add club uuid not null references clubs;"

    report = examined(CLUBS.format(check="") + each_other)

    assert report.unverified["public.clubs"].endswith(
        "needs a row in public.people, which needs one in public.clubs first: neither can be deferred"
    )


def test_rows_that_nobody_can_tell_to_be_the_tenants_are_named_and_not_accused(examined: Examine) -> None:
    report = examined(CLUBS.format(check=" unique check (handle ~ '^[A-Z]{3}[0-9]{4}$')") + STAMP)

    assert list(report.unverified) == ["public.notes"]
    assert "club null" in report.unverified["public.notes"]
    assert report.findings == []
