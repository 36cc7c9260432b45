"""What a finding says is what happened: to whose row it was done, and what differs."""

from __future__ import annotations

import pytest

from fixtures.isolation.actors import Actor
from fixtures.isolation.catalogue import Function
from fixtures.isolation.probes import Probe
from fixtures.isolation.reads import describe, differences
from fixtures.isolation.report import IsolationReport
from fixtures.isolation.wire import Answer
from tests.isolation.conftest import Examine

SCHEMA = """
create type grade as enum ('chief', 'hand');
create table firms (id uuid primary key default gen_random_uuid(), name text not null);
create table hands (firm_id uuid not null references firms, person uuid not null references auth.users,
  grade grade not null, primary key (firm_id, person));
create table rights (grade grade, what text, primary key (grade, what));
insert into rights values ('chief', 'hire'), ('hand', 'read');
create table forms (id uuid primary key default gen_random_uuid(), firm_id uuid references firms, title text not null);
insert into forms (title) values ('everybody''s');
create table tickets (id uuid primary key default gen_random_uuid(), firm_id uuid not null references firms,
  title text not null, touched timestamptz not null default now());
create table replies (id uuid primary key default gen_random_uuid(), firm_id uuid not null references firms,
  ticket_id uuid not null references tickets, body text not null);
create function touch() returns trigger language plpgsql security definer set search_path = '' as
  $$ begin update public.tickets set touched = now() where id = new.ticket_id; return new; end $$;
create trigger touch after insert on replies for each row execute function touch();
create function works_at(firm uuid) returns boolean language sql stable security definer set search_path = '' as
  $$ select exists (select 1 from public.hands where firm_id = firm and person = auth.uid()) $$;
alter table firms enable row level security; alter table hands enable row level security;
alter table tickets enable row level security; alter table replies enable row level security;
alter table forms enable row level security;
create policy own on firms for select to authenticated using (works_at(id));
create policy own on hands for select to authenticated using (works_at(firm_id));
create policy own on tickets for select to authenticated using (works_at(firm_id));
create policy own on replies for all to authenticated using (works_at(firm_id));
create policy own on forms for select to authenticated using (firm_id is null or works_at(firm_id));
create policy tidy on forms for delete to authenticated using (true);
grant select on firms, hands, tickets to authenticated; grant select, delete on forms to authenticated;
grant select, insert on replies to authenticated; grant select, update on rights to authenticated;
"""


@pytest.fixture(scope="module")
def report(examined: Examine) -> IsolationReport:
    return examined(SCHEMA)


def observed(report: IsolationReport, label: str, operation: str) -> str:
    return next(f.observed for f in report.findings if (f.object, f.operation) == (label, operation))


def test_a_row_whose_key_is_changed_is_not_removed(report: IsolationReport) -> None:
    assert observed(report, "public.rights", "update") == "a row of everybody's in public.rights was changed"


def test_that_bs_own_row_goes_too_is_said(report: IsolationReport) -> None:
    """Everybody's may be named, and so is shown first; B's is not seen, and goes with all there is."""
    said = observed(report, "public.forms", "delete")

    assert said.startswith(
        "a row of everybody's in public.forms was removed; B's row in public.forms was removed; only"
    )


def test_what_a_trigger_stamps_is_changed(report: IsolationReport) -> None:
    assert observed(report, "public.replies", "insert").endswith("B's row in public.tickets was changed")


@pytest.mark.parametrize(
    ("present", "absent", "said"),
    [
        ([(None,)], [("t",)], "with B's rows 1 row(s), without 1; for example nothing instead of 't'"),
        ([("1", "b")], [("0", "b")], "with B's rows 1 row(s), without 1; for example '1|b' instead of '0|b'"),
        ([("b",), ("a",)], [("a",)], "with B's rows 2 row(s), without 1; for example 'b'"),
        ([("a",)], [("a",), ("free",)], "with B's rows 1 row(s), without 2; 'free' is missing with them"),
    ],
)
def test_what_differs_is_shown(
    present: list[tuple[str | None, ...]], absent: list[tuple[str | None, ...]], said: str
) -> None:
    function = Function(1, "public", "f", "", [], "text", False, True, "s", (), "", "sql", "f", False, "postgres")
    probe = Probe(Actor("anon", "anon", "{}"), "select", function, "execute")

    (difference,) = differences([probe], [Answer(tuple(present))], [Answer(tuple(absent))])

    assert describe(difference, set()) == said
