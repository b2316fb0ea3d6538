"""Torch's own attention, which a trace shows as twenty calls that exchange axes: told by its module, as one op."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from torch import nn

from graphbuilder.importers.torch.terms import Made, Tensors, Unknown


class Attention(NamedTuple):
    """A module, its path, what its calls read, and the last of them."""

    module: nn.MultiheadAttention
    path: str
    read: Any
    last: Any


def attentions(nodes: Iterable[Any], model: nn.Module) -> Mapping[Any, Attention]:
    """The attention that each call is a part of, for those of modules that attend to one value alone."""
    named: list[tuple[str, nn.Module]] = [*model.named_modules()]  # pyright: ignore[reportUnknownMemberType]
    modules = {path: each for path, each in named if isinstance(each, nn.MultiheadAttention)}
    inside: dict[str, list[Any]] = defaultdict(list)
    for node in nodes:
        paths = {path.split("@")[0] for path, _ in node.meta.get("nn_module_stack", {}).values()}
        for path in paths & modules.keys() if node.op == "call_function" else ():
            inside[path].append(node)
    found: dict[Any, Attention] = {}
    for path, calls in inside.items():
        read = {each for call in calls for each in call.all_input_nodes if each not in calls and "val" in each.meta}
        values = [each for each in read if each.op != "placeholder"]
        if len(values) == 1 and modules[path].batch_first:
            found |= dict.fromkeys(calls, Attention(modules[path], path, values[0], calls[-1]))
    return found


def attended(node: Any, attention: Attention, tensors: Tensors) -> Made | None:
    """One op for the last call of an attention, nothing for the others.

    Raises:
        Unknown: it has weights that our attention has not.
    """
    if node is not attention.last:
        return None
    module, path = attention.module, attention.path
    if module.in_proj_weight is None or module.bias_k is not None or module.add_zero_attn:  # pyright: ignore
        raise Unknown("attention with keys or values of its own")
    names = {"qkv.weight": "in_proj_weight", "qkv.bias": "in_proj_bias"}
    names |= {"proj.weight": "out_proj.weight", "proj.bias": "out_proj.bias"}
    has_bias = module.in_proj_bias is not None  # pyright: ignore[reportUnnecessaryComparison]
    weights = {ours: f"{path}.{theirs}" for ours, theirs in names.items() if has_bias or not ours.endswith("bias")}
    args = {"heads": module.num_heads, "qkv_bias": has_bias, "bias": has_bias}
    return Made("attention", args, (tensors.value(attention.read),), weights)
