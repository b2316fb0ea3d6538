"""Calls brought to the forms in which the language says them: what frameworks spell out in several calls is one.

Each rule takes the calls and gives others that compute the same; weights keep their names.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from math import inf
from typing import Any

from graphbuilder.importers.attending import attending, needed
from graphbuilder.importers.gates import gated, hardened
from graphbuilder.importers.lengths import by_length, by_root
from graphbuilder.importers.offsets import settled_offsets
from graphbuilder.importers.sizes import each, is_one, listed, paired, short
from graphbuilder.importers.traced import Call, Traced
from graphbuilder.ir import Value

_WINDOW = ("kernel", "stride", "dilation")

Calls = Sequence[Call]
Renamed = dict[Value, Value]


def normalise(model: Traced) -> Traced:
    """``model`` after every rule, without what no output needs."""
    calls: Calls = model.calls
    outputs = model.outputs
    for rule in (
        _needed,
        _stacked,
        _normalised,
        _root_normed,
        _hardened,
        _rescaled,
        _undropped,
        _gathered,
        _padded,
        _kept,
        _pooled,
        _gated,
        _biased,
        _attended,
        _shuffled,
        _patched,
        _needed,
    ):
        calls, renamed = rule(calls, outputs)
        outputs = {name: renamed.get(value, value) for name, value in outputs.items()}
    return replace(model, calls=[replace(call, args=_spelt(call)) for call in calls], outputs=outputs)


Rule = Callable[[Calls, Mapping[str, Value]], tuple[Calls, Renamed]]


def _needed(calls: Calls, outputs: Mapping[str, Value]) -> tuple[Calls, Renamed]:
    return needed(calls, [value.node for value in outputs.values()]), {}


def _normalised(calls: Calls, outputs: Mapping[str, Value]) -> tuple[Calls, Renamed]:
    kept, _ = _needed(by_length(calls), outputs)
    return [_clamp(call) if call.op == "floor" else call for call in kept], {}


def _clamp(floor: Call) -> Call:
    return replace(floor, op="clamp", args={"min": float(floor.args["least"])})


def _root_normed(calls: Calls, outputs: Mapping[str, Value]) -> tuple[Calls, Renamed]:
    return _needed(by_root(calls, _readers(calls, outputs)), outputs)


def _undropped(calls: Calls, outputs: Mapping[str, Value]) -> tuple[Calls, Renamed]:
    """A dropout that drops nothing is nothing; stochastic depth stays where it is 0 at some depths only."""
    renamed: Renamed = {}
    deep = any(call.args["rate"] for call in calls if call.op == "droppath")
    for call in calls:
        if call.op in ("dropout", "droppath") and not call.args["rate"] and not (deep and call.op == "droppath"):
            renamed[Value(call.name)] = renamed.get(call.inputs[0], call.inputs[0])
    return _reading([call for call in calls if Value(call.name) not in renamed], renamed), renamed


def _stacked(calls: Calls, outputs: Mapping[str, Value]) -> tuple[Calls, Renamed]:
    """Values stacked on an axis that is then taken away are joined; else each gets the axis, to be put side by side."""
    stacks = {call.name: call for call in calls if call.op == "stack"}
    renamed: Renamed = {}
    found: list[Call] = []
    for call in calls:
        stack = stacks.get(call.inputs[0].node) if call.inputs else None
        kind = _JOINED.get(call.args["kind"]) if call.op == "reduce" and not call.args["keep"] else None
        if stack and call.op == "select" and call.args["axis"] == stack.args["axis"]:
            renamed[Value(call.name)] = stack.inputs[call.args["index"]]
        elif stack and kind and call.args["over"] == [stack.args["axis"]]:
            found.append(replace(call, op=kind, args={}, inputs=stack.inputs))
        else:
            found.append(call)
    read = _readers(found, outputs)
    pieces = (piece for call in found for piece in (_apart(call) if call.op == "stack" and read[call.name] else [call]))
    kept, _ = _needed(
        _reading([*pieces], renamed), {name: renamed.get(value, value) for name, value in outputs.items()}
    )
    return kept, renamed


# What values stacked and reduced are.
_JOINED = {"sum": "add", "mean": "mean", "max": "max", "min": "min"}


def _apart(stack: Call) -> list[Call]:
    axis = stack.args["axis"]
    if axis < 0:
        return [stack]
    shape = [*stack.shape[:axis], 1, *stack.shape[axis + 1 :]]
    parts = [
        replace(stack, name=f"{stack.name}#{number}", op="reshape", args={"shape": shape}, inputs=(value,), label="")
        for number, value in enumerate(stack.inputs)
    ]
    return [*parts, replace(stack, op="concat", inputs=tuple(Value(part.name) for part in parts))]


def _rescaled(calls: Calls, outputs: Mapping[str, Value]) -> tuple[Calls, Renamed]:
    """Constants by which a value is multiplied and shifted, and multiplied and shifted again, are one of each."""
    readers = _readers(calls, outputs)
    known: dict[str, Call] = {}
    gone: set[str] = set()
    for call in calls:
        above = known.get(call.inputs[0].node) if _is_constant(call) else None
        if above and _is_constant(above) and readers[above.name] == 1 and "rescale" in (above.op, call.op):
            gone.add(above.name)
            call = _at_once(above, call)
        known[call.name] = call
    return [call for call in known.values() if call.name not in gone], {}


def _is_constant(call: Call) -> bool:
    return call.op == "rescale" or (call.op == "scale" and call.args.get("learn") is False)


def _at_once(above: Call, call: Call) -> Call:
    factor, offset = _by_channel("*", _factor(above), _factor(call)), _by_channel("*", _offset(above), _factor(call))
    axes = {name: each.args["axis"] for each in (above, call) for name in ("axis",) if name in each.args}
    args = {"scale": factor, "offset": _by_channel("+", offset, _offset(call)), **axes}
    return replace(call, op="rescale", args=args, inputs=above.inputs)


def _factor(call: Call) -> Any:
    return call.args.get("scale" if call.op == "rescale" else "value", 1.0)


def _offset(call: Call) -> Any:
    return call.args.get("offset", 0.0)


def _by_channel(operator: str, left: Any, right: Any) -> Any:
    """Products or sums of numbers, or of lists of one a channel."""
    count = max(len(listed(left)), len(listed(right)), 1)
    pairs = zip(each(left, count), each(right, count), strict=True)
    return short([a * b if operator == "*" else a + b for a, b in pairs])


def _gathered(calls: Calls, outputs: Mapping[str, Value]) -> tuple[Calls, Renamed]:
    """A concatenation of a list that grew: the one before it, and what is new (DenseNet)."""
    known: dict[tuple[Value, ...], str] = {}
    found: list[Call] = []
    for call in calls:
        if call.op == "concat" and call.args.get("axis", 0) == 0:
            length = next((end for end in range(len(call.inputs), 1, -1) if call.inputs[:end] in known), 0)
            before = known.get(call.inputs[:length])
            known[call.inputs] = call.name
            if before is not None and length < len(call.inputs):
                call = replace(call, inputs=(Value(before), *call.inputs[length:]))
        found.append(call)
    return found, {}


def _padded(calls: Calls, outputs: Mapping[str, Value]) -> tuple[Calls, Renamed]:
    """Zeros before a convolution are its padding, and so is what is less than anything before a max pool."""
    readers = _readers(calls, outputs)
    pads = {
        call.name: call
        for call in calls
        if call.op == "pad" and readers[call.name] == 1 and call.args.get("mode", "constant") == "constant"
    }
    merged = {
        call.name: pad
        for call in calls
        if (pad := pads.get(call.inputs[0].node)) and pad.args.get("value", 0.0) == _nothing_to(call)
        and _is_unpadded(call) and not any(pad.args.get("all", [[]])[0])
    }  # fmt: skip
    gone = {pad.name for pad in merged.values()}
    found = [
        replace(call, inputs=merged[call.name].inputs, args={**call.args, "padding": merged[call.name].args["sides"]})
        if call.name in merged
        else call
        for call in calls
        if call.name not in gone
    ]
    return found, {}


def _nothing_to(call: Call) -> float | None:
    """What an op reads where it pads."""
    if call.op in ("conv", "dwconv", "sepconv"):
        return 0.0
    return -inf if call.op == "maxpool" and not call.args.get("ceil") else None


def _is_unpadded(call: Call) -> bool:
    return call.args.get("padding", "valid") in ("valid", 0)


def _pooled(calls: Calls, outputs: Mapping[str, Value]) -> tuple[Calls, Renamed]:
    """A global pool that keeps axes of 1, and then a flattening, is a pool that does not; dropout may stand between."""
    readers = _readers(calls, outputs)
    by_name = {call.name: call for call in calls}
    plain: set[str] = set()
    renamed: Renamed = {}
    for call in calls:
        if call.op != "flatten":
            continue
        above = by_name.get(call.inputs[0].node)
        while above and above.op == "dropout" and readers[above.name] == 1:
            above = by_name.get(above.inputs[0].node)
        if above and above.op == "globalavgpool" and above.args.get("keep") and readers[above.name] == 1:
            plain.add(above.name)
            renamed[Value(call.name)] = call.inputs[0]
    return _keeping(calls, plain, renamed, keep=False), renamed


def _kept(calls: Calls, outputs: Mapping[str, Value]) -> tuple[Calls, Renamed]:
    """A global pool, and then maps of one place made of its vector, is a pool that keeps axes of 1 (Keras)."""
    readers = _readers(calls, outputs)
    pools = {call.name for call in calls if call.op == "globalavgpool" and not call.args.get("keep")}
    renamed = {
        Value(call.name): call.inputs[0]
        for call in calls
        if call.op == "reshape" and is_one(call.args["shape"][1:]) and len(call.args["shape"]) == 3
        and call.inputs[0].node in pools and readers[call.inputs[0].node] == 1
    }  # fmt: skip
    return _keeping(calls, {value.node for value in renamed.values()}, renamed, keep=True), renamed


def _keeping(calls: Calls, pools: Collection[str], renamed: Renamed, *, keep: bool) -> Calls:
    """``calls`` without those renamed, and whether these ``pools`` keep their axes of 1."""
    found = [
        replace(call, args={**call.args, "keep": keep}) if call.name in pools else call
        for call in calls
        if Value(call.name) not in renamed
    ]
    return _reading(found, renamed)


def _hardened(calls: Calls, outputs: Mapping[str, Value]) -> tuple[Calls, Renamed]:
    return _needed(hardened(calls), outputs)


def _gated(calls: Calls, outputs: Mapping[str, Value]) -> tuple[Calls, Renamed]:
    return gated(calls), {}


def _biased(calls: Calls, outputs: Mapping[str, Value]) -> tuple[Calls, Renamed]:
    return settled_offsets(calls, _readers(calls, outputs)), {}


def _attended(calls: Calls, outputs: Mapping[str, Value]) -> tuple[Calls, Renamed]:
    return attending(calls, outputs.values()), {}


def _shuffled(calls: Calls, outputs: Mapping[str, Value]) -> tuple[Calls, Renamed]:
    """Maps reshaped and their axes exchanged: tokens, or channels shuffled."""
    by_name = {call.name: call for call in calls}
    found: list[Call] = []
    for call in calls:
        above = by_name.get(call.inputs[0].node)
        if above and call.op == "permute" and call.args["axes"] == [1, 0] and _is_flat(above):
            call = replace(call, op="tokens", args={}, inputs=above.inputs)
        elif above and call.op == "reshape" and above.op == "permute" and above.args["axes"][:2] == [1, 0]:
            first = by_name.get(above.inputs[0].node)
            shape = listed(first.args["shape"]) if first and first.op == "reshape" else []
            if first and shape and call.args["shape"] == [shape[0] * shape[1], *shape[2:]]:
                call = replace(call, op="channelshuffle", args={"groups": shape[0]}, inputs=first.inputs)
        found.append(call)
    return found, {}


def _patched(calls: Calls, outputs: Mapping[str, Value]) -> tuple[Calls, Renamed]:
    """Every other row and column of maps, channels last, in each of the four ways, one behind the other (Swin)."""
    by_name = {call.name: call for call in calls}
    found: list[Call] = []
    for call in calls:
        ways = [_other(value, by_name) for value in call.inputs] if call.op == "concat" else []
        sources = {way[0] for way in ways if way}
        if [way and way[1:] for way in ways] == _FOUR and len(sources) == 1 and call.args.get("axis") == 2:
            call = replace(call, op="patchmerge", args={}, inputs=(sources.pop(),))
        elif call.op == "reshape":
            call = _neighbours(call, by_name) or call
        found.append(call)
    return found, {}


def _neighbours(call: Call, by_name: Mapping[str, Call]) -> Call | None:
    """The like by axes cut in two, and those of the neighbours put before the channels."""
    permute = by_name.get(call.inputs[0].node)
    first = by_name.get(permute.inputs[0].node) if permute and permute.op == "permute" else None
    if permute is None or first is None or first.op != "reshape" or permute.args["axes"] != [0, 2, 3, 1, 4]:
        return None
    shape = listed(first.args["shape"])
    height, factor, width, other, channels = shape
    source = by_name.get(first.inputs[0].node)
    is_maps = source is not None and source.shape == (height * factor, width * factor, channels)
    if not is_maps or factor != other or call.args["shape"] != [height, width, channels * factor**2]:
        return None
    return replace(call, op="patchmerge", args={"factor": factor} if factor != 2 else {}, inputs=first.inputs)


# First rows and columns of the four, in their order.
_FOUR = [(0, 0), (1, 0), (0, 1), (1, 1)]


def _other(value: Value, by_name: Mapping[str, Call]) -> tuple[Value, int, int] | None:
    """What every other row and column is taken of, and the first of them."""
    columns = by_name.get(value.node)
    rows = by_name.get(columns.inputs[0].node) if columns else None
    if columns is None or rows is None or not (_is_every_other(rows, 0) and _is_every_other(columns, 1)):
        return None
    return rows.inputs[0], rows.args.get("start", 0), columns.args.get("start", 0)


def _is_every_other(call: Call, axis: int) -> bool:
    wanted = {"axis": axis, "step": 2, "stop": None}
    return call.op == "slice" and all(call.args.get(name) == value for name, value in wanted.items())


def _is_flat(call: Call) -> bool:
    """Whether a call puts all places of maps on one axis."""
    return call.op == "reshape" and len(call.args["shape"]) == 2


def _readers(calls: Calls, outputs: Mapping[str, Value]) -> Counter[str]:
    return Counter([value.node for call in calls for value in call.inputs] + [value.node for value in outputs.values()])


def _reading(calls: Calls, renamed: Renamed) -> Calls:
    return [replace(call, inputs=tuple(renamed.get(value, value) for value in call.inputs)) for call in calls]


def _spelt(call: Call) -> dict[str, Any]:
    """Its arguments with padding in words, where words say the same."""
    args = dict(call.args)
    if "padding" in args:
        args["padding"] = _padding(args)
    if call.op == "pad":
        args["sides"] = paired(args["sides"])
    return args


def _padding(args: Mapping[str, Any]) -> Any:
    padding = paired(args["padding"])
    if isinstance(padding, str):
        return padding
    rank = max(len(listed(size)) for size in (padding, *map(args.get, _WINDOW))) or 2
    kernel, dilation = (each(args.get(name, 1), rank) for name in ("kernel", "dilation"))
    half = [step * (size - 1) // 2 for size, step in zip(kernel, dilation, strict=True)]
    if is_one(padding, 0):
        return "valid"
    return "half" if each(padding, rank) == half else padding
