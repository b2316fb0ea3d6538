"""Divisions by a length or a root mean square, which frameworks spell out in several calls, as norms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from graphbuilder.importers.traced import Call


def by_length(calls: Sequence[Call]) -> list[Call]:
    """A value divided by its length, which is not less than a small number."""
    by_name = {call.name: call for call in calls}
    found: list[Call] = []
    for call in calls:
        floor = by_name.get(call.inputs[1].node) if call.op == "div" and len(call.inputs) == 2 else None
        length = by_name.get(floor.inputs[0].node) if floor and floor.op == "floor" else None
        is_length = length is not None and length.op == "reduce" and length.args["kind"] == "norm"
        if floor and length and is_length and len(length.args["over"]) == 1 and length.inputs == call.inputs[:1]:
            args = {"eps": floor.args["least"], "axis": length.args["over"][0]}
            call = replace(call, op="l2norm", args=args, inputs=call.inputs[:1])
        found.append(call)
    return found


def by_root(calls: Sequence[Call], readers: Counter[str]) -> list[Call]:
    """A value times one divided by the root of its mean square, and a learnt factor behind."""
    known: dict[str, Call] = {}
    for call in calls:
        known[call.name] = _factored(_rooted(call, known), known, readers)
    return [*known.values()]


def _rooted(call: Call, known: Mapping[str, Call]) -> Call:
    if call.op != "mul" or len(call.inputs) != 2:
        return call
    root = known.get(call.inputs[1].node)
    shifted = known.get(root.inputs[0].node) if root and root.op == "root" else None
    mean = known.get(shifted.inputs[0].node) if shifted and {*shifted.args} == {"offset"} else None
    square = known.get(mean.inputs[0].node) if mean and _is_mean(mean) else None
    if square is None or shifted is None or mean is None or square.inputs != (call.inputs[0],) * 2:
        return call
    args = {"eps": shifted.args["offset"], "scale": False, "axis": mean.args["over"][0]}
    return replace(call, op="rmsnorm", args=args, inputs=call.inputs[:1])


def _is_mean(call: Call) -> bool:
    return call.op == "reduce" and call.args["kind"] == "mean" and call.args["keep"] and len(call.args["over"]) == 1


def _factored(call: Call, known: Mapping[str, Call], readers: Counter[str]) -> Call:
    is_factor = call.op == "scale" and call.has_weights and [*call.args] == ["axis"]
    norm = known.get(call.inputs[0].node) if is_factor else None
    if norm is None or norm.op != "rmsnorm" or norm.args["scale"] or readers[norm.name] != 1:
        return call
    if norm.args["axis"] != call.args["axis"]:
        return call
    return replace(call, op="rmsnorm", args={**norm.args, "scale": True}, inputs=norm.inputs)
