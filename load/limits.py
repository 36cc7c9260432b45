"""How much load may go where: what the environment file allows, within its limits; the stack has some of its own."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from environments.files import read_toml
from environments.loading import environment_file, load_environment, variables
from environments.model import Environment
from fixtures.errors import ConfigurationError, Unverified
from load.report import Limits

OF_THE_STACK = Limits(users=24, duration=20, max_requests=3000, rate=150, spawn_rate=24, think=0.08)
"""On a machine that the target shares with everything else: a few seconds of pauses that are a twelfth of a person's
press more claims through a connection than many seconds of a fifth."""
ENOUGH_AFTER = 4.0
"""Seconds after which a run on the stack ends, as soon as it has enough requests for every budget."""

LOOPBACK = ("127.0.0.1", "localhost", "::1")


def limits_of(environment: Environment) -> Limits:
    """The limits of an environment. Raises `Unverified` where load is not allowed, or limits are missing."""
    load, file = environment.load, environment.path.name
    if not load.enabled:
        raise Unverified(f"{file}: load.enabled is false: no load goes there")
    if environment.profile == "production" and load.confirm != environment.name:
        raise Unverified(f'{file}: load.confirm is not "{environment.name}": load goes to production only by name')
    asked = {name: getattr(load, name) for name in ("users", "duration", "max_requests", "rate")}
    if all(asked.values()):
        return Limits(**asked, spawn_rate=load.spawn_rate, think=load.think)
    if environment.stack is None:
        raise Unverified(f"{file}: load: {', '.join(name for name in asked if not asked[name])} not set: no limit")
    if environment.api is None or urlsplit(environment.api.url).hostname not in LOOPBACK:
        raise Unverified(f"{file}: load: without limits of its own it goes to loopback addresses only")
    return OF_THE_STACK.model_copy(update={name: value for name, value in asked.items() if value})


def environment_for_load(name: str, dotenv: str | None) -> Environment:
    """The environment by name or path. A `[stack]` is not launched: its `STACK_…` come as variables.

    Raises `ConfigurationError`.
    """
    path = environment_file(name)
    values = variables(Path(dotenv) if dotenv else None, default=Path(".env"))
    if "stack" not in read_toml(path):
        return load_environment(path, values)
    stack = {variable: value for variable, value in values.items() if variable.startswith("STACK_")}
    if "STACK_API_URL" not in stack:
        raise ConfigurationError(path, "stack", "not running: `make stack`, then --dotenv .env.stack")
    return load_environment(path, values, stack=stack)
