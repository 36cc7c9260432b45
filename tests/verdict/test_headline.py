"""The line in which the summary and the sheet say why something failed: what failed, and all that did."""

from __future__ import annotations

import pytest

from fixtures.programs import Ran
from reports.outcomes import headline, note


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ("one thing", "one thing"),
        ("one thing\nassert not ['one thing']", "one thing"),
        ("one thing\n  another\nassert not [1]\n +  where [1] = x()", "one thing; another"),
        ("2 are lost:\na\nb", "2 are lost: a; b"),
        ("what it is\n\nall that it printed\nassert False", "what it is"),
        ("assert 1 == 2\n +  where 1 = one()", "assert 1 == 2"),
        ("", ""),
    ],
)
def test_the_first_paragraph_is_one_line(said: str, line: str) -> None:
    assert headline(said) == line


def test_what_does_not_fit_is_counted() -> None:
    line = headline("\n".join(f"docs/{number}.md: a dead link to {'x' * 30}" for number in range(20)))

    assert line.startswith("docs/0.md: a dead link")
    assert line.endswith("; and 17 more")
    assert len(line) <= 240
    assert headline(f"{'x' * 300}\nanother\nand a third").endswith("…; and 2 more")


def test_an_assertion_names_all_that_is_missing() -> None:
    assert note(AssertionError("a is lost\nb is lost\nassert not ['a', 'b']"))["line"] == "a is lost; b is lost"
    group = ExceptionGroup("two", [AssertionError("a\nb"), AssertionError("c")])
    assert note(group)["line"] == "a; b; c"


@pytest.mark.parametrize(
    ("output", "last"),
    [
        ("/x/a.ts\n  1:1  error  no-undef\n\n✖ 1 problem (1 error)\n", "✖ 1 problem (1 error)"),
        ("TS2322: wrong type\nnpm error Lifecycle script `lint` failed\nnpm error code 1\n", "TS2322: wrong type"),
        ("TS2322: wrong type\n ELIFECYCLE  Command failed with exit code 1.\n", "TS2322: wrong type"),
        (
            "TS2322: wrong type\nerror Command failed.\ninfo Visit https://yarnpkg.com",
            "TS2322: wrong type",
        ),
        ('TS2322: wrong type\n-----\nerror: script "lint" exited with code 1', "TS2322: wrong type"),
        ("npm error Missing script: lint", "npm error Missing script: lint"),
        ("", "it printed nothing"),
    ],
)
def test_a_program_that_fails_is_quoted(output: str, last: str) -> None:
    ran = Ran("npm run lint", 1, output, 2.0)

    with pytest.raises(AssertionError) as raised:
        ran.expect_success()

    assert headline(str(raised.value)) == f"`npm run lint` ended with 1: {last}"
