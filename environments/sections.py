"""The sections of an environment file, one model each. All are optional; a check says which setting it misses.

Paths are relative to the file's own folder. Times are in seconds unless their name says otherwise.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationInfo,
    field_validator,
    model_validator,
)

Phase = Literal["pre-deployment", "deployment", "first-hour", "first-day", "week-1", "week-4", "month-1"]
FUNCTIONS = ("org-config", "list-courses-filtered", "publish-course", "restore-course-version", "regenerate-embeddings")


def _url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("expected an address such as https://host or http://127.0.0.1:8000")
    return value.rstrip("/")


def _dsn(value: SecretStr) -> SecretStr:
    if not value.get_secret_value().startswith(("postgresql://", "postgres://")):
        raise ValueError("expected a connection string such as postgresql://user:password@host:5432/postgres")
    return value


def as_list(value: Any) -> Any:
    """A list may come from one variable, with commas between its values."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _path(value: Path, info: ValidationInfo) -> Path:
    folder = (info.context or {}).get("folder")
    return (folder / value).resolve() if folder else value


Url = Annotated[str, AfterValidator(_url)]
Dsn = Annotated[SecretStr, AfterValidator(_dsn)]
Words = Annotated[tuple[str, ...], BeforeValidator(as_list)]
File = Annotated[Path, AfterValidator(_path)]
Seconds = Annotated[float, Field(gt=0)]


class Section(BaseModel):
    """Frozen, and a key that it does not know is an error: a misspelt setting must not be a default."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Stack(Section):
    """`[stack]`: greenlight starts an embedded Supabase and gives its addresses and keys as `${STACK_…}`."""

    rollout: File
    default_grants: Literal["explicit", "legacy"] = "explicit"
    jwt: Literal["ES256", "HS256"] = "ES256"
    seed: Words | None = None
    """Command that puts in the users and organizations of this file; their password is `$SEED_PASSWORD`."""
    build: Words | None = None
    """Command that builds the front end, run in the rollout's folder before anything starts."""
    web: File | None = None
    """The built front end; `web/dist`, `dist`, `build` or `out` in the rollout unless given."""

    @field_validator("rollout")
    @classmethod
    def _has_a_supabase_folder(cls, rollout: Path) -> Path:
        if not (rollout / "supabase").is_dir():
            raise ValueError(f"expected a folder with supabase/ in it, found none at {rollout}")
        return rollout


class Database(Section):
    """`[database]`: Postgres with the powers of hosted Supabase's `postgres` role."""

    dsn: Dsn
    pooler: Dsn | None = None
    """The transaction-mode pooler, for load and for checks that the pool keeps sessions apart."""
    connect_timeout: Seconds = 10
    statement_timeout: Seconds = 15
    lock_timeout: Seconds = 3
    dump: File | None = None
    """A recent backup as `pg_dump`, `pg_dumpall`, `supabase db dump` or the platform writes it, compressed or not.

    It is restored on a throw-away database and counted.
    """


class Api(Section):
    """`[api]`: the project's gateway and keys. The keys of both generations are accepted, in either pair of fields."""

    url: Url
    publishable_key: SecretStr | None = None
    secret_key: SecretStr | None = None
    anon_key: SecretStr | None = None
    service_role_key: SecretStr | None = None
    timeout: Seconds = 10

    @field_validator("publishable_key", "anon_key")
    @classmethod
    def _is_public(cls, key: SecretStr | None) -> SecretStr | None:
        if key and _privileged(key.get_secret_value()):
            raise ValueError("expected a key that browsers may have, found a secret one")
        return key

    @field_validator("secret_key", "service_role_key")
    @classmethod
    def _is_secret(cls, key: SecretStr | None) -> SecretStr | None:
        if key and (key.get_secret_value().startswith("sb_publishable_") or _role(key.get_secret_value()) == "anon"):
            raise ValueError("expected a secret key, found one for browsers")
        return key

    @model_validator(mode="after")
    def _has_a_public_key(self) -> Api:
        if not (self.publishable_key or self.anon_key):
            raise ValueError("expected publishable_key (or the legacy anon_key)")
        return self

    @property
    def public_key(self) -> SecretStr:
        """The key of browsers, of the newer generation if both are there."""
        key = self.publishable_key or self.anon_key
        assert key is not None, "validated above"
        return key

    @property
    def service_key(self) -> SecretStr | None:
        """The key that bypasses RLS, of the newer generation if both are there."""
        return self.secret_key or self.service_role_key


def _privileged(key: str) -> bool:
    return key.startswith("sb_secret_") or _role(key) == "service_role"


def _role(key: str) -> str | None:
    """The role claim of a legacy key (a JWT), unverified; None for anything else."""
    parts = key.split(".")
    if len(parts) != 3:
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (binascii.Error, ValueError):
        return None
    return claims.get("role") if isinstance(claims, dict) else None


class Functions(Section):
    """`[functions]`: the Edge Functions."""

    url: Url | None = None
    """`<api.url>/functions/v1` unless given."""
    names: Words = FUNCTIONS
    reviewed: dict[str, int] = Field(default_factory=dict)
    """Function → version number that was reviewed; a deployed one below it is reported as older."""
    allowed_origins: Words = ()
    foreign_origin: Url = "https://elsewhere.example"
    log: File | None = None
    """The functions' log, where it is a file (the stack's)."""
    timeout: Seconds = 10


class Routes(Section):
    """Where the screens are; `:id` stands for a course's id."""

    sign_in: str = "/auth"
    tags: str = "/admin/tags"
    approval: str = "/admin/tags/approve"
    courses: str = "/admin/courses/select"
    versions: str = "/admin/courses/:id/versions"
    play: str = "/play/:id"


class Web(Section):
    """`[web]`: the front end, its routes, and the names by which screens are found where a team's labels differ."""

    url: Url
    routes: Routes = Routes()
    labels: dict[str, str] = Field(default_factory=dict)
    """`"<screen>.<control>" = "accessible name"`, for example `"tags.add" = "New tag"`."""
    timeout: Seconds = 10


class Account(Section):
    """Somebody who can sign in. An e-mail address alone stands for one with the password of `[users]`."""

    email: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$")]
    password: SecretStr | None = None

    @model_validator(mode="before")
    @classmethod
    def _of_an_address(cls, value: Any) -> Any:
        return {"email": value} if isinstance(value, str) else value


class Members(Section):
    """The test users of one organization, by role. `slug` is its slug in the system, the table's name unless given."""

    slug: str | None = None
    viewer: Account | None = None
    editor: Account | None = None
    org_admin: Account | None = None


class Users(Section):
    """`[users]`: who the checks sign in as. Canary users of canary tenants, never people."""

    password: SecretStr | None = None
    organizations: dict[str, Members] = Field(default_factory=dict)
    superadmin: Account | None = None
    several: Account | None = None
    """Viewer in the first organization and editor in the second of `permissions.canary_tenants`."""
    stranger: Account | None = None
    """Signed up, and a member of no organization."""
    expired_token: SecretStr | None = None
    """A token that was issued once and has run out; to be refused: a forged one only shows that signatures matter."""

    def account(self, role: str, organization: str | None = None) -> Account | None:
        """The account of a role in an organization, or of `superadmin`, `several`, `stranger`; None if there is none.

        Its password is filled in from `[users]`.
        """
        holder: object = self.organizations.get(organization) if organization else self
        found = getattr(holder, role, None)
        if not isinstance(found, Account):
            return None
        return found if found.password else found.model_copy(update={"password": self.password})

    def accounts(self) -> Iterator[tuple[str, str | None, Account]]:
        """All accounts as (role, organization or None, account)."""
        for organization in self.organizations:
            for role in ("viewer", "editor", "org_admin"):
                if found := self.account(role, organization):
                    yield role, organization, found
        for role in ("superadmin", "several", "stranger"):
            if found := self.account(role):
                yield role, None, found

    @model_validator(mode="after")
    def _have_passwords(self) -> Users:
        for role, organization, account in self.accounts():
            if not account.password:
                where = f"organizations.{organization}.{role}" if organization else role
                raise ValueError(f"expected a password for {where}, or one for all as users.password")
        return self


class Storage(Section):
    """`[storage]`: course files and the cache before them."""

    bucket: str = "courses"
    object: str = "{id}/course.json"
    """Path of a course's file in the bucket."""
    public_bucket: str = "public-courses"
    """The bucket with the files of global courses, which caches may keep; the same one, if that is public."""
    public_url: Url | None = None
    """Where browsers fetch those; `<api.url>/storage/v1/object/public/<public_bucket>` unless given."""
    cache_header: str = "cf-cache-status"
    """The header that tells a hit: `cf-cache-status`, `x-cache`, or `age` (any age above 0 is a hit)."""
    cache_hits: Words = ("HIT", "REVALIDATED", "STALE", "UPDATING")
    """Values of the header that mean a hit, in any case of letters; not looked at for `age`."""

    def is_hit(self, value: str | None) -> bool:
        """Whether a value of the cache's header means a hit. Layered caches list theirs (`MISS, HIT`)."""
        if value is None:
            return False
        if self.cache_header.lower() == "age":
            return value.strip().isdigit() and int(value) > 0
        words = [word.strip().upper() for word in value.replace(" from ", ",").split(",")]
        return any(hit.upper() in words for hit in self.cache_hits)


class Permissions(Section):
    """`[permissions]`: what the checks may do here beyond reading. Production stays read-only, whatever it says."""

    writes: bool = False
    """Whether canary tenants may be written to (users, tags, courses); all of it is removed again."""
    canary_tenants: Words = ()
    """Organizations (as named under users.organizations) that belong to the checks."""
    canary_prefix: Annotated[str, Field(min_length=4)] = "greenlight-"
    """What the checks create bears this prefix and the run's id, and the next run sweeps it up."""


class Load(Section):
    """`[load]`: how much load may be put on the environment. Anything but the stack needs every limit spelt out."""

    enabled: bool = False
    confirm: str | None = None
    """On production load runs only if this is the environment's name."""
    users: Annotated[int, Field(gt=0)] | None = None
    duration: Seconds | None = None
    max_requests: Annotated[int, Field(gt=0)] | None = None
    rate: Annotated[float, Field(gt=0)] | None = None
    """Requests a second at most."""
    spawn_rate: Annotated[float, Field(gt=0)] = 5
    """Users started a second."""
    think: Annotated[float, Field(gt=0)] = 1
    """Scales how long users look at a screen; 1 is a person's pace, 1 to 8 seconds."""
    report: File | None = None
    """Of an earlier run (`locust --report`), judged where no load is put on it now; else the last one made here."""
    report_max_age_hours: Annotated[float, Field(gt=0)] = 24
