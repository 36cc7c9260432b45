"""The terminal summary: a table by section, what is not verified and why, what failed, where the reports are."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TextIO

from rich import box
from rich.console import Console, Group
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from reports.model import NO_CHECK_YET, Counts, ItemVerdict, Verdict

STYLES = {
    "verified": "green",
    "attested": "green",
    "waived": "magenta",
    "failed": "bold red",
    "unverified": "yellow",
    "not applicable": "dim",
}
_HEADERS = {"not_applicable": "n/a"}
_IDS_SHOWN = 12
_SCRIPT_LINES = 6
_OBSERVED = 300  # characters; the sheet has all of it
_FINDINGS = 12  # of an item


class _Trimmed(io.StringIO):
    """Passes complete lines on without the blanks that tables are padded with; logs are read and compared."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._stream = stream

    def write(self, text: str) -> int:
        """Write, trimming each line."""
        self._stream.write("\n".join(line.rstrip(" ") for line in text.split("\n")))
        return len(text)

    def flush(self) -> None:
        """Flush what is behind."""
        self._stream.flush()


def console_for(stream: TextIO, *, colour: bool, width: int | None = None) -> Console:
    """A console that writes escape codes only where `colour` says that somebody sees colours."""
    return Console(
        file=stream if colour else _Trimmed(stream),
        width=max(80, min(width or 100, 120)),
        force_terminal=colour,
        no_color=not colour,
        color_system="standard" if colour else None,
        highlight=False,
        emoji=False,
        soft_wrap=False,
    )


def render(
    verdict: Verdict,
    console: Console,
    reports: Sequence[tuple[str, str]] = (),
    scripts: Mapping[str, Path] | None = None,
) -> None:
    """Print the summary; `reports` are the names and paths of what was written, or what could not be.

    `scripts` are the files that show findings again, by finding: a long one is named instead of printed.
    """
    console.print()
    console.rule(f"[bold]greenlight[/] · {escape(verdict.environment)}", style="dim")
    if verdict.items:
        console.print(_sections(verdict))
    _print_open(verdict, console)
    _print_failures(verdict, console, scripts or {})
    for title, lines in (("Problems of the run", verdict.problems), ("Remarks", verdict.remarks)):
        if lines:
            console.print(f"[bold]{title}[/]")
            for line in lines:
                console.print(Padding(Text(f"• {line}"), (0, 0, 0, 2)))
            console.print()
    if reports:
        table = Table.grid(padding=(0, 2))
        for name, where in reports:
            table.add_row(Text(f"  {name}", style="dim"), Text(where, overflow="fold"))
        console.print(table)
        console.print()
    if verdict.narrowed_by:
        console.print(Text(f"This is no gate: the selection was narrowed by {verdict.narrowed_by}", style="yellow"))
    console.print(Text(verdict.headline, style="bold green" if verdict.go else "bold red"))


def shown(path: Path) -> str:
    """A path as a person types it: relative to where they are, if it lies below."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def _sections(verdict: Verdict) -> Table:
    sections: dict[str, list[ItemVerdict]] = {}
    for item in verdict.items:
        sections.setdefault(item.section.split(" › ")[0], []).append(item)
    columns = [name for name, number in verdict.counts if number or name in ("verified", "failed", "unverified")]
    table = Table(box=box.SIMPLE_HEAD, show_footer=True, padding=(0, 1), header_style="bold", footer_style="bold")
    table.add_column("Section", "All sections", no_wrap=True, overflow="ellipsis", min_width=24)
    table.add_column("items", str(len(verdict.items)), justify="right", style="dim")
    for name in columns:
        number = getattr(verdict.counts, name)
        style = STYLES[name.replace("_", " ")] if number else "dim"
        table.add_column(_HEADERS.get(name, name), Text(str(number), style=style), justify="right")
    for section, items in sections.items():
        counts = Counts.of(items)
        cells = [_cell(getattr(counts, name), name.replace("_", " ")) for name in columns]
        table.add_row(Text(section), str(len(items)), *cells)
    return table


def _cell(number: int, status: str) -> Text:
    return Text(str(number), style=STYLES[status]) if number else Text("·", style="dim")


def _print_open(verdict: Verdict, console: Console) -> None:
    """What is not verified and why: one paragraph for each reason, those that block first."""
    groups: dict[str, list[ItemVerdict]] = {}
    for item in verdict.items:
        if item.status == "unverified":
            groups.setdefault(item.reason, []).append(item)
    if not groups:
        return
    console.print("[bold yellow]Not verified[/]")
    # What one can act on first comes first; "no check yet" is the same long list on every run.
    must = {reason: sum(item.gate == "must" for item in items) for reason, items in groups.items()}
    for reason, items in sorted(groups.items(), key=lambda group: (group[0] == NO_CHECK_YET, -must[group[0]])):
        musts = must[reason]
        count = f"{len(items)} item{'' if len(items) == 1 else 's'}"
        gate = "" if musts == len(items) else " (none a must)" if not musts else f" ({musts} must)"
        if len(items) == 1:
            gate = f" ({items[0].gate})"
        head = Text.assemble(("? ", "yellow"), reason, (f" — {count}{gate}", "dim"))
        ids = [item.id for item in sorted(items, key=lambda item: item.gate != "must")]
        more = f" … and {len(ids) - _IDS_SHOWN} more" if len(ids) > _IDS_SHOWN else ""
        body = Text(", ".join(ids[:_IDS_SHOWN]) + more, style="dim")
        console.print(Padding(Group(head, Padding(body, (0, 0, 0, 2))), (0, 0, 0, 2)))
    console.print()


def _print_failures(verdict: Verdict, console: Console, scripts: Mapping[str, Path]) -> None:
    findings = {finding.id: finding for finding in verdict.findings}
    told: set[str] = set()
    failures = [item for item in verdict.items if item.status in ("failed", "waived")]
    if not failures:
        return
    console.print("[bold red]Failed[/]")
    for item in sorted(failures, key=lambda item: (item.status != "failed", item.gate != "must")):
        mark = ("✘ ", STYLES[item.status])
        label = (f" — {item.gate}{', waived' if item.status == 'waived' else ''}", "dim")
        lines: list[Text | Padding] = [
            Text.assemble(mark, (item.id, "bold"), "  ", item.title, label),
            Padding(Text(item.reason), (0, 0, 0, 2)),
        ]
        listed = [findings[one] for one in item.findings if one in findings]
        for finding in listed[:_FINDINGS]:
            what = f"{finding.actor} · {finding.operation} · {finding.object}"
            text = Text.assemble((f"{finding.kind} ", "red"), what, (f"  {finding.id}", "dim"))
            lines.append(Padding(text, (0, 0, 0, 2)))
            if finding.id in told:
                continue
            told.add(finding.id)
            lines.append(Padding(Text(textwrap.shorten(finding.observed, _OBSERVED)), (0, 0, 0, 4)))
            lines.append(Padding(_script(finding.reproduce, scripts.get(finding.id)), (0, 0, 0, 4)))
        if (more := len(listed) - _FINDINGS) > 0:
            lines.append(Padding(Text(f"… and {more} more findings, in the sign-off sheet"), (0, 0, 0, 2)))
        if item.remedy:
            lines.append(Padding(Text(f"→ {item.remedy}", style="dim"), (0, 0, 0, 2)))
        console.print(Padding(Group(*lines), (0, 0, 0, 2)))
    console.print()


def _script(reproduce: str, file: Path | None) -> Text:
    lines = textwrap.dedent(reproduce).strip().splitlines()
    if len(lines) <= _SCRIPT_LINES:
        return Text("\n".join(lines), style="cyan")
    if file is None:
        return Text(f"a script of {len(lines)} lines in the sign-off sheet shows it again", style="cyan")
    run = "bash" if file.suffix == ".sh" else 'psql "$DSN" -f'
    return Text(f"{run} {shown(file)}", style="cyan")
