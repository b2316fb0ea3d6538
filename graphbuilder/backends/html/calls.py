"""What a page says of every call: its arguments, shapes, costs and lines of the spec. Each distinct body is told once.

Knows nothing of places on the sheet.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import PurePath
from typing import Any, cast

from graphbuilder.analysis.costs import Costs, call_costs, costs
from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.analysis.receptive_field import fields_within
from graphbuilder.backends.graphviz import text
from graphbuilder.backends.graphviz.figure import is_broken
from graphbuilder.backends.graphviz.read.habits import Habits
from graphbuilder.backends.graphviz.read.heat import hidden
from graphbuilder.backends.graphviz.read.reader import in_words
from graphbuilder.backends.html.tables import Table
from graphbuilder.diagnostics import Source, Span
from graphbuilder.document import Place
from graphbuilder.ir import Copies, Graph, Node, Op
from graphbuilder.ir.fault import Fault

Data = dict[str, Any]
_MOST_FIELDS, _MOST_WORDS = 4000, 200


class Calls:
    """The calls of one network: ``bodies`` one after the other, the network's own first, and the ``sources``.

    Of shapes and arguments calls hold numbers into ``shapes`` and ``arguments``.
    """

    def __init__(self, typed: TypedGraph, habits: Habits, remedies: Mapping[str, str]) -> None:
        self._habits = habits
        self._remedies = remedies
        self._waiting: list[TypedGraph] = []
        self._known: dict[TypedGraph, int] = {}
        self._sources: dict[Source, int] = {}
        self._shapes, self._arguments = Table(), Table()
        self._typed = typed

    def data(self) -> Data:
        """Everything that is said, as plain values."""
        self._number(self._typed)
        # Bodies that are met on the way wait behind the others.
        bodies = [self._body(typed) for typed in self._waiting]
        fields, words = self._fields()
        return {
            "bodies": bodies,
            "shapes": self._shapes.rows(),
            "arguments": self._arguments.rows(),
            "fields": fields,
            "sizes": words,
            "sources": [{"name": PurePath(source.path).name, "lines": _lines(source)} for source in self._sources],
            "totals": _costs(costs(self._typed)),
        }

    def _number(self, typed: TypedGraph) -> int:
        if typed not in self._known:
            self._known[typed] = len(self._waiting)
            self._waiting.append(typed)
        return self._known[typed]

    def _body(self, typed: TypedGraph) -> Data:
        nodes = typed.graph.nodes
        written = nodes.head if isinstance(nodes, Copies) else nodes
        data: Data = {"kind": typed.graph.kind, "name": text.clean(typed.graph.template)}
        data["calls"] = [self._call(node, typed) for node in written]
        if len(nodes) > len(written):
            data["count"] = len(nodes)
        return data

    def _call(self, node: Node, typed: TypedGraph) -> Data:
        op, cost = node.op, call_costs(node, typed)
        again = cost if node.owns else cost.again()
        data: Data = {
            "name": node.name,
            "is": (op.word if isinstance(op, Fault) else op.op) if op else _called(node),
            "reads": [self._shapes.number(text.shape(type_)) for type_ in typed.inputs_of(node)],
            "gives": [self._shapes.number(text.shape(type_)) for type_ in typed.outputs_of(node)],
            **_costs(again.unrun() if node.name in typed.graph.auxiliary else again),
        }
        optional: Data = {
            "op": op is not None,
            "title": text.titled(node.title or ""),
            "shares": "" if node.owns else node.module,
            "training": node.name in typed.graph.auxiliary,
            "behind": [each.name for each in hidden(typed, node, (typed,), self._habits)],
            "wrong": list(self._wrong(op, node, typed)) if isinstance(op, Fault) else [],
            "at": self._lines_of(node),
        }
        if given := _arguments(node):
            data["args"] = self._arguments.number(given)
        if node.name in typed.bodies:
            data["body"] = self._number(typed.bodies[node.name])
        return data | {key: value for key, value in optional.items() if value}

    def _wrong(self, fault: Fault, node: Node, typed: TypedGraph) -> Iterator[list[str]]:
        """Each mistake, and what mends it, or ""."""
        for error in fault.errors:
            yield [text.clean(in_words(said, node, typed)) for said in (error, self._remedies.get(error, ""))]

    def _lines_of(self, node: Node) -> list[int]:
        """The source, and its first and last line, of where the spec wrote ``node``."""
        if node.place is None:
            return []
        span = node.place.span
        source = self._sources.setdefault(span.source, len(self._sources))
        last = max(each.end_line - (each.end_column == 1) for each in (span, *_within(node.place)))
        return [source, span.line, max(span.line, last)]

    def _fields(self) -> tuple[dict[str, int], list[str]]:
        """The receptive field of each call, as a number into the words for them; none where something is wrong."""
        if is_broken(self._typed):
            return {}, []
        words: dict[str, int] = {}
        found: dict[str, int] = {}
        for path, fields in islice(fields_within(self._typed), _MOST_FIELDS):
            said = _field(fields)
            found[path] = words.setdefault(said, len(words))
        return found, list(words)


def _within(place: Place) -> Iterator[Span]:
    """What a table of its own has below its header, which is all that its span is of."""
    value = place.value
    if isinstance(value, dict):
        yield from ((place / key).span for key in cast("dict[str, object]", value))


def _field(fields: Mapping[str, object]) -> str:
    """``43×43``; of several inputs which is which."""
    words = {name: str(each).replace("x", "×") for name, each in fields.items()}
    if len(words) == 1:
        return next(iter(words.values()))
    return ", ".join(f"{word} of {text.clean(name)}" for name, word in words.items())


def _costs(cost: Costs) -> Data:
    """Learnable elements, multiply-accumulates, and elements of all outputs, for one sample."""
    return {"params": cost.trainable, "macs": cost.macs, "memory": cost.activations}


def _called(node: Node) -> str:
    assert isinstance(node.callee, Graph), "what is no op has a body"
    return text.clean(node.callee.template)


def _arguments(node: Node) -> list[list[str]]:
    """(name, value, and the expression behind it where the spec wrote one) of every argument that is known."""
    if isinstance(node.op, Fault):
        return []
    given = dict(node.op) if isinstance(node.op, Op) else node.callee.args if isinstance(node.callee, Graph) else {}
    return [list(_argument(name, value, node.written.get(name, ""))) for name, value in given.items()]


def _argument(name: str, value: object, written: str) -> Iterator[str]:
    said = _value(value)
    yield name
    yield said
    if written and written != said:
        yield text.clean(written)


def _value(value: object) -> str:
    """``value`` as TOML would write it, or nearly."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_value, cast('Sequence[object]', value)))}]"
    said = text.clean(str(value))
    return said if len(said) <= _MOST_WORDS else f"{said[:_MOST_WORDS]}…"


def _lines(source: Source) -> list[str]:
    return [text.clean(line) for line in source.text.split("\n")]
