"""Reading a file that a person wrote: TOML, checked against a model, with one clear line when it is wrong.

The line names the file, the key (or the line of a syntax error) and what was expected; a misspelt key or word is
answered with the one that was probably meant. Values are never repeated in it: they may be secrets.
"""

from __future__ import annotations

import difflib
import re
import tomllib
import types
import typing
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from fixtures.errors import ConfigurationError

M = TypeVar("M", bound=BaseModel)


def read_toml(file: Path) -> dict[str, Any]:
    """The file's tables; raises `ConfigurationError` if it is not there or is not TOML."""
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigurationError(file, "file", "not found") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(file, "file", f"cannot be read: {error}") from None
    except tomllib.TOMLDecodeError as error:
        what, _, where = str(error).partition(" (at ")
        raise ConfigurationError(file, where.rstrip(")") or "syntax", f"not valid TOML: {what}") from None


def validated(model: type[M], data: Mapping[str, Any], file: Path) -> M:
    """The data as the model; raises `ConfigurationError` about the first thing that is wrong, naming the others.

    Validators find the file's own folder in their context, as `folder`.
    """
    try:
        return model.model_validate(dict(data), context={"folder": file.parent.resolve()})
    except ValidationError as error:
        # What stands there and is wrong, a misspelt key first, explains what is missing.
        order = {"extra_forbidden": 0, "missing": 2}
        errors = sorted(error.errors(), key=lambda one: order.get(one["type"], 1))
        keys = list(dict.fromkeys(_key(model, one["loc"]) for one in errors))
        others = f" (wrong too: {', '.join(keys[1:4])})" if len(keys) > 1 else ""
        key, expected = keys[0], _expected(model, errors[0])
        if found := re.fullmatch(r"([a-z][\w.-]*): (.+)", expected):  # a rule between settings names the one to change
            key, expected = found[1], found[2]
        raise ConfigurationError(file, key, expected + others) from None


def meant(word: str, words: Iterable[str]) -> str:
    """` (did you mean …?)` if `word` resembles one of `words`, else nothing."""
    near = difflib.get_close_matches(word, list(words), n=1)
    return f" (did you mean {near[0]}?)" if near else ""


def _expected(model: type[BaseModel], error: ErrorDetails) -> str:
    *parents, last = error["loc"] or ("",)
    match error["type"]:
        case "extra_forbidden":
            known = _fields(model, parents)
            return f"unknown key{meant(str(last), known) or '; known here: ' + ', '.join(known)}"
        case "missing":
            return "expected a value, found none"
        case "literal_error":
            word = error["input"] if isinstance(error["input"], str) else ""
            expected = str(error["ctx"]["expected"])
            words = re.findall(r"'([^']+)'", expected)
            return f"expected {expected}{meant(word, words)}"
        case "value_error":
            return str(error["ctx"]["error"])
        case "model_type" | "dict_type" | "model_attributes_type":
            return "expected a table"
        case "timezone_aware":
            return "expected a moment with its time zone, such as 2026-11-20T09:30:00Z"
        case kind:
            text = error["msg"].removeprefix("Input should be ").replace("tuple", "list").replace("dictionary", "table")
            return f"expected {text}" + (f", found {type(error['input']).__name__}" if kind.endswith("_type") else "")


def _key(model: type[BaseModel], loc: Sequence[int | str]) -> str:
    """The dotted key as it stands in the file: numbers of a list count from 1, tags of unions are left out."""
    words: list[str] = []
    current: object = model
    for part in loc:
        if isinstance(part, int):
            words.append(f"{part + 1}")
            current = _inner(current)
        elif isinstance(current, type) and issubclass(current, BaseModel):
            words.append(part)
            field = current.model_fields.get(part)
            current = _plain(field.annotation) if field else None
        elif _origin(current) is dict and "[" not in part:
            words.append(part)
            current = _inner(current)
        elif current is None:
            words.append(part)
    return ".".join(words) or "file"


def _fields(model: type[BaseModel], loc: Sequence[int | str]) -> list[str]:
    current: object = model
    for part in loc:
        if isinstance(current, type) and issubclass(current, BaseModel) and isinstance(part, str):
            field = current.model_fields.get(part)
            current = _plain(field.annotation) if field else None
        else:
            current = _inner(current)
    return list(current.model_fields) if isinstance(current, type) and issubclass(current, BaseModel) else []


def _plain(annotation: object) -> object:
    """An annotation without `| None` and `Annotated`."""
    while True:
        origin = typing.get_origin(annotation)
        if origin in (typing.Union, types.UnionType):
            parts = [part for part in typing.get_args(annotation) if part is not type(None)]
            annotation = parts[0]
        elif origin is typing.Annotated:
            annotation = typing.get_args(annotation)[0]
        else:
            return annotation


def _origin(annotation: object) -> object:
    return typing.get_origin(annotation) or annotation


def _inner(annotation: object) -> object:
    arguments = typing.get_args(annotation)
    if not arguments:
        return None
    return _plain(arguments[-1] if typing.get_origin(annotation) is dict else arguments[0])
