"""The sign-off sheet: the user's own checklist, line by line, each box ticked by evidence or left open with the reason.

Made from the verdict and the checklist's text alone: `signoff.md`, and one self-contained, printable `signoff.html`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC
from pathlib import Path
from typing import Literal

import jinja2
import markupsafe

from fixtures.catalogue import CHECKLIST_FILE, Catalogue, Line, checklist_lines
from reports.model import ItemVerdict, Status, Verdict

Mark = Literal["ticked", "open", "failed", "waived", "out", "none"]
_ORDER: tuple[Status, ...] = ("failed", "unverified", "waived", "attested", "verified", "not applicable")
_MARKS: dict[Status, Mark] = {
    "verified": "ticked",
    "attested": "ticked",
    "waived": "waived",
    "failed": "failed",
    "unverified": "open",
    "not applicable": "out",
}


@dataclass
class Entry:
    """One line of the checklist that asks for something, and the items that stand for it."""

    text: str
    depth: int
    box: bool
    items: tuple[ItemVerdict, ...] = ()
    unselected: bool = False

    @property
    def mark(self) -> Mark:
        """How the line's box is drawn: by its worst item; what does not apply here decides nothing if another does."""
        statuses = {item.status for item in self.items}
        worst = next((status for status in _ORDER if status in statuses), None)
        return _MARKS[worst] if worst else "none"


@dataclass
class Block:
    """A run of lines of one sort: entries, prose, or a code block with the items that its commands stand for."""

    kind: Literal["entries", "prose", "code"]
    lines: list[str] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The lines as they stand in the checklist."""
        return "\n".join(self.lines)


@dataclass
class Section:
    """A heading of the checklist with what stands directly under it."""

    title: str
    depth: int
    blocks: list[Block] = field(default_factory=list)


@dataclass
class Sheet:
    """The whole sheet. `rest` are items of the verdict that no line of the checklist stands for."""

    title: str
    sections: list[Section]
    rest: tuple[ItemVerdict, ...]


def write(verdict: Verdict, out: Path, catalogue: Catalogue, checklist: Path = CHECKLIST_FILE) -> tuple[Path, Path]:
    """Write `signoff.md` and `signoff.html` into `out`; returns their paths."""
    sheet = lay_out(verdict, catalogue, checklist)
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=jinja2.select_autoescape(["html.j2"]),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["inline"] = _inline
    environment.filters["one_line"] = lambda text: " ".join(str(text).split())
    paths = (out / "signoff.md", out / "signoff.html")
    out.mkdir(parents=True, exist_ok=True)
    findings = {finding.id: finding for finding in verdict.findings}
    for path in paths:
        template = environment.get_template(f"{path.name}.j2")
        when = verdict.started.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
        path.write_text(template.render(verdict=verdict, sheet=sheet, findings=findings, when=when), encoding="utf-8")
    return paths


def lay_out(verdict: Verdict, catalogue: Catalogue, checklist: Path = CHECKLIST_FILE) -> Sheet:
    """Lay the verdict over the checklist's text; without such a file, everything is in `rest`."""
    raw = checklist.read_text(encoding="utf-8").splitlines() if checklist.exists() else []
    verdicts = {item.id: item for item in verdict.items}
    placed: set[str] = set()
    title = next((line.removeprefix("# ") for line in raw if line.startswith("# ")), "Checklist")
    sections: list[Section] = [Section("", 1)]
    for line in checklist_lines(checklist) if raw else ():
        text = raw[line.number - 1]
        if line.kind == "heading":
            if line.section:
                sections.append(Section(line.section[-1], len(line.section)))
            continue
        wanted = catalogue.at(line.section, line.text) if line.text else ()
        items = tuple(verdicts[item.id] for item in wanted if item.id in verdicts)
        placed |= {item.id for item in items}
        _place(sections[-1], line, text, items, unselected=bool(wanted) and not items)
    for section in sections:
        section.blocks = [block for block in section.blocks if block.text.strip(" \n-") or block.entries]
    kept = [section for section in sections if section.title or section.blocks]
    return Sheet(title, kept, tuple(item for item in verdict.items if item.id not in placed))


def _place(section: Section, line: Line, raw: str, items: Sequence[ItemVerdict], *, unselected: bool) -> None:
    depth = (len(raw) - len(raw.lstrip())) // 2
    blocks = section.blocks
    in_code = bool(blocks) and blocks[-1].kind == "code" and blocks[-1].lines[-1:] != ["```"]
    if line.text.startswith("```") or in_code:
        if not in_code:
            blocks.append(Block("code"))
        blocks[-1].lines.append("```" if line.text == "```" else raw)
        if items:
            _extend(blocks[-1].entries, items, line.text)
        return
    if line.kind in ("box", "entry") or items:
        if not blocks or blocks[-1].kind != "entries":
            blocks.append(Block("entries"))
        text = re.sub(r"^(- \[[ xX]\] |- )", "", line.text)
        blocks[-1].entries.append(Entry(text, depth, line.kind == "box", tuple(items), unselected))
        return
    if not line.text and blocks and blocks[-1].kind == "entries":
        return  # an empty line does not part a list in two
    if not blocks or blocks[-1].kind != "prose":
        blocks.append(Block("prose"))
    blocks[-1].lines.append(raw)


def _extend(entries: list[Entry], items: Iterable[ItemVerdict], command: str) -> None:
    """An item that stands for several commands of a block is listed once, under the first of them."""
    known = {item.id for entry in entries for item in entry.items}
    entries.extend(Entry(command, 0, False, (item,)) for item in items if item.id not in known)


def _inline(text: str) -> str:
    """The little Markdown that stands inside of the checklist's lines, as HTML: code, bold, links."""
    escaped = str(markupsafe.escape(text))
    escaped = re.sub(r"`([^`]+)`", r"<code>\1</code>", escaped)
    escaped = re.sub(r"\*\*([^*]+)\*\*", r"<strong>\1</strong>", escaped)
    escaped = re.sub(r"(?<![\"=])\bhttps?://[^\s<]+", lambda match: f'<a href="{match[0]}">{match[0]}</a>', escaped)
    return markupsafe.Markup(escaped)
