"""Marks: what only one organization may see, and the search for it in every answer.

They are read as that organization's own admin before the run. What others may see is no mark: whatever occurs in a
course that it made global, in what hangs on one, among the global tags, or in another organization's own rows.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel

from fixtures.gateway import Actor, Gateway

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
LEAST = 12  # characters of a text that is a mark: shorter ones occur by chance
MOST = 200  # texts of one organization
ROWS = 1000

SOURCES = {
    "organization_domains": ("id", "domain"),
    "tags": ("id", "value"),
    "tag_types": ("id", "label"),
    "tag_approval_queue": ("id",),
    "course_metadata": ("id", "title"),
    "media_assets": ("id",),
    "content_embeddings": ("id",),
}
"""Table with `organization_id` → the columns whose values are marks."""

Json = dict[str, Any]


class Sighting(BaseModel, frozen=True):
    """A mark in an answer, and whose it is."""

    mark: str
    owner: str
    around: str


class Marks(BaseModel):
    """Mark → the organization (as the environment names it) that alone may see it."""

    uuids: dict[str, str] = {}
    texts: dict[str, str] = {}

    def counts(self) -> dict[str, int]:
        """Organization → how many marks it has."""
        owners = [*self.uuids.values(), *self.texts.values()]
        return {owner: owners.count(owner) for owner in sorted(set(owners))}

    def seen(self, text: str, by: Iterable[str]) -> tuple[set[str], Sighting | None]:
        """What a member of the organizations `by` sees in an answer: their own marks' owners, and a foreign mark."""
        mine, own, foreign = set(by), set[str](), None
        for found in UUID.findall(text):
            owner = self.uuids.get(found)
            if owner in mine:
                own.add(owner)
            elif owner is not None and foreign is None:
                foreign = Sighting(mark=found, owner=owner, around=_around(text, found))
        for mark, owner in self.texts.items():
            if owner in own or mark not in text:  # one of the own ones is enough
                continue
            if not re.search(rf"(?<![\w-]){re.escape(mark)}(?![\w-])", text):
                continue
            if owner in mine:
                own.add(owner)
            elif foreign is None:
                foreign = Sighting(mark=mark, owner=owner, around=_around(text, mark))
        return own, foreign


def read_marks(gateway: Gateway, organizations: Mapping[str, Actor], ids: Mapping[str, str], file: str) -> Marks:
    """The marks of each organization, read as its admin; `ids` are theirs, `file` the public address of a course file.

    Tables that are not there have no marks: how many each organization has is in the report, and none is no pass.
    """
    rows = {name: _rows(admin, ids[name]) for name, admin in organizations.items()}
    shown = {name: _shown_to_others(gateway, rows[name], file) for name in rows}
    private = {name: json.dumps(rows[name], ensure_ascii=False) for name in rows}
    everybodys = _global_rows(next(iter(organizations.values()))) if organizations else ""
    marks = Marks()
    for name in rows:
        elsewhere = "\n".join([everybodys, *shown.values(), *(private[other] for other in private if other != name)])
        texts = 0
        for value in _values(rows[name]):
            if value in elsewhere:
                continue
            if UUID.fullmatch(value):
                marks.uuids[value] = name
            elif len(value) >= LEAST and texts < MOST:
                marks.texts[json.dumps(value, ensure_ascii=False)[1:-1]] = name
                texts += 1
    return marks


def _rows(admin: Actor, organization: str) -> dict[str, list[Json]]:
    found = {}
    for table in SOURCES:
        query = {"organization_id": f"eq.{organization}", "limit": ROWS}
        if table == "content_embeddings":  # never their vectors
            query["select"] = "id,course_id"
        answer = admin.send("GET", f"/rest/v1/{table}", query=query)
        found[table] = answer.json if answer.status == 200 and isinstance(answer.json, list) else []
    found["organizations"] = [{"id": organization}]
    return found


def _global_rows(admin: Actor) -> str:
    """The rows without an organization, as one text."""
    tables = ("tags", "tag_types")
    query = {"organization_id": "is.null", "limit": ROWS}
    return "\n".join(admin.send("GET", f"/rest/v1/{table}", query=query).text for table in tables)


def _shown_to_others(gateway: Gateway, rows: Mapping[str, list[Json]], file: str) -> str:
    """Everything of an organization that others may see, as one text."""
    courses = [row for row in rows["course_metadata"] if row.get("visibility") == "global"]
    ids = {row.get("id") for row in courses}
    hanging = [row for table in ("media_assets", "content_embeddings") for row in rows[table]]
    parts = [json.dumps([*courses, *(row for row in hanging if row.get("course_id") in ids)], ensure_ascii=False)]
    for course in ids:
        parts.append(gateway.nobody.send("GET", file.replace("{id}", str(course))).text)
    return "\n".join(parts)


def _values(rows: Mapping[str, list[Json]]) -> list[str]:
    """The values that may be marks, ids of courses first: those are what answers bear most."""
    listed = [
        row.get(column)
        for table, columns in {
            "course_metadata": SOURCES["course_metadata"],
            "organizations": ("id",),
            **SOURCES,
        }.items()
        for row in rows[table]
        for column in columns
    ]
    return list(dict.fromkeys(value for value in listed if isinstance(value, str) and value))


def _around(text: str, mark: str) -> str:
    at = text.find(mark)
    return " ".join(text[max(0, at - 80) : at + len(mark) + 80].split())
