"""Paths in ``from`` and in outputs: what they name in a body, and what they take from inside a step."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from graphbuilder.diagnostics import Diagnostic
from graphbuilder.diagnostics.catalogue.references import Ambiguous, UnknownStep
from graphbuilder.diagnostics.nearest import meant
from graphbuilder.document import Place
from graphbuilder.elaborate.names import Named, paths_of
from graphbuilder.elaborate.remedies import instead
from graphbuilder.elaborate.signals import NOTHING_KNOWN, Known, Signal, single
from graphbuilder.ir import Graph, Node

Tap = tuple[str, ...]


def taps_of(paths: Iterable[str], *bodies: Sequence[Named]) -> dict[str, tuple[Tap, ...]]:
    """For each step of ``bodies`` that a path leads into, what is taken from inside it, or from inside one that runs it
    again."""
    found: dict[str, dict[Tap, None]] = {}
    for path in paths:
        head, *rest = path.split(".")
        if rest:
            found.setdefault(head, {})[tuple(rest)] = None
    for step, name in [(named.step, named.name) for body in reversed(bodies) for named in reversed(body)]:
        if isinstance(step.share, str) and name in found:
            found.setdefault(step.share, {}).update(found[name])
    return {head: tuple(taps) for head, taps in found.items()}


def all_paths(*bodies: Iterable[Named]) -> list[str]:
    """Every path that the steps of these bodies read."""
    return [path for body in bodies for named in body for path in paths_of(named.step)]


class Lookup(NamedTuple):
    """What a path names, or the mistake in it."""

    signal: Signal
    mistake: Diagnostic | None = None


def look_up(path: str, signals: Mapping[str, Signal], start: Signal, place: Place, nodes: Sequence[Node]) -> Lookup:
    """What ``path`` names in a body with these signals and nodes; ``in`` is the body's only input."""
    head, _, rest = path.partition(".")
    signal = start if head == "in" else signals.get(head)
    if signal is None:
        return Lookup(NOTHING_KNOWN, _unknown(head, signals, place))
    if signal.outputs is None or not rest:
        return Lookup(signal)
    if rest in signal.outputs:
        return Lookup(single(signal.outputs[rest]))
    if "*" in rest.split("."):
        return _copies(path, rest, signal.outputs, place)
    return Lookup(NOTHING_KNOWN, _no_port(head, rest, signal.outputs, place, nodes))


def _copies(path: str, rest: str, outputs: Mapping[str, Known], place: Place) -> Lookup:
    before, _, after = rest.partition("*")
    chosen = [name for name in outputs if _is_copy(name, before, after)]
    if not chosen:
        message = f"`{path}` names no copies: that step is not repeated"
        return Lookup(NOTHING_KNOWN, UnknownStep.at(place.span, message, help="leave `*` out of the path"))
    return Lookup(Signal({name: outputs[name] for name in chosen}, len(chosen)))


def _is_copy(name: str, before: str, after: str) -> bool:
    middle = name[len(before) : len(name) - len(after)] if after else name[len(before) :]
    return name.startswith(before) and name.endswith(after) and middle.isdecimal()


def _listed(head: str, known: Sequence[str], place: Place) -> str | None:
    """The remedy for several names that stand in one text."""
    names = [name.strip() for name in head.split(",")]
    if len(names) < 2 or place.keys[-1] != "from" or place.keys[0] == "outputs" or not {*names} <= {*known}:
        return None
    return f"several names are a list: from = {json.dumps(names)}"


def _unknown(head: str, signals: Mapping[str, Signal], place: Place) -> Diagnostic:
    # What was refused as a name stands under one that nobody wrote.
    known = [name for name in signals if name.isidentifier()]
    remedy = _listed(head, known, place) or meant(head, known, f"in this body: {', '.join(known)}" if known else None)
    return UnknownStep.at(place.span, f"no step or input `{head}` in this body", help=remedy)


def _no_port(head: str, rest: str, outputs: Mapping[str, Known], place: Place, nodes: Sequence[Node]) -> Diagnostic:
    near = meant(rest, outputs, f"`{head}` gives {', '.join(outputs)}", form=f"`{head}.{{}}`")
    remedy = _inside(f"{head}.{rest}".split("."), nodes) or near
    return UnknownStep.at(place.span, f"`{head}` has nothing called `{rest}`", help=remedy)


def _inside(path: Sequence[str], nodes: Sequence[Node]) -> str | None:
    """What there is where a path into blocks leads nowhere: the copies of a repeat, or the steps of a block."""
    body: Graph | None = None
    for at, name in enumerate(path):
        node = next((node for node in nodes if node.name == name), None)
        if node is None:
            return _there(".".join(path[:at]), name, body) if body else None
        if not isinstance(node.callee, Graph) or node.callee.kind == "composite":
            return None
        body, nodes = node.callee, node.callee.nodes
    return None


def _there(where: str, name: str, body: Graph) -> str | None:
    if body.kind == "repeat":
        last = len(body.nodes) - 1 - (body.nodes[-1].name == "merge")
        return f"`{where}` has the copies `{where}.0` to `{where}.{last}`"
    return meant(name, [node.name for node in body.nodes], form=f"`{where}.{{}}`")


def ambiguous(name: str, signal: Signal, place: Place) -> Diagnostic:
    """The mistake of reading one value where there are several."""
    ports = list(signal.outputs or {})[: signal.declared]
    whose = f"`{name}`" if name else "what stands before this step"
    paths = [f"{name.removesuffix('.*')}.{port}" for port in ports] if place.value == name else []
    untried = [each for path in paths for each in instead(place, f'"{path}"', f'name one: "{path}"')]
    message = f"{whose} gives several values: {', '.join(ports)}"
    return Ambiguous.at(place.span, message, help=f"name one: {', '.join(paths or ports)}", untried=tuple(untried))
