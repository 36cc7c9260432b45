"""What the reference rollout's document on disaster recovery tells people to run does what it says."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from fixtures.rehearsal import Rehearsal, State
from fixtures.rollback import put_rows
from fixtures.scratch import Scratch
from fixtures.stack.binaries import postgres
from tests.preflight.bench import REFERENCE

DOCUMENT = REFERENCE / "docs" / "DISASTER_RECOVERY.md"
LEDGER = "delete from supabase_migrations.schema_migrations where version > '20251025000000'"


def test_the_commands_bring_back_what_was_there(scratch: Scratch, known: Rehearsal, tmp_path: Path) -> None:
    text = DOCUMENT.read_text()
    scripts = re.findall(r"^   ```sql\n(.*?)^   ```", text, re.MULTILINE | re.DOTALL)
    (tmp_path / "backup").mkdir()
    for name, script in zip(("clear", "public", "buckets"), scripts, strict=True):
        (tmp_path / "backup" / f"{name}.sql").write_text(script)
    project = known.baseline()
    before = State.of(project)

    def run(command: str) -> None:
        variables = {"PATH": f"{postgres('psql').parent}:{os.defpath}", "DATABASE_URL": project.dsn}
        subprocess.run(command, shell=True, cwd=tmp_path, env=variables, check=True, capture_output=True)

    for command in re.findall(r"^pg_dump .*$", text, re.MULTILINE):
        run(command)
    for migration in known.rollout.new:
        project.run(migration.sql)
    put_rows(scratch, project)
    assert State.of(project).differences_from(before)

    rollback = text[text.index("## Rolling back") :]
    for command in re.findall(r"^ +(psql .*)$", rollback, re.MULTILINE):
        run(command)
    project.run(LEDGER)  # step 1, which the rehearsal has the real CLI do

    differences = State.of(project).differences_from(before)
    scratch.drop(project)
    assert not differences, "\n".join(differences)
