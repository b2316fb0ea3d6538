"""Which steps need an ``id``: those whose name is not the one that they would be counted to."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple


class Called(NamedTuple):
    """A step's name, and the op or block that it would be named after."""

    name: str
    base: str


def explicit(steps: Sequence[Called], needed: Collection[str], taken: Collection[str]) -> set[str]:
    """The names that have to be written, ``needed`` among them.

    A written name changes what the others are counted to, so this is repeated until nothing changes.
    """
    written = {step.name for step in steps if step.name in needed}
    while True:
        counted = _counted(steps, written, written | set(taken))
        wrong = {step.name for step, name in zip(steps, counted, strict=True) if step.name != name}
        if not wrong:
            return written
        written |= wrong


def _counted(steps: Sequence[Called], written: set[str], used: set[str]) -> list[str]:
    """The names of all steps when only those in ``written`` have an id."""
    counts: dict[str, int] = {}
    return [step.name if step.name in written else _next(step.base, counts, used) for step in steps]


def _next(base: str, counts: dict[str, int], used: set[str]) -> str:
    while True:
        counts[base] = counts.get(base, 0) + 1
        name = base if counts[base] == 1 else f"{base}_{counts[base]}"
        if name not in used:
            used.add(name)
            return name
