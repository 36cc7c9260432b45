"""Where conditions stand in SQL text, and the text without one of them: enough of a grammar for guards."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(r"--[^\n]*|'(?:[^']|'')*'|\"[^\"]*\"|[\w.$]+|\S")
_OPENS = {"where", "if", "elsif", "when"}
_ENDS = {"then", "group", "order", "limit", "for", "returning", "union", "else", "end", "loop", "window", "having"}


@dataclass(frozen=True)
class Condition:
    """One operand of a where clause or of an `and`/`or`: its place in the text, and what joins it to its neighbours."""

    start: int
    end: int
    text: str
    joined: frozenset[str]

    def without(self, whole: str) -> str:
        """The text in which this condition always holds."""
        return f"{whole[: self.start]}true{whole[self.end :]}"


def conditions(whole: str) -> list[Condition]:
    """Every operand that can be taken away on its own, conditions of joins and of `if` apart."""
    found: list[Condition] = []
    open_spans: list[_Span] = [_Span(0, "(")]
    between = False
    for token in _TOKEN.finditer(whole):
        word = token.group().lower()
        if word.startswith("--"):
            continue
        span = open_spans[-1]
        if word == "(":
            open_spans.append(_Span(token.end(), "("))
        elif word == ")":
            found += span.close(whole, token.start())
            if len(open_spans) > 1:
                open_spans.pop()
        elif word == "between":
            between = True
        elif word == "and" and between:
            between = False
        elif word in ("and", "or"):
            span.joint(token.start(), token.end(), word)
        elif word in _OPENS or word in _ENDS or word in (";", ",", "select", "from", "on", "set", "return"):
            found += span.close(whole, token.start())
            open_spans[-1] = _Span(token.end(), word)
    found += open_spans[-1].close(whole, len(whole))
    return sorted(found, key=lambda c: c.start)


class _Span:
    """What stands between two words that begin and end a condition."""

    def __init__(self, start: int, opener: str) -> None:
        self.opener = opener
        self.parts: list[tuple[int, int]] = []
        self.joints: list[str] = []
        self.begin = start

    def joint(self, start: int, end: int, word: str) -> None:
        """An `and` or `or` at this level."""
        self.parts.append((self.begin, start))
        self.joints.append(word)
        self.begin = end

    def close(self, whole: str, end: int) -> Iterator[Condition]:
        """The operands, if this was a condition that may be weakened."""
        if self.opener in ("if", "elsif", "when", "on", "select", "from", "set", "return", ",") or (
            self.opener not in _OPENS and not self.joints
        ):
            return
        parts = [*self.parts, (self.begin, end)]
        for i, (first, last) in enumerate(parts):
            text = whole[first:last]
            start = first + len(text) - len(text.lstrip())
            yield Condition(
                start, start + len(text.strip()), text.strip(), frozenset(self.joints[max(0, i - 1) : i + 1])
            )


_IF = re.compile(r"\b(?:els)?if\b(?P<condition>.*?)\bthen\b(?P<body>.*?)\b(?:end\s+if|elsif|else)\b", re.S | re.I)
_STATEMENT = re.compile(r"^[ \t]*(?P<statement>new\.\w+\s*:=[^;]*;|perform\b[^;]*;)", re.M | re.I)


def refusals(body: str) -> Iterator[tuple[str, str]]:
    """Each `if … then raise` as (what it asks, the body that never refuses), each early return as one that always is
    taken: both ways a guard goes."""
    for match in re.finditer(r"\bif\b", body, re.I):
        if re.search(r"\bend\s+$", body[: match.start()], re.I):
            continue
        block = _IF.match(body, match.start())
        if block is None:
            continue
        asked = " ".join(block["condition"].split())
        start, end = block.span("condition")
        if re.search(r"\braise\b", block["body"], re.I):
            yield f"if {asked}: raise", f"{body[:start]} false {body[end:]}"
        elif re.search(r"\breturn\b", block["body"], re.I):
            yield f"if {asked}: return", f"{body[:start]} true {body[end:]}"


def statements(body: str) -> Iterator[tuple[str, str]]:
    """Each assignment to the new row and each call for its effect, with the body that leaves it out."""
    for match in _STATEMENT.finditer(body):
        yield " ".join(match["statement"].split()), f"{body[: match.start('statement')]}null;{body[match.end() :]}"
