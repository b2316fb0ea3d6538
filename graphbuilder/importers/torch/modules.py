"""Modules that are one op here, where a trace shows many calls: told by their class, with their settings and weights.

Classes are known by name, so that no library of theirs is imported. Attention of torch's own attends to one value.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Generator, Iterable, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

from torch import nn
from torch.nn import functional

from graphbuilder.importers.sizes import short
from graphbuilder.importers.torch.terms import Made, Tensors, Unknown
from graphbuilder.importers.torch.windowed import KINDS, is_marked
from graphbuilder.ir import Value

# What layers that drop something call the rate at which they do.
_RATES = ("drop_prob", "p", "prob", "rate")


class Whole(NamedTuple):
    """A module, its path, what it is a part of, what its calls read, and the last of them."""

    module: Any
    path: str
    within: Any
    read: Any
    last: Any


class _Said(NamedTuple):
    """An op, its arguments, and its weights: ours, below the op, to the module's."""

    op: str
    args: dict[str, Any]
    weights: dict[str, str]


def wholes(nodes: Iterable[Any], model: nn.Module, state: Collection[str]) -> Mapping[Any, Whole]:
    """The module that each call is a part of, for those of modules that are one op of one value.

    Args:
        state: the names of the nodes that are tensors of the model.
    """
    named: list[tuple[str, nn.Module]] = [*model.named_modules()]  # pyright: ignore[reportUnknownMemberType]
    modules = {path: each for path, each in named if type(each).__name__ in _KNOWN}
    inside: dict[str, list[Any]] = defaultdict(list)
    for node in nodes:
        paths = {path.split("@")[0] for path, _ in node.meta.get("nn_module_stack", {}).values()}
        for path in paths & modules.keys() if node.op == "call_function" else ():
            inside[path].append(node)
    found: dict[Any, Whole] = {}
    for path, calls in inside.items():
        read = {each for call in calls for each in call.all_input_nodes if each not in calls and "val" in each.meta}
        values = [each for each in read if each.name not in state]
        is_one = type(modules[path]).__name__ not in KINDS or is_marked(calls)
        if len(values) == 1 and is_one and getattr(modules[path], "batch_first", True):
            within = model.get_submodule(path.rpartition(".")[0])
            found |= dict.fromkeys(calls, Whole(modules[path], path, within, values[0], calls[-1]))
    return found


def made_of_whole(node: Any, whole: Whole, tensors: Tensors) -> list[Made] | None:
    """The ops of a module, mostly one, for the last of its calls, and nothing for the others.

    Raises:
        Unknown: it is set to what our op cannot do.
    """
    if node is not whole.last:
        return None
    kind = type(whole.module).__name__
    if kind == "RelativePositionalMultiHeadAttention":
        return _biased_attention(whole, tensors.value(whole.read), node.name)
    said = _shifted_attention(whole.module, whole.within) if kind in KINDS else _OPS[kind](whole.module)
    return [Made(said.op, said.args, (tensors.value(whole.read),), _owned(whole, said.weights))]


def _owned(whole: Whole, weights: Mapping[str, str]) -> dict[str, str]:
    return {ours: f"{whole.path}.{theirs}" for ours, theirs in weights.items()}


@contextmanager
def dropping(model: nn.Module) -> Generator[None]:
    """``model`` with a dropout that is traced wherever it has stochastic depth, which does nothing in evaluation.

    A place without depth of its own, ``Identity`` under the name that others have theirs, has the rate 0.
    """
    named: list[tuple[str, nn.Module]] = [*model.named_modules()]  # pyright: ignore[reportUnknownMemberType]
    depths = {path: each for path, each in named if is_depth(type(each).__name__) and _rate(each) is not None}
    names = {path.rpartition(".")[2] for path in depths}
    empty = [each for path, each in named if type(each) is nn.Identity and path.rpartition(".")[2] in names]
    changed: list[Any] = [*depths.values(), *empty]
    for each in changed:
        each.forward = _traced(_rate(each) or 0.0)
    try:
        yield
    finally:
        for each in changed:
            del each.forward


def is_depth(kind: str) -> bool:
    """Whether a class of that name is stochastic depth."""
    return kind.rpartition(".")[2] in ("DropPath", "StochasticDepth")


def undone(model: nn.Module, traced: Collection[str], called: Collection[str] | None) -> tuple[str, ...]:
    """The classes of layers of ``model`` that drop something in training in a way that no call of a trace tells.

    Args:
        traced: the paths of the modules that calls stand in.
        called: those of the modules that are called in training; None where that is not known.
    """
    named: list[tuple[str, nn.Module]] = [*model.named_modules()]  # pyright: ignore[reportUnknownMemberType]
    left = [each for path, each in named if path not in traced and (called is None or path in called)]
    rest = [each for each in left if not type(each).__module__.startswith("torch.nn.")]
    kinds = {type(each).__name__ for each in rest if any(getattr(each, name, None) for name in _RATES)}
    return tuple(sorted(kind for kind in kinds if is_depth(kind) or "drop" in kind.lower()))


def _rate(module: Any) -> float | None:
    """The rate of stochastic depth by the sample; None where it is by the batch."""
    if getattr(module, "mode", "row") != "row":
        return None
    return float(getattr(module, "drop_prob", None) or getattr(module, "p", None) or 0.0)


def _traced(rate: float) -> Callable[[Any], Any]:
    return lambda x: functional.dropout(x, rate, training=False)


def _attention(module: Any) -> _Said:
    if module.in_proj_weight is None or module.bias_k is not None or module.add_zero_attn:
        raise Unknown("attention with keys or values of its own")
    has_bias = module.in_proj_bias is not None
    names = {"qkv.weight": "in_proj_weight", "qkv.bias": "in_proj_bias"}
    names |= {"proj.weight": "out_proj.weight", "proj.bias": "out_proj.bias"}
    args = {"heads": module.num_heads, "qkv_bias": has_bias, "bias": has_bias}
    dropout = {"dropout": module.dropout} if module.dropout else {}
    return _Said("attention", {**args, **dropout}, _kept(names, has_bias, has_bias))


def _window_attention(module: Any) -> _Said:
    """torchvision's of Swin, by learnt biases."""
    qkv, proj = module.qkv.bias is not None, module.proj.bias is not None
    names = {f"{part}.{leaf}": f"{part}.{leaf}" for part in ("qkv", "proj") for leaf in ("weight", "bias")}
    args = {"heads": module.num_heads, "window": short(module.window_size), "shift": short(module.shift_size)}
    biases = {"qkv_bias": qkv, "bias": proj}
    weights = {"bias.weight": "relative_position_bias_table", **_kept(names, qkv, proj)}
    return _Said("windowattention", {**args, **biases}, weights)


def _shifted_attention(module: Any, block: Any) -> _Said:
    """timm's of Swin; how far windows are moved, the block knows that it is a part of."""
    if module.proj_drop.p:
        raise Unknown("attention in windows with a dropout behind it")
    windowed = _Windowed(module, block.shift_size)
    said = _cosine_attention(windowed) if windowed.cpb_mlp else _window_attention(windowed)
    if getattr(module, "q_bias", None) is not None:
        weights = {**said.weights, "qkv.bias": "{q_bias+zeros+v_bias}"}
        said = said._replace(args={**said.args, "qkv_bias": True}, weights=weights)
    dropout = {"dropout": module.attn_drop.p} if module.attn_drop.p else {}
    return said._replace(args={**said.args, **dropout})


class _Windowed:
    """Attention of timm's under torchvision's names."""

    def __init__(self, module: Any, shift: Any) -> None:
        self.qkv, self.proj, self.num_heads = module.qkv, module.proj, module.num_heads
        self.window_size, self.shift_size = [*module.window_size], [*shift]
        self.cpb_mlp = getattr(module, "cpb_mlp", None)


def _biased_attention(whole: Whole, windows: Value, name: str) -> list[Made]:
    """torchvision's of MaxViT, which attends in each window of tokens that it is given."""
    module = whole.module
    heads, width = {"heads": module.n_heads}, module.to_qkv.in_features
    cut, split, bias, attended = (f"{name}#{number}" for number in range(4))
    parts = tuple(Value(split, port) for port in "012")

    def linear(out: int, value: Value, theirs: str) -> Made:
        names = {leaf: f"{theirs}.{leaf}" for leaf in ("weight", "bias")}
        return Made("linear", {"out": out, "bias": True}, (value,), _owned(whole, names))

    table = _owned(whole, {"weight": "relative_position_bias_table"})
    return [
        linear(3 * width, windows, "to_qkv"),
        Made("split", {"count": 3, "axis": 2}, (Value(cut),), {}),
        Made("relativebias", {**heads, "window": module.size}, (windows,), table),
        Made("attend", {**heads, "scale": module.scale_factor}, (*parts, Value(bias)), {}),
        linear(width, Value(attended), "merge"),
    ]


def _cosine_attention(module: Any) -> _Said:
    """torchvision's of Swin V2, by cosines and biases that a network makes."""
    said = _window_attention(module)
    widen, narrow = module.cpb_mlp[0], module.cpb_mlp[2]
    weights = {ours: theirs for ours, theirs in said.weights.items() if ours != "bias.weight"}
    weights |= {"attend.scale": "logit_scale", "bias.narrow.weight": "cpb_mlp.2.weight"}
    weights |= {f"bias.widen.{leaf}": f"cpb_mlp.0.{leaf}" for leaf in ("weight", "bias")}
    if narrow.bias is not None or widen.bias is None:
        raise Unknown("a network for biases that has others of its own")
    return said._replace(args={**said.args, "cosine": True, "hidden": widen.out_features}, weights=weights)


def _kept(names: Mapping[str, str], qkv: bool, proj: bool) -> dict[str, str]:
    """``names`` without those of biases that are not there."""
    gone = {*(() if qkv else ("qkv.bias",)), *(() if proj else ("proj.bias",))}
    return {ours: theirs for ours, theirs in names.items() if ours not in gone}


def _response_norm(module: Any) -> _Said:
    return _Said("globalresponsenorm", {"eps": module.eps}, {"weight": "weight", "bias": "bias"})


def _neighbours_norm(module: Any) -> _Said:
    args = {"size": module.size, "alpha": module.alpha, "beta": module.beta, "k": float(module.k)}
    return _Said("localresponsenorm", args, {})


def _standardised(module: Any) -> _Said:
    """timm's convolutions whose kernels are standardised, with a learnt gain (``ScaledStdConv2d``) or without."""
    args = {
        "out": module.out_channels,
        "kernel": short(module.kernel_size),
        "stride": short(module.stride),
        "padding": "same" if getattr(module, "same_pad", False) else short(module.padding),
        "dilation": short(module.dilation),
        "groups": module.groups,
        "bias": module.bias is not None,
        "eps": module.eps,
    }
    weights = {"weight": "weight", **({"bias": "bias"} if module.bias is not None else {})}
    if not hasattr(module, "gain"):
        return _Said("stdconv", args, weights)
    gamma = round(module.scale * module.weight[0].numel() ** 0.5, 12)
    return _Said("stdconv", {**args, "gain": True, "gamma": gamma}, {**weights, "gain": "gain"})


_OPS: Mapping[str, Callable[[Any], _Said]] = {
    "GlobalResponseNorm": _response_norm,
    "LocalResponseNorm": _neighbours_norm,
    "MultiheadAttention": _attention,
    "ScaledStdConv2d": _standardised,
    "ScaledStdConv2dSame": _standardised,
    "ShiftedWindowAttention": _window_attention,
    "ShiftedWindowAttentionV2": _cosine_attention,
    "StdConv2d": _standardised,
    "StdConv2dSame": _standardised,
}
_KNOWN = {*_OPS, *KINDS, "RelativePositionalMultiHeadAttention"}
