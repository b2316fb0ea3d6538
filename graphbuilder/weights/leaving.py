"""What a network would leave as it was drawn, so that a file fits: its head, where it has other classes than the file.

The last layers before the outputs are the head. What is offered was tried.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.analysis.weights import walk
from graphbuilder.diagnostics import Diagnostic, Label, Meant, Sink
from graphbuilder.diagnostics.catalogue.weights import NothingExcepted, RuleIdle
from graphbuilder.diagnostics.nearest import nearest
from graphbuilder.document import Place
from graphbuilder.document.writing import shown
from graphbuilder.ir import Node, Op, Value
from graphbuilder.weights.checkpoint import Checkpoint
from graphbuilder.weights.mapping import SEPARATORS, NameMapping
from graphbuilder.weights.match import Leaves, Match, Weights, match
from graphbuilder.weights.patterns import part

# As many options as a person types.
_MOST = 3

Left = Callable[[Sequence[str]], bool]


def heads(typed: TypedGraph) -> dict[str, Place | None]:
    """The steps with weights that outputs come from last, by the names of their weights, and where each is written."""
    return {path: node.place for _, value in typed.graph.outputs for path, node in _above(typed, value, "")}


def _above(typed: TypedGraph, value: Value, prefix: str) -> Iterator[tuple[str, Node]]:
    """The nearest steps with weights that ``value`` comes from, within ``typed``."""
    waiting, seen = [value], {value}
    while waiting:
        value = waiting.pop()
        node = typed.graph.by_name.get(value.node)
        if node is None:
            continue  # an input
        found = [*_within(typed, node, value, prefix)]
        yield from found
        new = [each for each in node.inputs if each not in seen] if not found else []
        seen |= {*new}
        waiting += new


def _within(typed: TypedGraph, node: Node, value: Value, prefix: str) -> Iterator[tuple[str, Node]]:
    path = f"{prefix}{node.module}"
    if isinstance(node.callee, Op):
        learns = bool(node.callee.weights(typed.inputs_of(node)))
    elif node.op:
        learns = any(True for _ in walk(typed.bodies[node.name]))
    else:
        yield from _above(typed.bodies[node.name], dict(node.callee.outputs)[value.port], f"{path}.")
        return
    if learns:
        yield path, node


def left_by(
    excepted: Sequence[str],
    weights: Weights,
    checkpoint: Checkpoint,
    options: Sequence[NameMapping | None],
    ends: Collection[str],
) -> Leaves:
    """Whether a weight is left as it is, by patterns of our names.

    Args:
        options: the mappings that may hold, None for equal names: something may be called as the file has it.
        ends: the steps that are the head.

    Raises:
        CompileError: GB412 over a pattern that names nothing.
    """
    regexes = {text: part(text) for text in excepted}
    sink = Sink()
    for text, regex in regexes.items():
        if not any(map(regex.fullmatch, weights)):
            remedy = _theirs(text, weights, checkpoint, options) or _near(text, weights) or _has(weights, ends)
            sink.add(NothingExcepted.at(None, f"{shown(text)} names no weight of the network", help=remedy))
    sink.raise_if_failed()
    return lambda name: any(regex.fullmatch(name) for regex in regexes.values())


def _theirs(text: str, weights: Weights, checkpoint: Checkpoint, options: Sequence[NameMapping | None]) -> str | None:
    """What is to be said where ``text`` is the name of a layer, or of a part, in the file."""
    below = f"{text}{SEPARATORS[checkpoint.convention]}"
    for option in options:
        found = match(weights, checkpoint, option)
        parts = _parts([row.ours for row in (*found.rows, *found.misfits) if row.theirs.startswith(below)], weights)
        if 0 < len(parts) <= _MOST:
            return f"the file calls so what is {' and '.join(parts)} here: {_option(parts)}"
    return None


def _near(text: str, weights: Weights) -> Meant | None:
    near = nearest(text, sorted({each for name in weights for each in (*_prefixes(name), name)}))
    return Meant((near,), quote="") if near else None


def _has(weights: Weights, ends: Collection[str]) -> str:
    """What the network is made of, and which part of it is the head."""
    tops = f"the network has {', '.join(dict.fromkeys(name.partition('.')[0] for name in weights))}"
    is_head = "are heads" if len(ends) > 1 else "is the head"
    return f"{tops}; {' and '.join(ends)} {is_head}: {_option(ends)}" if 0 < len(ends) <= _MOST else tops


def left_out(
    found: Match,
    weights: Weights,
    diagnostics: Sequence[Diagnostic],
    ends: Mapping[str, Place | None],
    left: Left,
    size: str | None,
) -> tuple[Diagnostic, ...] | None:
    """``diagnostics`` with the option that leaves what the file has not, or not so; None where it does not then fit.

    Args:
        found: how the file fits.
        ends: the steps that are the head, and where they are written.
        left: whether it fits without some parts.
        size: the setting of a param with which it fits, where there is one.
    """
    lacking = [*found.missing, *(row.ours for row in found.misfits)]
    parts = _parts(lacking, weights) if found.rows else ()
    if not 0 < len(parts) <= _MOST or not left(parts):
        return None
    last = {part: ends[path] for part in parts for path in ends if f"{path}.".startswith(f"{part}.")}
    places = tuple(Label(place.span, f"the head: {part}") for part, place in last.items() if place)
    # Rules for what is left match nothing where the file has it not.
    first, *others = [each for each in diagnostics if each.rule is not RuleIdle]
    return (replace(first, help=_remedy(parts, last, size), related=(*first.related, *places)), *others)


def _remedy(parts: Sequence[str], ends: Collection[str], size: str | None) -> str:
    option = _option(parts)
    drawn = "it was drawn" if len(parts) == 1 else "they were drawn"
    known = f", or take what the file has: {size}" if size else ""
    if len(ends) < len(parts):
        return f"take another file, or leave {' and '.join(parts)} as {drawn}: {option}{known}"
    head = "the heads" if len(parts) > 1 else "the head"
    return f"leave {' and '.join(parts)}, {head}, as {drawn}, to be trained: {option}{known}"


def _option(parts: Iterable[str]) -> str:
    return " ".join(f"--weights-except {part}" for part in parts)


def _parts(lacking: Sequence[str], weights: Weights) -> tuple[str, ...]:
    """The largest blocks and steps of which every weight is ``lacking``."""
    names = {*lacking}
    counted = [name for name, weight in weights.items() if weight.counted]
    kept = {prefix for name in counted if name not in names for prefix in _prefixes(name)}
    return tuple(dict.fromkeys(next(each for each in (*_prefixes(name), name) if each not in kept) for name in lacking))


def _prefixes(name: str) -> list[str]:
    """The parts that a weight stands in, the largest first."""
    words = name.split(".")
    return [".".join(words[:depth]) for depth in range(1, len(words))]
