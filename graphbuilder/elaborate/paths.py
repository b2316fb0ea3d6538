"""Paths in ``from`` and in outputs: what they name in a body, and what they take from inside a step."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

from graphbuilder.diagnostics import Diagnostic, Help, Meant
from graphbuilder.diagnostics.catalogue.references import Ambiguous, UnknownStep
from graphbuilder.diagnostics.nearest import by_likeness, meant, nearest
from graphbuilder.diagnostics.words import either
from graphbuilder.document import Place
from graphbuilder.elaborate.names import Named, paths_of
from graphbuilder.elaborate.remedies import setting
from graphbuilder.elaborate.signals import NOTHING_KNOWN, Known, Signal, single
from graphbuilder.ir import Graph, Node
from graphbuilder.spec.names import INPUT

# A number in brackets, as code has it.
_INDEX = re.compile(r"\[ *(-?\d+) *\]")
_COMPUTED_INDEX = re.compile(r"\[ *[A-Za-z_]")
# Of the values that a step gives, those that are told by their paths.
_SAID = 8
# Of what a body has, so much is looked at for what may have been meant.
_MEANT = 1_000

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
    signal = start if head == INPUT else signals.get(head)
    if signal is None:
        return Lookup(NOTHING_KNOWN, _unknown(path, signals, place))
    if signal.outputs is None or not rest:
        return Lookup(signal)
    if rest in signal.outputs:
        return Lookup(single(signal.outputs[rest]))
    if "*" in rest.split("."):
        return _copies(path, rest, signal.outputs, place, nodes)
    return Lookup(NOTHING_KNOWN, _no_port(head, rest, signal, place, nodes))


def _copies(path: str, rest: str, outputs: Mapping[str, Known], place: Place, nodes: Sequence[Node]) -> Lookup:
    before, _, after = rest.partition("*")
    chosen = [name for name in outputs if _is_copy(name, before, after)]
    if not chosen:
        return Lookup(NOTHING_KNOWN, _no_copies(path, place, nodes))
    return Lookup(Signal({name: outputs[name] for name in chosen}, len(chosen)))


def _no_copies(path: str, place: Place, nodes: Sequence[Node]) -> Diagnostic:
    head, _, rest = path.partition(".*")
    repeated = next((node.callee for node in nodes if node.name == head and isinstance(node.callee, Graph)), None)
    if repeated is None or repeated.kind != "repeat":
        message = f"`{path}` names no copies: that step is not repeated"
        return UnknownStep.at(place.span, message, help=Meant((head + rest,), "leave `*` out of the path"))
    given = _given(repeated.nodes[0])
    paths = [f"{head}.*.{name}" for name in given]
    if not rest:
        message = f"each copy of `{head}` gives several values: {', '.join(given)}"
        return UnknownStep.at(place.span, message, help=_one_of(paths))
    near = meant(rest[1:], given, f"each gives {', '.join(given)}", form=f"{head}.*.{{}}")
    return UnknownStep.at(place.span, f"no copy of `{head}` has anything called `{rest[1:]}`", help=near)


def _given(node: Node) -> list[str]:
    """What a step can be asked for by name: its outputs, and the steps inside it."""
    if not isinstance(node.callee, Graph) or node.callee.kind == "composite":
        return []
    outputs = [name for name, _ in node.callee.outputs if name != "out" and "." not in name]
    return list(dict.fromkeys(outputs or [inner.name for inner in node.callee.nodes]))


def _is_copy(name: str, before: str, after: str) -> bool:
    middle = name[len(before) : len(name) - len(after)] if after else name[len(before) :]
    return name.startswith(before) and name.endswith(after) and middle.isdecimal()


def _listed(path: str, known: Sequence[str], place: Place) -> str | None:
    """The remedy for several names that stand in one text."""
    names = [name.strip() for name in path.split(",")]
    if len(names) < 2 or place.keys[-1] != "from" or place.keys[0] == "outputs" or not {*names} <= {*known}:
        return None
    return f"several names are a list: from = {json.dumps(names)}"


def _unknown(path: str, signals: Mapping[str, Signal], place: Place) -> Diagnostic:
    head, dot, rest = path.partition(".")
    # What was refused as a name stands under one that nobody wrote.
    written = ((name, signal) for name, signal in signals.items() if name.isidentifier())
    named = dict(islice(written, _MEANT))
    paths = [each for name, signal in named.items() for each in _paths(name, signal)]
    by_end = {} if dot else {each.rpartition(".")[2]: each for each in paths[::-1]}
    near = nearest(head, [*named, *by_end])
    known = f"in this body: {', '.join(paths)}" if paths else None
    plain = _INDEX.sub(r".\1", path).replace("/", ".")
    if plain != path and plain.partition(".")[0] in named:
        remedy = Meant((plain.removesuffix(".-1"),))  # what copies give is what the last of them gives
    elif _COMPUTED_INDEX.search(path):
        remedy = "no path is computed: `.0` is the first copy, `.*` are all of them"
    elif near is not None:
        remedy = Meant((f"{by_end.get(near, near)}{dot}{rest}",), otherwise=known)
    else:
        remedy = _listed(path, list(named), place) or meant(head, named, known, form=f"{{}}{dot}{rest}")
    return UnknownStep.at(place.span, f"no step or input `{head}` in this body", help=remedy)


def _paths(name: str, signal: Signal) -> list[str]:
    """The paths to what a step gives: its name, where that is one value."""
    if signal.outputs is None or signal.sole is not None:
        return [name]
    return [f"{name}.{port}" for port in _declared(signal)]


def _declared(signal: Signal) -> list[str]:
    return list(signal.outputs or {})[: signal.declared]


def _no_port(head: str, rest: str, signal: Signal, place: Place, nodes: Sequence[Node]) -> Diagnostic:
    message = f"`{head}` has nothing called `{rest}`"
    if inside := _inside(f"{head}.{rest}".split("."), nodes):
        return UnknownStep.at(place.span, message, help=inside)
    if near := meant(rest, signal.outputs or {}, form=f"{head}.{{}}"):
        return UnknownStep.at(place.span, message, help=near)
    if signal.sole:
        return UnknownStep.at(place.span, message, help=Meant((head,), "it gives one value: {}", quote='"'))
    paths = [f"{head}.{port}" for port in by_likeness(rest, _declared(signal))]
    return UnknownStep.at(place.span, message, help=_one_of(paths))


def _inside(path: Sequence[str], nodes: Sequence[Node]) -> Help:
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


def _there(where: str, name: str, body: Graph) -> Help:
    if body.kind == "repeat":
        last = len(body.nodes) - 1 - (body.nodes[-1].name == "merge")
        return f"`{where}` has the copies `{where}.0` to `{where}.{last}`"
    return meant(name, [node.name for node in body.nodes], form=f"{where}.{{}}")


def ambiguous(name: str, signal: Signal, place: Place, *, all_of_them: bool = False) -> Diagnostic:
    """The mistake of reading one value where there are several.

    Args:
        place: the path that names them or, where nothing is named, the step that reads them.
        all_of_them: whether the step may read them all.
    """
    ports, head = _declared(signal), name.partition(".")[0]
    whose = f"`{name}`" if name else "what stands before this step"
    paths = [f"{head}.{port}" if head else port for port in ports]
    message = f"{whose} gives several values: {', '.join(ports)}"
    if place.value == name:
        # Of copies the last is what a step reads that names none.
        return Ambiguous.at(place.span, message, help=_one_of(paths[::-1] if "*" in name else paths))
    likely: list[object] = [*([paths] if all_of_them else []), *paths]
    untried = tuple(each for path in likely for each in setting(place, "from", path))
    said = either([json.dumps(path) for path in paths[:_SAID]])
    return Ambiguous.at(place.span, message, help=f"name one: from = {said}", untried=untried)


def _one_of(paths: Sequence[str]) -> Meant:
    """The remedy of naming one of ``paths``, the likeliest first."""
    return Meant(tuple(paths[:_SAID]), "name one: {}", quote='"')
