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
