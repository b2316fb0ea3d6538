"""Windows that a graph folds into its batch, given an axis of their own behind it.

``x.view(-1, 7, 7, channels)`` makes a sample of every window. In a spec the batch stays what it is, so such a graph is
written anew: a value of ``batch * windows`` is one of ``batch x windows``, and what reads it counts its axes from
there. What does anything else with the batch leaves the graph as it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from torch.fx.passes.fake_tensor_prop import FakeTensorProp

from graphbuilder.importers.torch.terms import kind_of

_SHAPED = ("view", "reshape", "flatten", "_unsafe_view")
# What does the same at every place, or along the last axes alone.
_ALIKE = (
    *("add", "sub", "mul", "div", "gelu", "relu", "silu", "sigmoid", "tanh", "hardswish", "exp"),
    *("linear", "layer_norm", "rms_norm", "matmul", "scaled_dot_product_attention", "dropout"),
    *("clone", "contiguous", "alias", "detach", "to", "_assert_tensor_metadata"),
)
_ALONG = ("softmax", "unbind", "select", "slice", "chunk", "split", "split_with_sizes", "cat")
_EXCHANGING = ("transpose", "swapaxes", "swapdims")


class _Folded(NamedTuple):
    """How many windows a value has to a sample, and the axis on which both are."""

    windows: int
    axis: int = 0


class _Unknown(Exception):
    """Something is done with the batch that windows of their own cannot follow."""


def unfold(program: Any) -> None:
    """Write the graph of ``program`` anew where it folds windows into the batch, and the shapes of all its values."""
    inputs = {*program.graph_signature.user_inputs}
    nodes = [*program.graph.nodes]
    sizes = {node.meta["val"].shape[0] for node in nodes if node.name in inputs and len(node.meta["val"].shape)}
    if len(sizes) != 1:
        return
    try:
        changes = _changes(nodes, int(sizes.pop()))
    except _Unknown:
        return
    if not changes:
        return
    before = {node: (node.args, node.kwargs) for node in changes}
    for node, args in changes.items():
        node.args, node.kwargs = args, {key: each for key, each in node.kwargs.items() if key not in ("dim", "dims")}
    try:
        _shape_anew(program, nodes)
    except RuntimeError:  # what a call reads besides does not fit windows of their own
        for node, (args, kwargs) in before.items():
            node.args, node.kwargs = args, kwargs
        _shape_anew(program, nodes)


def _shape_anew(program: Any, nodes: list[Any]) -> None:
    """Tell every value of the graph its shape, as the calls are now."""
    program.graph_module.recompile()
    values = [node.meta["val"] for node in nodes if node.op == "placeholder"]
    mode = next((value.fake_mode for value in values if hasattr(value, "fake_mode")), None)
    FakeTensorProp(program.graph_module, mode).propagate_dont_convert_inputs(*values)


def _changes(nodes: list[Any], batch: int) -> Mapping[Any, tuple[Any, ...]]:
    """The new arguments of the calls that have others.

    Raises:
        _Unknown: something is done with the batch that cannot be followed.
    """
    folded: dict[Any, _Folded] = {}
    changes: dict[Any, tuple[Any, ...]] = {}
    for node in nodes:
        if node.op != "call_function":
            continue
        known = {folded[each] for each in node.all_input_nodes if each in folded}
        if len(known) > 1:
            raise _Unknown
        found = _change(node, known.pop(), batch) if known else _folding(node, batch)
        if found is None:
            continue
        after, args = found
        if after:
            folded[node] = after
        if args is not None:
            changes[node] = args
    return changes


_Found = tuple[_Folded | None, tuple[Any, ...] | None]


def _folding(node: Any, batch: int) -> _Found | None:
    """A call that folds what is behind the batch into it."""
    if kind_of(node) not in _SHAPED or "val" not in node.args[0].meta:
        return None
    before, after = _shape(node.args[0]), _shape(node)
    if len(before) < 2 or not after or before[0] != batch or after[0] == batch or after[0] % batch:
        return None
    windows = after[0] // batch
    return _Folded(windows), _reshaping(node, [batch, windows, *after[1:]])


def _change(node: Any, folded: _Folded, batch: int) -> _Found:
    """What a call that reads windows gives, and its new arguments where they are others."""
    kind = kind_of(node)
    if node.target.__name__ == "getitem" or kind in _ALIKE:
        return folded, None
    if kind in _SHAPED and not folded.axis:
        return _reshaped(node, batch)
    if kind in _ALONG:
        return _along(node, kind, folded)
    if kind in (*_EXCHANGING, "permute"):
        return _exchanged(node, kind, folded)
    raise _Unknown


def _reshaped(node: Any, batch: int) -> _Found:
    after = _shape(node)
    if after[0] == batch:
        return None, _reshaping(node, after)
    if after[0] % batch:
        raise _Unknown
    windows = after[0] // batch
    return _Folded(windows), _reshaping(node, [batch, windows, *after[1:]])


def _reshaping(node: Any, shape: list[int]) -> tuple[Any, ...]:
    if kind_of(node) == "flatten":
        raise _Unknown
    return (node.args[0], shape)


def _along(node: Any, kind: str, folded: _Folded) -> _Found:
    value = node.args[0] if kind != "cat" else node.args[0][0]
    place = 2 if kind in ("chunk", "split", "split_with_sizes") else 1
    default = -1 if kind == "softmax" else 0
    given = node.args[place] if len(node.args) > place else node.kwargs.get("dim", default)
    axis = given % len(_shape(value))
    if axis == folded.axis:
        raise _Unknown
    moved = axis + (axis > folded.axis)
    gone = kind in ("unbind", "select") and axis < folded.axis
    args = (*node.args[:place], moved, *node.args[place + 1 :])
    return _Folded(folded.windows, folded.axis - gone), args


def _exchanged(node: Any, kind: str, folded: _Folded) -> _Found:
    rank = len(_shape(node.args[0]))
    axes = [axis % rank for axis in node.args[1]] if kind == "permute" else list(range(rank))
    if kind != "permute":
        first, second = (axis % rank for axis in node.args[1:3])
        axes[first], axes[second] = second, first
    moved: list[int] = []
    for axis in axes:
        moved += [axis, axis + 1] if axis == folded.axis else [axis + (axis > folded.axis)]
    after = _Folded(folded.windows, axes.index(folded.axis))
    if kind == "permute":
        return after, (node.args[0], moved)
    exchanged = [place for place, axis in enumerate(moved) if place != axis]
    if after.axis != folded.axis or len(exchanged) != 2:
        raise _Unknown
    return after, (node.args[0], *exchanged)


def _shape(node: Any) -> list[int]:
    return [int(size) for size in node.meta["val"].shape]
