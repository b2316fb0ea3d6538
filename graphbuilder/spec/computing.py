"""What computes an expression: closures over what computes its parts, each of which tells its faults at its place."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, cast

from graphbuilder.diagnostics.catalogue.expressions import ExpressionDivision, ExpressionName
from graphbuilder.spec import arithmetic
from graphbuilder.spec.arithmetic import LARGEST, Fault
from graphbuilder.spec.lacking import lacking
from graphbuilder.spec.syntax import ExpressionError, Place

Scope = Mapping[str, object]


class Run(NamedTuple):
    """One computing of an expression: what its names mean, and what is told of the terms that it takes."""

    scope: Scope
    spend: Callable[[int], None]


Evaluate = Callable[[Run], Any]


class Comparison(NamedTuple):
    """One of a chain: where it stands, what compares, and the operand on its right."""

    place: Place
    compute: Callable[[Any, Any], bool]
    operand: Evaluate


def guard(place: Place, compute: Callable[[], Any]) -> Any:
    """What ``compute`` gives; a fault of its values is told at ``place``."""
    try:
        return compute()
    except Fault as fault:
        raise place.fault(fault) from None


def reader(name: str, place: Place) -> Evaluate:
    """The value of a name."""

    def evaluate(run: Run) -> Any:
        try:
            value: object = run.scope[name]
        except KeyError:
            raise no_name(name, place, run.scope) from None
        kind = type(value)
        if kind is int and -LARGEST <= cast("int", value) <= LARGEST:
            return value
        run.spend(arithmetic.size(value) if kind is tuple else 0)  # of a tuple a list is made
        return guard(place, lambda: arithmetic.bounded(value))

    return evaluate


def no_name(name: str, place: Place, scope: Scope) -> ExpressionError:
    """The mistake of reading a name that is not there."""
    return place.error(ExpressionName, f"there is no `{name}` here", lacking(name, scope))


def applied(place: Place, compute: Callable[[Any], Any], operand: Evaluate) -> Evaluate:
    """``compute`` of one operand."""

    def evaluate(run: Run) -> Any:
        value = operand(run)
        try:
            return compute(value)
        except Fault as fault:
            raise place.fault(fault) from None

    return evaluate


def joined(
    place: Place, compute: Callable[[Any, Any], Any], left: Evaluate, right: Evaluate, otherwise: str | None = None
) -> Evaluate:
    """``compute`` of two operands; ``otherwise`` is what to do where that divides by zero."""

    def evaluate(run: Run) -> Any:
        first, second = left(run), right(run)
        try:
            return compute(first, second)
        except Fault as fault:
            remedy = otherwise if fault.rule is ExpressionDivision else fault.help
            raise place.error(fault.rule, fault.message, remedy) from None

    return evaluate


def chained(first: Evaluate, tests: Sequence[Comparison]) -> Evaluate:
    """Comparisons one behind the other, as far as they hold."""

    def evaluate(run: Run) -> bool:
        left = first(run)
        for place, compute, operand in tests:
            right = operand(run)
            run.spend(arithmetic.size(right))
            try:
                if not compute(left, right):
                    return False
            except Fault as fault:
                raise place.fault(fault) from None
            left = right
        return True

    return evaluate


def counted(making: Evaluate) -> Evaluate:
    """``making``, which may give a new list, whose items are terms."""

    def evaluate(run: Run) -> Any:
        value = making(run)
        run.spend(arithmetic.size(value))
        return value

    return evaluate
