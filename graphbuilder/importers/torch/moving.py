"""Calls that change no number, only where it stands: shapes, axes, parts, and the joining of parts.

Batches are left out: axes count from the one behind it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from graphbuilder.importers.torch.terms import STACK, Arguments, Made, Maker, Tensors, Unknown, exchanged, kind_of
from graphbuilder.ir import Value

# How often a value may be repeated that is written out as a concatenation.
_MANY = 8


def _concat(given: Arguments, tensors: Tensors, node: Any) -> Made | list[Made] | None:
    rank = len(node.meta["val"].shape)
    axis = given["dim"] % rank - 1
    *learnt, value = given["tensors"]
    if learnt and all(map(tensors.is_state, learnt)) and rank == 3 and axis == 0:
        return list(_tokens(learnt[::-1], tensors.value(value), tensors, node.name))
    values = tuple(map(tensors.value, given["tensors"]))
    if len(values) == 1:
        return None
    return Made("concat", {"axis": axis}, values, {})


def _tokens(learnt: Sequence[Any], value: Value, tensors: Tensors, name: str) -> Iterator[Made]:
    """Learnt tokens put before others, the last of them first."""
    for number, token in enumerate(learnt):
        count = token.meta["val"].shape[-2]
        yield Made("classtoken", {"count": count}, (value,), tensors.weights(weight=token))
        value = Value(f"{name}#{number}")


def _flatten(given: Arguments, tensors: Tensors, node: Any) -> Made:
    return _reshaped(tensors, node)


def _reshaped(tensors: Tensors, node: Any) -> Made:
    before, after = tuple(node.args[0].meta["val"].shape), tuple(node.meta["val"].shape)
    if before[:1] != after[:1]:
        raise Unknown(f"the shape {before} made {after}, batch and all")
    inputs = (tensors.value(node.args[0]),)
    if len(after) == 2:
        return Made("flatten", {}, inputs, {})
    return Made("reshape", {"shape": list(after[1:])}, inputs, {})


def _view(given: Arguments, tensors: Tensors, node: Any) -> Made:
    return _reshaped(tensors, node)


def _permute(given: Arguments, tensors: Tensors, node: Any) -> Made:
    axes = [axis % len(given["dims"]) for axis in given["dims"]]
    return _permuted(axes, (tensors.value(given["self"]),))


def _permuted(axes: list[int], inputs: tuple[Value, ...]) -> Made:
    if len(axes) > 3 and axes == [0, *range(2, len(axes)), 1]:
        return Made("channelslast", {}, inputs, {})
    if len(axes) > 3 and axes == [0, len(axes) - 1, *range(1, len(axes) - 1)]:
        return Made("channelsfirst", {}, inputs, {})
    return Made("permute", {"axes": [axis - 1 for axis in axes[1:]]}, inputs, {})


def _chunks(given: Arguments, tensors: Tensors, node: Any) -> Made:
    parts = node.meta["val"]
    axis = given["dim"] % len(parts[0].shape)
    sizes = [int(part.shape[axis]) for part in parts]
    args: dict[str, Any] = {"count": len(sizes)} if len(set(sizes)) == 1 else {"sizes": sizes}
    return Made("split", {**args, "axis": axis - 1}, (tensors.value(given["self"]),), {})


def _transpose(given: Arguments, tensors: Tensors, node: Any) -> Made:
    rank = len(node.meta["val"].shape)
    first, second = exchanged(given, kind_of(node), rank)
    axes = list(range(rank))
    axes[first], axes[second] = second, first
    return _permuted(axes, (tensors.value(given["self"]),))


def _slice(given: Arguments, tensors: Tensors, node: Any) -> Made | None:
    before, after = node.args[0].meta["val"].shape, node.meta["val"].shape
    if before == after:
        return None
    axis = given["dim"] % len(after)
    size = before[axis]
    start, stop, step = slice(given["start"], given["end"], given["step"]).indices(size)
    if not axis:
        raise Unknown("a part of the batch")
    args = {"axis": axis - 1, "start": start or None, "stop": stop if stop < size else None}
    said = {name: value for name, value in args.items() if value is not None}
    return Made("slice", {**said, **({"step": step} if step > 1 else {})}, (tensors.value(given["self"]),), {})


def _select(given: Arguments, tensors: Tensors, node: Any) -> Made:
    axis = given["dim"] % len(node.args[0].meta["val"].shape)
    if not axis and kind_of(node.args[0]) != STACK:
        raise Unknown("a sample taken from the batch")
    return Made("select", {"axis": axis - 1, "index": given["index"]}, (tensors.value(given["self"]),), {})


def _stack(given: Arguments, tensors: Tensors, node: Any) -> Made:
    """The axis may be one before the batch, -1 here, if what reads it takes it away."""
    axis = given["dim"] % len(node.meta["val"].shape) - 1
    return Made(STACK, {"axis": axis}, tuple(map(tensors.value, given["tensors"])), {})


def _roll(given: Arguments, tensors: Tensors, node: Any) -> Made:
    """Cyclic shifts by axis; where the places are, the type of the value tells."""
    rank = len(node.meta["val"].shape)
    shifts = {axis % rank - 1: shift for axis, shift in zip(given["dims"], given["shifts"], strict=False)}
    if -1 in shifts or not shifts:
        raise Unknown("the samples of a batch rolled")
    return Made(
        "roll", {"shift": [shifts.get(axis, 0) for axis in range(rank - 1)]}, (tensors.value(given["self"]),), {}
    )


def _flip(given: Arguments, tensors: Tensors, node: Any) -> list[Made]:
    """Axes turned round, one behind the other."""
    axes = [axis % len(node.meta["val"].shape) for axis in given["dims"]]
    if 0 in axes:
        raise Unknown("the batch turned round")
    reads = [tensors.value(given["self"]), *(Value(f"{node.name}#{number}") for number in range(len(axes) - 1))]
    return [Made("flip", {"axis": axis - 1}, (value,), {}) for axis, value in zip(axes, reads, strict=True)]


def _repeat(given: Arguments, tensors: Tensors, node: Any) -> Made | None:
    """A value several times, one behind the other along one axis."""
    before, counts = node.args[0].meta["val"].shape, given["repeats" if kind_of(node) == "repeat" else "dims"]
    many = [axis for axis, count in enumerate(counts) if count != 1]
    if len(counts) != len(before) or len(many) > 1 or (many and (not many[0] or counts[many[0]] > _MANY)):
        raise Unknown(f"a value of {len(before)} axes repeated {counts} times")
    if not many:
        return None
    return Made("concat", {"axis": many[0] - 1}, (tensors.value(given["self"]),) * counts[many[0]], {})


MAKERS: Mapping[str, Maker] = {
    **dict.fromkeys(("view", "reshape", "reshape_as", "squeeze", "unflatten", "unsqueeze"), _view),
    **dict.fromkeys(("chunk", "split", "split_with_sizes"), _chunks),
    "cat": _concat,
    "concat": _concat,
    "flatten": _flatten,
    "flip": _flip,
    "permute": _permute,
    "repeat": _repeat,
    "roll": _roll,
    "select": _select,
    "slice": _slice,
    "stack": _stack,
    "tile": _repeat,
    **dict.fromkeys(("swapaxes", "swapdims", "transpose"), _transpose),
}
