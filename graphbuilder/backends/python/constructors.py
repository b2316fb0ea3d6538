"""What stands in ``__init__``: the constructor calls of the steps, each argument printed as the scope says.

On the way it follows the number of channels of every value in the words of the class, so that a layer can say
``mid`` where another gave ``mid`` channels.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from graphbuilder.backends.python import layout
from graphbuilder.backends.python.expressions import Expr, constant, document, minus, over, text, times, total
from graphbuilder.backends.python.layout import Doc, Group
from graphbuilder.backends.python.parts import Argument, Call, ChainPart, ClassPart, OpPart, Part, RepeatPart, some
from graphbuilder.backends.python.repeats import Run, Series, entries
from graphbuilder.backends.python.scope import ABSENT, Column, Scope, replaced, same, settled
from graphbuilder.backends.python.series import Loop, Spread
from graphbuilder.backends.python.shapes import joining
from graphbuilder.ir import Op, Value

Parts = Sequence[Part | None]
Channels = Sequence[Expr | None]


class Made(NamedTuple):
    """A constructor, or None for what has no module, and the channels of what it gives."""

    doc: Doc | None
    channels: Channels


class Filled(NamedTuple):
    """An entry of a container."""

    doc: Doc
    channels: Channels


@dataclass(eq=False)
class Constructors:
    """Writes constructors into one class.

    Attributes:
        scope: the parameters of the class.
        targets: what the file has to import is added here.
    """

    scope: Scope
    targets: set[str]
    _goal: Expr | None = None

    def make_towards(self, goal: Expr | None, column: Parts, reads: Channels) -> Made:
        """The constructor of a step whose result is joined with a value of ``goal`` channels."""
        self._goal = goal
        made = self.make(column, reads)
        self._goal = None
        return made

    def make(self, column: Parts, reads: Channels, given: Mapping[str, Expr] | None = None) -> Made:
        """The constructor of a step, given the channels of what it reads and what some of its arguments print."""
        match some(column):
            case OpPart() as part:
                return self._op(part, column, reads, given or {})
            case ClassPart() as part:
                return self._class(part, column, reads, given or {})
            case ChainPart():
                return self._chain(column, reads)
            case RepeatPart():
                return self._repeat(column, reads)
            case part:
                raise TypeError(part)

    def _op(self, part: OpPart, column: Parts, reads: Channels, given: Mapping[str, Expr]) -> Made:
        doc, result = None, None
        if part.call is not None:
            doc, printed = self._call(part.call, column, reads, given)
            result = next((printed[each.name] for each in part.call.arguments if each.result), None)
        joined = _joined(part, reads)
        candidates = (result, joined, reads[0] if reads else None)
        return Made(doc, [self.follow(column, index, candidates, reads[:1]) for index in range(len(part.outputs))])

    def _class(self, part: ClassPart, column: Parts, reads: Channels, given: Mapping[str, Expr]) -> Made:
        doc, printed = self._call(part.call, column, reads, given)
        words, name = part.owner.words(printed, reads), part.owner.name_of(part.body)
        results = [replaced(part.owner.channels.get((name, port)), words) for port in part.node.results]
        return Made(doc, [self.follow(column, index, (result,)) for index, result in enumerate(results)])

    def _call(
        self, first: Call, column: Parts, reads: Channels, given: Mapping[str, Expr]
    ) -> tuple[Doc, dict[str, Expr]]:
        """A call, and what each of its arguments prints."""
        self.targets.add(first.target)
        printed: dict[str, Expr] = {}
        docs: list[Doc] = []
        for argument in first.arguments:
            expr = given.get(argument.name) or self.argument(
                argument, argument_column(column, argument.name), column, reads, printed
            )
            printed[argument.name] = expr
            if not _elided(expr, argument):
                keyword = "" if argument.positional else f"{argument.name}="
                docs.append(layout.prefixed(keyword, document(expr)))
        return layout.call(first.target, docs), printed

    def argument(
        self,
        argument: Argument,
        values: Column,
        column: Parts,
        reads: Channels,
        printed: Mapping[str, Expr] | None = None,
    ) -> Expr:
        """What an argument of a step prints, where ``values`` are its values, and others of the step ``printed``."""
        if argument.name == "inplace":
            return constant(all(value in (True, ABSENT) for value in values))
        read = reads[argument.channels] if argument.channels is not None else None
        derived = self._derived(values, reads) if argument.result else ()
        if argument.name == "padding":
            derived = _centring(printed or {})
        step = step_name(some(column))
        role = (self.scope.computed_from(argument.written) if argument.result else None) or argument.name
        return self.scope.slot(values, role, step, written=argument.written, read=read, derived=derived)

    def _derived(self, values: Column, reads: Channels) -> list[Expr]:
        """What the channels of a result may follow from: what it is joined with, a multiple or part of what is read."""
        found = [] if self._goal is None else [self._goal]
        if reads and reads[0] is not None:
            found += self._multiples(reads[0], values)
        return found

    def follow(self, column: Parts, port: int, candidates: Channels, reads: Channels = ()) -> Expr | None:
        """The first candidate that is the number of channels of an output in every instance, else a multiple or part of
        what is read."""
        values = tuple(ABSENT if part is None else part.outputs[port].channels for part in column)
        known = next((each for each in candidates if each is not None and self.scope.holds(each, values)), None)
        literal = settled(values)
        if known is not None or literal is not ABSENT:
            return known if known is not None else constant(literal)
        multiples = (each for read in reads if read is not None for each in self._multiples(read, values))
        return next((each for each in multiples if self.scope.holds(each, values)), None)

    def _multiples(self, read: Expr, wanted: Column) -> Iterator[Expr]:
        return _proportions(read, self.scope.column(read), wanted)

    def _chain(self, column: Parts, reads: Channels) -> Made:
        chains = [part.parts if isinstance(part, ChainPart) else None for part in column]
        docs: list[Doc] = []
        for index, part in enumerate(next(filter(None, chains))):
            doc, reads = self.make([chain[index] if chain else None for chain in chains], reads)
            assert doc is not None, "only modules stand in a chain"
            docs.append(layout.prefixed(f"{part.node.name}=", doc))
        self.targets |= {"nn.Sequential", "OrderedDict"}
        return Made(layout.call("nn.Sequential", [layout.call("OrderedDict", docs)]), reads)

    def _repeat(self, column: Parts, reads: Channels) -> Made:
        repeats = [part if isinstance(part, RepeatPart) else None for part in column]
        first = some(repeats)
        if first.chained:
            docs, channels = self._chained(repeats, reads)
            return Made(layout.call("nn.Sequential", docs), channels)
        if not any(modular_call(copy) for copy in first.copies):
            return Made(None, [self.follow(column, index, ()) for index in range(len(first.outputs))])
        docs, known = self._listed(repeats, reads)
        joined = _joined(first.parts[-1], [known.get(value) for value in first.parts[-1].node.inputs])
        return Made(_module_list(docs), [self.follow(column, index, (joined,)) for index in range(len(first.outputs))])

    def _chained(self, repeats: Sequence[RepeatPart | None], reads: Channels) -> tuple[list[Doc], Channels]:
        """The entries of an ``nn.Sequential``, each reading what the one before gives."""
        docs: list[Doc] = []
        runs = entries(repeats)
        for run, count in zip(runs, self._counts(some(repeats), runs), strict=True):
            doc, reads = self._entry(run, count, reads)
            docs.append(doc)
        return docs, reads

    def _listed(
        self, repeats: Sequence[RepeatPart | None], reads: Channels
    ) -> tuple[list[Doc], Mapping[Value, Expr | None]]:
        """The entries of an ``nn.ModuleList``; what the copies read and give is followed in the first instance."""
        first = some(repeats)
        known: dict[Value, Expr | None] = dict(zip(map(Value, first.body.graph.inputs), reads, strict=True))
        docs: list[Doc] = []
        runs = entries(repeats)
        at = 0
        for run, count in zip(runs, self._counts(first, runs), strict=True):
            doc, given = self._entry(run, count, [known.get(value) for value in some(run.firsts).node.inputs])
            docs.append(doc)
            stop = at + run.counts[repeats.index(first)]
            for copy in first.copies[at:stop]:
                known |= zip((Value(copy.node.name, port) for port in copy.node.results), given, strict=True)
            at = stop
        return docs, known

    def _entry(self, run: Run | Series, count: Expr, reads: Channels) -> Filled:
        if isinstance(run, Series):
            return self._series(run, count, reads)
        made = self.make(run.firsts, reads)
        doc = made.doc or "nn.Identity()"
        if settled(run.counts) == 1:
            return Filled(doc, made.channels)
        return Filled(layout.words("*(", (doc, f"for _ in range({text(count)})"), ")"), made.channels)

    def _series(self, run: Series, count: Expr, reads: Channels) -> Filled:
        """One constructor in a loop over the arguments that vary from copy to copy."""
        spread = Spread(run)
        given = {
            argument.name: self.argument(argument, argument_column(run.firsts, argument.name), run.firsts, reads)
            for argument in spread.constant
        }
        loop = Loop(self.scope, step_name(some(run.firsts)), count)
        for argument, progression in spread.progressions:
            start = self.argument(argument, progression.starts, run.firsts, reads)
            given[argument.name] = loop.progress(argument, start, progression, spread.growth(argument, given))
        for argument, rows in spread.others:
            given[argument.name] = loop.iterate(argument, rows)
        made = self.make(run.firsts, reads, given)
        assert made.doc is not None, "the copies of a series are modules"
        lasts = [row[-1] if row else None for row in run.rows]
        channels = [self.follow(lasts, index, loop.ends) for index in range(len(made.channels))]
        return Filled(layout.words("*(", (made.doc, loop.doc()), ")"), channels)

    def _counts(self, part: RepeatPart, runs: Sequence[Run | Series]) -> list[Expr]:
        """How many copies each entry has; where one entry varies, the total without the others: ``depth - 1``."""
        columns = [run.counts for run in runs]
        if not any(map(_is_counted, runs)):
            return [constant(1)] * len(runs)
        varying = [index for index, column in enumerate(columns) if settled(column) is ABSENT]
        written, step = part.node.written.get("repeat"), part.node.name
        if len(varying) > 1 or (not varying and (len(columns) > 1 or not written)):
            return [self.scope.slot(column, f"{step}_count", step) for column in columns]
        index = varying[0] if varying else 0
        others = sum(column[0] for number, column in enumerate(columns) if number != index)
        total = tuple(count + others for count in columns[index])
        whole = self.scope.slot(total, f"{step}_count", step, written=written)
        counts = [constant(column[0]) for column in columns]
        counts[index] = minus(whole, constant(others)) if others else whole
        return counts


def argument_column(column: Parts, argument: str) -> Column:
    """An argument of a constructor in each instance."""
    calls = [None if part is None else modular_call(part) for part in column]
    return tuple(ABSENT if call is None else call.value(argument) for call in calls)


def modular_call(part: Part) -> Call | None:
    """The constructor call of an op or class that has one."""
    return part.call if isinstance(part, OpPart | ClassPart) else None


def step_name(part: Part) -> str:
    """What tells a step's new parameters from another's; copies are called by what they are copies of."""
    callee = part.node.callee
    if not part.node.name.isdecimal():
        return part.node.name
    return callee.op if isinstance(callee, Op) else callee.template


def _proportions(read: Expr, known: Column, wanted: Column) -> Iterator[Expr]:
    """``3 * in_channels`` or ``in_channels // 4``, where that may be ``wanted``."""
    for one, other in zip(known, wanted, strict=True):
        if not (isinstance(one, int) and isinstance(other, int) and one and other):
            continue
        if other % one == 0:
            yield times(constant(other // one), read)
        if one % other == 0:
            yield over(read, constant(one // other))
        return


def _elided(expr: Expr, argument: Argument) -> bool:
    """A literal that equals the default need not be written."""
    value = getattr(expr, "value", ABSENT)
    return not argument.positional and value is not ABSENT and same(value, argument.default)


def _joined(part: Part, reads: Channels) -> Expr | None:
    """The channels of what concatenates values of ``reads`` channels."""
    known = [each for each in reads if each is not None]
    return total(known) if joining(part) == "torch.cat" and known and len(known) == len(reads) else None


def _centring(printed: Mapping[str, Expr]) -> list[Expr]:
    """What pads by half a kernel: ``kernel // 2``, ``dilation * (kernel // 2)``."""
    kernel = printed.get("kernel_size")
    if kernel is None or isinstance(getattr(kernel, "value", 0), tuple):
        return []
    half = over(kernel, constant(2))
    return [half, times(printed["dilation"], half)] if "dilation" in printed else [half]


def _is_counted(run: Run | Series) -> bool:
    """Whether the number of its copies is written."""
    return bool(Spread(run).progressions) if isinstance(run, Series) else settled(run.counts) != 1


def _module_list(docs: list[Doc]) -> Doc:
    (first, *others) = docs
    if not others and isinstance(first, Group) and first.head.startswith("*("):
        return first._replace(head="nn.ModuleList(")
    return layout.call("nn.ModuleList", [layout.sequence(docs, "[]")])
