"""The pattern language of mappings: text with numbers in it.

``block{b}_conv`` matches ``block7_conv``; ``{b:5..12}`` matches no number outside 5 to 12. In what a rule leads to,
``{b}``, ``{b+1}`` and ``{b-5}`` write the number that was found. Nothing else is special, and nothing matches any text,
so that two rules overlap only where their ranges do. In ``ignore`` alone, ``*`` is any text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

Numbers = Mapping[str, int]

_NUMBER = "0|[1-9][0-9]{0,8}"
_NAME = "[a-z][a-z0-9_]*"
_HOLE = re.compile(rf"\{{({_NAME})(?::({_NUMBER})\.\.({_NUMBER}))?\}}")
_SLOT = re.compile(rf"\{{({_NAME})(?:([+-])({_NUMBER}))?\}}")


class PatternError(Exception):
    """A pattern or a template is not one; the message says why."""


class Pattern(NamedTuple):
    """The left side of a rule, taken apart."""

    text: str
    regex: re.Pattern[str]
    ranges: Mapping[str, tuple[int, int]]

    def match(self, name: str) -> Numbers | None:
        """The numbers in ``name`` by placeholder, or None where it does not match."""
        found = self.regex.fullmatch(name)
        if found is None:
            return None
        numbers = {key: int(value) for key, value in found.groupdict().items()}
        inside = all(low <= numbers[key] <= high for key, (low, high) in self.ranges.items())
        return numbers if inside else None


class Template(NamedTuple):
    """The right side of a rule."""

    text: str

    def write(self, numbers: Numbers) -> str:
        """The text with ``numbers`` in their places."""

        def number(slot: re.Match[str]) -> str:
            step = int(f"{slot[2]}{slot[3]}") if slot[2] else 0
            return str(numbers[slot[1]] + step)

        return _SLOT.sub(number, self.text)


def pattern(text: str) -> Pattern:
    """``text`` as the left side of a rule.

    Raises:
        PatternError: when a brace is no placeholder, a name comes twice, or two numbers touch.
    """
    literals = _HOLE.split(text)[:: _HOLE.groups + 1]
    holes = list(_HOLE.finditer(text))
    _refuse_braces(text, literals, "{b} or {b:2..4}")
    names = [hole[1] for hole in holes]
    if len(set(names)) < len(names):
        raise PatternError(f"a placeholder comes twice in {text!r}")
    if any(not literal for literal in literals[1:-1]):
        raise PatternError(f"two placeholders touch in {text!r}, so no number ends")
    parts = [re.escape(literals[0])]
    for hole, literal in zip(holes, literals[1:], strict=True):
        parts += [f"(?P<{hole[1]}>{_NUMBER})", re.escape(literal)]
    ranges = {hole[1]: (int(hole[2]), int(hole[3])) for hole in holes if hole[2]}
    return Pattern(text, re.compile("".join(parts)), ranges)


def template(text: str, names: Mapping[str, object]) -> Template:
    """``text`` as the right side of a rule whose left side has the placeholders ``names``.

    Raises:
        PatternError: when a brace is no placeholder, or names none of them.
    """
    _refuse_braces(text, _SLOT.split(text)[:: _SLOT.groups + 1], "{b}, {b+1} or {b-5}")
    unknown = next((slot[1] for slot in _SLOT.finditer(text) if slot[1] not in names), None)
    if unknown:
        raise PatternError(f"{{{unknown}}} is no placeholder of the left side")
    return Template(text)


def glob(text: str) -> re.Pattern[str]:
    """A pattern of ``ignore``: ``*`` is any text, all else itself."""
    return re.compile(".*".join(map(re.escape, re.split(r"\*+", text))), re.DOTALL)


def _refuse_braces(text: str, literals: list[str], forms: str) -> None:
    if any("{" in literal or "}" in literal for literal in literals):
        raise PatternError(f"a brace in {text!r} is no placeholder: {forms}")
