"""What SQL examines and what HTTP asks is one system: else each would vouch for half of something that nobody runs."""

from __future__ import annotations

import pytest

from environments.model import Environment
from fixtures.database import Database
from fixtures.deployment import expect_one_system
from fixtures.evidence import Evidence
from fixtures.gateway import Gateway


@pytest.mark.check("must-no-leaks", "stg-project-linked", "prod-project-linked")
def test_the_api_and_the_database_are_of_one_project(
    environment: Environment, gateway: Gateway, database: Database, evidence: Evidence
) -> None:
    """Two variables of two projects, or a restored copy in place of the original: a session shows it."""
    evidence.json("one system", expect_one_system(environment, gateway, database))
