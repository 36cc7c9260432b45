"""Runs pytest in processes forked from one that has imported everything: a run of its own in a fraction of the time.

Sixty mock runs at a second of imports each would be most of the suite's time. What a run does to its process
(`os._exit`, a signal, patched modules) stays in it, as in a process that was started anew.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

_IMPORTS = ("allure_pytest.plugin", "pytest_timeout", "fixtures.findings", "reports.verdict", "rich.rule", "rich.table")


class Zygote:
    """The process that is forked from. It ends when this one does."""

    def __init__(self, root: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__],
            cwd=root,
            env={**os.environ, "PYTHONPATH": str(root)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, arguments: Sequence[str], *, cwd: Path, variables: Mapping[str, str], output: Path) -> int:
        """Run `pytest`, printing to `output`; returns its exit status, negative for a signal."""
        assert self._process.stdin
        assert self._process.stdout
        order = {"arguments": list(arguments), "cwd": str(cwd), "variables": dict(variables), "output": str(output)}
        print(json.dumps(order), file=self._process.stdin, flush=True)
        return int(self._process.stdout.readline())


def _serve(orders: IO[str], answers: IO[str]) -> None:
    for name in _IMPORTS:
        importlib.import_module(name)
    for line in orders:
        child = os.fork()
        if child == 0:
            _run(json.loads(line))
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), file=answers, flush=True)


def _run(order: dict[str, object]) -> None:
    """In the child: pytest, and nothing of the parent's loop, whatever happens."""
    import pytest

    really, status = os._exit, 70
    try:
        output = os.open(str(order["output"]), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.chdir(str(order["cwd"]))
        os.environ.clear()
        os.environ.update(order["variables"])  # type: ignore[arg-type]
        status = int(pytest.main(order["arguments"]))  # type: ignore[arg-type]
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    really(status)


if __name__ == "__main__":
    _serve(sys.stdin, sys.stdout)
