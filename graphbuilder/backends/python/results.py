"""Expressions of calls in ``forward``. An argument that varies between instances is kept on ``self`` by the
constructor.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import cast

from graphbuilder.backends.python import layout
from graphbuilder.backends.python.expressions import Expr, names, substitute, text
from graphbuilder.backends.python.layout import Doc, Group
from graphbuilder.backends.python.names import unused
from graphbuilder.backends.python.parts import OpPart, some
from graphbuilder.backends.python.scope import ABSENT, Scope, same
from graphbuilder.backends.python.shapes import joining
from graphbuilder.backends.python.steps import Step
from graphbuilder.ir.lowering import (
    Arg,
    Function,
    Infix,
    Input,
    Inputs,
    Item,
    Method,
    Module,
    TorchCall,
)
from graphbuilder.ir.lowering import Expr as Result


class Reader(Enum):
    """What an expression does with a value: calls a module or a method on it, joins it, repeats it, gives it out."""

    CALL = auto()
    METHOD = auto()
    OPERATION = auto()
    REPEATEDLY = auto()
    RETURN = auto()


@dataclass(eq=False)
class Results:
    """Writes the expressions of one class.

    Attributes:
        scope: the parameters of the class.
        attributes: names that a submodule has.
        flags: for a step that some instances lack, the condition under which it is there.
        stored: parameters that ``forward`` reads, by the attribute that keeps them.
    """

    scope: Scope
    targets: set[str]
    attributes: frozenset[str]
    flags: Mapping[str, Expr]
    stored: dict[str, str] = field(default_factory=dict[str, str])

    def reader(self, step: Step) -> Reader:
        """How the expression of a step reads its inputs."""
        part = some(step.column)
        if step.fan is not None or (isinstance(part, OpPart) and _repeats(part.lowering.results)):
            return Reader.REPEATEDLY
        if self.is_call(step):
            return Reader.CALL
        method = isinstance(part, OpPart) and isinstance(part.lowering.results[0], Method | Item)
        return Reader.METHOD if method else Reader.OPERATION

    def is_call(self, step: Step) -> bool:
        """Whether the result is a module called on the arguments as they are."""
        part = some(step.column)
        return not isinstance(part, OpPart) or isinstance(part.lowering.results[0], Module)

    def docs(self, step: Step, module: str, arguments: Sequence[Doc]) -> list[Doc]:
        """One expression a result, or a single one that gives all of them."""
        part = some(step.column)
        if step.fan is not None:
            each = unused("path", {layout.flat(argument) for argument in arguments})
            return [self.joined(step, f"[{layout.flat(layout.call(each, arguments))} for {each} in {step.fan}]")]
        if not isinstance(part, OpPart):
            return [layout.call(module, arguments)]
        writer = _Writer(self, step, module, arguments)
        columns = [part.lowering.results if isinstance(part, OpPart) else None for part in step.column]
        rows = part.lowering.results
        if _unpacks(rows):
            return [writer.doc([cast("Item", column[0]).value if column else None for column in columns])]
        docs = [writer.doc([column[index] if column else None for column in columns]) for index in range(len(rows))]
        if not step.optional:
            return docs
        flag = text(self.kept(self.flags[step.name]))
        return [f"{layout.flat(doc)} if {flag} else {layout.flat(arguments[0])}" for doc in docs]

    def rounds(self, step: Step) -> str:
        """How often a loop goes round."""
        assert step.loop is not None
        column = tuple(
            ABSENT if part is None else count for part, count in zip(step.column, step.loop.rounds, strict=True)
        )
        return text(self.kept(self.scope.slot(column, "rounds", step.name)))

    def kept(self, expr: Expr) -> Expr:
        """``expr`` as ``forward`` can say it: its parameters are read from ``self``."""
        self.scope.use(expr)
        places: dict[str, Expr] = {}
        for each in sorted(names(expr)):
            attribute = f"{each}_value" if each in self.attributes else each
            self.stored[attribute] = each
            places[each] = ast.Name(f"self.{attribute}")
        return substitute(expr, places)

    def joined(self, step: Step, items: str) -> Doc:
        """What joins all of a list: ``items`` is its source."""
        target = joining(some(step.column))
        assert target is not None, "only joins have lists"
        self.targets.add(target)
        if target != "torch.cat":
            self.targets.add("reduce")
            return layout.call("reduce", [target, items])
        results = [part.lowering.results[0] if isinstance(part, OpPart) else None for part in step.column]
        calls = [cast("Function", result).call if result else None for result in results]
        return layout.call(target, [items, *_Writer(self, step, "", ()).arguments(calls)])


@dataclass(eq=False)
class _Writer:
    """Writes one call; a column of results is walked together, since all have one outline."""

    owner: Results
    step: Step
    module: str
    inputs: Sequence[Doc]

    def doc(self, column: Sequence[Result | None]) -> Doc:
        match next(each for each in column if each is not None):
            case Input(index):
                return self.inputs[index]
            case Inputs():
                return layout.sequence(self.inputs)
            case Module(values):
                return layout.call(self.module, self._all(column, len(values)))
            case Function(call, values):
                self.owner.targets.add(call.target)
                calls = [cast("Function", each).call if each else None for each in column]
                return layout.call(call.target, [*self._all(column, len(values)), *self.arguments(calls)])
            case Method(_, call):
                calls = [cast("Method", each).call if each else None for each in column]
                value = _atom(self.doc([cast("Method", each).value if each else None for each in column]))
                return layout.method(value, call.target, self.arguments(calls))
            case Infix(operator, values):
                return layout.infix(operator, map(_atom, self._all(column, len(values))))
            case Item(_, index):
                return layout.suffixed(
                    _atom(self.doc([cast("Item", each).value if each else None for each in column])), f"[{index}]"
                )

    def _all(self, column: Sequence[Result | None], count: int) -> list[Doc]:
        values = [cast("Module", each).values if each else None for each in column]
        return [self.doc([each[index] if each else None for each in values]) for index in range(count)]

    def arguments(self, calls: Sequence[TorchCall | None]) -> list[Doc]:
        """The arguments of a call other than the values that it is called on."""
        first = next(filter(None, calls))
        docs: list[Doc] = []
        for index, arg in enumerate(first.args):
            column = tuple(ABSENT if call is None else call.args[index].value for call in calls)
            expr = self._slot(column, arg)
            positional = index < first.positional
            if not positional and isinstance(expr, ast.Constant) and same(expr.value, arg.default):
                continue
            docs.append(text(expr) if positional else f"{arg.name}={text(expr)}")
        return docs

    def _slot(self, column: tuple[object, ...], arg: Arg) -> Expr:
        part = some(self.step.column)
        written = part.node.written.get(arg.field) if arg.field else None
        return self.owner.kept(self.owner.scope.slot(column, arg.name, self.step.name, written=written))


def _atom(doc: Doc) -> Doc:
    """``doc`` in brackets where it is an expression with operators."""
    if isinstance(doc, Group) and doc.is_infix:
        return doc._replace(head=f"({doc.head}", tail=f"{doc.tail})", bare=False)
    return doc


def _repeats(results: tuple[Result, ...]) -> bool:
    """Whether an input stands more than once in the expressions that are written."""
    written = results[:1] if _unpacks(results) else results
    counts = Counter(index for each in written for index in _inputs(each))
    return any(count > 1 for count in counts.values())


def _inputs(result: Result) -> Iterator[int]:
    match result:
        case Input(index):
            yield index
        case Module(values) | Function(_, values) | Infix(_, values):
            for value in values:
                yield from _inputs(value)
        case Method(value, _) | Item(value, _):
            yield from _inputs(value)
        case Inputs():
            return


def _unpacks(results: tuple[Result, ...]) -> bool:
    """Whether the results are the items of one value, in order."""
    if len(results) < 2:
        return False
    first = results[0]
    return isinstance(first, Item) and all(
        isinstance(each, Item) and each.value == first.value and each.index == str(number)
        for number, each in enumerate(results)
    )
