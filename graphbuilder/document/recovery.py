"""Text that is not TOML, read on behind its faults, so that one run tells all of them and the rest still counts.

Each fault gives way to what was meant, or else to a word that stands for what nobody could read. That counts only if
the text can be read on behind it. Where a name or a whole line is in doubt, nothing is known but the faults.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import takewhile
from typing import Any, NamedTuple, cast

import tomli

from graphbuilder.diagnostics import Diagnostic, Source
from graphbuilder.diagnostics.catalogue.files import DuplicateKey
from graphbuilder.document.caps import is_excessive, too_large_integer
from graphbuilder.document.document import Unread
from graphbuilder.document.lexer import BASIC, KEY, LITERAL, still_open
from graphbuilder.document.lines import Lines, Moved
from graphbuilder.document.scanner import Extent, Keys, Scanner
from graphbuilder.document.slips import Edit, Trials
from graphbuilder.document.syntax import explain

# So many faults are told, and so many characters read for them again beyond what the first takes.
_MOST = 20
_CHARACTERS = 1_000_000
# Within so much of a line the keys are looked for whose values may be meant.
_LONGEST = 1_000

_ENDLESS_INTEGER = re.compile(r"(?<![0-9_])[0-9][0-9_]{639,}")
_PAIR = re.compile(rf"(?P<pair>{KEY}[ \t]*+=[ \t]*+)|{BASIC}|{LITERAL}|(?P<broken>[\"'])")
_PHRASE = re.compile(r"[^,\]}#\n]*")
_NAMED = re.compile(rf"[ \t]*{KEY}")
_HEADER = re.compile(rf"[ \t]*(?P<opening>\[\[?)[ \t]*(?P<name>{KEY}(?![ \t]*\.)|)")


_WORD = f'"{Unread()}"'


class Recovered(NamedTuple):
    """What could be read of a text.

    Attributes:
        faults: what is not TOML.
        data: the values, some of them ``Unread``; None where too little is known.
        text: what was read at last.
        moved: where that is not as it was written.
        unread: the paths of what is not known.
        unfinished: whether the last fault is where the text ends.
    """

    faults: tuple[Diagnostic, ...]
    data: dict[str, Any] | None = None
    text: str = ""
    moved: tuple[Moved, ...] = ()
    unread: frozenset[Keys] = frozenset()
    unfinished: bool = False


def recovered(source: Source) -> Recovered:
    """What can be read of the text of ``source``, which tomli refuses."""
    return _Recovery(source).run()


class _Recovery:
    def __init__(self, source: Source) -> None:
        self._text = source.text
        self._lines = Lines(source)
        self._trials = Trials(_CHARACTERS // (1 + len(source.text)))
        self._faults: list[Diagnostic] = []
        self._moved: list[Moved] = []
        self._doubtful: set[Keys] = set()
        self._sound = True
        self._lost = False

    def run(self) -> Recovered:
        while True:
            try:
                data = tomli.loads(self._text)
            except ValueError as error:
                if self._mended(error):
                    continue
                return Recovered(tuple(self._faults))
            except RecursionError:
                return Recovered(tuple(self._faults))
            sound = self._sound and not is_excessive(self._text)
            return self._known(data) if sound else Recovered(tuple(self._faults))

    def _mended(self, error: ValueError) -> bool:
        """Whether the text could be changed so that it can be read on behind a fault, which is told."""
        edit = self._told(error) if isinstance(error, tomli.TOMLDecodeError) else self._endless()
        if edit is None or len(self._faults) == _MOST or edit.start < self._end:
            return False
        written = self._text[edit.start : edit.end]
        self._sound = self._sound and (bool(edit.text) or not re.search(r"\w", written) or bool(edit.keys))
        self._doubtful |= {edit.keys} - {()}
        self._text = edit.applied(self._text)
        self._moved.append(Moved(edit.start, len(edit.text), written))
        return True

    @property
    def _end(self) -> int:
        """Where the edit ends that was made last."""
        return self._moved[-1].end if self._moved else 0

    def _told(self, error: tomli.TOMLDecodeError) -> Edit | None:
        """An edit. What comes of a line that nobody understood, or of a bracket, is told neither there nor below."""
        lines = self._lines.moving(self._moved)
        diagnostic, edit = explain(error, self._text, lines, self._trials)
        follows = self._follows(diagnostic, error.pos, lines.span(self._end, self._end).line)
        self._faults += [] if follows else [diagnostic]
        self._sound = self._sound and not follows
        edit = edit or self._trials.first_that_leads_on(self._text, _for_values(self._text, error.pos))
        self._lost = follows or edit is None or _turns(self._text[edit.start : edit.end], edit.text)
        return edit or self._trials.first_that_leads_on(self._text, _for_lines(self._text, error.pos))

    def _follows(self, diagnostic: Diagnostic, at: int, line: int) -> bool:
        """Whether a fault stands in or just behind what was edited last, in ``line``, and comes of that."""
        is_double = diagnostic.rule is DuplicateKey and diagnostic.span is not None and diagnostic.span.line - line < 2
        near = bool(self._moved) and (is_double or self._text.count("\n", self._end, at) < 2)
        return near and (self._lost or any(label.span.line == line for label in diagnostic.related))

    def _endless(self) -> Edit | None:
        """Python itself refuses to read an integer of thousands of digits."""
        found = _ENDLESS_INTEGER.search(self._text)
        lines = self._lines.moving(self._moved)
        self._faults.append(too_large_integer(lines.span(*found.span()) if found else None))
        return Edit("", *found.span(), _WORD) if found else None

    def _known(self, data: dict[str, Any]) -> Recovered:
        """The values without those that an edit may have made into something else than was meant."""
        scanner = Scanner(self._text)
        scanner.scan()
        if any(self._is_new(extent.key, moved) for extent in scanner.extents.values() for moved in self._moved):
            return Recovered(tuple(self._faults))
        unread = set(self._doubtful)
        for moved in self._moved:
            unread |= set(self._unsure(data, scanner.extents, moved))
        for keys in [keys for keys in unread if unread.isdisjoint(keys[:length] for length in range(len(keys)))]:
            _put(data, keys, Unread())
        ended = self._end >= len(self._text.rstrip())
        return Recovered(tuple(self._faults), data, self._text, tuple(self._moved), frozenset(unread), ended)

    def _is_new(self, key: tuple[int, int], moved: Moved) -> bool:
        """Whether the name at ``key`` came by an edit, and was not written just so ahead of it."""
        start, end = key
        if start >= moved.end or end <= moved.start or self._text[start] in "[{":
            return False
        return not re.search(rf"(?<![\w.]){re.escape(self._text[start:end])}(?![\w.])", moved.written)

    def _unsure(self, data: dict[str, Any], extents: Mapping[Keys, Extent], moved: Moved) -> Iterator[Keys]:
        """The values that an edit may have made into something else than was meant: plain ones that it touches, lists
        of such, and where it is a bracket or a quote, what that belongs to; a table whose name was not closed and that
        holds nothing."""
        turns, around = _turns(moved.written, self._text[moved.start : moved.end]), list[Keys]()
        for keys, (_, (start, end)) in extents.items():
            if start >= moved.end or end <= moved.start:
                continue
            value = _at(data, keys)
            if _is_plain(value) or (turns and value == {} and self._text[start] == "["):
                yield keys
            elif turns and not (isinstance(value, dict) and self._text[start] == "["):
                around.append(keys)
        ends = [keys for keys in around if not _within(moved, extents[keys].value)]
        yield from ends or sorted(around, key=len)[-1:]


def _turns(written: str, text: str) -> bool:
    """Whether an edit opens or closes more than what was written did."""
    return any(
        written.count(opening) - written.count(closing) != text.count(opening) - text.count(closing)
        for opening, closing in ("[]", "{}")
    ) or any((written.count(mark) - text.count(mark)) % 2 for mark in "\"'#")


def _within(moved: Moved, extent: tuple[int, int]) -> bool:
    return extent[0] < moved.start and moved.end < extent[1]


def _for_values(text: str, at: int) -> Iterator[Edit]:
    """What may stand for the value around ``at``: up to the next comma or bracket, or to the end of the line."""
    start, end = _line(text, at)
    found = _PAIR.finditer(text, start, min(at, start + _LONGEST))
    whole = takewhile(lambda each: not each["broken"], found)
    for value in [pair.end() for pair in whole if pair["pair"]][-1:]:
        phrase = _PHRASE.match(text, max(value, at))
        yield from (Edit("", value, until, _WORD) for until in ([phrase.end()] if phrase else []) + [end])


def _for_lines(text: str, at: int) -> Iterator[Edit]:
    """What may stand for the line around ``at``: an item of a list, a key's value, nothing."""
    start, end = _line(text, at)
    opened, named = still_open(text, start), _NAMED.match(text, start, end)
    if opened and opened[-1].mark == "[":
        yield Edit("", end - len(text[start:end].lstrip()), end, f"{_WORD},")
    if named and not opened:
        yield Edit("", named.end(), end, f" = {_WORD}")
    if not opened and (header := _HEADER.match(text, start, end)):
        # What follows is of that table, and of none above it.
        opening, name = header["opening"], header["name"] or f'"\\u0000{start}"'
        yield Edit("", start, end, f"{opening}{name}{opening.replace('[', ']')}")
    if not opened:
        yield Edit("", start, end, "")


def _line(text: str, at: int) -> tuple[int, int]:
    end = text.find("\n", at)
    return text.rfind("\n", 0, at) + 1, len(text) if end < 0 else end


def _is_plain(value: Any) -> bool:
    """Whether ``value`` is none of tables."""
    if isinstance(value, list):
        return all(map(_is_plain, cast("list[Any]", value)))
    return not isinstance(value, dict)


def _at(data: Any, keys: Keys) -> Any:
    for key in keys:
        data = data[key]
    return data


def _put(data: Any, keys: Keys, value: Any) -> None:
    _at(data, keys[:-1])[keys[-1]] = value
