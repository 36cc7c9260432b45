"""`python -m reports attest ITEM --env staging`: ask a person for what an attestation needs, and write it down.

Whether it would count is asked of the environment's own file and of the rules by which a run judges it: whether the
item is asked for there, who may sign, and whether what is signed for can have happened yet. The file of attestations
keeps its comments and every other entry. Nothing is written unless the whole file would still be valid and the new
attestation counts; a file that is replaced is replaced at once.
"""

from __future__ import annotations

import getpass
import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import tomlkit
from tomlkit.items import AoT

from environments.attestations import ATTESTATIONS_FILE, Attestation, attested, load_attestations, stranger
from environments.loading import environment_file, load_environment
from environments.model import PHASE_AFTER, Environment
from environments.people import placeholders
from fixtures.catalogue import NOT_YET, Catalogue, Item, applies, decidable
from fixtures.errors import ConfigurationError, GreenlightError

LASTS = timedelta(days=90)
"""How long an attestation holds unless its author says otherwise: after a quarter, contacts and plans are stale."""

Ask = Callable[[str, str], str]
"""Ask a question with a default answer (empty for none) and return what was answered."""


@dataclass(frozen=True)
class Draft:
    """What was given on the command line; None is asked for. `environment` is a name, or the path of a file."""

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
    draft: Draft,
    *,
    ask: Ask = prompt,
    file: Path = ATTESTATIONS_FILE,
    now: datetime | None = None,
    variables: Mapping[str, str] = os.environ,
) -> Attestation:
    """Complete the draft by asking, append it to `file`, and return it; `variables` are for the environment's file.

    Raises `GreenlightError` if the item is unknown, is decided by a check alone or is not asked for in the environment,
    and `ConfigurationError` if the environment's file is wrong, an answer is missing or malformed, or the attestation
    would not count; `file` is then as it was.
    """
    now = (now or datetime.now(UTC)).replace(microsecond=0)
    item = _decidable_by_a_person(draft)
    environment = load_environment(environment_file(draft.environment), variables, keyless=True)
    _expect_asked_for(item, environment)
    by = _given(draft.by, "Your name", _account(), ask)
    approvers = environment.people.approvers
    if by.strip() and stranger(by, approvers):
        allowed = ", ".join(approvers)
        raise GreenlightError(f"attest: {by} is not one of people.approvers of {environment.path.name}: {allowed}")
    role = _given(draft.role, "Your role", "", ask)
    statement = _given(draft.statement, "What do you attest", "", ask)
    link = _given(draft.link, "Link to evidence, if there is any", "", ask)
    until = _given(draft.expires, "Holds until (YYYY-MM-DD)", (now + LASTS).date().isoformat(), ask)
    expires = _date(until, file, "expires")
    attestation = Attestation.model_validate(
        {
            "item": item.id,
            "environment": environment.name,
            "by": by,
            "role": role,
            "on": now,
            "statement": statement,
            "link": link,
            "expires": expires,
        }
    )
    since = decidable(item, environment.deployment.deployed_at)
    counts, reason = attested([attestation], item.id, environment.name, now, approvers=approvers, since=since)
    if counts is None:
        raise ConfigurationError(file, item.id, f"not written, since it would not count: {reason}")
    _append(attestation, expires, file)
    return attestation


def _decidable_by_a_person(draft: Draft) -> Item:
    catalogue = Catalogue.load()
    if draft.item not in catalogue:
        raise GreenlightError(f"attest: no item {draft.item}{catalogue.suggestion(draft.item)}")
    item = catalogue[draft.item]
    if item.kind != "attestation" and not item.attestable:
        raise GreenlightError(f"attest: {item.id} is decided by a check, not by a person; a failure can be waived")
    return item


def _expect_asked_for(item: Item, environment: Environment) -> None:
    """Raise `GreenlightError` where nobody's signature would decide the item."""
    here, why = applies(item, environment)
    if not here:
        # What is due later may be signed for as soon as it can have happened: `decidable` says when.
        later = why.startswith(NOT_YET)
        if not later:
            raise GreenlightError(f"attest: {item.id} is not asked for on {environment.name}: {why}")
        if environment.deployment.deployed_at is None and any(phase == item.phase for _, phase in PHASE_AFTER):
            raise GreenlightError(
                f"attest: {item.id} comes after the deployment, and deployment.deployed_at of "
                f"{environment.path.name} is not set ({why})"
            )
    contradicting = [each.text for each in placeholders(environment.people, environment.path) if each.item == item.id]
    if contradicting:
        raise GreenlightError(f"attest: {item.id} would not count: {'; '.join(contradicting)}")


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
