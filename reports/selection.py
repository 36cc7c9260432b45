"""Which checks a run was asked for: all of its environment, or a part, and which checks exist and got lost.

Only the command line makes a selection partial. Whatever else takes a check away (a conftest, a plugin, a module that
pytest does not look into) leaves the selection full and its item unverified.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pytest

# Options that take checks away, as they are typed: what `config.option` calls them.
_NARROWING = {
    "-k": "keyword",
    "--deselect": "deselect",
    "--ignore": "ignore",
    "--ignore-glob": "ignore_glob",
    "--last-failed": "lf",
    "--stepwise": "stepwise",
    "--allure-severities": "allure_severities",
    "--allure-epics": "allure_epics",
    "--allure-features": "allure_features",
    "--allure-stories": "allure_stories",
    "--allure-ids": "allure_ids",
    "--allure-label": "allure_labels",
    "--setup-only": "setuponly",
    "--setup-plan": "setupplan",
}


def narrowed_by(config: pytest.Config, marker: str) -> str:
    """What on the command line makes the selection partial, in one line; empty for a full selection of `marker`."""
    reasons = [option for option, name in _NARROWING.items() if config.getoption(name, default=None)]
    expression = str(config.getoption("markexpr", default="") or "").strip()
    if expression not in ("", marker):
        reasons.append(f'-m "{expression}"')
    if os.environ.get("ALLURE_TESTPLAN_PATH"):
        reasons.append("ALLURE_TESTPLAN_PATH")
    collecting = ("testpaths", "python_files", "python_classes", "python_functions", "norecursedirs", "collect")
    overridden = config.getoption("override_ini", default=None) or ()
    reasons += [f"-o {text}" for text in overridden if text.startswith(collecting)]
    if config.args_source is pytest.Config.ArgsSource.ARGS and not _covers(config.args, _roots(config), config):
        reasons.append(" ".join(config.args))
    return ", ".join(reasons)


def lost_checks(config: pytest.Config, collected: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """By item, the checks that stand in the source of the suites and that pytest did not collect.

    The source is read and not imported. Marks with computed ids are left to pytest.
    """
    by_file: dict[tuple[str, str], set[str]] = {}
    for nodeid, items in collected.items():
        file, _, rest = nodeid.partition("::")
        for item in items:
            by_file.setdefault((file, item), set()).add(rest.partition("[")[0])
    lost: dict[str, list[str]] = {}
    for file, name, item in _declared(_roots(config), config.rootpath):
        names = by_file.get((file, item), set())
        if not (name in names if name else names):
            lost.setdefault(item, []).append(f"{file}::{name}" if name else file)
    return {item: f"not collected: {', '.join(nodes[:2])}{', …' if nodes[2:] else ''}" for item, nodes in lost.items()}


def _roots(config: pytest.Config) -> list[Path]:
    testpaths = [config.rootpath / path for path in config.getini("testpaths")]
    return [path for path in testpaths if path.exists()] or [config.rootpath]


def _covers(args: Iterable[str], roots: Iterable[Path], config: pytest.Config) -> bool:
    given = [(config.invocation_params.dir / arg).resolve() for arg in args if "::" not in arg]
    return all(any(root.resolve().is_relative_to(path) for path in given) for root in roots)


def _declared(roots: Iterable[Path], base: Path) -> Iterator[tuple[str, str, str]]:
    """Each `@pytest.mark.check("id")` in the source: file, test (empty where it is not a decorator of one), id."""
    for path in sorted({path for root in roots for path in root.rglob("*.py")}):
        text = path.read_text(encoding="utf-8", errors="replace")
        if "mark.check" not in text or {".venv", "node_modules"} & set(path.relative_to(base).parts):
            continue
        try:
            tree = ast.parse(text)
        except SyntaxError:
            continue  # its collection error stands in the verdict
        file = path.relative_to(base).as_posix()
        in_decorators: set[ast.Call] = set()
        called = _names(tree)
        for name, node in _tests(tree):
            for call in (call for decorator in node.decorator_list for call in _marks(decorator, called)):
                in_decorators.add(call)
                own = name if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) else ""
                yield from ((file, own, item) for item in _ids(call))
        for call in _marks(tree, called):
            if call not in in_decorators:
                yield from ((file, "", item) for item in _ids(call))


def _tests(tree: ast.Module) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name, node
        if isinstance(node, ast.ClassDef):
            for inner in node.body:
                if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef):
                    yield f"{node.name}::{inner.name}", inner


def _names(tree: ast.Module) -> set[str]:
    """What the mark is called in a module: `pytest.mark.check`, and names that it was given."""
    given = {
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.value).endswith("mark.check")
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    return {"pytest.mark.check", "mark.check"} | given


def _marks(tree: ast.AST, called: set[str]) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in called:
            yield node


def _ids(call: ast.Call) -> Iterator[str]:
    yield from (arg.value for arg in call.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str))
