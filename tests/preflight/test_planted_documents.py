"""Each gap in a document turns exactly the item red that asks for it."""

from __future__ import annotations

import pytest

from fixtures.dumps import brings_back, dumps_in, gaps
from tests.preflight.bench import Bench

DOCUMENTS = "preflight/test_documents.py"
RUN = "docs/HOW_TO_RUN.md"
INFO = "docs/TECHNICAL_INFO.md"
RECOVERY = "docs/DISASTER_RECOVERY.md"
DEPLOYMENT = "docs/LOVABLE_DEPLOYMENT_INSTRUCTIONS.md"
API = "docs/API.md"
OF = {
    RUN: "docs-how-to-run",
    INFO: "docs-technical-info",
    RECOVERY: "docs-disaster-recovery",
    DEPLOYMENT: "docs-deployment",
    API: "docs-api",
}

# Fault → document, what is taken out, what stands there instead, the items that turn red, what the reader is told.
FAULTS = {
    "a script that is no more": (RUN, "npm run lint", "npm run tidy", {OF[RUN]}, "`tidy` is no script"),
    "a dead link": (RUN, "(TECHNICAL_INFO.md)", "(INFO.md)", {OF[RUN]}, "links to INFO.md, which is not there"),
    "a dead anchor": (DEPLOYMENT, "#taking-a-backup", "#backup", {OF[DEPLOYMENT]}, "#backup, which is not there"),
    "something left to do": (API, "Times are ISO", "TODO: Times are ISO", {OF[API]}, "is unfinished: TODO"),
    "a contact to be filled in": (RUN, "## Scripts", "Ask [Contact].\n\n## Scripts", {OF[RUN]}, "[Contact]"),
    "a table that nobody explains": (
        INFO,
        "tag_approval_queue",
        "queue",
        {OF[INFO]},
        "tag_approval_queue is not named",
    ),
    "a table of before": (INFO, "media_assets", "media", {OF[INFO]}, "media_assets is not named"),
    "a function that nobody explains": (INFO, "`org-config`", "the first", {OF[INFO]}, "org-config is not named"),
    "a rollback without a restore": (RECOVERY, "psql", "sql", {"done-rollback-documented"}, "restoring the backup is"),
    "a restore without steps": (
        RECOVERY,
        "## Restoring the database\n",
        "## Restoring the database\n\nWith `psql`. Good luck.\n\n## Steps\n",
        {OF[RECOVERY]},
        "no restore with numbered steps",
    ),
    "a restore that names no command": (
        RECOVERY,
        "## Restoring the database\n",
        "## Restoring the database\n\n1. Wait.\n2. Hope.\n3. Pray.\n\n## Steps\n",
        {OF[RECOVERY]},
        "its restore has no command that restores",
    ),
    "migrations in the wrong order": (
        RECOVERY,
        "reverted 20251025200004\n   supabase migration repair --status reverted 20251025200003",
        "reverted 20251025200003\n   supabase migration repair --status reverted 20251025200004",
        {"done-rollback-documented"},
        "reverting 20251025200003 comes too early",
    ),
    "a function that would stay": (
        RECOVERY,
        "supabase functions delete publish-course",
        "echo",
        {"done-rollback-documented"},
        "`supabase functions delete publish-course` is missing",
    ),
    "no way back for the front end": (
        RECOVERY,
        "git revert",
        "git",
        {"done-rollback-documented"},
        "reverting the front",
    ),
    "no word of a rollback": (
        RECOVERY,
        "## Rolling back the multi-tenant rollout",
        "## Backwards",
        {"done-rollback-documented", OF[DEPLOYMENT]},
        "has no section about a rollback",
    ),
    "a table that is not there": (
        INFO,
        "| `course_versions` |",
        "| `course_tags` | `organization_id` | which tags a course has |\n| `course_versions` |",
        {OF[INFO]},
        "the table course_tags is described, and no migration creates it",
    ),
    "a backup without rows": (
        RECOVERY,
        "--schema=public --no-owner",
        "--schema=public --schema-only",
        {OF[RECOVERY]},
        "its backup is the schema alone, without a row: `pg_dump",
    ),
    "a backup without a table": (
        RECOVERY,
        "--schema=public --no-owner",
        "-T public.content_*",
        {OF[RECOVERY]},
        "its backup leaves out public.content_embeddings: `pg_dump",
    ),
    "a rollback that restores what nobody takes": (
        RECOVERY,
        "-f backup/pre-migration.sql",
        "-f backup/latest.sql",
        {"done-rollback-documented"},
        "its rollback restores none of the backups that it says to take (pre-migration.sql)",
    ),
    "functions before their tables": (
        DEPLOYMENT,
        "supabase migration list ",
        "supabase functions deploy\nsupabase migration list ",
        {OF[DEPLOYMENT]},
        "deploying the functions stands before the first push",
    ),
    "a deployment without backfill": (
        DEPLOYMENT,
        "npm run backfill:metadata",
        "true",
        {OF[DEPLOYMENT]},
        "the backfill is",
    ),
    "a function that is not deployed": (
        DEPLOYMENT,
        "supabase functions deploy restore-course-version\n",
        "",
        {OF[DEPLOYMENT]},
        "`supabase functions deploy restore-course-version` is missing",
    ),
    "pushed before it is linked": (
        DEPLOYMENT,
        "supabase link --project-ref <project-ref>",
        "echo",
        {OF[DEPLOYMENT]},
        "linking the project is missing",
    ),
    "a function without documentation": (API, "## org-config", "## config", {OF[API]}, "no section about org-config"),
    "a field without documentation": (API, "snapshotId", "snapshot", {OF[API]}, "publish-course: snapshotId is not"),
    "a parameter without documentation": (API, "matchAll", "all", {OF[API]}, "list-courses-filtered: matchAll is not"),
    "an error without documentation": (API, "404, 405, 409.", "404, 405.", {OF[API]}, "409 is not described"),
    "the form of errors": (API, "requestId", "request", {OF[API]}, "the form of errors lacks requestId"),
}


def test_nothing_is_red_without_a_fault(bench: Bench) -> None:
    ended = bench.run(DOCUMENTS)

    assert not ended.red, ended.text
    assert {ended[item].status for item in (*OF.values(), "done-rollback-documented")} == {"verified"}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_gap_turns_its_item_red(bench: Bench, fault: str) -> None:
    document, old, new, red, said = FAULTS[fault]
    bench.edit(document, old, new)

    ended = bench.run(DOCUMENTS)

    assert ended.red == red, ended.text
    assert said in ended.text


@pytest.mark.parametrize("document", OF)
def test_a_missing_document_turns_its_item_red(bench: Bench, document: str) -> None:
    (bench.app / document).unlink()

    red = bench.run(DOCUMENTS).red

    assert OF[document] in red


def test_a_few_words_are_no_document(bench: Bench) -> None:
    bench.write(API, "# API\n\nSee the code.\n")

    ended = bench.run(DOCUMENTS)

    assert OF[API] in ended.red
    assert "has 5 words" in ended.text


def test_documents_may_be_in_the_root(bench: Bench) -> None:
    for name in OF:
        (bench.app / name).rename(bench.app / name.removeprefix("docs/"))

    assert not bench.run(DOCUMENTS).red


@pytest.mark.parametrize(
    ("commands", "wrong"),
    [
        (["supabase db dump -f schema.sql", "supabase db dump --data-only -f data.sql"], False),
        (["supabase db dump -f schema.sql"], True),
        (["pg_dump \\", "  -s $URL > schema.sql"], True),
        (["pg_dump -Fc $URL > all.dump 2>/dev/null"], False),
        ([], False),
    ],
)
def test_which_backups_hold_rows(commands: list[str], wrong: bool) -> None:
    assert bool(gaps(dumps_in(commands), ["public.tags"])) == wrong


def test_how_a_backup_may_be_read_back() -> None:
    dumps = dumps_in(["pg_dump -Fc $URL 2>log | gzip > b/all.gz"])

    assert not brings_back(["gunzip -c b/all.gz | psql $URL"], dumps)
    assert not brings_back(["supabase backups restore --timestamp 1"], dumps)
    assert not brings_back(["psql $URL < any.sql"], dumps_in(["pg_dump $URL > b/$(date +%F).sql"]))
    assert brings_back(["psql $URL"], dumps) == "has no command that reads a backup back"
