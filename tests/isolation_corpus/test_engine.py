"""The engine finds what is planted in every schema of the corpus and accuses nothing that is sound."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import psycopg
import pytest

from fixtures.isolation.engine import examine
from tests.isolation_corpus.prove import databases
from tests.isolation_corpus.score import score
from tests.isolation_corpus.truth import load, names, normal

UNSEEN = {
    ("owners_votes", "public.import_owners(uuid,text)"),  # lines of a text that the body takes apart field by field
    ("utility_scopes", "public.grants"),  # a reader of one site gives out writing there: a grant below the tenant's own
    ("utility_scopes", "public.correct_reading(uuid,date,numeric)"),  # who may write is for a matrix to say
    # Tenants known by two columns together: no tenant is made out, and every person is taken for one.
    ("customs_vat_keys", "public.guarantees"),
    ("customs_vat_keys", "public.declaration_archive"),
    ("customs_vat_keys", "public.register_firm(text,text,text)"),
    ("customs_vat_keys", "public.compare_duties(firm_key[])"),
    # The tenant is taken to be the department, to which people belong, not the trust above it, whose domains decide.
    ("locum_rotas", "public.profiles"),
    ("locum_rotas", "public.join_by_address()"),
    # Between two suppliers whom the same buyer has invited: each is alone in its tender here.
    ("tender_two_sides", "public.submit_bid(jsonb)"),
    ("tender_two_sides", "public.bid_summary(integer)"),
    ("hr_recruiting", "public.interview_notes"),  # what applicants may see of their own application is a person's call
}
"""What is known not to be found; a line that no longer holds fails too."""


@pytest.fixture(scope="module")
def make() -> Iterator[Callable[[str, str], str]]:
    with databases() as maker:
        yield maker


@pytest.mark.parametrize("name", names())
def test_every_leak_is_found_and_nothing_sound_is_accused(name: str, make: Callable[[str, str], str]) -> None:
    """Given a connection string alone: the same bargain as with a stranger's database."""
    truth = load(name)
    dsn = make(truth.grants, f"engine_{name}")
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(truth.schema_sql)

    report = examine(dsn)

    result = score(truth, report.findings)
    assert [f"{f.kind} {f.object}: {f.observed}" for f in report.findings if f in result.false_alarms] == []
    assert [f"{leak.object} reported as {kind}" for leak, kind in result.otherwise] == []
    assert {(name, normal(leak.object)) for leak in result.missed} == {seen for seen in UNSEEN if seen[0] == name}
    assert report.unverified == {}
