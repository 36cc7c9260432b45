"""Over HTTP clients reach the schemas and tables that were meant for them, and those only."""

from __future__ import annotations

import pytest

from environments.model import Environment
from fixtures.evidence import Evidence
from fixtures.isolation_http.exposure import reach, schemas
from fixtures.isolation_http.people import People
from fixtures.isolation_http.plugin import Report
from fixtures.isolation_http.surface import Surface


@pytest.mark.check("db-rls-verified")
def test_only_schemas_for_clients_are_exposed(
    environment: Environment, http_surface: Surface, http_people: People, evidence: Evidence, expect_no_sighting: Report
) -> None:
    """A click exposes a schema of helpers, and every function that policies ask becomes an address."""
    evidence.text("exposed schemas", "\n".join(http_surface.schemas))

    expect_no_sighting(schemas(environment, http_surface, http_people))


@pytest.mark.check("db-rls-verified")
def test_tables_answer_whom_they_are_granted_to(
    http_surface: Surface, http_people: People, evidence: Evidence, expect_no_sighting: Report
) -> None:
    """The grants in the catalogue and what the API answers are the same, for users and for the public key."""
    sightings, answers = reach(http_surface, http_people)

    evidence.table("reach", ["object", "actor", "granted", "answer"], answers)
    expect_no_sighting(sightings)
