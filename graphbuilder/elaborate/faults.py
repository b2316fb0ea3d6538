"""The part of a broken spec that can be drawn: what is sound, its faults in their places, and what is behind them.

Elaboration goes the same way as for a check, but what cannot be built leaves a ``Fault`` that reads what it would have
read. It carries the mistakes that were found while it was built; others are only behind one, and nothing is known of
what they give. What the grammar, or anything ahead of the network, found is put where it is written; that takes a
second way through, since only then is it known that no step carries it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any, cast

from graphbuilder.document import Place
from graphbuilder.elaborate.mistakes import Mistakes, Noticing
from graphbuilder.elaborate.names import Named, dependencies, paths_of
from graphbuilder.elaborate.order import Order
from graphbuilder.elaborate.signals import Signal
from graphbuilder.ir import Copies, Graph, Kind, Node, Value
from graphbuilder.ir.fault import Fault, faults
from graphbuilder.spec.model import Step
from graphbuilder.spec.names import INPUT

if TYPE_CHECKING:
    from graphbuilder.elaborate.builder import BodyBuilder


@dataclass
class Sketch:
    """What of one body is drawn besides what is known.

    Attributes:
        values: what stands for a step of which nothing is known.
        bodies: for a step, what it would call.
        last: the step, or the join, that gives what the body gives.
        given: the outputs that a body declares, as far as something stands for them.
        passed: what is wrong with steps that are left out.
    """

    values: dict[str, tuple[Value, ...]] = field(default_factory=dict[str, tuple[Value, ...]])
    bodies: dict[str, Graph] = field(default_factory=dict[str, Graph])
    last: str = ""
    given: list[tuple[str, Value]] = field(default_factory=list[tuple[str, Value]])
    passed: set[str] = field(default_factory=set[str])

    def add(self, node: Node) -> None:
        """Let the results of ``node`` stand for the step of its name."""
        self.values[node.name] = tuple(Value(node.name, port) for port in node.results)


def taken(builder: BodyBuilder, place: Place | None = None) -> tuple[str, ...]:
    """The mistakes that were found since others were taken, at ``place`` where one is given."""
    sink = builder.context.sink
    return sink.take(place) if isinstance(sink, Noticing) else ()


def errors_at(builder: BodyBuilder, place: Place) -> tuple[str, ...]:
    """What is wrong with what is written at ``place`` and was just built."""
    return tuple(dict.fromkeys((*taken(builder, place), *builder.context.spare.within(place))))


def keep_fault(
    builder: BodyBuilder, name: str, word: str, place: Place, read: Sequence[Value], errors: Sequence[str] = ()
) -> None:
    """Put a fault called ``name`` into the body, where faults are kept and nothing else stands for it.

    Args:
        word: what should be there.
        place: where it is written.
        read: what of its inputs is drawn.
        errors: what is wrong with it.
    """
    if not builder.context.keeps_faults or name in builder.sketch.values:
        return
    ops = builder.context.ops
    nameless = not errors and word not in ops and word == _written(place, "op")
    word = ops[word].title if word in ops else word
    fault = Fault(word=word, errors=tuple(errors), nameless=nameless)
    title = _said_of(word, place) if errors or nameless else None
    keep_node(builder, Node(name, fault, tuple(read), name, title=title, place=place))


def _written(place: Place, key: str) -> object:
    """What a step at ``place`` has for ``key``, where it is one."""
    try:
        value = place.value
    except (LookupError, TypeError):  # what stands there was put there by us
        return None
    return cast("dict[str, object]", value).get(key) if isinstance(value, dict) else None


def _said_of(word: str, place: Place) -> str | None:
    """The id of a step at ``place`` and what it calls, where it has an id that says more."""
    id_ = _written(place, "id")
    return f"{id_}: {word}" if isinstance(id_, str) and id_ != word else None


def keep_node(builder: BodyBuilder, node: Node) -> None:
    """Put ``node`` into the body, of which nobody knows what it gives."""
    builder.nodes.append(node)
    builder.sketch.add(node)


def values_of(builder: BodyBuilder, signal: Signal | None, path: str) -> tuple[Value, ...]:
    """What is drawn of what ``path`` names: known values, or what stands for them."""
    head, _, rest = path.partition(".")
    if signal is not None and signal.outputs is not None:
        chosen = signal.outputs.get(rest)
        known = [chosen] if chosen else [*signal.outputs.values()][: signal.declared]
        return tuple(each.value for each in known)
    found = builder.sketch.values.get(head, ())
    return tuple(value for value in found if value.port == rest) or found[:1]


def _named(builder: BodyBuilder, path: str) -> tuple[Value, ...]:
    head = path.partition(".")[0]
    return values_of(builder, builder.start if head == INPUT else builder.signals.get(head), path)


def _read(builder: BodyBuilder, named: Named, begin: Sequence[Value]) -> tuple[Value, ...]:
    """What is drawn of what a step would have read."""
    paths = paths_of(named.step) or ((named.previous,) if named.previous else ())
    found = [value for path in paths for value in _named(builder, path)] if paths else begin
    return tuple(dict.fromkeys(found))


def sketch_step(builder: BodyBuilder, named: Named, signal: Signal, begin: Sequence[Value]) -> None:
    """Let something stand for a step of which nothing is known, and tell what is wrong with one that was built."""
    sketch, step, place = builder.sketch, named.step, named.step.place
    if named.name in builder.left_out:
        sketch.passed.update(errors_at(builder, place))
    if signal.outputs is not None:
        _mark(builder, named)
    elif named.name in builder.left_out:
        sketch.values[named.name] = _read(builder, named, begin)
    elif named.name in sketch.values:
        read, errors = _read(builder, named, begin), errors_at(builder, place)
        note(builder, f"{named.name} mistake", word_of(step), place, read, errors)
    else:
        read, errors = _read(builder, named, begin), errors_at(builder, place)
        body = sketch.bodies.get(named.name)
        if body is None or len(body.inputs) != len(read):
            keep_fault(builder, named.name, word_of(step), place, read, errors)
            return
        note(builder, f"{named.name} mistake", word_of(step), place, read, errors)
        keep_node(builder, Node(named.name, body, read, named.name, title=_title(builder, named), place=place))


def _title(builder: BodyBuilder, named: Named) -> str | None:
    """What a body is called that is drawn once for all its copies."""
    step = named.step
    number = builder.scope.compute(step.repeat, step.place_of("repeat")) if step.repeat is not None else None
    number = len(cast("list[object]", number)) if isinstance(number, list) else number
    return titled(step.title or named.name, number) if type(number) is int else step.title


def titled(word: str, copies: int) -> str:
    """What stands for so many copies is called."""
    return f"{word} × {copies}"


def _mark(builder: BodyBuilder, named: Named) -> None:
    """Tell what is wrong with a step that could be built all the same."""
    errors = errors_at(builder, named.step.place)
    node = builder.nodes[-1] if builder.nodes else None
    if not errors or node is None or node.name != named.name:
        return
    if node.op is None:
        note(builder, f"{node.name} mistake", word_of(named.step), named.step.place, node.inputs, errors)
        return
    gives = tuple((port, builder.types[Value(node.name, port)]) for port in node.results)
    sound = [(port, type_) for port, type_ in gives if type_ is not None]
    word, place = node.op.title, named.step.place
    fault = Fault(word=word, errors=errors, gives=tuple(sound))
    builder.nodes[-1] = Node(node.name, fault, node.inputs, node.name, title=_said_of(word, place), place=node.place)


def note(
    builder: BodyBuilder, name: str, word: str, place: Place, read: Sequence[Value], errors: Sequence[str]
) -> None:
    """Put what is wrong beside what is built; nothing reads it."""
    if errors:
        fault = Fault(word=word, errors=tuple(errors), gives=())
        builder.nodes.append(Node(name, fault, tuple(read)[:1], name, title=_said_of(word, place), place=place))


def note_inputs(builder: BodyBuilder, place: Place) -> None:
    """Tell what is wrong with the inputs of the model, which are declared at ``place``, beside these."""
    for name in builder.inputs:
        note(builder, f"input {name}", f"input {name}", place, (Value(name),), errors_at(builder, place / name))
    taken(builder)  # what else was found by now is of no step


def note_block(builder: BodyBuilder, place: Place) -> None:
    """Tell what is wrong with the block at ``place`` beside what it reads, where nothing in it does."""
    carried = {error for node in builder.nodes for fault in _faults_of(node) for error in fault.errors}
    carried |= builder.sketch.passed
    errors = [error for error in errors_at(builder, place) if error not in carried]
    note(builder, "block mistake", str(place.keys[-1]), place, tuple(map(Value, builder.inputs)), errors)


def _faults_of(node: Node) -> Iterator[Fault]:
    if isinstance(node.callee, Graph):
        yield from faults(node.callee)
    elif isinstance(node.callee, Fault):
        yield node.callee


def sketch_cycles(builder: BodyBuilder, order: Order, body: Sequence[Named]) -> None:
    """Draw the steps of circles in the order written.

    Each reads what stands before it, and of what closes a circle, since that stands below, something in its place.
    """
    after = {name: f"reads `{read}`, in a circle" for cycle in order.cycles for name, read in pairwise(cycle)}
    below: dict[str, Value] = {}
    for named in (named for named in body if named.name in order.looped):
        place = named.step.place
        errors = errors_at(builder, place) or (after.get(named.name, "reads what reads it, in a circle"),)
        read = (*_read(builder, named, ()), *_closing(builder, named, order, below))
        keep_fault(builder, named.name, word_of(named.step), place, read, errors)


def _closing(builder: BodyBuilder, named: Named, order: Order, below: dict[str, Value]) -> Iterator[Value]:
    """What stands for the steps of circles that ``named`` reads and that are drawn below; each stands there once."""
    for name in dict.fromkeys(dependencies(named)):
        if name not in order.looped or name in builder.sketch.values:
            continue
        if name not in below:
            node = Node(f"{name} below", Fault(word=f"{name}, from below"), (), f"{name} below")
            builder.nodes.append(node)
            below[name] = Value(node.name)
        yield below[name]


def _outputs(builder: BodyBuilder) -> tuple[tuple[str, Value], ...]:
    """The outputs of a body of which not all are known."""
    last = builder.sketch.last
    found = builder.sketch.given or [
        (value.port, value) for value in values_of(builder, builder.signals.get(last), last)
    ]
    return (("out", found[0][1]),) if len(found) == 1 and not builder.sketch.given else tuple(found)


def broken(
    builder: BodyBuilder,
    kind: Kind,
    template: str,
    args: Mapping[str, Any],
    title: str | None,
    known: tuple[tuple[str, Value], ...],
) -> Graph | None:
    """The body as far as it is drawn, ``known`` outputs of it or what stands for them; None where faults are not
    kept, or nothing is drawn."""
    if not builder.context.keeps_faults or not builder.nodes:
        return None
    outputs = known or _outputs(builder)
    read = {value.node for node in builder.nodes for value in node.inputs} | {value.node for _, value in outputs}
    inputs = tuple(name for name in builder.inputs if kind != "branch" or name in read)
    nodes = tuple(builder.nodes)
    copies = Copies(nodes, len(nodes) + builder.alike) if builder.alike else nodes
    return Graph(kind, template, inputs, copies, outputs, args, title=title)


def loose(mistakes: Mistakes) -> Iterator[Node]:
    """Nodes for what is wrong and has no place in the network."""
    for number, (word, error) in enumerate(mistakes.loose(), 1):
        name = f"mistake {number}"
        yield Node(name, Fault(word=word, errors=(error,), gives=()), (), name)


def word_of(step: Step) -> str:
    """What a step should have been, in a word."""
    shares = f"share {step.share}" if isinstance(step.share, str) else "step"
    return step.op or " / ".join(step.blocks) or shares
