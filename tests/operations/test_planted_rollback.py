"""Each step of the rollback that does not do what it should turns exactly its item red."""

from __future__ import annotations

import dataclasses
import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import psycopg
import pytest

from environments.migrations import Migrations, load_expectations
from fixtures import rollback
from fixtures.programs import Ran
from fixtures.rehearsal import Rehearsal, Rollout
from fixtures.rollback import Deleted, Rollback, delete_functions, rehearse
from fixtures.scratch import Scratch
from fixtures.supabase_cli import Answer
from fixtures.throwaway import Throwaway
from tests.migrations.planting import Ended, Resumed
from tests.preflight.bench import REFERENCE, Bench

CHECKS = "operations/test_rollback.py"
MIGRATIONS = ("organizations", "user-roles", "tags", "course-metadata", "media-embeddings")
FUNCTIONS = ("org-config", "list-courses-filtered", "publish-course", "restore-course-version", "regenerate-embeddings")
FRONT_END = {"rollback-frontend-revert", "rollback-frontend-build"}
DONE = Answer(Ran("supabase", 0, "", 0.5), {})
REFUSED = Answer(Ran("supabase", 1, "", 0.5), {"error": {"message": "permission denied"}})
BUILD = "mkdir -p dist && echo page > dist/index.html\n"


def quick(*arguments: str, database: str = "", **_: Any) -> Answer:
    """What the CLI does to the ledger, without its second of start-up; the main job has the real one do it."""
    with psycopg.connect(database, autocommit=True) as connection:
        if arguments[:2] == ("migration", "repair"):
            connection.execute("delete from supabase_migrations.schema_migrations where version = %s", [arguments[-1]])
            return DONE
        applied = [row[0] for row in connection.execute(rollback.LEDGER.encode())]
    return dataclasses.replace(DONE, value={"migrations": [{"local": each, "remote": each} for each in applied]})


@pytest.fixture(scope="module")
def done(scratch: Scratch, known: Rehearsal, tmp_path_factory: pytest.TempPathFactory) -> Rollback:
    """A rollback as it should be."""
    with patch("fixtures.rollback.supabase", quick):
        return rehearse(scratch, known.rollout, known.baseline(), tmp_path_factory.mktemp("sound"))


def expecting(bench: Bench, migrations: tuple[str, ...]) -> Path:
    """Expectations of a rollout with other migrations."""
    return bench.write("expectations.toml", f"migrations = {json.dumps(migrations)}\ntables = ['public.tags']\n")


@pytest.fixture
def run(bench: Bench, done: Rollback) -> Callable[..., Ended]:
    shutil.copytree(bench.app / "releases" / "single-tenant", bench.app / "releases" / "before")
    bench.write("releases/before/scripts/build.sh", BUILD)

    def on(
        *,
        rolled: Rollback = done,
        functions: dict[str, Deleted] | None = None,
        release: str = "releases/before",
        expected: tuple[str, ...] = (),
    ) -> Ended:
        deleted = dict.fromkeys(FUNCTIONS, Deleted(405, DONE, 404)) | (functions or {})
        future: Future[dict[str, Deleted]] = Future()
        future.set_result(deleted)
        return bench.run(
            CHECKS,
            app=f'previous_release = "{release}"' if release else "",
            toml=f'[migrations]\nexpectations = "{expecting(bench, expected)}"\n' if expected else "",
            fixtures={"rollback": rolled, "throwaway": SimpleNamespace(begin=lambda _: future)},
        )

    return on


def test_nothing_is_red_without_a_fault(run: Callable[..., Ended]) -> None:
    ended = run()

    assert not ended.red, ended.text
    verified = {each.id for each in ended.verdict.items if each.status == "verified"}
    assert verified >= {"rollback-restore", *FRONT_END, "rollback-revert-tags", "rollback-delete-org-config"}


@pytest.mark.parametrize("number", range(5), ids=MIGRATIONS)
def test_a_migration_that_stays_in_the_ledger(run: Callable[..., Ended], done: Rollback, number: int) -> None:
    version = done.newest_first[4 - number]
    ledgers = done.ledgers | {version: [*done.ledgers[version], version]}

    ended = run(rolled=dataclasses.replace(done, ledgers=ledgers))

    assert ended.red == {f"rollback-revert-{MIGRATIONS[number]}"}, ended.text


def test_a_revert_that_is_refused(run: Callable[..., Ended], done: Rollback) -> None:
    version = done.newest_first[0]

    ended = run(rolled=dataclasses.replace(done, reverts=done.reverts | {version: REFUSED}))

    assert ended.red == {"rollback-revert-media-embeddings"}
    assert "permission denied" in ended.text


def test_a_migration_that_the_list_still_shows(run: Callable[..., Ended], done: Rollback) -> None:
    listed = {"migrations": [{"local": done.newest_first[0], "remote": done.newest_first[0]}]}

    ended = run(rolled=dataclasses.replace(done, listed=dataclasses.replace(DONE, value=listed)))

    assert ended.red == {"rollback-revert-media-embeddings"}
    assert "still shows" in ended.text


EXPECTED = load_expectations(Migrations().expectations).migrations


def test_a_rollout_of_three_migrations(run: Callable[..., Ended]) -> None:
    ended = run(expected=EXPECTED[:3])

    assert not ended.red, ended.text
    assert ended["rollback-revert-tags"].status == "verified"
    for name in MIGRATIONS[3:]:
        assert ended[f"rollback-revert-{name}"].status == "unverified"
        assert f'bench.toml: [not_applicable] rollback-revert-{name} = "why"' in ended[f"rollback-revert-{name}"].reason


def test_a_rollout_of_six_migrations(run: Callable[..., Ended]) -> None:
    ended = run(expected=(*EXPECTED, "20251025200005_one_more"))

    assert ended.red == {"rollback-revert-media-embeddings"}
    assert "20251025200005_one_more is not in the repository" in ended.text


def test_a_restore_that_leaves_the_new_schema(run: Callable[..., Ended], done: Rollback) -> None:
    ended = run(rolled=dataclasses.replace(done, after=done.migrated))

    assert ended.red == {"rollback-restore"}
    assert "differences after the rollback" in ended.text


def test_a_restore_that_fails(run: Callable[..., Ended], done: Rollback) -> None:
    ended = run(rolled=dataclasses.replace(done, restored=Ran("psql", 3, "ERROR: out of space", 1)))

    assert ended.red == {"rollback-restore"}
    assert "out of space" in ended.text


NEWEST = "20251025200004_multi_tenant_media_embeddings.sql"
BASELINE = "20251025000000_single_tenant_baseline.sql"


@pytest.fixture
def spoil(scratch: Scratch, known: Rehearsal, tmp_path: Path) -> Callable[..., list[str]]:
    """Appends SQL to a migration and says what differs after the rollback."""

    def differences(statements: str, *, to: str = NEWEST, undo: str = "") -> list[str]:
        shutil.copytree(REFERENCE / "supabase" / "migrations", tmp_path / "supabase" / "migrations")
        with (tmp_path / "supabase" / "migrations" / to).open("a") as file:
            file.write(f"\n{statements}\n")
        rollout = Rollout.read(tmp_path, load_expectations(Migrations().expectations))
        baseline = Resumed(known, scratch, rollout).baseline()
        (tmp_path / "undo.sql").write_text(undo)
        with patch("fixtures.rollback.supabase", quick):
            rolled = rehearse(scratch, rollout, baseline, tmp_path, tmp_path / "undo.sql" if undo else None)
        assert rolled.restored
        rolled.restored.expect_success()
        if rolled.undone:
            rolled.undone.expect_success()
        assert rolled.after
        return rolled.after.differences_from(rolled.before)

    return differences


STAYS = {
    "default privileges": (
        "alter default privileges revoke execute on functions from public;",
        "default privileges of postgres",
        "alter default privileges grant execute on functions to public;",
    ),
    "an extension": (
        "create extension pg_trgm with schema extensions;",
        "pg_trgm: extension is missing in before",
        "drop extension pg_trgm;",
    ),
    "a privilege on the platform's tables": (
        "grant select on auth.users to anon;",
        "auth.users: privileges differ",
        "revoke select on auth.users from anon;",
    ),
    "one that others have granted, too": (
        "grant select on storage.objects to anon;",
        "storage.objects: privileges differ: before no more ≠ afterwards also anon select by postgres",
        "revoke select on storage.objects from anon;",
    ),
    "a file": (
        "insert into storage.objects (bucket_id, name) values ('courses', 'left/behind.json');",
        "storage.objects: new or changed",
        "set storage.allow_delete_query = 'true'; delete from storage.objects where name = 'left/behind.json';",
    ),
    "a secret": (
        "select vault.create_secret('not to be shown', 'later');",
        "vault.secrets: new or changed",
        "delete from vault.secrets where name = 'later';",
    ),
    "a job": (
        "create extension pg_cron; select cron.schedule('nightly', '0 3 * * *', 'select 1');",
        "cron.job: new or changed",
        "drop extension pg_cron;",
    ),
    "a user": (
        "insert into auth.users (id, email) values (gen_random_uuid(), 'left@behind.test');",
        "auth.users: new or changed",
        "delete from auth.users where email = 'left@behind.test';",
    ),
    "a publication": (
        "create publication everybody;",
        "everybody: publication is missing in before",
        "drop publication everybody;",
    ),
}


@pytest.mark.parametrize(("spoilt", "said"), [case[:2] for case in STAYS.values()], ids=STAYS)
def test_what_no_backup_brings_back(spoil: Callable[..., list[str]], spoilt: str, said: str) -> None:
    told = "\n".join(spoil(spoilt))

    assert said in told
    assert "not to be shown" not in told


@pytest.mark.parametrize(("spoilt", "undo"), [case[::2] for case in STAYS.values()], ids=STAYS)
def test_what_no_backup_brings_back_is_undone(spoil: Callable[..., list[str]], spoilt: str, undo: str) -> None:
    assert spoil(spoilt, undo=undo) == []


@pytest.mark.parametrize(
    "spoilt",
    [
        "create policy everybody on storage.objects for select to anon using (bucket_id = 'courses');",
        "insert into storage.buckets (id, name, public) values ('later', 'later', true);",
        "update storage.buckets set updated_at = now(), file_size_limit = 10 where id = 'courses';",
        "create schema reporting; create table reporting.totals (id int);",
        "alter publication supabase_realtime add table public.media_assets;",
        "create extension pg_trgm;",
    ],
    ids=["a policy on files", "a bucket", "a bucket's settings", "another schema", "what is published", "in public"],
)
def test_what_the_restore_clears_away(spoil: Callable[..., list[str]], spoilt: str) -> None:
    assert spoil(spoilt) == []


@pytest.mark.parametrize(
    "there",
    [
        "create extension pg_cron; select cron.schedule('nightly', '0 3 * * *', 'select 1');",
        "create extension pg_trgm;",
        'create schema "My App"; create table "My App"."Order" (id int); insert into "My App"."Order" values (1);',
        "alter publication supabase_realtime add table public.media_assets (id, url) where (id is not null);",
        "create function public.heard() returns event_trigger language plpgsql as $$begin end$$;"
        " create event trigger hears on ddl_command_end when tag in ('CREATE TABLE') execute function public.heard();",
    ],
    ids=["pg_cron", "an extension in public", "names in capitals", "a published table", "an event trigger"],
)
def test_what_was_there_before_comes_back(spoil: Callable[..., list[str]], there: str) -> None:
    """Whatever a project has that drops with its schemas, or that only an extension may change."""
    assert spoil(there, to=BASELINE) == []


def test_a_role_that_stays_must_be_undone(run: Callable[..., Ended], bench: Bench) -> None:
    """Roles are the server's: whether one stays cannot be seen on the throw-away database, whose server they share."""
    last = f"supabase/migrations/{NEWEST}"
    sound = (bench.app / last).read_text()
    bench.write(
        last,
        sound + "\ncreate role reporting nologin;\ngrant reporting to anon;"
        "\nalter role authenticated set statement_timeout = '9s';\n",
    )

    ended = run()
    bench.edit("docs/DISASTER_RECOVERY.md", "update storage.buckets", "drop role reporting;\nupdate storage.buckets")
    documented = run()

    assert ended.red == documented.red == {"rollback-restore"}
    assert "create role reporting" in ended.text
    assert "grant reporting to anon" in ended.text
    assert "reporting" not in documented.text
    assert "stays after a rollback, and nothing says how it is taken back: alter role authenticated" in documented.text


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_that_still_answers(run: Callable[..., Ended], function: str) -> None:
    ended = run(functions={function: Deleted(405, DONE, 200)})

    assert ended.red == {f"rollback-delete-{function}"}
    assert f"{function} still answers, with 200" in ended.text


def test_a_function_that_was_never_there(run: Callable[..., Ended]) -> None:
    ended = run(functions={"org-config": Deleted(404, DONE, 404)})

    assert ended.red == {"rollback-delete-org-config"}


def test_the_real_cli_deletes_a_function(project: Throwaway) -> None:
    running = project.project

    deleted = delete_functions(running, ["org-config", "nowhere"])

    assert (deleted["org-config"].before, deleted["org-config"].after) == (405, 404)
    deleted["org-config"].answer.expect_done()
    assert deleted["nowhere"].before == 404
    assert "does not exist" in deleted["nowhere"].answer.error


class Repository:
    """The bench's application as a git repository with a release and some commits on top."""

    def __init__(self, path: Path) -> None:
        self.path = path
        (path / "scripts" / "build.sh").write_text(BUILD)
        self.git("init", "--quiet", "--initial-branch=main")
        self.commit("release")
        self.git("tag", "v1")
        for number in range(3):
            (path / "web.ts").write_text(f"tenants({number})\n")
            self.commit(f"tenants {number}")

    def git(self, *arguments: str) -> None:
        command = ["git", "-c", "user.name=t", "-c", "user.email=t@t.test", "-c", "commit.gpgSign=false", *arguments]
        subprocess.run(command, cwd=self.path, check=True, capture_output=True)

    def commit(self, message: str) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)


@pytest.fixture
def repository(run: Callable[..., Ended], bench: Bench) -> Iterator[Repository]:
    assert run
    yield Repository(bench.app)
    assert (bench.app / "web.ts").read_text().startswith("tenants"), "the checkout itself was reverted"


def test_a_tagged_release_is_gone_back_to(run: Callable[..., Ended], repository: Repository) -> None:
    assert repository
    ended = run(release="v1")

    assert not ended.red, ended.text
    assert ended["rollback-frontend-revert"].status == "verified"


def test_a_merge_cannot_be_reverted_so(run: Callable[..., Ended], repository: Repository) -> None:
    repository.git("checkout", "--quiet", "-b", "side", "HEAD~1")
    (repository.path / "side.ts").write_text("side\n")
    repository.commit("side")
    repository.git("checkout", "--quiet", "main")
    repository.git("merge", "--quiet", "--no-ff", "--no-edit", "side")

    ended = run(release="v1")

    assert ended.red == {"rollback-frontend-revert"}, ended.text
    assert "is a merge but no -m option" in ended.text


def test_a_release_that_does_not_build(run: Callable[..., Ended], bench: Bench) -> None:
    bench.write("releases/before/scripts/build.sh", "echo gone from the registry; exit 1\n")

    ended = run()

    assert ended.red == {"rollback-frontend-build"}
    assert "gone from the registry" in ended.text


def test_a_tag_that_is_not_there(run: Callable[..., Ended], repository: Repository) -> None:
    assert repository
    ended = run(release="v0")

    assert ended.red == FRONT_END
    assert "the repository has no revision v0" in ended.text


def test_without_a_release_it_stays_open(run: Callable[..., Ended]) -> None:
    ended = run(release="")

    assert {ended[item].status for item in FRONT_END} == {"unverified"}
    assert "app.previous_release is not set" in ended["rollback-frontend-build"].reason
