"""What nobody has reviewed turns its item red; a forge without an answer leaves it open, and says what is missing."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest

from tests.preflight.bench import Bench
from tests.preflight.forge import Change, FakeForge

REVIEWS = "preflight/test_reviews.py"
TAGS = "supabase/migrations/20251025200002_multi_tenant_tags.sql"
PUBLISH = "supabase/functions/publish-course"
MIGRATIONS = {"db-migrations-reviewed"}
PUBLISHING = {"fn-reviewed", "fn-reviewed-publish-course"}
AT = "a" * 40

FAULTS = {
    "pushed without a pull request": (Change(AT, number=None), "came without a merged pull request"),
    "a pull request that was never merged": (Change(AT, 7, merged=False), "came without a merged pull request"),
    "nobody looked": (Change(AT, 7, reviews=[]), "#7 of ada has 0 approvals by others"),
    "approved by its author": (Change(AT, 7, reviews=[("ada", "APPROVED", "head")]), "has 0 approvals by others"),
    "only a comment": (Change(AT, 7, reviews=[("grace", "COMMENTED", "head")]), "has 0 approvals by others"),
    "an approval taken back": (
        Change(AT, 7, reviews=[("grace", "APPROVED", "head"), ("grace", "CHANGES_REQUESTED", "head")]),
        "has 0 approvals by others",
    ),
    "changed after the approval": (
        Change(AT, 7, reviews=[("grace", "APPROVED", "older")]),
        "and grace approved what it was before",
    ),
    "no such file on the forge": (Change(""), "has no commit that touched"),
}


@pytest.fixture
def forge() -> Iterator[FakeForge]:
    running = FakeForge()
    yield running
    running.stop()


def test_nothing_is_red_where_everything_was_reviewed(bench: Bench, forge: FakeForge) -> None:
    ended = bench.run(REVIEWS, toml=forge.toml())

    assert not ended.red, ended.text
    assert {ended[item].status for item in MIGRATIONS | PUBLISHING} == {"verified"}
    assert {method for method, _ in forge.requests} == {"GET"}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_migration_that_was_not_reviewed_is_red(bench: Bench, forge: FakeForge, fault: str) -> None:
    forge.changes[TAGS], said = FAULTS[fault]

    ended = bench.run(REVIEWS, toml=forge.toml())

    assert ended.red == MIGRATIONS, ended.text
    assert said in ended.text


def test_a_function_that_was_not_reviewed_is_red(bench: Bench, forge: FakeForge) -> None:
    forge.changes[PUBLISH] = Change(AT, 7, reviews=[])

    ended = bench.run(REVIEWS, toml=forge.toml())

    assert ended.red == PUBLISHING, ended.text


def test_what_functions_share_was_not_reviewed(bench: Bench, forge: FakeForge) -> None:
    bench.write("supabase/functions/_shared/auth.ts", "export const allowed = true;\n")
    bench.write("supabase/functions/_tests/auth.test.ts", "")
    forge.changes["supabase/functions/_shared"] = Change(AT, number=None)
    forge.changes["supabase/functions/_tests"] = Change("b" * 40, number=None)

    ended = bench.run(REVIEWS, toml=forge.toml())

    assert ended.red == {"fn-reviewed"}, ended.text
    assert "supabase/functions/_shared: aaaaaaaaaa came without a merged pull request" in ended.text


def test_what_was_changed_here_was_not_reviewed(bench: Bench, forge: FakeForge) -> None:
    git = ("git", "-c", "user.name=t", "-c", "user.email=t@t.test", "-c", "commit.gpgSign=false")
    for arguments in (("init", "--quiet"), ("add", "--all"), ("commit", "--quiet", "--message", "all")):
        subprocess.run([*git, *arguments], cwd=bench.app, check=True, capture_output=True)
    assert not bench.run(REVIEWS, toml=forge.toml()).red
    bench.write(TAGS, (bench.app / TAGS).read_text() + "-- and one more thing\n")

    ended = bench.run(REVIEWS, toml=forge.toml())

    assert ended.red == MIGRATIONS, ended.text
    assert "has changes here that were never committed" in ended.text


def test_an_approval_on_the_second_page_counts(bench: Bench, forge: FakeForge) -> None:
    comments = [("grace", "COMMENTED", "head")] * 130
    forge.changes[PUBLISH] = Change(AT, 7, reviews=[*comments, ("grace", "APPROVED", "head")])

    assert not bench.run(REVIEWS, toml=forge.toml()).red


def test_two_approvals_may_be_asked_for(bench: Bench, forge: FakeForge) -> None:
    ended = bench.run(REVIEWS, toml=forge.toml() + "approvals = 2\n")

    assert ended.red >= MIGRATIONS | PUBLISHING


def test_without_a_forge_people_decide(bench: Bench) -> None:
    ended = bench.run(REVIEWS)

    assert {ended[item].status for item in MIGRATIONS | PUBLISHING} == {"unverified"}
    assert "forge.repository is not set" in ended["fn-reviewed"].reason


@pytest.mark.parametrize(
    ("status", "headers", "token", "said"),
    [
        (500, {}, "ghp_for_tests", "the forge answers 500"),
        (403, {"x-ratelimit-remaining": "0"}, "ghp_for_tests", "its rate limit is used up"),
        (200, {}, "ghp_wrong", "Bad credentials; forge.token needs to read pull requests"),
    ],
)
def test_a_forge_that_refuses_leaves_it_open(
    bench: Bench, forge: FakeForge, status: int, headers: dict[str, str], token: str, said: str
) -> None:
    forge.status, forge.headers = status, headers

    ended = bench.run(REVIEWS, toml=forge.toml(token))

    assert not ended.red
    assert ended["fn-reviewed"].status == "unverified"
    assert said in ended["fn-reviewed"].reason
    assert token not in ended.text


def test_nobody_listens(bench: Bench, forge: FakeForge) -> None:
    forge.stop()

    ended = bench.run(REVIEWS, toml=forge.toml())

    assert ended["fn-reviewed"].status == "unverified"
    assert "forge.url: ConnectError" in ended["fn-reviewed"].reason


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (200, b"<html>Sign in</html>", "is not answered as GitHub's API does: Invalid JSON"),
        (200, b"null", "Input should be a valid"),
        (200, b'{"message": "moved"}', "Input should be a valid"),
        (200, b"{}", "Input should be a valid"),
        (200, b"[7]", "is not answered as GitHub's API does: 0:"),
        (200, b'[{"id": 7}]', "is not answered as GitHub's API does: 0.sha: Field required"),
        (502, b"<html>Bad gateway</html>", "the forge answers 502"),
        (502, b"[]", "the forge answers 502"),
        (403, b"", "forge.token needs to read pull requests"),
    ],
)
def test_what_is_no_answer_of_a_forge_leaves_it_open(
    bench: Bench, forge: FakeForge, status: int, body: bytes, said: str
) -> None:
    forge.status, forge.body = status, body

    ended = bench.run(REVIEWS, toml=forge.toml())

    assert not ended.red
    assert ended["fn-reviewed"].status == "unverified"
    assert said in ended["fn-reviewed"].reason
    assert "Error" not in ended["fn-reviewed"].reason
