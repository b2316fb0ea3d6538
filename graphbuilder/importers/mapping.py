"""The mapping from a model's names to the spec's, as short as patterns of numbers and words make it.

Names that differ in numbers alone are one rule where every number of ours is one of theirs, or that and a constant,
or where one number of theirs tells the others.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import NamedTuple

from graphbuilder.diagnostics.screen import safe
from graphbuilder.document.writing import value as written
from graphbuilder.importers.places import Place
from graphbuilder.importers.traced import Source
from graphbuilder.importers.wording import worded

_NUMBER = re.compile(r"(?<!\d)(0|[1-9]\d{0,8})(?!\d)")
# A number that counts: a whole part of a name, or the end of one.
_COUNT = re.compile(r"(?:(?<=\.)|(?<=_))(?:0|[1-9]\d{0,8})(?=\.|$)")
_LETTERS = "abcdefghjklmopqrstuvwxyz"
# The most numbers in a list.
_MOST = 16


class _Pair(NamedTuple):
    """A place with the numbers of both names taken out."""

    place: Place
    theirs: tuple[int, ...]
    ours: tuple[int, ...]


class _Rule(NamedTuple):
    left: str
    right: str
    # What the left side matches.
    regex: re.Pattern[str]
    ranges: dict[str, tuple[int, int]]

    def matches(self, name: str) -> bool:
        return self._is_met(self.regex.fullmatch(name))

    def matches_in(self, layer: str) -> bool:
        """Whether it may match a tensor of a layer."""
        return self._is_met(re.fullmatch(self.regex.pattern.rpartition(r"\.")[0], layer))

    def _is_met(self, found: re.Match[str] | None) -> bool:
        numbers = found.groupdict() if found else {}
        ends = ((int(numbers[key]), self.ranges[key]) for key in self.ranges if key in numbers)
        return found is not None and all(low <= number <= high for number, (low, high) in ends)

    def is_of(self, own: Collection[str], names: Sequence[str]) -> bool:
        """Whether it matches no others of ``names`` than its ``own``, be these of layers or of tensors in these."""
        above = {_above(name) for name in own}
        others = [name for name in names if name not in own]
        return not any(
            self.matches(name)
            or (_above(name) not in own and self.matches(_above(name)))
            or (name not in above and self.matches_in(name))
            for name in others
        )


def _above(name: str) -> str:
    """The layer of a tensor."""
    return name.rpartition(".")[0]


def mapping(places: Sequence[Place], source: Source, ignore: Sequence[str], about: str) -> str | None:
    """The text of a mapping file; None where all names are equal and nothing is left out.

    Args:
        about: the comment at its head.
    """
    if all(place.theirs == place.ours for place in places) and not (ignore and source == "torch"):
        return None
    rules = _rules(list(dict.fromkeys(places)))
    width = max((len(written(left)) for left, _ in rules), default=0)
    head = [
        f"# {safe(about)}",
        "format = 1",
        f'source = "{source}"',
        *([f"ignore = {written(list(ignore))}"] if ignore else []),
    ]
    lines = [f"{written(left):<{width}} = {written(right)}" for left, right in rules]
    return "\n".join([*head, "", "[rules]", *lines]) + "\n"


def _rules(places: Sequence[Place]) -> list[tuple[str, str]]:
    names = [place.theirs for place in places]
    alike: dict[tuple[str, str], list[_Pair]] = defaultdict(list)
    for place in places:
        pair = _Pair(place, _numbers(place.theirs), _numbers(place.ours))
        alike[_NUMBER.sub("#", place.theirs), _NUMBER.sub("#", place.ours)].append(pair)
    return worded([(rule.left, rule.right) for pairs in alike.values() for rule in _shortest(pairs, names)])


def _numbers(name: str) -> tuple[int, ...]:
    return tuple(int(found) for found in _NUMBER.findall(name))


def _shortest(pairs: list[_Pair], names: Sequence[str]) -> list[_Rule]:
    """The fewest rules for pairs that differ in numbers alone: in one piece, or in runs along one number."""
    whole = _fitted(pairs, names)
    if whole:
        return [whole]
    ways = [list(_runs(sorted(pairs, key=_by(slot)), names)) for slot in range(len(pairs[0].theirs))]
    lists = _lists(pairs, names)
    return lists if lists and len(lists) < min(map(len, ways)) else min(ways, key=len)


def _lists(pairs: Sequence[_Pair], names: Sequence[str]) -> list[_Rule]:
    """Rules with lists of numbers, one for all of ours that differ in what they count; none where one has no list."""
    apart: dict[str, list[_Pair]] = defaultdict(list)
    for pair in pairs:
        apart[_COUNT.sub("#", pair.place.ours)].append(pair)
    found = [_listed(each) if len(each) > 1 else _fitted(each, names) for each in apart.values()]
    return [rule for rule in found if rule] if all(found) else []


def _listed(pairs: Sequence[_Pair]) -> _Rule | None:
    """One rule for pairs of which one number of theirs differs, by a list of these numbers."""
    columns = [tuple(pair.theirs[slot] for pair in pairs) for slot in range(len(pairs[0].theirs))]
    varying = [slot for slot, column in enumerate(columns) if len(set(column)) > 1]
    if len(varying) != 1 or len(set(columns[varying[0]])) != len(pairs) or len(pairs) > _MOST:
        return None
    order = sorted(pairs, key=lambda pair: pair.theirs[varying[0]])
    numbers = "|".join(str(pair.theirs[varying[0]]) for pair in order)
    slots = [_chosen([pair.ours[slot] for pair in order], _LETTERS[0]) for slot in range(len(order[0].ours))]
    hole = f"{{{_LETTERS[0]}:{numbers}}}"
    left = [hole if slot in varying else str(column[0]) for slot, column in enumerate(columns)]
    groups = [f"(?:{numbers})" if slot in varying else str(column[0]) for slot, column in enumerate(columns)]
    name = order[0].place.theirs
    regex = re.compile(_filled(re.escape(name), groups))
    return _Rule(_filled(name, left), _filled(order[0].place.ours, slots), regex, {})


def _chosen(values: Sequence[int], letter: str) -> str:
    """A number of ours by its place in a list: the place and a constant, or a list of its own."""
    if len(set(values)) == 1:
        return str(values[0])
    shifts = {value - place for place, value in enumerate(values)}
    if len(shifts) == 1:
        shift = shifts.pop()
        return f"{{{letter}}}" if not shift else f"{{{letter}{shift:+d}}}"
    return f"{{{letter}:{'|'.join(map(str, values))}}}"


def _by(slot: int) -> Callable[[_Pair], tuple[int, tuple[int, ...]]]:
    return lambda pair: (pair.theirs[slot], pair.theirs)


def _runs(pairs: Sequence[_Pair], names: Sequence[str]) -> Iterator[_Rule]:
    """Rules for as many pairs in a row as one can have, and then the next."""
    start = 0
    while start < len(pairs):
        known = _fitted(pairs[start : start + 1], names)
        assert known is not None, "a name is a rule for itself"
        end = start + 1
        for stop in range(start + 2, len(pairs) + 1):
            longer = _fitted(pairs[start:stop], names)
            if longer:
                known, end = longer, stop
        yield known
        start = end


def _fitted(pairs: Sequence[_Pair], names: Sequence[str]) -> _Rule | None:
    """One rule for all of ``pairs`` and no other of ``names``, if there is one."""
    columns = [tuple(pair.theirs[slot] for pair in pairs) for slot in range(len(pairs[0].theirs))]
    slots = [slot for slot, column in enumerate(columns) if len(set(column)) > 1]
    varying = dict(zip(slots, _LETTERS, strict=False))
    right = _right(pairs, columns, varying)
    if right is None:
        return None
    own = {pair.place.theirs for pair in pairs}
    for ranged in (False, True):
        rule = _rule(pairs[0].place.theirs, columns, varying, ranged, right)
        if rule.is_of(own, names):
            return rule
    return None


def _right(pairs: Sequence[_Pair], columns: list[tuple[int, ...]], varying: dict[int, str]) -> str | None:
    slots: list[str] = []
    for number in range(len(pairs[0].ours)):
        values = [pair.ours[number] for pair in pairs]
        found = str(values[0]) if len(set(values)) == 1 else _shifted(values, columns, varying)
        if found is None:
            return None
        slots.append(found)
    return _filled(pairs[0].place.ours, slots)


def _shifted(values: list[int], columns: list[tuple[int, ...]], varying: dict[int, str]) -> str | None:
    """A number of ours as one of theirs and a constant."""
    for slot, letter in varying.items():
        shifts = {value - base for value, base in zip(values, columns[slot], strict=True)}
        if len(shifts) == 1:
            shift = shifts.pop()
            return f"{{{letter}}}" if not shift else f"{{{letter}{shift:+d}}}"
    return None


def _rule(
    name: str, columns: list[tuple[int, ...]], varying: dict[int, str], ranged: bool, right: str
) -> _Rule:  # fmt: skip
    ends = {letter: (min(columns[slot]), max(columns[slot])) for slot, letter in varying.items()} if ranged else {}
    holes = {slot: f"{letter}:{ends[letter][0]}..{ends[letter][1]}" if ranged else letter
             for slot, letter in varying.items()}  # fmt: skip
    left = _filled(name, [f"{{{holes[slot]}}}" if slot in holes else str(column[0])
                          for slot, column in enumerate(columns)])  # fmt: skip
    groups = [f"(?P<{varying[slot]}>0|[1-9][0-9]{{0,8}})" if slot in varying else str(column[0])
              for slot, column in enumerate(columns)]  # fmt: skip
    return _Rule(left, right, re.compile(_filled(re.escape(name), groups)), ends)


def _filled(name: str, slots: Sequence[str]) -> str:
    """``name`` with its numbers replaced, in order."""
    waiting = iter(slots)
    return _NUMBER.sub(lambda _: next(waiting), name)
