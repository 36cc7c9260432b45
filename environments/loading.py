"""From a file and variables to an `Environment`, or one clear line about what is wrong with them.

`${NAME}` takes the value of a variable, and all that are missing are named at once; `${NAME:-default}` falls back, and
with an empty default the setting is absent (an empty variable counts as missing). Variables come from the process's
environment, then from `.env`. An environment with a `[stack]` gets its `STACK_…` variables from the stack alone; before
the stack is there, `load_environment` puts stand-ins in their place: a wrong file is known before anything starts.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from dotenv import dotenv_values
from dotenv.parser import parse_stream

from environments.files import meant, read_toml, validated
from environments.model import PROFILES, Environment
from fixtures.errors import ConfigurationError

ENVIRONMENTS = Path(__file__).parent
_NOT_ENVIRONMENTS = ("attestations", "waivers", "expectations", "tenancy")
_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_SECRET = re.compile(r"sb_secret_\w{8,}|sbp_\w{20,}|eyJ[\w-]{10,}\.[\w-]+\.[\w-]+")
_KEYS = (
    ("api", "secret_key", "url"),
    ("api", "service_role_key", "url"),
    ("deployment", "access_token", "management_url"),
)
"""Keys of whole projects, each with the address that it is for: section, setting, address."""
_RULES = ("profile", "deployment", "people", "not_applicable")
"""The sections that say what is asked for, when, and of whom."""
_NAME = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?", re.DOTALL)


def load_environment(
    path: Path, variables: Mapping[str, str], *, stack: Mapping[str, str] | None = None, keyless: bool = False
) -> Environment:
    """The environment that `path` describes, with `variables` put in.

    `stack` are the variables of the running stack, for a file with `[stack]`; without them the stack's addresses and
    keys are stand-ins. With `keyless` it has none at all: for who asks what holds there, and nothing of the system.
    Raises `ConfigurationError`.
    """
    data = _rules(read_toml(path)) if keyless else read_toml(path)
    values = dict(variables)
    if isinstance(data.get("stack"), dict):
        values = {name: value for name, value in values.items() if not name.startswith("STACK_")}
        values.update(stack if stack is not None else {name: _stand_in(name) for name in _stack_names(data)})
    missing: list[tuple[str, str]] = []
    filled = _fill(data, values, "", path, missing)
    if missing:
        names = ", ".join(dict.fromkeys(name for name, _ in missing))
        raise ConfigurationError(
            path, missing[0][1], f"not set: {names} (expected in the environment of the process or in .env)"
        )
    for key in ("name", "path"):
        if key in filled:
            raise ConfigurationError(path, key, "unknown key: an environment is named after its file")
    for section, name, address in _KEYS:
        told = data.get(section)
        if isinstance(told, dict) and _written_down(told.get(name)) and not _here(filled[section].get(address)):
            raise ConfigurationError(
                path,
                f"{section}.{name}",
                "expected ${NAME}: a secret belongs in the environment of the process or .env",
            )
    dsn = data["database"].get("dsn") if isinstance(data.get("database"), dict) else None
    if isinstance(dsn, str) and "${" not in dsn and _password_of(dsn) and not _here(dsn):
        raise ConfigurationError(
            path,
            "database.dsn",
            "expected ${NAME}, or one for its password: a secret belongs in the environment of the process or .env",
        )
    _expect_another_system(filled, path, values)
    profile = path.stem if path.stem in PROFILES else "staging"
    if path.stem in PROFILES and filled.get("profile", profile) != profile:
        raise ConfigurationError(path, "profile", f'expected "{profile}", as the file is named')
    return validated(Environment, {"profile": profile, **filled, "name": path.stem, "path": path}, path)


def environment_file(name: str, folder: Path = ENVIRONMENTS) -> Path:
    """The file of an environment by path, or by its name in the folder; its `ConfigurationError` lists those there."""
    path = Path(name)
    if path.is_file():
        return path
    if path.suffix != ".toml" and (named := folder / f"{name}.toml").is_file():
        return named
    known = environment_names(folder)
    raise ConfigurationError(
        path, "file", f"no such environment file{meant(path.stem, known)}; environments: {', '.join(known) or 'none'}"
    )


def environment_names(folder: Path = ENVIRONMENTS) -> list[str]:
    """The environments that have a file in the folder."""
    return sorted(file.stem for file in folder.glob("*.toml") if file.stem not in _NOT_ENVIRONMENTS)


def variables(dotenv: Path | None = None, *, default: Path | None = None) -> dict[str, str]:
    """The variables of the process, and those that only `dotenv` has; `default` is a file that need not be there.

    Raises `ConfigurationError` naming the line that is not `NAME=value`.
    """
    file = dotenv or (default if default and default.is_file() else None)
    if file is None:
        return dict(os.environ)
    try:
        with file.open(encoding="utf-8") as stream:
            wrong = next((binding for binding in parse_stream(stream) if binding.error), None)
    except OSError as error:
        raise ConfigurationError(file, "file", f"expected a file of NAME=value lines: {error.strerror}") from None
    if wrong:
        raise ConfigurationError(file, f"line {wrong.original.line}", "expected NAME=value")
    return {**{k: v for k, v in dotenv_values(file, interpolate=False).items() if v is not None}, **os.environ}


def _rules(data: Mapping[str, Any]) -> dict[str, Any]:
    """What a file says of items and people, without the addresses and keys of the system."""
    rules = {key: value for key, value in data.items() if key in _RULES}
    if isinstance(deployment := rules.get("deployment"), dict):
        rules["deployment"] = {key: value for key, value in deployment.items() if key in ("phase", "deployed_at")}
    return {**rules, "database": {"dsn": _stand_in("STACK_DB_URL")}}


def _fill(value: Any, values: Mapping[str, str], key: str, path: Path, missing: list[tuple[str, str]]) -> Any:
    """The value with variables put in; settings that come out empty by their default are left out."""
    if isinstance(value, dict):
        filled = {k: _fill(v, values, f"{key}.{k}".lstrip("."), path, missing) for k, v in value.items()}
        return {k: v for k, v in filled.items() if v is not None}
    if isinstance(value, list):
        return [
            one for n, v in enumerate(value, 1) if (one := _fill(v, values, f"{key}.{n}", path, missing)) is not None
        ]
    if not isinstance(value, str) or "${" not in value:
        return value

    def of(match: re.Match[str]) -> str:
        parts = _NAME.fullmatch(match[1])
        if not parts or "${" in (parts[2] or ""):
            raise ConfigurationError(path, key, "expected ${NAME} or ${NAME:-default}")
        name, default = parts.groups()
        if values.get(name):
            return values[name]
        if default is None:
            missing.append((name, key))
        return default or ""

    if "${" in _VARIABLE.sub("", value):
        raise ConfigurationError(path, key, "expected ${NAME} or ${NAME:-default}")
    return _VARIABLE.sub(of, value) or None


def _expect_another_system(filled: Mapping[str, Any], path: Path, values: Mapping[str, str]) -> None:
    """Raise `ConfigurationError` where staging's addresses are production's, or the other way round.

    With a variable copied once too often one of them would be written to that must not be, or never be looked at. On
    this machine both may be the same throw-away stack.
    """
    counterpart = {"staging": "production.toml", "production": "staging.toml"}.get(path.stem)
    if counterpart is None or not (other := path.with_name(counterpart)).is_file():
        return
    try:
        theirs = _fill(read_toml(other), values, "", other, [])
    except ConfigurationError:
        return  # it says so where it is run
    for section, key in (("api", "url"), ("database", "dsn")):
        mine, its = (_system(each.get(section), key) for each in (filled, theirs))
        if mine is not None and mine == its:
            raise ConfigurationError(path, f"{section}.{key}", f"the same as in {other.name}: expected another project")


def _system(section: Any, key: str) -> tuple[str | None, ...] | None:
    """What an address means, however it is written; None if it is none, or this machine's."""
    address = section.get(key) if isinstance(section, dict) else None
    try:
        if not isinstance(address, str) or _here(address):
            return None
        parts = urlsplit(address)
    except ValueError:
        return None  # what is wrong with it, the model says
    return (parts.hostname, parts.username, parts.path.rstrip("/")) if parts.hostname else None


def _written_down(value: Any) -> bool:
    return isinstance(value, str) and "${" not in value and _SECRET.match(value) is not None


def _password_of(dsn: str) -> str | None:
    try:
        return urlsplit(dsn).password
    except ValueError:
        return None  # what is wrong with it, the model says


def _here(address: Any) -> bool:
    """Whether an address is of this machine, whose keys are nobody else's."""
    return isinstance(address, str) and urlsplit(address).hostname in ("127.0.0.1", "localhost", "::1")


def _stack_names(value: Any) -> Iterator[str]:
    if isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _stack_names(one)
    elif isinstance(value, str):
        yield from re.findall(r"\$\{(STACK_\w+)", value)


def _stand_in(name: str) -> str:
    if name.endswith("_DB_URL"):
        return "postgresql://stack.invalid/postgres"
    return "http://stack.invalid" if name.endswith("_URL") else f"stand-in-for-{name}"
