"""What stands where in a text that may not be TOML: tables, keys and values as far as they can be told.

A text is read while it is typed, so a bracket may be open, a value missing, a quote alone on its line. Whatever cannot
go on where it stands (a table's header in a list, a brace for a key) ends what was open before it. Nothing is checked:
a document is read by ``graphbuilder.document``, and this is for the text around a cursor.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, cast

from graphbuilder.document.lexer import BASIC, DOT, KEY, KEY_PART, LITERAL, LONG

Key = str | int
Keys = tuple[Key, ...]
Extent = tuple[int, int]
Kind = Literal["table", "list", "text", "word", "nothing"]

DEEPEST = 32
_SPACE = re.compile(r"[ \t]*+")
_BLANK = re.compile(r"(?:[ \t\r\n]++|#[^\n]*+)*+")
_HEADER = re.compile(rf"\[\[?[ \t]*+(?P<name>(?:{KEY})?(?:{DOT})?)[ \t]*+\]?\]?")
_STATEMENT = re.compile(rf"[ \t]*+(?:\[\[?[ \t]*+[A-Za-z_]|(?:{KEY})[ \t]*+=)")
_TABLE = re.compile(r"[ \t]*+\[\[?[ \t]*+[A-Za-z_]")
_STRING = re.compile(rf"{LONG}|{BASIC}|{LITERAL}|[\"'][^\n]*+", re.DOTALL)
_CLOSED = re.compile(rf"(?:{LONG}|{BASIC}|{LITERAL})\Z", re.DOTALL)
_UNCLOSED_KEY = re.compile(r"[\"'][^\"'\n=,#{}\[\]]*+")
_WORD = re.compile(r"[^,\[\]{}#\n\"'=]*+")
_DOT = re.compile(DOT)
_LINE = re.compile(r"[^\n]*+")
_OPENING = {"[": "]", "{": "}"}
_CLOSING = {"]": "[", "}": "{"}

Part = tuple[str, Extent]


@dataclass
class Item:
    """A value, or the place where one is missing.

    Attributes:
        keys: the path to it.
        key: where the last part of its key stands; None for an item of a list.
        value: where it stands; of a table that has a header, all up to the next header.
        kind: "nothing" where there is a key and no value.
        equals: the offset behind its ``=``, if there is one.
        closed: whether the bracket or quote that opens it is closed.
        header: whether it is a table of a header.
    """

    keys: Keys
    key: Extent | None
    value: Extent
    kind: Kind
    equals: int | None = None
    closed: bool = True
    header: bool = False

    def holds(self, offset: int) -> bool:
        """Whether a cursor at ``offset`` stands inside."""
        start, end = self.value
        return start < offset and (offset < end if self.closed and not self.header else offset <= end)


@dataclass(eq=False)
class Outline:
    """All items of a text in the order in which they begin, and their values as far as they are known."""

    text: str = field(repr=False)
    items: list[Item] = field(default_factory=list[Item])
    data: dict[str, Any] = field(default_factory=dict[str, Any])

    @cached_property
    def by_keys(self) -> dict[Keys, Item]:
        """The items by their paths, the first where a path comes twice."""
        return {item.keys: item for item in reversed(self.items)}

    def beginning(self, keys: Keys) -> Item | None:
        """The item at ``keys``, or the first below, of a table that only headers of what is in it make."""
        below = (item for item in self.items if item.keys[: len(keys)] == keys)
        return self.by_keys.get(keys) or next(below, None)

    def container(self, offset: int) -> Item | None:
        """The innermost table or list around ``offset``; None at the top."""
        around = [item for item in self.items if item.kind in ("table", "list") and item.holds(offset)]
        return around[-1] if around else None

    def at_key(self, offset: int) -> Item | None:
        """The item on whose key ``offset`` stands."""
        return next((each for each in self.items if each.key and each.key[0] <= offset <= each.key[1]), None)

    def at_value(self, offset: int) -> Item | None:
        """The text, number or missing value at ``offset``."""
        found = [item for item in self.items if item.kind not in ("table", "list") and _touches(item, offset)]
        return found[-1] if found else None

    def value(self, keys: Keys) -> Any:
        """The value at ``keys``, or None."""
        value: Any = self.data
        for key in keys:
            value = child(value, key)
        return value


def child(value: Any, key: Key) -> Any:
    """What a table or list has under ``key``, or None."""
    if isinstance(value, dict):
        return cast("dict[Any, Any]", value).get(key)
    if isinstance(value, list) and isinstance(key, int):
        items = cast("list[Any]", value)
        return items[key] if key < len(items) else None
    return None


def _touches(item: Item, offset: int) -> bool:
    if item.kind == "nothing":
        return item.equals is not None and item.equals <= offset <= item.value[1]
    return item.value[0] <= offset <= item.value[1]


def outline(text: str) -> Outline:
    """The outline of ``text``. Never fails."""
    reader = _Reader(text)
    reader.read()
    return Outline(text, reader.items, reader.data)


class _Reader:
    """Reads a text once; ``_at`` is where it stands."""

    def __init__(self, text: str) -> None:
        self.items: list[Item] = []
        self.data: dict[str, Any] = {}
        self._text = text
        self._at: int = 0
        self._open: list[str] = []

    def read(self) -> None:
        table: Keys = ()
        headed: Item | None = None
        while self._skip(_BLANK) < len(self._text):
            start = self._at
            if self._text[start] == "[":
                _end(headed, start)
                headed = self._header()
                table = headed.keys
            else:
                self._pair(table)
            if self._at == start:  # what begins nothing
                self._at += 1
        _end(headed, len(self._text))

    def _header(self) -> Item:
        found = _HEADER.match(self._text, self._at)
        assert found, "a bracket begins it"
        several = self._text.startswith("[[", self._at)
        self._at = found.start("name")
        parts = self._parts()
        keys = self._latest(parts[:-1]) + tuple(name for name, _ in parts[-1:])
        if several and parts:
            keys = (*keys, self._counted(keys))
        if parts:
            _store(self.data, keys, {})
        extent = parts[-1][1] if parts else (self._at, self._at)
        closed = found.group().endswith("]]" if several else "]")
        self._at = self._skip(_LINE, found.end())
        item = Item(keys, extent, (found.end(), self._at), "table", closed=closed, header=True)
        self.items.append(item)
        return item

    def _latest(self, parents: list[Part]) -> Keys:
        """The path of a header's parents, in the latest item of each array of tables on the way."""
        path: Keys = ()
        value: Any = self.data
        for name, _ in parents:
            path, value = (*path, name), child(value, name)
            if isinstance(value, list) and value:
                number = len(cast("list[Any]", value)) - 1
                path, value = (*path, number), child(value, number)
        return path

    def _counted(self, keys: Keys) -> int:
        tables = Outline(self._text, data=self.data).value(keys)
        return len(cast("list[Any]", tables)) if isinstance(tables, list) else 0

    def _parts(self) -> list[Part]:
        """The parts of a key with dots; an empty one behind a dot that nothing follows, and one in quotes that are open
        as the last."""
        parts: list[Part] = []
        while found := KEY_PART.match(self._text, self._at):
            raw = found.group()
            parts.append((raw[1:-1] if raw[0] in "\"'" else raw, found.span()))
            self._at = found.end()
            dot = _DOT.match(self._text, self._at)
            if not dot:
                return parts
            self._at = dot.end()
        if found := _UNCLOSED_KEY.match(self._text, self._at):
            self._at = found.end()
            return [*parts, (found.group()[1:], found.span())]
        return [*parts, ("", (self._at, self._at))] if parts else parts

    def _pair(self, table: Keys) -> None:
        """A key and its value, either of which may be missing."""
        parts = self._parts()
        if not parts and self._text[self._at] != "=":
            return
        parts = parts or [("", (self._at, self._at))]
        keys, key = (*table, *(name for name, _ in parts)), parts[-1][1]
        self._skip(_SPACE)
        if self._text.startswith("=", self._at):
            self._at += 1
            equals = self._at
            self._skip(_SPACE)
            self._value(keys, key, equals)
        else:
            self.items.append(Item(keys, key, (key[1], key[1]), "nothing"))

    def _value(self, keys: Keys, key: Extent | None, equals: int | None = None) -> None:
        start, opening = self._at, self._text[self._at : self._at + 1]
        item = Item(keys, key, (start, start), "nothing", equals)
        self.items.append(item)
        if opening in _OPENING and len(self._open) < DEEPEST:
            self._bracket(item, opening)
        elif opening and opening in "\"'":
            self._string(item)
        else:
            self._word(item)
        item.value = (start, self._at)

    def _bracket(self, item: Item, mark: str) -> None:
        item.kind = "list" if mark == "[" else "table"
        _store(self.data, item.keys, [] if mark == "[" else {})
        self._open.append(mark)
        self._at += 1
        number = 0
        while not self._left(item, _OPENING[mark]):
            before = len(self.items)
            if self._text[self._at] == ",":
                self._at += 1
            elif mark == "[":
                self._value((*item.keys, number), None)
                number += self._taken(before)
            else:
                self._pair(item.keys)
                self._taken(before)
        self._open.pop()

    def _taken(self, before: int) -> bool:
        """Whether a value or key was read since there were so many items; else what stands here is passed over."""
        if len(self.items) > before and self.items[before].value[1] > self.items[before].value[0]:
            return True
        if len(self.items) > before and self.items[before].key:
            return True
        del self.items[before:]
        self._at += 1
        return False

    def _string(self, item: Item) -> None:
        found = _STRING.match(self._text, self._at)
        assert found, "a quote begins it"
        raw = found.group()
        item.kind, item.closed = "text", bool(_CLOSED.match(raw))
        marks = 3 if raw[:3] in ('"""', "'''") else 1
        _store(self.data, item.keys, raw[marks : -marks if item.closed else None])
        self._at = found.end()

    def _word(self, item: Item) -> None:
        start = self._at
        word = self._text[start : self._skip(_WORD)].rstrip()
        if not word:
            return
        self._at = start + len(word)
        item.kind = "word"
        _store(self.data, item.keys, _scalar(word))

    def _left(self, item: Item, mark: str) -> bool:
        """Step over blanks and, where the list or table ends, over its end."""
        before = self._at
        self._skip(_BLANK)
        ended = self._at >= len(self._text)
        if not ended and self._text[self._at] == mark:
            self._at += 1
            return True
        if not ended and not self._broken(before):
            return False
        item.closed = False
        if not ended and self._text[self._at] not in "{]}":
            self._skip(_SPACE, before)  # what is written on further lines is no part of it
        return True

    def _broken(self, before: int) -> bool:
        """Whether what stands here shows that the innermost bracket was never closed."""
        here, inner = self._text[self._at], self._open[-1]
        if here in _CLOSING:
            return _CLOSING[here] in self._open
        if inner == "{" and here in _OPENING:
            return True
        if "\n" not in self._text[before : self._at]:
            return False
        return bool((_STATEMENT if inner == "[" else _TABLE).match(self._text, self._at))

    def _skip(self, pattern: re.Pattern[str], start: int | None = None) -> int:
        """Step over what ``pattern`` matches here, or at ``start``; gives the new place."""
        found = pattern.match(self._text, self._at if start is None else start)
        assert found, "it may match nothing, but it matches"
        self._at = found.end()
        return self._at


def _end(headed: Item | None, end: int) -> None:
    """Let the table of a header end here."""
    if headed:
        headed.value = (headed.value[0], end)


def _store(data: dict[str, Any], keys: Keys, value: Any) -> None:
    """Put ``value`` at ``keys`` unless something else stands there or in the way."""
    holder: Any = data
    for key, further in zip(keys, (*keys[1:], None), strict=True):
        new: Any = value if further is None else [] if isinstance(further, int) else {}
        if isinstance(holder, dict):
            holder = cast("dict[Key, Any]", holder).setdefault(key, new)
        elif isinstance(holder, list) and isinstance(key, int):
            items = cast("list[Any]", holder)
            items.extend([None] * (key + 1 - len(items)))
            items[key] = new if items[key] is None else items[key]
            holder = items[key]
        else:
            return


def _scalar(word: str) -> Any:
    """The value of a word, or the word itself."""
    if word in ("true", "false"):
        return word == "true"
    for read in (int, float):
        with suppress(ValueError):
            return read(word)
    return word
