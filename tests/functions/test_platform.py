"""What is deployed, and what the platform's log says, by the genuine CLI against a fake of the Management API."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from environments.model import Environment
from environments.sections import FUNCTIONS
from fixtures.deployed import Deployed, Platform, deployed_functions
from fixtures.errors import Unverified
from fixtures.functions_log import FunctionsLog, errors_in
from fixtures.runs import new_run
from tests.functions.planting import Ended, Planting
from tests.functions.platform import PROJECT, TOKEN, ManagementApi

LOG_CHECK = "test_logs.py::test_the_checks_have_left_no_error_in_the_log"


@pytest.fixture
def platform() -> Iterator[ManagementApi]:
    with ManagementApi(dict.fromkeys(FUNCTIONS, 3)) as api:
        yield api


def test_the_cli_lists_what_is_deployed(platform: ManagementApi, planted: Planting) -> None:
    listed = Platform(_hosted(planted.environment, platform)).functions()

    assert listed == [Deployed(name, 3) for name in FUNCTIONS]
    assert platform.asked[0][0] == f"/v1/projects/{PROJECT}/functions"


def test_the_cli_asks_the_log_in_sql(platform: ManagementApi, planted: Planting) -> None:
    since = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
    platform.logged = [{"timestamp": "2026-11-20T09:31:00", "event_message": "boom", "function_id": "f1"}]

    found = FunctionsLog(_hosted(planted.environment, platform), since).errors(since, since + timedelta(hours=1))

    assert [(each.function, each.text) for each in found] == [("f1", "boom")]
    queries = [query for path, query in platform.asked if path.endswith("/logs")]
    assert "function_edge_logs" in queries[0]["sql"][0]
    assert queries[-1]["iso_timestamp_start"][0].startswith("2026-11-20T09:30:00")
    assert queries[-1]["iso_timestamp_end"][0].startswith("2026-11-20T10:30:00")


def test_a_log_that_has_not_seen_a_request_is_not_the_log_of_this_system(
    platform: ManagementApi, planted: Planting
) -> None:
    """An empty log is only good news if it would have shown bad ones."""
    platform.requests = 0

    with pytest.raises(Unverified, match="no request to any function"):
        FunctionsLog(_hosted(planted.environment, platform), datetime.now(UTC)).errors(datetime.now(UTC))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"access_token": SecretStr("sbp_" + "f" * 40)}, "nauthorized|401"),
        ({"project_ref": "zyxwvutsrqponmlkjihg"}, "not found|404"),
        ({"management_url": "http://127.0.0.1:9"}, "supabase functions: "),
        ({"access_token": None}, "deployment.access_token is not set"),
    ],
)
def test_a_platform_that_does_not_answer_leaves_it_unverified(
    changed: dict[str, Any], said: str, platform: ManagementApi, planted: Planting
) -> None:
    hosted = _hosted(planted.environment, platform)
    deployment = hosted.deployment.model_copy(update=changed)

    with pytest.raises(Unverified, match=said) as refused:
        Platform(hosted.model_copy(update={"deployment": deployment})).functions()

    assert "f" * 40 not in str(refused.value)


def test_missing_extra_and_older_functions_are_named(platform: ManagementApi, planted: Planting) -> None:
    del platform.versions["restore-course-version"]
    platform.versions |= {"debug-everything": 1, "org-config": 2}

    ended = _run(planted, platform, "test_deployed.py::test_the_deployed_functions_are_the_reviewed_ones")

    said = ended.message("test_the_deployed_functions_are_the_reviewed_ones")
    assert ended.red == {"stg-functions-deployed"}
    assert "missing: restore-course-version is not deployed" in said
    assert "extra: debug-everything is deployed and was not reviewed" in said
    assert "older: org-config is deployed as version 2, reviewed was 3" in said


def test_what_is_deployed_as_reviewed_is_verified(platform: ManagementApi, planted: Planting) -> None:
    checks = (
        "test_deployed.py::test_the_deployed_functions_are_the_reviewed_ones",
        "test_deployed.py::test_it_is_deployed",
    )

    ended = _run(planted, platform, *checks)

    assert not ended.red
    assert set(ended.outcomes.values()) == {"passed"}, ended.failures


def test_the_stack_serves_what_its_rollout_holds(planted: Planting) -> None:
    from environments.sections import Stack

    environment = planted.environment.model_copy(update={"stack": Stack(rollout=planted.rollout)})

    assert sorted(each.name for each in deployed_functions(environment)) == sorted(FUNCTIONS)


def test_errors_are_told_from_chatter() -> None:
    lines = [
        "2026-11-20T09:30:00.000+00:00 [org-config] Listening on http://127.0.0.1:8000/",
        '2026-11-20T09:30:01.000+00:00 [org-config] {"level":"info","message":"error rate is low"}',
        '2026-11-20T09:30:02.000+00:00 [org-config] {"level":"error","requestId":"a-1","missing":"ALLOWED_ORIGINS"}',
        "2026-11-20T09:30:03.000+00:00 [publish-course] error: Uncaught (in promise) TypeError: no",
        "2026-11-20T09:30:03.000+00:00 [publish-course]     at file:///x/index.ts:1:1",
        "2026-11-20T09:30:04.000+00:00 [publish-course] published without errors",
        "2026-11-20T09:30:05.000+00:00 [publish-course] EdgeRuntime.waitUntil: it failed",
    ]

    found = list(errors_in(lines))

    assert [each.function for each in found] == ["org-config", "publish-course", "publish-course"]
    assert (found[0].missing_setting, found[0].request_id) == ("ALLOWED_ORIGINS", "a-1")
    assert "index.ts:1:1" in found[1].text


def test_errors_about_canaries_of_another_run_are_that_runs_business(planted: Planting, tmp_path: Path) -> None:
    log, own, other = tmp_path / "functions.log", new_run(), new_run()
    line = '{}+00:00 [publish-course] {{"level":"error","background":"embeddings of {} answered 404"}}\n'
    moment = datetime.now(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00")
    names = (f"greenlight-{own}-course-1", f"greenlight-{other}-course-1", "first-aid")
    log.write_text("".join(line.format(moment, name) for name in names))
    assert planted.environment.functions is not None
    functions = planted.environment.functions.model_copy(update={"log": log})
    environment = planted.environment.model_copy(update={"functions": functions})

    found = FunctionsLog(environment, datetime.now(UTC), lambda: own).errors(datetime.now(UTC) - timedelta(minutes=1))

    assert [any(name in each.text for each in found) for name in names] == [True, False, True]


def _hosted(environment: Environment, platform: ManagementApi) -> Environment:
    settings = {"project_ref": PROJECT, "access_token": SecretStr(TOKEN), "management_url": platform.url}
    assert environment.functions is not None
    return environment.model_copy(
        update={
            "deployment": environment.deployment.model_copy(update=settings),
            "functions": environment.functions.model_copy(update={"log": None}),
        }
    )


def _run(planted: Planting, platform: ManagementApi, *checks: str) -> Ended:
    """Run checks with an environment file that names the platform, and reviewed versions."""
    reviewed = "".join(f"{name} = 3\n" for name in FUNCTIONS)
    more = (
        f'[deployment]\nproject_ref = "{PROJECT}"\naccess_token = "{TOKEN}"\nmanagement_url = "{platform.url}"\n'
        f"[functions.reviewed]\n{reviewed}"
    )
    file: Path = planted.write("hosted", (planted.path / "environments" / "planted.toml").read_text() + more)
    return planted.run(*checks, file=file)
