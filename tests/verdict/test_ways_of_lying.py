"""Every way in which a run can look green without having looked: neither exit status nor verdict is fooled.

Each way is tried in a real pytest run on a mock project in which `beta` passes and all depends on `alpha`.
"""

from __future__ import annotations

import json

import pytest

from tests.verdict.project import Project

PASSING = '@check("alpha")\ndef test_alpha():\n    assert True\n'

# What the check of `alpha` does; what the item must then be called, and how its reason begins.
WAYS = {
    "an assertion that fails": ("def test_alpha():\n    assert False, 'rows leak'", "failed", "rows leak"),
    "skip in the check": ("def test_alpha():\n    pytest.skip('no docker')", "unverified", "skipped: no docker"),
    "skip by mark": (
        "@pytest.mark.skip(reason='later')\ndef test_alpha():\n    pass",
        "unverified",
        "skipped: later",
    ),
    "skip in a fixture": (
        "def test_alpha(skipping):\n    pass",
        "unverified",
        "skipped: not here",
    ),
    "xfail by mark": (
        "@pytest.mark.xfail(reason='known')\ndef test_alpha():\n    assert False, 'leaks'",
        "unverified",
        "xfail: known (leaks)",
    ),
    "xfail in the check": ("def test_alpha():\n    pytest.xfail('known')", "unverified", "xfail: "),
    "xpass": (
        "@pytest.mark.xfail(reason='known', strict=False)\ndef test_alpha():\n    pass",
        "unverified",
        "xpass: known",
    ),
    "strict xpass": (
        "@pytest.mark.xfail(reason='known', strict=True)\ndef test_alpha():\n    pass",
        "unverified",
        "xpass: known",
    ),
    "an exception": ("def test_alpha():\n    {}['x']", "unverified", "error: KeyError: 'x'"),
    "an exception in setup": (
        "def test_alpha(broken):\n    pass",
        "unverified",
        "setup error: ConnectionError: refused",
    ),
    "an exception in teardown": (
        "def test_alpha(untidy):\n    pass",
        "unverified",
        "teardown error: OSError: still there",
    ),
    "Unverified": (
        "def test_alpha():\n    raise Unverified('sentry.token is not set')",
        "unverified",
        "sentry.token is not set",
    ),
    "sys.exit(0)": ("def test_alpha():\n    raise SystemExit(0)", "unverified", "error: SystemExit: 0"),
    "no parameters": (
        "@pytest.mark.parametrize('row', [])\ndef test_alpha(row):\n    pass",
        "unverified",
        "skipped: got empty parameter set",
    ),
    "one parameter of two skips": (
        "@pytest.mark.parametrize('row', [1, 2])\ndef test_alpha(row):\n    if row == 2:\n        pytest.skip('odd')",
        "unverified",
        "skipped: odd",
    ),
    "a subtest that fails": (
        "def test_alpha(subtests):\n    with subtests.test():\n        assert False, 'inside'",
        "failed",
        "inside",
    ),
    "a subtest that skips": (
        "def test_alpha(subtests):\n    with subtests.test():\n        pytest.skip('inside')",
        "unverified",
        "skipped: inside",
    ),
    "a timeout": (
        "@pytest.mark.timeout(0.2)\ndef test_alpha():\n    import threading\n    threading.Event().wait(20)",
        "unverified",
        "timeout: ",
    ),
    "findings without a failure": (
        "def test_alpha(findings):\n    findings.add(finding())",
        "failed",
        "suites/test_checks.py::test_alpha added 1 finding and did not fail (passed)",
    ),
    "findings and then a skip": (
        "def test_alpha(findings):\n    findings.add(finding())\n    pytest.skip('oops')",
        "failed",
        "suites/test_checks.py::test_alpha added 1 finding and did not fail (skipped)",
    ),
}
HELPERS = """
from fixtures.errors import Unverified
from fixtures.findings import Finding

def finding():
    return Finding("integrity", "public.tags", "editor of acme", "update", "a row of globex changed", "select 1")

@pytest.fixture
def broken():
    raise ConnectionError("refused")

@pytest.fixture
def skipping():
    pytest.skip("not here")

@pytest.fixture
def untidy():
    yield
    raise OSError("still there")

"""


def test_all_ways_within_a_check(project: Project) -> None:
    """All in one run, each as an item of its own, since a run takes a second."""
    source = HELPERS
    for number, (check, _, _) in enumerate(WAYS.values()):
        project.item(f"way-{number}")
        source += f'@check("way-{number}")\n{check}\n\n'.replace("test_alpha", f"test_way_{number}")
    project.write("suites/test_checks.py", "import os, pytest\ncheck = pytest.mark.check\n" + source)

    ended = project.run()

    assert ended.status == 1, ended.output
    for number, (way, (_, status, reason)) in enumerate(WAYS.items()):
        item = ended.item(f"way-{number}")
        assert item.status == status, f"{way}: {item}"
        assert item.reason.startswith(reason.replace("test_alpha", f"test_way_{number}")), f"{way}: {item.reason}"
    assert ended.item("beta").status == "verified"


def test_everything_passes(project: Project) -> None:
    """The control of all others: a run that deserves it is go."""
    project.suite(PASSING)

    ended = project.run()

    assert (ended.status, ended.verdict.verdict, ended.item().status) == (0, "go", "verified"), ended.output
    assert "GO staging (full selection): 2 verified" in ended.output


@pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["alone", "worker"])
def test_no_check_at_all(project: Project, workers: tuple[str, ...]) -> None:
    ended = project.run(*workers)

    assert (ended.status, ended.item().status, ended.item().reason) == (1, "unverified", "no check yet"), ended.output


def test_all_skipped(project: Project) -> None:
    """Plain pytest exits 0."""
    project.suite(PASSING)
    project.write(
        "suites/conftest.py",
        """
        import pytest
        @pytest.fixture(autouse=True)
        def off():
            pytest.skip("off")
        """,
    )

    ended = project.run()

    assert ended.status == 1, ended.output
    assert ended.verdict.problems == ("nothing was verified",)


def test_nothing_collected(project: Project) -> None:
    (project.path / "suites/test_beta.py").unlink()

    ended = project.run()

    assert (ended.status, ended.verdict.verdict) == (5, "no-go"), ended.output
    assert "nothing was verified" in ended.verdict.problems


def test_nothing_selected(project: Project) -> None:
    project.suite(PASSING)

    ended = project.run("-k", "nothing_of_that_name")

    assert (ended.status, ended.verdict.problems) == (5, ("nothing was selected",)), ended.output


@pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["alone", "worker"])
@pytest.mark.parametrize("quietly", [False, True], ids=["said", "quietly"])
def test_a_conftest_that_deselects(project: Project, quietly: bool, workers: tuple[str, ...]) -> None:
    project.suite(PASSING)
    project.write(
        "suites/conftest.py",
        f"""
        def pytest_collection_modifyitems(config, items):
            dropped = [item for item in items if "alpha" in item.name]
            items[:] = [item for item in items if item not in dropped]
            if not {quietly}:
                config.hook.pytest_deselected(items=dropped)
        """,
    )

    ended = project.run(*workers)

    assert (ended.status, ended.item().status) == (1, "unverified"), ended.output
    assert ended.item().reason.startswith(("deselected", "not collected"))


def test_a_check_that_pytest_does_not_collect(project: Project) -> None:
    """One check of the item passes, the one that would fail is out of sight."""
    project.suite(PASSING + '@check("alpha")\ndef test_more():\n    assert False\ntest_more.__test__ = False\n')

    ended = project.run()

    assert ended.status == 1, ended.output
    assert ended.item().reason == "not collected: suites/test_checks.py::test_more"


@pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["alone", "worker"])
def test_a_module_that_does_not_import(project: Project, workers: tuple[str, ...]) -> None:
    """Not "no check yet": nobody knows what it holds, and CI accepts that reason while the house is being built."""
    project.suite("import nothing_of_that_name\n" + PASSING)

    ended = project.run(*workers, "--continue-on-collection-errors")

    assert ended.status == 1, ended.output
    assert "nothing_of_that_name" in ended.verdict.problems[0]
    assert "not collected: suites/test_checks.py" in ended.item().reason


def test_a_module_that_skips_itself(project: Project) -> None:
    project.suite("pytest.skip('not today', allow_module_level=True)\n" + PASSING)

    ended = project.run()

    assert (ended.status, ended.item().reason) == (1, "not collected: suites/test_checks.py::test_alpha"), ended.output


@pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["alone", "worker"])
def test_a_check_that_ends_the_process_with_0(project: Project, workers: tuple[str, ...]) -> None:
    project.suite('@check("alpha")\ndef test_alpha():\n    os._exit(0)\n')

    ended = project.run(*workers)

    assert ended.status != 0, ended.output
    assert not ended.verdict.go
    if workers:
        assert ended.item().status == "unverified"
        assert ended.item().reason.startswith("crashed: ")
        assert ended.item("beta").status == "verified", "another worker goes on"


def test_a_check_that_ends_the_session_with_0(project: Project) -> None:
    project.suite('@check("alpha")\ndef test_alpha():\n    pytest.exit("done", returncode=0)\n')

    ended = project.run()

    assert (ended.status, ended.item().status) == (1, "unverified"), ended.output
    assert ended.item().reason == "not run: pytest.exit: done"


FLIPS = {
    "wasxfail on a failure": "report.wasxfail = 'reason: known'",
    "the outcome itself": "report.outcome = 'passed'; report.longrepr = None",
    "skipped instead of failed": "report.outcome = 'skipped'; report.longrepr = ('f', 1, 'Skipped: hush')",
}


@pytest.mark.parametrize("flip", FLIPS.values(), ids=FLIPS.keys())
def test_a_plugin_that_flips_outcomes(project: Project, flip: str) -> None:
    project.suite('@check("alpha")\ndef test_alpha():\n    assert False, "rows leak"\n')
    project.write(
        "suites/conftest.py",
        f"""
        import pytest
        @pytest.hookimpl(wrapper=True, tryfirst=True)
        def pytest_runtest_makereport(item, call):
            report = yield
            if report.when == "call" and report.failed:
                {flip}
            return report
        """,
    )

    ended = project.run()

    assert ended.status == 1, ended.output
    assert ended.item().status in ("failed", "unverified")
    assert "rows leak" in ended.item().reason


@pytest.mark.parametrize(
    "hook",
    [
        "def pytest_runtest_protocol(item, nextitem):\n    return True if 'alpha' in item.name else None",
        "def pytest_sessionfinish(session):\n    session.exitstatus = 0",
        "import pytest\ndef pytest_sessionfinish(session):\n    pytest.exit('all well', returncode=0)",
        "def pytest_unconfigure(config):\n    import _pytest.main\n    s = config.pluginmanager.get_plugin('session')\n"
        "    s.exitstatus = 0",
    ],
    ids=["never runs it", "sets the status", "exits at the end", "sets it last"],
)
def test_a_conftest_that_hides_a_failure(project: Project, hook: str) -> None:
    project.suite('@check("alpha")\ndef test_alpha():\n    assert False\n')
    project.write("suites/conftest.py", hook)

    ended = project.run()

    assert ended.status == 1, ended.output
    assert not ended.verdict.go


@pytest.mark.parametrize("plugin", ["reports.verdict", "fixtures.findings", "fixtures.evidence", "fixtures.checklist"])
def test_switching_off_a_plugin(project: Project, plugin: str) -> None:
    project.suite(PASSING)

    ended = project.run("-p", f"no:{plugin}", allure=True)

    assert ended.status == 4, ended.output
    assert plugin in ended.output


def test_without_a_terminal_the_verdict_stands(project: Project) -> None:
    ended = project.run("-p", "no:terminal")

    assert (ended.status, ended.item().reason) == (1, "no check yet"), ended.output
    assert "NO-GO staging" in ended.output


def test_collecting_is_not_running(project: Project) -> None:
    project.suite(PASSING)

    ended = project.run("--collect-only")

    assert ended.status == 1, ended.output
    assert "listed, and none run: no verdict" in ended.output
    assert not ended.out.exists()


def test_collecting_leaves_what_the_last_run_wrote(project: Project) -> None:
    project.suite(PASSING)
    before = project.run("--collect-only", "-q"), project.run().verdict

    project.run("--collect-only")

    assert before[0].status == 1
    assert before[0].verdict == before[1]


@pytest.mark.parametrize("wrong", [["-m", "(staging"], ["suites/nowhere.py"], ["-m", "staging and isolaton"]])
def test_what_cannot_be_meant_leaves_what_the_last_run_wrote(project: Project, wrong: list[str]) -> None:
    project.suite(PASSING)
    before = project.run().verdict

    ended = project.run(*wrong)

    assert (ended.status, ended.verdict) == (pytest.ExitCode.USAGE_ERROR, before), ended.output


@pytest.mark.parametrize("option", ["--setup-only", "--setup-plan"])
def test_setting_up_is_not_running(project: Project, option: str) -> None:
    project.suite(PASSING)

    ended = project.run(option)

    assert (ended.status, ended.item().status) == (1, "unverified"), ended.output


def test_stopping_at_the_first_failure_leaves_the_rest_unverified(project: Project) -> None:
    project.suite('@check("alpha")\ndef test_alpha():\n    assert True\n', "test_z.py")
    project.suite('@check("beta")\ndef test_more():\n    assert False\n', "test_a.py")

    ended = project.run("-x")

    assert (ended.status, ended.verdict.selection) == (1, "partial"), ended.output
    assert ended.item().reason == "not run: stopped early: stopping after 1 failures"


def test_control_c_leaves_the_rest_unverified(project: Project) -> None:
    project.suite('@check("alpha")\ndef test_alpha():\n    raise KeyboardInterrupt\n')

    ended = project.run()

    assert (ended.status, ended.item().reason) == (2, "not run: interrupted (Ctrl-C)"), ended.output


def test_an_old_go_does_not_outlive_a_run_that_dies(project: Project) -> None:
    project.suite(PASSING)
    assert project.run().verdict.go
    project.suite('@check("alpha")\ndef test_alpha():\n    os.kill(os.getpid(), 9)\n')

    ended = project.run()

    assert ended.status != 0
    assert "the run did not finish" in ended.verdict.problems


NARROW = {
    "-k": ("-k", "beta"),
    "a node": ("suites/test_beta.py::test_beta",),
    "a file": ("suites/test_beta.py",),
    "-m": ("-m", "staging and must and not week_1"),
    "--deselect": ("--deselect", "suites/test_checks.py"),
    "--ignore": ("--ignore", "suites/test_checks.py"),
    "-o": ("-o", "python_files=test_beta.py"),
}


@pytest.mark.parametrize("arguments", NARROW.values(), ids=NARROW.keys())
def test_a_partial_selection_judges_its_items_and_is_no_gate(project: Project, arguments: tuple[str, ...]) -> None:
    project.suite('@check("alpha")\ndef test_alpha():\n    assert True\n')

    ended = project.run(*arguments)

    assert (ended.status, ended.verdict.selection) == (0, "partial"), ended.output
    assert "GO staging (partial selection: no gate)" in ended.output
    assert "alpha" not in {item.id for item in ended.verdict.items} or arguments[0] == "-m"


def test_a_partial_selection_of_an_item_does_not_verify_it(project: Project) -> None:
    project.suite(PASSING + '\n@check("alpha")\ndef test_other():\n    assert True\n')

    ended = project.run("-k", "test_alpha")

    assert (ended.status, ended.item().reason) == (1, "deselected"), ended.output


def test_naming_the_whole_suite_is_a_full_selection(project: Project) -> None:
    project.suite(PASSING)

    ended = project.run("suites")

    assert (ended.status, ended.verdict.selection) == (0, "full"), ended.output


def test_verdict_json_has_the_documented_form(project: Project) -> None:
    project.suite(
        HELPERS + '@check("alpha")\ndef test_alpha(findings, evidence):\n    evidence.text("query", "select 1")\n'
        "    findings.add(finding())\n    assert False, 'changed'\n"
    )

    ended = project.run("-n", "2")

    raw = json.loads((ended.out / "verdict.json").read_text())
    assert {
        "schema",
        "environment",
        "run",
        "started",
        "duration_s",
        "selection",
        "verdict",
        "counts",
        "items",
        "findings",
    } <= raw.keys()
    assert raw["schema"] == 1
    assert raw["counts"] == {
        "verified": 1,
        "attested": 0,
        "waived": 0,
        "failed": 1,
        "unverified": 0,
        "not_applicable": 0,
    }
    alpha = next(item for item in raw["items"] if item["id"] == "alpha")
    assert (alpha["status"], alpha["reason"], alpha["section"]) == ("failed", "changed", "Database › Rows")
    assert alpha["checks"][0]["nodeid"] == "suites/test_checks.py::test_alpha"
    assert (ended.out / alpha["evidence"][0]).read_text() == "select 1"
    (finding,) = raw["findings"]
    assert (finding["id"], finding["items"], finding["object"]) == (alpha["findings"][0], ["alpha"], "public.tags")
