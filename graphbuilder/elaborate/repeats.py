"""``repeat``: copies of a step one after the other, or side by side on one input with ``merge``."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from graphbuilder.diagnostics import Label
from graphbuilder.diagnostics.catalogue.limits import TooManyNodes
from graphbuilder.diagnostics.catalogue.references import BadRepeat, BadShare, Ports
from graphbuilder.document.writing import shown
from graphbuilder.elaborate.arguments import written_words
from graphbuilder.elaborate.builder import Call
from graphbuilder.elaborate.context import INNER, VALUES, VARIED, Trail
from graphbuilder.elaborate.faults import errors_at, keep_fault, titled, word_of
from graphbuilder.elaborate.joins import Path, join
from graphbuilder.elaborate.names import Named, base_name
from graphbuilder.elaborate.origins import given_as
from graphbuilder.elaborate.outputs import finish, outputs_of
from graphbuilder.elaborate.paths import Tap
from graphbuilder.elaborate.reading import PortNames, Reading, facts_read, read
from graphbuilder.elaborate.scope import Scope
from graphbuilder.elaborate.sharing import Run, may_run_again
from graphbuilder.elaborate.signals import NOTHING_KNOWN, Known, Signal
from graphbuilder.ir import Graph, Node
from graphbuilder.ir.fault import faults
from graphbuilder.spec.expressions import Expression, free_names
from graphbuilder.spec.model import Block, Step
from graphbuilder.spec.names import INPUT, OF_COPIES
from graphbuilder.spec.unknown import UNKNOWN

if TYPE_CHECKING:
    from graphbuilder.elaborate.builder import BodyBuilder


class Copies(NamedTuple):
    """How often a step is repeated, and over what."""

    number: int
    items: Sequence[Any] | None = None

    def names(self, index: int) -> dict[str, Any]:
        """What ``i``, ``n`` and ``item`` mean in copy ``index``."""
        names: dict[str, Any] = {"i": index, "n": self.number}
        return names if self.items is None else {**names, "item": self.items[index]}


def build_repeat(builder: BodyBuilder, named: Named, start: Signal) -> Signal:
    """The node of a repeated step; its body holds the copies "0", "1", ..."""
    step = named.step
    copies = count_copies(builder, step, builder.scope)
    if copies is None:
        return builder.check_only(named, start)
    if copies.number == 0:
        return builder.pass_on(named, start)
    ports = builder.blocks.ports_of(step)
    reading = read(builder, named, start, ports)
    if ports is None or reading.types is None or not _alike(builder, step, ports):
        return builder.check_only(named, start)
    names = ports.names if not ports.variadic else tuple(f"x{index}" for index in range(len(reading.known)))
    inputs = dict(zip(names, reading.types, strict=False))
    outside = builder.taps.get(named.name, ())
    builder.context.params.terms.spend(len(outside) * copies.number, step.place)
    taps = _taps(outside, copies.number, step.share is True)
    builder.context.spend(INNER, step.place)
    inner = type(builder)(builder.blocks, builder.scope, inputs, builder.trail, taps, builder.init)
    last = (
        _beside(inner, named, copies) if step.merge else _in_a_row(inner, named, copies, {head for head, *_ in outside})
    )
    outputs = outputs_of(inner, last, outside)
    graph = finish(inner, "repeat", base_name(step), outputs)
    if graph is None:
        return NOTHING_KNOWN
    values = tuple(known.value for known in reading.known)
    written = written_words(step)
    title = step.title
    if len(graph.nodes) < copies.number and any(True for _ in faults(graph)):
        title = titled(step.title or named.name, copies.number)
        graph = _told(graph, title)
    node = Node(named.name, graph, values, named.name, written, title=title, place=step.place)
    builder.calls[named.name] = Call(graph, written, {}, {})
    return builder.append(node, reading, step.place)


def _told(graph: Graph, title: str) -> Graph:
    """A repeat that is broken in its first copy, which then stands for all."""
    nodes = tuple(graph.nodes)
    return replace(graph, nodes=(replace(nodes[0], title=title),)) if len(nodes) == 1 else graph


def _alike(builder: BodyBuilder, step: Step, ports: PortNames) -> bool:
    """Whether the blocks of a list have as many inputs as its first: what one copy reads, the next can."""
    first = step.blocks[0] if step.blocks else ""
    seen: set[str] = set()
    for index, name in enumerate(step.blocks):
        if name in seen:
            continue
        seen.add(name)
        other = builder.blocks.ports_of_block(name)
        if other is not None and len(other.names) != len(ports.names):
            message = f"`{first}` has the inputs {', '.join(ports.names)}, and `{name}` has {', '.join(other.names)}"
            remedy = "write them as two steps, the second with a table of what it reads: from = { ... }"
            builder.report(Ports.at((step.place_of("use") / index).span, message, help=remedy))
            return False
    return True


def count_copies(builder: BodyBuilder, step: Step, scope: Scope) -> Copies | None:
    """The copies asked for, as ``scope`` has it; None when that is not known or wrong (reported)."""
    if isinstance(step.use, list):
        return Copies(len(step.use))
    place = step.place_of("repeat")
    value = scope.compute(step.repeat, place)
    if value is UNKNOWN:
        return None
    copies = _copies(value)
    if copies is None or not _counts(value):
        cause = scope.origin(step.repeat, place).cause(_counts)
        related = given_as(value, place) if cause.place.keys != place.keys else ()
        message = f"a step cannot be repeated {shown(value)} times"
        remedy = cause.slip(value, _counts) or "write a count from 0, or a list to go over"
        builder.report(BadRepeat.at(cause.place.span, message, related=related, help=remedy))
        return None
    limit = builder.context.limits.nodes
    if copies.number > limit:
        message = f"{copies.number} copies are more than the limit of {limit} operations"
        builder.report(TooManyNodes.at(place.span, message, help=TooManyNodes.remedy))
        return None
    return copies


def _counts(value: Any) -> bool:
    copies = _copies(value)
    return copies is not None and copies.number >= 0


def _copies(value: Any) -> Copies | None:
    if isinstance(value, list):
        items = cast("list[Any]", value)
        return Copies(len(items), items)
    return Copies(value) if type(value) is int else None


def _taps(taps: Sequence[Tap], count: int, shared: bool) -> dict[str, tuple[Tap, ...]]:
    """What is taken from inside each copy; copies of one set of weights all give what is taken from one of them."""
    found: dict[str, list[Tap]] = {}
    for head, *rest in (tap for tap in taps if len(tap) > 1):
        for name in map(str, range(count)) if head == "*" or (shared and head.isdecimal()) else (head,):
            found.setdefault(name, []).append(tuple(rest))
    return {name: tuple(rest) for name, rest in found.items()}


def _in_a_row(inner: BodyBuilder, named: Named, copies: Copies, wanted: Collection[str]) -> Signal:
    """Copies one after the other: an output with an input's name is carried into it, other inputs stay.

    ``wanted`` are the copies that are read from outside, among other names; "*" are all.
    """
    step = named.step
    calls, outside = _Calls(inner, named, copies), inner.trail
    current = dict(inner.start.outputs or {})
    signal = NOTHING_KNOWN
    for index in range(copies.number):
        reading = Reading(tuple(current.values()), NOTHING_KNOWN)
        inner.trail = _into(outside, named, index)
        call = calls.call(index, reading)
        if call is None:
            _sketch_copy(inner, step, index, reading)
            return NOTHING_KNOWN
        if step.share is True:
            call = calls.again(call, reading)
            if call is None:
                return NOTHING_KNOWN
        signal = inner.emit(str(index), call, reading, step, "0" if step.share is True else None)
        if signal.outputs is None:
            _sketch_copy(inner, step, index, reading)
            return NOTHING_KNOWN
        inner.signals[str(index)] = signal
        rest = copies.number - index - 1
        if rest and not _carry(inner, step, signal, current):
            return NOTHING_KNOWN
        if rest and index and calls.settled(current):
            inner.alike = rest
            read = [name for name in map(str, range(index + 1, copies.number)) if name in wanted or "*" in wanted]
            inner.context.spend(len(read), step.place)
            for name in read:
                inner.signals[name] = _renamed(signal, name)
            return _renamed(signal, str(copies.number - 1))
    return signal


def _into(trail: Trail, named: Named, index: int) -> Trail:
    """The way into a copy of an op; a block knows its own."""
    return trail.into(f"{named.name}.{index}", "", named.step.place) if named.step.op else trail


def _sketch_copy(inner: BodyBuilder, step: Step, index: int, reading: Reading) -> None:
    """Let something stand for the first copy of which nothing is known; those behind it are not drawn."""
    if inner.context.keeps_faults:
        read = [known.value for known in reading.known]
        keep_fault(inner, str(index), word_of(step), step.place, read, errors_at(inner, step.place))
        inner.sketch.last = str(index)


def _renamed(signal: Signal, name: str) -> Signal:
    """The signal of a later copy that is like this one."""
    outputs = {
        port: Known(known.value._replace(node=name), known.type) for port, known in (signal.outputs or {}).items()
    }
    return signal._replace(outputs=outputs)


def _carry(inner: BodyBuilder, step: Step, signal: Signal, current: dict[str, Known]) -> bool:
    assert signal.outputs is not None
    declared = list(signal.outputs.items())[: signal.declared]
    if len(current) == 1 and len(declared) == 1:
        current[next(iter(current))] = declared[0][1]
        return True
    carried = {port: known for port, known in declared if port in current}
    if not carried and (block := _unmerged(inner, step)):
        message = f"the branches of `{step.blocks[0]}` give several values, of which the next copy reads one"
        label = Label(block.place.key_span, "these have no `merge`")
        remedy = f'join them: merge = "concat" in the block `{step.blocks[0]}`, say'
        inner.report(BadRepeat.at(step.place.span, message, related=(label,), help=remedy))
        return False
    if not carried:
        gives, takes = ", ".join(port for port, _ in declared), ", ".join(current)
        message = f"no copy reads what the one before it gives: outputs {gives}, inputs {takes}"
        first = next(iter(current))
        named = 'name the input, and an output like it: inputs = ["x"], outputs = { x = "..." }'
        remedy = named if first == INPUT else f'give an output the name of an input: outputs = {{ {first} = "..." }}'
        inner.report(BadRepeat.at(step.place.span, message, help=remedy))
        return False
    current.update(carried)
    return True


def _unmerged(inner: BodyBuilder, step: Step) -> Block | None:
    """The block of a repeat whose branches are not joined, and which names no outputs."""
    block = inner.context.spec.blocks.get(step.blocks[0]) if step.blocks else None
    return block if block and block.branches and not block.merge and not block.outputs else None


def _beside(inner: BodyBuilder, named: Named, copies: Copies) -> Signal:
    """Copies side by side on one input, joined in order."""
    step = named.step
    calls, outside = _Calls(inner, named, copies), inner.trail
    reading = Reading(tuple((inner.start.outputs or {}).values()), NOTHING_KNOWN)
    paths: list[Path] = []
    for index in range(copies.number):
        inner.trail = _into(outside, named, index)
        call = calls.call(index, reading)
        if step.share is True and call is not None:
            call = calls.again(call, reading)
        signal = inner.emit(str(index), call, reading, step, "0" if step.share is True else None)
        inner.signals[str(index)] = signal
        paths.append(Path(f"copy {index}", signal, step.place, str(index)))
        if not index:  # what is wrong in the first is told even where there are too many to be joined
            inner.context.afford(copies.number // VALUES, step.place_of("merge"))
        if signal.outputs is None:  # what is wrong in one copy is so in most, and is told
            _sketch_copy(inner, step, index, reading)
            break
    inner.trail = outside
    return join(inner, str(step.merge), paths, step.place_of("merge"))


class _Calls:
    """The call of each copy; copies that cannot differ from the one before are not worked out again."""

    def __init__(self, inner: BodyBuilder, named: Named, copies: Copies) -> None:
        self._inner, self._named, self._copies = inner, named, copies
        step = named.step
        self._vary = isinstance(step.use, list) or not {*free_names((step.args, step.init))}.isdisjoint(OF_COPIES)
        if self._vary:
            inner.context.afford((1 + VARIED) * copies.number, step.place)
        self._last: tuple[Any, Call | None] | None = None
        self._first: tuple[Call, Reading] | None = None

    def call(self, index: int, reading: Reading) -> Call | None:
        name = str(index)
        taps = self._inner.taps.get(name, ())
        same = (reading.types, taps)
        if not self._vary and self._last is not None and self._last[0] == same:
            return self._last[1]
        step = self._named.step.copy_number(index)
        if self._vary:
            self._inner.context.spend(VARIED, step.place)
        scope = self._scope(index, facts_read(reading))
        call = self._inner.call_of(step, scope, reading, f"{self._named.name}.{name}", taps)
        self._last = (same, call)
        if call is not None and self._first is None:
            self._first = (call, reading)
        return call

    def again(self, call: Call, reading: Reading) -> Call | None:
        """The call of a further copy with the weights of the first, whose own would be ``call``; None where there is
        none (reported)."""
        assert self._first is not None
        (first, before), step = self._first, self._named.step
        if call.callee == first.callee and reading.types == before.types:
            return first
        if self._vary or reading.types == before.types:
            message = "copies that share their weights must be equal: the same arguments"
            told = BadShare.at(step.place_of("share").span, message, help="leave out `share`, or what differs")
            self._inner.report(told)
            return None
        assert before.types is not None
        run = Run(step, self._named.name, first.callee, before.types)
        return first if may_run_again(self._inner, run, reading, step) else None

    def settled(self, current: Mapping[str, Known]) -> bool:
        """Whether all further copies are like the last: nothing varies, nothing is taken from inside, types stay."""
        if self._vary or self._inner.taps or self._last is None:
            return False
        (types, _), _ = self._last
        return types == tuple(known.type for known in current.values())

    def _scope(self, index: int, facts: Mapping[str, Any]) -> Scope:
        scope = self._inner.scope.child(**self._copies.names(index), **facts)
        step = self._named.step
        if self._copies.items is None:
            word = step.repeat.text.removeprefix("=").strip() if isinstance(step.repeat, Expression) else "repeat"
            count = f"`{word}` is {self._copies.number}, a count"
            scope.absent = {"item": f"{count}: `item` is there where it goes over a list, and `i` counts from 0"}
            return scope
        items = scope.origin(step.repeat, step.place_of("repeat"))
        scope.add("item", scope.names["item"], items.item(index) if items else None)
        return scope
