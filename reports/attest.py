"""`python -m reports attest ITEM --env staging`: ask a person for what an attestation needs, and write it down.

The file keeps its comments and every other entry. Nothing is written unless the whole file would still be valid and
the new attestation counts; a file that is replaced is replaced at once.
"""

from __future__ import annotations

import getpass
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import tomlkit
from tomlkit.items import AoT

from environments.attestations import ATTESTATIONS_FILE, Attestation, load_attestations
from environments.loading import environment_names
from fixtures.catalogue import Catalogue
from fixtures.errors import ConfigurationError, GreenlightError

LASTS = timedelta(days=90)
"""How long an attestation holds unless its author says otherwise: after a quarter, contacts and plans are stale."""

Ask = Callable[[str, str], str]
"""Ask a question with a default answer (empty for none) and return what was answered."""


@dataclass(frozen=True)
class Draft:
    """What was given on the command line; None is asked for."""

    item: str
    environment: str
    by: str | None = None
    role: str | None = None
    statement: str | None = None
    link: str | None = None
    expires: str | None = None


def prompt(question: str, default: str) -> str:
    """Ask at the terminal; an empty answer is the default."""
    try:
        answer = input(f"{question}{f' [{default}]' if default else ''}: ").strip()
    except EOFError:
        raise GreenlightError(f"attest: no answer to “{question}”: give it as an option") from None
    return answer or default


def attest(
    draft: Draft, *, ask: Ask = prompt, file: Path = ATTESTATIONS_FILE, now: datetime | None = None
) -> Attestation:
    """Complete the draft by asking, append it to `file`, and return it.

    Raises `GreenlightError` if the item is unknown, is decided by a check alone or is not asked for in the environment,
    and `ConfigurationError` if an answer is missing or malformed; the file is then as it was.
    """
    now = (now or datetime.now(UTC)).replace(microsecond=0)
    _decidable_by_a_person(draft)
    expires = _date(
        _given(draft.expires, "Holds until (YYYY-MM-DD)", (now + LASTS).date().isoformat(), ask), file, "expires"
    )
    attestation = Attestation.model_validate(
        {
            "item": draft.item,
            "environment": draft.environment,
            "by": _given(draft.by, "Your name", _account(), ask),
            "role": _given(draft.role, "Your role", "", ask),
            "on": now,
            "statement": _given(draft.statement, "What do you attest", "", ask),
            "link": _given(draft.link, "Link to evidence, if there is any", "", ask),
            "expires": expires,
        }
    )
    reason = attestation.invalid(now)
    if reason:
        raise ConfigurationError(file, draft.item, f"not written, since it would not count: {reason}")
    _append(attestation, expires, file)
    return attestation


def _decidable_by_a_person(draft: Draft) -> None:
    catalogue = Catalogue.load()
    if draft.item not in catalogue:
        raise GreenlightError(f"attest: no item {draft.item}{catalogue.suggestion(draft.item)}")
    item = catalogue[draft.item]
    if item.kind != "attestation" and not item.attestable:
        raise GreenlightError(f"attest: {item.id} is decided by a check, not by a person; a failure can be waived")
    known = environment_names()
    if draft.environment not in known and draft.environment not in item.environments:
        raise GreenlightError(f"attest: no environment {draft.environment} (there are: {', '.join(known)})")


def _given(value: str | None, question: str, default: str, ask: Ask) -> str:
    return value if value is not None else ask(question, default)


def _account() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""


def _date(text: str, file: Path, key: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ConfigurationError(file, key, f"expected a day such as 2026-12-31, found {text}") from None


def _append(attestation: Attestation, expires: date, file: Path) -> None:
    load_attestations(file)  # what is wrong already must be mended by a person, not buried under more
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    document = tomlkit.parse(text)
    table = tomlkit.table()
    for key, value in attestation.model_dump(exclude={"expires"}).items():
        if value != "":
            table.add(key, value)
    table.add("expires", expires)
    entries = document.get("attestation")
    if isinstance(entries, AoT):
        entries.append(table)
    else:
        document.add("attestation", tomlkit.aot())
        document["attestation"].append(table)
    _replace(file, tomlkit.dumps(document))
    load_attestations(file)


def _replace(file: Path, text: str) -> None:
    """Write beside the file and rename: whoever reads it sees the old text or the new one."""
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    with os.fdopen(descriptor, "w", encoding="utf-8") as beside:
        beside.write(text)
    mode = file.stat().st_mode & 0o777 if file.exists() else 0o644
    Path(name).chmod(mode)
    Path(name).replace(file)
