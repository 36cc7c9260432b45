"""What nobody filled in is found wherever it stands; what only looks like it is left alone."""

from __future__ import annotations

import pytest

from environments.placeholders import placeholder


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[Contact]", "[Contact]"),
        ("Ada, [phone]", "[phone]"),
        ("TBD", "TBD"),
        ("phone: T.B.C.", "T.B.C"),
        ("tbc", "tbc"),
        ("Somebody, to be determined", "to be determined"),
        ("to do: TODO", "TODO"),
        ("<name>", "<name>"),
        ("Ada < name >", "< name >"),
        ("Ada <>", "<>"),
        ("https://<host>/x", "<host>"),
        ("https://wiki.acme.com/[page]", "[page]"),
        ("{{name}}", "{{name}}"),
        ("${ON_CALL}", "${ON_CALL}"),
        ("{name}", "{name}"),
        ("[Ada](TBD)", "TBD"),
        ("[Ada](mailto:)", "mailto:"),
        ("Ada, https://", "https://"),
        ("Phone: ____", "____"),
        ("Number: …", ": ..."),
        ("??", "??"),
        ("?", "?"),
        ("n/a", "n/a"),
        ("Contact", "Contact"),
        ("None.", "None."),
        ("(unknown)", "(unknown)"),
        ("Anonymous", "Anonymous"),
        ("No  one", "No one"),
        ("ＴＢＤ", "TBD"),
    ],
)
def test_a_placeholder_is_found(text: str, said: str) -> None:
    assert placeholder(text) == said


@pytest.mark.parametrize(
    "text", ["", "  ", "-", "…", "...", "\u00a0", "\u200b", "\ufeff \u2060", "\u3164", "\u2800", "[\u200b"]
)
def test_what_nobody_can_see_is_nothing(text: str) -> None:
    assert placeholder(text) in ("", "[")


@pytest.mark.parametrize(
    "text",
    [
        "Ada Lovelace",
        "Ada Lovelace <ada@acme.com>",
        "Ada Lovelace <+44 20 7946 0000>",
        "Łukasz Żak",
        "李雷",
        "standby 24/7",
        "on call (see wiki)",
        "[OPS-231]",
        "Fixed in [#231] and [acme/app#7], see footnote [1].",
        "Done on [2026-11-20 09:30].",
        "[x] called, and it was answered",
        "Plan: [the runbook](https://wiki.acme.com/runbook), ![all clear](https://wiki.acme.com/clear.png)",
        "See <https://wiki.acme.com/runbook>.",
        "Promised < 2 h, restore > 1 h; measured RTO <1 h",
        "https://wiki.acme.com/search?page[0]=7&filter[status]=open",
        "http://[::1]:3000/status",
        'Answered {"status": "ok"} at once.',
        "Who answers? Ada does.",
        "None of the reviewers objected.",
        "Contact Ada",
        "Unknown addresses are refused.",
        "#incidents",
    ],
)
def test_what_is_filled_in_is_no_placeholder(text: str) -> None:
    assert placeholder(text) is None
