"""What an environment calls a control, and what is read from the name of one that is there."""

from __future__ import annotations

import tomllib

import pytest

from fixtures.screens import Control
from fixtures.screens.__main__ import main
from fixtures.screens.recorder import path_of


@pytest.mark.parametrize(
    ("label", "roles", "name"),
    [
        ("New tag", ("button",), "New tag"),
        ("menuitem: New tag", ("menuitem",), "New tag"),
        ("article listitem: {type}", ("article", "listitem"), "{type}"),
        ("Please note: new", ("button",), "Please note: new"),
        (": new", ("button",), ": new"),
    ],
)
def test_roles_stand_before_a_name_only_where_all_are_roles(label: str, roles: tuple[str, ...], name: str) -> None:
    assert Control.of("button", "Add").named(label) == Control(roles, name)


@pytest.mark.parametrize(
    ("name", "called", "read"),
    [
        ("Approve {course}", "Approve First Aid", "First Aid"),
        ("{course}", "First Aid", "First Aid"),
        ("/^{course}/", "First Aid", "First Aid"),
        (r"/^{course}, \d+ open$/", "First Aid, 2 open", "First Aid"),
    ],
)
def test_a_word_is_read_to_its_end(name: str, called: str, read: str) -> None:
    match = Control.of("button", name).reading({}).search(called)

    assert match is not None
    assert match["course"] == read


def test_a_number_may_be_told_from_others_beside_it() -> None:
    match = Control.of("text", "/of {count} courses/").reading({}).search("1–20 of 31 courses")

    assert match is not None
    assert match["count"] == "31"


def test_what_is_printed_is_a_table_of_labels_once_it_is_uncommented(capsys: pytest.CaptureFixture[str]) -> None:
    main()

    labels = tomllib.loads(capsys.readouterr().out.replace("# ", "", 1).replace("\n# ", "\n"))["web"]["labels"]
    assert labels["tags.add"] == "button: Add to {type}"
    assert labels["courses.count"] == r"text: /\b\d[\d.,]* courses?\b/i"


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("http://learn.test/admin/tags?page=2#main", "/admin/tags"),
        ("http://learn.test/#/admin/tags?page=2", "/#/admin/tags"),
        ("http://learn.test/?page=2#/admin/tags", "/#/admin/tags"),
    ],
)
def test_a_route_behind_a_hash_is_a_page_of_its_own(address: str, path: str) -> None:
    assert path_of(address) == path


@pytest.mark.parametrize(
    ("label", "problem"),
    [
        ("Play {course}", ""),
        ("Play", ""),
        ("/^play {course}$/i", ""),
        ("Play {title}", "expected {course} in it, by which one is told from another, found {title}"),
        ("/Play [/", "no expression: unterminated character set at position 5"),
    ],
)
def test_a_label_that_cannot_be_meant_is_named(label: str, problem: str) -> None:
    assert Control.of("link button", "Play {course}").problem(label) == problem
