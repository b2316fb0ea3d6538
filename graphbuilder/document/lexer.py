"""The shapes of TOML's words as regular expressions, and a reading that survives text that is not TOML.

Nothing here knows what a table is. Every quantifier is possessive, so no text costs more than one pass.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

BASIC = r'"(?!"")(?:[^"\\\n]++|\\[^\n])*+"'
LITERAL = r"'(?!'')[^'\n]*+'"
LONG = r'"""(?:[^"\\]++|\\.|"(?!""))*+"{3,5}' + r"|'''(?:[^']++|'(?!''))*+'{3,5}"
PART = rf"[A-Za-z0-9_-]++|{BASIC}|{LITERAL}"
DOT = r"[ \t]*+\.[ \t]*+"
KEY = rf"(?:{PART})(?:{DOT}(?:{PART}))*+"

TOKEN = re.compile(
    rf"(?P<comment>\#[^\n]*+)|(?P<long>{LONG})|(?P<key>{KEY})|(?P<open>[\[{{])|(?P<close>[\]}}])|(?P<broken>[\"'])",
    re.DOTALL,
)
KEY_PART = re.compile(PART)


class Opening(NamedTuple):
    """A bracket or quote that was opened, and where."""

    mark: str
    offset: int


def tokens(text: str, start: int, end: int) -> Iterator[re.Match[str]]:
    """The tokens of ``text`` from ``start`` up to ``end``. A quote without an end is the last: behind it, every further
    one would be looked for an end of its own."""
    for token in TOKEN.finditer(text, start, end):
        yield token
        if token.lastgroup == "broken":
            return


def still_open(text: str, end: int) -> list[Opening]:
    """The brackets open just before ``end``, outermost first; a string without an end stands last."""
    stack: list[Opening] = []
    for token in tokens(text, 0, end):
        if token.lastgroup == "open" or (token.lastgroup == "broken" and _is_broken(text, token.start())):
            stack.append(Opening(token.group(), token.start()))
        elif token.lastgroup == "close" and stack:
            stack.pop()
    return stack


def _is_broken(text: str, at: int) -> bool:
    """Whether the string that begins at ``at`` ends nowhere in the whole text."""
    token = TOKEN.match(text, at)
    return token is not None and token.lastgroup == "broken"
