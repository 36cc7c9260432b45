"""The functions of a stranger's rollout, as hosted Supabase serves them."""

from __future__ import annotations

import httpx
import psutil
import pytest

from fixtures.stack.launch import RunningStack
from fixtures.waiting import until


def call(stack: RunningStack, name: str, method: str = "GET") -> httpx.Response:
    return httpx.request(method, f"{stack.info.api_url}/functions/v1/{name}", timeout=30)


def test_environment_network_and_sandbox(stack: RunningStack) -> None:
    answer = call(stack, "hello").json()

    expected = ["URL", "ANON_KEY", "SERVICE_ROLE_KEY", "PUBLISHABLE_KEYS", "SECRET_KEYS", "JWKS", "DB_URL"]
    assert answer["set"] == [*(f"SUPABASE_{name}" for name in expected), "ALLOWED_ORIGINS", "FROM_DOTENV"]
    assert answer["profiles"] == [{"nickname": ""}], (
        "it has asked the database through the gateway, not what .env names"
    )
    assert answer["outside"] == "refused"


def test_output_is_logged_with_time_and_name(stack: RunningStack) -> None:
    call(stack, "hello")
    until(lambda: "[hello] asked for /hello" in stack.info.functions_log.read_text(), within=5, what="the line")


def test_crashed_function_is_started_again(stack: RunningStack) -> None:
    first = call(stack, "hello", "DELETE").json()["pid"]
    until(lambda: not psutil.pid_exists(first) or psutil.Process(first).status() == "zombie", within=5, what="its end")
    assert call(stack, "hello").json()["pid"] != first


def test_function_that_does_not_boot(stack: RunningStack) -> None:
    answer = call(stack, "broken")
    assert (answer.status_code, answer.json()["code"]) == (503, "BOOT_ERROR")
    assert "missing.ts" in stack.info.functions_log.read_text()


def test_old_standard_library_listens_where_it_is_told(stack: RunningStack) -> None:
    assert call(stack, "old").text == "old"


@pytest.mark.parametrize("name", ["unused", "_shared", "nosuch"])
def test_what_is_no_function(stack: RunningStack, name: str) -> None:
    assert call(stack, name).status_code == 404
