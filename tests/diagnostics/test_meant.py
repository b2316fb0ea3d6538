"""What may have been meant is data: the text that is told, and the edits that are tried, come from it."""

from __future__ import annotations

import pytest

from graphbuilder.diagnostics import Meant, Remedy, Source, Span
from graphbuilder.diagnostics.catalogue.references import UnknownOp

TEXT = 'op = "rellu", out = 4, kernel = 3\nlast'
SOURCE = Source("case.toml", TEXT)


def span(start: int, end: int, line: int = 1) -> Span:
    return Span(SOURCE, line, start, line, end)


@pytest.mark.parametrize(
    ("meant", "told"),
    [
        (Meant(("relu",)), "did you mean `relu`?"),
        (Meant(("relu", "elu"), quote='"'), 'did you mean "relu" or "elu"?'),
        (Meant(("unit",), "call it {}"), "call it `unit`"),
    ],
)
def test_what_is_told_is_made_from_the_names(meant: Meant, told: str) -> None:
    assert UnknownOp.at(span(6, 13), "", help=meant).help == told


def test_a_name_stands_in_the_quotes_of_the_word_that_it_replaces() -> None:
    found = UnknownOp.at(span(6, 13), "", help=Meant(("relu", "elu")))
    assert [each.text for each in found.renamings] == ['"relu"', '"elu"']
    elsewhere = UnknownOp.at(span(6, 13), "", help=Meant(("units",), span=span(15, 18)))
    assert [each.applied for each in elsewhere.renamings] == [TEXT.replace("out", "units")]


def test_what_is_told_otherwise_has_no_names() -> None:
    found = UnknownOp.at(span(6, 13), "", help=Meant(("relu",))).with_help("look them up")
    assert (found.help, found.meant, [*found.renamings]) == ("look them up", None, [])


def test_a_part_of_a_span_is_the_word_in_it() -> None:
    assert span(6, 13).part("rellu") == span(7, 12)
    assert span(6, 13).part("tanh") == span(6, 13)


def test_two_edits_are_one_of_what_lies_between_them_too() -> None:
    first, second = Remedy("write 8", span(21, 22), "8"), Remedy("write 5", span(33, 34), "5")
    for both in (first.together_with(second), second.together_with(first)):
        assert (both.applied, both.edits) == (TEXT.replace("4", "8").replace("3", "5"), 2)
    assert first.together_with(second).help == "write 8, and write 5"
    assert first.touches(Remedy("", span(15, 22), "")) and not first.touches(second)
