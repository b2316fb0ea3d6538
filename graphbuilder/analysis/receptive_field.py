"""The receptive field of every output: how much of an input one place of it is made of.

Sizes are those of Araujo, Norris and Sim, "Computing Receptive Fields of Convolutional Neural Networks", Distill 2019:
of windows alone (convolutions, pools, resizes, windows of attention), not cut at the edges of the image, the union over
all paths. What reads the whole image (a global pool, attention, a linear layer over flattened maps, a group norm) is no
window: it is said beside the size, which is that of the windows on all paths, those around it too. Exact for whole
strides; where a map grows (a resize, a transposed convolution), the most that a place may read; not known where axes
are cut and joined otherwise than in windows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from typing import NamedTuple
from weakref import WeakKeyDictionary

from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.ir import Copies, Graph, Node, Reach, Span, TensorType, Value
from graphbuilder.ir.reach import OWN

# For every output of a call, what it reads of each input that it reads at all.
Reads = tuple[Mapping[int, Reach], ...]
# What a value within a body reads of others.
Sources = Mapping[Value, Reach]


class Field(NamedTuple):
    """The receptive field of one output in one input.

    Attributes:
        size: places read through windows, by axis of the input; () for a vector.
        whole: whether something reads the whole input besides.
        most: whether that is the most that a place may read, since maps grew on the way.
        known: whether it can be told.
    """

    size: tuple[int, ...]
    whole: bool
    most: bool = False
    known: bool = True

    def __str__(self) -> str:
        """``43x43``; ``43x43, then all`` where the whole input is read besides; ``at most 43x43``; ``not known``."""
        if not self.known:
            return "not known"
        sizes = f"{'at most ' if self.most else ''}{'x'.join(map(str, self.size))}"
        if not self.whole:
            return sizes
        return f"{sizes}, then all" if any(size > 1 for size in self.size) else "all"


def receptive_fields(typed: TypedGraph) -> dict[str, dict[str, Field]]:
    """For every output of a network, the field in each input that it depends on."""
    inputs = tuple(zip(typed.graph.inputs, typed.inputs, strict=True))
    return {
        name: {inputs[number][0]: _field(reach, inputs[number][1]) for number, reach in read.items()}
        for (name, _), read in zip(typed.graph.outputs, reads(typed), strict=True)
    }


def fields_within(typed: TypedGraph) -> Iterator[tuple[str, dict[str, Field]]]:
    """For every call of a network, by its dotted path and a block before what is in it, the fields of its first output.

    Every copy of a repeat is one, however many there are; who does not want them all stops.
    """
    inputs = dict(zip(typed.graph.inputs, typed.inputs, strict=True))
    for path, sources in _within(typed, {Value(name): {Value(name): OWN} for name in inputs}, ""):
        yield path, {source.node: _field(reach, inputs[source.node]) for source, reach in sources.items()}


def _within(typed: TypedGraph, entering: Mapping[Value, Sources], prefix: str) -> Iterator[tuple[str, Sources]]:
    """The sources of every call in a body whose inputs have those of ``entering``."""
    body = _Body(typed, entering)
    for node in typed.graph.nodes:
        made = body.sources(node)
        yield prefix + node.name, made
        if node.name in typed.bodies:
            inner = typed.bodies[node.name]
            read = zip(inner.graph.inputs, node.inputs, strict=True)
            known = {Value(name): body.known(value) for name, value in read}
            yield from _within(inner, known, f"{prefix}{node.name}.")


def _field(reach: Reach, input: TensorType) -> Field:
    spans = reach.spans or (Span(),) * len(input.spatial)
    return Field(
        tuple(span.size for span in spans),
        reach.whole,
        any(span.grows for span in spans),
        reach.whole or not (reach.lost or reach.along),
    )


_KNOWN: WeakKeyDictionary[TypedGraph, Reads] = WeakKeyDictionary()


def reads(typed: TypedGraph) -> Reads:
    """What each output of a body reads of each of its inputs, remembered for as long as the body lives."""
    known = _KNOWN.get(typed)
    if known is None:
        known = _KNOWN[typed] = _Body(typed).reads()
    return known


class _Body:
    """Walks one body once; the sources of its values are its inputs, unless these are known to have others."""

    def __init__(self, typed: TypedGraph, entering: Mapping[Value, Sources] | None = None) -> None:
        self._typed = typed
        own: dict[Value, Sources] = {Value(name): {Value(name): OWN} for name in typed.graph.inputs}
        self._known: dict[Value, Sources] = dict(entering) if entering is not None else own
        self._ops: dict[tuple[int, tuple[TensorType, ...]], Reads] = {}

    def reads(self) -> Reads:
        graph = self._typed.graph
        nodes = graph.nodes
        # Copies that nobody wrote out are like the last that is, unless their types go on changing.
        head = nodes.head if isinstance(nodes, Copies) and type(self._typed.types) is not dict else nodes
        for node in head:
            self.sources(node)
        numbers = {Value(name): number for number, name in enumerate(graph.inputs)}
        return tuple({numbers[key]: each for key, each in self._of_output(value).items()} for _, value in graph.outputs)

    def sources(self, node: Node) -> Sources:
        """Of the first output of the next ``node``; those of the others are remembered as well."""
        for port, read in zip(node.results, self._call(node), strict=True):
            value = Value(node.name, port)
            self._known[value] = self._through(_of(node, read), self._known, value)
        return self._known[Value(node.name, node.results[0])]

    def known(self, value: Value) -> Sources:
        """Of a value that was walked past."""
        return self._known[value]

    def _of_output(self, value: Value) -> Sources:
        if value in self._known:
            return self._known[value]
        assert isinstance(self._typed.graph.nodes, Copies)
        return self._beyond(self._typed.graph.nodes, value)

    def _beyond(self, nodes: Copies, value: Value) -> Sources:
        """Of a copy that is not written out: the way from one copy to the next, doubled as often as it takes."""
        last, before = nodes.head[-1], nodes.head[-2].name
        step: dict[Value, Sources] = {}
        for port, read in zip(last.results, self._call(last), strict=True):
            made = Value(last.name, port)
            renamed = [(v._replace(node=last.name) if v.node == before else v, reach) for v, reach in _of(last, read)]
            step[made] = self._through(renamed, {}, made)
        known: Mapping[Value, Sources] = self._known
        left = int(value.node) - int(last.name)
        while left:
            if left % 2:
                known = {**known, **self._chained(known, step)}
            step, left = self._chained(step, step), left // 2
        return known[value._replace(node=last.name)]

    def _chained(self, first: Mapping[Value, Sources], second: Mapping[Value, Sources]) -> dict[Value, Sources]:
        return {value: self._through(sources.items(), first, value) for value, sources in second.items()}

    def _through(self, read: Iterable[tuple[Value, Reach]], known: Mapping[Value, Sources], value: Value) -> Sources:
        """What ``value`` reads of the sources of what it reads; what has no known sources is one itself."""
        found: dict[Value, Reach] = {}
        middles = tuple(Fraction(size - 1, 2) for size in self._typed.types[value].spatial)
        for each, reach in read:
            for source, before in known.get(each, {each: OWN}).items():
                path = reach.after(before)
                found[source] = found[source].beside(path, middles) if source in found else path
        return found

    def _call(self, node: Node) -> Reads:
        """Remembered by the op object, which equal calls share."""
        if isinstance(node.callee, Graph):
            return reads(self._typed.bodies[node.name])
        inputs = self._typed.inputs_of(node)
        key = (id(node.callee), inputs)
        if key not in self._ops:
            read = {number: reach for number, reach in enumerate(node.callee.reads(inputs)) if reach is not None}
            self._ops[key] = (read,) * len(node.results)
        return self._ops[key]


def _of(node: Node, read: Mapping[int, Reach]) -> list[tuple[Value, Reach]]:
    return [(node.inputs[number], reach) for number, reach in read.items()]
