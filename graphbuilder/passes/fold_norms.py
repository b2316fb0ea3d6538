"""A batch norm is taken into the convolution or linear layer ahead of it.

x -> conv -> batchnorm -> relu -> y             x -> conv, bias -> relu -> y
x -> sepconv [depthwise, pointwise]      =>     x -> sepconv [depthwise, pointwise, bias] -> y
       -> batchnorm -> y
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.ir import Graph, Node, Op, Value
from graphbuilder.ops.convolution import Conv, ConvTranspose, DepthwiseConv
from graphbuilder.ops.head import Linear
from graphbuilder.ops.normalisation import BatchNorm
from graphbuilder.ops.separable import SepConv
from graphbuilder.passes.recipe import Fold
from graphbuilder.passes.rewriting import Rewritten, rewired, rewritten

Layer = Conv | DepthwiseConv | ConvTranspose | Linear
Path = tuple[str, ...]
_LAYERS = (Conv, DepthwiseConv, ConvTranspose, Linear)


def fold_norms(typed: TypedGraph) -> Rewritten:
    """Without batch norms that read a layer's result which nothing else reads; these layers have a bias now.

    The layer may be the last of a composite or block that is called ahead of the norm, at any depth. Where weights are
    shared, all calls of the layer must be followed by a call of the one norm.
    """
    folder = _Folder()
    graph = rewritten(typed, folder.change)
    return Rewritten(graph, folder.spread(graph))


class _Pair(NamedTuple):
    """Calls of one layer or body, and the calls of the norm behind each; ``path`` leads to the layer inside."""

    makers: tuple[Node, ...]
    norms: tuple[Node, ...]
    path: Path


class _Folder:
    """Changes bodies, and remembers the folds of each by names of its own."""

    def __init__(self) -> None:
        self._folds: dict[Graph, tuple[Fold, ...]] = {}
        self._biased: dict[tuple[Graph, Path], Graph] = {}
        self._spread: dict[Graph, tuple[Fold, ...]] = {}

    def change(self, _: TypedGraph, graph: Graph) -> Graph:
        pairs = [pair for pair in _pairs(graph) if not self._took(pair)]
        if not pairs:
            return graph
        paths = {node.name: pair.path for pair in pairs for node in pair.makers}
        gone = {Value(norm.name): norm.inputs[0] for pair in pairs for norm in pair.norms}
        kept = (node for node in graph.nodes if Value(node.name) not in gone)
        nodes = tuple(self._with_bias(node, paths[node.name]) if node.name in paths else node for node in kept)
        changed = rewired(graph, nodes, gone)
        self._folds[changed] = tuple(map(_fold, pairs))
        return changed

    def spread(self, graph: Graph) -> tuple[Fold, ...]:
        """The folds of ``graph`` and of all below it, by paths from it."""
        if graph not in self._spread:
            inner = [(node.name, body) for node, body in graph.children() if node.owns]
            below = [fold.below(name) for name, body in inner for fold in self.spread(body)]
            self._spread[graph] = (*self._folds.get(graph, ()), *below)
        return self._spread[graph]

    def _took(self, pair: _Pair) -> bool:
        """Whether the layer has taken a norm already, inside the body that is called."""
        body, layer = pair.makers[0].callee, ".".join(pair.path)
        return isinstance(body, Graph) and any(fold.layer == layer for fold in self.spread(body))

    def _with_bias(self, node: Node, path: Path) -> Node:
        """``node`` with a bias on the layer that ``path`` leads to."""
        if isinstance(node.callee, Op):
            callee = node.callee.model_copy(update={"bias": True})
            return replace(node, callee=callee, written=_unwritten(node))
        key = (node.callee, path)
        if key not in self._biased:
            self._biased[key] = self._body_with_bias(*key)
        written = _unwritten(node) if isinstance(node.callee.composite, SepConv) else node.written
        return replace(node, callee=self._biased[key], written=written)

    def _body_with_bias(self, graph: Graph, path: Path) -> Graph:
        first, *rest = path
        nodes = tuple(self._with_bias(node, tuple(rest)) if node.name == first else node for node in graph.nodes)
        changed = replace(graph, nodes=nodes)
        if isinstance(graph.composite, SepConv):
            composite = graph.composite.model_copy(update={"bias": True})
            changed = replace(changed, composite=composite, args={**graph.args, "bias": True})
        self._folds[changed] = self._folds.get(graph, ())
        return changed


def _pairs(graph: Graph) -> Iterator[_Pair]:
    if graph.kind == "repeat":
        return
    calls: dict[str, list[Node]] = defaultdict(list)
    for node in graph.nodes:
        calls[node.module].append(node)
    for norms in calls.values():
        if isinstance(norms[0].callee, BatchNorm) and (pair := _pair(graph, tuple(norms), calls)):
            yield pair


def _pair(graph: Graph, norms: tuple[Node, ...], calls: Mapping[str, list[Node]]) -> _Pair | None:
    """The norm and what it can be folded into: each call of either stands beside one of the other."""
    values = {norm.inputs[0] for norm in norms}
    names = {value.node for value in values}
    makers = tuple(node for node in graph.nodes if node.name in names)
    owners = {node.module for node in makers}
    if len(owners) != 1 or not len(makers) == len(norms) == len(calls[makers[0].module]):
        return None
    if len({value.port for value in values}) > 1 or not all(_read_once(graph, value) for value in values):
        return None
    path = _path(makers[0].callee, norms[0].inputs[0].port)
    return None if path is None else _Pair(makers, norms, path)


def _read_once(graph: Graph, value: Value) -> bool:
    given = sum(value == output for _, output in graph.outputs)
    return given + len(graph.readers.get(value, ())) == 1


def _path(callee: Op | Graph, port: str) -> Path | None:
    """The names that lead to the layer which gives ``port``; empty for a layer itself, None where none does."""
    if isinstance(callee, Op):
        return () if _takes_norm(callee) else None
    value = dict(callee.outputs)[port]
    maker = callee.by_name.get(value.node)
    if callee.kind == "repeat" or maker is None or not _read_once(callee, value):
        return None
    if sum(node.module == maker.module for node in callee.nodes) > 1:
        return None
    rest = _path(maker.callee, value.port)
    return None if rest is None else (maker.name, *rest)


def _takes_norm(op: Op) -> bool:
    """An op of the caller's own may be a layer with something behind it, so the very classes are asked for."""
    return type(op) in _LAYERS and not (isinstance(op, Linear) and op.axis is not None)


def _layer(callee: Op | Graph) -> Layer:
    assert isinstance(callee, _LAYERS)
    return callee


def _unwritten(node: Node) -> Mapping[str, str]:
    return {field: text for field, text in node.written.items() if field != "bias"}


def _fold(pair: _Pair) -> Fold:
    callee = pair.makers[0].callee
    for name in pair.path:
        assert isinstance(callee, Graph)
        callee = callee.by_name[name].callee
    layer, norm = _layer(callee), pair.norms[0].callee
    assert isinstance(norm, BatchNorm)
    return Fold(
        layer=".".join((pair.makers[0].module, *pair.path)),
        norm=pair.norms[0].module,
        eps=norm.eps,
        bias=layer.bias,
        scale=norm.scale,
        shift=norm.bias,
        transposed=layer.groups if isinstance(layer, ConvTranspose) else 0,
    )
