"""Words for the figure: made safe to show, measured, cut to fit. Knows nothing of places or colours.

Widths are those of Helvetica, which Arial, Liberation Sans and Arimo share, and of Times, which Times New Roman,
Liberation Serif and Tinos share, so no font needs to be on the machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Literal

from graphbuilder.ir import TensorType

Face = Literal["sans", "serif"]

_REGULAR = (
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556,
    556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778,
    722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278,
    278, 278, 469, 556, 333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556,
    556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
)  # fmt: skip
_BOLD = (
    278, 333, 474, 556, 556, 889, 722, 238, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556,
    556, 556, 556, 556, 556, 556, 333, 333, 584, 584, 584, 611, 975, 722, 722, 722, 722, 667, 611, 778,
    722, 278, 556, 722, 611, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 333,
    278, 333, 584, 556, 333, 556, 611, 556, 611, 556, 333, 611, 611, 278, 278, 556, 278, 889, 611, 611,
    611, 611, 389, 556, 333, 611, 556, 778, 556, 556, 500, 389, 280, 389, 584,
)  # fmt: skip
_SERIF = (
    250, 333, 408, 500, 500, 833, 778, 180, 333, 333, 500, 564, 250, 333, 250, 278, 500, 500, 500, 500,
    500, 500, 500, 500, 500, 500, 278, 278, 564, 564, 564, 444, 921, 722, 667, 667, 722, 611, 556, 722,
    722, 333, 389, 722, 611, 889, 722, 722, 556, 722, 667, 556, 611, 722, 722, 944, 722, 722, 611, 333,
    278, 333, 469, 500, 333, 444, 500, 444, 500, 444, 333, 500, 500, 278, 278, 500, 278, 778, 500, 500,
    500, 500, 333, 389, 278, 500, 500, 722, 500, 500, 444, 480, 200, 480, 541,
)  # fmt: skip
_SERIF_BOLD = (
    250, 333, 555, 500, 500, 1000, 833, 278, 333, 333, 500, 570, 250, 333, 250, 278, 500, 500, 500, 500,
    500, 500, 500, 500, 500, 500, 333, 333, 570, 570, 570, 500, 930, 722, 667, 722, 722, 667, 611, 778,
    778, 389, 500, 778, 667, 944, 722, 778, 611, 778, 722, 556, 667, 722, 722, 1000, 722, 722, 667, 333,
    278, 333, 581, 500, 333, 500, 556, 444, 556, 444, 333, 500, 556, 278, 333, 556, 278, 833, 556, 500,
    556, 556, 444, 389, 333, 556, 500, 722, 500, 500, 444, 394, 220, 394, 520,
)  # fmt: skip
_TABLES = {"sans": (_REGULAR, _BOLD), "serif": (_SERIF, _SERIF_BOLD)}
_OTHERS = {"×": 584, "·": 333, "–": 556, "−": 584, "→": 1000, "…": 1000}
_LONGEST = 200
"""Characters of a title."""
_LATIN_END, _NARROW, _WIDE = 0x2E80, 667, 1000
_UNITS = (("", 1), (" k", 10**3), (" M", 10**6), (" G", 10**9), (" T", 10**12))


def clean(text: str) -> str:
    """``text`` with everything that a reader would not see (controls, bidi marks, lone surrogates) spelt out."""
    return "".join(c if c.isprintable() else " " if c.isspace() else f"\\u{ord(c):04x}" for c in text)


def titled(text: str) -> str:
    """``text`` as a title: clean, its blanks as one each, and no longer than anyone reads."""
    said = " ".join(clean(text).split())
    return said if len(said) <= _LONGEST else f"{said[: _LONGEST - 1].rstrip()}…"


def width(text: str, size: float, bold: bool = False, face: Face = "sans") -> float:
    """How wide ``text`` is in points at ``size`` points."""
    table = _TABLES[face][bold]
    return sum(_advance(c, table) for c in text) * size / 1000


def fit(text: str, room: float, size: float, bold: bool = False) -> str:
    """``text``, or as much of its beginning as ``room`` points hold with an ellipsis behind."""
    if width(text, size, bold) <= room:
        return text
    table, left, kept = _BOLD if bold else _REGULAR, room * 1000 / size - _OTHERS["…"], 0
    for c in text:
        left -= _advance(c, table)
        if left < 0:
            break
        kept += 1
    return text[:kept].rstrip() + "…" if kept else ""


def fit_end(text: str, room: float, size: float) -> str:
    """``text``, or as much of its end as ``room`` points hold with an ellipsis before: a path ends with its name."""
    if width(text, size) <= room:
        return text
    kept = fit(text[::-1], room, size)[:-1]
    return f"…{kept[::-1].lstrip()}" if kept else ""


def lines(text: str, room: float, size: float, bold: bool = False, most: int = 4) -> tuple[str, ...]:
    """``text`` in as few lines as ``room`` points hold, which are as even as its words allow; what ``most`` lines do
    not hold stands in the last."""
    words = [(word, width(word, size, bold)) for word in text.split()]
    space = width(" ", size, bold)
    found = _packed(words, room, space)
    if len(found) > most:
        return (*found[: most - 1], " ".join(found[most - 1 :]))
    low, high = 0.0, room
    for _ in range(20):
        middle = (low + high) / 2
        low, high = (low, middle) if len(_packed(words, middle, space)) <= len(found) else (middle, high)
    return tuple(_packed(words, high, space))


def _packed(words: Sequence[tuple[str, float]], room: float, space: float) -> list[str]:
    """``words``, each with its width, in lines that ``room`` points hold where a word is not wider."""
    found: list[str] = []
    left = 0.0
    for word, wide in words:
        if found and left >= space + wide:
            found[-1] += f" {word}"
            left -= space + wide
        else:
            found.append(word)
            left = room - wide
    return found


def wrapped(text: str, room: float, size: float, most: int) -> tuple[str, ...]:
    """``text`` in lines that ``room`` points hold, ``most`` of them, what is left cut from the last."""
    found: list[str] = []
    for word in text.split():
        longer = f"{found[-1]} {word}" if found else word
        if found and (len(found) == most or width(longer, size) <= room):
            found[-1] = longer
        else:
            found.append(word)
    return tuple(fit(line, room, size) for line in found)


def shape(type_: TensorType) -> str:
    """``19×19×728``: the sizes, then the channels, as papers write them; of a value behind a mistake ``?``."""
    if not type_.elements:
        return "?"
    return "×".join(map(str, (*type_.spatial, type_.channels)))


def turned(before: str, after: str) -> str:
    """What was one thing and is another."""
    return f"{before} → {after}"


def count(number: int, digits: int = 3) -> str:
    """``1.61 M``: a number to about ``digits`` figures; thousands never get more than three."""
    power = next((i for i in (4, 3, 2, 1) if number >= 0.9995 * 1000**i), 0)
    unit, scale = _UNITS[power]
    if not power:
        return str(number)
    value = number / scale
    figures = digits if power > 1 else 3
    whole = len(str(int(value)))
    return f"{value:.{max(0, min(2, figures - whole))}f}{unit}"


def passage(before: TensorType, after: TensorType) -> str:
    """What a stretch of network does to its value: ``299 → 19 px``, ``19×19×728 throughout``."""
    if not (before.elements and after.elements):
        return f"{shape(before)} → {shape(after)}"
    if before == after:
        return f"{shape(before)} throughout"
    if before.spatial and after.spatial and before.spatial != after.spatial and before.layout == after.layout:
        return _resized(before.spatial, after.spatial)
    if before.spatial and not after.spatial:
        return f"{_side(before.spatial)} → {after.channels}-d"
    return f"{shape(before)} → {shape(after)}"


def _resized(before: tuple[int, ...], after: tuple[int, ...]) -> str:
    if len(set(before)) == 1 and len(set(after)) == 1 and len(before) == len(after) == 2:
        return f"{before[0]} → {after[0]} px"
    return f"{'×'.join(map(str, before))} → {'×'.join(map(str, after))}"


def _side(sizes: tuple[int, ...]) -> str:
    return f"{sizes[0]} px" if len(sizes) == 2 and len(set(sizes)) == 1 else str(prod(sizes))


def _advance(c: str, table: tuple[int, ...]) -> int:
    if " " <= c <= "~":
        return table[ord(c) - 32]
    return _OTHERS.get(c) or (_NARROW if ord(c) < _LATIN_END else _WIDE)
