"""Words in Mermaid: whatever a spec says is shown as it is, and nothing of it is markup."""

from __future__ import annotations

import re

_HARMLESS = r"\w ,×·–→+/=()"
# A point ends the number of a list unless a digit follows, and makes a link of two words.
_OTHERS = re.compile(rf"(?<=\d)\.(?=\d)|[{_HARMLESS}]+|(.)", re.DOTALL)


def escaped(words: str) -> str:
    """``words`` as Mermaid shows them in quotes: every sign that may mean something by its number."""
    return _OTHERS.sub(lambda found: f"#{ord(found[1])};" if found[1] else found[0], words)
