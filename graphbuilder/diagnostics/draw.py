"""Diagnostics as a person reads them: the source with carets under it, fitted to a width; and the choice of format.

Nothing is printed here and nothing decides whether a terminal has colours.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Literal, NamedTuple

from graphbuilder.diagnostics.model import Diagnostic
from graphbuilder.diagnostics.places import Label, Source, Span
from graphbuilder.diagnostics.screen import columns, fits, safe, window, wrap

Format = Literal["text", "concise", "json", "github", "sarif"]
WIDTH = 100
_NARROWEST = 40
_LABEL = 30
_LISTED = 40
_PLAIN = 10

_ANSI = {"error": "1;31", "warning": "1;33", "related": "1;34", "frame": "1;34", "bold": "1", "help": "1;36"}


def draw(
    diagnostics: Sequence[Diagnostic], format: Format = "text", *, width: int = WIDTH, colour: bool = False
) -> str:
    """``diagnostics`` in ``format``, without a newline at the end.

    Width (columns, at least 40) and colour (ANSI sequences) are the text's alone. In every format the controls that a
    file brings are escaped.
    """
    if format == "text":
        return _Text(max(width, _NARROWEST), colour).draw(diagnostics)
    from graphbuilder.diagnostics import formats

    writers = {"concise": formats.concise, "json": formats.json, "github": formats.github, "sarif": formats.sarif}
    return writers[format](diagnostics)


def plain(diagnostic: Diagnostic) -> str:
    """``diagnostic`` without its source, a line for each thing that is said: what an exception shows of it.

    Of each list the first ten lines are shown.
    """
    first = safe(": ".join(filter(None, (str(diagnostic), diagnostic.label))))
    related = (f"{label.span}: {label.text}" for label in diagnostic.related)
    said = [*related, *_shown(diagnostic.remarks, _PLAIN), *([f"help: {diagnostic.help}"] if diagnostic.help else [])]
    return "\n".join((first, *(f"  {safe(line)}" for line in said)))


class _Mark(NamedTuple):
    """What is drawn under one line of a source."""

    span: Span
    text: str
    character: str
    style: str


class _Text:
    """Draws for one screen."""

    def __init__(self, width: int, colour: bool) -> None:
        self._width = width
        self._colour = colour
        self._lines: dict[Source, list[str]] = {}

    def draw(self, diagnostics: Sequence[Diagnostic]) -> str:
        if not diagnostics:
            return ""
        blocks = ["\n".join(self._diagnostic(diagnostic)) for diagnostic in diagnostics]
        return "\n\n".join([*blocks, self._summary(diagnostics)])

    def _summary(self, diagnostics: Sequence[Diagnostic]) -> str:
        severities = [diagnostic.severity for diagnostic in diagnostics]
        counts = [(word, severities.count(word)) for word in ("error", "warning")]
        found = ", ".join(f"{count} {word}{'s' * (count > 1)}" for word, count in counts if count)
        worst = "error" if "error" in severities else "warning"
        return f"{self._paint(worst, worst)}{self._paint(f': {found}', 'bold')}"

    def _diagnostic(self, diagnostic: Diagnostic) -> Iterator[str]:
        groups = self._groups(diagnostic)
        last = max((mark.span.line for marks in groups.values() for mark in marks), default=1)
        gutter = len(str(last))
        yield from self._title(diagnostic)
        for number, (source, marks) in enumerate(groups.items()):
            arrow = "::: " if number or not diagnostic.span else "--> "
            yield f"{' ' * gutter}{self._paint(arrow, 'frame')}{safe(str(marks[0].span))}"
            yield from self._snippet(source, marks, gutter)
        for note in _shown(diagnostic.remarks, _LISTED):
            yield from self._note("", note, gutter)
        if diagnostic.help:
            yield from self._note("help: ", diagnostic.help, gutter)

    def _groups(self, diagnostic: Diagnostic) -> dict[Source, list[_Mark]]:
        """The marks by source, the primary's first; each list begins with the mark whose place heads it."""
        own = [_Mark(diagnostic.span, diagnostic.label, "^", diagnostic.severity)] if diagnostic.span else []
        marks = [*own, *map(_related, diagnostic.related)]
        groups: dict[Source, list[_Mark]] = {}
        for mark in marks:
            groups.setdefault(mark.span.source, []).append(mark)
        return groups

    def _title(self, diagnostic: Diagnostic) -> Iterator[str]:
        head = f"{diagnostic.severity}[{diagnostic.code}]"
        room = self._width - len(head) - 2
        lines = wrap(safe(diagnostic.message), room, room)
        yield f"{self._paint(head, diagnostic.severity)}{self._paint(f': {lines[0]}', 'bold')}"
        yield from (" " * (len(head) + 2) + self._paint(line, "bold") for line in lines[1:])

    def _note(self, head: str, text: str, gutter: int) -> Iterator[str]:
        room = self._width - gutter - 3
        lines = wrap(safe(text), room - len(head), room)
        yield f"{' ' * (gutter + 1)}{self._paint('=', 'frame')} {self._paint(head, 'help')}{lines[0]}"
        yield from (" " * (gutter + 3) + line for line in lines[1:])

    def _snippet(self, source: Source, marks: list[_Mark], gutter: int) -> Iterator[str]:
        """The marked lines in the order of the file, with what is between two of them left out."""
        if source not in self._lines:
            self._lines[source] = source.text.split("\n")
        lines, previous = self._lines[source], 0
        yield self._bar(gutter, "")
        for number in sorted({mark.span.line for mark in marks if mark.span.line <= len(lines)}):
            if previous and number == previous + 2:
                yield self._source(gutter, number - 1, window(lines[number - 2], 0, 0, self._room(gutter)).text)
            elif previous and number > previous + 2:
                yield self._paint("...", "frame")
            yield from self._marked(lines[number - 1], [mark for mark in marks if mark.span.line == number], gutter)
            previous = number

    def _marked(self, line: str, marks: list[_Mark], gutter: int) -> Iterator[str]:
        """A source line and a row under it for each mark; a long line is shown again where they do not fit on it."""
        ends = [(mark.span.column - 1, _end(mark.span, line)) for mark in marks]
        first, last = min(start for start, _ in ends), max(end for _, end in ends)
        together = fits(line, first, last, self._room(gutter))
        shown = None
        for mark, (start, end) in zip(marks, ends, strict=True):
            seen = window(line, start, end, self._room(gutter), (first, last) if together else (start, end))
            if seen.text != shown:
                yield self._source(gutter, mark.span.line, seen.text)
            shown = seen.text
            yield from self._under(mark, seen.start, max(1, seen.end - seen.start), gutter)

    def _under(self, mark: _Mark, start: int, length: int, gutter: int) -> Iterator[str]:
        """The row of carets; what is said of them behind it or, where there is no room, below."""
        room, text, carets = self._room(gutter), safe(mark.text), mark.character * length
        if not text or start + length + 1 + columns(text) <= room:
            yield self._bar(gutter, " " * start + self._paint(f"{carets} {text}".rstrip(), mark.style))
            return
        yield self._bar(gutter, " " * start + self._paint(carets, mark.style))
        indent = min(start, max(room - _LABEL, room // 3))
        for line in wrap(text, room - indent, room - indent):
            yield self._bar(gutter, " " * indent + self._paint(line, mark.style))

    def _room(self, gutter: int) -> int:
        return self._width - gutter - 3

    def _bar(self, gutter: int, text: str) -> str:
        return f"{' ' * (gutter + 1)}{self._paint('|', 'frame')} {text}".rstrip()

    def _source(self, gutter: int, number: int, text: str) -> str:
        return f"{self._paint(f'{number:>{gutter}} |', 'frame')} {text}".rstrip()

    def _paint(self, text: str, style: str) -> str:
        return f"\x1b[{_ANSI[style]}m{text}\x1b[0m" if self._colour and text else text


def _shown(notes: Sequence[str], most: int) -> Iterator[str]:
    """The notes, and of each list (what begins alike, up to a colon) the first ``most`` and how many more there are."""
    for head, group in groupby(notes, lambda note: note.partition(": ")[0] if ": " in note else ""):
        lines = list(group)
        yield from lines[:most]
        if len(lines) > most:
            yield f"{head}: " * bool(head) + f"and {len(lines) - most} more, {len(lines)} in all"


def _related(label: Label) -> _Mark:
    return _Mark(label.span, label.text, "-", "related")


def _end(span: Span, line: str) -> int:
    """Where a span ends on its first line, as an index."""
    return span.end_column - 1 if span.end_line == span.line else len(line.rstrip())
