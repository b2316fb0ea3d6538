"""The weights that a network wants from a file, with what only another library's files make worth knowing.

Keras keeps the channels of a map last, so what it flattens comes in another order than here. Whoever reads a flattened
map notes the map's shape on its weights; the order is then put right when they are read. A file alone does not tell:
both orders have one shape.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.analysis.weights import walk
from graphbuilder.ir import Node, Op, TensorType, Value, Weight
from graphbuilder.ops.head import Linear
from graphbuilder.ops.join import Concat
from graphbuilder.ops.shape import Flatten, Reshape

# The shapes, channels first, that stand one behind the other in a vector; a plain one is one of rank 1.
Maps = tuple[tuple[int, ...], ...]

_ELEMENTWISE = ("activation", "join", "normalisation", "regularisation")


def wanted(typed: TypedGraph) -> dict[str, Weight]:
    """Every tensor of the network by name, in the order of ``analysis.weights.walk``, ``maps`` noted."""
    weights = dict(walk(typed))
    readers = _Readers()
    readers.body(typed, "", [_plain(input_) for input_ in typed.inputs])
    for name, maps in readers.found:
        weights[name] = weights[name]._replace(maps=maps)
    return weights


class _Readers:
    """Walks every body on its way, since the same body may read a flattened map in one place and not in another."""

    def __init__(self) -> None:
        self.found: list[tuple[str, Maps]] = []

    def body(self, typed: TypedGraph, prefix: str, given: Sequence[Maps]) -> list[Maps]:
        """The maps in each output of a body whose inputs hold the maps ``given``; none for what is no vector."""
        known = {Value(name): maps for name, maps in zip(typed.graph.inputs, given, strict=True)}
        for node in typed.graph.nodes:
            results = self._node(typed, node, prefix, [known[value] for value in node.inputs])
            known.update(zip((Value(node.name, port) for port in node.results), results, strict=True))
        return [known[value] for _, value in typed.graph.outputs]

    def _node(self, typed: TypedGraph, node: Node, prefix: str, given: list[Maps]) -> list[Maps]:
        path = f"{prefix}{node.name}."
        if not isinstance(node.callee, Op):
            return self.body(typed.bodies[node.name], path, given)
        if node.owns and any(len(shape) > 1 for maps in given[:1] for shape in maps):
            self.found += [(path + name, given[0]) for name in _by_element(typed, node, node.callee)]
        maps = _flattened(typed.inputs_of(node), node.callee, given)
        return [maps if maps and output.rank == 1 else _plain(output) for output in typed.outputs_of(node)]


def _plain(type_: TensorType) -> Maps:
    return (type_.shape,) if type_.rank == 1 else ()


def _by_element(typed: TypedGraph, node: Node, op: Op) -> Iterator[str]:
    """The weights of ``op`` whose last axis is for the elements of its input."""
    (size, *_) = typed.inputs_of(node)[0].shape
    rank = 2 if isinstance(op, Linear) else 1
    for weight in op.weights(typed.inputs_of(node)):
        if len(weight.shape) == rank and weight.shape[-1] == size:
            yield weight.name


def _flattened(inputs: Sequence[TensorType], op: Op, given: list[Maps]) -> Maps:
    """The maps in the vector that ``op`` gives, if it brings any there."""
    if isinstance(op, Flatten | Reshape) and inputs[0].rank > 1:
        in_order = inputs[0].layout == "last" or inputs[0].channels in (1, inputs[0].elements)
        return () if in_order else (inputs[0].shape,)
    if isinstance(op, Concat):
        return tuple(shape for maps in given for shape in maps)
    return given[0] if op.family in _ELEMENTWISE and len(set(given)) == 1 else ()
