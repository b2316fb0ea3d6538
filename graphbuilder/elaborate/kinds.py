"""Whether expressions can compute with a value, as far as its kind tells."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any

from graphbuilder.diagnostics.catalogue.expressions import ExpressionType
from graphbuilder.spec.expressions import Expression, ExpressionError

# What another name may be, of which nothing is known: one of each kind.
_KINDS: tuple[Any, ...] = (2, [2, 2], True, "a")
# Of the expressions that read a name, those that are looked at.
_LOOKED_AT = 20


def computable(name: str, value: Any, expressions: Iterable[Expression]) -> bool:
    """Whether each of ``expressions`` that reads ``name`` may come to something where it is ``value``."""
    reading = (each for each in expressions if name in each.names)
    return all(any(_computes(each, name, value, other) for other in _KINDS) for each in islice(reading, _LOOKED_AT))


def _computes(expression: Expression, name: str, value: Any, other: Any) -> bool:
    """Whether no kind is wrong where every other name is ``other``."""
    try:
        expression.evaluate({**dict.fromkeys(expression.names, other), name: value})
    except ExpressionError as error:
        return error.rule is not ExpressionType
    return True
