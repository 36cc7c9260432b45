"""Each fault in the application's scripts and its bundle turns exactly the items red that speak of it."""

from __future__ import annotations

import json
import os

import pytest

from tests.preflight.bench import Bench

SCRIPTS = "preflight/test_scripts.py"
BUNDLE = "preflight/test_bundle.py"
BUILT = {"code-build", "stg-frontend-built"}
JOURNEYS = {"code-e2e-tests", "stg-e2e"}
FROM_SERVICE = "eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoic2VydmljZV9yb2xlIn0.c2lnbmF0dXJl"  # {"role": "service_role"}

# Fault → script, what it does instead, the items that turn red, and what the reader is told.
FAULTS = {
    "types do not fit": ("typecheck", "echo TS2345: no; exit 2", {"code-typecheck"}, "TS2345: no"),
    "a lint error": ("lint", "echo no-floating-promises; exit 1", {"code-lint"}, "no-floating-promises"),
    "a unit test fails": ("test", "echo 11 passed, 1 failed; exit 1", {"code-unit-tests"}, "1 failed"),
    "a failure is swallowed": ("test", "echo 'ok | 11 passed | 1 failed'", {"code-unit-tests"}, "11 passed | 1 failed"),
    "journeys fail, and it ends well": ("e2e", "echo 2 passed; echo '  1 failed'", JOURNEYS, "and says: 1 failed"),
    "no unit test is run": ("test", "echo no tests found", {"code-unit-tests"}, "does not say that any test passed"),
    "none of the unit tests passes": ("test", "echo 0 passed", {"code-unit-tests"}, "does not say that any test"),
    "a journey fails": ("e2e", "echo 1 failed; exit 1", JOURNEYS, "ended with 1"),
    "journeys are skipped": ("e2e", "echo 2 skipped", JOURNEYS, "does not say that any test passed"),
    "the build fails": ("build", "echo cannot resolve; exit 1", BUILT, "cannot resolve"),
    "the build writes nothing": ("build", "echo fine", BUILT, "wrote no dist/index.html"),
    "a script hangs": ("lint", "echo begun; sleep 600", {"code-lint"}, "did not end within"),
    "the bundle speaks to nobody": (
        "build",
        "mkdir -p dist; echo page > dist/index.html",
        {"stg-frontend-built"},
        "no file of the bundle names https://bench.test",
    ),
    "another project is in the bundle": (
        "build",
        "mkdir -p dist; echo https://bench.test https://abcdefghijklmnopqrst.supabase.co > dist/index.html",
        {"stg-frontend-built"},
        "names other projects: index.html: https://abcdefghijklmnopqrst.supabase.co",
    ),
    "a secret key is in the bundle": (
        "build",
        "mkdir -p dist; echo https://bench.test sb_secret_0123456789abcdef > dist/index.html",
        {"stg-frontend-built"},
        "index.html: a secret key",
    ),
    "the service role is in the bundle": (
        "build",
        f"mkdir -p dist/a; echo https://bench.test > dist/index.html; echo {FROM_SERVICE} > dist/a/app.js.map",
        {"stg-frontend-built"},
        "a/app.js.map: a token of the role service_role",
    ),
}


def test_nothing_is_red_without_a_fault(bench: Bench) -> None:
    ended = bench.run(SCRIPTS, BUNDLE)

    assert not ended.red, ended.text
    assert {ended[item].status for item in ("code-lint", "code-build", "stg-frontend-built")} == {"verified"}
    assert not (bench.app / "dist").exists(), "the build has written into the checkout"


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_turns_its_items_red(bench: Bench, fault: str) -> None:
    script, instead, red, said = FAULTS[fault]
    bench.write(f"scripts/{script}.sh", instead + "\n")
    hanging = "sleep" in instead

    ended = bench.run(SCRIPTS, *([] if hanging else [BUNDLE]), toml="", app="", timeout=1 if hanging else 20)

    assert ended.red == red, ended.text
    assert said in ended.text


def test_a_bundle_for_production_is_held_to_the_same(bench: Bench) -> None:
    bench.write("scripts/build.sh", "mkdir -p dist; echo sb_secret_0123456789abcdef > dist/index.html\n")

    assert bench.run(BUNDLE, profile="production").red == {"prod-frontend-built"}


def test_a_program_that_is_not_here_is_no_defect_of_the_application(bench: Bench) -> None:
    ended = bench.run(SCRIPTS, scripts={"lint": "no-such-program lint"})

    assert ended["code-lint"].status == "unverified"
    assert "no no-such-program on the PATH" in ended["code-lint"].reason
    assert not ended.red


@pytest.mark.parametrize(
    "command", ["cd scripts && sh lint.sh", "(cd scripts && sh lint.sh)", "NODE_ENV=test sh scripts/lint.sh", "./lint"]
)
def test_what_only_a_shell_can_read_is_left_to_it(bench: Bench, command: str) -> None:
    bench.write("lint", "#!/bin/sh\necho clean\n").chmod(0o755)
    bench.write("scripts/lint.sh", "echo clean\n")

    ended = bench.run(SCRIPTS + "::test_the_code_is_sound", scripts={"lint": command})

    assert ended["code-lint"].status == "verified", ended.text


def test_a_file_that_is_not_in_the_repository_is_named(bench: Bench) -> None:
    ended = bench.run(SCRIPTS + "::test_the_code_is_sound", scripts={"lint": "./no-such-file"})

    assert ended["code-lint"].status == "unverified"
    assert "app.scripts.lint is `./no-such-file`" in ended["code-lint"].reason


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("echo lint is fine", "the script does nothing: `echo lint is fine`"),
        ("cd scripts && true", "the script does nothing"),
        ("sh scripts/lint.sh || true", "the script hides how it ended: `sh scripts/lint.sh || true`"),
        ("sh scripts/lint.sh || /bin/true", "the script hides how it ended"),
        ("sh scripts/lint.sh ; echo done", "the script hides how it ended"),
        ("sh scripts/lint.sh | cat", "the script hides how it ended"),
        ("rm -f x || true; sh scripts/lint.sh", ""),
    ],
)
def test_a_script_that_pretends(bench: Bench, text: str, said: str) -> None:
    bench.write("deno.json", json.dumps({"tasks": {"lint": text}}))
    bench.write("package.json", "{}")

    ended = bench.run(SCRIPTS + "::test_the_code_is_sound", scripts={"lint": "deno task --quiet lint"})

    assert ended.red == ({"code-lint"} if said else set()), ended.text
    assert said in ended.text


def test_a_bundle_of_an_earlier_build_is_none(bench: Bench) -> None:
    os.utime(bench.write("dist/index.html", "https://bench.test"), (1_700_000_000, 1_700_000_000))
    bench.write("scripts/build.sh", "echo built\n")

    ended = bench.run(SCRIPTS + "::test_it_builds")

    assert ended.red == {"code-build"}
    assert "wrote nothing: dist/ is of an earlier one" in ended.text


def test_without_npm_deno_runs_what_is_denos(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fixtures.application.shutil.which", lambda *_, **__: None)
    bench.write("package.json", '{"scripts": {"lint": "deno lint", "test": "jest"}}')

    ended = bench.run(SCRIPTS, scripts={"test": "npm run test", "lint": "npm run lint"})

    assert "there is no npm on the PATH" in ended["code-unit-tests"].reason
    assert "no npm" not in ended["code-lint"].reason, "the script is Deno's, so Deno runs it"
