"""Which params the class of a network takes as arguments: those that are arguments of its own ops, and nothing more.

A spec's front end says which params nothing but arguments of the model's own steps reads. Of these, one is left out
here unless changing it changes a constructor's argument of an op and nothing else that is written: it is tried with
other values, on the ops themselves. Types may change in their channels only, and no weights may follow from those.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from graphbuilder.backends.python.expressions import names, parse
from graphbuilder.backends.python.parts import OpPart, Part
from graphbuilder.ir import Op, OpError, TensorType, Value
from graphbuilder.ir.lowering import Lowering

# What a multiple hides (a stride beyond the whole map, groups that still divide), its neighbour or 1 shows.
TRIALS = 3
_WORDS = re.compile(r"[A-Za-z_]\w*")


def settable(params: Collection[str], parts: Mapping[str, Part]) -> list[str]:
    """Those of ``params`` that a caller of the network's class may set, given the parts of the network's body."""
    return [param for param in params if _is_settable(param, params, parts)]


def _is_settable(param: str, params: Collection[str], parts: Mapping[str, Part]) -> bool:
    reading = {name: found for name, part in parts.items() if (found := _reading(param, part))}
    printed = (
        (expr := parse(parts[name].node.written[field])) is not None and names(expr) <= {*params}
        for name, found in reading.items()
        for field in found
    )
    if not reading or not all(printed):
        return False
    held = [_holds(number, reading, parts) for number in range(TRIALS)]
    return True in held and False not in held


def _reading(param: str, part: Part) -> list[str]:
    """The arguments of a step that read ``param``."""
    return [field for field, written in part.node.written.items() if param in _WORDS.findall(written)]


def _other(value: object, trial: int) -> object:
    """Another value of the same kind; None where none is known."""
    match value:
        case bool():
            return not value
        case int():
            return (1, value + 1, 2 * value)[trial]
        case float():
            return (value / 2 or 0.5, value / 3 or 0.25, 0.0)[trial]
        case _:
            return None


def _holds(trial: int, reading: Mapping[str, Sequence[str]], parts: Mapping[str, Part]) -> bool | None:
    """Whether constructors' arguments are all that differs with other values; None where an op refuses those."""
    types: dict[Value, TensorType] = {}
    for name, part in parts.items():
        inputs = tuple(types.get(value, type_) for value, type_ in zip(part.node.inputs, part.inputs, strict=True))
        fields = reading.get(name, ())
        if not fields and inputs == part.inputs:
            continue
        changes = {field: _other(getattr(part.node.callee, field, None), trial) for field in fields}
        if not isinstance(part, OpPart) or None in changes.values():
            return False
        try:
            changed: Op = type(part.op)(**{**dict(part.op), **changes})
            given, lowering = changed.infer(inputs), changed.lower(inputs)
        except (OpError, ValueError):
            return None
        if lowering != _with(part.op.lower(part.inputs), changes):
            return False
        if [each.spatial for each in given] != [each.spatial for each in part.outputs]:
            return False
        types |= {Value(name, port): type_ for port, type_ in zip(part.node.results, given, strict=True)}
    return True


def _with(lowering: Lowering, changes: Mapping[str, object]) -> Lowering:
    """``lowering`` with other arguments of the constructor."""
    if lowering.module is None:
        return lowering
    args = [arg._replace(value=changes.get(arg.field or "", arg.value)) for arg in lowering.module.args]
    return lowering._replace(module=lowering.module._replace(args=tuple(args)))
