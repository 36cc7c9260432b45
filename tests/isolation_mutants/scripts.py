"""A finding's script as a person would run it: pasted into psql, it must do what it says and leave nothing."""

from __future__ import annotations

import re
import subprocess

from fixtures.findings import Finding
from fixtures.stack.binaries import postgres

_EXAMPLE = re.compile(r"for example '([^|']{4,})")
_SHOWN = re.compile(r"B's value '([^']{4,})' was copied")
_STATE = re.compile(r"\b([0-9A-Z]{5}) ([^;|]+)")


def run(dsn: str, script: str) -> str:
    """What psql prints, errors included, with every statement echoed before its answer."""
    command = [str(postgres("psql")), "-X", "-a", "-d", dsn, "-v", "VERBOSITY=verbose", "-f", "-"]
    done = subprocess.run(command, input=script, capture_output=True, text=True, check=False, timeout=60)
    # psql writes refusals to another stream; they are told apart by the statement that the script's place names.
    return done.stdout + done.stderr


def wrong(finding: Finding, dsn: str) -> str | None:
    """Why the script does not show the finding, None if it does."""
    script = finding.reproduce
    if not script.rstrip().endswith("rollback;") or re.search(r"^\s*commit", script, re.M | re.I):
        return "does not end in a rollback"
    before, _, after = script.partition("\n-- two tenants, their people and rows\n")
    setup, _, act = after.partition(f"\n-- {finding.actor.split(', ')[0]}\n")
    if not act:
        setup, _, act = after.partition("\nselect set_config('role'")
    said = run(dsn, f"{before}\n{setup}\nrollback;\n")
    if error := re.search(r"ERROR:.*", said):
        return f"its set-up fails: {error.group()}"
    said = run(dsn, script)
    errors = re.findall(r"ERROR: +(\w{5}): (.*)", said)
    for pattern in (_EXAMPLE, _SHOWN):
        if (match := pattern.search(finding.observed)) and match.group(1) not in said:
            return f"does not show {match.group(1)!r}"
    expects = bool(re.search(r"\b(?:[0-9][0-9A-Z]{4}|P0\d{3}|PT\d{3}|XX\d{3}) \S", finding.observed))
    expects = expects or finding.kind in ("availability", "under-permission", "oracle") or "error" in finding.observed
    expects = expects or "only a constraint refuses it" in finding.observed
    if errors and not expects:
        return f"ends in an error that the finding does not speak of: {errors[0][1]}"
    if not errors and finding.kind in ("integrity", "authority", "over-permission") and not _acted(said):
        return "its act touches no row"
    return None


def _acted(said: str) -> bool:
    """Whether the writing statements of the act touched a row, or the reading ones answered."""
    tail = said[max(said.rfind("set_config('request.jwt.claims', '{"), 0) :]
    verbs = re.findall(r"^(?:INSERT 0|UPDATE|DELETE|MERGE) (\d+)", tail, re.M)
    if verbs:
        return any(int(n) for n in verbs)
    return bool(re.search(r"\((\d+) rows?\)|TRUNCATE|CREATE|SELECT \d", tail))
