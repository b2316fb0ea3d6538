"""What only the type of a value tells of a call: whether an axis is that of the channels, and which axes are places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import isinf

from graphbuilder.importers.attending import MERGED, SPLIT
from graphbuilder.importers.sizes import listed, paired, short
from graphbuilder.importers.traced import Call
from graphbuilder.ir import TensorType
from graphbuilder.ops import find

# What is no op by itself, where nothing that it is a part of was found around it.
_PARTS = {
    **dict.fromkeys((SPLIT, MERGED), "heads of windows, but for attention within these"),
    "root": "a number divided by a root, but for that of a mean square that a value is divided by",
    "stack": "values stacked along the batch",
}
# Axes moved to where channels go, of values that have theirs there already.
_TURNED = (("channelslast", "last"), ("channelsfirst", "first"))
# What there is for channels alone.
_OF_CHANNELS = {
    "l2norm": "a division by lengths along places",
    "rmsnorm": "a norm by the root mean square along places",
    "scale": "learnt factors along places",
    "rescale": "constants that differ from place to place",
}


class Unsettled(Exception):
    """The catalogue has no such op on a value of such a type; the message says what is missing."""


def settled(call: Call, inputs: Sequence[TensorType], *, is_last: bool) -> Call:
    """``call`` on values of the types ``inputs`` in the catalogue's own terms.

    Args:
        is_last: whether linear layers and norms are over the last axis, whatever it holds (torch).

    Raises:
        Unsettled: there are none.
    """
    if find(call.op) is None:
        raise Unsettled(_PARTS[call.op])
    if call.op == "parameter" and len(call.args["shape"]) == inputs[0].rank and inputs[0].layout == "last":
        return replace(call, args={**call.args, "layout": "channels_last"})
    if is_last and (call.op, inputs[0].layout) in _TURNED:
        axes = list(range(inputs[0].rank))
        turned = [*axes[1:], 0] if call.op == "channelslast" else [axes[-1], *axes[:-1]]
        return replace(call, op="permute", args={"axes": turned})
    if "all" in call.args:
        return settled(_sided(call, inputs[0]), inputs, is_last=is_last)
    if call.op == "roll":
        return _rolled(call, inputs[0])
    if call.op == "reduce":
        return _reduced(call, inputs[0])
    if is_last and call.op in ("linear", "layernorm") and inputs[0].channel_axis != inputs[0].rank - 1:
        return _of_last(call, inputs[0])
    if is_last and call.op == "reshape" and _may_be_last(inputs[0]) and len(call.args["shape"]) > 1:
        return _reshaped(call, inputs[0])
    if "axis" not in call.args:
        return _stretched(call, inputs)
    return _of_axis(call, inputs[0]) if is_last or call.op != "concat" else _concatenated(call, inputs[0].rank)


def _stretched(call: Call, inputs: Sequence[TensorType]) -> Call:
    """Sums of what frameworks stretch to one shape say so here."""
    is_uneven = call.op in ("add", "sub") and len({each.shape for each in inputs}) > 1
    return replace(call, args={**call.args, "stretch": True}) if is_uneven else call


def _of_axis(call: Call, type_: TensorType) -> Call:
    """The axis of the channels is the one that is meant where none is said."""
    axis = call.args["axis"]
    if axis is None:
        return call
    if axis != type_.channel_axis:
        if call.op in _OF_CHANNELS:
            raise Unsettled(_OF_CHANNELS[call.op])
        return call
    if _is_wanted("axis", call.op):
        return call
    return replace(call, args={name: value for name, value in call.args.items() if name != "axis"})


def _is_wanted(name: str, op: str) -> bool:
    """Whether an op has no default for an argument."""
    found = find(op)
    field = found.model_fields.get(name) if found else None
    return field is not None and field.is_required()


def _concatenated(call: Call, rank: int) -> Call:
    """Keras counts the batch as axis 0, and has its channels last."""
    axis = call.args["axis"] % (rank + 1)
    if not axis:
        raise Unsettled("values concatenated along the batch")
    return replace(call, args={} if axis == rank else {"axis": axis})


def _of_last(call: Call, type_: TensorType) -> Call:
    if call.op == "linear":
        return replace(call, args={**call.args, "axis": type_.rank - 1})
    raise Unsettled("layer normalisation over places")


def _may_be_last(type_: TensorType) -> bool:
    return type_.layout == "last" or type_.rank == 1


def _reshaped(call: Call, type_: TensorType) -> Call:
    """Channels that are last stay so, where the last axis stays or is cut; a vector's go where its axis went."""
    shape = call.args["shape"]
    is_cut = type_.rank > 1 and tuple(shape[: type_.rank - 1]) == type_.shape[:-1]
    if not is_cut and (shape[-1] != type_.channels or (type_.rank == 1 and shape[0] == type_.channels)):
        return call
    return replace(call, args={**call.args, "layout": "channels_last"})


def _sided(call: Call, type_: TensorType) -> Call:
    """What is added to places, or taken from them, of what is said of all axes."""
    if isinf(call.args.get("value", 0.0)):
        raise Unsettled(f"padding by {call.args['value']}, but for a max pool that it is the padding of")
    args = dict(call.args)
    pairs = listed(args.pop("all"))
    if any(pairs.pop(type_.channel_axis)):
        raise Unsettled("channels padded, or taken away by a padding")
    return replace(call, args={**args, "sides": paired(pairs)})


def _reduced(call: Call, type_: TensorType) -> Call:
    kind, keep = call.args["kind"], call.args["keep"]
    axes = listed(call.args["over"])
    places = [axis for axis in range(type_.rank) if axis != type_.channel_axis]
    if axes == places and kind in ("mean", "max"):
        return replace(call, op={"mean": "globalavgpool", "max": "globalmaxpool"}[kind], args={"keep": keep})
    if axes == places:
        return replace(call, args={**call.args, "over": "places"})
    if axes == [type_.channel_axis] and type_.rank > 1:
        return replace(call, args={**call.args, "over": "channels"})
    if len(axes) > 1:
        raise Unsettled(f"the {kind} over {len(axes)} axes that are not all places")
    return replace(call, args={**call.args, "over": axes[0]})


def _rolled(call: Call, type_: TensorType) -> Call:
    shifts = [shift for axis, shift in enumerate(call.args["shift"]) if axis != type_.channel_axis]
    if call.args["shift"][type_.channel_axis]:
        raise Unsettled("channels rolled")
    return replace(call, args={"shift": short(shifts)})
