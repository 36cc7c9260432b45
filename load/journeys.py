"""What members do, how often, and how long they think: each task is one screen as the front end loads it.

Answers are judged as they come: by their status, by what they bear of other organizations, and by whom they take the
caller for. Members of all organizations share their connections, as behind a gateway or a pooler.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from locust import FastHttpUser, task
from locust.exception import StopUser

from environments.model import Environment
from load.report import COURSE_LOAD
from load.share import Member, Order, Share

THINK = (1.0, 8.0)  # seconds between two screens, before `limits.think` scales them
PAGE = 20
PUBLIC = 0.5  # how often a course of the global ones is chosen, where there is one
EDITORS = ("editor", "org_admin", "several")

Json = dict[str, Any]


@dataclass
class Reply:
    """An answer as a journey needs it: the body as JSON (None if it is none), and what it took in milliseconds."""

    status: int
    body: Any
    milliseconds: float
    headers: Mapping[str, str] = field(default_factory=dict)
    error: str | None = None


class Learner(FastHttpUser):
    """A member at work. `share` and `settings` are set before anybody is started."""

    abstract = False
    insecure = False
    share: Share
    settings: Environment

    def wait_time(self) -> float:
        """How long this one looks at a screen."""
        think = self.share.order.limits.think if self.share.order else 1
        return random.uniform(*THINK) * think

    def on_start(self) -> None:
        """Become the next account, and open the catalogue; without an order, or a turn, the first task ends it."""
        self.courses: list[Json] = []
        self.tags: list[str] = []
        member = self.share.member()
        if member is not None:
            self.member: Member = member
            with suppress(StopUser):
                self.catalogue()

    # Screens --------------------------------------------------------------------------------------------------------

    @task(4)
    def catalogue(self) -> None:
        """Tag types for the chips and the first page, as CourseSelector asks for them."""
        self._expect_order()
        config = self.ask("GET", f"{self.functions}/org-config?organizationId={self.member.home}", "org-config")
        body = config.body if isinstance(config.body, dict) else {}
        shown = (body.get("organization") or {}).get("id")
        if config.error is None and shown != self.member.home:
            self._taken_for("GET org-config", config.status, str(shown), f"asked for {self.member.home}")
        self.tags = [tag["id"] for kind in body.get("tagTypes", []) for tag in kind.get("tags", [])]
        listed = self.ask("GET", f"{self.functions}/list-courses-filtered?limit={PAGE}", "list-courses-filtered")
        self._note_courses(listed)
        self._together("catalogue", config, listed)

    @task(4)
    def filter_by_tags(self) -> None:
        """One to three chips, any or all of them."""
        if not self.tags:
            return
        chosen = random.sample(self.tags, min(len(self.tags), random.choice((1, 1, 2, 3))))
        match = "&matchAll=true" if random.random() < 0.3 else ""
        query = f"tagIds={','.join(chosen)}{match}&limit={PAGE}"
        self._note_courses(self.ask("GET", f"{self.functions}/list-courses-filtered?{query}", "tag filter"), keep=False)

    @task(8)
    def open_course(self) -> None:
        """Who owns it, then its file: of an own one under the policies, of a foreign one through the cache."""
        course = self._choice()
        if course is None:
            return
        name = str(course["id"])
        query = f"select=id,organization_id&id=eq.{quote(name, safe='')}"
        row = self.ask("GET", f"/rest/v1/course_metadata?{query}", "course: metadata")
        if row.error is None and not row.body:
            return  # withdrawn since it was listed
        own = course["organizationId"] in self.member.ids
        file = self._own_file(name) if own else self._public_file(name)
        self._together(COURSE_LOAD, row, file)

    @task(3)
    def play(self) -> None:
        """The levels that the organization shows its learners, beside the questions that are there already."""
        self._expect_order()
        self.ask("GET", f"{self.functions}/org-config?organizationId={self.member.home}", "play: levels")

    @task(2)
    def versions(self) -> None:
        """The history of an own course."""
        own = [each for each in self.courses if each["organizationId"] in self.member.ids]
        if own:
            name = quote(str(random.choice(own)["id"]), safe="")
            self.ask("GET", f"/rest/v1/rpc/list_course_versions?course={name}", "versions")

    @task(2)
    def who_am_i(self) -> None:
        """Whom the database takes the caller for: the one of this token, not of the request before."""
        self._expect_order()
        reply = self.ask("GET", "/rest/v1/rpc/get_user_org_ids", "who am I")
        if reply.error is None and isinstance(reply.body, list):
            ids = sorted(str(next(iter(each.values())) if isinstance(each, dict) else each) for each in reply.body)
            if ids != sorted(self.member.ids):
                self._taken_for("GET /rest/v1/rpc/get_user_org_ids", reply.status, str(ids), "is told these as its own")

    @task(2)
    def publish(self) -> None:
        """Now and then an editor publishes the course that this run has made."""
        course = self._expect_order().canaries.get(self.member.organizations[-1])
        if course is None or self.member.role not in EDITORS:
            return
        body = {"courseId": course, "changelog": self._expect_order().run}
        reply = self.ask("POST", f"{self.functions}/publish-course", "publish", body=body, expected=(200, 409))
        if reply.status == 200 and self.share.published_at is None:
            self.share.published_at = self.share.elapsed

    # Asking ---------------------------------------------------------------------------------------------------------

    def ask(
        self,
        method: str,
        url: str,
        name: str,
        *,
        body: Json | None = None,
        expected: tuple[int, ...] = (200,),
        anonymous: bool = False,
    ) -> Reply:
        """Send a request when it is its turn, as the member unless anonymous; ends the user when turns have run out."""
        headers = {"apikey": self._public_key}
        if not anonymous:
            headers["authorization"] = f"Bearer {self._token()}"
        return self._send(method, url, name, headers=headers, body=body, expected=expected)

    def _send(
        self, method: str, url: str, name: str, *, headers: dict[str, str], body: Json | None, expected: tuple[int, ...]
    ) -> Reply:
        with self.share.turn() as mine:
            if not mine:
                raise StopUser
            with self.client.request(
                method, url, name=name, headers=headers, json=body, catch_response=True
            ) as response:
                status = response.status_code
                text = (response.content or b"").decode("utf-8", errors="replace")
                error = None
                if status not in expected:
                    error = f"status {status}" if status else type(response.error).__name__
                path = url.split("?")[0].replace(str(self.settings.api.url if self.settings.api else ""), "")
                if not self.share.examine(text, status, self.member, f"{method} {path}"):
                    response.failure("leak")
                elif error:
                    response.failure(error)
                else:
                    response.success()
                milliseconds = float(response.request_meta["response_time"])
        self.share.count(name, milliseconds, error)
        headers_seen = {key.lower(): value for key, value in (response.headers or {}).items()}
        return Reply(status, _json(text), milliseconds, headers_seen, error)

    def _token(self) -> str:
        with self.share.token_of(self.member) as known:
            if known:
                return known
            accounts = {account.email: account for _, _, account in self.settings.users.accounts()}
            password = accounts[self.member.email].password
            assert password is not None, "every account has one: the environment file is checked"
            body = {"email": self.member.email, "password": password.get_secret_value()}
            reply = self.ask("POST", "/auth/v1/token?grant_type=password", "sign in", body=body, anonymous=True)
            if reply.error or not isinstance(reply.body, dict):
                raise StopUser
            token = str(reply.body["access_token"])
            self.share.keep(self.member, token, float(reply.body.get("expires_in", 3600)))
            return token

    def _own_file(self, course: str) -> Reply:
        storage = self.settings.storage
        path = storage.object.replace("{id}", quote(course, safe=""))
        return self.ask("GET", f"/storage/v1/object/{storage.bucket}/{path}", "course: own file")

    def _public_file(self, course: str) -> Reply:
        """As a browser fetches it: without any credential, so that caches may answer."""
        url = self.settings.public_file(course)
        reply = self._send("GET", url, "course: public file", headers={}, body=None, expected=(200,))
        if reply.error is None:
            value = reply.headers.get(self.settings.storage.cache_header.lower())
            self.share.cached(course, hit=self.settings.storage.is_hit(value), named=value is not None)
        return reply

    # Noticing -------------------------------------------------------------------------------------------------------

    def _note_courses(self, reply: Reply, *, keep: bool = True) -> None:
        """Every course of a list is an own one or a global one, whatever it is called."""
        listed = reply.body.get("courses", []) if isinstance(reply.body, dict) else []
        for each in listed:
            if each.get("visibility") != "global" and each.get("organizationId") not in self.member.ids:
                observed = f"lists {each.get('id')} of organization {each.get('organizationId')}"
                self._taken_for("GET list-courses-filtered", reply.status, str(each.get("id")), observed)
        if keep and reply.error is None:
            ours = self._expect_order()
            self.courses = [
                each
                for each in listed
                if not (ours.prefix and str(each["id"]).startswith(ours.prefix))
                or (ours.run and str(each["id"]).startswith(ours.run))
            ]

    def _taken_for(self, request: str, status: int, mark: str, observed: str) -> None:
        self.share.leak(self.member, request, status, mark, "another organization", f"{self.member.name} {observed}")

    def _choice(self) -> Json | None:
        foreign = [each for each in self.courses if each["organizationId"] not in self.member.ids]
        pool = foreign if foreign and random.random() < PUBLIC else self.courses
        return random.choice(pool) if pool else None

    def _together(self, name: str, *replies: Reply) -> None:
        """Count several requests as what the member waited for; the wait for a turn is not part of it."""
        milliseconds = sum(each.milliseconds for each in replies)
        error = next((each.error for each in replies if each.error), None)
        self.share.count(name, milliseconds, error)
        failure = RuntimeError(error) if error else None
        self.environment.events.request.fire(
            request_type="SCREEN", name=name, response_time=milliseconds, response_length=0, exception=failure
        )

    @property
    def functions(self) -> str:
        """The address of the functions."""
        return str(self.settings.require("functions.url"))

    def _expect_order(self) -> Order:
        """Nobody does anything before there is an order; `StopUser` ends this one."""
        if self.share.order is None or not hasattr(self, "member"):
            raise StopUser
        return self.share.order

    @property
    def _public_key(self) -> str:
        return str(self.settings.require("api.public_key"))


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
