"""Positions: lines of the protocol, and columns in units of UTF-16."""

from __future__ import annotations

import random

import pytest
from lsprotocol.types import Position, Range, TextDocumentContentChangePartial, TextDocumentContentChangeWholeDocument

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


def units(text: str) -> list[str]:
    """The lines of ``text`` with their ends, a letter for each unit of UTF-16."""
    halves = [f"{text.encode('utf-16-le', 'surrogatepass')[at : at + 2].hex()} " for at in range(0, 2 * _size(text), 2)]
    return "".join(halves).replace("0a00 ", "0a00 \n").splitlines(keepends=True)


def _size(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def spliced(text: str, wanted: Range, new: str) -> str:
    """``new`` in a range of ``text``, all as units of UTF-16."""
    lines = [line.replace("\n", "") for line in units(text)]
    lines += [""] if not lines or lines[-1].endswith("0a00 ") else []
    ahead = "".join(lines[: wanted.start.line]) + lines[wanted.start.line][: 5 * wanted.start.character]
    behind = lines[wanted.end.line][5 * wanted.end.character :] + "".join(lines[wanted.end.line + 1 :])
    put = new.encode("utf-16-le", "surrogatepass").hex()
    return bytes.fromhex(ahead + put + behind).decode("utf-16-le", "surrogatepass")


# What Python ends lines at and the protocol does not is among them, and what is two units.
LETTERS = 'ab𝄞𝄞ä\n\n\x0c\x85\u2028😀"=#'


@pytest.mark.parametrize("seed", range(40))
def test_changes_of_ranges_are_made_in_units(seed: int) -> None:
    """Also where a client parts a pair, and joins it again."""
    made = random.Random(seed)
    source = "".join(made.choices(LETTERS, k=made.randint(0, 60)))
    for _ in range(30):
        lines = source.split("\n")
        ends = [Position(at := made.randrange(len(lines)), made.randint(0, _size(lines[at]))) for _ in "12"]
        wanted = Range(*sorted(ends, key=lambda each: (each.line, each.character)))
        new = "".join(made.choices(LETTERS, k=made.randint(0, 4)))
        found = Text(source).after([TextDocumentContentChangePartial(wanted, new)])
        source = spliced(source, wanted, new)
        assert found == source


def test_changes_follow_on_each_other() -> None:
    ahead = TextDocumentContentChangePartial(Range(Position(0, 0), Position(0, 0)), "x\r\n")
    below = TextDocumentContentChangePartial(Range(Position(1, 1), Position(9, 9)), "")
    assert Text("abc\nd").after([ahead, below]) == "x\na"
    assert Text("abc\nd").after([ahead, TextDocumentContentChangeWholeDocument("new"), ahead]) == "x\nnew"
    assert Text("abc").after([]) == "abc"
