"""The environment: everything that checks may know about where the system runs, from one TOML file."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, get_args
from urllib.parse import quote

from pydantic import Field, SecretStr, model_validator

from environments.migrations import Migrations
from environments.operations import App, Deployment, Forge, Monitoring, People
from environments.placeholders import placeholder
from environments.sections import (
    Api,
    Database,
    Functions,
    Load,
    Permissions,
    Phase,
    Section,
    Stack,
    Storage,
    Users,
    Web,
)
from environments.tenancy import Tenancy
from fixtures.errors import Unverified

Profile = Literal["local", "staging", "production"]
PROFILES: tuple[Profile, ...] = get_args(Profile)
PHASES: tuple[Phase, ...] = get_args(Phase)

# A phase has come when its window is over, so that a verdict about the first hour is one about all of it.
PHASE_AFTER: tuple[tuple[timedelta, Phase], ...] = (
    (timedelta(days=30), "month-1"),
    (timedelta(days=28), "week-4"),
    (timedelta(days=7), "week-1"),
    (timedelta(hours=24), "first-day"),
    (timedelta(hours=1), "first-hour"),
)


class Environment(Section):
    """Where the system runs. `name` is the file's stem; `profile` decides which items of the catalogue apply.

    Production is read-only by construction: a file whose profile is production and which permits writes is refused.
    """

    name: str
    path: Path
    profile: Profile = "staging"
    stack: Stack | None = None
    database: Database | None = None
    api: Api | None = None
    functions: Functions | None = None
    web: Web | None = None
    users: Users = Users()
    storage: Storage = Storage()
    tenancy: Tenancy = Tenancy()
    migrations: Migrations = Migrations()
    permissions: Permissions = Permissions()
    load: Load = Load()
    app: App | None = None
    forge: Forge = Forge()
    deployment: Deployment = Deployment()
    monitoring: Monitoring = Monitoring()
    people: People = People()
    not_applicable: dict[str, str] = Field(default_factory=dict)
    """Item → the reason why it is not asked for here."""

    @cached_property
    def phase(self) -> Phase:
        """The phase the rollout is in: as the file says, else by the time since the deploy.

        Without either, `local` is at the end (whatever a program can decide is decided) and others are at deployment.
        """
        if self.deployment.phase:
            return self.deployment.phase
        if self.deployment.deployed_at:
            elapsed = datetime.now(UTC) - self.deployment.deployed_at
            return next((phase for after, phase in PHASE_AFTER if elapsed >= after), "deployment")
        return "month-1" if self.profile == "local" else "deployment"

    @property
    def read_only(self) -> bool:
        """Whether checks must not write: always on production, elsewhere unless `permissions.writes` is true."""
        return self.profile == "production" or not self.permissions.writes

    def require(self, key: str) -> Any:
        """The value of a dotted setting (`monitoring.sentry.token`); raises `Unverified` naming it where it is not set.

        Secrets are returned as text.
        """
        return self.require_all(key)[0]

    def require_all(self, *keys: str) -> list[Any]:
        """The values of several settings, as by `require`; all that are missing are named at once."""
        values = {key: self._value(key) for key in keys}
        missing = [key for key, value in values.items() if value is None or value == "" or value == () or value == {}]
        if missing:
            names = ", ".join(missing[:-1]) + (" and " if missing[:-1] else "") + missing[-1]
            raise Unverified(f"{self.path.name}: {names} {'is' if len(missing) == 1 else 'are'} not set")
        return [value.get_secret_value() if isinstance(value, SecretStr) else value for value in values.values()]

    def _value(self, key: str) -> Any:
        value: Any = self
        for word in key.split("."):
            if value is None:
                return None
            value = value.get(word) if isinstance(value, dict) else getattr(value, word)
        return value

    def public_file(self, course: str) -> str:
        """The address from which browsers fetch the file of a global course; raises `Unverified` without an API."""
        base = self.storage.public_url
        base = base or f"{self.require('api.url')}/storage/v1/object/public/{self.storage.public_bucket}"
        return f"{base}/{self.storage.object.replace('{id}', quote(course, safe='{}'))}"

    @model_validator(mode="before")
    @classmethod
    def _derived(cls, data: Any) -> Any:
        """Fill in what follows from other settings: the functions' address, and no made-up tenants on production."""
        if not isinstance(data, dict):
            return data
        data = dict(data)
        api, functions, tenancy = data.get("api"), data.get("functions", {}), data.get("tenancy", {})
        if isinstance(api, dict) and isinstance(api.get("url"), str) and isinstance(functions, dict):
            data["functions"] = {"url": f"{api['url'].rstrip('/')}/functions/v1", **functions}
        if data.get("profile") == "production" and isinstance(tenancy, dict):
            data["tenancy"] = {"synthetic_tenants": False, **tenancy}
        return data

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Environment:
        if not any((self.stack, self.database, self.api, self.web)):
            raise ValueError("expected at least one of [database], [api], [web] or [stack]")
        if self.profile == "production":
            if self.permissions.writes:
                raise ValueError("permissions.writes: expected false: the profile production is read-only")
            if self.stack:
                raise ValueError("stack: expected none: the profile production is never a stack")
            if self.load.enabled and self.load.confirm != self.name:
                raise ValueError(f'load.confirm: expected "{self.name}": load runs on production only by name')
        if self.load.enabled and not self.stack:
            for key in ("users", "duration", "max_requests", "rate"):
                if getattr(self.load, key) is None:
                    raise ValueError(f"load.{key}: expected a limit: load is enabled and this is no stack")
        for organization in self.permissions.canary_tenants:
            if organization not in self.users.organizations:
                known = ", ".join(self.users.organizations) or "none"
                raise ValueError(
                    f"permissions.canary_tenants: expected organizations of [users.organizations] ({known}), "
                    f"found {organization}"
                )
        for item, reason in self.not_applicable.items():
            if (said := placeholder(reason)) is not None:
                raise ValueError(f"not_applicable.{item}: expected the reason, found {said or 'none'}")
        moment = self.deployment.deployed_at
        if moment and moment > datetime.now(UTC):
            raise ValueError("deployment.deployed_at: expected a moment in the past")
        if moment and self.deployment.phase == "pre-deployment":
            raise ValueError("deployment.phase: expected none, or a later one: deployed_at says when it was deployed")
        return self


__all__ = ["PHASES", "PROFILES", "Environment", "Phase", "Profile"]
