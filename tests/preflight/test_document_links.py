"""Links, anchors and scripts as people write them: what is there is found, and what is not is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixtures.documents import Document, dead_links, shortcomings

TARGET = (
    "# One\n\n## Steps\n\n## Steps\n\nA place\n=======\n\n## With [a link](x.md) and `code`\n\n<a id='by-hand'></a>\n"
)
THERE = """
[file](TARGET.md) [heading](TARGET.md#steps) [again](TARGET.md#steps-1) [setext](TARGET.md#a-place)
[linked](TARGET.md#with-a-link-and-code) [by hand](TARGET.md#by-hand) [own](#here) [root](/docs/TARGET.md)
[line](../src/app.ts#L10) ![picture](pic.png?raw=true) <img src="pic.png"> [titled](TARGET.md 'a title')
[spaced](<a file.md>) [ref][r] [away](https://example.com/x.md) [mail](mailto:a@b.c)

[r]: TARGET.md
[^1]: See elsewhere.

<!-- [hidden](gone.md) -->

````
[fenced](gone.md)
```
[still fenced](gone.md)
````

~~~~
[tildes](gone.md)
~~~~

## Here
"""
GONE = (
    "[o](gone.md)",
    "[o](gone.md 'a title')",
    "[![b](pic.png)](gone.md)",
    "<img src='gone.png'>",
    '<a href="gone.md">it</a>',
    "   [r]: gone.md",
    "[o](TARGET.md#nowhere)",
    "[o](/gone.md)",
    "[o](../gone.ts#L3)",
)


def document(repository: Path, text: str) -> Document:
    (repository / "docs").mkdir()
    (repository / "src").mkdir()
    for name, content in (
        ("docs/TARGET.md", TARGET),
        ("docs/a file.md", "#"),
        ("docs/pic.png", ""),
        ("src/app.ts", ""),
    ):
        (repository / name).write_text(content)
    (repository / "docs" / "DOC.md").write_text(text)
    return Document.read(repository, "DOC.md")


def test_what_is_there_is_found(tmp_path: Path) -> None:
    assert dead_links(document(tmp_path, THERE)) == []


@pytest.mark.parametrize("link", GONE)
def test_what_is_not_there_is_named(tmp_path: Path, link: str) -> None:
    [dead] = dead_links(document(tmp_path, f"# Title\n\n{link}\n"))

    assert dead in link


def test_commands_name_scripts_and_where(tmp_path: Path) -> None:
    text = """
# Run

`npm test`, then `pnpm lint`; prose may say npm start of anything.

```
npm run dev && npm run -s nothing
cd web && yarn build
npm start
yarn install --frozen-lockfile
cd web
bun run ghost
```
"""
    found = document(tmp_path, text).scripts

    assert found == [(".", "dev"), (".", "lint"), (".", "test"), ("web", "build"), ("web", "ghost"), ("web", "start")]


def test_what_is_unfinished_is_no_name_in_code(tmp_path: Path) -> None:
    text = (
        "# T\n\n" + "word " * 80 + "the table `TODO` is emptied.\n\n```\nselect * from todo; -- [Your project]\n```\n"
    )

    assert shortcomings(document(tmp_path, text)) == ["docs/DOC.md is unfinished: [Your project]"]


def test_what_is_no_text_is_named(tmp_path: Path) -> None:
    document(tmp_path, "")
    (tmp_path / "docs" / "DOC.md").write_bytes(b"# Gr\xfc\xdfe")

    with pytest.raises(AssertionError, match=r"DOC.md is no UTF-8 text: byte 4"):
        Document.read(tmp_path, "DOC.md")
