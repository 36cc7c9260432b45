"""What runners print at their end, word for word, and what only looks like it."""

from __future__ import annotations

import pytest

from fixtures.runner_output import failed, passed

WELL = {
    "vitest": (" Test Files  2 passed (2)\n      Tests  5 passed | 1 skipped (6)\n   Duration  1.20s", 7),
    "jest": ("Test Suites: 1 passed, 1 total\nTests:       2 passed, 2 total\nTime:        0.6 s", 3),
    "mocha": ("  checkout\n    ✔ pays\n\n  4 passing (12ms)\n  1 pending", 4),
    "jasmine": ("Started\n...\n\n3 specs, 0 failures\nFinished in 0.01 seconds", 3),
    "karma": ("Chrome Headless 120: Executed 3 of 3 SUCCESS (0.01 secs / 0.002 secs)\nTOTAL: 3 SUCCESS", 3),
    "ava": ("  ✔ pays\n  ─\n\n  12 tests passed", 12),
    "tap": ("TAP version 13\nok 1 - pays\nok 2 - refunds # SKIP later\n1..2\n# tests 2", 1),
    "node": ("✔ pays (0.5ms)\nℹ tests 3\nℹ suites 0\nℹ pass 3\nℹ fail 0\nℹ cancelled 0\nℹ duration_ms 48.3", 3),
    "bun": ("bun test v1.1\n\n 12 pass\n 0 fail\n 30 expect() calls\nRan 12 tests across 2 files. [9.00ms]", 12),
    "deno": ("ok | 11 passed | 0 failed (240ms)", 11),
    "playwright": ("Running 2 tests using 1 worker\n\n  2 passed (1.4s)", 2),
    "pytest": ("===== 4 passed, 1 skipped in 0.12s =====", 4),
    "a name that speaks of failures": ("✔ user passes after 2 failed logins\nℹ pass 1\nℹ fail 0", 1),
}
BADLY = {
    "vitest": " Test Files  1 failed | 1 passed (2)\n      Tests  1 failed | 4 passed (5)",
    "jest": "Tests:       1 failed, 2 passed, 3 total",
    "mocha": "  3 passing (9ms)\n  1 failing",
    "jasmine": "3 specs, 1 failure",
    "tap": "not ok 1 - pays\nok 2 - refunds\n1..2",
    "node": "ℹ pass 2\nℹ fail 1",
    "bun": " 2 pass\n 1 fail",
    "deno": "FAILED | 10 passed | 1 failed (240ms)",
    "playwright": "  1 failed\n    journey.spec.ts:3 › pays\n  1 passed (3s)",
    "pytest": "===== 1 failed, 3 passed in 0.10s =====",
}
NOTHING = ("no tests found", "0 passed", "✔ all 3 tests of the form have passed its inspection", "Done in 3.2s", "12")


@pytest.mark.parametrize("runner", WELL)
def test_what_passed_is_counted(runner: str) -> None:
    output, number = WELL[runner]

    assert (passed(output), failed(output)) == (number, "")


@pytest.mark.parametrize("runner", BADLY)
def test_what_failed_is_quoted(runner: str) -> None:
    assert failed(BADLY[runner]) in BADLY[runner]
    assert failed(BADLY[runner])


@pytest.mark.parametrize("output", NOTHING)
def test_nothing_is_taken_for_a_test_that_passed(output: str) -> None:
    assert passed(output) == 0
