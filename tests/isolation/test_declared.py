"""A declared matrix is compared with what policies allow, not with what the rows at hand make of it."""

from __future__ import annotations

import pytest

from environments.tenancy import Grant, Tenancy
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
