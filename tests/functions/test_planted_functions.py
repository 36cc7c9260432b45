"""Functions with a fault in them: the checks that must see it do, the message names it, the right items turn red."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.functions.planting import Planting

FAULTS: dict[str, dict[str, Any]] = tomllib.loads(Path(__file__).with_name("faults.toml").read_text())


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_turns_its_items_red(name: str, planted: Planting) -> None:
    fault = FAULTS[name]

    changes = [(each["file"], each["from"], each["to"]) for each in fault["change"]]
    with planted.without(*fault.get("without", ())), planted.fault(changes):
        ended = planted.run(*fault["checks"])

    assert ended.red == set(fault["red"]), "\n\n".join(ended.failures.values())[:4000]
    for check, said in fault["says"].items():
        for words in [said] if isinstance(said, str) else said:
            assert words in ended.message(check), f"{check} said: {ended.message(check)[:4000] or ended.outcomes}"
