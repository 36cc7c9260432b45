"""The seed and the backfill, run as they are on a whole stack."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg
import pytest

from fixtures.stack.binaries import ROOT, deno
from fixtures.stack.launch import StackInfo, launch
from fixtures.waiting import until
from tests.reference.world import ROLLOUT

SEED = ["deno", "task", "--quiet", "seed"]
WITHIN = 60  # seconds, for one run of a script on a busy machine

ACCOUNTS = """
select u.email, coalesce(o.slug, '-') || ' ' || coalesce(r.role, '-')
from auth.users u left join user_roles r on r.user_id = u.id left join organizations o on o.id = r.organization_id
"""


@dataclass(frozen=True)
class Seeded:
    """A stack with the demonstration data in it."""

    info: StackInfo
    client: httpx.Client

    def rows(self, statement: str, *parameters: object) -> list[tuple[object, ...]]:
        with psycopg.connect(self.info.database_url) as connection:
            return connection.execute(statement, parameters or None).fetchall()

    def script(self, name: str, directory: Path, **variables: str) -> subprocess.Popen[str]:
        """Start a script of the rollout, its reports going below `directory`."""
        permissions = re.findall(r"--allow-\S+", json.loads((ROLLOUT / "package.json").read_text())["scripts"][name])
        file = {"seed": "seed.ts", "backfill:metadata": "backfill-metadata.ts"}[name]
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(directory),
            "DENO_DIR": str(ROOT / ".deno"),
            "NO_COLOR": "1",
            "VITE_SUPABASE_URL": self.info.api_url,
            "SEED_PASSWORD": self.info.user_password,
            **(variables or {"SUPABASE_SERVICE_ROLE_KEY": self.info.service_role_key}),
        }
        return subprocess.Popen(
            [deno(), "run", *permissions, ROLLOUT / "scripts" / file],
            cwd=directory,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def upload(self, path: str, content: str) -> None:
        answer = self.client.post(
            f"/storage/v1/object/courses/{path}",
            headers={"apikey": self.info.secret_key, "content-type": "application/json", "x-upsert": "true"},
            content=content,
        )
        assert answer.status_code == 200, answer.text

    def remove(self, *courses: str) -> None:
        with psycopg.connect(self.info.database_url) as connection:
            connection.execute("delete from course_metadata where id = any (%s)", [list(courses)])
        answer = self.client.request(
            "DELETE",
            "/storage/v1/object/courses",
            headers={"apikey": self.info.secret_key},
            json={"prefixes": [f"{course}/course.json" for course in courses]},
        )
        assert answer.status_code == 200, answer.text


@pytest.fixture(scope="module")
def seeded() -> Iterator[Seeded]:
    with launch(ROLLOUT, seed=SEED) as stack, httpx.Client(base_url=stack.info.api_url) as client:
        yield Seeded(stack.info, client)


def finish(script: subprocess.Popen[str]) -> tuple[int, str]:
    output, _ = script.communicate(timeout=WITHIN)
    return script.returncode, output


def report(directory: Path) -> tuple[dict[str, int], dict[str, str]]:
    """The counts and the courses with their results, of the newest report."""
    text = max((directory / "reports").glob("backfill-metadata-*.md")).read_text()
    counts = {name.lower(): int(count) for name, count in re.findall(r"^- (\w+): (\d+)$", text, re.MULTILINE)}
    courses = dict(re.findall(r"^\| ([^|]+) \| (created|existing|error) \|", text, re.MULTILINE))
    return counts, courses


def test_the_demonstration_data_are_what_checks_rely_on(seeded: Seeded) -> None:
    organizations = seeded.rows("select slug from organizations order by slug")
    accounts: dict[object, list[object]] = {}
    for email, role in seeded.rows(ACCOUNTS):
        accounts.setdefault(email, []).append(role)
    courses = seeded.rows(
        "select o.slug, count(*), count(*) filter (where c.visibility = 'global'), count(v.id)"
        " from course_metadata c join organizations o on o.id = c.organization_id"
        " left join course_versions v on v.course_id = c.id and v.version = 1 group by 1 order by 1"
    )

    assert organizations == [("acme",), ("globex",), ("learnplay",)]
    for org in ("learnplay", "acme", "globex"):
        for name, role in (("viewer", "viewer"), ("editor", "editor"), ("admin", "org_admin")):
            assert accounts.pop(f"{name}@{org}.test") == [f"{org} {role}"]
    assert sorted(map(str, accounts.pop("both@acme-globex.test"))) == ["acme viewer", "globex editor"]
    assert accounts.pop("nobody@nowhere.test") == ["- -"]
    assert accounts == {"root@learnplay.test": ["- superadmin"]}
    assert courses == [("acme", 4, 1, 3), ("globex", 4, 1, 3), ("learnplay", 4, 1, 3)]


def test_global_courses_alone_can_be_fetched_without_a_session(seeded: Seeded) -> None:
    public = "/storage/v1/object/public"
    listed = seeded.client.get(f"{public}/public-courses/catalog.json").json()["courses"]
    shared = {str(row[0]) for row in seeded.rows("select id from course_metadata where visibility = 'global'")}

    assert {course["id"] for course in listed} == shared
    for (course,) in seeded.rows("select id from course_metadata"):
        copy = seeded.client.get(f"{public}/public-courses/{course}/course.json")
        assert copy.status_code == (200 if course in shared else 400)
        assert seeded.client.get(f"{public}/courses/{course}/course.json").status_code == 400


def test_seeding_again_changes_nothing(seeded: Seeded, tmp_path: Path) -> None:
    count = "select (select count(*) from {}) from pg_class limit 1"
    tables = ["auth.users", "user_roles", "tags", "course_metadata", "course_versions", "storage.objects"]
    with psycopg.connect(seeded.info.database_url) as connection:
        connection.execute("update course_metadata set title = 'Renamed' where id = 'first-aid'")
    before = [seeded.rows(count.format(table)) for table in tables]

    status, output = finish(seeded.script("seed", tmp_path))

    assert status == 0, output
    assert [seeded.rows(count.format(table)) for table in tables] == before
    assert seeded.rows("select title from course_metadata where id = 'first-aid'") == [("Renamed",)]


def test_a_missing_variable_is_named(seeded: Seeded, tmp_path: Path) -> None:
    status, output = finish(seeded.script("backfill:metadata", tmp_path, SUPABASE_SECRET_KEY=""))

    assert status == 2
    assert "SUPABASE_SECRET_KEY or SUPABASE_SERVICE_ROLE_KEY" in output


@pytest.mark.parametrize("key", ["SUPABASE_SECRET_KEY", "SUPABASE_SERVICE_ROLE_KEY"])
def test_a_course_without_metadata_gets_a_row_and_its_tags_are_queued(seeded: Seeded, tmp_path: Path, key: str) -> None:
    value = seeded.info.secret_key if "SECRET" in key else seeded.info.service_role_key
    new = json.dumps({"id": "new-one", "title": "New", "tags": {"domain": ["Biology"], "level": []}})
    seeded.upload("new-one/course.json", new)
    seeded.upload("older-one/course.json", json.dumps({"id": "older-one", "title": "Older", "tags": ["Cells", 7]}))
    try:
        status, output = finish(seeded.script("backfill:metadata", tmp_path, **{key: value}))

        assert status == 0, output
        counts, courses = report(tmp_path)
        assert counts == {"total": 14, "created": 2, "existing": 12, "errors": 0}
        assert len(courses) == 14
        assert {course for course, result in courses.items() if result == "created"} == {"new-one", "older-one"}
        added = "select c.id, o.slug, c.title, c.visibility, q.suggested_tags, q.status from course_metadata c"
        added += " join organizations o on o.id = c.organization_id join tag_approval_queue q on q.course_id = c.id"
        assert seeded.rows(f"{added} where c.id in ('new-one', 'older-one') order by 1") == [
            ("new-one", "learnplay", "New", "org", {"domain": ["Biology"]}, "pending"),
            ("older-one", "learnplay", "Older", "org", {"theme": ["Cells"]}, "pending"),
        ]

        assert finish(seeded.script("backfill:metadata", tmp_path, **{key: value}))[0] == 0
        assert report(tmp_path)[0] == {"total": 14, "created": 0, "existing": 14, "errors": 0}
        assert seeded.rows("select count(*) from tag_approval_queue where course_id in ('new-one', 'older-one')") == [
            (2,)
        ]
    finally:
        seeded.remove("new-one", "older-one")


def test_a_corrupt_file_is_reported_and_stops_nothing(seeded: Seeded, tmp_path: Path) -> None:
    corrupt = {
        "aa-no-json": "{oops",
        "aa-no-object": "[]",
        "aa-other-id": '{"id": "first-aid"}',
        "aa-tags": '{"id": "aa-tags", "tags": 7}',
    }
    for course, content in {**corrupt, "zz-good": '{"id": "zz-good"}'}.items():
        seeded.upload(f"{course}/course.json", content)
    try:
        status, output = finish(seeded.script("backfill:metadata", tmp_path))

        assert status == 1, "an operator's script must notice"
        counts, courses = report(tmp_path)
        assert counts == {"total": 17, "created": 1, "existing": 12, "errors": 4}
        assert {course for course, result in courses.items() if result == "error"} == set(corrupt)
        assert courses["zz-good"] == "created"
        assert all(course in output for course in corrupt)
        assert seeded.rows("select id from course_metadata where id like 'aa-%%'") == []
    finally:
        seeded.remove(*corrupt, "zz-good")


def test_a_run_that_was_killed_is_made_good_by_the_next(seeded: Seeded, tmp_path: Path) -> None:
    many = [f"many-{n:03}" for n in range(40)]
    for course in many:
        seeded.upload(f"{course}/course.json", json.dumps({"id": course, "tags": {"theme": [course]}}))
    registered = "select count(*) from course_metadata where id like 'many-%%'"
    try:
        script = seeded.script("backfill:metadata", tmp_path)
        until(
            lambda: seeded.rows(registered) != [(0,)], within=WITHIN, what="the backfill registers courses", every=0.002
        )
        script.kill()
        finish(script)

        status, output = finish(seeded.script("backfill:metadata", tmp_path))

        assert status == 0, output
        counts, _ = report(tmp_path)
        assert counts["total"] == counts["created"] + counts["existing"] == 12 + len(many)
        assert seeded.rows(registered) == [(len(many),)]
        queued = "select count(*), count(distinct course_id) from tag_approval_queue where course_id like 'many-%%'"
        assert seeded.rows(queued) == [(len(many), len(many))]
    finally:
        seeded.remove(*many)
