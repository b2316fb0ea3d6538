"""The shapes of TOML's words as regular expressions, and a reading that survives text that is not TOML.

Nothing here knows what a table is. Every quantifier is possessive, so no text costs more than one pass.
"""

from __future__ import annotations

import re
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


def still_open(text: str, end: int) -> list[Opening]:
    """The brackets open just before ``end``, outermost first; a string without an end stands last."""
    stack: list[Opening] = []
    for token in TOKEN.finditer(text):
        if token.start() >= end:
            break
        if token.lastgroup in ("open", "broken"):
            stack.append(Opening(token.group(), token.start()))
        elif token.lastgroup == "close" and stack:
            stack.pop()
        if token.lastgroup == "broken":
            break
    return stack
