"""Rates of stochastic depth that lie on one line: 0 at the first block, a param at the last.

Libraries compute them in single precision, and a trace shows numbers. Where these are what a line gives, to rounding,
they are said as that line over the depths that are params; else they stay numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, NamedTuple

from graphbuilder.importers.templates import Template
from graphbuilder.importers.traced import Call, Traced
from graphbuilder.importers.tree import Group, Item, Leaf, Sub, leaves

# How far a rate may be from the line, of the largest: the rounding of numbers in single precision.
_ROUNDING = 2e-7
# How many blocks without stochastic depth may still be counted behind the last that has it.
_UNSEEN = 8
_MOST = 10_000


class Line(NamedTuple):
    """Rates by their places: ``drop`` is the rate at the last of ``places``."""

    drop: float
    places: int

    def rate(self, place: int) -> float:
        return self.drop * place / self.places

    def place(self, rate: float) -> int | None:
        """The place that has this rate; None where none has."""
        found = round(rate / self.drop * self.places)
        return found if abs(self.rate(found) - rate) <= _ROUNDING * self.drop else None


def levelled(model: Traced) -> tuple[Traced, Line | None]:
    """``model`` with its rates of stochastic depth on their line, to the last bit, and that line; None without one."""
    line = _fitted([float(call.args["rate"]) for call in model.calls if call.op == "droppath"])
    calls = [_plain(line, call) if call.op == "droppath" else call for call in model.calls]
    return replace(model, calls=calls), line


def _plain(line: Line | None, call: Call) -> Call:
    """A rate as it was before it was rounded to single precision."""
    rate = float(call.args["rate"])
    place = line.place(rate) if line else None
    return replace(call, args={**call.args, "rate": line.rate(place) if line and place is not None else _short(rate)})


def _fitted(rates: Sequence[float]) -> Line | None:
    largest = max(rates, default=0.0)
    if not largest:
        return None
    gaps = [above - below for below, above in pairwise(sorted({0.0, *rates}))]
    unit = min((gap for gap in gaps if gap > 10 * _ROUNDING * largest), default=largest)
    places = round(largest / unit)
    line = _plainest(largest, places) if places <= _MOST else None
    return line if line and all(line.place(rate) is not None for rate in rates) else None


def _plainest(largest: float, places: int) -> Line:
    """The line as it was written: to a rate of few digits, which may be that of a place behind the last one seen."""
    lines = [Line(_short(largest / places * end), end) for end in range(places, places + _UNSEEN)]
    return next((line for line in lines if len(f"{line.drop:g}") <= len("0.25")), lines[0])


def _short(number: float) -> float:
    """The number of fewest digits that is the same in single precision."""
    tried = (float(f"{number:.{digits}g}") for digits in range(1, 10))
    return next((each for each in tried if abs(each - number) <= _ROUNDING * number), number)


class Terms(NamedTuple):
    """A count of blocks: a number, and the depths of these rows that are params."""

    number: int = 0
    rows: tuple[int, ...] = ()


@dataclass(frozen=True)
class Growth:
    """A line in the words of a spec.

    Attributes:
        name: the param that is the rate at its end.
        depths: the param of the depths, and how many it has; 0 where it is one number.
        starts: the place at which each step of the model itself begins, by its key: as a number, and in words.
        end: the last place.
    """

    line: Line
    name: str
    depths: tuple[str, int]
    starts: Mapping[str, tuple[int, Terms]]
    end: Terms

    def said(self, value: Any, step: Any, key: str) -> Any:
        """A rate that grows by ``step`` from copy to copy, in the step ``key``; as numbers where it leaves the line."""
        start, steps = (self.line.place(each) if isinstance(each, float) else None for each in (value, step or 0.0))
        if steps is None or (start is None and isinstance(value, float)):
            return grown(value, step)
        index = [] if not steps else ["i" if steps == 1 else f"{steps} * i"]
        if start is None:
            return f"={expression(value)} + {self._of(index)}" if steps else value
        return f"={self._of([*self._counted(self._at(start, key)), *index])}" if start or steps else value

    def _at(self, place: int, key: str) -> Terms:
        first, terms = self.starts.get(key, (0, Terms()))
        return terms._replace(number=terms.number + place - first)

    def _of(self, parts: Sequence[str]) -> str:
        """The rate at the place that is the sum of these ``parts``."""
        end = self._counted(self.end)
        if [*parts] == end:
            return self.name
        last = f"max({' + '.join(end[:-1])} - 1, 1)" if end[-1] == "-1" else _sum(end)
        return f"{self.name} * {_sum(parts)}" if end == ["1"] else f"{self.name} * {_sum(parts)} / {last}"

    def _counted(self, terms: Terms) -> list[str]:
        """What ``terms`` are the sum of, the number last."""
        name, count = self.depths
        depths = [name if not count else f"{name}[{row}]" for row in terms.rows]
        if len(depths) > 1 and terms.rows == tuple(range(len(depths))):
            depths = [f"sum({name})" if len(depths) == count else f"sum({name}[:{len(depths)}])"]
        return [*depths, *([str(terms.number)] if terms.number else [])]


def growth(line: Line, name: str, items: Sequence[Item], rows: Mapping[str, int], depths: tuple[str, int]) -> Growth:
    """``line`` over the steps of a model.

    Args:
        rows: the steps whose depth is a param, by their keys: its number.
        depths: the param of the depths, and how many it has.
    """
    starts: dict[str, tuple[int, Terms]] = {}
    number, after, counted = 0, 0, list[int]()
    for item in items:
        places = _places(item, line)
        if not places:
            continue
        first, count = places[0], places[-1] + 1 - places[0]
        if first < after:  # not one line over the order of the steps
            return Growth(line, name, depths, {}, Terms(line.places))
        number += first - after
        starts[item.key] = (first, Terms(number, tuple(counted)))
        after = first + count
        if item.key in rows and len(places) == count >= _depth(item):
            counted.append(rows[item.key])
            count -= _depth(item)
        number += count
    return Growth(line, name, depths, starts, Terms(number + line.places - after, tuple(counted)))


def is_rate(template: Template, name: str) -> bool:
    """Whether an argument of a block is the rate of stochastic depth in it."""
    uses = [slot for slot, said in template.said.written.items() if said == f"={name}"]
    for slot in uses:
        where, number = slot.place
        item = template.first.lists[where][number] if number >= 0 else None
        is_inner = isinstance(item, Sub | Group) and is_rate(item.template, slot.name)
        if is_inner or (isinstance(item, Leaf) and item.call.op == "droppath"):
            return True
    return False


def _places(item: Item, line: Line) -> list[int]:
    found = (line.place(float(dict(leaf.op)["rate"])) for leaf in leaves([item]) if leaf.call.op == "droppath")
    return sorted({place for place in found if place is not None})


def _depth(item: Item) -> int:
    if isinstance(item, Group):
        return len(item.subs)
    return int(item.row.get("depth", 0)) if isinstance(item, Sub) else 0


def _sum(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 and "*" not in parts[0] else f"({' + '.join(parts)})"


def grown(value: Any, step: Any) -> Any:
    """What grows by ``step`` from copy to copy, beginning with ``value``."""
    return f"={expression(value)} + {expression(step)} * i" if step else value


def expression(value: Any) -> str:
    """``value`` as a part of an expression."""
    return value[1:] if isinstance(value, str) and value.startswith("=") else repr(value)
