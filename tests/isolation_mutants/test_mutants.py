"""The reference with one guard less: the engine misses it, names the right object, and its script shows it in psql.

A sample of each kind; `python -m tests.isolation_mutants` goes through all of them.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fixtures.stack.postgres import Cluster
from tests.isolation_mutants.bench import Bench
from tests.isolation_mutants.conditions import conditions, refusals, statements

SAMPLE = (
    "public.course_metadata policy 'editors change courses': using (true)",
    "public.tag_types policy 'members read own and global tag types': using without "
    "( SELECT private.is_member() AS is_member)",
    "public.course_versions policy 'superadmins remove versions': dropped",
    "public.tag_approval_queue trigger stamp_review: dropped",
    "public.user_roles policy 'org admins take roles in their organization': using without "
    "( SELECT public.is_superadmin() AS is_superadmin)",
    "public.course_versions constraint course_versions_course_id_fkey: dropped -- FOREIGN KEY (course_id) REFERENCES "
    "course_metadata(id) ON DELETE CASCADE",
    "bucket courses: public",
    "public.publish_course(text,jsonb,text): execute revoked",
    "private.stamp_review(): without new.status := 'pending';",
    "private.stamp_review(): without new.reviewed_by := old.reviewed_by;",
    "private.check_tag_type(): without (known.organization_id = new.organization_id or known.organization_id is null)",
    "private.number_version(): without new.published_by := auth.uid();",
    "public.list_course_versions(text): without owning.organization_id = any "
    "((select private.orgs_as('viewer'))::pg_catalog.uuid[])",
    "public.tags: the old default grants",
)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with Cluster.start(tmp_path_factory.mktemp("mutants")) as cluster:
        yield Bench(cluster)


@pytest.mark.parametrize("name", SAMPLE)
def test_a_guard_less_is_the_right_finding_with_a_script_that_works(name: str, bench: Bench) -> None:
    """Exactly that: nothing on objects which have nothing to do with it, and nothing that psql does not show."""
    mutant = next(each for each in bench.mutants if each.name == name)

    [result] = bench.results([mutant])

    assert (result.verdict, result.extra, result.broken, result.unverified) == ("killed", [], {}, {})


def test_mutants_are_many_and_told_apart(bench: Bench) -> None:
    """Read off the catalogue: a guard that is added is taken away as well."""
    names = [mutant.name for mutant in bench.mutants]

    assert len(names) == len(set(names)) > 400


def test_a_condition_goes_and_the_rest_stands() -> None:
    text = "select 1 from a where a.x = (select b from c where d) and (e or f) order by g"

    found = {c.text: c.without(text) for c in conditions(text)}

    assert found["(e or f)"] == "select 1 from a where a.x = (select b from c where d) and true order by g"
    assert found["d"] == "select 1 from a where a.x = (select b from c where true) and (e or f) order by g"


def test_a_refusal_that_never_comes_and_a_statement_left_out() -> None:
    body = "begin\n  if a then raise 'no'; end if;\n  new.x := auth.uid();\n  return new;\nend"

    assert [what for what, _ in refusals(body)] == ["if a: raise"]
    assert [what for what, _ in statements(body)] == ["new.x := auth.uid();"]
    assert "false" in next(refusals(body))[1]
