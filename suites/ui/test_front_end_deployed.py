"""The front end that is served belongs to this project. (Its own journeys: preflight/test_scripts.py.)"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest

from environments.model import Environment
from fixtures.gateway import Gateway
from fixtures.screens import Visitors

API = re.compile(r"^/(auth|rest|functions|storage|realtime)/v1\b")


@pytest.mark.check("stg-frontend-deployed", "prod-frontend-deployed")
def test_the_site_talks_to_this_project_and_no_other(
    visitors: Visitors, gateway: Gateway, environment: Environment
) -> None:
    """A build made for another environment looks the same, and reads and writes somebody else's database."""
    project = urlsplit(environment.require("api.url")).netloc
    guest = visitors.stranger("viewer")
    asked: list[str] = []
    guest.context.on("request", lambda request: asked.append(request.url))

    guest.sign_in.open()
    guest.sign_in.sign_in(visitors.account("viewer", gateway.canaries[0]))
    guest.courses.open()

    parts = [urlsplit(url) for url in asked]
    hosts = {part.netloc for part in parts if API.match(part.path)}
    others = sorted(
        hosts - {project} | {part.netloc for part in parts if part.netloc.endswith(".supabase.co")} - {project}
    )
    assert project in hosts, f"the site asked nothing of {project}; it asked {', '.join(sorted(hosts)) or 'nobody'}"
    assert not others, f"the site talks to {', '.join(others)}, not only to {project}"
