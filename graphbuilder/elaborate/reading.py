"""What a step reads: by default what stands before it, else what its ``from`` names, fitted to the callee's inputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from graphbuilder.diagnostics.catalogue.references import NothingJoined, Ports
from graphbuilder.diagnostics.nearest import meant
from graphbuilder.elaborate.names import Named
from graphbuilder.elaborate.paths import ambiguous
from graphbuilder.elaborate.scope import facts_of
from graphbuilder.elaborate.signals import NOTHING_KNOWN, Known, Signal, single
from graphbuilder.ir import TensorType, Value
from graphbuilder.spec.mending import TWICE
from graphbuilder.spec.model import Step

if TYPE_CHECKING:
    from graphbuilder.elaborate.builder import BodyBuilder


class PortNames(NamedTuple):
    """The inputs of a callee: by name, the last ``optional`` of which may be left out, or any number of them."""

    names: tuple[str, ...] = ("x",)
    optional: int = 0
    variadic: bool = False


class Reading(NamedTuple):
    """The values that a step reads, in the order of the callee's inputs; ``whole`` passes on where it is left out.

    ``failed`` says that a mistake was reported, so that nothing can be built on it.
    """

    known: tuple[Known, ...]
    whole: Signal
    failed: bool = False

    @property
    def values(self) -> tuple[Value, ...] | None:
        return None if self.failed else tuple(known.value for known in self.known)

    @property
    def types(self) -> tuple[TensorType, ...] | None:
        """The types, or None when one of them is not known."""
        if self.failed:
            return None
        types = tuple([known.type for known in self.known])
        return None if None in types else cast("tuple[TensorType, ...]", types)


FAILED = Reading((), NOTHING_KNOWN, failed=True)


def facts_read(reading: Reading) -> dict[str, Any]:
    """``from_channels`` and ``from_shape``: what a step's arguments may know of the first value that it reads."""
    return facts_of("from", reading.known[0].type if reading.known else None)


def read(builder: BodyBuilder, named: Named, start: Signal, ports: PortNames | None) -> Reading:
    """What ``named`` reads; without ``ports``, of a step that is left out or unknown, only what it passes on."""
    source = named.step.from_
    if builder.context.marks and builder.context.unsound(named.step.place, "from"):
        return FAILED
    if source in ([], {}):
        remedy = "name at least one value, or leave `from` out to read what stands before this step"
        builder.report(Ports.at(named.step.place_of("from").span, "`from` names no value", help=remedy))
        return FAILED
    if isinstance(source, dict):
        return _by_port(builder, named.step, source, ports)
    if isinstance(source, list):
        return _many(builder, named.step, source, ports)
    if source is None:
        signal, name = builder.signals.get(named.previous or "", start), named.previous or ""
    else:
        signal, name = _find(builder, source, named.step), source
    return _fit(builder, named.step, signal, name, ports)


def _find(builder: BodyBuilder, path: str, step: Step, key: int | str | None = None) -> Signal:
    place = step.place_of("from") if key is None else step.place_of("from") / key
    signal = builder.look_up(path, place, step)
    if "*" in path and signal.outputs is not None:
        builder.context.params.terms.spend(len(signal.outputs), step.place)
    named = builder.steps.get(path.partition(".")[0])
    twice = builder.context.marks and named is not None and builder.context.unsound(named.place, TWICE)
    return NOTHING_KNOWN if twice else signal


def _fit(builder: BodyBuilder, step: Step, signal: Signal, name: str, ports: PortNames | None) -> Reading:
    """One signal for a callee: its only value, or by name where the callee has several inputs."""
    if signal.outputs is None:
        return FAILED
    if ports is None:
        return Reading((), signal)
    if ports.variadic and "*" in name:
        return Reading(tuple(signal.outputs.values()), signal)
    if len(ports.names) - ports.optional > 1 and not ports.variadic:
        return _same_names(builder, step, signal, name, ports)
    if signal.sole is None and builder.doubtful and signal is builder.start:
        return FAILED
    if signal.sole is None:
        place = step.place_of("from") if step.from_ is not None else step.place
        builder.report(ambiguous(name, signal, place, all_of_them=ports.variadic and step.from_ is None))
        return FAILED
    if ports.variadic and step.from_ is None and not builder.scope.blind:
        message = f"`{step.op}` joins several values, and reads one here: what stands before it"
        example = 'name what it joins: from = ["...", "..."]'
        builder.report(NothingJoined.at(step.place.span, message, help=example))
    return Reading((signal.sole,), signal)


def _same_names(builder: BodyBuilder, step: Step, signal: Signal, name: str, ports: PortNames) -> Reading:
    assert signal.outputs is not None
    missing = [port for port in ports.names[: len(ports.names) - ports.optional] if port not in signal.outputs]
    if missing:
        whose = f"`{name}`" if name else "the input"
        several = f"values called {', '.join(signal.outputs)}" if signal.sole is None else "one value"
        message = f"this step reads several inputs, {', '.join(ports.names)}; {whose} gives {several}"
        remedy = "name them: from = { " + ", ".join(f'{port} = "..."' for port in ports.names) + " }"
        builder.report(Ports.at(step.place.span, message, help=remedy))
        return FAILED
    return Reading(tuple(signal.outputs[port] for port in ports.names if port in signal.outputs), signal)


def _many(builder: BodyBuilder, step: Step, paths: list[str], ports: PortNames | None) -> Reading:
    if ports is not None and not ports.variadic and not _in_order(step, paths, ports):
        names = ", ".join(ports.names)
        message = f"this step reads {names}, not a list"
        remedy = "from takes one path here" if len(ports.names) == 1 else f"name the inputs in a table: {names}"
        builder.report(Ports.at(step.place_of("from").span, message, help=remedy))
        return FAILED
    known: list[Known] = []
    failed = False
    for index, path in enumerate(paths):
        signal = _find(builder, path, step, index)
        if signal.outputs is None:
            failed = True
        elif "*" in path:
            known.extend(signal.outputs.values())
        elif signal.sole is None:
            builder.report(ambiguous(path, signal, step.place_of("from") / index))
            failed = True
        else:
            known.append(signal.sole)
    whole = single(known[0]) if known else NOTHING_KNOWN
    return Reading(tuple(known), whole, failed)


def _in_order(step: Step, paths: list[str], ports: PortNames) -> bool:
    """Whether a list names all that an op of several inputs needs, as a product of two matrices does, or more."""
    needed = len(ports.names) - ports.optional
    fits = 1 < needed <= len(paths) <= len(ports.names)
    return step.op is not None and fits and not any("*" in path for path in paths)


def _by_port(builder: BodyBuilder, step: Step, table: Mapping[str, str], ports: PortNames | None) -> Reading:
    found = {port: _find(builder, path, step, port) for port, path in table.items()}
    first = next(iter(found.values()), NOTHING_KNOWN)
    if ports is None:
        return Reading((), first)
    if not _ports_fit(builder, step, table, ports):
        return FAILED
    known: list[Known] = []
    for port in ports.names:
        signal = found.get(port)
        if signal is None:
            continue
        if signal.outputs is not None and signal.sole is None:
            builder.report(ambiguous(table[port], signal, step.place_of("from") / port))
        if signal.sole is None:
            return FAILED
        known.append(signal.sole)
    return Reading(tuple(known), first)


def _ports_fit(builder: BodyBuilder, step: Step, table: Mapping[str, str], ports: PortNames) -> bool:
    place = step.place_of("from")
    needed, known = ports.names[: len(ports.names) - ports.optional], {*ports.names}
    for port in table:
        if port not in known:
            remedy = meant(port, ports.names, f"its inputs: {', '.join(ports.names) or 'a list'}")
            builder.report(Ports.at((place / port).key_span, f"this step has no input `{port}`", help=remedy))
            return False
    missing = [port for port in needed if port not in table]
    if missing:
        builder.report(
            Ports.at(
                place.span, f"nothing is given for {', '.join(missing)}", help="every input is read from somewhere"
            )
        )
    return not missing
