"""One process's share of a run: what it may send, what it sees, and the tokens of the members whom it plays."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from contextlib import contextmanager

import gevent
import psutil
from gevent.lock import Semaphore
from pydantic import BaseModel

from load.marks import Marks
from load.report import SHOWN_LEAKS, Hits, Leak, Limits, Record, Series


class Member(BaseModel, frozen=True):
    """Somebody who takes part: a role and the organizations (by the environment's names, and their ids)."""

    name: str
    role: str
    email: str
    organizations: tuple[str, ...]
    ids: tuple[str, ...]

    @property
    def home(self) -> str:
        """The id of the organization that they work in (the one in which they do most)."""
        return self.ids[-1]


class Order(BaseModel):
    """What a process is told before it begins. `began` is a time of the clock, `number` counts the processes."""

    began: float
    number: int
    width: float
    limits: Limits
    """Of this process alone: its part of the rate and of the requests."""
    members: list[Member]
    marks: Marks
    run: str = ""
    """The prefix of what this run has made: nobody opens what others have made for their checks."""
    prefix: str = ""
    tokens: dict[str, tuple[str, float]] = {}
    """E-mail address → a token, and when it expires by the clock: everybody has signed in before the run."""
    canaries: dict[str, str] = {}
    """Organization → the course that its editors publish."""


class Share:
    """Counts and remembers for one process. Until an order arrives nobody sends anything."""

    def __init__(self, worker: str) -> None:
        self.worker = worker
        self.order: Order | None = None
        self.record = Record(worker=worker)
        self.published_at: float | None = None
        self._members: Iterator[Member] = iter(())
        self._tokens: dict[str, tuple[str, float]] = {}
        self._locks: dict[str, Semaphore] = {}
        self._next = 0.0
        self._flying = 0
        self._open = False
        self._cpu: gevent.Greenlet | None = None

    def begin(self, order: Order) -> None:
        """Start anew by an order."""
        self.order, self.record, self.published_at = order, Record(worker=self.worker), None
        offset = order.number % len(order.members) if order.members else 0
        self._members = itertools.cycle([*order.members[offset:], *order.members[:offset]])
        self._tokens, self._locks, self._next, self._open = dict(order.tokens), {}, 0.0, True
        if self._cpu is not None:
            self._cpu.kill(block=False)
        self._cpu = gevent.spawn(self._watch_cpu)

    def end(self, within: float) -> None:
        """Let nobody send any more, and wait until what is on its way has come back."""
        self._open = False
        deadline = time.monotonic() + within
        while self._flying and time.monotonic() < deadline:
            gevent.sleep(0.02)
        if self._cpu is not None:
            self._cpu.kill(block=False)

    @property
    def exhausted(self) -> bool:
        """Whether this process has sent all that it may."""
        return self.order is not None and self.record.sent >= self.order.limits.max_requests

    # Sending --------------------------------------------------------------------------------------------------------

    def member(self) -> Member | None:
        """The next one to play, None before there is an order."""
        return next(self._members, None)

    @contextmanager
    def turn(self) -> Iterator[bool]:
        """Wait for a turn to send one request; False if there is none any more."""
        if not self._open or self.order is None or self.exhausted:
            yield False
            return
        self.record.sent += 1
        now = time.monotonic()
        slot = max(now, self._next)
        self._next = slot + 1 / self.order.limits.rate
        if slot > now:
            gevent.sleep(slot - now)
        if not self._open:
            self.record.sent -= 1
            yield False
            return
        self._flying += 1
        try:
            yield True
        finally:
            self._flying -= 1

    @contextmanager
    def token_of(self, member: Member) -> Iterator[str | None]:
        """The token of a member while it is good for a minute more; whoever finds none makes one, alone."""
        lock = self._locks.setdefault(member.email, Semaphore())
        with lock:
            token, expires = self._tokens.get(member.email, ("", 0.0))
            yield token if expires - time.time() > 60 else None

    def keep(self, member: Member, token: str, lifetime: float) -> None:
        """Remember a token for all who play this member; `lifetime` in seconds."""
        self._tokens[member.email] = (token, time.time() + lifetime)

    # Remembering ----------------------------------------------------------------------------------------------------

    @property
    def elapsed(self) -> float:
        """Seconds since the run began."""
        return time.time() - self.order.began if self.order else 0.0

    def count(self, name: str, milliseconds: float, error: str | None) -> None:
        """Count a request, or a series made of several."""
        self.record.slices.setdefault(self._slice, {}).setdefault(name, Series()).add(milliseconds, error)

    def examine(self, text: str, status: int, member: Member, request: str) -> bool:
        """Look for marks of other organizations in an answer; whether there is none."""
        if not text or self.order is None:
            return True
        self.record.answers += 1
        self.record.successful += 200 <= status < 300
        own, foreign = self.order.marks.seen(text, member.organizations)
        for organization in own:
            self.record.own[organization] = self.record.own.get(organization, 0) + 1
        if foreign:
            self.leak(member, request, status, foreign.mark, foreign.owner, foreign.around)
        return foreign is None

    def leak(self, member: Member, request: str, status: int, mark: str, owner: str, observed: str) -> None:
        """Remember that a member saw what is not theirs."""
        self.record.leaked += 1
        if len(self.record.leaks) < SHOWN_LEAKS:
            self.record.leaks.append(
                Leak(
                    mark=mark,
                    owner=owner,
                    account=member.name,
                    request=request,
                    status=status,
                    observed=observed,
                    at=round(self.elapsed, 3),
                )
            )

    def cached(self, course: str, *, hit: bool, named: bool) -> None:
        """Count a course file from the public address."""
        one = Hits(hits=int(hit), misses=int(not hit), unnamed=int(not named))
        self.record.cache.setdefault(self._slice, {}).setdefault(course, Hits()).merge(one)

    @property
    def _slice(self) -> int:
        return int(self.elapsed / self.order.width) if self.order else 0

    def _watch_cpu(self) -> None:
        process = psutil.Process()
        process.cpu_percent()
        while True:
            gevent.sleep(1)
            self.record.cpu.append(process.cpu_percent())
