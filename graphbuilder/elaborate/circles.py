"""Blocks that use each other in a circle, found as they are written: no step on the way can be left out or be given
anything that ends it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence

from graphbuilder.diagnostics import Diagnostic, Label
from graphbuilder.diagnostics.catalogue.references import Recursion
from graphbuilder.document import Place
from graphbuilder.elaborate.walks import steps_of
from graphbuilder.spec.model import Spec, Step

# Of a long circle so many uses are told at either end.
_SHOWN = 3


def circle_through(spec: Spec, name: str) -> list[tuple[str, Step]]:
    """The shortest way by which block ``name`` uses itself: each block on it, and its use of the next; empty where
    there is none."""
    users: dict[str, tuple[str, Step]] = {}
    waiting = deque([name])
    while waiting and name not in users:
        user = waiting.popleft()
        for used, step in _certain(spec, user):
            if used not in users:
                users[used] = (user, step)
                waiting.append(used)
    return _way_back(users, name) if name in users else []


def _certain(spec: Spec, name: str) -> Iterator[tuple[str, Step]]:
    """The blocks that block ``name`` uses whatever comes, by the steps that do."""
    block = spec.blocks[name]
    way_around = block.shortcut if isinstance(block.shortcut, list) and block.shortcut_when is not True else []
    for step in steps_of(block):
        if step.when is True and _is_there(step.repeat) and not any(step is each for each in way_around):
            yield from ((used, step) for used in step.blocks if used in spec.blocks)


def _is_there(repeat: object) -> bool:
    """Whether there is a copy, whatever else there is."""
    return repeat is None or (type(repeat) is int and repeat > 0)


def _way_back(users: Mapping[str, tuple[str, Step]], name: str) -> list[tuple[str, Step]]:
    way = [users[name]]
    while way[-1][0] != name:
        way.append(users[way[-1][0]])
    return way[::-1]


def endless(users: Sequence[str], uses: Sequence[Place], *, changing: bool = False) -> Diagnostic:
    """The diagnostic for a circle, at the use that closes it: ``users`` are its blocks, ``uses`` those of the next
    one, which may be given ``changing`` arguments."""
    way = [*users, users[0]]
    labels = [Label(uses[index].span, f"`{way[index]}` uses `{way[index + 1]}`") for index in _either_end(len(uses))]
    arguments = ", whatever its arguments are" if changing else " with the same arguments"
    message = f"the block `{users[0]}` uses itself{arguments}: {_shown(way)}"
    remedy = "count down: give it an argument that shrinks, and a `when` on it that ends the circle"
    return Recursion.at(labels[-1].span, message, label=labels[-1].text, related=tuple(labels[:-1]), help=remedy)


def _either_end(count: int) -> list[int]:
    return [index for index in range(count) if index < _SHOWN or index >= count - _SHOWN]


def _shown(way: Sequence[str]) -> str:
    left = len(way) - 2 * _SHOWN
    names = [*way[:_SHOWN], f"{left} more", *way[-_SHOWN:]] if left > 1 else way
    return " -> ".join(names)
