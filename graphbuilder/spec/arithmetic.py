"""The values of expressions and what can be done with them: every kind checked, every result bounded.

A value is a boolean, an integer, a float, a string or a list of values. A boolean is no number. Nothing here knows of
syntax or places, and nothing works on a value in a time that its bound does not cover.
"""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, exp, floor, isfinite, log2, sqrt
from typing import Any, NamedTuple, cast

from graphbuilder.diagnostics import Rule
from graphbuilder.diagnostics.catalogue.expressions import (
    ExpressionBound,
    ExpressionCall,
    ExpressionDivision,
    ExpressionIndex,
    ExpressionType,
)

LARGEST = 10**15
LONGEST_LIST = 10_000
LONGEST_STRING = 1_000
DEEPEST_LIST = 32
_DIGITS = 15
_LISTS = (list, tuple)
_NESTING = (*_LISTS, dict)

_KINDS: dict[type[Any], str] = {
    bool: "a boolean",
    int: "an integer",
    float: "a float",
    str: "a string",
    list: "a list",
    tuple: "a list",
    dict: "a table",
}


class Fault(Exception):
    """A computation that cannot be done; whoever knows its place in the text adds it."""

    def __init__(self, rule: type[Rule], message: str, help: str | None = None) -> None:
        super().__init__(message)
        self.rule = rule
        self.message = message
        self.help = help


def kind_of(value: object) -> str:
    """The kind of ``value`` in a spec's words: "an integer", "a list"."""
    return _KINDS.get(type(value), f"a {type(value).__name__}")


def bounded(value: object) -> Any:
    """``value`` when it is of a known kind and within its bound; a tuple as a list. The items of a list are not looked
    at."""
    match value:
        case bool():
            return value
        case int() if not -LARGEST <= value <= LARGEST:
            raise Fault(ExpressionBound, "an integer here goes beyond 10^15 either side of zero")
        case float() if not isfinite(value):
            raise Fault(ExpressionBound, f"a float here must be finite, not {value}")
        case str() if len(value) > LONGEST_STRING:
            raise Fault(ExpressionBound, f"a string here has more than {LONGEST_STRING:,} characters")
        case list() | tuple() if len(cast("list[object]", value)) > LONGEST_LIST:
            raise Fault(ExpressionBound, f"a list here has more than {LONGEST_LIST:,} items")
        case tuple():
            return list(cast("tuple[object, ...]", value))
        case int() | float() | str() | list():
            return cast("object", value)
        case _:
            raise Fault(ExpressionType, f"{kind_of(value)} cannot stand in an expression")


def bounded_list(items: list[object]) -> list[object]:
    """``items`` when it has at most 10,000 items in all and 32 levels; lists in lists would double at every ``let``
    otherwise."""
    level, total = items, 0
    for _ in range(DEEPEST_LIST):
        total += len(level)
        if total > LONGEST_LIST:
            raise Fault(
                ExpressionBound, f"a list here has more than {LONGEST_LIST:,} items, those of inner lists counted"
            )
        level = [item for inner in level if type(inner) in _LISTS for item in cast("list[object]", inner)]
        if not level:
            return items
    raise Fault(ExpressionBound, f"a list here is nested more than {DEEPEST_LIST} deep")


def size(value: object) -> int:
    """The items of a list or table, those of inner ones counted; anything else has none."""
    if type(value) is dict:
        value = list(cast("dict[str, object]", value).values())
    if type(value) not in _LISTS:
        return 0
    items = cast("list[object]", value)
    return len(items) + sum(map(size, (item for item in items if type(item) in _NESTING)))


def condition(value: object) -> bool:
    """``value`` as a condition, which only a boolean is."""
    if value is True or value is False:
        return value
    raise Fault(
        ExpressionType, f"a condition must be a boolean, not {kind_of(value)}", "compare it: `x != 0`, `x == 'name'`"
    )


def add(left: Any, right: Any) -> Any:
    """The sum of two numbers, or one list behind another."""
    if type(left) is list and type(right) is list:
        return bounded_list(cast("list[object]", left) + cast("list[object]", right))
    _numbers("add", left, right)
    return bounded(left + right)


def subtract(left: Any, right: Any) -> Any:
    _numbers("subtract", left, right)
    return bounded(left - right)


def multiply(left: Any, right: Any) -> Any:
    _numbers("multiply", left, right)
    return bounded(left * right)


def divide(left: Any, right: Any) -> Any:
    """The quotient, always a float."""
    _divisor(left, right)
    return bounded(left / right)


def floor_divide(left: Any, right: Any) -> Any:
    """The quotient rounded down: an integer of integers, else a float."""
    _divisor(left, right)
    return bounded(left // right)


def modulo(left: Any, right: Any) -> Any:
    """The rest, with the sign of the divisor."""
    _divisor(left, right)
    return bounded(left % right)


def negate(value: Any) -> Any:
    _numbers("negate", value)
    return -value


def equal(left: Any, right: Any) -> bool:
    """Whether two values are the same. Kinds that differ are unequal (a list may mix them: VGG's ``[64, "M"]``), save
    that a boolean beside a number is a mistake."""
    if type(left) in _LISTS and type(right) in _LISTS:
        return len(left) == len(right) and all(map(equal, left, right))
    if (type(left) is bool) is not (type(right) is bool) and {type(left), type(right)} & {int, float}:
        raise Fault(ExpressionType, f"cannot compare {kind_of(left)} with {kind_of(right)}")
    return bool(left == right)


def unequal(left: Any, right: Any) -> bool:
    return not equal(left, right)


def contains(item: Any, items: Any) -> bool:
    """Whether ``item`` is in a list."""
    if type(items) is not list:
        raise Fault(ExpressionType, f"`in` looks into a list, not into {kind_of(items)}")
    return any(equal(item, candidate) for candidate in cast("list[object]", items))


def lacks(item: Any, items: Any) -> bool:
    return not contains(item, items)


def ordering(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    """``compare`` for numbers alone."""

    def ordered(left: Any, right: Any) -> bool:
        _numbers("compare", left, right)
        return compare(left, right)

    return ordered


def index(items: Any, position: Any) -> Any:
    """One item of a list, counted from the end when ``position`` is negative."""
    _list("index", items)
    if type(position) is not int:
        raise Fault(ExpressionType, f"an index must be an integer, not {kind_of(position)}")
    if not -len(items) <= position < len(items):
        raise Fault(ExpressionIndex, f"index {position} is outside a list of {len(items)} items")
    return bounded(items[position])


def cut(items: Any, start: Any, stop: Any, step: Any) -> Any:
    """A slice of a list; None where a bound was left out."""
    _list("slice", items)
    for bound in (start, stop, step):
        if bound is not None and type(bound) is not int:
            raise Fault(ExpressionType, f"the bounds of a slice must be integers, not {kind_of(bound)}")
    if step == 0:
        raise Fault(ExpressionIndex, "the step of a slice must not be 0")
    return items[start:stop:step]


def make_divisible(value: float, divisor: int = 8, min_value: int | None = None) -> int:
    """``value`` rounded to a multiple of ``divisor``, and up where that would take more than a tenth away.

    Source: ``_make_divisible`` of TensorFlow's MobileNet (models/research/slim/nets/mobilenet), which every MobileNet
    and EfficientNet since has copied.
    """
    if divisor < 1:
        raise Fault(ExpressionCall, f"make_divisible needs a divisor of at least 1, not {divisor}")
    rounded = max(divisor if min_value is None else min_value, int(value + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * value else rounded


def _make_divisible(value: Any, divisor: Any = 8, min_value: Any = None) -> Any:
    _numbers("round", value)
    for given in (divisor, min_value):
        if given is not None and type(given) is not int:
            raise Fault(
                ExpressionType, f"make_divisible needs integers for divisor and min_value, not {kind_of(given)}"
            )
    return bounded(make_divisible(value, divisor, min_value))


def _extreme(name: str, choose: Callable[[list[Any]], Any]) -> Callable[..., Any]:
    def extreme(*values: Any) -> Any:
        items = _items(name, values[0]) if len(values) == 1 else list(values)
        _numbers("compare", *items)
        if not items:
            raise Fault(ExpressionType, f"{name} of an empty list")
        return bounded(choose(items))

    return extreme


def _sum(values: Any) -> Any:
    items = _items("sum", values)
    _numbers("add", *items)
    return bounded(sum(items))


def _length(items: Any) -> int:
    return len(_items("len", items))


def _round(value: Any, digits: Any = None) -> Any:
    _numbers("round", value)
    if digits is not None and (type(digits) is not int or abs(digits) > _DIGITS):
        raise Fault(ExpressionType, f"round needs an integer of at most {_DIGITS} for its digits")
    return bounded(round(value, digits))


def _int(value: Any) -> Any:
    _numbers("cut", value)
    return bounded(int(value))


def _ceil(value: Any) -> Any:
    _numbers("round", value)
    return bounded(ceil(value))


def _floor(value: Any) -> Any:
    _numbers("round", value)
    return bounded(floor(value))


def _absolute(value: Any) -> Any:
    _numbers("take the size of", value)
    return bounded(abs(value))


def _sqrt(value: Any) -> Any:
    _numbers("take the root of", value)
    if value < 0:
        raise Fault(ExpressionCall, f"sqrt needs a number of at least 0, not {value}", "write `sqrt(max(x, 0))`, say")
    return sqrt(value)


def _log2(value: Any) -> Any:
    _numbers("take the logarithm of", value)
    if value <= 0:
        raise Fault(ExpressionCall, f"log2 needs a number above 0, not {value}", "write `log2(max(x, 1))`, say")
    return log2(value)


def _exp(value: Any) -> Any:
    _numbers("raise e to", value)
    try:
        return exp(value)
    except OverflowError:
        raise Fault(ExpressionBound, f"a float here must be finite, and exp({value}) is not") from None


class Function(NamedTuple):
    """A function of expressions: how many arguments it takes by position, and which behind the first also by name."""

    compute: Callable[..., Any]
    fewest: int = 1
    most: int = 1
    keywords: tuple[str, ...] = ()


FUNCTIONS = {
    "min": Function(_extreme("min", min), most=100),
    "max": Function(_extreme("max", max), most=100),
    "sum": Function(_sum),
    "len": Function(_length),
    "round": Function(_round, most=2),
    "int": Function(_int),
    "ceil": Function(_ceil),
    "floor": Function(_floor),
    "abs": Function(_absolute),
    "sqrt": Function(_sqrt),
    "exp": Function(_exp),
    "log2": Function(_log2),
    "make_divisible": Function(_make_divisible, most=3, keywords=("divisor", "min_value")),
}


def _numbers(action: str, *values: Any) -> None:
    for value in values:
        if type(value) is not int and type(value) is not float:
            raise Fault(ExpressionType, _refusal(action, values))


def _refusal(action: str, values: tuple[Any, ...]) -> str:
    if len(values) == 2:
        return f"cannot {action} {kind_of(values[0])} and {kind_of(values[1])}"
    wrong = next(value for value in values if type(value) not in (int, float))
    return f"cannot {action} {kind_of(wrong)}: a number is needed"


def _list(action: str, items: Any) -> None:
    if type(items) is not list:
        raise Fault(ExpressionType, f"cannot {action} {kind_of(items)}: only a list has items")


def _items(name: str, items: Any) -> list[Any]:
    if type(items) is not list:
        raise Fault(ExpressionType, f"{name} needs a list, not {kind_of(items)}")
    return cast("list[Any]", items)


def _divisor(left: Any, right: Any) -> None:
    _numbers("divide", left, right)
    if right == 0:
        raise Fault(ExpressionDivision, f"{left} is divided by zero")
