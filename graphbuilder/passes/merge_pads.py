"""A pad of zeros becomes the padding of the convolution behind it.

x -> pad 3 -> conv 7x7, valid -> y      =>      x -> conv 7x7, padding 3 -> y
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.ir import Graph, Node, TensorType, Value
from graphbuilder.ops.convolution import Conv, DepthwiseConv
from graphbuilder.ops.padding import sides_of, window
from graphbuilder.ops.resampling import Pad
from graphbuilder.passes.rewriting import Rewritten, rewired, rewritten

Paddings = Mapping[str, int | tuple[int, ...]]


def merge_pads(typed: TypedGraph) -> Rewritten:
    """Without pads of zeros that only convolutions read, where both together are symmetric: the padding that torch's
    convolutions know, which costs no copy of the map.

    TensorFlow's "same" stays, since it follows the size that it is given; so does a convolution that is called twice.
    """
    return Rewritten(rewritten(typed, _merged))


def _merged(typed: TypedGraph, graph: Graph) -> Graph:
    if graph.kind == "repeat":
        return graph
    calls = Counter(node.module for node in graph.nodes)
    given = {value for _, value in graph.outputs}
    paddings: dict[str, int | tuple[int, ...]] = {}
    gone: dict[Value, Value] = {}
    for node in graph.nodes:
        value = Value(node.name)
        if value in given or not _adds_zeros(node):
            continue
        readers = [graph.by_name[name] for name, _ in graph.readers.get(value, ())]
        merged = {reader.name: _both(node, reader, typed) for reader in readers if calls[reader.module] == 1}
        known = {name: padding for name, padding in merged.items() if padding is not None}
        if readers and len(known) == len(readers):
            paddings |= known
            gone[value] = node.inputs[0]
    if not gone:
        return graph
    kept = tuple(_padded(node, paddings) for node in graph.nodes if Value(node.name) not in gone)
    return rewired(graph, kept, gone)


def _adds_zeros(node: Node) -> bool:
    return isinstance(node.callee, Pad) and node.callee.mode == "constant" and not node.callee.value


def _both(pad: Node, reader: Node, typed: TypedGraph) -> int | tuple[int, ...] | None:
    """The padding of a convolution that does both, where there is one."""
    conv = reader.callee
    if not isinstance(conv, Conv | DepthwiseConv) or conv.padding_mode != "zeros" or conv.padding == "same":
        return None
    assert isinstance(pad.callee, Pad)
    (x,) = typed.inputs_of(pad)
    if x.layout != "first":
        return None
    added = sides_of(pad.callee.sides, x.rank - 1, "sides")
    own = _window_sides(conv, typed.types[Value(pad.name)])
    sums = [(a + c, b + d) for (a, b), (c, d) in zip(added, own, strict=True)]
    if any(before != after for before, after in sums):
        return None
    amounts = tuple(before for before, _ in sums)
    return amounts[0] if len(set(amounts)) == 1 else amounts


def _window_sides(conv: Conv | DepthwiseConv, x: TensorType) -> tuple[tuple[int, int], ...]:
    return window(x.spatial, conv.kernel, conv.stride, conv.padding, conv.dilation).sides


def _padded(node: Node, paddings: Paddings) -> Node:
    if node.name not in paddings:
        return node
    assert isinstance(node.callee, Conv | DepthwiseConv)
    written = {field: text for field, text in node.written.items() if field != "padding"}
    return replace(node, callee=node.callee.model_copy(update={"padding": paddings[node.name]}), written=written)
