"""A declared matrix is compared with what policies allow, not with what the rows at hand make of it."""

from __future__ import annotations

import pytest

from environments.tenancy import Accepted, Grant, Tenancy
from tests.isolation.conftest import Examine
from tests.isolation.planted import SOUND

# A project with tasks cannot be deleted, and the admin's own theme is the only one that there may be.
RESTRICTED = """
alter table tasks drop constraint tasks_project_id_fkey;
alter table tasks add constraint tasks_project_id_fkey foreign key (project_id) references projects;
"""
EDITOR = Grant(role="editor", object="public.projects", own=["select", "insert", "update", "delete"])
VIEWER = Grant(role="viewer", object="public.projects", own=["select"])


def test_what_only_a_constraint_refuses_is_granted(examined: Examine) -> None:
    report = examined(SOUND + RESTRICTED, Tenancy(matrix=[EDITOR, VIEWER]))

    assert [str(f) for f in report.findings] == []
    assert {r.granted for r in report.matrix if r.expected} == {True}


@pytest.mark.parametrize(
    ("declared", "kind", "operation"),
    [
        (VIEWER.model_copy(update={"own": ["select", "delete"]}), "under-permission", "delete"),
        (VIEWER.model_copy(update={"own": []}), "over-permission", "select"),
    ],
)
def test_what_a_policy_decides_otherwise_is_found(
    declared: Grant, kind: str, operation: str, examined: Examine
) -> None:
    report = examined(SOUND + RESTRICTED, Tenancy(matrix=[EDITOR, declared]))

    assert [(f.kind, f.object, f.operation) for f in report.findings] == [(kind, "public.projects", operation)]


def test_who_did_it_is_not_the_clients_to_say(examined: Examine) -> None:
    """A default is no guard: whoever names somebody else is believed."""
    stamped = Tenancy(stamped=["public.projects.created_by"])
    trigger = """
    create function stamp() returns trigger language plpgsql set search_path = '' as
      $$ begin new.created_by := coalesce(auth.uid(), new.created_by); return new; end $$;
    create trigger stamp before insert or update on projects for each row execute function stamp();
    """

    believed, stamps = examined(SOUND, stamped), examined(SOUND + trigger, stamped)

    assert {(f.kind, f.object) for f in believed.findings} == {("authority", "public.projects")}
    assert [str(f) for f in stamps.findings] == []


def test_what_is_accepted_of_members_is_not_accepted_of_strangers() -> None:
    accepted = Accepted(object="public.a", kind="oracle", reason="for members", actors=("members",))

    assert accepted.covers("authenticated", member=True)
    assert not accepted.covers("authenticated", member=False)
    assert not accepted.covers("anon", member=False)


# What a seat may do is a row; that the claim names a seat is said nowhere.
SEATS = """
create table firms (id uuid primary key default gen_random_uuid(), name text not null);
create table jobs (id uuid primary key default gen_random_uuid(), firm_id uuid not null references firms, title text);
create table rights (seat text, may text, primary key (seat, may));
insert into rights values ('lead', 'read'), ('lead', 'write');
create function may(what text) returns boolean language sql stable security definer set search_path = '' as
  $$ select exists (select 1 from public.rights r where r.may = what and r.seat = auth.jwt() ->> 'seat') $$;
alter table firms enable row level security; alter table jobs enable row level security;
alter table rights enable row level security;
create policy own on firms for select to authenticated using (id = (auth.jwt() ->> 'firm')::uuid);
create policy own on jobs for all to authenticated using (firm_id = (auth.jwt() ->> 'firm')::uuid and may('write'));
grant select on firms to authenticated; grant all on jobs to authenticated;
"""


@pytest.mark.parametrize("meaning", [None, "role"])
def test_what_a_claim_means_is_corrected(meaning: str | None, examined: Examine) -> None:
    declared = {"claims": {"seat": meaning}} if meaning else {}

    report = examined(SEATS, Tenancy(roles=["guest", "lead"], **declared))

    writers = {r.role for r in report.matrix if (r.object, r.operation, r.rows) == ("public.jobs", "update", "own")}
    granted = {
        r.role
        for r in report.matrix
        if (r.object, r.operation, r.rows, r.granted) == ("public.jobs", "update", "own", True)
    }
    assert writers >= {"lead", "guest"}
    assert granted == ({"lead"} if meaning else set())
    assert (f"token claim seat: {meaning} (declared)" in report.inferred) is bool(meaning)


def test_a_declared_claim_that_nothing_asks_for_is_told(examined: Examine) -> None:
    report = examined(SEATS, Tenancy(claims={"sead": "role"}))

    assert "token claim sead: role (declared, and no policy and no function asks for it)" in report.inferred
