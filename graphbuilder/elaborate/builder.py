"""Builds one body: its steps in order, each a call that reads what stands before it or what its ``from`` names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from graphbuilder.diagnostics import Diagnostic
from graphbuilder.diagnostics.catalogue.references import UnknownStep
from graphbuilder.diagnostics.nearest import nearest
from graphbuilder.document import Place
from graphbuilder.elaborate.arguments import Argument, compute_arguments, written_words
from graphbuilder.elaborate.conditions import no_condition
from graphbuilder.elaborate.context import VALUES, WEIGHTS, Context, Trail
from graphbuilder.elaborate.faults import (
    Sketch,
    keep_node,
    sketch_cycles,
    sketch_step,
    values_of,
)
from graphbuilder.elaborate.initialisers import ByOp, check_owned, owned_names, read_initialisers
from graphbuilder.elaborate.names import Named
from graphbuilder.elaborate.op_errors import check_unread, report_op_error
from graphbuilder.elaborate.order import around, beside, build_order, circles
from graphbuilder.elaborate.paths import Lookup, Tap, all_paths, look_up, taps_of
from graphbuilder.elaborate.reading import FAILED, Reading, facts_read, read
from graphbuilder.elaborate.refusals import empty_path, unknown_op, unknown_owner
from graphbuilder.elaborate.scope import Scope
from graphbuilder.elaborate.sharing import may_run
from graphbuilder.elaborate.signals import NOTHING_KNOWN, Known, Signal, single
from graphbuilder.ir import Graph, Initialiser, Node, Op, OpError, TensorType, Value
from graphbuilder.ir.fault import NOT_KNOWN
from graphbuilder.ops.other_names import op_elsewhere
from graphbuilder.spec.mending import TWICE
from graphbuilder.spec.model import Step
from graphbuilder.spec.names import INPUT, OF_COPIES
from graphbuilder.spec.unknown import UNKNOWN

if TYPE_CHECKING:
    from graphbuilder.elaborate.blocks import Blocks


# Of the steps below one with a mistake, those that it may have meant; and where what is no step stands among them.
_BELOW, _BELOW_ALL = 20, 10**9
_ANY_COPY = dict.fromkeys(OF_COPIES, UNKNOWN)


class Call(NamedTuple):
    """What a step calls: a body or an op, what was written for its arguments, and its initialisers."""

    callee: Op | Graph
    written: Mapping[str, str]
    init: Mapping[str, Initialiser]
    arguments: Mapping[str, Argument]


class Written(NamedTuple):
    """Where a step stands: in which list of steps, the later ones having greater numbers, and at which place of it."""

    run: int
    at: int
    body: Sequence[Named]


class BodyBuilder:
    """Collects the nodes and signals of one body."""

    def __init__(
        self,
        blocks: Blocks,
        scope: Scope,
        inputs: Mapping[str, TensorType | None],
        trail: Trail,
        taps: Mapping[str, tuple[Tap, ...]],
        init: ByOp,
    ) -> None:
        self.blocks = blocks
        self.context: Context = blocks.context
        self.scope = scope
        self.trail = trail
        self.taps = taps
        self.init = init  # what the uses of this body give to the steps within
        self.inputs = dict(inputs)
        self.start = Signal({name: Known(Value(name), type_) for name, type_ in inputs.items()}, len(inputs))
        self.signals = {
            name: Signal({"out": known}) for name, known in (self.start.outputs or {}).items() if name != INPUT
        }
        self.fork = self.start  # what body, shortcut and branches begin with
        self.forked = False  # whether there are steps ahead of the fork
        self.ahead = 0  # how many nodes stand ahead of it
        self.nodes: list[Node] = []
        self.alike = 0  # further copies of a repeat, like the last node
        self.types: dict[Value, TensorType | None] = {Value(name): type_ for name, type_ in inputs.items()}
        self.calls: dict[str, Call] = {}
        self.owners: dict[str, Node] = {}  # the nodes of steps, whose weights others may share
        self.left_out: set[str] = set()
        self.steps: dict[str, Step] = {}
        self.begun: dict[str, Written] = {}  # where each step stands that is built, or stands beside one that is
        self.sources: Mapping[str, Place] = {}  # where the inputs come from, as far as that is known
        self.doubtful = False  # whether a faulty input, already reported, may be none
        self.nameless = False  # whether a faulty name, already reported, may be the one that a path looks for
        self.sketch = Sketch()

    def report(self, diagnostic: Diagnostic) -> None:
        if not (self.nameless and diagnostic.rule is UnknownStep):
            self.context.report(diagnostic, self.trail)

    def child(self, body: Sequence[Named], taps: Sequence[Tap]) -> BodyBuilder:
        """A builder for a side path: it sees this body's inputs and its own steps, nothing else."""
        paths = [*all_paths(body), *(".".join(tap) for tap in taps)]
        inner = BodyBuilder(self.blocks, self.scope, self.inputs, self.trail, taps_of(paths, body), self.init)
        inner.nameless, inner.sources = self.nameless, self.sources
        if self.forked:
            inner.begin_with(inner.start if self.fork is self.start else inner.taken_in(self.fork.sole))
            inner.sketch.last = "before"
        return inner

    def begin_with(self, ahead: Signal) -> None:
        """Let the paths of this body begin with what the steps ahead of them give, which is called ``before``."""
        self.fork = self.signals["before"] = ahead
        self.forked, self.ahead = True, len(self.nodes)

    def taken_in(self, known: Known | None) -> Signal:
        """A value of the body around this one as an input, which is called ``before`` unless it is one of both."""
        if known is None:
            if self.context.keeps_faults:
                self.inputs["before"] = self.types[Value("before")] = None
                self.sketch.values["before"] = (Value("before"),)
            return NOTHING_KNOWN
        if known.value.node not in self.inputs:
            known = Known(Value("before"), known.type)
            self.inputs["before"] = self.types[known.value] = known.type
        return single(known)

    def run(self, body: Sequence[Named], start: Signal, place: Place, *, may_be_empty: bool = False) -> Signal:
        """Build the steps of ``body``, the first of which reads ``start``; gives what the last one gives.

        With ``may_be_empty`` every step may be left out, and what goes in is passed on.
        """
        if self.context.unsound(place):
            return NOTHING_KNOWN
        if self.context.marks:
            self.nameless |= any(self.context.unsound(named.step.place, "id") for named in body)
        run = len(self.begun)
        self.begun.update((named.name, Written(run, index, body)) for index, named in enumerate(body))
        order = build_order(body)
        for diagnostic in circles(order, body):
            self.report(diagnostic)
        for name in order.looped:
            self.signals[name] = NOTHING_KNOWN
        begin = values_of(self, start, self.sketch.last) if self.context.keeps_faults else ()
        ahead, behind = around(order)
        for named in ahead:
            self._build(named, start, begin)
        if self.context.keeps_faults:
            sketch_cycles(self, order, body)
        for named in behind:
            self._build(named, start, begin)
        self.sketch.last = body[-1].name if body else self.sketch.last
        if not body or (not may_be_empty and self.passes_on(body)):
            self.report(empty_path([named.step for named in body], place))
            return NOTHING_KNOWN
        return self.signals[body[-1].name]

    def _build(self, named: Named, start: Signal, begin: Sequence[Value]) -> None:
        self.steps[named.name] = named.step
        signal = self.signals[named.name] = self._step(named, start)
        if self.context.keeps_faults:
            sketch_step(self, named, signal, begin)

    def look_up(self, path: str, place: Place, reader: Step | None = None) -> Signal:
        """What ``path`` names, which ``reader`` or, without one, an output reads; a mistake in it is reported."""
        there = (head := path.partition(".")[0]) == INPUT or head in self.signals
        lookup = look_up(path, self.signals, self.start, place, self.nodes) if there else Lookup(NOTHING_KNOWN)
        if (lookup.mistake or not there) and not self._meant_for_twin(path):
            last = next(reversed(self.steps), "") if reader else ""  # the one that is being built
            seen = self.readable(last), self.signals
            told = (look_up(path, each, self.start, place, self.nodes).mistake for each in seen)
            self.report(next(filter(None, told)))
        return lookup.signal

    def _meant_for_twin(self, path: str) -> bool:
        """Whether ``path`` may be the name that was meant for one of two steps of one name, which is told."""
        if not self.context.marks:
            return False
        twins = [name for name, step in self.steps.items() if self.context.unsound(step.place, TWICE)]
        return nearest(path.partition(".")[0], twins) is not None

    def readable(self, reader: str = "") -> dict[str, Signal]:
        """All that the paths of the step ``reader``, or of outputs, may begin with, in the order written; of the steps
        below the next ones."""
        found = {INPUT: self.start} if INPUT in self.inputs else {}
        order, rows = (-1, 0), list[tuple[tuple[int, int], str]]()
        for name in self.signals:
            order = self.begun[name][:2] if name in self.begun else (order[0], _BELOW_ALL)
            rows.append((order, name))
        found.update((name, self.signals[name]) for _, name in sorted(rows, key=itemgetter(0)))
        if reader in self.begun:
            _, index, body = self.begun[reader]
            below = beside(reader, body[index + 1 : index + 1 + _BELOW])
            found.update((name, NOTHING_KNOWN) for name in below if name not in found)
        return found

    def passes_on(self, body: Sequence[Named]) -> bool:
        """Whether every step is left out."""
        return all(named.name in self.left_out for named in body)

    def _step(self, named: Named, start: Signal) -> Signal:
        kept = self.condition(named.step.when, named.step, "when")
        if not named.name.isidentifier():  # its own is another's
            return self._check_renamed(named, start)
        if self.context.marks and self.context.unsound(named.step.place):
            return self.check_only(named, start)
        if kept is False:
            self.check_blindly(named.step)
            return self.pass_on(named, start)
        self.context.guesses += kept is None
        signal = self._kept(named, start)
        self.context.guesses -= kept is None
        if kept is None and not alike(signal, read(self, named, start, None).whole):
            return NOTHING_KNOWN
        return signal

    def _kept(self, named: Named, start: Signal) -> Signal:
        step = named.step
        if isinstance(step.share, str):
            return self._shared(named, start)
        if step.repeated:
            return self.blocks.repeat(self, named, start)
        ports = self.blocks.ports_of(step)
        reading = read(self, named, start, ports)
        scope = self.scope.child(**facts_read(reading))
        call = self.call_of(step, scope, reading, named.name, self.taps.get(named.name, ()))
        return self.emit(named.name, call, reading, step)

    def check_only(self, named: Named, start: Signal) -> Signal:
        """Look for further mistakes in a step that cannot be built; nothing is known of what it gives."""
        step = named.step
        ports = self.blocks.ports_of(step)
        reading = read(self, named, start, ports)
        scope = self.scope.child(**_ANY_COPY, **facts_read(reading))
        if (step.op is None) is not bool(step.blocks):  # neither, or both
            compute_arguments(step.args, step.place_of, scope)
            return NOTHING_KNOWN
        for index in range(len(step.blocks) or 1):
            self.call_of(step.copy_number(index), scope, FAILED if reading.failed else reading, named.name, ())
        return NOTHING_KNOWN

    def _check_renamed(self, named: Named, start: Signal) -> Signal:
        """Look at a step that may be another once more, one line too many: what it calls is looked at there."""
        if named.step.from_ is not None:
            read(self, named, start, None)
        self.check_blindly(named.step)
        return NOTHING_KNOWN

    def check_blindly(self, step: Step) -> None:
        """Look for mistakes in a step that is left out, as far as they would be some with any params."""
        if step.repeat is not None:
            self.blocks.count(self, step, self.scope.blinded())
        if (step.op is None) is not bool(step.blocks):
            return
        facts = facts_read(FAILED)
        scope = self.scope.child(**_ANY_COPY, **facts).blinded()
        for index in range(len(step.blocks) or 1):
            self.call_of(step.copy_number(index), scope, FAILED, "", ())

    def condition(self, raw: Any, step: Step | Any, key: str) -> bool | None:
        """A condition decided; None when it is not known, so that what it guards is still checked."""
        value = self.scope.compute(raw, step.place_of(key)) if raw is not True else True
        if value is UNKNOWN or self.scope.blind:
            return None
        if isinstance(value, bool):
            return value
        if told := no_condition(raw, value, step.place_of(key), self.scope, self.context.sink):
            self.report(told)
        return None

    def pass_on(self, named: Named, start: Signal) -> Signal:
        """A step that is left out gives what it would have read."""
        self.left_out.add(named.name)
        self.blocks.pruner.keep(named.step.place)
        return read(self, named, start, None).whole

    def call_of(self, step: Step, scope: Scope, reading: Reading, name: str, taps: tuple[Tap, ...]) -> Call | None:
        """The op or body that ``step`` calls on what it reads; None behind a mistake."""
        self.context.spend(1, step.place)
        if step.use is None:
            return self.op_call(step, scope, reading)
        call = self.blocks.block_call(self, step, scope, reading, name, taps)
        if call is not None and self.context.keeps_faults and isinstance(call.callee, Graph):
            self.sketch.bodies[name] = call.callee
        return call

    def op_call(self, step: Step, scope: Scope, reading: Reading) -> Call | None:
        """The op of a step, its arguments checked whether or not its inputs are known."""
        name = str(step.op)
        cls = self.context.ops.get(name)
        given = compute_arguments(step.args, step.place_of, scope)
        own = read_initialisers(step.init, step.place_of("init"), scope) if step.init is not None else {}
        if cls is None:
            self.report(unknown_op(name, self.context, step))
            if (other := op_elsewhere(name, self.context.ops)) and name not in self.context.spec.blocks:
                arguments = {**self.context.arguments_of(other, step.place), **given}
                self.context.make.make(self.context.ops[other], arguments, step.place, lambda: self.trail.ways)
            return None
        if cls.weights is not Op.weights:
            self.context.spend(WEIGHTS, step.place)
        arguments = {**self.context.arguments_of(name, step.place), **given}
        op = self.context.make.make(cls, arguments, step.place, lambda: self.trail.ways)
        types = reading.types
        if op is None or types is None:
            if op is not None and not scope.blind:
                check_unread(self, op, step.place, arguments, reading)
            return None
        written = {key: argument.written for key, argument in arguments.items() if argument.written}
        try:
            init = {**self.init_of(op, types), **own}
            if step.init is not None:
                check_owned(name, own, owned_names(op, types), step.place_of("init"), self.context.sink)
            callee = self.context.spell_out(op, types, init, step.place)
        except OpError as error:
            report_op_error(self, error, step.place, arguments, reading)
            return None
        return Call(callee, written, init, arguments)

    def init_of(self, op: Op, types: tuple[TensorType, ...]) -> Mapping[str, Initialiser]:
        """The initialisers that a step of ``op`` starts from: the file's, then those of the uses of this body, as far
        as it has such weights."""
        given = self.init.get(op.op, {})
        owned = owned_names(op, types) if given else ()
        return {**self.context.dialect.init_of(op.op), **{name: given[name] for name in given if name in owned}}

    def _shared(self, named: Named, start: Signal) -> Signal:
        """``share = "sibling"``: its callee again, on other values, for which it would be built in the same way."""
        step, owner = named.step, str(named.step.share)
        self.context.spend(1, step.place)
        call = self.calls.get(owner)
        if call is None:
            known = self.signals.get(owner)
            if known.outputs is not None if known else not self.nameless:
                owners = [name for name in self.readable(named.name) if name in self.begun]
                self.report(unknown_owner(owner, owners, step))
            return NOTHING_KNOWN
        node = self.owners.get(owner)
        if node is None:  # what it gives could not be inferred, which is told
            return NOTHING_KNOWN
        reading = read(self, named, start, self.blocks.ports_of_callee(call.callee))
        if not may_run(self, node, reading, step):
            return NOTHING_KNOWN
        return self.emit(named.name, call, reading, step, node.module)

    def emit(self, name: str, call: Call | None, reading: Reading, step: Step, module: str | None = None) -> Signal:
        """Append the call of a step and give its outputs; an unknown callee or input gives nothing known."""
        values = reading.values
        if call is None or values is None or reading.types is None:
            return NOTHING_KNOWN
        written = {**written_words(step), **call.written}
        node = Node(name, call.callee, values, module or name, written, call.init, step.title, step.place)
        self.calls[name] = call
        return self.append(node, reading, step.place, call.arguments)

    def append(
        self, node: Node, reading: Reading, place: Place, arguments: Mapping[str, Argument] | None = None
    ) -> Signal:
        """Append ``node`` with the types that it gives."""
        types = reading.types
        assert types is not None
        try:
            given = self.context.inference.results(node.callee, types)
        except OpError as error:
            report_op_error(self, error, place, arguments or {}, reading)
            return NOTHING_KNOWN
        if fault := self.context.too_large((*given, *self.context.spelt_out_types(node.callee, types)), place):
            self.report(fault)
            return NOTHING_KNOWN
        self.owners[node.name] = node
        if NOT_KNOWN in given or not given:  # a body that is broken
            keep_node(self, node)
            return NOTHING_KNOWN
        self.context.spend((len(node.inputs) + len(given)) // VALUES, place)
        self.nodes.append(node)
        outputs = {port: Known(Value(node.name, port), type_) for port, type_ in zip(node.results, given, strict=True)}
        self.types.update(outputs.values())
        return Signal(outputs, self.blocks.declared_by(node.callee))


def alike(left: Signal, right: Signal) -> bool:
    """Whether both give one value of the same type."""
    one, other = left.sole, right.sole
    return one is not None and other is not None and one.type == other.type
