"""Which environment a run is about, and when its stack is started: real pytest runs on projects of a few lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixtures.lanes import OTHER_SCREENS, REST, SCREENS_OF_COURSES, lane

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parent.parent.parent
USAGE_ERROR = pytest.ExitCode.USAGE_ERROR
DSN = 'dsn = "postgresql://u:p@127.0.0.1:9/postgres"\n'

# The stack's place is taken by a stand-in that writes down what happens to it.
CONFTEST = """
import os, sys, types
from pathlib import Path
from fixtures.errors import MigrationError

pytest_plugins = ["fixtures.environment", "fixtures.checklist"]
HERE = Path(__file__).parent

def say(what):
    with (HERE / "stack.log").open("a") as log:
        log.write(what + "\\n")

class Running:
    class info:
        @staticmethod
        def variables():
            return {"STACK_DB_URL": "postgresql://the.stack/postgres"}

    def stop(self):
        say("stopped")

def launch(rollout, **settings):
    if (rollout / "broken").exists():
        raise MigrationError("0001_first.sql", 3, "create tabel t", 'syntax error at or near "tabel"')
    say(f"launched {rollout.name} {settings['jwt']}")
    return Running()

stand_in = types.ModuleType("fixtures.stack.launch")
stand_in.launch = launch
stand_in.RunningStack = Running
stand_in.build_front_end = lambda *_: None
sys.modules["fixtures.stack.launch"] = stand_in
"""
CHECK = """
import pytest

@pytest.mark.check("db-rls-enabled")
def test_rls(environment):
    assert environment.require("database.dsn") == {dsn!r}, environment.name

@pytest.mark.check("prod-smoke-homepage")
def test_homepage():
    pass
"""


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # the workers of xdist start three times as fast
    pytester.makefile(".toml", pytest="[pytest]\nstrict = true\ntestpaths = ['suites']\n")
    pytester.makeconftest(CONFTEST)
    for folder in ("environments", "suites", "tests", "rollout/supabase"):
        (pytester.path / folder).mkdir(parents=True)
    write(pytester, "environments/staging.toml", f"[database]\n{DSN}")
    write(pytester, "environments/production.toml", '[database]\ndsn = "${PRODUCTION_DB_URL}"\n')
    write(pytester, "environments/local.toml", "[stack]\nrollout = '../rollout'\n[database]\ndsn = '${STACK_DB_URL}'\n")
    write(pytester, "suites/test_checks.py", CHECK.format(dsn="postgresql://u:p@127.0.0.1:9/postgres"))
    write(pytester, "tests/test_own.py", "def test_own(): pass\n")
    return pytester


def write(project: pytest.Pytester, name: str, text: str) -> Path:
    path = project.path / name
    path.write_text(text)
    return path


def run(project: pytest.Pytester, *arguments: str) -> tuple[int, str]:
    """Exit status, and the one line of a usage error or else the whole output."""
    result = project.runpytest_inprocess("-p", "xdist", "-p", "no:cacheprovider", *arguments)
    output = result.stdout.str() + result.stderr.str()
    if result.ret == USAGE_ERROR:
        lines = [line for line in output.splitlines() if line.strip() and not line.startswith("=")]
        errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
        assert len(errors) == 1, output
        return result.ret, errors[0]
    return result.ret, output


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], "no environment named: expected -m with one of local, staging, production, or --env=PATH (local,"),
        (["-m", "stagign"], "-m 'stagign' names no environment (did you mean staging?): expected"),
        (["-m", "isolation"], "-m 'isolation' names no environment: expected"),
        (["-m", "not production"], "-m 'not production' names no environment"),
        (["-m", "staging or local"], "-m 'staging or local' names local and staging: a run is about one environment"),
        (
            ["-m", "staging and isolaton"],
            "-m 'staging and isolaton': unknown marker isolaton (did you mean isolation?)",
        ),
        (["-m", "production"], "environments/production.toml: database.dsn: not set: PRODUCTION_DB_URL (expected in"),
        (
            ["--env", "environments/eu.toml"],
            "environments/eu.toml: file: no such environment file; environments: local, ",
        ),
        (["--env", "prodution"], "no such environment file (did you mean production?)"),
        (["-m", "local", "--env", "staging"], "-m 'local' names local, but "),
        (["-m", "staging", "--dotenv", "none"], "none: file: expected a file of NAME=value lines"),
        (["-m", "staging", "-n", "1", "-m", "staging and isolaton"], "unknown marker isolaton"),
    ],
)
def test_usage_error_is_one_clear_line(project: pytest.Pytester, arguments: list[str], expected: str) -> None:
    status, line = run(project, *arguments)

    assert status == USAGE_ERROR
    assert expected in line
    assert str(project.path) not in line


def test_marker_picks_the_file_and_its_checks(project: pytest.Pytester) -> None:
    status, output = run(project, "-m", "staging")

    assert status == 0, output
    assert "environment: staging (profile staging, phase deployment)" in output
    assert "1 passed, 1 deselected" in output, "the homepage of production is no check of staging"


def test_env_alone_picks_the_checks_of_its_profile(project: pytest.Pytester) -> None:
    write(project, "eu.toml", f"[database]\n{DSN}")

    status, output = run(project, "--env", "eu.toml")

    assert status == 0, output
    assert "environment: eu (profile staging, phase deployment)" in output
    assert "1 passed, 1 deselected" in output


def test_files_may_lie_elsewhere(project: pytest.Pytester, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "eu.toml").write_text("[database]\ndsn = '${EU_DB_URL}'\n")
    (elsewhere / "eu.env").write_text("EU_DB_URL=postgresql://u:p@127.0.0.1:9/postgres\n")

    status, output = run(project, f"--env={elsewhere / 'eu.toml'}", f"--dotenv={elsewhere / 'eu.env'}")

    assert status == 0, output
    assert "environment: eu (profile staging, phase deployment)" in output


def test_env_and_a_layer_select_both(project: pytest.Pytester) -> None:
    _, output = run(project, "--env", "staging", "-m", "isolation")

    assert "2 deselected" in output


def test_variables_come_from_the_dotenv_file(project: pytest.Pytester) -> None:
    write(project, ".env", "PRODUCTION_DB_URL=postgresql://u:p@127.0.0.1:9/postgres\n")
    write(project, "environments/staging.toml", "[database]\ndsn = 'postgresql://u:p@another/postgres'\n")

    status, output = run(project, "-m", "production")

    assert status == 0, output
    assert "2 passed" in output


def test_greenlights_own_tests_need_no_environment(project: pytest.Pytester) -> None:
    status, output = run(project, "tests")

    assert status == 0, output
    assert "environment:" not in output


@pytest.mark.parametrize("arguments", [["--markers"], ["--help"], ["--version"], ["--fixtures"]])
def test_information_needs_no_environment(project: pytest.Pytester, arguments: list[str]) -> None:
    assert run(project, *arguments)[0] == 0


def log(project: pytest.Pytester) -> list[str]:
    file = project.path / "stack.log"
    return file.read_text().splitlines() if file.exists() else []


def local(project: pytest.Pytester, body: str = CHECK.format(dsn="postgresql://the.stack/postgres")) -> None:
    write(project, "suites/test_checks.py", body)


@pytest.mark.parametrize("workers", [[], ["-n", "1"]])
def test_stack_is_launched_once_and_stopped(project: pytest.Pytester, workers: list[str]) -> None:
    local(project)

    status, output = run(project, "-m", "local", *workers)

    assert status == 0, output
    assert log(project) == ["launched rollout ES256", "stopped"]


def test_each_worker_has_a_stack_of_its_own(project: pytest.Pytester) -> None:
    local(project)

    status, output = run(project, "-m", "local", "-n", "2")

    assert status == 0, output
    assert sorted(log(project)) == ["launched rollout ES256"] * 2 + ["stopped"] * 2


LANE = """
import os, time, pytest
from fixtures.environment import say

@pytest.fixture
def load_run():
    return None

@pytest.mark.check("db-rls-enabled")
@pytest.mark.parametrize("n", range({times}))
def test_{name}(n{wants}):
    say(f"{name} {{os.environ['PYTEST_XDIST_WORKER']}} {{time.monotonic()}}")
    time.sleep(0.05)
    say(f"{name} {{os.environ['PYTEST_XDIST_WORKER']}} {{time.monotonic()}}")
"""


def test_lanes_run_side_by_side_and_wait_for_load(project: pytest.Pytester) -> None:
    """Half of the screens on each stack, then the rest and load on one of them, and what needs neither on the other."""
    local(project)
    with (project.path / "conftest.py").open("a") as conftest:
        conftest.write(
            "\npytest_plugins.append('fixtures.lanes')\n"
            "from fixtures import environment, evidence\n"
            "environment.say = say\n"
            "def pytest_configure(config): config.stash[evidence.OUTPUT] = HERE\n"
        )
    times = {"ui": 12, "course_list": 6, "functions": 20, "migrations": 4, "preflight": 14, "load": 4}
    for name, count in times.items():
        layer = project.path / "suites" / ("ui" if name == "course_list" else name)
        layer.mkdir(exist_ok=True)
        how = {"name": name, "times": count, "wants": ", load_run" if name == "load" else ""}
        write(project, f"suites/{layer.name}/test_{name}.py", LANE.format(**how))

    status, output = run(project, "-m", "local", "-n", "2")

    assert status == 0, output
    ran: dict[str, list[tuple[str, float]]] = {}
    for name, worker, at in (line.split() for line in log(project) if " gw" in line):
        ran.setdefault(name, []).append((worker, float(at)))
    assert {name: len(each) // 2 for name, each in ran.items()} == times
    workers = {name: {worker for worker, _ in each} for name, each in ran.items()}
    assert all(len(each) == 1 for each in workers.values()), "a lane goes to a worker whole"
    assert workers["ui"] != workers["course_list"], "half of the screens on each stack"
    assert workers["functions"] == workers["load"] == workers["course_list"], "the rest where screens are done first"
    assert workers["migrations"] == workers["preflight"] == workers["ui"], "what is left goes to the other one"
    spans = {name: list(zip(*[iter(sorted(at for _, at in each))] * 2, strict=True)) for name, each in ran.items()}
    begins = {name: min(begin for begin, _ in each) for name, each in spans.items()}
    assert max(begins["ui"], begins["course_list"]) < min(begins["functions"], begins["migrations"]), "screens go first"
    loaded = spans.pop("load")
    assert max(end for _, end in spans["functions"]) < min(begin for begin, _ in loaded), "load comes last"
    others = [span for each in spans.values() for span in each]
    together = [(a, b) for a in others for b in loaded if a[0] < b[1] and b[0] < a[1]]
    assert not together, "a check ran while load did"


@pytest.mark.parametrize("half", [SCREENS_OF_COURSES, OTHER_SCREENS])
def test_what_the_screens_left_is_read_where_they_were_looked_at(half: str) -> None:
    looked = f"suites/ui/{'test_variants' if half == SCREENS_OF_COURSES else 'test_routes'}.py::test_x"
    left = f"suites/ui/test_left_behind.py::test_no_screen_was_refused[{half}]"

    assert lane(looked, copies=True) == lane(left, copies=True) == half
    assert lane(looked, copies=False) == lane(left, copies=False) == REST


def test_stack_is_launched_for_what_runs_despite_a_broken_module(project: pytest.Pytester) -> None:
    local(project)
    write(project, "suites/test_broken.py", "import nothing_of_this_name\n")

    _, output = run(project, "-m", "local", "--continue-on-collection-errors")

    assert "2 passed, 1 error" in output
    assert log(project) == ["launched rollout ES256", "stopped"]


def test_stack_is_not_launched_when_nothing_will_run(project: pytest.Pytester) -> None:
    local(project)

    run(project, "-m", "local", "--collect-only")
    run(project, "-m", "local and load")
    run(project, "-m", "staging")
    write(project, "suites/test_broken.py", "import nothing_of_this_name\n")
    run(project, "-m", "local")

    assert log(project) == []


@pytest.mark.parametrize("ending", ["raise KeyboardInterrupt", "pytest.exit('enough')", "assert False"])
def test_stack_is_stopped_however_the_run_ends(project: pytest.Pytester, ending: str) -> None:
    local(project, f"import pytest\n@pytest.mark.check('db-rls-enabled')\ndef test_rls():\n    {ending}\n")

    ended = project.runpytest_subprocess("-m", "local")  # Ctrl-C in this process would be ours

    assert ended.ret != 0
    assert log(project) == ["launched rollout ES256", "stopped"]


@pytest.mark.parametrize("workers", [[], ["-n", "1"]])
def test_broken_migration_is_answered_with_file_and_message(project: pytest.Pytester, workers: list[str]) -> None:
    local(project)
    write(project, "rollout/broken", "")

    status, output = run(project, "-m", "local", *workers)

    assert status == 1
    assert 'the stack did not start: 0001_first.sql:3: syntax error at or near "tabel"' in output
