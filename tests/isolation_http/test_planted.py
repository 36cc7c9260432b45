"""Each fault is found over HTTP, as itself and nothing else, with a script that shows it; repaired, nothing is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from fixtures.findings import Finding
from fixtures.isolation_http.authority import Authority
from fixtures.isolation_http.examination import Examination
from fixtures.isolation_http.exposure import reach, schemas
from fixtures.isolation_http.files import Files
from fixtures.isolation_http.sightings import Sighting
from tests.isolation_http.conftest import Project

Pass = Callable[[Examination], list[Sighting]]
Subject = tuple[str, str, str]


def reading(examination: Examination) -> list[Sighting]:
    examination.read()
    return examination.sightings


def writing(examination: Examination) -> list[Sighting]:
    examination.builder.fill(examination.own)
    examination.write()
    return examination.sightings


def storing(examination: Examination) -> list[Sighting]:
    examination.builder.fill(examination.own)
    files = Files(examination, "course.json")
    files.try_bucket("courses")
    return files.sightings


def managing(examination: Examination) -> list[Sighting]:
    files = Files(examination, "")
    files.try_management()
    return files.sightings


def climbing(examination: Examination) -> list[Sighting]:
    authority = Authority(examination)
    climber = authority.climber()
    authority.try_metadata(climber)
    authority.try_sign_up()
    authority.try_admin(climber)
    authority.try_membership(climber)
    return authority.sightings


@dataclass(frozen=True)
class Fault:
    """A fault, its repair, the pass that must find it, and exactly what that pass must say."""

    name: str
    plant: str
    repair: str
    found_by: Pass
    objects: tuple[str, ...]
    found: frozenset[Subject]
    actors: tuple[str, ...] = ()
    """Who must be among those that the findings accuse."""
    shows: str = ""
    """What the script's output must contain."""
    function: str = ""


def definer(name: str, body: str, returns: str = "text", volatility: str = "stable") -> tuple[str, str]:
    plant = f"""create function public.{name}(course text) returns {returns}
        language plpgsql {volatility} security definer set search_path = ''
        as $$ begin {body} end $$; revoke all on function public.{name}(text) from public, anon;
        grant execute on function public.{name}(text) to authenticated; notify pgrst, 'reload schema'"""
    return plant, f"drop function public.{name}(text); notify pgrst, 'reload schema'"


FAULTS = [
    Fault(
        "a policy that is always true",
        "create policy leak on public.tag_approval_queue for select to authenticated using (true)",
        "drop policy leak on public.tag_approval_queue",
        reading,
        ("public.tag_approval_queue",),
        frozenset({("confidentiality", "public.tag_approval_queue", "select")}),
        ("viewer of acme", "stranger", "anonymous user"),
        shows='"mark":',
    ),
    Fault(
        "row level security switched off",
        "alter table public.organization_domains disable row level security",
        "alter table public.organization_domains enable row level security",
        writing,
        ("public.organization_domains",),
        frozenset(
            ("integrity", "public.organization_domains", each) for each in ("update", "insert", "upsert", "delete")
        ),
        ("stranger",),
    ),
    Fault(
        "a table granted to anon with a permissive policy",
        "grant select on public.tags to anon; create policy leak on public.tags for select to anon using (true)",
        "drop policy leak on public.tags; revoke select on public.tags from anon",
        reading,
        ("public.tags",),
        frozenset({("confidentiality", "public.tags", "select")}),
        ("the publishable key",),
        shows="greenlight-",
    ),
    Fault(
        "an insert policy without a check of the organization",
        "create policy hole on public.media_assets for insert to authenticated with check (true)",
        "drop policy hole on public.media_assets",
        writing,
        ("public.media_assets",),
        frozenset({("integrity", "public.media_assets", "insert")}),
        ("viewer of acme", "stranger"),
        shows=" 201",
    ),
    Fault(
        "an update policy that asks nobody who they are",
        "create policy hole on public.tag_types for update to authenticated using (true) with check (true); "
        "create policy seen on public.tag_types for select to authenticated using (true)",
        "drop policy hole on public.tag_types; drop policy seen on public.tag_types",
        writing,
        ("public.tag_types",),
        frozenset({("integrity", "public.tag_types", "update")}),
        ("viewer of acme", "anonymous user"),
        shows="greenlight-",
    ),
    Fault(
        "a function that reads as its owner",
        *definer("leak_title", "return (select c.title from public.course_metadata c where c.id = course);"),
        reading,
        ("public.leak_title(text)", "public.course_metadata"),
        frozenset({("confidentiality", "public.leak_title(text)", "execute")}),
        ("stranger",),
        shows="greenlight-",
        function="leak_title",
    ),
    Fault(
        "a function that writes as its owner",
        *definer(
            "hide_title", "update public.course_metadata c set title = 'gone' where c.id = course;", "void", "volatile"
        ),
        writing,
        ("public.hide_title(text)", "public.course_metadata"),
        frozenset({("integrity", "public.hide_title(text)", "execute")}),
        ("anonymous user",),
        shows='"title":"gone"',
        function="hide_title",
    ),
    Fault(
        "an error that prints the whole foreign row",
        *definer(
            "print_row", "update public.course_metadata c set etag = null where c.id = course;", "void", "volatile"
        ),
        writing,
        ("public.print_row(text)", "public.course_metadata"),
        frozenset({("confidentiality", "public.print_row(text)", "execute")}),
        ("viewer of acme",),
        shows="Failing row contains",
        function="print_row",
    ),
    Fault(
        "a function that tells whether a foreign row exists",
        *definer(
            "ask_course",
            "if not exists (select from public.course_metadata c where c.id = course) then "
            "raise 'no such course'; end if; "
            "raise 'not yours';",
        ),
        reading,
        ("public.ask_course(text)", "public.course_metadata"),
        frozenset({("oracle", "public.ask_course(text)", "execute")}),
        ("stranger",),
        shows="not yours",
        function="ask_course",
    ),
    Fault(
        "a policy that believes one's own metadata",
        "create policy claim on public.tags for select to authenticated "
        "using (organization_id::text = auth.jwt() -> 'user_metadata' ->> 'organization_id')",
        "drop policy claim on public.tags",
        climbing,
        ("public.tags", "public.user_roles"),
        frozenset({("authority", "public.tags", "update"), ("authority", "public.tags", "sign-up")}),
    ),
    Fault(
        "everybody may enrol themselves",
        "create policy enrol on public.user_roles for insert to authenticated with check (user_id = auth.uid())",
        "drop policy enrol on public.user_roles",
        climbing,
        ("public.user_roles",),
        frozenset({("authority", "public.user_roles", "insert")}),
        ("viewer", "stranger"),
        shows=" 201",
    ),
    Fault(
        "a bucket made public",
        "update storage.buckets set public = true where id = 'courses'",
        "update storage.buckets set public = false where id = 'courses'",
        storing,
        ("public.course_metadata",),
        frozenset({("confidentiality", "bucket:courses", "public select")}),
        ("nobody (no token)",),
        shows="file-of-globex",
    ),
    Fault(
        "a storage policy without the path",
        "create policy leak on storage.objects for select to authenticated using (bucket_id = 'courses')",
        "drop policy leak on storage.objects",
        storing,
        ("public.course_metadata",),
        frozenset({("confidentiality", "bucket:courses", "select")}),
        ("viewer of acme", "stranger"),
        shows="file-of-globex",
    ),
    Fault(
        "uploads without the path",
        "create policy hole on storage.objects for insert to authenticated with check (bucket_id = 'courses')",
        "drop policy hole on storage.objects",
        storing,
        ("public.course_metadata",),
        frozenset({("integrity", "bucket:courses", "insert")}),
        ("viewer of acme", "stranger"),
        shows=" 200",
    ),
    Fault(
        "buckets that anybody may make",
        "create policy hole on storage.buckets for insert to authenticated with check (true)",
        "drop policy hole on storage.buckets",
        managing,
        ("public.course_metadata",),
        frozenset({("authority", "storage.buckets", "insert")}),
        ("stranger",),
    ),
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_is_found_as_itself(project: Project, fault: Fault) -> None:
    with project.planted(fault.plant, fault.repair, callable_=fault.function):
        found = project.examine(fault.found_by, *fault.objects)

        assert {(each.kind, each.object, each.operation) for each in found} == fault.found
        for actor in fault.actors:
            assert any(actor in each.actor for each in found), (
                f"{actor} is not accused: {[each.actor for each in found]}"
            )
        if fault.shows:
            shown = project.shell(found[0].reproduce)
            assert fault.shows in shown, f"{found[0].reproduce}\n---\n{shown}"

    assert project.examine(fault.found_by, *fault.objects) == []


def test_a_clean_project_has_no_findings(project: Project) -> None:
    def everything(examination: Examination) -> list[Sighting]:
        examination.read()
        examination.builder.fill(examination.own)
        examination.write()
        return examination.sightings

    assert project.examine(everything) == []


def test_an_exposed_schema_of_helpers_is_found(project: Project) -> None:
    def exposing(examination: Examination) -> list[Sighting]:
        return schemas(project.environment, examination.surface, project.people)

    told = "notify pgrst, 'reload config'; notify pgrst, 'reload schema'"
    expose = f"alter role authenticator set pgrst.db_schemas = '{{}}'; {told}"
    fault, repair = expose.format("public, private"), expose.format("public")

    with project.planted(fault, repair, schemas="private"):
        found = project.examine(exposing, "public.tags")
        shown = project.shell(found[0].reproduce)

    assert [(each.kind, each.object) for each in found] == [("exposure", "private")]
    assert "private.is_member()" in found[0].observed
    assert " 200 OK" in shown
    assert project.examine(exposing, "public.tags") == []


def test_a_policy_that_recurses_is_found(project: Project) -> None:
    def reaching(examination: Examination) -> list[Sighting]:
        return reach(examination.surface, project.people)[0]

    fault = "create policy again on public.tags for select to authenticated using (exists (select from public.tags))"

    with project.planted(fault, "drop policy again on public.tags"):
        found = project.examine(reaching, "public.tags")

    assert ("recursion", "public.tags") in [(each.kind, each.object) for each in found]
    assert project.examine(reaching, "public.tags") == []


def test_scripts_hold_no_secret(project: Project) -> None:
    leak = FAULTS[0]
    with project.planted(leak.plant, leak.repair):
        found: list[Finding] = project.examine(leak.found_by, *leak.objects)

    for secret in (project.info.secret_key, project.info.publishable_key, project.info.user_password, "eyJ"):
        assert all(secret not in each.reproduce for each in found)
