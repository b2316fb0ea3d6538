"""Arithmetic over the parameters of a constructor: what a slot prints when it is more than a literal.

Numbers, names, ``+ - * //`` and unary minus, ``max`` and ``min``, and conditions over them; whatever else a spec wrote
is not repeated.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from functools import lru_cache, reduce
from typing import cast

from graphbuilder.backends.python import layout
from graphbuilder.backends.python.layout import Doc

Expr = ast.expr

_OPERATORS: Mapping[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: lambda left, right: left + right,
    ast.Sub: lambda left, right: left - right,
    ast.Mult: lambda left, right: left * right,
    ast.FloorDiv: lambda left, right: left // right,
}
_COMPARISONS: Mapping[type[ast.cmpop], Callable[[float, float], bool]] = {
    ast.Eq: lambda left, right: left == right,
    ast.NotEq: lambda left, right: left != right,
    ast.Lt: lambda left, right: left < right,
    ast.LtE: lambda left, right: left <= right,
    ast.Gt: lambda left, right: left > right,
    ast.GtE: lambda left, right: left >= right,
}
_FUNCTIONS: Mapping[str, Callable[..., float]] = {"max": max, "min": min}
_SHAPES = (
    ast.Name,
    ast.Load,
    ast.BinOp,
    ast.UnaryOp,
    ast.USub,
    ast.Compare,
    ast.BoolOp,
    ast.Not,
    ast.And,
    ast.Or,
)


class NotComputable(Exception):
    """An expression reads a name that is not there, or computes with what is no number."""


def constant(value: object) -> Expr:
    """A literal."""
    return ast.Constant(value)  # pyright: ignore[reportArgumentType]  (a tuple, too, is only ever printed)


def name(identifier: str) -> Expr:
    """A name."""
    return ast.Name(identifier)


def plus(left: Expr, right: Expr) -> Expr:
    """``left + right``, two literals added up."""
    return _fold(ast.BinOp(left, ast.Add(), right))


def minus(left: Expr, right: Expr) -> Expr:
    """``left - right``, two literals taken together."""
    return _fold(ast.BinOp(left, ast.Sub(), right))


def times(left: Expr, right: Expr) -> Expr:
    """``left * right``; 1 is left out, and multiples of multiples are taken together."""
    if isinstance(left, ast.Constant) and left.value == 1:
        return right
    if isinstance(right, ast.Constant) and right.value == 1:
        return left
    number, rest = _multiple(right)
    if isinstance(left, ast.Constant) and isinstance(left.value, int) and number != 1:
        return times(constant(left.value * number), rest)
    return _fold(ast.BinOp(left, ast.Mult(), right))


def over(left: Expr, right: Expr) -> Expr:
    """``left // right``; a multiple is divided where it can be."""
    number, rest = _multiple(left)
    if isinstance(right, ast.Constant) and isinstance(right.value, int) and right.value and number % right.value == 0:
        return times(constant(number // right.value), rest)
    return _fold(ast.BinOp(left, ast.FloorDiv(), right))


def total(terms: Iterable[Expr]) -> Expr:
    """The sum of at least one, like terms taken together: ``3 * out`` for ``out + 2 * out``."""
    numbers: dict[str, int] = {}
    rests: dict[str, Expr] = {}
    for term in terms:
        number, rest = _multiple(term)
        key = ast.unparse(rest)
        rests[key] = rest
        numbers[key] = numbers.get(key, 0) + number
    first, *others = (times(constant(number), rests[key]) for key, number in numbers.items())
    return reduce(plus, others, first)


def _multiple(expr: Expr) -> tuple[int, Expr]:
    """``expr`` as a number of times something."""
    match expr:
        case ast.BinOp(ast.Constant(int() as number), ast.Mult(), rest):
            return number, rest
        case _:
            return 1, expr


def _fold(expr: ast.BinOp) -> Expr:
    both = isinstance(expr.left, ast.Constant) and isinstance(expr.right, ast.Constant)
    return constant(evaluate(expr, {})) if both else expr


@lru_cache(maxsize=4096)
def parse(text: str) -> Expr | None:
    """What a spec wrote as an expression (with or without its ``=``), or None where Python is not to repeat it."""
    try:
        with warnings.catch_warnings():  # Python warns of `1if a else 2`, which it reads
            warnings.simplefilter("ignore")
            expr = ast.parse(text.lstrip("= "), mode="eval").body
    except SyntaxError:
        return None
    return expr if all(map(_known, ast.walk(expr))) else None


def _known(node: ast.AST) -> bool:
    if isinstance(node, ast.Constant):
        return isinstance(node.value, int | float)
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id in _FUNCTIONS and not node.keywords
    return isinstance(node, (*_SHAPES, *_OPERATORS, *_COMPARISONS))


@lru_cache(maxsize=4096)
def names(expr: Expr) -> frozenset[str]:
    """The names that ``expr`` reads, functions not counted."""
    return frozenset(node.id for node in ast.walk(expr) if isinstance(node, ast.Name)) - _FUNCTIONS.keys()


def evaluate(expr: Expr, scope: Mapping[str, object]) -> object:
    """The value of ``expr``.

    Raises:
        NotComputable: a name is missing, or something is not of the kind that is asked for.
    """
    match expr:
        case ast.Constant(value):
            return value
        case ast.Name(identifier):
            if identifier not in scope:
                raise NotComputable(identifier)
            return scope[identifier]
        case ast.UnaryOp(ast.Not(), operand):
            return not _condition(operand, scope)
        case ast.UnaryOp(ast.USub(), operand):
            return -_number(operand, scope)
        case ast.Call(ast.Name(function), values):
            return _joined(_FUNCTIONS[function], *(_number(value, scope) for value in values))
        case ast.BinOp(left, operator, right):
            return _joined(_OPERATORS[type(operator)], _number(left, scope), _number(right, scope))
        case ast.Compare(left, [operator], [right]):
            return _COMPARISONS[type(operator)](_number(left, scope), _number(right, scope))
        case ast.BoolOp(operator, values):
            return (all if isinstance(operator, ast.And) else any)(_condition(each, scope) for each in values)
        case _:
            raise NotComputable(ast.dump(expr))


def _joined(operator: Callable[..., float], *values: float) -> float:
    try:
        return operator(*values)
    except (ZeroDivisionError, TypeError) as error:
        raise NotComputable(str(error)) from error


def _number(expr: Expr, scope: Mapping[str, object]) -> float:
    value = evaluate(expr, scope)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    raise NotComputable(repr(value))


def _condition(expr: Expr, scope: Mapping[str, object]) -> bool:
    value = evaluate(expr, scope)
    if isinstance(value, bool):
        return value
    raise NotComputable(repr(value))


def substitute(expr: Expr, replacements: Mapping[str, Expr]) -> Expr:
    """``expr`` with names replaced, and what became arithmetic of literals computed."""
    return _Substitution(replacements).visit(deepcopy(expr))


class _Substitution(ast.NodeTransformer):
    def __init__(self, replacements: Mapping[str, Expr]) -> None:
        self._replacements = replacements

    def visit_Name(self, node: ast.Name) -> Expr:
        return self._replacements.get(node.id, node)

    def visit_BinOp(self, node: ast.BinOp) -> Expr:
        self.generic_visit(node)
        return _fold(node)


def text(expr: Expr) -> str:
    """``expr`` as source."""
    return literal(expr.value) if isinstance(expr, ast.Constant) else ast.unparse(expr)


def document(expr: Expr) -> Doc:
    """``expr`` as source; a tuple may be broken over lines."""
    value: object = getattr(expr, "value", None)
    if not isinstance(value, tuple):
        return text(expr)
    return layout.sequence(document(constant(each)) for each in cast("tuple[object, ...]", value))


def literal(value: object) -> str:
    """A value as source: strings in double quotes, infinities as Python can only write them."""
    if isinstance(value, str):
        escaped = value.encode("unicode_escape").decode().replace('"', '\\"')
        return f'"{escaped}"'
    if isinstance(value, tuple | list):
        inner = ", ".join(map(literal, value))  # pyright: ignore[reportUnknownArgumentType]
        return f"({inner},)" if len(value) == 1 else f"({inner})"  # pyright: ignore[reportUnknownArgumentType]
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return f'float("{value}")'
    return repr(value)
