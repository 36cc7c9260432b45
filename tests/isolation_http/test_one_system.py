"""A database that is not the one behind the API is noticed, also where the same people are in it."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from fixtures.database import Database
from fixtures.deployment import expect_one_system
from fixtures.stack.postgres import Cluster
from tests.isolation_http.conftest import Project


def test_the_database_behind_the_api_is_known_by_a_session(project: Project) -> None:
    compared = expect_one_system(project.environment, project.gateway, Database(project.info.database_url))

    assert compared["sessions of theirs in database.dsn"] == 1


def test_a_session_that_somebody_ended_meanwhile_accuses_nobody(project: Project) -> None:
    """Signing out at the front end ends all sessions of a user, the gateway's own included."""
    viewer = project.gateway.member("viewer", project.gateway.canaries[0])
    try:
        assert viewer.send("POST", "/auth/v1/logout?scope=global").status == 204

        expect_one_system(project.environment, project.gateway, Database(project.info.database_url))
    finally:
        project.gateway._actors.pop(viewer.name)


def test_another_database_with_the_same_people_is_not_it(project: Project, tmp_path: Path) -> None:
    with Cluster.start(tmp_path / "cluster") as cluster:
        copy = cluster.create("copy")
        with psycopg.connect(project.info.database_url) as here, psycopg.connect(copy, autocommit=True) as there:
            people = here.execute("select id, email from auth.users").fetchall()
            for person in people:
                there.execute("insert into auth.users (id, email) values (%s, %s)", person)

        with pytest.raises(AssertionError, match="are two systems: viewer of acme has just signed in at the one"):
            expect_one_system(project.environment, project.gateway, Database(copy))
