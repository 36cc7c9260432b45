"""Over HTTP only a valid token of a user opens what is that user's."""

from __future__ import annotations

import pytest

from environments.model import Environment
from fixtures.errors import Unverified
from fixtures.evidence import Evidence
from fixtures.gateway import Gateway
from fixtures.isolation_http.people import People
from fixtures.isolation_http.plugin import Report
from fixtures.isolation_http.surface import Surface
from fixtures.isolation_http.tokens import doors, file_of, try_tokens


@pytest.mark.check("db-rls-verified", "must-no-leaks")
def test_no_bad_token_opens_anything(
    environment: Environment,
    gateway: Gateway,
    http_surface: Surface,
    http_people: People,
    evidence: Evidence,
    expect_no_sighting: Report,
) -> None:
    """None, expired, wrong key, `alg: none`, a public key as secret, another project's, a tampered claim, an API key.

    For rows, files and the user alike. The control is the same request with the right token, which is let in.
    """
    file = file_of(environment, http_surface, http_people.members[-1])

    sightings, answers = try_tokens(gateway, doors(http_surface, http_people, file))

    evidence.table("answers", ["object", "token", "status"], answers)
    expect_no_sighting(sightings)
    if file is None:
        raise Unverified(
            f"no stored file of {http_people.first} was found (storage.object): tokens for Storage were not tried"
        )
