"""Positions: lines of the protocol, and columns in units of UTF-16."""

from __future__ import annotations

import pytest
from lsprotocol.types import Position

from graphbuilder.diagnostics import Source, Span
from graphbuilder.lsp.text import Text

# An offset and its position; the tail of a clef takes two units, an umlaut one.
ROWS = [(0, 0, 0), (1, 0, 2), (2, 0, 3), (3, 0, 4), (4, 1, 0), (5, 1, 1), (6, 2, 0), (8, 2, 2), (9, 3, 0)]


@pytest.mark.parametrize(("offset", "line", "character"), ROWS)
def test_there_and_back(offset: int, line: int, character: int) -> None:
    text = Text("𝄞ä=\nb\rcd\n")
    assert text.position(offset) == Position(line, character)
    assert text.offset(Position(line, character)) == offset


def test_a_client_may_count_otherwise() -> None:
    text = Text("𝄞ä=", lambda part: len(part.encode()))
    assert text.position(2) == Position(0, 6)
    assert text.offset(Position(0, 6)) == 2


def test_what_lies_behind_an_end_is_the_end() -> None:
    text = Text("ab\nc")
    assert [text.offset(Position(*place)) for place in ((0, 99), (1, 99), (9, 0))] == [2, 4, 4]


def test_lines_of_windows() -> None:
    assert Text("\ufeffa\r\nb").position(2) == Position(1, 0)


def test_a_span_counts_code_points() -> None:
    source = Source("x", "𝄞 = 1\n𝄞 = 2")
    found = Text(source.text).range_of(Span(source, 2, 5, 2, 6))
    assert (found.start, found.end) == (Position(1, 5), Position(1, 6))
