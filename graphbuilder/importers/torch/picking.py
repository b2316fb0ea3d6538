"""Parts of values in another order: channels by a list of numbers, shuffled, or one half the gate of the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from graphbuilder.importers.torch.terms import Arguments, Made, Maker, Tensors, Unknown, refuse_batch
from graphbuilder.ir import Value

# Of how many pieces a list of places may be written out.
_MANY = 16


def _shuffled(given: Arguments, tensors: Tensors, node: Any) -> Made:
    return Made("channelshuffle", {"groups": given["groups"]}, (tensors.value(given["self"]),), {})


def _gated(given: Arguments, tensors: Tensors, node: Any) -> list[Made]:
    """The first half of an axis, times the sigmoid of the second."""
    axis = given["dim"] % len(node.meta["val"].shape) - 1
    refuse_batch(axis, "a gate")
    halves, gate = f"{node.name}#0", Value(f"{node.name}#1")
    return [
        Made("split", {"count": 2, "axis": axis}, (tensors.value(given["self"]),), {}),
        Made("sigmoid", {}, (Value(halves, "1"),), {}),
        Made("mul", {}, (Value(halves, "0"), gate), {}),
    ]


def _indexed(given: Arguments, tensors: Tensors, node: Any) -> Made | list[Made] | None:
    """Places of one axis, by a constant list of their numbers."""
    indices = [(axis, each) for axis, each in enumerate(given["indices"]) if each is not None]
    if len(indices) != 1:
        raise Unknown("places taken by their numbers on several axes")
    return _taken(node, indices[0][0], indices[0][1], tensors)


def _selected(given: Arguments, tensors: Tensors, node: Any) -> Made | list[Made] | None:
    return _taken(node, given["dim"] % len(node.meta["val"].shape), given["index"], tensors)


def _taken(node: Any, axis: int, index: Any, tensors: Tensors) -> Made | list[Made] | None:
    refuse_batch(axis - 1, "places taken by their numbers")
    if not tensors.fixed.is_constant(index) or index.meta["val"].dim() != 1 or index.meta["val"].dtype.itemsize == 1:
        raise Unknown("places taken by numbers that are computed, or by a mask")
    size = int(node.args[0].meta["val"].shape[axis])
    places = [int(number) % size for number in tensors.fixed.numbers(index)]
    value = tensors.value(node.args[0])
    if places == list(range(size)):
        return None
    if places == list(range(size))[::-1]:
        return Made("flip", {"axis": axis - 1}, (value,), {})
    runs = [*_runs(places)]
    if len(runs) > _MANY:
        raise Unknown(f"places taken by their numbers, in {len(runs)} pieces")
    pieces = [Made("slice", _slice(run, axis - 1), (value,), {}) for run in runs]
    if len(pieces) == 1:
        return pieces
    parts = tuple(Value(f"{node.name}#{number}") for number in range(len(pieces)))
    return [*pieces, Made("concat", {"axis": axis - 1}, parts, {})]


def _runs(places: Sequence[int]) -> Iterator[range]:
    """``places`` as runs that go up by equal steps, the longest from the front."""
    start = 0
    while start < len(places):
        step = max(places[start + 1] - places[start], 1) if start + 1 < len(places) else 1
        stop = start + 1
        while stop < len(places) and places[stop] - places[stop - 1] == step:
            stop += 1
        yield range(places[start], places[stop - 1] + 1, step)
        start = stop


def _slice(run: range, axis: int) -> dict[str, Any]:
    step = {"step": run.step} if run.step > 1 else {}
    return {"axis": axis, "start": run.start, "stop": run.stop, **step}


PICKING: Mapping[str, Maker] = {
    "channel_shuffle": _shuffled,
    "glu": _gated,
    "index": _indexed,
    "index_select": _selected,
}
