"""What stands in ``__init__``: the constructor calls of the steps, each argument printed as the scope says.

On the way it follows the number of channels of every value in the words of the class, so that a layer can say ``mid`` where another
gave ``mid`` channels.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from graphbuilder.backends.python import layout
from graphbuilder.backends.python.expressions import Expr, constant, literal, minus, name, over, plus, text, times
from graphbuilder.backends.python.layout import Doc, Group
from graphbuilder.backends.python.parts import Argument, Call, ChainPart, ClassPart, OpPart, Part, RepeatPart, some
from graphbuilder.backends.python.repeats import Run, Series, entries
from graphbuilder.backends.python.scope import ABSENT, Column, Scope, replaced, same, settled
from graphbuilder.backends.python.shapes import joining
from graphbuilder.ir import Value

Parts = Sequence[Part | None]
Channels = Sequence[Expr | None]


class Made(NamedTuple):
    """A constructor, or None for what has no module, and the channels of what it gives."""

    doc: Doc | None
    channels: tuple[Expr | None, ...]


@dataclass(eq=False)
class Constructors:
    """Writes constructors into one class."""

    scope: Scope
    targets: set[str]
    _goal: Expr | None = None

    def make_towards(self, goal: Expr | None, column: Parts, reads: Channels) -> Made:
        """The constructor of a step whose result is joined with a value of ``goal`` channels."""
        self._goal = goal
        made = self.make(column, reads)
        self._goal = None
        return made

    def make(self, column: Parts, reads: Channels) -> Made:
        """The constructor of a step, given the channels of what it reads."""
        match some(column):
            case OpPart():
                return self._op(column, reads)
            case ClassPart():
                return self._class(column, reads)
            case ChainPart():
                return self._chain(column, reads)
            case RepeatPart():
                return self._repeat(column, reads)
            case part:
                raise TypeError(part)

    def _op(self, column: Parts, reads: Channels, given: Mapping[str, Expr] | None = None) -> Made:
        calls = [part.call if isinstance(part, OpPart) else None for part in column]
        first = next(filter(None, calls), None)
        doc, result = None, None
        if first is not None:
            doc, printed = self._call(column, calls, reads, given or {})
            named = [each.name for each in first.arguments if each.result]
            result = printed[named[0]] if named else None
        joined = _sum(reads) if joining(some(column)) == "torch.cat" else None
        return Made(doc, self._known(column, (result, joined, reads[0] if reads else None)))

    def _class(self, column: Parts, reads: Channels, given: Mapping[str, Expr] | None = None) -> Made:
        calls = [part.call if isinstance(part, ClassPart) else None for part in column]
        doc, printed = self._call(column, calls, reads, given or {})
        part = some(column)
        assert isinstance(part, ClassPart)
        words = part.owner.words(printed, reads)
        name = part.owner.name_of(part.body)
        results = [replaced(part.owner.channels.get((name, port)), words) for port in part.node.results]
        return Made(doc, tuple(self._first(column, index, (result,)) for index, result in enumerate(results)))

    def _call(
        self, column: Parts, calls: Sequence[Call | None], reads: Channels, given: Mapping[str, Expr]
    ) -> tuple[Doc, dict[str, Expr]]:
        """A call and what each of its arguments prints; ``given`` says what some of them do."""
        first = next(filter(None, calls))
        self.targets.add(first.target)
        step = _step_name(some(column))
        printed: dict[str, Expr] = {}
        docs: list[Doc] = []
        for index, argument in enumerate(first.arguments):
            values = tuple(ABSENT if call is None else call.arguments[index].value for call in calls)
            expr = given.get(argument.name) or self._argument(values, argument, step, reads)
            printed[argument.name] = expr
            if not _elided(expr, argument):
                docs.append(text(expr) if argument.positional else f"{argument.name}={text(expr)}")
        return layout.call(first.target, docs), printed

    def _argument(self, values: Column, argument: Argument, step: str, reads: Channels) -> Expr:
        if argument.name == "inplace":
            return constant(all(value in (True, ABSENT) for value in values))
        read = reads[argument.channels] if argument.channels is not None else None
        derived = self._derived(values, reads) if argument.result else ()
        return self.scope.slot(values, argument.name, step, written=argument.written, read=read, derived=derived)

    def _derived(self, values: Column, reads: Channels) -> list[Expr]:
        """What the channels of a result may follow from: what it is joined with, or a multiple or part of what is read."""
        found = [] if self._goal is None else [self._goal]
        if reads and reads[0] is not None:
            found += _proportions(reads[0], self.scope.column(reads[0]), values)
        return found

    def _known(self, column: Parts, candidates: Channels) -> tuple[Expr | None, ...]:
        return tuple(self._first(column, index, candidates) for index in range(len(some(column).outputs)))

    def _first(self, column: Parts, port: int, candidates: Channels) -> Expr | None:
        """The first candidate that is the number of channels of an output in every instance."""
        values = tuple(ABSENT if part is None else part.outputs[port].channels for part in column)
        known = next((each for each in candidates if each is not None and self.scope.holds(each, values)), None)
        literal = settled(values)
        return known if known is not None or literal is ABSENT else constant(literal)

    def _chain(self, column: Parts, reads: Channels) -> Made:
        chains = [part.parts if isinstance(part, ChainPart) else None for part in column]
        docs: list[Doc] = []
        for index, part in enumerate(next(filter(None, chains))):
            doc, reads = self.make([chain[index] if chain else None for chain in chains], reads)
            assert doc is not None, "only modules stand in a chain"
            docs.append(layout.prefixed(f"{part.node.name}=", doc))
        self.targets |= {"nn.Sequential", "OrderedDict"}
        return Made(layout.call("nn.Sequential", [layout.call("OrderedDict", docs)]), tuple(reads))

    def _repeat(self, column: Parts, reads: Channels) -> Made:
        repeats = [part if isinstance(part, RepeatPart) else None for part in column]
        if some(repeats).chained:
            docs, channels = self._chained(repeats, reads)
            self.targets.add("nn.Sequential")
            return Made(layout.call("nn.Sequential", docs), channels)
        docs = self._listed(repeats, reads)
        values = tuple(self._first(column, index, ()) for index in range(len(some(column).outputs)))
        if docs:
            self.targets.add("nn.ModuleList")
        return Made(_module_list(docs) if docs else None, values)

    def _chained(self, repeats: Sequence[RepeatPart | None], reads: Channels) -> tuple[list[Doc], Channels]:
        """The entries of an ``nn.Sequential``, each reading what the one before gives."""
        docs: list[Doc] = []
        runs = entries(repeats)
        counts = self._counts(some(repeats), runs)
        for run, count in zip(runs, counts, strict=True):
            doc, reads = self._entry(run, count, reads)
            docs.append(doc)
        return docs, reads

    def _listed(self, repeats: Sequence[RepeatPart | None], reads: Channels) -> list[Doc]:
        """The entries of an ``nn.ModuleList``; what the copies read is followed in the first instance."""
        first = some(repeats)
        if not first.copies or (isinstance(first.copies[0], OpPart) and first.copies[0].call is None):
            return []
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
        return docs

    def _entry(self, run: Run | Series, count: Expr, reads: Channels) -> Made | tuple[Doc, Channels]:
        if isinstance(run, Series):
            return self._series(run, count, reads)
        doc, channels = self.make(run.firsts, reads)
        if settled(run.counts) == 1:
            return doc or "nn.Identity()", channels
        return layout.words("*(", (doc or "nn.Identity()", f"for _ in range({text(count)})"), ")"), channels

    def _progress(
        self,
        run: Series,
        argument: Argument,
        step: str,
        reads: Channels,
        given: Mapping[str, Expr],
        starts: Column,
        differences: Column,
    ) -> tuple[Expr, Expr]:
        """Where an argument starts, and by how much it grows from copy to copy."""
        start = self._argument(starts, argument, step, reads)
        growth = replaced(_growth(some(run.firsts)), given) if argument.channels == 0 else None
        if growth is not None and self.scope.holds(growth, differences):
            return start, self.scope.use(growth)
        return start, self.scope.slot(differences, f"{argument.name}_step", step)

    def _counts(self, part: RepeatPart, runs: Sequence[Run | Series]) -> list[Expr]:
        """How many copies each entry has; where only one entry varies, the total without the others: ``depth - 1``."""
        columns = [run.counts for run in runs]
        varying = [index for index, column in enumerate(columns) if settled(column) is ABSENT]
        literals = [constant(column[0]) for column in columns]
        written, step = part.node.written.get("repeat"), part.node.name
        if len(varying) > 1:
            return [
                self.scope.slot(column, "count", step) if settled(column) is ABSENT else constant(column[0])
                for column in columns
            ]
        if len(varying) == 1 or (written and len(columns) == 1):
            index = varying[0] if varying else 0
            others = sum(column[0] for column in columns) - columns[index][0]
            total = tuple(count + others for count in columns[index])
            whole = self.scope.slot(total, f"{step}_count", step, written=written)
            literals[index] = minus(whole, constant(others)) if others else whole
        return literals

    def _series(self, run: Series, count: Expr, reads: Channels) -> tuple[Doc, Channels]:
        """One constructor in a loop over the arguments that vary from copy to copy."""
        calls = [[_call_of(copy) for copy in row] for row in run.rows]
        given: dict[str, Expr] = {}
        columns: dict[str, Column] = {}
        indexed = False
        first = next(row[0] for row in calls if row)
        for index, argument in enumerate(first.arguments):
            rows = tuple(tuple(call.arguments[index].value for call in row) for row in calls)
            if all(settled(row) is not ABSENT for row in rows if row):
                continue
            columns[argument.name] = rows
        step = _step_name(some(run.firsts))
        for argument in first.arguments:
            if argument.name not in columns:
                given[argument.name] = self._argument(_values(run.firsts, argument.name), argument, step, reads)
        results: list[Expr | None] = []
        for argument in first.arguments:
            progress = _progression(columns.get(argument.name, ()))
            if progress is None:
                continue
            start, difference = self._progress(run, argument, step, reads, given, *progress)
            indexed = True
            given[argument.name] = plus(start, times(difference, name("i")))
            results.append(plus(start, times(difference, count)) if argument.channels == 0 else None)
            del columns[argument.name]
        tuples = [
            _tuple(self.scope.slot(tuple(row or ABSENT for row in rows), f"{argument}s", step))
            for argument, rows in columns.items()
        ]
        loop = _loop(list(columns), tuples, text(count), indexed=indexed)
        given |= {argument: name(argument) for argument in columns}
        maker = self._class if isinstance(some(run.firsts), ClassPart) else self._op
        doc, _ = maker(run.firsts, reads, given)
        lasts = [row[-1] if row else None for row in run.rows]
        assert doc is not None
        return layout.words("*(", (doc, loop), ")"), self._known(lasts, results)


def _values(column: Parts, argument: str) -> Column:
    """An argument of a constructor in each instance."""
    calls = [None if part is None else {each.name: each.value for each in _call_of(part).arguments} for part in column]
    return tuple(ABSENT if call is None else call[argument] for call in calls)


def _growth(part: Part) -> Expr | None:
    """What a copy adds to the channels that it reads, in its own words: ``growth`` of ``in_channels + growth``."""
    if not isinstance(part, ClassPart):
        return None
    given = part.owner.channels.get((part.owner.name_of(part.body), part.node.results[0]))
    match given:
        case ast.BinOp(ast.Name(read), ast.Add(), more) if read in part.owner.channel_names:
            return more
        case _:
            return None


def _tuple(expr: Expr) -> Doc:
    """A tuple that may be broken."""
    value = getattr(expr, "value", None)
    return layout.sequence(map(literal, value)) if isinstance(value, tuple) else text(expr)


def _loop(names: list[str], tuples: list[Doc], count: str, *, indexed: bool) -> Doc:
    if not names:
        return f"for i in range({count})"
    together = layout.call("zip", tuples) if len(tuples) > 1 else tuples[0]
    variables = ", ".join(names)
    if not indexed:
        return layout.prefixed(f"for {variables} in ", together)
    indices = f"({variables})" if len(names) > 1 else variables
    return layout.prefixed(f"for i, {indices} in ", layout.call("enumerate", [together]))


def _progression(rows: Sequence[tuple[object, ...]]) -> tuple[Column, Column] | None:
    """Where each row starts and by how much it grows, if every row grows evenly."""
    starts: list[object] = []
    steps: list[object] = []
    for row in rows:
        if not all(type(value) is int for value in row):
            return None
        numbers = [value for value in row if isinstance(value, int)]
        differences = {after - before for before, after in zip(numbers, numbers[1:], strict=False)}
        if len(differences) > 1:
            return None
        starts.append(numbers[0] if numbers else ABSENT)
        steps.append(differences.pop() if differences else ABSENT)
    return (tuple(starts), tuple(steps)) if any(step is not ABSENT for step in steps) else None


def _proportions(read: Expr, known: Column, wanted: Column) -> Iterator[Expr]:
    """``3 * in_channels`` or ``in_channels // 4``, where that is ``wanted`` in every instance."""
    pairs = [
        (a, b) for a, b in zip(known, wanted, strict=True) if isinstance(a, int) and isinstance(b, int) and a and b
    ]
    if not pairs:
        return
    first, result = pairs[0]
    if result % first == 0:
        yield times(constant(result // first), read)
    if first % result == 0:
        yield over(read, constant(first // result))


def _call_of(part: Part) -> Call:
    call = part.call if isinstance(part, OpPart | ClassPart) else None
    assert call is not None, "the copies of a series are modules"
    return call


def _elided(expr: Expr, argument: Argument) -> bool:
    """A literal that equals the default need not be written."""
    value = getattr(expr, "value", ABSENT)
    return not argument.positional and value is not ABSENT and same(value, argument.default)


def _sum(reads: Channels) -> Expr | None:
    total: Expr | None = None
    for each in reads:
        if each is None:
            return None
        total = each if total is None else plus(total, each)
    return total


def _step_name(part: Part) -> str:
    """What tells a step's new parameters from another's; copies are called by what they are copies of."""
    callee = part.node.callee
    if not part.node.name.isdecimal():
        return part.node.name
    return callee.template if hasattr(callee, "template") else getattr(callee, "op", "copy")  # pyright: ignore[reportAttributeAccessIssue]


def _module_list(docs: list[Doc]) -> Doc:
    (first, *others) = docs
    if not others and isinstance(first, Group) and first.head.startswith("*("):
        return first._replace(head="nn.ModuleList(")
    return layout.call("nn.ModuleList", [layout.sequence(docs, "[]")])
