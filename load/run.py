"""A run from its beginning to its report, on the process that leads it: Locust's master, or the only one.

The leader reads the marks, makes the courses that editors publish, and gives every process its order; at the end it
lets them finish, hears a farewell of each (whoever says none is lost), writes the report and removes what was made.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import gevent

from environments.model import Environment
from fixtures.canaries import Canaries
from fixtures.errors import GreenlightError, Unverified
from fixtures.forgery import claims_of
from fixtures.gateway import Actor, Gateway
from fixtures.runs import Lease, alive, new_run
from load.budgets import Budgets, cache_breach, expect_enough
from load.isolation import LEAST
from load.marks import Marks, read_marks
from load.report import Limits, LoadReport, Record
from load.share import Member, Order

SLICES = 120  # of a run at most, so that reports of long ones stay small
FINISH_WITHIN = 10.0  # seconds for what is on its way when time is up
FAREWELL_WITHIN = 5.0  # seconds more for the farewells of processes that live


class Run:
    """One run. `prepare` raises nothing: what stands in the way becomes the report's `problem`."""

    def __init__(self, environment: Environment, limits: Limits, *, enough_after: float = 0) -> None:
        """After `enough_after` seconds it ends once there are enough requests for every budget; 0: when time is up."""
        self.environment = environment
        self.limits = limits
        self._enough_after = enough_after
        self.began: float | None = None
        self.report = LoadReport(
            environment=environment.name,
            target=environment.api.url if environment.api else "",
            started=datetime.now(UTC).isoformat(timespec="seconds"),
            limits=limits,
            width=max(1.0, limits.duration / SLICES),
        )
        self._workers: dict[str, Record] = {}
        self._farewells: set[str] = set()
        self._things = ExitStack()
        self.closed = False

    # Beginning ------------------------------------------------------------------------------------------------------

    def prepare(self, workers: list[str]) -> dict[str, Order]:
        """An order for each process; none if the run cannot begin."""
        self.report.workers = len(workers)
        self._workers = {worker: Record(worker=worker) for worker in workers}
        try:
            return self._orders(workers)
        except GreenlightError as error:
            self.report.problem = f"the run did not begin: {error}"
        except Exception as error:  # the report must say it: Locust would go on as if nothing had happened
            self.report.problem = f"the run did not begin: {type(error).__name__}: {error}"
        return {}

    def _orders(self, workers: list[str]) -> dict[str, Order]:
        environment = self.environment
        gateway = Gateway(environment)
        self._things.callback(gateway.close)
        ids = {name: str(gateway.organization(name)["id"]) for name in environment.users.organizations}
        if not ids:
            raise Unverified(f"{environment.path.name}: users.organizations names nobody who could take part")
        members = members_of(environment, ids)
        tokens = {member.email: _signed_in(gateway, member) for member in members}
        made = self._make_canaries(gateway, ids)
        marks = self._marks(gateway, ids)
        self._wake(gateway, members[0])
        self.report.marks = marks.counts()
        self.began = time.time()
        common: dict[str, Any] = {
            "began": self.began,
            "width": self.report.width,
            "members": members,
            "tokens": tokens,
            "marks": marks,
            "prefix": environment.permissions.canary_prefix,
            **made,
        }
        parts = divided(self.limits, len(workers))
        return {
            worker: Order(number=n, limits=part, **common)
            for n, (worker, part) in enumerate(zip(workers, parts, strict=True))
        }

    def _make_canaries(self, gateway: Gateway, ids: dict[str, str]) -> dict[str, Any]:
        """A course for each canary organization, all of it marks; none where nothing is written."""
        environment = self.environment
        if environment.read_only or not environment.permissions.canary_tenants:
            return {}
        canaries = Canaries(environment, gateway, run := new_run())
        self._things.enter_context(Lease(run))
        canaries.sweep(alive)
        self._things.callback(canaries.remove)
        courses = {}
        for name in environment.permissions.canary_tenants:
            if name in ids:
                word = canaries.name(f"private-of-{name}")
                file = canaries.course_file(name, ("q1", {"beginner": f"A question in {word}", "expert": word}))
                courses[name] = canaries.course(name, "load", file=file, title=word).id
        return {"run": canaries.prefix, "canaries": courses}

    def _wake(self, gateway: Gateway, member: Member) -> None:
        """Ask each function once: how long one takes to start is not what a run is about."""
        actor = _actor(gateway, member)
        actor.get("org-config", organizationId=member.home)
        actor.get("list-courses-filtered", limit=1)

    def _marks(self, gateway: Gateway, ids: dict[str, str]) -> Marks:
        users = self.environment.users
        admins: dict[str, Actor] = {
            name: gateway.member("org_admin", name) for name in ids if users.account("org_admin", name)
        }
        return read_marks(gateway, admins, ids, self.environment.public_file("{id}"))

    # Meanwhile ------------------------------------------------------------------------------------------------------

    def heard(self, record: Record, published_at: float | None) -> None:
        """What a process has seen so far; each report of it replaces the one before."""
        if record.worker in self._workers and record.worker not in self._farewells:
            self._workers[record.worker] = record
        known = self.report.published_at
        if published_at is not None:
            self.report.published_at = published_at if known is None else min(known, published_at)

    def farewell(self, record: Record, published_at: float | None) -> None:
        """The last that a process has to say."""
        self.heard(record, published_at)
        self._farewells.add(record.worker)

    def at_work(self, users: int) -> None:
        """How many members are at work now."""
        if self.began is not None:
            self.report.users[int(time.time() - self.began)] = users

    @property
    def over(self) -> bool:
        """Whether time or requests have run out, or it never began."""
        if self.report.problem:
            return True
        if self.began is None:
            return False
        elapsed = time.time() - self.began
        sent = sum(record.sent for record in self._workers.values())
        if elapsed >= self.limits.duration or sent >= self.limits.max_requests:
            return True
        return 0 < self._enough_after <= elapsed and self._enough()

    def _enough(self) -> bool:
        so_far = self.report.model_copy(update={"records": list(self._workers.values())})
        budgets = Budgets.of(self.environment)
        try:
            expect_enough(so_far, budgets)
            cache_breach(so_far.cache(since=so_far.published_at or 0), budgets.cache)
        except Unverified:
            return False
        return so_far.successful >= LEAST

    # End ------------------------------------------------------------------------------------------------------------

    def settle(self, alive: Callable[[str], bool]) -> None:
        """Wait until every process that is `alive` has said farewell; who says none in time is lost."""
        deadline = time.monotonic() + FINISH_WITHIN + FAREWELL_WITHIN
        while any(alive(worker) for worker in self._waited_for()) and time.monotonic() < deadline:
            gevent.sleep(0.05)
        self.report.lost = self._waited_for()

    def _waited_for(self) -> list[str]:
        return [] if self.began is None else [worker for worker in self._workers if worker not in self._farewells]

    def close(self, path: Path | None) -> LoadReport:
        """Write the report and remove what the run has made; a second time it does nothing."""
        if self.began is not None and not self.report.duration:
            self.report.duration = round(time.time() - self.began, 3)
            self.report.lost = self._waited_for()
        self.report.records = list(self._workers.values())
        self.closed = True
        try:
            self._things.close()
        except GreenlightError as error:  # what is left is swept by the next run, and the report says so
            self.report.problem = self.report.problem or f"not everything could be removed: {error}"
        if path is not None:
            self.report.write(path)
        return self.report


def _actor(gateway: Gateway, member: Member) -> Actor:
    several = member.role == "several"
    return gateway.user("several") if several else gateway.member(member.role, member.organizations[0])


def _signed_in(gateway: Gateway, member: Member) -> tuple[str, float]:
    token = _actor(gateway, member).credentials[0].secret
    return token, float(claims_of(token).get("exp", 0))


def members_of(environment: Environment, ids: dict[str, str]) -> list[Member]:
    """Who takes part: every member of an organization; superadmins see all and strangers nothing."""
    members = []
    for role, organization, account in environment.users.accounts():
        if organization is not None:
            own: tuple[str, ...] = (organization,)
            name = f"{role} of {organization}"
        elif role == "several":
            own = environment.permissions.canary_tenants[:2]
            name = f"several (of {' and '.join(own)})"
        else:
            continue
        if own and all(one in ids for one in own):
            here = tuple(ids[one] for one in own)
            members.append(Member(name=name, role=role, email=account.email, organizations=own, ids=here))
    # Neighbours in this list are neighbours on a connection: of different organizations, as far as that goes.
    return sorted(members, key=lambda member: (member.role, member.organizations))


def divided(limits: Limits, parts: int) -> list[Limits]:
    """The limits of each of several processes; together they are at most the whole."""
    requests, more = divmod(limits.max_requests, parts)
    return [
        limits.model_copy(update={"rate": limits.rate / parts, "max_requests": requests + (n < more)})
        for n in range(parts)
    ]
