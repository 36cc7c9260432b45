"""Over HTTP nobody outside of an organization learns of its rows, changes them, or adds to them."""

from __future__ import annotations

import pytest

from environments.model import Environment
from fixtures.evidence import Evidence
from fixtures.isolation_http.examination import Examination
from fixtures.isolation_http.plugin import Report, left_to_sql, unfilled
from fixtures.isolation_http.sessions import Session

COLUMNS = ["object", "operation", "actor", "answer"]


@pytest.mark.check("db-rls-verified", "must-no-leaks")
def test_answers_are_the_same_with_and_without_another_organizations_rows(
    http_session: Session, http_examination: Examination, evidence: Evidence, expect_no_sighting: Report
) -> None:
    """Rows, counts (exact, planned, estimated), HEAD, filters, `or`, embedding, RPC by GET and POST, and errors.

    RLS filters silently, so an answer alone says nothing: canary rows of the other organization, which its own members
    read, are there and then not. Where nothing may be written, private rows that are there already are looked for.
    """
    unseen = http_examination.unseen()

    http_examination.read() if http_session.writable else http_examination.look()

    evidence.table("answers", COLUMNS, http_examination.table)
    evidence.text(
        "actors",
        "\n".join(
            [
                *(a.name for a in http_examination.people.outsiders),
                *(f"not {n}: {w}" for n, w in http_examination.people.missing.items()),
            ]
        ),
    )
    evidence.text("rows that no member of their organization reads", "\n".join(unseen) or "none")
    expect_no_sighting(http_examination.sightings)
    unfilled(http_session)


@pytest.mark.check("db-rls-verified", "must-no-leaks")
def test_nobody_writes_to_another_organization(
    environment: Environment,
    http_session: Session,
    http_examination: Examination,
    evidence: Evidence,
    expect_no_sighting: Report,
) -> None:
    """Insert alone and in bulk, upsert, PATCH by key and by a wide filter, moving rows either way, DELETE, RPC.

    A status code proves nothing: afterwards the service key shows that each row is as it was and that none has come.
    """
    if not http_session.writable:
        left_to_sql(environment)
        return
    seen, noted = len(http_examination.sightings), len(http_examination.table)

    http_examination.builder.fill(http_examination.own)
    http_examination.write()

    evidence.table("answers", COLUMNS, http_examination.table[noted:])
    expect_no_sighting(http_examination.sightings[seen:])
    unfilled(http_session)
