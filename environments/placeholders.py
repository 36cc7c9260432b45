"""Placeholders: what stands where a person was to write something, and nobody did.

A form's own words (`[Contact]`, `<phone>`, `{{name}}`, TBD), words that name nobody (anonymous, unknown, none), and
text that says nothing at all, be it invisible. What merely looks like it is left alone: an address in angle brackets,
the number of a ticket in square ones, a Markdown link, a comparison.
"""

from __future__ import annotations

import re
import unicodedata

_INVISIBLE = dict.fromkeys(map(ord, "\u115f\u1160\u2800"))
"""Letters and signs that Unicode counts among the visible ones, and that show nothing."""

_BLANK = " -–—.,:;_\t\n"

_MEANT = (
    # A Markdown link or picture: its text and its target are looked through.
    (re.compile(r"!?\[([^\[\]]+)\]\(([^()\s][^()]*)\)"), r"\1 \2"),
    # An address, a telephone number or a link, as mail programs and Markdown write them.
    (re.compile(r"<([^\s<>@]+@[^\s<>@]+\.[^\s<>@]+|(?:https?|mailto|tel):[^\s<>]+|\+?\d[\d ()/.-]+)>"), r" \1 "),
    # A ticket, an issue, a footnote, a moment, a ticked box.
    (re.compile(r"\[(?:[A-Z][A-Z0-9_]*-\d+|[\w./-]*[#!]\d+|\d[\d\s:./TZ+-]*|[xX✓✔])\]"), " "),
)
"""What looks like a placeholder and is none, and what stays of it to be looked at."""

_ADDRESS = re.compile(r"https?://[^\s<>]+")
_IN_ADDRESS = re.compile(r"(?<=\w)\[\w*\]|(?<=//)\[[0-9a-fA-F.]*:[0-9a-fA-F:.%]*\]")
"""In an address: an index (`?a[0]=`), and a host that is itself the number of one (`[::1]`)."""

_PLACEHOLDER = re.compile(
    r"""
    \[[^\]]*\]                                      # [Contact]
    | <[^\W\d_][^<>]*> | <\s*> | <\s+[^\W\d_]+\s+>  # <phone>; with a blank or a number after it, it compares
    | \{\{[^}]*\}\} | \$\{[^}]*\} | \{\s*(?:[^\W\d][\w\ .-]*)?\} | %[A-Z_]+%  # a template's
    | \b(?:t\.?b\.?[acd]|todo|fixme|xxx+|n/a|lorem\ ipsum|your\ name|placeholder|change\ ?me)\b
    | \bto\ be\ (?:announced|assigned|confirmed|decided|defined|determined|filled|named)\b
    | \?\?+ | _{3,} | :\s*(?:\.{3}|\?)              # a gap in a form
    | \b(?:https?://|mailto:|tel:)(?=[\s)>\]]|$)    # an empty address
    """,
    re.IGNORECASE | re.VERBOSE,
)

_NOBODY = re.compile(
    r"anon(ymous)?|(any|some|no) ?(body|one)( yet)?|contact( name)?|((first|full|last|no) ?)?name"
    r"|first(name)? last(name)?"
    r"|person|phone|role|none( yet)?|nil|null|na|empty|missing|pending|not (known|set)|not yet( known| set)?|open"
    r"|un(assigned|defined|known|named)|xx?",
    re.IGNORECASE,
)
"""What names nobody and says nothing where it is all that is said."""


def placeholder(text: str) -> str | None:
    """What in the text still waits for a person (`[Contact]`, `TBD`); "" if there is no text, None if all is said."""
    seen = unicodedata.normalize("NFKC", text)
    seen = "".join(sign for sign in seen if unicodedata.category(sign) != "Cf").translate(_INVISIBLE)
    seen = " ".join(seen.split())
    if not any(sign.isalnum() for sign in seen):
        return seen.strip(_BLANK)
    if _NOBODY.fullmatch(re.sub(r"^\W+|\W+$", "", seen)):
        return seen
    seen = _ADDRESS.sub(lambda address: _IN_ADDRESS.sub("", address[0]), seen)
    for pattern, stays in _MEANT:
        seen = pattern.sub(stays, seen)
    found = _PLACEHOLDER.search(seen)
    return found[0] if found else None
