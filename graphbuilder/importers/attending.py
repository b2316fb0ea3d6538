"""Attention as frameworks spell it out, in ten calls that reshape and exchange axes, brought to the ops that say it.

Heads are cut from the channels and merged again, scores made and weighed; of each a rule makes one op, and of those
whole attention, where all of it is there. What has another form stays as it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from graphbuilder.importers.sizes import listed
from graphbuilder.importers.traced import Call
from graphbuilder.ir import Value

Calls = Sequence[Call]

_CLOSE = 1e-6


class _Known(NamedTuple):
    """All calls by name, and how often each is read."""

    by_name: Mapping[str, Call]
    readers: Counter[str]

    def above(self, value: Value, op: str, **args: Any) -> Call | None:
        """The call that gives ``value``, if it is that ``op`` with those arguments, and nothing else reads it."""
        call = self.by_name.get(value.node)
        if call is None or call.op != op or self.readers[call.name] != 1:
            return None
        return call if all(call.args.get(name) == wanted for name, wanted in args.items()) else None

    def shape(self, value: Value) -> tuple[int, ...]:
        call = self.by_name.get(value.node)
        return call.shape if call and value.port == "out" else ()


def attending(calls: Calls, outputs: Iterable[Value]) -> Calls:
    """``calls`` after every rule."""
    ends = [value.node for value in outputs]
    for rule in (_cut, _merged, _product, _attend, _of_heads, _attention):
        calls = needed(calls, ends)
        readers = Counter([value.node for call in calls for value in call.inputs] + ends)
        calls = rule(calls, _Known({call.name: call for call in calls}, readers))
    return calls


def needed(calls: Calls, ends: Iterable[str]) -> Calls:
    """``calls`` without those that the ``ends`` do not need."""
    read = {*ends}
    kept: list[Call] = []
    for call in reversed(calls):
        if call.name in read:
            read.update(value.node for value in call.inputs)
            kept.append(call)
    return kept[::-1]


def _cut(calls: Calls, known: _Known) -> Calls:
    """Channels reshaped to heads, and these exchanged with the places: heads; of several in one, each its part."""
    found: list[Call] = []
    parts: set[str] = set()
    for call in calls:
        axes = call.args.get("axes") if call.op == "permute" else None
        above = known.by_name.get(call.inputs[0].node) if axes in ([1, 0, 2], [1, 2, 0]) else None
        cut = _part(above, known) or _single(above, known) if above else None
        if cut is None:
            found.append(call)
            continue
        source, heads, split = cut
        if split is not None and split.name not in parts:
            parts.add(split.name)
            found.append(split)
        turned = axes == [1, 2, 0]
        name = f"{call.name}_heads" if turned else call.name
        shape = (heads, call.shape[-1], call.shape[-2]) if turned else call.shape
        found.append(replace(call, name=name, op="splitheads", args={"heads": heads}, inputs=(source,), shape=shape))
        if turned:
            found.append(replace(call, args={"axes": [0, 2, 1]}, inputs=(Value(name),)))
    return found


def _single(reshape: Call, known: _Known) -> tuple[Value, int, Call | None] | None:
    """Tokens N x C as N x heads x C/heads."""
    shape = _reshaped(reshape)
    if len(shape) != 3 or known.shape(reshape.inputs[0]) != (shape[0], shape[1] * shape[2]):
        return None
    return reshape.inputs[0], shape[1], None


def _part(select: Call, known: _Known) -> tuple[Value, int, Call | None] | None:
    """One of the parts in N x parts x heads x C, as tokens cut into parts."""
    reshape = known.by_name.get(select.inputs[0].node) if select.op == "select" else None
    shape = _reshaped(reshape)
    if reshape is None or len(shape) != 4 or select.args["axis"] != 1:
        return None
    places, parts, heads, width = shape
    if known.shape(reshape.inputs[0]) != (places, parts * heads * width):
        return None
    split = replace(reshape, name=f"{reshape.name}_parts", op="split", args={"count": parts, "axis": 1}, shape=())
    return Value(split.name, str(select.args["index"])), heads, split


def _reshaped(call: Call | None) -> list[int]:
    return listed(call.args["shape"]) if call and call.op == "reshape" else []


def _merged(calls: Calls, known: _Known) -> Calls:
    """Heads exchanged with the places, and put side by side in the channels."""
    found: list[Call] = []
    for call in calls:
        above = known.by_name.get(call.inputs[0].node) if call.op == "reshape" else None
        if above and above.op == "permute" and above.args["axes"] == [1, 0, 2] and len(above.shape) == 3:
            places, heads, width = above.shape
            if call.args["shape"] == [places, heads * width]:
                call = replace(call, op="mergeheads", args={}, inputs=above.inputs)
        found.append(call)
    return found


def _product(calls: Calls, known: _Known) -> Calls:
    """A product of matrices of which the second is turned."""
    found: list[Call] = []
    for call in calls:
        turned = known.by_name.get(call.inputs[1].node) if call.op == "matmul" else None
        if turned and turned.op == "permute" and turned.args["axes"] == [0, 2, 1]:
            call = replace(call, args={"transpose": True}, inputs=(call.inputs[0], turned.inputs[0]))
        found.append(call)
    return found


def _attend(calls: Calls, known: _Known) -> Calls:
    """Scores, their exponentials, and the values that these weigh."""
    return [_attended(call, known) or call for call in calls]


def _attended(call: Call, known: _Known) -> Call | None:
    if call.op != "matmul" or call.args:
        return None
    weights, value = call.inputs
    args: dict[str, Any] = {}
    if dropped := known.above(weights, "dropout"):
        weights, args = dropped.inputs[0], {"dropout": dropped.args["rate"]}
    exponentials = known.above(weights, "softmax", axis=2)
    if exponentials is None:
        return None
    scores, factor = _unscaled(exponentials.inputs[0], known)
    product = known.above(scores, "matmul", transpose=True)
    if product is None:
        return None
    query, scaled = _unscaled(product.inputs[0], known)
    width = known.shape(product.inputs[0])[-1:]
    scale = factor * scaled
    if not width or abs(scale - width[0] ** -0.5) > _CLOSE:
        args["scale"] = scale
    return replace(call, op="attend", args=args, inputs=(query, product.inputs[1], value))


def _unscaled(value: Value, known: _Known) -> tuple[Value, float]:
    """What a constant is multiplied with, and the constant."""
    scale = known.above(value, "scale", learn=False)
    return (scale.inputs[0], scale.args["value"]) if scale else (value, 1.0)


def _of_heads(calls: Calls, known: _Known) -> Calls:
    """Attention of heads that are cut before and merged behind."""
    found: list[Call] = []
    for call in calls:
        attend = known.above(call.inputs[0], "attend") if call.op == "mergeheads" else None
        cuts = [known.above(value, "splitheads") for value in attend.inputs[:3]] if attend else []
        heads = {cut.args["heads"] if cut else 0 for cut in cuts}
        if attend and len(heads) == 1 and 0 not in heads:
            sources = tuple(cut.inputs[0] for cut in cuts if cut)
            args = {"heads": heads.pop(), **attend.args}
            call = replace(attend, name=call.name, args=args, inputs=(*sources, *attend.inputs[3:]), shape=call.shape)
        found.append(call)
    return found


def _attention(calls: Calls, known: _Known) -> Calls:
    """A linear layer for queries, keys and values, attention, and a linear layer behind."""
    return [_whole(call, known) or call for call in calls]


def _whole(call: Call, known: _Known) -> Call | None:
    attend = known.above(call.inputs[0], "attend") if call.op == "linear" else None
    if attend is None or len(attend.inputs) != 3 or len({value.node for value in attend.inputs}) != 1:
        return None
    split = known.by_name.get(attend.inputs[0].node)
    if split is None or split.op != "split" or split.args.get("count") != 3 or known.readers[split.name] != 3:
        return None
    first = known.above(split.inputs[0], "linear")
    if first is None or [value.port for value in attend.inputs] != ["0", "1", "2"] or not (first.layer and call.layer):
        return None
    known_width = known.shape(first.inputs[0])[-1:]
    width = first.args["out"] // 3
    if known_width != (call.args["out"],) or width % attend.args["heads"]:
        return None
    args = {**attend.args, "qkv_bias": first.args["bias"], "bias": call.args["bias"]}
    if width != known_width[0]:
        args["head_dim"] = width // attend.args["heads"]
    leaves = {
        f"{part}.{leaf}": f"{linear.layer}.{leaf}"
        for part, linear in (("qkv", first), ("proj", call))
        for leaf in ("weight", *(["bias"] if linear.args["bias"] else []))
    }
    return replace(call, op="attention", args=args, inputs=first.inputs, label="", leaves=leaves)
