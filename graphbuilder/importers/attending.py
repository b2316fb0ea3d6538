"""Attention as frameworks spell it out, in ten calls that reshape and exchange axes, brought to the ops that say it.

Heads are cut from the channels and merged again, scores made and weighed; of each a rule makes one op, and of those
whole attention, where all of it is there. What has another form stays as it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from math import prod
from typing import Any, NamedTuple

from graphbuilder.importers.sizes import listed
from graphbuilder.importers.traced import Call
from graphbuilder.ir import Value

Calls = Sequence[Call]

# Heads of windows, cut and merged: no ops by themselves, but parts of attention.
SPLIT, MERGED = "windowheads", "windowmerge"

_CLOSE = 1e-6
# What scores are made by, of tokens.
_OF_SCORES = ("matmul", "scale", "permute", "reshape", "select", "split", "linear")
# Axes of scores: heads, queries, keys.
_SCORES = 3


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
    for rule in (_beside, _cut, _merged, _product, _attend, _of_heads, _attention, _biased):
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
    made: set[str] = set()
    weighed = _weighed(calls)
    for call in calls:
        is_heads = call.op == "permute" and (len(call.args["axes"]) == 3 or call.name in weighed)
        axes = _behind(call.args["axes"]) if is_heads else None
        above = known.by_name.get(call.inputs[0].node) if axes in ([1, 0, 2], [1, 2, 0]) else None
        cut = _part(above, known) or _single(above, known) if above else None
        if cut is None:
            found.append(call)
            continue
        found += [step for step in cut.steps if step.name not in made]
        made |= {step.name for step in cut.steps}
        turned = axes == [1, 2, 0]
        name = f"{call.name}_heads" if turned else call.name
        shape = (*call.shape[:-2], call.shape[-1], call.shape[-2]) if turned else call.shape
        op = "splitheads" if len(shape) == 3 else SPLIT
        found.append(replace(call, name=name, op=op, args={"heads": cut.heads}, inputs=(cut.source,), shape=shape))
        if turned:
            last = len(shape) - 1
            swapped = [*range(last - 1), last, last - 1]
            found.append(replace(call, args={"axes": swapped}, inputs=(Value(name),)))
    return found


def _weighed(calls: Calls) -> set[str]:
    """The calls that attention may read as they are, scaled, or turned."""
    found: set[str] = set()
    for call in reversed(calls):
        if call.op in ("attend", "matmul", "scale") or (call.op == "permute" and call.name in found):
            found.update(value.node for value in call.inputs)
    return found


def _behind(axes: Sequence[int]) -> list[int]:
    """The order of the last three axes among themselves, where those before them, of windows, stay in front."""
    windows = len(axes) - 3
    is_kept = windows >= 0 and list(axes[:windows]) == list(range(windows))
    return [axis - windows for axis in axes[windows:]] if is_kept else []


class _Cut(NamedTuple):
    """What is cut into heads, how many they are, and the calls that it takes besides."""

    source: Value
    heads: int
    steps: tuple[Call, ...] = ()


def _single(reshape: Call, known: _Known) -> _Cut | None:
    """Tokens N x C as N x heads x C/heads."""
    shape = _reshaped(reshape)
    if len(shape) < 3 or known.shape(reshape.inputs[0]) != (*shape[:-2], shape[-2] * shape[-1]):
        return None
    return _Cut(reshape.inputs[0], shape[-2])


def _part(select: Call, known: _Known) -> _Cut | None:
    """One of the parts in N x parts x heads x C, as tokens cut into parts."""
    reshape = known.by_name.get(select.inputs[0].node) if select.op == "select" else None
    shape = _reshaped(reshape)
    places = len(shape) - 3
    if reshape is None or places < 1 or select.args["axis"] != places:
        return None
    parts, heads, width = shape[places:]
    source, tokens = reshape.inputs[0], (*shape[:places], parts * heads * width)
    if known.shape(source)[-1:] != tokens[-1:]:
        return None
    steps: list[Call] = []
    if known.shape(source) != tokens:
        # Windows that stand by rows and columns stand in one row from here.
        name = f"{reshape.name}_tokens"
        steps.append(replace(reshape, name=name, args={"shape": list(tokens)}, inputs=(source,), shape=tokens))
        source = Value(name)
    args = {"count": parts, "axis": places}
    split = replace(reshape, name=f"{reshape.name}_parts", op="split", args=args, inputs=(source,), shape=())
    return _Cut(Value(split.name, str(select.args["index"])), heads, (*steps, split))


def _reshaped(call: Call | None) -> list[int]:
    return listed(call.args["shape"]) if call and call.op == "reshape" else []


def _merged(calls: Calls, known: _Known) -> Calls:
    """Heads exchanged with the places, and put side by side in the channels."""
    found: list[Call] = []
    for call in calls:
        above = known.by_name.get(call.inputs[0].node) if call.op == "reshape" else None
        if above is None or not _are_heads(above, known) or call.args["shape"][-1] != prod(above.shape[-2:]):
            found.append(call)
            continue
        *places, heads, width = above.shape
        op, shape = "mergeheads" if len(places) == 1 else MERGED, (*places, heads * width)
        if tuple(call.args["shape"]) == shape:
            found.append(replace(call, op=op, args={}, inputs=above.inputs))
            continue
        # Windows that stood in one row stand by rows and columns from here.
        name = f"{call.name}_merged"
        found.append(replace(call, name=name, op=op, args={}, inputs=above.inputs, shape=shape, label=""))
        found.append(replace(call, inputs=(Value(name),)))
    return found


def _are_heads(permute: Call, known: _Known) -> bool:
    """Whether a call exchanges heads with places; those of windows are told by what gives them."""
    if permute.op != "permute" or _behind(permute.args["axes"]) != [1, 0, 2] or len(permute.shape) < 3:
        return False
    source = known.by_name.get(permute.inputs[0].node)
    return len(permute.shape) == 3 or (source is not None and source.op in ("attend", "matmul"))


def _product(calls: Calls, known: _Known) -> Calls:
    """A product of matrices of which the second is turned."""
    found: list[Call] = []
    for call in calls:
        turned = known.by_name.get(call.inputs[1].node) if call.op == "matmul" else None
        if turned and turned.op == "permute" and _behind(turned.args["axes"]) == [0, 2, 1]:
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
    exponentials = known.above(weights, "softmax", axis=len(call.shape) - 1)
    if exponentials is None:
        return None
    weighed, biases = _unbiased(exponentials.inputs[0], known)
    scores, factor = _unscaled(weighed, known)
    product = known.above(scores, "matmul", transpose=True)
    if product is None:
        return None
    query, scaled = _unscaled(product.inputs[0], known)
    width = known.shape(product.inputs[0])[-1:]
    scale = factor * scaled
    if not width or abs(scale - width[0] ** -0.5) > _CLOSE:
        args["scale"] = scale
    return replace(call, op="attend", args=args, inputs=(query, product.inputs[1], value, *biases))


def _beside(calls: Calls, known: _Known) -> Calls:
    """What is learnt beside scores reads what they are made of, so that it is no reader of these."""
    return [replace(call, inputs=(_source(call, known),)) if call.op == "parameter" else call for call in calls]


def _source(learnt: Call, known: _Known) -> Value:
    """What its samples are told by: further up, behind the parts of attention in the same module."""
    value = learnt.inputs[0]
    above = known.by_name.get(value.node)
    if above is None or above.op != "matmul":
        return value
    while above and above.scope == learnt.scope and above.op in _OF_SCORES:
        value = above.inputs[0]
        above = known.by_name.get(value.node)
    return value


def _unbiased(value: Value, known: _Known) -> tuple[Value, tuple[Value, ...]]:
    """Scores without the learnt numbers that are added to those of every head, and these."""
    added = known.above(value, "add")
    for number, each in enumerate(added.inputs if added and len(added.inputs) == 2 else ()):
        learnt = known.above(each, "parameter")
        if added and learnt and tuple(learnt.args["shape"]) == added.shape and len(added.shape) == _SCORES:
            return added.inputs[1 - number], (each,)
    return value, ()


def _unscaled(value: Value, known: _Known) -> tuple[Value, float]:
    """What a constant is multiplied with, and the constant."""
    scale = known.above(value, "scale", learn=False)
    return (scale.inputs[0], scale.args["value"]) if scale else (value, 1.0)


def _of_heads(calls: Calls, known: _Known) -> Calls:
    """Attention of heads that are cut before and merged behind."""
    found: list[Call] = []
    for call in calls:
        attend = known.above(call.inputs[0], "attend") if call.op in ("mergeheads", MERGED) else None
        op = "splitheads" if call.op == "mergeheads" else SPLIT
        cuts = [known.above(value, op) for value in attend.inputs[:3]] if attend else []
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
    if first is None or [value.port for value in attend.inputs] != ["0", "1", "2"]:
        return None
    if not (first.has_weights and call.has_weights):
        return None
    known_width = known.shape(first.inputs[0])[-1:]
    width = first.args["out"] // 3
    if known_width != (call.args["out"],) or width % attend.args["heads"]:
        return None
    args = {**attend.args, "qkv_bias": first.args["bias"], "bias": call.args["bias"]}
    if width != known_width[0]:
        args["head_dim"] = width // attend.args["heads"]
    leaves = {
        f"{part}.{leaf}": linear.tensor(leaf)
        for part, linear in (("qkv", first), ("proj", call))
        for leaf in ("weight", *(["bias"] if linear.args["bias"] else []))
    }
    return replace(call, op="attention", args=args, inputs=first.inputs, label="", leaves=leaves)


def _biased(calls: Calls, known: _Known) -> Calls:
    """Heads that attend each by itself, as windows do, have a bias for each of these windows."""
    found: list[Call] = []
    for call in calls:
        bias = known.by_name.get(call.inputs[3].node) if call.op == "attend" and len(call.inputs) > 3 else None
        shape = _apart(bias) if bias and "heads" not in call.args else None
        if bias and shape:
            name = f"{bias.name}_windows"
            found.append(Call(name, "reshape", {"shape": shape}, (Value(bias.name),), bias.scope, where=bias.where))
            call = replace(call, inputs=(*call.inputs[:3], Value(name)))
        found.append(call)
    return found


def _apart(bias: Call) -> list[int] | None:
    """The shape of a bias of one head for each of several windows, where it is one of several heads."""
    if bias.op == "parameter" and len(bias.args["shape"]) == _SCORES:
        return [1, *bias.args["shape"]]
    if bias.op != "relativebias":
        return None
    places = prod(bias.args["window"]) + bias.args.get("token", False)
    return [1, bias.args["heads"], places, places]
