"""Room for the words of a card, for the copies behind a stack, and for what hangs under it: a badge, and words.

Also where a value that copies of a nested stack read more than once is parted: in the stack, since each copy but the
first reads what the one before it gives, and nothing from outside the stack.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from graphbuilder.backends.graphviz import text
from graphbuilder.backends.graphviz.lay import metrics as m
from graphbuilder.backends.graphviz.lay.parts import FrameMark, Part, Tip, attach
from graphbuilder.backends.graphviz.read.scene import End

_BESIDE_WORDS = 66.0
"""What stands beside the words under a stack that runs to the right."""


def widen(part: Part, mark: FrameMark, across: bool) -> None:
    """Make room for the words of a card: the title before the trunk, the note right of all wires."""
    first = _widest(mark.title, m.TITLE) + 8
    second = text.width(mark.note, m.DETAIL) + 14
    under = _widest(mark.words, m.DETAIL)
    if across:
        part.length = max(part.length, first + second + 16, under + _BESIDE_WORDS)
        return
    last = max(mark.wires, default=0.0)
    if not any(after - before - 16 >= first - 8 for before, after in pairwise(mark.wires)):
        part.left = max(part.left, first - min(mark.wires, default=0.0))
    gone = max(mark.leaving, default=last)
    part.left = max(part.left, under + 8 - min(mark.leaving, default=last) if under else 0.0)
    part.right = max(part.right, last + second, gone + m.BADGE_ROOM if under else 0.0)


def fork_inside(part: Part) -> Part:
    """``part``, the inside of a stack, each value coming in at one place, where its trunk goes on or the nearest."""
    places: dict[End, set[float]] = {}
    for link, tips in part.ins.items():
        places.setdefault(link.source, set()).update(tip.points[0][1] for tip in tips)
    if all(len(found) == 1 for found in places.values()):
        return part
    whole = Part()
    whole.through = {link: Tip((tip.points[0],)) for link, tip in part.through.items()}
    whole.through |= {link: Tip(((0.0, min(places[link.source], key=abs)),)) for link in part.ins}
    part.before = 0.0
    attach(whole, part)
    return whole


def leave_room(part: Part, lines: int, across: bool) -> None:
    """Let ``part``, which is a stack, keep others off; so many ``lines`` of words stand under it."""
    under = m.LINE * max(0, lines - 1)
    part.right += m.WORDS + under if across else 2 * m.STACK
    part.tail = 2 * m.STACK if across else m.BADGE + under


def pile(part: Part, count: int, faded: bool, across: bool) -> None:
    """Put ``count`` copies behind the one box of ``part``."""
    leaving = tuple(sorted({tip.points[-1][1] for tip in part.outs.values()}))
    mark = FrameMark(0.0, part.length, -part.left, part.right, (), "", count, leaving=leaving, faded=faded)
    part.marks.insert(0, mark)
    leave_room(part, 0, across)
    part.before, part.after = max(part.before, m.PAD), max(part.after, m.GAP)
    part.right = part.right if across else max(part.right, max(leaving, default=0.0) + m.BADGE_ROOM + m.PAD)


def _widest(lines: Sequence[str], size: float) -> float:
    return max((text.width(line, size, bold=True) for line in lines), default=0.0)
