"""Over HTTP nobody raises what they may do: by metadata, by signing up, by the admin API, by the membership table."""

from __future__ import annotations

import pytest

from environments.model import Environment
from fixtures.evidence import Evidence
from fixtures.isolation_http.authority import Authority
from fixtures.isolation_http.plugin import Report, left_to_sql
from fixtures.isolation_http.sessions import Session


@pytest.mark.check("db-rls-verified", "must-no-leaks")
def test_nobody_raises_themselves(
    environment: Environment, http_session: Session, evidence: Evidence, expect_no_sighting: Report
) -> None:
    """A canary user claims every role in their own metadata, and writes every role into the membership table.

    What counts is what the next token says and opens, and what the backend shows, whatever the status codes were.
    """
    if not http_session.writable:
        left_to_sql(environment)
        return
    authority = Authority(http_session.examination)
    climber = authority.climber()

    authority.try_metadata(climber)
    authority.try_sign_up()
    authority.try_admin(climber)
    authority.try_membership(climber)

    evidence.table("answers", ["attempt", "actor", "answer"], authority.table)
    expect_no_sighting(authority.sightings)
