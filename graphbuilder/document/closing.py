"""Where a bracket that was opened may have been meant to close, and one that was closed to stay open: edits to try."""

from __future__ import annotations

import re
from collections.abc import Iterator

from graphbuilder.document.lexer import KEY, Opening, tokens
from graphbuilder.document.slips import Edit

CLOSING = {"[": "]", "{": "}"}
_HIDDEN = {mark: re.compile(rf"(\{closing}[ \t]*+[\]}}]*+,?)[ \t]*+\Z") for mark, closing in CLOSING.items()}
# So near to the end of a comment a bracket stands that belongs ahead of it.
_TAIL = 80
_PAIR_AHEAD = re.compile(rf",[ \t]*+{KEY}[ \t]*+=[ \t]*+")


def closing_brackets(text: str, at: int, inner: Opening) -> Iterator[Edit]:
    """The ways to close a bracket ahead of ``at``: behind what was written last, comma or no comma."""
    end, mark = behind(text, at), CLOSING[inner.mark]
    yield from uncovered(text, at, inner)
    help = f"close the {'list' if inner.mark == '[' else 'inline table'} with `{mark}`"
    written = f" {mark}" if inner.mark == "{" else f"\n{mark}" if "\n" in text[inner.offset : end] else mark
    if text[end - 1] == ",":
        yield Edit(help, end - 1, end - 1, written)
    between = text[at : at + 1] in ("[", "{")
    yield from (Edit(help, end, end, each) for each in ([f"{written},"] * between + [written]))
    if text[inner.offset + 1 : inner.offset + 2] == inner.mark:
        yield Edit(f"leave one of the two `{inner.mark}` out", inner.offset, inner.offset + 1, "")


def uncovered(text: str, at: int, inner: Opening) -> Iterator[Edit]:
    """The bracket that closes ``inner``, ahead of the comment that it stands in."""
    for found in tokens(text, inner.offset, at):
        start, end = found.span()
        near = max(start, end - _TAIL)
        closed = _HIDDEN[inner.mark].search(text, near, end) if found.lastgroup == "comment" else None
        if closed:
            help = f"`{CLOSING[inner.mark]}` stands in the comment: close it ahead of the `#`"
            yield Edit(help, start, end, f"{closed[1]} {text[start : closed.start()].rstrip()}")


def behind(text: str, at: int) -> int:
    """Where what stands ahead of ``at`` ends, comments and blanks left out."""
    comments = [found.span() for found in tokens(text, 0, at) if found.lastgroup == "comment"]
    end = len(text[:at].rstrip())
    while comments and comments[-1][0] < end <= comments[-1][1]:
        start, before = comments.pop()[0], comments[-1][1] if comments else 0
        end = before + len(text[before:start].rstrip())
    return end


def reopened(text: str, end: int, instead: str) -> Iterator[Edit]:
    """A list that was closed just ahead of ``end``, and goes on behind it."""
    if text[end - 1 : end] == "]":
        yield Edit("leave the `]` out that closes the list too early", end - 1, end, instead)


def swallowed(text: str, end: int) -> tuple[Opening, tuple[Edit, ...]] | None:
    """Where the string that ends just ahead of ``end``, at a quote that was to open another, was opened, and the ways
    to close it ahead of the keys that it holds: of the first, most likely; None where it holds none, up to its end."""
    line = text.rfind("\n", 0, end) + 1
    start = next((found.start() for found in tokens(text, line, end) if found.end() == end), line)
    mark, held = text[end - 1], [*_PAIR_AHEAD.finditer(text, start, end - 1)]
    if text[start] != mark or not held or held[-1].end() < end - 1:
        return None
    help = "close the text ahead of it with {}"
    return Opening(mark, start), tuple(Edit(help, each.start(), each.start(), mark) for each in held)
