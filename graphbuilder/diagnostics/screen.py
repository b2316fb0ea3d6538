"""Text on a screen of fixed columns: what is unsafe to show is escaped, and wide characters count twice.

Nothing here knows what a diagnostic is.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_left, bisect_right
from itertools import accumulate
from typing import NamedTuple

ELLIPSIS = "…"
_TAB = 4
# Controls, what reorders or hides text, line separators: none of these may reach a terminal from a stranger's file.
_UNSAFE = ("Cc", "Cf", "Cs", "Zl", "Zp")


class Window(NamedTuple):
    """A line as it is shown, and the columns (from 0, the second exclusive) of the part of it that is pointed at."""

    text: str
    start: int
    end: int


def safe(text: str) -> str:
    """``text`` on one line, with controls and all that reorders or hides text written as escapes."""
    return text if _is_plain(text) else "".join(map(_escaped, text))


def _is_plain(text: str) -> bool:
    """Whether each character of ``text`` is safe and takes one column."""
    return text.isprintable() and text.isascii()


def columns(text: str) -> int:
    """How many columns ``text`` takes, which must be safe."""
    return len(text) if text.isascii() else sum(map(_width, text))


def wrap(text: str, first: int, rest: int) -> list[str]:
    """``text`` cut at its spaces into lines of at most ``first``, then ``rest`` columns; a longer word is not cut."""
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        longer = f"{line} {word}" if line else word
        if line and columns(longer) > (rest if lines else first):
            lines.append(line)
            longer = word
        line = longer
    return [*lines, line]


def fits(line: str, start: int, end: int, room: int) -> bool:
    """Whether the characters of ``line`` from ``start`` up to ``end`` can be shown together, a cut on either side."""
    return end - start <= room and columns("".join(_pieces(line[start:end]))) + 2 * len(ELLIPSIS) < room


def window(line: str, start: int, end: int, room: int, around: tuple[int, int] | None = None) -> Window:
    """At most ``room`` columns of ``line`` around its characters from ``start`` up to ``end``; a cut is an ellipsis.

    Args:
        around: a wider part that is to be seen, and fits.
    """
    # A line may be the whole of a file, so no more of it is looked at than can be shown.
    outer = around or (start, end)
    first, last = max(0, outer[0] - room), min(len(line), outer[0] + 2 * room)
    pieces = _pieces(line[first:last])
    offsets = [*range(len(pieces) + 1)] if _is_plain(line[first:last]) else [0, *accumulate(map(columns, pieces))]
    begin, finish = (offsets[min(max(at, start) - first, len(pieces))] for at in (start, end))
    leftmost, rightmost = (offsets[min(max(at, outer[0]) - first, len(pieces))] for at in outer)
    left = _left(leftmost, rightmost, offsets[-1], room)
    before = ELLIPSIS if first or left else ""
    after = ELLIPSIS if last < len(line) or left + room < offsets[-1] else ""
    low = bisect_left(offsets, left + len(before))
    high = bisect_right(offsets, left + room - len(after)) - 1
    shift = len(before) - offsets[low]
    text = before + "".join(pieces[low:high]) + after
    return Window(text, max(0, begin + shift), max(0, min(finish, offsets[high] + len(after)) + shift))


def _left(begin: int, finish: int, total: int, room: int) -> int:
    """The first column to show: ``begin`` to ``finish`` in the middle if that fits, else ``begin`` near the left."""
    width = finish - begin
    lead = (room - width) // 2 if width < room - 2 else room // 4
    return max(0, min(begin - lead, total - room))


def _pieces(line: str) -> list[str]:
    """What stands for each character of ``line``: itself, its escape, or the blanks of a tab."""
    if _is_plain(line):
        return list(line)
    pieces: list[str] = []
    column = 0
    for character in line:
        piece = " " * (_TAB - column % _TAB) if character == "\t" else _escaped(character)
        column += columns(piece)
        pieces.append(piece)
    return pieces


def _escaped(character: str) -> str:
    if unicodedata.category(character) not in _UNSAFE:
        return character
    return character.encode("unicode_escape").decode()


def _width(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
