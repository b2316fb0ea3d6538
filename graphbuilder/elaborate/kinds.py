"""Whether expressions can compute with a value, and ops take it, as far as its kind tells."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any

from pydantic import ValidationError

from graphbuilder.diagnostics.catalogue.expressions import ExpressionType
from graphbuilder.ops import find
from graphbuilder.spec.expressions import Expression, ExpressionError
from graphbuilder.spec.model import Step

# What another name may be, of which nothing is known: one of each kind.
_KINDS: tuple[Any, ...] = (2, [2, 2], True, "a")
# Of the expressions that read a name, those that are looked at.
_LOOKED_AT = 20


def computable(name: str, value: Any, expressions: Iterable[Expression]) -> bool:
    """Whether each of ``expressions`` that reads ``name`` may come to something where it is ``value``."""
    reading = (each for each in expressions if name in each.names)
    return all(any(_computes(each, name, value, other) for other in _KINDS) for each in islice(reading, _LOOKED_AT))


def takes(name: str, value: Any, steps: Iterable[Step]) -> bool:
    """Whether the ops of ``steps`` that are given ``name`` alone take a list there, if ``value`` is one."""
    if not isinstance(value, list):
        return True
    given = ((step.op, word) for step in steps for word, raw in step.args.items() if _is_bare(raw, name))
    return all(_takes(op, word, value) for op, word in islice(given, _LOOKED_AT))


def _is_bare(raw: Any, name: str) -> bool:
    return isinstance(raw, Expression) and raw.bare == name


def _takes(op: str | None, word: str, value: Any) -> bool:
    cls = find(op) if op else None
    if cls is None or word not in cls.model_fields:
        return True
    try:
        cls.model_validate({word: value})
    except ValidationError as error:
        return all(each["loc"][0] != word for each in error.errors(include_url=False) if each["loc"])
    return True


def _computes(expression: Expression, name: str, value: Any, other: Any) -> bool:
    """Whether no kind is wrong where every other name is ``other``."""
    try:
        expression.evaluate({**dict.fromkeys(expression.names, other), name: value})
    except ExpressionError as error:
        return error.rule is not ExpressionType
    return True
