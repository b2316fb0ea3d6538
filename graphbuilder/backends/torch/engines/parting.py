"""Convolutions whose results are cut at once, as one for each part.

Torch gains by one convolution for all that read a value: it is read once. ONNX Runtime and OpenVINO fuse what follows a
convolution into it, which they cannot do across a cut.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any, NamedTuple, cast

import torch
from torch.fx import Graph, Node

_ATEN = torch.ops.aten
_CONVOLUTIONS = (_ATEN.conv1d.default, _ATEN.conv2d.default, _ATEN.conv3d.default)
_CUT = _ATEN.split_with_sizes.default
_GROUPS = 6  # the place among the arguments of a convolution


class _Cut(NamedTuple):
    """A convolution whose channels are cut, and nothing else reads it."""

    conv: Node
    cut: Node
    sizes: Sequence[int]


def part(program: torch.export.ExportedProgram) -> torch.export.ExportedProgram:
    """``program`` with its convolutions parted, in place.

    x -> conv 112 -> split 64, 48 -> relu, conv      =>      x -> conv 64 -> relu
                                                             x -> conv 48 -> conv
    """
    graph = program.graph_module.graph
    for found in [found for node in graph.nodes if (found := _cut(node))]:
        _part(graph, found)
    program.graph_module.recompile()
    return program


def _cut(node: Node) -> _Cut | None:
    if node.op != "call_function" or node.target is not _CUT or node.args[2:] != (1,):
        return None
    conv, sizes = cast("tuple[Node, Sequence[int]]", node.args[:2])
    grouped = conv.args[_GROUPS:] not in ((), (1,))
    if conv.target not in _CONVOLUTIONS or grouped or len(conv.users) > 1:
        return None
    return _Cut(conv, node, sizes)


def _part(graph: Graph, found: _Cut) -> None:
    """The weights are cut in the place of the answer; whoever runs the program does that once, ahead of all calls."""
    given, weight, bias, *window = (*found.conv.args, *[None] * (3 - len(found.conv.args)))
    with graph.inserting_before(found.cut):
        weights = graph.call_function(_CUT, (weight, found.sizes))
        biases = None if bias is None else graph.call_function(_CUT, (bias, found.sizes))
        convs = [
            graph.call_function(
                cast("Any", found.conv.target), (given, *_at((weights, biases), number, graph), *window)
            )
            for number in range(len(found.sizes))
        ]
    for reader in list(found.cut.users):
        reader.replace_all_uses_with(convs[cast("int", reader.args[1])])
        graph.erase_node(reader)
    graph.erase_node(found.cut)
    graph.erase_node(found.conv)


def _at(cuts: Sequence[Node | None], number: int, graph: Graph) -> list[Node | None]:
    return [None if cut is None else graph.call_function(operator.getitem, (cut, number)) for cut in cuts]
