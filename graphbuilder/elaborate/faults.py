"""The part of a broken spec that can be drawn: what is sound up to and around its faults, and these as nodes.

Elaboration goes the same way as for a check, except that a step which cannot be built leaves a ``Fault`` where one of
its mistakes was reported, and that a body without its outputs is kept with the nodes that it has. Nothing is known of
what such a body gives, so what stands behind it is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from graphbuilder.diagnostics import Sink, Span
from graphbuilder.document import Place
from graphbuilder.elaborate.signals import Known
from graphbuilder.ir import Copies, Graph, Kind, Node
from graphbuilder.ir.fault import Fault
from graphbuilder.spec.model import Step

if TYPE_CHECKING:
    from graphbuilder.elaborate.builder import BodyBuilder


def keep_fault(
    builder: BodyBuilder, name: str, word: str, place: Place, read: Sequence[Known], errors: Sequence[str] = ()
) -> None:
    """Put a fault called ``name`` into the body, where faults are kept and something is wrong.

    Args:
        word: what should be there.
        place: where it is written.
        read: what of its inputs is known.
        errors: what is wrong, where that was reported elsewhere than at ``place``.
    """
    if not builder.context.keeps_faults or any(node.name == name for node in builder.nodes):
        return
    found = tuple(errors or _errors_at(place, builder.context.sink))
    if found:
        ops = builder.context.ops
        word = ops[word].title if word in ops else word
        values = tuple(known.value for known in read if known.type is not None)
        builder.nodes.append(Node(name, Fault(word=word, errors=found), values, name, place=place))


def _errors_at(place: Place, sink: Sink) -> Iterator[str]:
    """What is wrong at ``place`` or at a word of it; the span of a table of its own is but its header."""
    spans = [place.span, *((place / word).span for word in _words(place))]
    for each in sink.diagnostics:
        if each.severity == "error" and each.span and any(_within(each.span, span) for span in spans):
            yield f"{each.code}: {each.message}"


def _within(inner: Span, outer: Span) -> bool:
    start, end = (outer.line, outer.column), (outer.end_line, outer.end_column)
    return inner.path == outer.path and start <= (inner.line, inner.column) < end


def broken(builder: BodyBuilder, kind: Kind, template: str, args: Mapping[str, Any], title: str | None) -> Graph | None:
    """The body as far as it goes, without outputs; None where faults are not kept, or nothing of it is known."""
    if not builder.context.keeps_faults or not builder.nodes or None in builder.inputs.values():
        return None
    read = {value.node for node in builder.nodes for value in node.inputs}
    inputs = tuple(name for name in builder.inputs if kind != "branch" or name in read)
    return Graph(kind, template, inputs, tuple(builder.nodes), (), args, title=title)


def has_fault(graph: Graph) -> bool:
    """Whether something in ``graph`` is broken."""
    nodes = graph.nodes.head if isinstance(graph.nodes, Copies) else graph.nodes
    callees = [node.callee for node in nodes]
    return any(has_fault(callee) if isinstance(callee, Graph) else isinstance(callee, Fault) for callee in callees)


def word_of(step: Step) -> str:
    """What a step should have been, in a word."""
    return step.op or " / ".join(step.blocks) or f"share {step.share}"


def word_at(place: Place) -> str:
    """The same of what is written at ``place``, which may be no step but a join."""
    found = _words(place)
    return str(found.get("op") or found.get("use") or place.keys[-1])


def _words(place: Place) -> Mapping[str, object]:
    """What is written in the table at ``place``; nothing where none is."""
    written = place.value
    return cast("Mapping[str, object]", written) if isinstance(written, dict) else {}
