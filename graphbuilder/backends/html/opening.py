"""What of a page is open at first: what the figure of the same network shows open. Knows only what is placed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphbuilder.backends.graphviz.options import Options
from graphbuilder.backends.graphviz.read.scene import Card, Region

Data = dict[str, Any]
_DEEPEST = 32
_USUALLY_CLOSED = ("composite", "lot")
_SIGNS = {"stack": "*", "lot": "+"}
"""What the keys of folds end with that have the path of something that may fold, too."""


def states(placed: Data, shown: Shown, options: Options) -> dict[str, str]:
    """By the key of a fold, what it is at first where that is not what such a fold is.

    Composites are closed, blocks open, and stacks show one copy, unless the figure has them otherwise.
    """
    opening = _Opening(placed["pieces"], shown, options)
    for number in range(placed["atoms"]):
        opening.visit(number, "", 0)
    return opening.states


def columns(placed: Data, beginnings: Sequence[str]) -> list[int] | None:
    """Which of the network's own pieces begin a column of the figure, but for the first.

    None where one of the ``beginnings`` is amid a piece: what is a column there is none here.
    """
    atoms = {box["path"]: atom for atom in range(placed["atoms"]) for box in placed["pieces"][atom]["boxes"]}
    found = [next((atoms[path] for path in (item, *_around(item)) if path in atoms), 0) for item in beginnings]
    begun = sorted({atom for atom in found if atom})
    return begun if len(begun) == len(beginnings) - 1 else None


class Shown:
    """What a figure shows: the paths of its ``boxes`` and ``cards``, and of all ``around`` them."""

    def __init__(self, region: Region) -> None:
        self.boxes: set[str] = set()
        self.cards: set[str] = set()
        self._learn(region)
        self.around = {around for path in self.boxes | self.cards for around in _around(path)}

    def _learn(self, region: Region) -> None:
        for item in region.items.values():
            path = item.path.removesuffix(".")
            if isinstance(item, Card):
                self.cards.add(path)
                self._learn(item.region)
            else:
                self.boxes.add(path)

    def has(self, path: str) -> bool:
        """Whether something stands for what is at ``path``, or for a part of it."""
        return path in self.boxes or path in self.cards or path in self.around

    def opens(self, path: str) -> bool:
        """Whether what is at ``path`` is open: a part of it is shown."""
        return path in self.cards or path in self.around


def _around(path: str) -> Iterator[str]:
    while "." in path:
        path = path.rpartition(".")[0]
        yield path


@dataclass(slots=True)
class _Opening:
    """Opens ``pieces`` as the figure ``shown`` does; notes in ``states`` what is not as usual."""

    pieces: list[Data]
    shown: Shown
    options: Options
    states: dict[str, str] = field(default_factory=dict[str, str])

    def visit(self, number: int, prefix: str, level: int) -> None:
        """Note the states of all folds of a piece, and of those in what is open."""
        for box in self.pieces[number]["boxes"]:
            if "fold" in box and level <= _DEEPEST:
                self._note(box["fold"], prefix + box["path"], prefix, level)

    def _note(self, fold: Data, path: str, prefix: str, level: int) -> None:
        usual = "closed" if fold["kind"] in _USUALLY_CLOSED else "one"
        state = self._state(fold, path, prefix)
        if state != usual:
            self.states[path + _SIGNS.get(fold["kind"], "")] = state
        if state != "closed":
            self.visit(fold[state], prefix + fold["around" if state == "all" else "prefix"], level + 1)

    def _state(self, fold: Data, path: str, prefix: str) -> str:
        if fold["kind"] == "lot":
            return "one" if self.options.expands(path) else "closed"
        # The first copy on a stack has the path of that.
        is_box = fold["kind"] != "stack" and path in self.shown.boxes
        if is_box or not self.shown.opens(path) or self._is_one_box(fold, prefix + fold["prefix"]):
            return "closed"
        if "all" in fold and self._is_apart(fold, path):
            return "all"
        return "parts" if "parts" in fold and not self._has_all(fold["one"], prefix + fold["prefix"]) else "one"

    def _is_apart(self, fold: Data, path: str) -> bool:
        """Whether copies of a stack are drawn for themselves."""
        around, _, first = path.rpartition(".")
        start, turns = int(first), fold.get("turns", 1)
        others = (f"{around}.{number}" for number in range(start + turns, start + fold["count"]))
        return any(map(self.shown.has, others))

    def _is_one_box(self, fold: Data, prefix: str) -> bool:
        """Whether all that a section holds is one box of the figure, which stands for all copies."""
        paths = self._paths(fold["one"], prefix)
        return fold["kind"] == "panel" and len(paths) == 1 and not self.shown.opens(paths[0])

    def _has_all(self, number: int, prefix: str) -> bool:
        """Whether the figure has every box of a piece."""
        return all(map(self.shown.has, self._paths(number, prefix)))

    def _paths(self, number: int, prefix: str) -> list[str]:
        return [prefix + box["path"] for box in self.pieces[number]["boxes"]]
