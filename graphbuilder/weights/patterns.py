"""The pattern language of mappings: text with numbers in it.

``block{b}_conv`` matches ``block7_conv``; ``{b:5..12}`` matches no number outside 5 to 12, and ``{m:b|c|d}`` one of
these words, whose number is its place, from 0. In what a rule leads to, ``{b}``, ``{b+1}`` and ``{b-5}`` write the
number that was found, and ``{k:conv|batchnorm}`` the word at that place. Nothing else is special, and nothing matches
any text, so that two rules overlap only where their ranges do. In ``ignore`` alone, ``*`` is any text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

Numbers = Mapping[str, int]

_NUMBER = "0|[1-9][0-9]{0,8}"
_NAME = "[a-z][a-z0-9_]*"
_WORDS = r"\w+(?:\|\w+)+"
_HOLE = re.compile(rf"\{{({_NAME})(?::(?:({_NUMBER})\.\.({_NUMBER})|({_WORDS})))?\}}")
_SLOT = re.compile(rf"\{{({_NAME})(?:([+-])({_NUMBER})|:({_WORDS}))?\}}")


class PatternError(Exception):
    """A pattern or a template is not one; the message says why."""


class Pattern(NamedTuple):
    """The left side of a rule, taken apart."""

    text: str
    regex: re.Pattern[str]
    ranges: Mapping[str, tuple[int, int]]
    words: Mapping[str, tuple[str, ...]]

    def match(self, name: str) -> Numbers | None:
        """The numbers in ``name`` by placeholder, a word's being its place, or None where it does not match."""
        found = self.regex.fullmatch(name)
        if found is None:
            return None
        numbers = {
            key: self.words[key].index(value) if key in self.words else int(value)
            for key, value in found.groupdict().items()
        }
        inside = all(low <= numbers[key] <= high for key, (low, high) in self.ranges.items())
        return numbers if inside else None


class Template(NamedTuple):
    """The right side of a rule."""

    text: str

    def write(self, numbers: Numbers) -> str:
        """The text with ``numbers`` in their places."""

        def written(slot: re.Match[str]) -> str:
            number = numbers[slot[1]]
            if slot[4]:
                return slot[4].split("|")[number]
            return str(number + (int(f"{slot[2]}{slot[3]}") if slot[2] else 0))

        return _SLOT.sub(written, self.text)

    @property
    def anywhere(self) -> str:
        """The text for no number in particular: 0 for each, and the first of words."""
        return _SLOT.sub(lambda slot: slot[4].partition("|")[0] if slot[4] else "0", self.text)


def pattern(text: str) -> Pattern:
    """``text`` as the left side of a rule.

    Raises:
        PatternError: when a brace is no placeholder, a name or a word comes twice, or two placeholders touch.
    """
    literals = _HOLE.split(text)[:: _HOLE.groups + 1]
    holes = list(_HOLE.finditer(text))
    _refuse_braces(text, literals, "{b}, {b:2..4} or {b:x|y}")
    names = [hole[1] for hole in holes]
    if len(set(names)) < len(names):
        raise PatternError(f"a placeholder comes twice in {text!r}")
    if any(not literal for literal in literals[1:-1]):
        raise PatternError(f"two placeholders touch in {text!r}, so none ends")
    words = {hole[1]: tuple(hole[4].split("|")) for hole in holes if hole[4]}
    if any(len(set(choice)) < len(choice) for choice in words.values()):
        raise PatternError(f"a word comes twice in {text!r}")
    parts = [re.escape(literals[0])]
    for hole, literal in zip(holes, literals[1:], strict=True):
        parts += [f"(?P<{hole[1]}>{hole[4] or _NUMBER})", re.escape(literal)]
    ranges = {hole[1]: (int(hole[2]), int(hole[3])) for hole in holes if hole[2]}
    return Pattern(text, re.compile("".join(parts)), ranges, words)


def template(text: str, left: Pattern) -> Template:
    """``text`` as the right side of the rule with that ``left`` side.

    Raises:
        PatternError: when a brace is no placeholder, or names none of the left side, or the words are not as many.
    """
    _refuse_braces(text, _SLOT.split(text)[:: _SLOT.groups + 1], "{b}, {b+1}, {b-5} or {b:x|y}")
    slots = list(_SLOT.finditer(text))
    unknown = next((slot[1] for slot in slots if slot[1] not in left.regex.groupindex), None)
    if unknown:
        raise PatternError(f"{{{unknown}}} is no placeholder of the left side")
    uneven = next((slot for slot in slots if slot[4] and _count(slot[4]) != len(left.words.get(slot[1], ()))), None)
    if uneven:
        raise PatternError(f"{uneven[0]} needs as many words as {{{uneven[1]}:...}} of the left side has")
    return Template(text)


def glob(text: str) -> re.Pattern[str]:
    """A pattern of ``ignore``: ``*`` is any text, all else itself."""
    return re.compile(".*".join(map(re.escape, re.split(r"\*+", text))), re.DOTALL)


def part(text: str) -> re.Pattern[str]:
    """A pattern of ``--weights-except``: a weight of ours, or a block with all below it; ``*`` is any text."""
    return re.compile(rf"(?:{glob(text).pattern})(?:\..*)?", re.DOTALL)


def _refuse_braces(text: str, literals: list[str], forms: str) -> None:
    if any("{" in literal or "}" in literal for literal in literals):
        raise PatternError(f"a brace in {text!r} is no placeholder: {forms}")


def _count(words: str) -> int:
    return words.count("|") + 1
