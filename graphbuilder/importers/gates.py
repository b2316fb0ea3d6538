"""Activations that are spelt out: ``relu6(x + 3) / 6``, and a value times its own sigmoid.

The numbers have to be just these: as floats, a sixth may come as a factor or as a divisor.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import isclose

from graphbuilder.importers.traced import Call
from graphbuilder.ir import Value

_GATES = {"sigmoid": "silu", "hardsigmoid": "hardswish"}


def gated(calls: Sequence[Call]) -> list[Call]:
    """``x * sigmoid(x)`` is one activation."""
    gates = {call.name: call for call in calls if call.op in _GATES}
    found: list[Call] = []
    for call in calls:
        if call.op == "mul" and len(call.inputs) == 2:
            gate = next((each for each in call.inputs if each.node in gates), None)
            others = tuple(each for each in call.inputs if each != gate)
            if gate and others == gates[gate.node].inputs:
                call = replace(call, op=_GATES[gates[gate.node].op], inputs=others, args={})
        found.append(call)
    return found


def hardened(calls: Sequence[Call]) -> list[Call]:
    """A sixth of ``relu6(x + 3)`` is a hard sigmoid, and a sixth of that times ``x`` a hard swish."""
    by_name = {call.name: call for call in calls}
    found: list[Call] = []
    for call in calls:
        above = by_name.get(call.inputs[0].node) if call.inputs and _is_sixth(call) else None
        if above and (x := _moved(above, by_name)):
            call = replace(call, op="hardsigmoid", inputs=(x,), args={})
        elif above and above.op == "mul" and len(above.inputs) == 2:
            moved = [_moved(by_name.get(value.node), by_name) for value in above.inputs]
            whole = next((x for x, other in zip(moved, reversed(above.inputs), strict=True) if x == other), None)
            call = replace(call, op="hardswish", inputs=(whole,), args={}) if whole else call
        found.append(call)
    return found


def _is_sixth(call: Call) -> bool:
    if call.op == "scale" and call.args.get("learn") is False:
        return _is(call.args.get("value"), 1 / 6)
    return call.op == "rescale" and _is(call.args.get("scale"), 1 / 6) and not call.args.get("offset")


def _moved(call: Call | None, by_name: Mapping[str, Call]) -> Value | None:
    """What ``call`` is ``relu6(x + 3)`` of."""
    bounded = call is not None and (
        call.op == "relu6" or (call.op == "clamp" and _is(call.args.get("min"), 0) and _is(call.args.get("max"), 6))
    )
    above = by_name.get(call.inputs[0].node) if call and bounded else None
    if above is None or above.op != "rescale" or not _is(above.args.get("offset"), 3):
        return None
    return above.inputs[0] if _is(above.args.get("scale", 1.0), 1) else None


def _is(value: object, number: float) -> bool:
    return isinstance(value, int | float) and isclose(value, number, rel_tol=1e-6)
