"""Targets with some life in them, and runs of the real checks of operations on them."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import psycopg
import pytest

from fixtures.applying import expect_pushed
from fixtures.scratch import Scratch, ScratchDatabase
from reports.model import Verdict
from tests.planted import ROOT, Judged, project

REFERENCE = ROOT / "fixtures" / "reference"

LIFE = """
insert into auth.users (id, email, last_sign_in_at) select
  ('00000000-0000-4000-9000-0000000000' || lpad(n::text, 2, '0'))::uuid, 'user' || n || '@test', now()
from generate_series(1, 12) n;
insert into public.organizations (id, name, slug) select
  ('00000000-0000-4000-a000-0000000000' || lpad(n::text, 2, '0'))::uuid, 'Pilot ' || n, 'pilot-' || n
from generate_series(1, 2) n;
insert into public.user_roles (user_id, organization_id, role) select
  ('00000000-0000-4000-9000-0000000000' || lpad(n::text, 2, '0'))::uuid,
  ('00000000-0000-4000-a000-0000000000' || lpad(n::text, 2, '0'))::uuid, 'org_admin'
from generate_series(1, 2) n;
insert into public.course_metadata (id, organization_id, title) select
  'course-' || n, ('00000000-0000-4000-a000-0000000000' || lpad(n::text, 2, '0'))::uuid, 'Course ' || n
from generate_series(1, 2) n;
insert into public.course_versions (course_id, snapshot) select
  'course-1', jsonb_build_object('title', title, 'variants', '{"difficulty": {"levels": [{"id": "beginner"}]}}'::jsonb)
from unnest(array['first', 'second', 'first']) title;
insert into public.tag_approval_queue (organization_id, course_id, suggested_tags)
values ('00000000-0000-4000-a000-000000000001', 'course-1', '{"theme": ["Clocks"]}');
"""
APPROVED = """
update public.tag_approval_queue set status = 'approved', reviewed_at = now(),
  reviewed_by = '00000000-0000-4000-9000-000000000001',
  mapped_tag_ids = array(select id from public.tags where organization_id is null order by id limit 1);
"""
ON_COURSE = """
update public.course_metadata set tag_ids = array(
  select id from public.tags where organization_id is null order by id limit 1) where id = 'course-1';
"""


@dataclass(frozen=True)
class Ended(Judged):
    """What the checks said."""

    text: str


@dataclass
class Bench:
    """Where faults are planted."""

    path: Path
    scratch: Scratch
    lively: ScratchDatabase

    def target(self, *faults: str) -> ScratchDatabase:
        """A database with the reference rollout, two pilot organizations, and faults."""
        made = self.scratch.database(like=self.lively)
        for fault in faults:
            made.run(fault)
        return made

    def api_session(self, target: ScratchDatabase, *statements: str) -> None:
        """Run statements as PostgREST would, and let them be refused."""
        dsn = self.scratch.cluster.dsn(target.name, "authenticator")
        with psycopg.connect(dsn, autocommit=True) as connection:
            for statement in statements:
                try:
                    connection.execute(statement.encode())
                except psycopg.errors.InsufficientPrivilege:
                    continue

    def database_settings(self, target: ScratchDatabase) -> str:
        """The sections that make a target's database and log known."""
        return f'[database]\ndsn = "{target.dsn}"\n[monitoring.logs]\npostgres = "{self.scratch.cluster.log}"\n'

    def run(self, *checks: str, settings: str, profile: str = "local") -> Ended:
        """Run checks of suites/operations (a file, or a file and what `-k` takes) in a project of their own."""
        file = self.path / "environments" / "planted.toml"
        file.write_text(f'profile = "{profile}"\n{settings}')
        (self.path / "reports" / "out" / "planted" / "provoked.jsonl").unlink(missing_ok=True)
        suite = self.path / "suites" / "operations"
        name, _, keywords = checks[0].partition(" -k ")
        arguments = [str(suite / name), *(["-k", keywords] if keywords else []), "--env", str(file)]
        arguments += ["--rootdir", str(self.path), "-c", str(self.path / "pytest.toml"), "--disable-plugin-autoload"]
        arguments += [f"-pno:{each}" for each in ("cacheprovider", "unraisableexception")]
        failures = _Failures()
        with patch("reports.verdict._signoff"):
            pytest.main(arguments, plugins=[failures])
        verdict = Verdict.read(self.path / "reports" / "out" / "planted" / "verdict.json")
        return Ended(verdict, "\n".join([*(each.reason for each in verdict.items), *failures.texts]))


class _Failures:
    def __init__(self) -> None:
        self.texts: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.texts.append(report.longreprtext)


def bench(path: Path, scratch: Scratch) -> Bench:
    """A project directory with greenlight's own suites, and a target with the reference rollout."""
    shutil.copy(ROOT / "environments" / "expectations.toml", project(path))
    lively = scratch.database()
    expect_pushed(lively, REFERENCE)
    lively.run(LIFE)
    return Bench(path, scratch, lively)
