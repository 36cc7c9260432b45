"""Allure: results written without secrets by every process, side files at the end, and one HTML file made by Allure 3.

Allure explains; the verdict gates. So everything the verdict knows and no check ran for (an item without a check, a
check that never started) gets a result of its own here: the report shows every item.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import allure_commons
import pytest
from allure_commons.logger import AllureFileLogger
from allure_pytest.listener import AllureListener

from fixtures.evidence import redactor_of
from fixtures.redaction import Redactor
from reports.model import CheckResult, ItemVerdict, Verdict

ROOT = Path(__file__).parent.parent
DEADLINE = 60.0
"""Seconds for Allure to make its HTML; it takes about one."""

_SEVERITY = {"must": "critical", "should": "normal", "nice": "minor", "info": "trivial"}
_STATUS = {"verified": "passed", "attested": "passed", "waived": "failed", "not applicable": "skipped"}
_CATEGORIES = [
    {"name": "Defects", "matchers": {"statuses": ["failed"]}, "groupBy": ["severity"], "expand": True},
    {"name": "Could not look", "matchers": {"statuses": ["broken"]}, "groupByMessage": True, "expand": True},
    {"name": "No check yet", "matchers": {"statuses": ["unknown"], "message": "no check yet"}},
    {"name": "Not run, not attested", "matchers": {"statuses": ["unknown"]}, "groupByMessage": True},
    {"name": "Not applicable here", "matchers": {"statuses": ["skipped"]}, "groupByMessage": True},
]


class RedactingLogger(AllureFileLogger):
    """Allure's writer, with every text redacted on its way to the disk."""

    def __init__(self, directory: Path, config: pytest.Config) -> None:
        super().__init__(str(directory))  # type: ignore[no-untyped-call]
        self._config = config

    def _report_item(self, item: Any) -> None:
        _redact_fields(item, redactor_of(self._config))
        super()._report_item(item)  # type: ignore[no-untyped-call]

    @allure_commons.hookimpl
    def report_attached_data(self, body: str | bytes, file_name: str) -> None:
        """Write an attachment; text is redacted whatever its type says."""
        data = body.encode() if isinstance(body, str) else body
        self._write(redactor_of(self._config).data(data, suffix=Path(file_name).suffix), file_name)

    @allure_commons.hookimpl
    def report_attached_file(self, source: str, file_name: str) -> None:
        """Write a copy of a file; text is redacted whatever its type says."""
        self._write(redactor_of(self._config).file(Path(source)), file_name)

    def _write(self, data: bytes, file_name: str) -> None:
        super().report_attached_data(data, file_name)  # type: ignore[no-untyped-call]


def begin(config: pytest.Config, directory: Path, *, clean: bool) -> Path:
    """Have Allure's results written to `directory`, or where `--alluredir` says; returns where.

    Call it once in each process that runs checks, after pytest was configured.
    """
    chosen = config.getoption("allure_report_dir", default=None)
    directory = Path(chosen).absolute() if chosen else directory
    if clean and not chosen:
        shutil.rmtree(directory, ignore_errors=True)
    if not config.pluginmanager.has_plugin("allure_pytest"):
        return directory
    manager = allure_commons.plugin_manager
    for plugin in [plugin for plugin in manager.get_plugins() if isinstance(plugin, AllureFileLogger)]:
        manager.unregister(plugin)
    if not config.pluginmanager.has_plugin("allure_listener"):
        listener = AllureListener(config)
        config.pluginmanager.register(listener, "allure_listener")
        _register(config, listener)
    _register(config, RedactingLogger(directory, config))
    return directory


def complete(verdict: Verdict, results: Path) -> None:
    """Write what Allure does not know by itself: about the run, and a result for everything that did not run."""
    results.mkdir(parents=True, exist_ok=True)
    properties = {
        "environment": verdict.environment,
        "verdict": verdict.headline,
        "run": verdict.run,
        "selection": verdict.selection,
        "commit": verdict.commit or "none",
    }
    (results / "environment.properties").write_text(
        "".join(f"{key}={_escaped(value)}\n" for key, value in properties.items()), encoding="utf-8"
    )
    executor = {"name": "greenlight", "type": "greenlight", "buildName": verdict.run, "reportName": verdict.headline}
    (results / "executor.json").write_text(json.dumps(executor, ensure_ascii=False), encoding="utf-8")
    for result in _missing(verdict):
        path = results / f"{result['uuid']}-result.json"
        path.write_text(json.dumps(result, ensure_ascii=False), encoding="utf-8")


def html(verdict: Verdict, results: Path, out: Path) -> str:
    """Have Allure 3 make `out/allure.html`, one file; returns "" or in one line why there is none."""
    deno = Path(sys.prefix, "bin", "deno")
    if not deno.exists():
        found = shutil.which("deno")
        if found is None:
            return "no Deno here; `make setup` installs it"
        deno = Path(found)
    made = out / "allure-report"
    shutil.rmtree(made, ignore_errors=True)
    configuration = out / "allurerc.json"
    configuration.write_text(json.dumps(_configuration(verdict, made, out), indent=2), encoding="utf-8")
    # --cached-only: what is not installed is missing, never fetched in the middle of a run.
    command = [str(deno), "run", "--allow-all", "--cached-only", "--quiet", "npm:allure", "generate", str(results)]
    command += ["--config", str(configuration)]
    environment = {**os.environ, "DENO_NO_UPDATE_CHECK": "1", "NO_COLOR": "1", "ALLURE_NO_ANALYTICS": "1"}
    if (ROOT / ".deno").exists():
        environment.setdefault("DENO_DIR", str(ROOT / ".deno"))
    try:
        ended = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=DEADLINE, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"Allure did not end well: {error}"
    page = made / "index.html"
    if ended.returncode or not page.exists():
        last = [line for line in (ended.stderr or ended.stdout).splitlines() if line.strip()][-1:]
        return f"Allure did not make it (exit status {ended.returncode}): {last[0].strip() if last else 'no word why'}"
    (out / "allure.html").write_text(_without_tracking(page.read_text(encoding="utf-8")), encoding="utf-8")
    shutil.rmtree(made, ignore_errors=True)
    return ""


def _configuration(verdict: Verdict, made: Path, out: Path) -> dict[str, Any]:
    return {
        "name": verdict.headline,
        "output": str(made),
        "historyPath": str(out / "history.jsonl"),
        "historyLimit": 20,
        "categories": {"rules": _CATEGORIES},
        "plugins": {
            "awesome": {
                "options": {
                    "reportName": verdict.headline,
                    "singleFile": True,
                    "groupBy": ["epic", "feature"],
                    "reportLanguage": "en",
                    "theme": "auto",
                }
            }
        },
    }


def _without_tracking(page: str) -> str:
    """Allure's page tells a tracker of everyone who opens it, and has no setting against that."""
    for script in (
        r"<script[^>]*googletagmanager[^>]*>\s*</script>",
        r"<script>(?:(?!</script>).)*\bgtag\((?:(?!</script>).)*</script>",
    ):
        page = re.sub(script, "", page, count=1, flags=re.DOTALL)
    return page


def _missing(verdict: Verdict) -> list[dict[str, Any]]:
    """A result for each item that no check ran for, and for each check that never started."""
    results = []
    told: set[str] = set()
    for start, item in enumerate(verdict.items, start=int(verdict.started.timestamp() * 1000)):
        ran = [check for check in item.checks if check.outcome not in ("not run", "deselected", "crashed")]
        for check in item.checks:
            if check not in ran and check.nodeid not in told:
                told.add(check.nodeid)
                results.append(_result(item, verdict.environment, start, check))
        if not item.checks or (not ran and item.status == "attested"):
            results.append(_result(item, verdict.environment, start))
    return results


def _result(item: ItemVerdict, environment: str, start: int, check: CheckResult | None = None) -> dict[str, Any]:
    headings = item.section.split(" › ")
    identity = hashlib.md5((check.nodeid if check else f"item:{item.id}").encode(), usedforsecurity=False).hexdigest()
    message = check.reason if check else item.reason
    status = "unknown" if check else _STATUS.get(item.status, "unknown")
    labels = {
        "epic": headings[0],
        "feature": headings[-1],
        "environment": environment,
        "owner": item.owner,
        "severity": _SEVERITY[item.gate],
        "framework": "greenlight",
    }
    return {
        "uuid": str(uuid.uuid4()),
        "name": check.nodeid.rpartition("::")[2] if check else item.title,
        "fullName": check.nodeid if check else f"item: {item.id}",
        "historyId": identity,
        "testCaseId": identity,
        "status": status,
        "stage": "finished",
        "statusDetails": {"message": message},
        "description": f"**{item.id}** · {item.gate} · {item.status}\n\n{item.remedy}",
        "start": start,
        "stop": start,
        "labels": [
            *({"name": name, "value": value} for name, value in labels.items() if value),
            {"name": "tag", "value": item.id},
        ],
    }


def _register(config: pytest.Config, plugin: object) -> None:
    manager = allure_commons.plugin_manager
    manager.register(plugin)
    config.add_cleanup(lambda: manager.unregister(plugin) if manager.is_registered(plugin) else None)


def _redact_fields(value: Any, redactor: Redactor) -> None:
    """Redact every text in one of Allure's result objects, in place."""
    for name, inner in vars(value).items():
        if isinstance(inner, str) and name not in {"uuid", "historyId", "testCaseId", "source"}:
            setattr(value, name, redactor.text(inner))
        elif isinstance(inner, list):
            for index, element in enumerate(inner):
                if isinstance(element, str):
                    inner[index] = redactor.text(element)
                elif hasattr(element, "__dict__"):
                    _redact_fields(element, redactor)
        elif hasattr(inner, "__dict__"):
            _redact_fields(inner, redactor)


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\n", " ")
