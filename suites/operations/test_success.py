"""The success criteria that data can tell: organizations in use, and tags that people approved."""

from __future__ import annotations

import pytest

from environments.migrations import Expectations
from environments.model import Environment, Phase
from fixtures.database import Database
from fixtures.errors import Unverified
from fixtures.evidence import Evidence
from fixtures.gateway import Gateway
from fixtures.monitoring.adoption import Organization, adoption
from fixtures.monitoring.approval import approved, expect_workflow, waiting
from fixtures.monitoring.windows import window_of

PILOTS, ORGANIZATIONS = 2, 10


def organizations(environment: Environment, database: Database, phase: Phase, evidence: Evidence) -> list[Organization]:
    """All organizations but the canary tenants, with what they did in the window; left as evidence."""
    users = environment.users.organizations
    canaries = [
        (users[name].slug or name) if name in users else name for name in environment.permissions.canary_tenants
    ]
    window = window_of(environment, phase)
    accounts = [account.email for _, _, account in environment.users.accounts()]
    prefix = environment.permissions.canary_prefix
    found = adoption(database, window, ours=canaries, prefix=prefix, accounts=accounts)
    columns = ["organization", "members", "active members", "published", "reviewed", "lacks"]
    rows = [(o.name, o.members, o.active_members, o.published, o.reviewed, o.lacks) for o in found]
    evidence.table(f"organizations ({window})", columns, rows)
    return found


@pytest.mark.check("week4-pilots", "should-pilots")
def test_pilot_organizations_are_in_use(
    environment: Environment, database: Database, expectations: Expectations, evidence: Evidence
) -> None:
    """Two at least, besides the default one: with members, and with activity of theirs since the deploy."""
    default = {str(row["slug"]) for row in expectations.seed("default-organization").rows if "slug" in row}
    if not default:
        raise Unverified("seeds.default-organization of the expectations gives no slug: it could pass for a pilot")
    pilots = [o for o in organizations(environment, database, "week-4", evidence) if o.slug not in default]

    in_use = [o.name for o in pilots if o.in_use]

    idle = "; ".join(f"{o.name}: {o.lacks}" for o in pilots if not o.in_use) or "none"
    assert len(in_use) >= PILOTS, f"{len(in_use)} pilot organizations in use, expected {PILOTS}; not in use: {idle}"


@pytest.mark.check("nice-ten-organizations")
def test_ten_organizations_use_the_system(environment: Environment, database: Database, evidence: Evidence) -> None:
    """Ten rows are an import; ten organizations in use are adoption."""
    found = organizations(environment, database, "month-1", evidence)

    in_use = [o.name for o in found if o.in_use]

    assert len(in_use) >= ORGANIZATIONS, f"{len(in_use)} of {len(found)} organizations in use, expected {ORGANIZATIONS}"


@pytest.mark.parametrize(
    "phase",
    [
        pytest.param("week-1", marks=pytest.mark.check("week1-tag-approval")),
        pytest.param("week-4", marks=pytest.mark.check("should-tag-approval")),
    ],
)
def test_the_approval_of_tags_works_end_to_end(
    phase: Phase, environment: Environment, database: Database, request: pytest.FixtureRequest, evidence: Evidence
) -> None:
    """Where canary tenants may be written to, two suggestions are taken through the queue; elsewhere people must have.

    An approval counts only once its tags are on its course: an entry that is merely marked as approved is none.
    """
    prefix = environment.permissions.canary_prefix
    queue = [(each.organization, each.pending, each.oldest) for each in waiting(database, prefix=prefix)]
    evidence.table("waiting", ["organization", "pending", "oldest"], queue)
    if not environment.read_only:
        gateway: Gateway = request.getfixturevalue("gateway")
        steps = expect_workflow(gateway, request.getfixturevalue("canaries"))
        evidence.table("steps", ["actor", "request", "status"], [(s.actor, s.operation, s.status) for s in steps])
        return

    window = window_of(environment, phase)
    found = approved(database, window, prefix=prefix)

    evidence.table(
        "approved", ["organization", "course", "reviewed", "on course"], [tuple(vars(e).values()) for e in found]
    )
    lost = [f"{each.course} ({each.organization})" for each in found if not each.on_course]
    pending = "; ".join(f"{count} of {organization} since {oldest:%Y-%m-%d}" for organization, count, oldest in queue)
    assert found, f"nobody approved a suggestion in {window}; waiting: {pending or 'none'}"
    assert len(lost) < len(found), f"approved, and not on the course: {', '.join(lost)}"
