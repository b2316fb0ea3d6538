"""Expressions: a string that starts with ``=``, parsed here and computed by the closures of ``computing``.

Python's parser only gives the tree; a whitelist of node types turns it into closures, once, and nothing is ever handed
to ``eval`` or ``compile``. There are no attributes, no calls but those of ``arithmetic.FUNCTIONS``, no ``**`` and no
unbounded value.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import NoneType
from typing import Any, cast

from graphbuilder.diagnostics import Meant
from graphbuilder.diagnostics.catalogue.expressions import ExpressionCall, ExpressionConstruct
from graphbuilder.spec import arithmetic
from graphbuilder.spec.arithmetic import FUNCTIONS
from graphbuilder.spec.calling import fits, no_function, usage
from graphbuilder.spec.computing import (
    Comparison,
    Evaluate,
    Run,
    Scope,
    applied,
    chained,
    counted,
    guard,
    joined,
    no_name,
    reader,
)
from graphbuilder.spec.syntax import BOOLEANS, ExpressionError, Place, read_tree

__all__ = ["BOOLEANS", "RESERVED", "Expression", "ExpressionError", "parse"]

RESERVED = frozenset({*BOOLEANS, *FUNCTIONS})


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed expression; equal texts are equal.

    Attributes:
        text: as written, with its ``=``.
        names: the names that it reads.
        bare: the name, when the expression is nothing but one.
        compute: what computes it.
        size: its operators, names and numbers.
        places: where each name stands first.
    """

    text: str
    names: frozenset[str] = field(compare=False)
    bare: str | None = field(compare=False)
    compute: Evaluate = field(compare=False, repr=False)
    size: int = field(compare=False, repr=False, default=1)
    places: Mapping[str, Place] = field(compare=False, repr=False, default_factory=dict[str, Place])

    def evaluate(self, scope: Scope, count: Callable[[int], None] = lambda _terms: None) -> Any:
        """Its value in a scope, where a tuple counts as a list. Raises ``ExpressionError``.

        ``count`` is told of the terms that this takes: those of the expression, and the items of every list that is
        made, searched, compared or gone through.
        """
        count(self.size)
        return self.compute(Run(scope, count))

    def missing(self, scope: Scope) -> dict[str, ExpressionError]:
        """One mistake for each name that it reads and ``scope`` lacks, in the order written."""
        return {name: no_name(name, place, scope) for name, place in self.places.items() if name not in scope}

    def __str__(self) -> str:
        return self.text


# What holds no expression. A list may have very many.
PLAIN = frozenset({bool, int, float, str})
_LISTS = frozenset({list, tuple})
_NOT_GONE_INTO = PLAIN | {NoneType}


def free_names(raw: Any) -> Iterator[str]:
    """Every name that the expressions inside a raw value read, in the order written."""
    for expression in expressions_in(raw):
        yield from expression.places


def expressions_in(raw: Any) -> Iterator[Expression]:
    """The expressions inside a raw value, in the order written."""
    rest = [raw]  # the next one last; a list may hold very many lists
    while rest:
        value = rest.pop()
        if isinstance(value, Expression):
            yield value
        elif type(value) in _LISTS:
            rest += [item for item in reversed(cast("list[Any]", value)) if type(item) not in _NOT_GONE_INTO]
        elif value and isinstance(value, Mapping):
            rest += reversed([*cast("Mapping[str, Any]", value).values()])


@lru_cache(maxsize=4096)
def parse(text: str) -> Expression:
    """The expression of ``text``, which starts with ``=``.

    Raises:
        ExpressionError: it is too long, cannot be read, or uses what expressions do not have.
    """
    source = text[1:].lstrip(" ")
    start = len(text) - len(source)
    root = read_tree(source, start)
    writer = _Writer(source, start)
    compute = writer.write(root)
    bare = root.id if isinstance(root, ast.Name) and root.id in writer.names else None
    places = dict(sorted(writer.names.items(), key=lambda row: row[1].offset))
    return Expression(text, frozenset(places), bare, compute, writer.written, places)


_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: arithmetic.add,
    ast.Sub: arithmetic.subtract,
    ast.Mult: arithmetic.multiply,
    ast.Div: arithmetic.divide,
    ast.FloorDiv: arithmetic.floor_divide,
    ast.Mod: arithmetic.modulo,
}
_UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.USub: arithmetic.negate,
    ast.Not: lambda value: not arithmetic.condition(value),
}
_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: arithmetic.equal,
    ast.NotEq: arithmetic.unequal,
    ast.In: arithmetic.contains,
    ast.NotIn: arithmetic.lacks,
    ast.Lt: arithmetic.ordering(operator.lt),
    ast.LtE: arithmetic.ordering(operator.le),
    ast.Gt: arithmetic.ordering(operator.gt),
    ast.GtE: arithmetic.ordering(operator.ge),
}
# Without powers no short expression is a number of a million digits.
_POWERS = "multiply: `x * x`; there is `sqrt(x)`; where the exponent varies, write a list: `[1, 2, 4, 8][i]`"
_DIVISIONS = (ast.Div, ast.FloorDiv, ast.Mod)
_LONGEST_SHOWN = 60
_REFUSED: dict[type[ast.AST], tuple[str, str]] = {
    ast.Pow: ("`**`", _POWERS),
    ast.BitXor: ("`^`", _POWERS),
    ast.BitAnd: ("`&`", "write `and`"),
    ast.BitOr: ("`|`", "write `or`"),
    ast.Invert: ("`~`", "write `not`"),
    ast.UAdd: ("a leading `+`", "leave it out"),
    ast.Is: ("`is`", "compare with `==`"),
    ast.IsNot: ("`is not`", "compare with `!=`"),
    ast.LShift: ("`<<`", "multiply; of powers that vary a list: `[1, 2, 4, 8][i]`"),
    ast.RShift: ("`>>`", "divide with `//`"),
    ast.MatMult: ("`@`", "multiply with `*`"),
    ast.Attribute: ("attributes", "a name has no parts here; index a list with `[...]`"),
    ast.Tuple: ("tuples", "write a list: `[1, 2]`"),
    ast.Set: ("sets", "write a list: `[1, 2]`"),
    ast.Dict: ("tables", "keep tables outside of expressions"),
    ast.JoinedStr: ("f-strings", "choose between whole strings: `'a' if c else 'b'`"),
    ast.ListComp: ("comprehensions", "give the list as a param, or repeat over it"),
    ast.GeneratorExp: ("comprehensions", "give the list as a param, or repeat over it"),
    ast.Lambda: ("functions of their own", "name a value with `let`"),
    ast.Starred: ("`*` before a list", "`min`, `max` and `sum` take the list itself"),
}


class _Writer:
    """Turns a tree into closures; what it does not know it refuses."""

    def __init__(self, source: str, start: int) -> None:
        self._source = source
        self._start = start
        self.names: dict[str, Place] = {}
        self.written = 0

        self._writers: dict[type[ast.expr], Callable[[Any], Evaluate]] = {
            ast.Constant: self._constant,
            ast.Name: self._name,
            ast.BinOp: self._binary,
            ast.UnaryOp: self._unary,
            ast.BoolOp: self._boolean,
            ast.Compare: self._compare,
            ast.IfExp: self._choice,
            ast.List: self._list,
            ast.Subscript: self._subscript,
            ast.Call: self._call,
        }

    def write(self, node: ast.expr) -> Evaluate:
        """What computes ``node``; a kind that is not in the list is refused."""
        if type(node) not in self._writers:
            raise self._refuse(node, node)
        self.written += 1
        return self._writers[type(node)](node)

    def _place(self, node: ast.expr) -> Place:
        """Python counts columns in UTF-8 bytes; a person counts characters."""
        if self._source.isascii():
            return Place(self._start + node.col_offset, (node.end_col_offset or 0) - node.col_offset)
        raw = self._source.encode()
        first = len(raw[: node.col_offset].decode())
        last = len(raw[: node.end_col_offset].decode())
        return Place(self._start + first, last - first)

    def _refuse(self, node: ast.expr, construct: ast.AST) -> ExpressionError:
        what, remedy = _REFUSED.get(type(construct), (f"`{self._text(node)}`", None))
        return self._place(node).error(ExpressionConstruct, f"expressions do not have {what}", remedy)

    def _text(self, node: ast.expr) -> str:
        place = self._place(node)
        return self._source[place.offset - self._start :][: place.length]

    def _constant(self, node: ast.Constant) -> Evaluate:
        if type(node.value) not in (bool, int, float, str):
            raise self._refuse(node, node)
        place = self._place(node)
        value = guard(place, lambda: arithmetic.bounded(node.value))
        return lambda _run: value

    def _name(self, node: ast.Name) -> Evaluate:
        name = self._text(node)
        place = self._place(node)
        if name in BOOLEANS:
            value = BOOLEANS[name]
            return lambda _run: value
        if name in FUNCTIONS:
            raise place.error(ExpressionCall, f"`{name}` is a function: call it", f"write `{name}(...)`")
        if not name.isascii():
            raise place.error(ExpressionConstruct, f"`{name}` is no name: names are letters a to z, digits and `_`")
        self.names[name] = min(self.names.get(name, place), place)
        return reader(name, place)

    def _binary(self, node: ast.BinOp) -> Evaluate:
        compute = _BINARY.get(type(node.op))
        if compute is None:
            raise self._refuse(node, node.op)
        otherwise = self._unless_zero(node) if isinstance(node.op, _DIVISIONS) else None
        both = joined(self._place(node), compute, self.write(node.left), self.write(node.right), otherwise)
        return counted(both) if compute is arithmetic.add else both

    def _unless_zero(self, node: ast.BinOp) -> str:
        """What to write where the divisor comes to zero."""
        divisor, whole = self._text(node.right), self._text(node)
        if isinstance(node.right, ast.Constant):
            return "divide by another number"
        if len(whole) > _LONGEST_SHOWN or not isinstance(node.right, ast.Name | ast.BinOp | ast.Call | ast.Subscript):
            return "give a divisor that is never zero: `max(..., 1)`, say"
        return f"let it be another: `{whole} if {divisor} != 0 else 0`, say"

    def _unary(self, node: ast.UnaryOp) -> Evaluate:
        compute = _UNARY.get(type(node.op))
        if compute is None:
            raise self._refuse(node, node.op)
        return applied(self._place(node), compute, self.write(node.operand))

    def _condition(self, node: ast.expr) -> Evaluate:
        place, operand = self._place(node), self.write(node)

        def evaluate(run: Run) -> bool:
            value = operand(run)
            if value is True or value is False:
                return value
            return guard(place, lambda: arithmetic.condition(value))

        return evaluate

    def _boolean(self, node: ast.BoolOp) -> Evaluate:
        operands = [self._condition(operand) for operand in node.values]
        choose = all if isinstance(node.op, ast.And) else any
        return lambda run: choose(operand(run) for operand in operands)

    def _compare(self, node: ast.Compare) -> Evaluate:
        places = [self._place(operand) for operand in (node.left, *node.comparators)]
        tests: list[Comparison] = []
        for number, (kind, comparator) in enumerate(zip(node.ops, node.comparators, strict=True)):
            compute = _COMPARE.get(type(kind))
            if compute is None:
                raise self._refuse(node, kind)
            place = _spanning(places[number], places[number + 1])
            tests.append(Comparison(place, compute, self.write(comparator)))
        return chained(self.write(node.left), tests)

    def _choice(self, node: ast.IfExp) -> Evaluate:
        condition, body, otherwise = self._condition(node.test), self.write(node.body), self.write(node.orelse)
        return lambda run: body(run) if condition(run) else otherwise(run)

    def _list(self, node: ast.List) -> Evaluate:
        place, items = self._place(node), [self.write(item) for item in node.elts]
        return counted(lambda run: guard(place, lambda: arithmetic.bounded_list([item(run) for item in items])))

    def _subscript(self, node: ast.Subscript) -> Evaluate:
        items = self.write(node.value)
        if not isinstance(node.slice, ast.Slice):
            return joined(self._place(node), arithmetic.index, items, self.write(node.slice))
        place = self._place(node)
        bounds = [
            self.write(bound) if bound else None for bound in (node.slice.lower, node.slice.upper, node.slice.step)
        ]

        def evaluate(run: Run) -> Any:
            values = [bound and bound(run) for bound in bounds]
            return guard(place, lambda: arithmetic.cut(items(run), *values))

        return counted(evaluate)

    def _call(self, node: ast.Call) -> Evaluate:
        place, name = self._place(node), node.func.id if isinstance(node.func, ast.Name) else self._text(node.func)
        if name not in FUNCTIONS:
            remedy = no_function(name, [self._text(argument) for argument in node.args])
            place = self._place(node.func) if isinstance(remedy, Meant) else place
            raise place.error(ExpressionConstruct, f"expressions have no function `{name}`", remedy)
        if not fits(node, name):
            raise place.error(ExpressionCall, f"`{name}` is called wrongly", f"write {usage(name)}")
        compute = FUNCTIONS[name].compute
        arguments = [self.write(argument) for argument in node.args]
        named = {keyword.arg or "": self.write(keyword.value) for keyword in node.keywords}

        def evaluate(run: Run) -> Any:
            values = [argument(run) for argument in arguments]
            options = {option: argument(run) for option, argument in named.items()}
            run.spend(sum(map(arithmetic.size, values)))
            return guard(place, lambda: compute(*values, **options))

        return evaluate


def _spanning(first: Place, last: Place) -> Place:
    return Place(first.offset, last.offset + last.length - first.offset)
