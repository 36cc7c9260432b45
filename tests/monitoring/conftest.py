from __future__ import annotations

from collections.abc import Iterator

import pytest

from fixtures.scratch import Scratch
from fixtures.stack.launch import StackInfo, launch
from tests.monitoring.fakes import Provider
from tests.monitoring.planting import REFERENCE, Bench, bench


@pytest.fixture(scope="session")
def planting(tmp_path_factory: pytest.TempPathFactory, scratch: Scratch) -> Bench:
    return bench(tmp_path_factory.mktemp("operations"), scratch)


@pytest.fixture
def provider() -> Iterator[Provider]:
    """A provider's API on loopback; gone afterwards."""
    made = Provider()
    yield made
    made.close()


@pytest.fixture(scope="module")
def stack() -> Iterator[StackInfo]:
    with launch(REFERENCE, seed=["deno", "task", "--quiet", "seed"]) as running:
        yield running.info


@pytest.fixture(scope="module")
def settings(stack: StackInfo) -> str:
    members = "\n".join(
        f'[users.organizations.{name}]\nviewer = "viewer@{name}.test"\neditor = "editor@{name}.test"\n'
        f'org_admin = "admin@{name}.test"'
        for name in ("acme", "globex")
    )
    return f"""
[database]
dsn = "{stack.database_url}"
[api]
url = "{stack.api_url}"
publishable_key = "{stack.publishable_key}"
secret_key = "{stack.secret_key}"
[users]
password = "{stack.user_password}"
{members}
[permissions]
writes = true
canary_tenants = ["acme", "globex"]
[functions]
log = "{stack.functions_log}"
[storage]
cache_header = "x-cache"
[monitoring.logs]
postgres = "{stack.postgres_log}"
"""
