"""The scripts that show findings again, a file each, so that they are run and not copied out of a report."""

from __future__ import annotations

import shutil
import textwrap
from pathlib import Path

from reports.model import FindingVerdict, Verdict

FOLDER = "findings"


def write(verdict: Verdict, out: Path) -> None:
    """Write `findings/<id>.sql` (for psql) or `.sh` (for a shell) below `out`, in place of what an earlier run left."""
    shutil.rmtree(out / FOLDER, ignore_errors=True)
    for finding in verdict.findings:
        file = path_of(finding, out)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{textwrap.dedent(finding.reproduce).strip()}\n", encoding="utf-8")


def path_of(finding: FindingVerdict, out: Path) -> Path:
    """Where the script of a finding lies."""
    first = textwrap.dedent(finding.reproduce).strip().lower()
    shell = first.startswith(("#", "curl", "$")) or "curl " in first
    return out / FOLDER / f"{finding.id}.{'sh' if shell else 'sql'}"


def written(verdict: Verdict, out: Path) -> dict[str, Path]:
    """The scripts that are there, by finding."""
    paths = {finding.id: path_of(finding, out) for finding in verdict.findings}
    return {finding: path for finding, path in paths.items() if path.is_file()}
