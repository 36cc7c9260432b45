"""The front end that is built for an environment speaks to that environment, and holds nothing secret."""

from __future__ import annotations

import pytest

from environments.model import Environment
from fixtures.application import Application
from fixtures.bundle import Bundle
from fixtures.errors import Unverified
from fixtures.evidence import Evidence

pytestmark = pytest.mark.check("stg-frontend-built", "prod-frontend-built")


@pytest.fixture(scope="module")
def bundle(application: Application) -> Bundle:
    """What `npm run build` writes with the VITE_ variables of this environment."""
    return Bundle.read(application.bundle)


def test_it_names_this_project(bundle: Bundle, environment: Environment, evidence: Evidence) -> None:
    """A bundle with the wrong address works perfectly, on the wrong database."""
    if environment.api is None:
        raise Unverified(f"{environment.path.name}: api.url is not set")

    naming = bundle.files_naming(environment.api.url)

    evidence.table("files that name the project", ["file"], [[name] for name in naming])
    assert naming, f"no file of the bundle names {environment.api.url} (VITE_SUPABASE_URL)"


def test_it_names_no_other_project(bundle: Bundle, environment: Environment) -> None:
    """An address that was written down somewhere outlives every variable: data go to a project that nobody watches."""
    address = environment.api.url if environment.api else ""

    foreign = bundle.foreign_projects(address)

    assert not foreign, "the bundle names other projects: " + "; ".join(foreign)


def test_it_holds_nothing_secret(bundle: Bundle, environment: Environment) -> None:
    """Whoever opens the site has the bundle: a key in it that bypasses row-level security is everybody's."""
    api = environment.api
    keys = [key.get_secret_value() for key in (api.secret_key, api.service_role_key) if key] if api else []

    secrets = bundle.secrets(keys)

    assert bundle.files, "there is nothing to look through"
    assert not secrets, "in the bundle: " + "; ".join(secrets)
