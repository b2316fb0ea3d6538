"""What is told of an op that refuses its inputs or arguments: with the places that made them, and edits to try."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, cast

from graphbuilder.diagnostics import Diagnostic, Label, Remedy
from graphbuilder.document import Place
from graphbuilder.elaborate.arguments import Argument
from graphbuilder.elaborate.reading import Reading
from graphbuilder.elaborate.remedies import notes_on, of_inputs, of_paths, of_step
from graphbuilder.elaborate.signals import Known
from graphbuilder.ir import Node, Op, OpError
from graphbuilder.ops.convolution import Conv, ConvTranspose
from graphbuilder.ops.guards import divides

if TYPE_CHECKING:
    from graphbuilder.elaborate.builder import BodyBuilder


def report_op_error(
    builder: BodyBuilder, error: OpError, place: Place, arguments: Mapping[str, Argument], reading: Reading
) -> None:
    """Report that the op of the step at ``place`` refuses what it reads or its ``arguments``."""
    producers = {node.name: node for node in builder.nodes}
    blamed = [reading.known[at] for at in error.inputs]
    made = [producers[known.value.node] for known in blamed if known.value.node in producers]
    sources = blamed or (reading.known[:1] if _is_of_defaults(arguments.get(error.field or "")) else ())
    related = tuple(label for known in sources for label in _source(builder, known, producers))
    untried = [*of_inputs(builder.context.spec, builder.context.inputs), *of_step(error, place, made)]
    if len(error.inputs) > 1 and reading.types:
        untried += of_paths(builder, [reading.types[index] for index in error.inputs], place)
    diagnostic = _told(error, place, arguments.get(error.field or ""), related, tuple(untried))
    builder.report(diagnostic.with_notes(*notes_on(error.rule, made)))


def check_unread(
    builder: BodyBuilder, op: Op, place: Place, arguments: Mapping[str, Argument], reading: Reading
) -> None:
    """Report what is wrong with the arguments of an op, one with another, whatever it reads, of which nothing is
    known."""
    try:
        if isinstance(op, Conv | ConvTranspose):
            divides(op, op.groups, op.out, "groups", "output channels")
    except OpError as error:
        report_op_error(builder, error, place, arguments, reading)


def _is_of_defaults(argument: Argument | None) -> bool:
    """Whether an argument was written in ``[defaults]``, for every step of an op."""
    return argument is not None and argument.place.keys[:1] == ("defaults",)


def _source(builder: BodyBuilder, known: Known, producers: Mapping[str, Node]) -> Iterator[Label]:
    """Where a value comes from, and its type."""
    name = known.value.node
    if name in builder.sources:
        yield Label(builder.sources[name].span, f"`{name}` is {known.type}")
    elif name in producers and (place := producers[name].place):
        yield Label(place.span, f"`{name}` gives {known.type}")


def _told(
    error: OpError, place: Place, argument: Argument | None, related: tuple[Label, ...], untried: tuple[Remedy, ...]
) -> Diagnostic:
    """The diagnostic at the ``argument`` to blame, unless all steps of the op have it, or at the step."""
    span, notes = (argument.place.span, argument.notes) if argument else (place.span, ())
    if argument and _is_of_defaults(argument):
        span, related = place.span, (*related, Label(argument.place.span, f"its `{error.field}` stands here"))
    step = place.value
    op = cast("dict[str, Any]", step).get("op") if isinstance(step, dict) else None
    advice = (error.rule.advice or "").replace(" NAME", f" {op}" if op else "")
    return error.rule.at(span, error.message, related=related, notes=notes, help=error.help or advice, untried=untried)
