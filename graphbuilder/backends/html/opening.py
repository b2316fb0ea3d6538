"""What of a page is open at first. Knows only what is placed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from graphbuilder.backends.graphviz.options import Options
from graphbuilder.backends.graphviz.read.gather import LEGIBLE

Data = dict[str, Any]
_DEEPEST = 32
_USUALLY_CLOSED = ("composite", "lot")
_SIGNS = {"stack": "*", "lot": "+"}
"""What the keys of folds end with that have the path of something that may fold, too."""
_CLOSED = (((), 0), (("stack",), 1), (("stack", "card"), 1), (("stack", "card"), 0), (("stack", "card", "panel"), 0))
"""Ever more kinds of folds that are closed, and from which depth on: as the figure folds, repeats before blocks."""


def states(placed: Data, options: Options) -> dict[str, str]:
    """By the key of a fold, what it is at first where that is not what such a fold is.

    Composites are closed, blocks open, and stacks show one copy, unless ``options`` say otherwise or more would stand
    there than can be read.
    """
    *ways, last = (_Opening(placed["pieces"], options, closed, depth) for closed, depth in _CLOSED)
    for way in ways:
        if way.boxes(placed["atoms"]) <= LEGIBLE or options.level is not None:
            return way.states
    last.boxes(placed["atoms"])
    return last.states


@dataclass(slots=True)
class _Opening:
    """One way of opening: kinds of folds that are ``closed`` from a ``depth`` on, wherever no pattern opens them."""

    pieces: list[Data]
    options: Options
    closed: tuple[str, ...]
    depth: int
    states: dict[str, str] = field(default_factory=dict[str, str])

    def boxes(self, atoms: int) -> int:
        """How many boxes stand there; notes what is open."""
        return sum(self.visit(number, "", 0) for number in range(atoms))

    def visit(self, number: int, prefix: str, level: int) -> int:
        """How many boxes a piece shows with what is open in it."""
        return sum(self._box(box, prefix, level) for box in self.pieces[number]["boxes"])

    def _box(self, box: Data, prefix: str, level: int) -> int:
        fold: Data | None = box.get("fold")
        if fold is None:
            return 1
        path = prefix + box["path"]
        usual = "closed" if fold["kind"] in _USUALLY_CLOSED else "one"
        state = self._state(fold, path, level)
        if state != usual:
            self.states[path + _SIGNS.get(fold["kind"], "")] = state
        if state == "closed" or level > _DEEPEST:
            return 1
        return self.visit(fold[state], prefix + fold["around" if state == "all" else "prefix"], level + 1)

    def _state(self, fold: Data, path: str, level: int) -> str:
        kind, options = fold["kind"], self.options
        if options.collapses(path):
            return "closed"
        if options.expands(path) or (kind == "stack" and options.expands(path.rpartition(".")[0])):
            return "all" if "all" in fold else "one"
        deep = options.level is not None and level >= options.level
        return "closed" if deep or kind in _USUALLY_CLOSED or (kind in self.closed and level >= self.depth) else "one"
