"""What a finished body gives out: its declared outputs, then what readers take from inside it.

Outputs of training stand behind the model's others. Only whole steps of ``[model]`` can be left out in evaluation, so
steps inside a block that runs there and whose results only training wants are refused.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from graphbuilder.diagnostics import Sink
from graphbuilder.diagnostics.catalogue.references import TapNeedsId, TrainingInside
from graphbuilder.document import Place
from graphbuilder.elaborate.faults import broken, errors_at, keep_fault, values_of
from graphbuilder.elaborate.paths import Tap, ambiguous
from graphbuilder.elaborate.signals import Known, Signal
from graphbuilder.ir import Copies, Graph, Kind, Node, Value
from graphbuilder.ir.fault import Fault

if TYPE_CHECKING:
    from graphbuilder.elaborate.builder import BodyBuilder


class Outputs(NamedTuple):
    """Names and values; the first ``declared`` are the body's own."""

    pairs: tuple[tuple[str, Value], ...]
    declared: int


def outputs_of(builder: BodyBuilder, last: Signal, taps: Sequence[Tap]) -> Outputs | None:
    """The outputs of a body that gives what its last step gives; None when that is not known."""
    if last.outputs is None:
        return None
    declared = list(last.outputs.items())[: last.declared]
    if len(declared) == 1:
        declared = [("out", declared[0][1])]
    return _with_taps(builder, [(name, known.value) for name, known in declared], taps)


class Wanted(NamedTuple):
    """An output that a block or the model names by a path."""

    name: str
    path: str
    place: Place


def wanted_of(outputs: Mapping[str, str] | list[str] | None, place: Place) -> tuple[Wanted, ...]:
    """The outputs that a block declares; a list names steps by their own names."""
    if isinstance(outputs, list):
        return tuple(Wanted(name, name, place / index) for index, name in enumerate(outputs))
    return tuple(Wanted(name, path, place / name) for name, path in (outputs or {}).items())


def named_outputs(builder: BodyBuilder, outputs: Sequence[Wanted], taps: Sequence[Tap]) -> Outputs | None:
    """The values of declared outputs; one that names a step left out is left out."""
    pairs: list[tuple[str, Value]] = []
    unknown = False
    for name, path, place in outputs:
        if path in builder.left_out:
            continue
        known = _value_of(builder, path, place)
        unknown |= known is None
        if known is not None:
            pairs.append((name, known.value))
        elif builder.context.keeps_faults:
            _sketch(builder, name, path, place)
    builder.sketch.given = [*pairs, *builder.sketch.given] if unknown else []
    return None if unknown else _with_taps(builder, pairs, taps)


def _sketch(builder: BodyBuilder, name: str, path: str, place: Place) -> None:
    """Let what stands for a step be the output ``name``, or tell what is wrong with the output."""
    found = values_of(builder, builder.signals.get(path.partition(".")[0]), path)
    errors = errors_at(builder, place)
    if found and not errors:
        builder.sketch.given.append((name, found[0]))
    else:
        keep_fault(builder, f"output {name}", f"output {name}", place, found, errors)


def _value_of(builder: BodyBuilder, path: str, place: Place) -> Known | None:
    signal = builder.look_up(path, place)
    if signal.outputs is not None and signal.sole is None:
        builder.report(ambiguous(path, signal, place))
    return signal.sole


def _with_taps(builder: BodyBuilder, pairs: list[tuple[str, Value]], taps: Sequence[Tap]) -> Outputs | None:
    declared = len(pairs)
    names = {name for name, _ in pairs}
    copies = [name for name in builder.signals if name.isdecimal()]
    for tap in taps:
        for name, known in _taken(builder, tap, copies):
            if known is None:
                continue
            if name not in names:
                pairs.append((name, known.value))
                names.add(name)
    return Outputs(tuple(pairs), declared)


def _taken(builder: BodyBuilder, tap: Tap, copies: Sequence[str]) -> Iterator[tuple[str, Known | None]]:
    """What one path into this body takes, by the name that it has outside; nothing for a path that leads nowhere."""
    head, rest = tap[0], ".".join(tap[1:])
    for name in copies if head == "*" else [head]:
        signal = builder.signals.get(name)
        if signal is None or signal.outputs is None:
            continue
        _expect_id(builder, name)
        if not rest:
            yield name, signal.sole
        elif "*" in rest:
            before, _, after = rest.partition("*")
            builder.context.params.terms.count(len(signal.outputs))
            for port, known in signal.outputs.items():
                if port.startswith(before) and port.endswith(after):
                    yield f"{name}.{port}", known
        elif rest in signal.outputs:
            yield f"{name}.{rest}", signal.outputs[rest]


def _expect_id(builder: BodyBuilder, name: str) -> None:
    step = builder.steps.get(name)
    if step is None or step.id or name.isdecimal():
        return
    message = f"a path leads to `{name}` from outside this block, and its name is only counted"
    builder.report(TapNeedsId.at(step.place.span, message, help=f'give it an id: id = "{name}"'))


def finish(
    builder: BodyBuilder,
    kind: Kind,
    template: str,
    outputs: Outputs | None,
    args: Mapping[str, Any] | None = None,
    title: str | None = None,
    defaults: Mapping[str, Any] | None = None,
) -> Graph | None:
    """The body as a graph of the nodes that its outputs need; a branch takes only the inputs that it reads."""
    context = builder.context
    faulty = context.keeps_faults and any(_is_faulty(node, context.faulty) for node in builder.nodes)
    if outputs is None or not outputs.pairs or faulty:
        graph = broken(builder, kind, template, args or {}, title, outputs.pairs if outputs else ())
        context.faulty.update([graph] if graph else [])
        return graph
    nodes = _nodes(builder, outputs, copies=kind == "repeat")
    inputs = tuple(builder.inputs)
    if kind == "branch":
        read = {value.node for node in nodes for value in node.inputs} | {value.node for _, value in outputs.pairs}
        inputs = tuple(name for name in inputs if name in read)
    graph = Graph(kind, template, inputs, nodes, outputs.pairs, args or {}, title=title, defaults=defaults or {})
    builder.blocks.declared[graph] = outputs.declared
    _remember(builder, graph)
    return graph


def _remember(builder: BodyBuilder, graph: Graph) -> None:
    """Let the types that the values of ``graph`` were found to have serve its inference."""
    if isinstance(graph.nodes, Copies):
        return
    values = [Value(name) for name in graph.inputs]
    values += [Value(node.name, port) for node in graph.nodes for port in node.results]
    types = {value: type_ for value in values if (type_ := builder.types.get(value)) is not None}
    if len(types) == len(values):
        inputs = tuple(types[Value(name)] for name in graph.inputs)
        builder.context.inference.know(graph, inputs, types)


def _is_faulty(node: Node, faulty: Collection[Graph]) -> bool:
    return node.callee in faulty if isinstance(node.callee, Graph) else isinstance(node.callee, Fault)


def _nodes(builder: BodyBuilder, outputs: Outputs, *, copies: bool) -> Sequence[Node]:
    """The nodes that the outputs need; of copies all alike, the last needs every one."""
    prune = builder.blocks.pruner.prune
    if not builder.alike:
        return prune(builder.nodes, (value for _, value in outputs.pairs), copies=copies)
    last = builder.nodes[-1]
    head = prune(builder.nodes, (Value(last.name, value.port) for _, value in outputs.pairs), copies=copies)
    return Copies(head, len(head) + builder.alike)


def check_training(graph: Graph, sink: Sink) -> None:
    """Report steps inside blocks that evaluation would run for an output that it has not."""
    for node, inner in _run_for_training(graph):
        message = f"`{node.name}` would run `{inner.name}` in evaluation, which only an output of training needs"
        help_ = "put the steps of that output into [model]"
        sink.add(TrainingInside.at(inner.place.span if inner.place else None, message, help=help_))


def _run_for_training(graph: Graph) -> Iterator[tuple[Node, Node]]:
    """Calls of ``graph`` that evaluation runs, each with the first step inside that it has no need of."""
    wanted = _ports_of_training(graph)
    for node, body in graph.children():
        if node.name in graph.auxiliary or node.name not in wanted:
            continue
        inside = replace(body, training=wanted[node.name])
        first = next((each for each in inside.nodes if each.name in inside.auxiliary), None)
        if first is not None:
            yield node, first
        else:
            yield from _run_for_training(inside)


def _ports_of_training(graph: Graph) -> dict[str, frozenset[str]]:
    """By node, the ports that training reads and evaluation does not."""
    reads = [(value, node.name in graph.auxiliary) for node in graph.nodes for value in node.inputs]
    reads += [(value, name in graph.training) for name, value in graph.outputs]
    in_evaluation = {value for value, training in reads if not training}
    found: dict[str, set[str]] = {}
    for value, _ in reads:
        if value not in in_evaluation:
            found.setdefault(value.node, set()).add(value.port)
    return {node: frozenset(ports) for node, ports in found.items()}
