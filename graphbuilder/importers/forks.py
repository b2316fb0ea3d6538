"""Where the ways into a join fork: the value that every one of them comes from, and the items between."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from functools import reduce

from graphbuilder.importers.tree import Item

# Where all sources come from.
_ROOT = ""


class Forks:
    """Items as a graph.

    Attributes:
        readers: what reads each value.
    """

    def __init__(self, items: Sequence[Item]) -> None:
        """``items``: in an order in which each stands behind what it reads."""
        self.readers: dict[str, set[str]] = defaultdict(set)
        self._reads = {item.key: {value.node for value in item.reads} for item in items}
        # The nearest value that every path to an item passes, and how many of these there are (its dominators).
        self._fork: dict[str, str] = {}
        self._depth = {_ROOT: 0}
        for key, reads in self._reads.items():
            for each in reads:
                self.readers[each].add(key)
                self._know(each, _ROOT)
            self._know(key, reduce(self._common, reads) if reads else _ROOT)

    def inside(self, join: Item, ends: Collection[str]) -> set[str]:
        """What is between the fork of the ways into ``join`` and itself; nothing where anything else reads of that."""
        fork = self._fork[join.key]
        found: set[str] = set()
        waiting = [each for each in self._reads[join.key] if each != fork]
        while waiting and fork != _ROOT:
            key = waiting.pop()
            if key not in found:
                found.add(key)
                waiting += [each for each in self._reads.get(key, ()) if each != fork]
        closed = all(self.readers[key] <= found | {join.key} and key not in ends for key in found)
        return found if closed else set()

    def _know(self, key: str, fork: str) -> None:
        if key not in self._fork:
            self._fork[key] = fork
            self._depth[key] = self._depth[fork] + 1

    def _common(self, one: str, other: str) -> str:
        while one != other:
            if self._depth[one] < self._depth[other]:
                one, other = other, one
            one = self._fork[one]
        return one
