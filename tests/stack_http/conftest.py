"""Projects to test on: one per signing algorithm, shared by the tests of a worker; each test makes its own users."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from fixtures.stack.postgres import Cluster
from tests.stack_http.project import PASSWORD, Project


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with Cluster.start(tmp_path_factory.mktemp("cluster")) as running:
        yield running


@pytest.fixture(scope="session")
def project(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A project that signs with ES256, as new ones do."""
    running = Project(cluster, tmp_path_factory.mktemp("es256"), "ES256")
    yield running
    running.stop()


@pytest.fixture(scope="session")
def older_project(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A project that signs with a shared secret, as older ones do."""
    running = Project(cluster, tmp_path_factory.mktemp("hs256"), "HS256")
    yield running
    running.stop()


@dataclass(frozen=True)
class User:
    """Somebody who has signed in."""

    id: str
    email: str
    token: str
    refresh_token: str


class Api:
    """HTTP on a project's gateway, with its keys at hand."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.http = httpx.Client(base_url=project.url, timeout=20)

    def call(
        self, method: str, path: str, *, key: str | None = "publishable", token: str | None = None, **more: Any
    ) -> httpx.Response:
        """Send a request with one of the project's keys (by name), and with a user's token where one is given."""
        headers = dict(more.pop("headers", {}))
        if key is not None:
            headers.setdefault("apikey", getattr(self.project.api_keys, key))
        if token is not None:
            headers.setdefault("Authorization", f"Bearer {token}")
        return self.http.request(method, path, headers=headers, **more)

    def user(self, **more: Any) -> User:
        """A new user, made by the service role and signed in."""
        email = f"{uuid.uuid4().hex[:12]}@example.test"
        body = {"email": email, "password": PASSWORD, "email_confirm": True, **more}
        made = self.call("POST", "/auth/v1/admin/users", key="secret", json=body)
        assert made.status_code == 200, made.text
        return self.signed_in(email)

    def signed_in(self, email: str, password: str = PASSWORD) -> User:
        """A user who signs in once more."""
        grant = {"email": email, "password": password}
        answer = self.call("POST", "/auth/v1/token?grant_type=password", json=grant)
        assert answer.status_code == 200, answer.text
        body = answer.json()
        return User(body["user"]["id"], email, body["access_token"], body["refresh_token"])


@pytest.fixture(scope="session")
def api(project: Project) -> Iterator[Api]:
    api = Api(project)
    yield api
    api.http.close()


@pytest.fixture(scope="session")
def older_api(older_project: Project) -> Iterator[Api]:
    api = Api(older_project)
    yield api
    api.http.close()


@pytest.fixture
def user(api: Api) -> User:
    return api.user()
