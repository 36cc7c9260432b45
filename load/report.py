"""The report of a load run: what each process recorded, merged; written as JSON, read by the suite and by people.

Times are milliseconds, kept in a histogram of three significant digits that is added up over processes, so that a
percentile is one of all requests and never an average of averages.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path

from pydantic import BaseModel, Field, computed_field

COURSE_LOAD = "course load"
COMPOSITE = (COURSE_LOAD, "catalogue")
"""Series made of several requests: they are not requests themselves."""
SHOWN_LEAKS = 50  # of each process, in full; all are counted


def bucket(milliseconds: float) -> int:
    """A time to three significant digits, rounded up, so that a budget is never met by rounding."""
    step = 1 if milliseconds < 1000 else 10 if milliseconds < 10_000 else 100
    return math.ceil(milliseconds / step) * step


class Limits(BaseModel, frozen=True):
    """What a run may put on its target; `rate` is requests a second, `duration` seconds, `think` scales pauses."""

    users: int
    duration: float
    max_requests: int
    rate: float
    spawn_rate: float
    think: float = 1


class Series(BaseModel):
    """One kind of request: how many, how many failed and why, and a histogram of times (milliseconds → requests)."""

    requests: int = 0
    failures: int = 0
    histogram: dict[int, int] = Field(default_factory=dict)
    errors: dict[str, int] = Field(default_factory=dict)

    def add(self, milliseconds: float, error: str | None) -> None:
        """Count one request."""
        self.requests += 1
        key = bucket(milliseconds)
        self.histogram[key] = self.histogram.get(key, 0) + 1
        if error:
            self.failures += 1
            self.errors[error] = self.errors.get(error, 0) + 1

    def merge(self, other: Series) -> Series:
        """Add another series to this one, and return it."""
        self.requests += other.requests
        self.failures += other.failures
        for key, count in other.histogram.items():
            self.histogram[key] = self.histogram.get(key, 0) + count
        for error, count in other.errors.items():
            self.errors[error] = self.errors.get(error, 0) + count
        return self

    def percentile(self, share: float) -> int:
        """The time within which a share (0.95) of the requests ended, 0 without any.

        Counted as Locust counts it, whose module cannot be imported here: it patches the process that does.
        """
        within, slower = int(self.requests * share), 0
        for milliseconds in sorted(self.histogram, reverse=True):
            slower += self.histogram[milliseconds]
            if self.requests - slower <= within:
                return milliseconds
        return 0


class Hits(BaseModel):
    """Answers with a course file from the public address: from the cache or not."""

    hits: int = 0
    misses: int = 0
    unnamed: int = 0
    """Misses whose answer did not even bear the cache's header."""

    @property
    def total(self) -> int:
        """How many files were asked for."""
        return self.hits + self.misses

    @property
    def rate(self) -> float:
        """The share of hits, 0 without any request."""
        return self.hits / self.total if self.total else 0.0

    def merge(self, other: Hits) -> Hits:
        """Add others to these, and return them."""
        self.hits += other.hits
        self.misses += other.misses
        self.unnamed += other.unnamed
        return self


class Leak(BaseModel):
    """An answer in which a member saw what is another organization's, or was taken for somebody else."""

    mark: str
    owner: str
    account: str
    request: str
    status: int
    observed: str
    at: float
    """Seconds since the run began."""


class Record(BaseModel):
    """What one process saw. Slices are numbered from the beginning of the run."""

    worker: str
    sent: int = 0
    slices: dict[int, dict[str, Series]] = Field(default_factory=dict)
    cache: dict[int, dict[str, Hits]] = Field(default_factory=dict)
    """Slice → course → hits and misses."""
    answers: int = 0
    """Answers whose body was looked at."""
    successful: int = 0
    """Those of them that were no refusal and no error."""
    own: dict[str, int] = Field(default_factory=dict)
    """Organization → answers in which a member of it saw a mark of it: the control of the search."""
    leaked: int = 0
    leaks: list[Leak] = Field(default_factory=list)
    cpu: list[float] = Field(default_factory=list)
    """Percent of one core that this process used, second by second."""


class LoadReport(BaseModel):
    """A whole run. `problem` says why there was none, or not a whole one."""

    environment: str
    target: str
    started: str
    limits: Limits
    duration: float = 0
    width: float = 1
    """Seconds that a slice lasts."""
    problem: str = ""
    workers: int = 1
    """Processes that were to send requests."""
    lost: list[str] = Field(default_factory=list)
    """Those that never said that they were done: what they saw since their last report is not in here."""
    marks: dict[str, int] = Field(default_factory=dict)
    """Organization → marks that were looked for."""
    users: dict[int, int] = Field(default_factory=dict)
    """Second → members at work."""
    published_at: float | None = None
    """Seconds until the first publish ended, None if there was none."""
    records: list[Record] = Field(default_factory=list)

    @classmethod
    def read(cls, path: Path) -> LoadReport:
        """Read what `write` wrote. Raises `OSError` or pydantic's `ValidationError`."""
        return cls.model_validate_json(path.read_bytes())

    def write(self, path: Path) -> None:
        """Write it so that a reader sees all or nothing."""
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.new")
        draft.write_text(self.model_dump_json(indent=1) + "\n")
        draft.replace(path)

    def names(self) -> list[str]:
        """The series that there are, by name."""
        return sorted({name for record in self.records for kept in record.slices.values() for name in kept})

    def series(self, name: str, *, since: float = 0, until: float = math.inf) -> Series:
        """A series of the whole run, or of a part of it (in seconds)."""
        merged = Series()
        for record in self.records:
            for number, kept in record.slices.items():
                if since <= number * self.width < until and name in kept:
                    merged.merge(kept[name])
        return merged

    def everything(self, *, since: float = 0, until: float = math.inf) -> Series:
        """All requests together, the composite series aside."""
        merged = Series()
        for name in self.names():
            if name not in COMPOSITE:
                merged.merge(self.series(name, since=since, until=until))
        return merged

    def cache(self, course: str | None = None, *, since: float = 0) -> Hits:
        """Hits and misses of course files: of all, or of one course."""
        merged = Hits()
        for record in self.records:
            for number, courses in record.cache.items():
                if number * self.width >= since:
                    for each, hits in courses.items():
                        if course in (None, each):
                            merged.merge(hits)
        return merged

    def cached_courses(self) -> list[str]:
        """The courses whose files were asked for at the public address."""
        return sorted({course for record in self.records for kept in record.cache.values() for course in kept})

    @computed_field  # type: ignore[prop-decorator]
    @property
    def answers(self) -> int:
        """How many answers were looked at for marks of other organizations."""
        return sum(record.answers for record in self.records)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def leaked(self) -> int:
        """How many of them bore one."""
        return sum(record.leaked for record in self.records)

    @property
    def successful(self) -> int:
        """How many of them were neither refusals nor errors."""
        return sum(record.successful for record in self.records)

    def own(self, organization: str) -> int:
        """How often members of an organization saw its own marks."""
        return sum(record.own.get(organization, 0) for record in self.records)

    def leaks(self) -> list[Leak]:
        """The leaks, as far as they were kept in full."""
        return [leak for record in self.records for leak in record.leaks]

    @computed_field  # type: ignore[prop-decorator]
    @property
    def generator_cpu(self) -> float:
        """The percent of its core that the busiest process used, by its busiest fifth of seconds."""
        return max((_busy(record.cpu) for record in self.records), default=0.0)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def summary(self) -> dict[str, dict[str, int]]:
        """The figures that people look for first: series → requests, failures, percentiles."""
        return {name: figures(self.series(name)) for name in self.names()}


def figures(series: Series) -> dict[str, int]:
    """Requests, failures and percentiles (milliseconds) of a series."""
    percentiles = {f"p{share * 100:g}": series.percentile(share) for share in (0.5, 0.95, 0.99)}
    return {
        "requests": series.requests,
        "failures": series.failures,
        **percentiles,
        "max": max(series.histogram or [0]),
    }


def _busy(samples: Iterable[float]) -> float:
    ordered = sorted(samples)
    return ordered[-1 - len(ordered) // 5] if ordered else 0.0
