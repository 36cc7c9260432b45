"""A stack from start to end, and to every sudden end: nothing is left of it, or nothing that the next start leaves."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path

import httpx
import psutil
import psycopg
import pytest

from fixtures.errors import MigrationError, StackError
from fixtures.stack import config, state
from fixtures.stack.binaries import ROOT
from fixtures.stack.launch import RunningStack, launch
from fixtures.stack.postgres import Cluster
from fixtures.stack.records import Record, ended
from fixtures.waiting import until
from tests.stack import strangers

SMALL = {"migrations/20240101000000_a.sql": "create table public.a (id int);\ngrant select on public.a to anon;\n"}


def processes_of(stack: RunningStack) -> list[psutil.Process]:
    supervisor = psutil.Process(stack.supervisor.pid)
    return [supervisor, *supervisor.children(recursive=True)]


def expect_gone(processes: list[psutil.Process], *directories: Path) -> None:
    until(lambda: all(map(ended, processes)), within=20, what=f"{processes} have ended")
    for directory in directories:
        until(partial(_missing, directory), within=20, what=f"{directory} is gone")


def _missing(path: Path) -> bool:
    return not path.exists()


def run_directory_of(stack: RunningStack) -> Path:
    (found,) = (state.base() / "run").glob(f"{stack.supervisor.pid}-*")
    return found


def test_two_side_by_side_and_nothing_left_of_one(stack: RunningStack, tmp_path: Path) -> None:
    """Two rollouts at once, each with its own keys: the one's are nothing to the other, nor is its end."""
    other = launch(strangers.write(tmp_path, SMALL), jwt="HS256", default_grants="legacy")
    processes, run = processes_of(other), run_directory_of(other)
    names = set()
    for process in processes:
        with suppress(psutil.NoSuchProcess):  # a session of Postgres's that has ended since
            names.add(process.name())
    assert {"postgres", "postgrest"} <= names

    mine = httpx.get(f"{other.info.api_url}/rest/v1/a", headers={"apikey": other.info.publishable_key})
    theirs = httpx.get(f"{other.info.api_url}/rest/v1/a", headers={"apikey": stack.info.publishable_key})
    assert (mine.status_code, mine.json(), theirs.status_code) == (200, [], 401)
    assert other.info.jwt_secret
    assert stack.info.jwt_secret is None
    with psycopg.connect(other.info.database_url) as connection:
        assert connection.execute("select has_table_privilege('anon', 'public.a', 'insert')").fetchone() == (True,)

    other.stop()

    expect_gone(processes, run, other.info.directory)
    health = httpx.get(f"{stack.info.api_url}/auth/v1/health", headers={"apikey": stack.info.anon_key})
    assert health.status_code == 200


def test_user_of_a_seed_signs_in(stack: RunningStack) -> None:
    """Written as SQL with `crypt('…', gen_salt('bf'))`, as the seeds of most projects do it."""
    for password, status in (("password123", 200), ("password124", 400)):
        answer = httpx.post(
            f"{stack.info.api_url}/auth/v1/token?grant_type=password",
            headers={"apikey": stack.info.publishable_key},
            json={"email": "ada@example.com", "password": password},
        )
        assert answer.status_code == status, answer.text


def test_killed_supervisor_is_cleared_up_after(tmp_path: Path) -> None:
    stack = launch(strangers.write(tmp_path, SMALL))
    processes, run = processes_of(stack), run_directory_of(stack)

    os.kill(stack.supervisor.pid, signal.SIGKILL)

    expect_gone(processes, run)
    stack.stop()
    assert not stack.info.directory.exists()


LAUNCHER = """
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path
from fixtures.stack.launch import launch
stack = launch(Path(sys.argv[1]))
print(stack.supervisor.pid, stack.info.directory, flush=True)
sys.stdin.read()
"""


def test_killed_launcher_takes_the_stack_with_it(tmp_path: Path) -> None:
    rollout = strangers.write(tmp_path, SMALL)
    launcher = subprocess.Popen(
        [sys.executable, "-c", LAUNCHER, rollout], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert launcher.stdout is not None
    pid, directory = launcher.stdout.readline().split()
    processes = [psutil.Process(int(pid)), *psutil.Process(int(pid)).children(recursive=True)]

    launcher.kill()
    launcher.wait()

    expect_gone(processes, Path(directory))
    launcher.communicate()


def test_next_start_sweeps_what_nobody_could_clear_up(tmp_path: Path) -> None:
    """Owner and guard killed at one blow, as by the kernel when memory is short: the records are all that is left."""
    code = (
        "import sys; from pathlib import Path; from fixtures.stack.postgres import Cluster\n"
        "cluster = Cluster.start(Path(sys.argv[1])); print(cluster.sockets, flush=True); sys.stdin.read()"
    )
    owner = subprocess.Popen(
        [sys.executable, "-c", code, tmp_path], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert owner.stdout is not None
    run = Path(owner.stdout.readline().strip()).parent
    children = psutil.Process(owner.pid).children(recursive=True)
    (record_file,) = (run / "processes").glob("*.json")
    record = Record.model_validate_json(record_file.read_text())
    bystander = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
    # As if its process id had been given away since.
    stranger = record.model_copy(update={"pid": bystander.pid, "created": record.created - 60})
    (run / "processes" / f"{bystander.pid}.json").write_text(stranger.model_dump_json())

    for process in [*children, psutil.Process(owner.pid)]:
        with suppress(psutil.NoSuchProcess):  # what has already followed another into death
            process.kill()
    owner.communicate()
    state.sweep()

    expect_gone(children, run)
    assert bystander.poll() is None, "a process that has only inherited the process id is none of ours"
    bystander.communicate()


def test_a_living_owner_is_left_alone(cluster: Cluster) -> None:
    state.sweep()
    psycopg.connect(cluster.dsn()).close()


def test_broken_migration_reaches_the_caller(tmp_path: Path) -> None:
    broken = "create table public.b (id int);\ncreate table public.b (id int);\n"
    rollout = strangers.write(tmp_path, {**SMALL, "migrations/20240101000001_b.sql": broken})
    before = set((state.base() / "run").glob("*/stack-*"))

    with pytest.raises(MigrationError, match=r'20240101000001_b\.sql:2: relation "b" already exists'):
        launch(rollout)

    assert set((state.base() / "run").glob("*/stack-*")) <= before


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"config.toml": "[api]\nschemas = 3\n"}, "config.toml: api.schemas: input should be a valid list"),
        ({"config.toml": "[api\n"}, "config.toml: the file: expected TOML"),
    ],
)
def test_wrong_config_is_one_line(tmp_path: Path, files: dict[str, str], says: str) -> None:
    with pytest.raises(StackError, match=says) as caught:
        launch(strangers.write(tmp_path, files))
    assert "\n" not in str(caught.value)


def test_directory_without_supabase_is_no_rollout(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="has no supabase/ folder"):
        launch(tmp_path)


def test_failing_seed_command_is_told_with_its_last_words(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import os; raise SystemExit('no ' + os.environ['SUPABASE_URL'][:7])"]
    with pytest.raises(StackError, match=r"seed command .* ended with 1: no http://"):
        launch(strangers.write(tmp_path, SMALL), seed=command)


def test_unknown_configuration_is_no_concern_of_the_stack(tmp_path: Path) -> None:
    read = config.read(strangers.complete(tmp_path))
    assert read.api.schemas == ["public", "graphql_public"]
    assert read.storage.buckets["declared"].limit == 1024 * 1024


def test_foreground_writes_an_env_file_and_takes_it_away(tmp_path: Path) -> None:
    rollout, env_file = strangers.write(tmp_path / "rollout", SMALL), tmp_path / ".env.stack"
    command = [sys.executable, "-m", "fixtures.stack", "--rollout", str(rollout), "--env-file", str(env_file)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    until(lambda: env_file.exists() and env_file.read_text(), within=30, what="the stack runs")
    assert env_file.stat().st_mode & 0o777 == 0o600
    values = dict(line.split("=", 1) for line in env_file.read_text().splitlines() if "=" in line)
    assert values["STAGING_API_URL"] == values["PRODUCTION_API_URL"] == values["STACK_API_URL"]
    below = psutil.Process(process.pid).children(recursive=True)
    second = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert second.stderr == (
        f"the stack did not start: {env_file} is of another stack that runs: choose another --env-file\n"
    )
    assert dict(line.split("=", 1) for line in env_file.read_text().splitlines() if "=" in line) == values

    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=20)

    assert process.returncode == 0, output
    assert values["STACK_SECRET_KEY"] in output
    assert not env_file.exists()
    expect_gone(below)


def test_foreground_overwrites_nothing_of_anybodys(tmp_path: Path) -> None:
    rollout, own = strangers.write(tmp_path / "rollout", SMALL), tmp_path / ".env"
    own.write_text("KEY=precious\n")
    command = [sys.executable, "-m", "fixtures.stack", "--rollout", str(rollout), "--env-file", str(own)]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)

    assert (done.returncode, own.read_text()) == (1, "KEY=precious\n")
    assert f"{own} holds something else, and would be lost: choose another --env-file" in done.stderr


def test_foreground_without_a_rollout_is_one_line(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "fixtures.stack", "--rollout", str(tmp_path), "--env-file", ".env.none"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == f"the stack did not start: {tmp_path} has no supabase/ folder, so it is no rollout\n"
