"""Room for the copies behind a stack and for what hangs under it: the badge with their number, and words."""

from __future__ import annotations

from graphbuilder.backends.graphviz.lay import metrics as m
from graphbuilder.backends.graphviz.lay.parts import FrameMark, Part


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
