"""Values of which another axis is to be the channels, so that an op can be said that looks at none of them in torch.

In a spec every value has its channels first or last. Torch knows no channels: it exchanges and takes any axes. Where
an op refuses for its input's layout alone, the same value is read with the other one, by a ``reshape`` to its shape.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import NamedTuple

from pydantic import ValidationError

from graphbuilder.importers.settled import Unsettled
from graphbuilder.importers.traced import Call
from graphbuilder.ir import Op, OpError, TensorType, Value
from graphbuilder.ops import find

# What means the same whichever axis holds the channels: axes are counted, or shapes are to agree.
_COUNTING = (
    "permute",
    "channelslast",
    "channelsfirst",
    "select",
    "reduce",
    "split",
    "slice",
    "concat",
    "softmax",
    "layernorm",
    "l2norm",
    "scale",
    "relativebias",
)
_AGREEING = ("attend", "splitheads", "mergeheads", "matmul", "add", "sub", "mul", "div", "max", "min", "mean")
# What torch does along the first axis, whatever that holds.
_OF_FIRST = (
    *("conv", "dwconv", "convtranspose", "stdconv", "batchnorm", "groupnorm", "instancenorm", "prelu", "resize"),
    *("maxpool", "avgpool", "adaptiveavgpool", "adaptivemaxpool", "globalavgpool", "globalmaxpool"),
    *("pixelshuffle", "pixelunshuffle", "channelshuffle", "localresponsenorm"),
)

Inputs = tuple[TensorType, ...]


class Known(NamedTuple):
    """A call in the catalogue's terms, its op, and the types of what it gives."""

    call: Call
    op: Op
    results: dict[Value, TensorType]


def recast(call: Call, inputs: Inputs, typed: Callable[[Call, Inputs], list[Known]]) -> list[Known]:
    """What a call of torch comes to: itself, behind the reshapes that its inputs need.

    Raises:
        OpError, ValidationError, Unsettled: it cannot be said, whatever axes are the channels.
    """
    if call.op in _OF_FIRST and any(type_.layout == "last" for type_ in inputs):
        return _behind_casts(call, inputs, tuple(type_._replace(layout="first") for type_ in inputs), typed)
    try:
        return typed(call, inputs)
    except (OpError, ValidationError, Unsettled):
        for others in _others(call, inputs):
            with suppress(OpError, ValidationError, Unsettled):
                return _behind_casts(call, inputs, others, typed)
        raise


def _behind_casts(
    call: Call, inputs: Inputs, others: Inputs, typed: Callable[[Call, Inputs], list[Known]]
) -> list[Known]:
    """A call on values of the types ``others``, and what makes its inputs such values."""
    (known,) = typed(call, others)
    casts = {
        number: _cast(call, number, other)
        for number, (type_, other) in enumerate(zip(inputs, others, strict=True))
        if type_ != other
    }
    reads = [Value(casts[number].call.name) if number in casts else value for number, value in enumerate(call.inputs)]
    return [*casts.values(), known._replace(call=replace(known.call, inputs=tuple(reads)))]


def _others(call: Call, inputs: Inputs) -> Iterator[Inputs]:
    if call.op not in (*_COUNTING, *_AGREEING):
        return
    for layout in ("last", "first"):
        others = tuple(type_._replace(layout=layout) if type_.rank > 1 else type_ for type_ in inputs)
        if others != inputs:
            yield others


def _cast(call: Call, number: int, type_: TensorType) -> Known:
    args = {"shape": list(type_.shape), "layout": "channels_last" if type_.layout == "last" else "channels_first"}
    name = f"{call.name}#read{number}"
    cast = Call(name, "reshape", args, (call.inputs[number],), call.scope, where=call.where, shape=type_.shape)
    reshape = find("reshape")
    assert reshape is not None
    return Known(cast, reshape.model_validate(args), {Value(name): type_})
