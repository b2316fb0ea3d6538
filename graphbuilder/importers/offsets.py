"""Learnt offsets: the second half of an affine layer, or values of their own that are added."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from graphbuilder.importers.traced import Call
from graphbuilder.ir import Value


def settled_offsets(calls: Sequence[Call], readers: Counter[str]) -> list[Call]:
    """A learnt factor and then a learnt offset are one layer; without a factor an offset is a value that is added."""
    factors = {call.name: call for call in calls if call.op == "scale" and call.has_weights and readers[call.name] == 1}
    found: list[Call] = []
    for call in calls:
        factor = factors.get(call.inputs[0].node) if call.op == "bias" else None
        if factor and _is_along(factor, call):
            found.append(_affine(factor, call))
        else:
            found += _added(call) if call.op == "bias" else [call]
    return found


def _is_along(factor: Call, offset: Call) -> bool:
    """Whether both have a number for each place of one axis, or one in all."""
    if factor.args.get("shared", False) or offset.args["shared"]:
        return factor.args.get("shared", False) == offset.args["shared"]
    shape = offset.args["shape"]
    return shape.index(max(shape)) == factor.args["axis"]


def _affine(factor: Call, offset: Call) -> Call:
    leaves = {"weight": factor.tensor("weight"), "bias": offset.tensor("bias")}
    args = {**factor.args, "bias": True}
    return replace(offset, op="scale", args=args, inputs=factor.inputs, leaves=leaves)


def _added(call: Call) -> list[Call]:
    name = call.tensor("bias")
    *_, word = name.split(".")
    learnt = replace(
        call,
        name=f"{call.name}#0",
        op="parameter",
        args={"shape": call.args["shape"]},
        label="" if word.isdecimal() else word,
        layer=name,
        leaves={"weight": name},
    )
    inputs = (*call.inputs, Value(learnt.name))
    return [learnt, replace(call, op="add", args={}, inputs=inputs, label="", layer=None, leaves={})]
