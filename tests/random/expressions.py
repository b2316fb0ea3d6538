"""Values written as expressions: the same value, said by names that are in scope."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from random import Random
from typing import Any

from tests.random.reading import evaluate

LONGEST = 200


def dressed(random: Random, value: Any, scope: Mapping[str, Any], often: float = 0.4) -> Any:
    """``value``, or an expression that comes to it; the parts of a list by themselves."""
    if isinstance(value, list) and random.random() < 0.5:
        return [dressed(random, item, scope, often / 2) for item in value]
    if random.random() > often:
        return value
    ways = [way for way in _ways(random, value, scope) if len(way) < LONGEST and _same(evaluate(way, scope), value)]
    return random.choice(ways) if ways else value


def _same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and one == other


def _ways(random: Random, value: Any, scope: Mapping[str, Any]) -> Iterator[str]:
    names = [name for name in scope if _same(scope[name], value)]
    yield from (f"={name}" for name in names)
    if isinstance(value, bool):
        yield from _conditions(random, value, scope)
    elif isinstance(value, int):
        yield from _sums(random, value, scope)
    elif isinstance(value, str):
        yield f"='{value}'"
        yield from (f"='{value}' if {name} else 'relu'" for name, flag in scope.items() if flag is True)
    elif isinstance(value, float):
        yield from (f"={name} * {value / number!r}" for name, number in scope.items() if _is_number(number))
        yield f"={value / 2!r} + {value / 2!r}"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0


def _conditions(random: Random, value: bool, scope: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"=not {name}" for name, flag in scope.items() if flag is (not value))
    for name, number in scope.items():
        if _is_number(number):
            yield f"={name} {random.choice(('>', '<', '>=', '<=', '==', '!='))} {random.randint(0, 9)}"
            yield f"={name} % 2 == {random.randint(0, 1)} and {str(random.random() < 0.8).lower()}"


def _sums(random: Random, value: int, scope: Mapping[str, Any]) -> Iterator[str]:
    for name, number in scope.items():
        if isinstance(number, bool):
            yield f"={value} if {name} == {str(number).lower()} else {value + 1}"
        elif isinstance(number, int):
            yield from _of_a_number(random, value, name, number)
        elif isinstance(number, float):
            yield f"=round({name} * {value / number!r})" if number else f"=int({name}) + {value}"
        elif isinstance(number, list):
            yield from (f"={name}[{index}]" for index in range(-len(number), len(number)))
            yield f"=len({name}) + {value - len(number)}"
            yield f"=sum({name}[:{random.randint(0, 2)}]) + {random.randint(0, 4)}" if _all_ints(number) else "=0"


def _all_ints(values: list[Any]) -> bool:
    return all(type(value) is int for value in values)


def _of_a_number(random: Random, value: int, name: str, number: int) -> Iterator[str]:
    yield f"={name} + {value - number}" if value >= number else f"={name} - {number - value}"
    if number > 0:
        yield f"={value // number} * {name}"
        yield f"={name} // {max(number // value, 1) if value else number + 1}"
        yield f"={name} % {number + 1} + {value - number}"
        yield f"={'max' if value >= number else 'min'}({name}, {value})"
        yield f"=[{random.randint(0, 9)}, {name}, {value}][{random.choice(('1', '2', '-1'))}]"
