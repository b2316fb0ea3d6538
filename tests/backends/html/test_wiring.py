"""A page draws every edge of its network through the frames around it: by these it tells what reads what."""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import Any

import pytest

from graphbuilder import compiler
from graphbuilder.backends.html import network_data
from tests.backends.graphviz.networks import ODD, SPECS, network
from tests.backends.graphviz.passing import PASSING
from tests.backends.graphviz.wiring import Edges, Stack, missed
from tests.random.networks import Network

Data = dict[str, Any]


class Page:
    """The edges between the ``boxes`` of a page on which all is open, of each of the ``stacks`` one copy."""

    def __init__(self, data: Data) -> None:
        self.pieces: list[Data] = data["pieces"]
        self.edges: Edges = Counter()
        self.boxes: set[str] = set()
        self.stacks: dict[str, Stack] = {}
        given: dict[int, str] = {}
        for number in range(data["atoms"]):
            given = Piece(self, number, "", given).given()


class Piece:
    """One piece of a ``page`` that is given ``inputs``."""

    def __init__(self, page: Page, number: int, prefix: str, inputs: dict[int, str]) -> None:
        self._page, self._prefix, self._inputs = page, prefix, inputs
        self._boxes: list[Data] = page.pieces[number]["boxes"]
        self._wires: list[list[Any]] = page.pieces[number]["wires"]
        self._made = cache(self._make)

    def given(self) -> dict[int, str]:
        """Who makes what leaves it."""
        for index in range(len(self._boxes)):
            self._made(index)
        return {slot: self._source(tail, port) for _, tail, port, head, slot, _ in self._wires if isinstance(head, str)}

    def _source(self, tail: int | str, port: int) -> str:
        return self._inputs[port] if isinstance(tail, str) else self._made(tail)[port]

    def _make(self, index: int) -> dict[int, str]:
        """Who makes what a box gives: itself, or what is in it where it opens."""
        box = self._boxes[index]
        path = self._prefix + box["path"]
        fold = box.get("fold")
        read = [(slot, self._source(tail, port)) for _, tail, port, head, slot, _ in self._wires if head == index]
        if fold is None:
            self._page.boxes.add(path)
            self._page.edges.update((source, path) for _, source in read)
            return {wire[2]: path for wire in self._wires if wire[1] == index}
        if fold["kind"] == "stack":
            turns = fold.get("turns", 1)
            self._page.stacks[path] = fold["count"] // turns, turns
        return Piece(self._page, fold["one"], self._prefix + fold["prefix"], dict(read)).given()


def is_gathered(data: Data) -> bool:
    return any("until" in box for piece in data["pieces"] for box in piece["boxes"])


def assert_wired(typed: Any) -> None:
    data = network_data(typed)
    if not is_gathered(data):
        page = Page(data)
        assert list(missed(typed, page.stacks, page.edges, page.boxes)) == []


@pytest.mark.parametrize("name", [*SPECS, *ODD, *PASSING])
def test_a_page_tells_what_reads_what(name: str) -> None:
    assert_wired(network(name))


@pytest.mark.parametrize("seed", [*range(20), 244, 459, 662, 1241, 1884])
def test_a_page_tells_what_reads_what_in_random_specs(seed: int) -> None:
    found = compiler.check_text(Network(seed).text).network
    assert found is not None
    assert_wired(found.typed)
