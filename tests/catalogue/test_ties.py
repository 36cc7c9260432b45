"""How checks are tied to items at collection: markers, Allure's labels, usage errors, and what the verdict is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parent.parent.parent
PLUGINS = ("-p", "xdist", "-p", "allure_pytest", "-p", "no:cacheprovider")
CONFTEST = """
import json
from pathlib import Path
import pytest
from fixtures.checklist import collected

pytest_plugins = ["fixtures.environment", "fixtures.checklist"]

@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config):
    if not hasattr(config, "workerinput"):
        found = collected(config)
        Path(__file__).with_name("collected.json").write_text(json.dumps([found.selected, found.deselected]))
"""


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # the workers of xdist start three times as fast
    pytester.makefile(".toml", pytest="[pytest]\nstrict = true\ntestpaths = ['suites']\n")
    pytester.makeconftest(CONFTEST)
    (pytester.path / "environments").mkdir()
    (pytester.path / "suites").mkdir()
    (pytester.path / "environments/staging.toml").write_text("[database]\ndsn = 'postgresql://h/db'\n")
    return pytester


def run(project: pytest.Pytester, checks: str, *arguments: str) -> pytest.RunResult:
    (project.path / "suites/test_checks.py").write_text(f"import pytest\ncheck = pytest.mark.check\n{checks}")
    return project.runpytest_inprocess(*PLUGINS, *(arguments or ("-m", "staging")))


def kept(project: pytest.Pytester) -> list[dict[str, list[str]]]:
    """What the verdict is told, selected and deselected, by the check's name."""
    told = json.loads((project.path / "collected.json").read_text())
    return [{name.rpartition("::")[2]: ids for name, ids in part.items()} for part in told]


@pytest.mark.parametrize(
    ("checks", "expected"),
    [
        (
            "@check('db-rls-enabeld')\ndef test_it(): pass\n",
            "test_checks.py::test_it: unknown item 'db-rls-enabeld' (did you mean db-rls-enabled?)",
        ),
        ("def test_it(): pass\n", "suites/test_checks.py::test_it: a check without an item"),
        ("@check()\ndef test_it(): pass\n", "suites/test_checks.py::test_it: a check without an item"),
        (
            "@check('contact-support')\ndef test_it(): pass\n",
            "suites/test_checks.py::test_it: the item 'contact-support' is decided by an attestation",
        ),
    ],
)
def test_wrong_tie_is_a_usage_error(project: pytest.Pytester, checks: str, expected: str) -> None:
    result = run(project, checks)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    errors = [line for line in result.stderr.lines + result.stdout.lines if line.startswith("ERROR: ")]
    assert len(errors) == 1
    assert expected in errors[0]


def test_wrong_tie_is_a_usage_error_also_with_workers(project: pytest.Pytester) -> None:
    result = run(project, "def test_it(): pass\n", "-m", "staging", "-n", "2")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines("ERROR: suites/test_checks.py::test_it: a check without an item*")


CHECKS = """
@check("db-rls-enabled", "monitor-sentry")
def test_several(): pass

@pytest.mark.parametrize("table", ["a", "b"])
@check("must-no-leaks")
class TestLeaks:
    def test_leak(self, table): pass

@check("stg-project-linked")
def test_staging_only(): pass

@check("day1-queries")
def test_production_only(): pass
"""


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        ("staging", {"test_several", "test_leak[a]", "test_leak[b]", "test_staging_only"}),
        ("staging and isolation", {"test_leak[a]", "test_leak[b]"}),
        ("staging and must and migrations", {"test_several"}),
        ("staging and first_hour", {"test_several"}),
        ("staging and not isolation", {"test_several", "test_staging_only"}),
    ],
)
def test_markers_come_from_the_catalogue(project: pytest.Pytester, expression: str, names: set[str]) -> None:
    run(project, CHECKS, "-m", expression)

    selected, deselected = kept(project)

    assert set(selected) == names
    everything = {"test_several", "test_leak[a]", "test_leak[b]", "test_staging_only", "test_production_only"}
    assert set(selected) | set(deselected) == everything
    assert not set(selected) & set(deselected)


@pytest.mark.parametrize("workers", [[], ["-n", "1"]])
def test_verdict_is_told_which_checks_there_were(project: pytest.Pytester, workers: list[str]) -> None:
    run(project, CHECKS, "-m", "staging", "-k", "several", *workers)

    selected, deselected = kept(project)

    assert selected == {"test_several": ["db-rls-enabled", "monitor-sentry"]}
    assert deselected["test_leak[b]"] == ["must-no-leaks"]


def test_check_runs_only_where_one_of_its_items_applies(project: pytest.Pytester) -> None:
    file = project.path / "environments/staging.toml"
    file.write_text(file.read_text() + "[not_applicable]\nmust-no-leaks = 'One tenant here.'\n")

    result = run(project, CHECKS)

    result.assert_outcomes(passed=2, deselected=3)
    assert set(kept(project)[0]) == {"test_several", "test_staging_only"}


def test_unknown_item_that_does_not_apply_is_a_usage_error(project: pytest.Pytester) -> None:
    file = project.path / "environments/staging.toml"
    file.write_text(file.read_text() + "[not_applicable]\nmust-no-leak = 'One tenant here.'\n")

    result = run(project, CHECKS)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        "ERROR: *staging.toml: not_applicable: unknown item 'must-no-leak' (did you mean must-*"
    )


def test_allure_shows_section_title_and_gravity(project: pytest.Pytester) -> None:
    checks = '@check("db-rls-enabled")\ndef test_every_table_has_it():\n    """Even an empty one."""\n'

    run(project, checks + CHECKS, "-m", "staging and migrations or staging and isolation", "--alluredir", "allure")

    results = [json.loads(file.read_text()) for file in (project.path / "allure").glob("*-result.json")]
    one = next(result for result in results if "every table" in result["name"])
    labels = {(label["name"], label["value"]) for label in one["labels"]}
    assert one["name"] == "RLS enabled on all tables: every table has it"
    assert one["description"].startswith(
        "Even an empty one.\n\n**RLS enabled on all tables** (db-rls-enabled). Risk: A"
    )
    assert {
        ("epic", "Staging Deployment"),
        ("feature", "Step 1: Database Migration"),
        ("story", "RLS enabled on all tables"),
        ("severity", "critical"),
        ("layer", "migrations"),
        ("owner", "Security"),
        ("environment", "staging"),
        ("tag", "must"),
    } <= labels
    names = {result["name"] for result in results}
    assert "Zero RLS violations (cross-org data leaks): leak [a]" in names
    assert "Zero RLS violations (cross-org data leaks): leak [b]" in names


def test_own_catalogue_of_a_project_is_used(project: pytest.Pytester) -> None:
    (project.path / "suites/checklist.toml").write_text("[db-rls-enabled]\ntitle = 'RLS'\nsecton = ['A']\n")

    result = run(project, "@check('db-rls-enabled')\ndef test_it(): pass\n")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines("ERROR: *checklist.toml: db-rls-enabled.secton: unknown key (did you mean section?)*")
