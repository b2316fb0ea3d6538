"""Where every key and value of a valid TOML text stands.

This is a second reading: tomli has accepted the text, so nothing is checked here and no value is made.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import tomli

from graphbuilder.document.lexer import BASIC, DOT, KEY_PART, LITERAL, LONG

Key = str | int
Keys = tuple[Key, ...]

_BLANK = re.compile(r"(?:[ \t\n]++|#[^\n]*+)*+")
_SPACE = re.compile(r"[ \t]*+")
_DOT = re.compile(DOT)
# Of most values, and of most pairs, all at once; what is written otherwise is read piece by piece.
_PLAIN = r"[^,\[\]{}\"'#\s]++|\"(?!\"\")[^\"\\\n]*+\""
_WORD = re.compile(rf"({_PLAIN}|\[\]|\{{\}})[ \t]*+(?:,[ \t]*+|(?=\]))")
_WORDED = re.compile(rf"([A-Za-z0-9_-]++)[ \t]*+=[ \t]*+({_PLAIN})[ \t]*+(?:[,\n][ \t\n]*+|(?=\}})|\Z)")
_BETWEEN = re.compile(rf"{_BLANK.pattern}(?:,{_BLANK.pattern})?+")
_SCALAR = re.compile(rf"{LONG}|{BASIC}|{LITERAL}|[^,\]}}#\n]*[^,\]}}#\s]", re.DOTALL)


class Extent(NamedTuple):
    """Offsets of a key and of its value; an item of an array has no key, so its value stands for it."""

    key: tuple[int, int]
    value: tuple[int, int]


class Part(NamedTuple):
    """One part of a dotted key."""

    name: str
    start: int
    end: int


class Scanner:
    """Reads ``text`` once.

    Attributes:
        extents: the place of every key path; array items are numbered from 0.
        last: the key path that was placed last.
        before: the place that ``last`` had before, if it had one.
    """

    def __init__(self, text: str) -> None:
        self.extents: dict[Keys, Extent] = {}
        self.last: Keys = ()
        self.before: Extent | None = None
        self._text = text
        self._at = 0
        self._items: dict[Keys, int] = {}

    def scan(self) -> None:
        """Read to the end.

        Raises:
            IndexError: when the text breaks off inside a statement.
        """
        header: Keys = ()
        while self._skip(_BLANK) < len(self._text):
            if self._text[self._at] == "[":
                header = self._header()
            elif not self._worded(header):
                self._pair(header)

    def _skip(self, pattern: re.Pattern[str]) -> int:
        found = pattern.match(self._text, self._at)
        assert found is not None, "the text was valid TOML"
        self._at = found.end()
        return self._at

    def _header(self) -> Keys:
        start, marks = self._at, 2 if self._text.startswith("[[", self._at) else 1
        self._at += marks
        parts = self._key()
        extent = (start, self._at + marks)
        path = self._parents((), parts, extent)
        if marks == 1:
            self._place(path, Extent((parts[-1].start, parts[-1].end), extent))
        else:
            path = self._item(path, parts[-1], extent)
        self._at += marks
        return path

    def _item(self, path: Keys, part: Part, extent: tuple[int, int]) -> Keys:
        """Count one more ``[[path]]``."""
        number = self._items.get(path, 0)
        self._items[path] = number + 1
        self._place_once(path, Extent((part.start, part.end), extent))
        self._place((*path, number), Extent(extent, extent))
        return (*path, number)

    def _pair(self, prefix: Keys) -> None:
        parts = self._key()
        self._at += 1
        self._skip(_SPACE)
        path = self._parents(prefix, parts, (parts[0].start, parts[-1].end))
        value = self._value(path)
        self._place(path, Extent((parts[-1].start, parts[-1].end), value))

    def _worded(self, prefix: Keys) -> bool:
        """Read pairs of a word and a plain value, of which a table may have very many; whether there was one."""
        start = self._at
        while found := _WORDED.match(self._text, self._at):
            self._at = found.end()
            self._place((*prefix, found[1]), Extent(found.span(1), found.span(2)))
        return self._at > start

    def _key(self) -> list[Part]:
        """The parts of a dotted key and the space around it."""
        self._skip(_SPACE)
        parts = [self._part()]
        while found := _DOT.match(self._text, self._at):
            self._at = found.end()
            parts.append(self._part())
        self._skip(_SPACE)
        return parts

    def _part(self) -> Part:
        start, end = self._at, self._skip(KEY_PART)
        raw = self._text[start:end]
        name = raw if raw[0] not in "\"'" else raw[1:-1]
        if raw[0] == '"' and "\\" in raw:
            name = tomli.loads(f"key = {raw}")["key"]
        return Part(name, start, end)

    def _parents(self, prefix: Keys, parts: list[Part], extent: tuple[int, int]) -> Keys:
        """The path of a dotted key below ``prefix``; its tables that nothing has named yet are placed at ``extent``."""
        path = prefix
        for part in parts[:-1]:
            path = (*path, part.name)
            self._place_once(path, Extent((part.start, part.end), extent))
            if path in self._items:
                path = (*path, self._items[path] - 1)
        return (*path, parts[-1].name)

    def _value(self, path: Keys) -> tuple[int, int]:
        start, opening = self._at, self._text[self._at]
        if opening == "[":
            self._array(path)
        elif opening == "{":
            self._table(path)
        else:
            self._skip(_SCALAR)
        return (start, self._at)

    def _array(self, path: Keys) -> None:
        self._at += 1
        number = 0
        while not self._closed("]"):
            before, number = number, self._words(path, number)
            if number == before:
                value = self._value((*path, number))
                self._place((*path, number), Extent(value, value))
                number += 1

    def _words(self, path: Keys, number: int) -> int:
        """Read plain values and what is empty from item ``number`` on, of which a list may have very many; the number
        behind."""
        while found := _WORD.match(self._text, self._at):
            self._at, span = found.end(), found.span(1)
            self._place((*path, number), Extent(span, span))
            number += 1
        return number

    def _table(self, path: Keys) -> None:
        self._at += 1
        while not self._closed("}"):
            if not self._worded(path):
                self._pair(path)

    def _closed(self, mark: str) -> bool:
        """Step over what stands between two items; whether ``mark`` ends them."""
        self._skip(_BETWEEN)
        if self._text[self._at] != mark:
            return False
        self._at += 1
        return True

    def _place(self, path: Keys, extent: Extent) -> None:
        self.last, self.before = path, self.extents.get(path)
        self.extents[path] = extent

    def _place_once(self, path: Keys, extent: Extent) -> None:
        self.extents.setdefault(path, extent)
