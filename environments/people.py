"""Who is responsible, looked through for placeholders: `[Contact]` in an environment file is nobody who answers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from environments.operations import People
from environments.placeholders import placeholder

ITEMS = {
    "owner": "signoff-owner",
    "engineering": "contact-engineering",
    "devops": "contact-devops",
    "support": "contact-support",
    "engineering_lead": "escalation-p1",
    "incidents_channel": "comm-incidents-channel",
    "status_page": "comm-status-page",
}
"""Setting of `[people]` → the item that it answers for."""

_ROLES = {"Engineering": "engineering", "DevOps": "devops", "Support": "support"}
_CONTACT = re.compile(r"- \*\*(\w+):\*\* (.*)")


@dataclass(frozen=True)
class Unfilled:
    """What nobody has filled in: `item` is the item that it concerns ("" for none), `text` names the place."""

    item: str
    text: str


def placeholders(people: People, file: Path) -> list[Unfilled]:
    """The settings of `[people]` that say `[Contact]`, TBD or nothing. One that is not there says nothing wrong."""
    found = []
    for setting in type(people).model_fields:
        value = getattr(people, setting)
        for text in value if isinstance(value, tuple) else (value,):
            said = None if text is None else placeholder(text)
            if said is not None:
                what = f"says {said}" if said else "is empty"
                found.append(Unfilled(ITEMS.get(setting, ""), f"{file.name}: people.{setting} {what}"))
    return found


def unnamed(people: People, checklist: Path, file: Path) -> list[Unfilled]:
    """The contacts for which the checklist still says `[Contact]` and the environment file names nobody."""
    found = []
    for number, line in enumerate(checklist.read_text(encoding="utf-8").splitlines(), start=1):
        match = _CONTACT.fullmatch(line.strip())
        setting = _ROLES.get(match[1]) if match else None
        if match and setting and getattr(people, setting) is None and placeholder(match[2]) is not None:
            where = f"{checklist.name}:{number}: {match[1]} says {match[2]}"
            found.append(Unfilled(ITEMS[setting], f"{where}, and people.{setting} is not set in {file.name}"))
    return found
