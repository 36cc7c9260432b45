"""The reports of a real run: complete, readable, and without a secret in any byte of them."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fixtures.catalogue import CHECKLIST_FILE, Catalogue, checklist_lines
from reports import signoff
from reports.__main__ import main
from reports.judging import Facts, Run, judge
from reports.model import CheckResult, FindingVerdict, Verdict
from reports.outcomes import Check
from reports.terminal import console_for, render
from tests.verdict.project import ROOT, Ended, mock_project

SECRET = "s3cr3t-dsn-passw0rd"
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoiYWRtaW4ifQ.c2lnbmF0dXJlLXNpZ25hdHVyZQ"

CHECKS = f"""
import logging, os
from fixtures.errors import Unverified
from fixtures.findings import Finding

DSN = "postgresql://postgres:" + os.environ["MOCK_SECRET"] + "@db.example.org/postgres"

@pytest.mark.check("alpha")
def test_leaks(evidence, findings, tmp_path):
    "Why it matters stands in the docstring."
    print("printed", DSN)
    logging.getLogger().warning("logged %s", DSN)
    evidence.text("query", "-- " + DSN, suffix=".sql")
    evidence.json("answer", {{"headers": {{"Authorization": "Bearer abc.def"}}, "body": [DSN, "{TOKEN}"]}})
    evidence.table("latencies", ["path", "p95"], [["/", 12], [DSN, 13]])
    (tmp_path / "function.log").write_text("started with " + DSN)
    evidence.file(tmp_path / "function.log")
    findings.add(Finding("confidentiality", "public.tags", "editor of acme", "select", "saw " + DSN, "psql " + DSN))
    assert False, "connected to " + DSN + " with {TOKEN}"

@pytest.mark.check("gamma")
def test_cannot_look():
    raise Unverified("no connection to " + DSN)

@pytest.mark.check("delta")
@pytest.mark.parametrize("dsn", [DSN])
def test_parameter(dsn):
    raise ConnectionError(dsn)
"""


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Ended:
    """One run, distributed, with Allure's HTML, whose checks spill secrets everywhere."""
    project = mock_project(tmp_path_factory.mktemp("project"))
    project.write(
        "environments/staging.toml", '[database]\ndsn = "postgresql://postgres:${MOCK_SECRET}@db.example.org/x"\n'
    )
    for name in ("gamma", "delta", "omega"):
        project.item(name)
    project.suite(CHECKS)
    return project.run("-n", "2", variables={"MOCK_SECRET": SECRET}, allure=True)


def test_no_secret_leaves(ended: Ended) -> None:
    files = [path for path in ended.out.rglob("*") if path.is_file()]

    assert len(files) > 10
    for path in files:
        for secret in (SECRET, TOKEN, "abc.def"):
            assert secret.encode() not in path.read_bytes(), f"{secret} in {path}"
    # pytest itself prints the names of checks: that of a parameter is its author's choice.
    terminal = "\n".join(line for line in ended.output.splitlines() if "test_parameter" not in line)
    assert SECRET not in terminal
    assert TOKEN not in terminal


def test_evidence_is_kept_and_told_apart(ended: Ended) -> None:
    item = ended.item("alpha")

    assert [Path(path).name for path in item.evidence] == ["query.sql", "answer.json", "latencies.csv", "function.log"]
    answer = json.loads((ended.out / item.evidence[1]).read_text())
    assert answer["headers"] == {"Authorization": "[redacted]"}
    assert "db.example.org" in answer["body"][0]


def test_the_summary_tells_what_is_wrong_and_where_to_look(ended: Ended) -> None:
    summary = ended.output[ended.output.index("greenlight · staging") :]

    assert "\x1b" not in ended.output
    assert max(len(line) for line in summary.splitlines()) <= 100
    for expected in (
        "? no check yet — 1 item (must)",
        "? no connection to postgresql://postgres:[redacted]@db.example.org/postgres — 1 item (must)",
        "✘ alpha  Alpha — must",
        "confidentiality editor of acme · select · public.tags",
        "reports/out/staging/signoff.html",
        "reports/out/staging/allure.html",
    ):
        assert expected in summary
    assert summary.rstrip().endswith("NO-GO staging (full selection): 1 must-item failed, 3 unverified")


def test_allure_shows_every_item(ended: Ended) -> None:
    results = [json.loads(path.read_text()) for path in (ended.out / "allure-results").glob("*-result.json")]
    by_story = {label["value"]: result for result in results for label in result["labels"] if label["name"] == "story"}
    by_name = {result["name"]: result for result in results}

    assert by_name["Omega"]["status"] == "unknown"
    assert by_name["Omega"]["statusDetails"]["message"] == "no check yet"
    assert {"Alpha", "Beta", "Gamma", "Delta"} <= by_story.keys()
    assert len(by_story["Alpha"]["attachments"]) >= 4
    page = (ended.out / "allure.html").read_text()
    assert len(page) > 100_000
    assert "googletagmanager" not in page, "the report tells nobody that it was opened"
    assert len((ended.out / "history.jsonl").read_text().splitlines()) == 1
    assert "verdict=NO-GO staging" in (ended.out / "allure-results/environment.properties").read_text()


def test_the_verdict_can_be_read_again(ended: Ended, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", str(ended.out)]) == 1
    assert "NO-GO staging (full selection): 1 must-item failed, 3 unverified" in capsys.readouterr().out
    assert main(["signoff", str(ended.out / "verdict.json")]) == 0
    assert main(["show", str(ended.out / "nothing.json")]) == 2
    assert "no verdict here" in capsys.readouterr().err


def _judged(catalogue: Catalogue, failing: str = "") -> Verdict:
    checks = [
        Check((item.id,), CheckResult(nodeid=f"test_{number}", outcome="failed" if item.id == failing else "passed"))
        for number, item in enumerate(catalogue)
        if item.kind == "check"
    ]
    now = datetime.now(UTC)
    return judge(Facts(Run("staging", "r", now, 1.0), catalogue.items, now, checks))


def test_the_sheet_is_the_users_checklist_line_by_line(tmp_path: Path) -> None:
    """No line of the checklist is lost or changed, apart from its box."""
    catalogue = Catalogue.load()
    verdict = _judged(catalogue, failing="db-rls-verified")

    paths = signoff.write(verdict, tmp_path, catalogue)

    markdown, page = (path.read_text() for path in paths)
    place = 0
    for line in checklist_lines():
        text = line.text.removeprefix("- [ ] ").removeprefix("- [x] ").lstrip("-# >").strip()
        if text and not line.text.startswith("# "):
            place = markdown.find(text, place)
            assert place >= 0, f"{CHECKLIST_FILE}:{line.number} {text}"
    assert "- [ ] RLS policies verified\n  - **failed** · `db-rls-verified`" in markdown
    assert "- [x] Seed data validated\n  - **verified** · `db-seed-valid`" in markdown
    assert "- [ ] All phases complete (1-12)\n  - **unverified** · `code-phases-complete`" in markdown
    assert not signoff.lay_out(verdict, catalogue).rest
    assert all(f'id="item-{item.id}"' in page for item in catalogue)
    assert "http" not in page.split("<body>")[0], "the page loads nothing from elsewhere"


@pytest.mark.parametrize("selection", ["full", "partial"])
def test_only_a_full_selection_is_for_signing(tmp_path: Path, selection: str) -> None:
    """A lead who sees GO in green on top of a sheet may sign it: of a part there is nothing to sign."""
    verdict = _judged(Catalogue.load()).model_copy(update={"selection": selection, "verdict": "go"})

    markdown, page = (path.read_text() for path in signoff.write(verdict, tmp_path, Catalogue.load()))

    partial = selection == "partial"
    assert ("<title>GO (partial) ·" in page, '<div class="stamp go partial">go<small>' in page) == (partial, partial)
    for sheet, signature in ((markdown, "| Signature | |"), (page, "<div>Signature</div>")):
        assert ("There is nothing to sign" in sheet, signature in sheet) == (partial, not partial)


def test_a_hundred_findings_of_an_item_do_not_flood_the_terminal() -> None:
    verdict = _judged(Catalogue.load(), failing="db-rls-enabled")
    ids = tuple(f"id{n}" for n in range(100))
    found = [
        FindingVerdict(id=one, kind="integrity", object=one, actor="a", operation="o", observed="x", reproduce="y")
        for one in ids
    ]
    items = [i.model_copy(update={"findings": ids}) if i.id == "db-rls-enabled" else i for i in verdict.items]
    stream = io.StringIO()

    render(
        verdict.model_copy(update={"items": tuple(items), "findings": tuple(found)}),
        console_for(stream, colour=False),
    )

    assert "… and 88 more findings, in the sign-off sheet" in stream.getvalue()
    assert stream.getvalue().count("integrity a · o") == 12


def test_text_of_a_check_is_no_markup(tmp_path: Path) -> None:
    catalogue = Catalogue.load()
    verdict = _judged(catalogue)
    first = verdict.items[0].model_copy(update={"reason": "<script>alert(1)</script> & `x`"})

    _, page = signoff.write(verdict.model_copy(update={"items": (first, *verdict.items[1:])}), tmp_path, catalogue)

    assert "<script>" not in page.read_text()
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; <code>x</code>" in page.read_text()


def test_the_command_line_works_from_outside(ended: Ended) -> None:
    command = [sys.executable, "-m", "reports", "show", str(ended.out / "verdict.json")]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)

    assert done.returncode == 1
    assert "NO-GO" in done.stdout
