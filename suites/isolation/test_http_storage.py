"""Over HTTP nobody reaches another organization's files, by whatever path, and nobody manages buckets."""

from __future__ import annotations

import pytest

from environments.model import Environment
from fixtures.errors import Unverified
from fixtures.evidence import Evidence
from fixtures.isolation_http.files import Files, look
from fixtures.isolation_http.plugin import Report, left_to_sql
from fixtures.isolation_http.sessions import Session

COLUMNS = ["bucket", "attempt", "actor", "answer"]


@pytest.mark.check("db-rls-verified", "must-no-leaks")
def test_files_of_another_organization_are_out_of_reach(
    environment: Environment, http_session: Session, evidence: Evidence, expect_no_sighting: Report
) -> None:
    """List, download, public and signed addresses, upload, overwrite, move, copy, delete; paths with `..` and `%2F`.

    In every bucket. A refusal counts only if the service key shows that nothing has happened, and the owner reads the
    file. Where nothing may be written, a file that is there already is asked for.
    """
    examination = http_session.examination
    if not http_session.writable:
        sightings, answers = look(environment, examination)
        evidence.table("answers", COLUMNS, answers)
        expect_no_sighting(sightings)
        left_to_sql(environment)
        return
    files = Files(examination, environment.storage.object.rpartition("/")[2])

    buckets = files.buckets()
    for bucket in buckets:
        files.try_bucket(bucket)

    evidence.table("answers", COLUMNS, files.table)
    evidence.text("buckets in which no tenant puts files", "\n".join(files.untouched) or "none")
    expect_no_sighting(files.sightings)
    if files.untouched == buckets and buckets:
        raise Unverified(
            "no bucket takes a file from a member of the second canary organization: reading was not tried"
        )


@pytest.mark.check("db-rls-verified")
def test_buckets_are_managed_by_the_service_alone(
    environment: Environment, http_session: Session, evidence: Evidence, expect_no_sighting: Report
) -> None:
    """Whoever can open a bucket to the public needs no policy; tried on a bucket of our own."""
    if not http_session.writable:
        left_to_sql(environment)
        return
    files = Files(http_session.examination, "")

    files.try_management()

    evidence.table("answers", COLUMNS, files.table)
    expect_no_sighting(files.sightings)
