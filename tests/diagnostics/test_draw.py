"""What a person sees: the shape of a drawn error, at any width and with any characters in the file."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from graphbuilder.diagnostics import Label, Rule, Source, Span
from graphbuilder.diagnostics.draw import draw
from graphbuilder.diagnostics.screen import columns, safe


class CannotAdd(Rule):
    """Two shapes differ."""

    code = "GB999"
    title = "shapes that do not add"


class Unused(Rule):
    """Nothing reads it."""

    code = "GB998"
    title = "nothing reads it"
    severity = "warning"


TEXT = """\
[model]
body = [
  { op = "maxpool" },


  { op = "conv", out = "=out", kernel = 1, stride = 2 },
  { op = "relu" },

  { op = "elu" },
]
wide = "幅\t幅" # 幅
"""
SOURCE = Source("specs/x.toml", TEXT)


def at(line: int, column: int, end: int, end_line: int | None = None, source: Source = SOURCE) -> Span:
    return Span(source, line, column, end_line or line, end)


def test_two_places_in_the_order_of_the_file() -> None:
    error = CannotAdd.at(
        at(6, 3, 56),
        "cannot add 128x74x74 and 128x75x75",
        label="the shortcut gives 128x75x75",
        related=(Label(at(3, 3, 21), "the body gives 128x74x74"),),
        notes=("in entry.2, a `down` used at specs/x.toml:58:3",),
        help='padding = "same" gives 128x74x74',
    )
    expected = """\
error[GB999]: cannot add 128x74x74 and 128x75x75
 --> specs/x.toml:6:3
  |
3 |   { op = "maxpool" },
  |   ------------------ the body gives 128x74x74
...
6 |   { op = "conv", out = "=out", kernel = 1, stride = 2 },
  |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ the shortcut gives 128x75x75
  = in entry.2, a `down` used at specs/x.toml:58:3
  = help: padding = "same" gives 128x74x74

error: 1 error"""
    assert draw([error]) == expected


def test_a_narrow_screen_cuts_around_the_place_and_folds_words() -> None:
    error = CannotAdd.at(
        at(6, 32, 42),
        "cannot add 128x74x74 and 128x75x75",
        label="a kernel of one",
        notes=("a note that is rather too long for the room that there is",),
        help="a word-that-is-much-longer-than-the-whole-of-the-screen stays whole",
    )
    expected = """\
error[GB999]: cannot add 128x74x74 and
              128x75x75
 --> specs/x.toml:6:32
  |
6 | …t = "=out", kernel = 1, stride = 2…
  |              ^^^^^^^^^^
  |             a kernel of one
  = a note that is rather too long for
    the room that there is
  = help: a
    word-that-is-much-longer-than-the-whole-of-the-screen
    stays whole

error: 1 error"""
    assert draw([error], width=40) == expected


@pytest.mark.parametrize("width", [40, 60, 80])
def test_what_is_said_beside_and_below_carets_keeps_to_the_width(width: int) -> None:
    said = 'must be "valid", "half", "same", an integer not below 0, a list of one an axis, or [before, after] an axis'
    error = CannotAdd.at(
        at(6, 32, 42), said, label=said, related=(Label(at(3, 3, 21), said),), notes=(said,), help=said
    )
    assert all(columns(row) <= width for row in draw([error], width=width).splitlines())


def test_nothing_is_said_below_carets_that_fill_the_screen_where_there_is_nothing_to_say() -> None:
    assert draw([CannotAdd.at(at(6, 3, 56), "x")], width=40).splitlines()[3:] == [
        '6 |   { op = "conv", out = "=out", kern…',
        "  |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^",
        "",
        "error: 1 error",
    ]


def test_lines_between_two_places() -> None:
    related = (Label(at(7, 3, 18), "one below"), Label(at(9, 3, 17), "two below that"))
    drawn = draw([Unused.at(at(6, 5, 7), "x", related=related)]).splitlines()
    assert [line[:6] for line in drawn[3:]] == [
        "6 |   ",
        "  |   ",
        "7 |   ",
        "  |   ",
        "8 |",
        "9 |   ",
        "  |   ",
        "",
        "warnin",
    ]


def test_two_places_on_one_line() -> None:
    drawn = draw([Unused.at(at(6, 18, 21), "x", label="again", related=(Label(at(6, 5, 7), "first"),))])
    assert drawn.splitlines()[3:6] == [
        '6 |   { op = "conv", out = "=out", kernel = 1, stride = 2 },',
        "  |                  ^^^ again",
        "  |     -- first",
    ]


def test_two_places_on_one_long_line_are_shown_on_it_once_where_both_fit() -> None:
    long = Source("s", f"{'a' * 90}{'b' * 30}{'c' * 90}")
    first, second = Span(long, 1, 93, 1, 96), Span(long, 1, 112, 1, 115)
    rows = draw([Unused.at(first, "x", related=(Label(second, "there"),))], width=60).splitlines()[3:-2]
    assert rows == [
        f"1 | …{'a' * 14}{'b' * 30}{'c' * 10}…",
        f"  | {' ' * 17}^^^",
        f"  | {' ' * 36}--- there",
    ]
    apart = draw([Unused.at(first, "x", related=(Label(Span(long, 1, 200, 1, 203), "there"),))], width=60)
    assert sum(row.startswith("1 |") for row in apart.splitlines()) == 2


def test_a_place_in_another_file() -> None:
    other = Span(Source("base.toml", "\n" * 11 + "a = 1"), 12, 1, 12, 2)
    drawn = draw([Unused.at(at(1, 2, 7), "x", related=(Label(other, "there"),))])
    assert drawn.splitlines()[1:9] == [
        "  --> specs/x.toml:1:2",
        "   |",
        " 1 | [model]",
        "   |  ^^^^^",
        "  ::: base.toml:12:1",
        "   |",
        "12 | a = 1",
        "   | - there",
    ]


def test_a_span_of_many_lines_is_drawn_by_its_first() -> None:
    assert draw([Unused.at(at(2, 1, 2, end_line=10), "x", label="all")]).splitlines()[3:5] == [
        "2 | body = [",
        "  | ^^^^^^^^ all",
    ]


def test_wide_characters_and_tabs_stay_above_their_carets() -> None:
    assert draw([Unused.at(at(11, 10, 12), "x", label="here")]).splitlines()[3:5] == [
        '11 | wide = "幅  幅" # 幅',
        "   |           ^^^^ here",
    ]


def test_the_end_of_a_file_has_a_caret() -> None:
    assert draw([Unused.at(at(12, 1, 1), "x", label="ends here")]).splitlines()[3:5] == ["12 |", "   | ^ ends here"]


def test_no_place() -> None:
    assert draw([CannotAdd.at(None, "no such file", help="look")]).splitlines()[:2] == [
        "error[GB999]: no such file",
        "  = help: look",
    ]


def test_a_second_place_without_a_first() -> None:
    drawn = draw([CannotAdd.at(None, "x", related=(Label(at(1, 2, 7), "there"),))])
    assert drawn.splitlines()[1:5] == [" ::: specs/x.toml:1:2", "  |", "1 | [model]", "  |  ----- there"]


@pytest.mark.parametrize(
    ("rules", "summary"),
    [
        ([CannotAdd], "error: 1 error"),
        ([CannotAdd, CannotAdd, Unused], "error: 2 errors, 1 warning"),
        ([Unused, Unused], "warning: 2 warnings"),
    ],
)
def test_the_last_line_counts(rules: list[type[Rule]], summary: str) -> None:
    assert draw([rule.at(None, "x") for rule in rules]).splitlines()[-1] == summary


def test_nothing_to_say() -> None:
    assert draw([]) == ""


def test_colour_changes_no_letter() -> None:
    error = CannotAdd.at(at(6, 3, 56), "x", label="y", related=(Label(at(3, 3, 21), "z"),), notes=("n",), help="h")
    plain, coloured = draw([error]), draw([error], colour=True)
    assert "\x1b[1;31merror[GB999]\x1b[0m" in coloured
    for code in ("1;31", "1;34", "1;36", "1;33", "1", "0"):
        coloured = coloured.replace(f"\x1b[{code}m", "")
    assert coloured == plain


def test_what_deceives_a_terminal_is_escaped() -> None:
    evil = "\u202e\x1b[2J\u2066\u200b\x9b\ufeff\u2028\x07"
    source = Source(f"{evil}.toml", f"a = '{evil}'")
    error = CannotAdd.at(at(1, 5, 8, source=source), evil, label=evil, notes=(evil,), help=evil)
    for format in ("text", "concise", "github", "sarif", "json"):
        assert not set(evil) - set("[2J") & set(draw([error], format)), format
    assert "a = '\\u202e\\x1b[2J\\u2066\\u200b\\x9b\\ufeff\\u2028\\x07'" in draw([error])


COMBINING = "\u0301"
CHARACTERS = st.sampled_from([*"ab {}=\x1b", "é", COMBINING, "幅", "\u202e", "😀"])


@given(st.data(), st.text(CHARACTERS, min_size=1, max_size=300), st.integers(40, 120))
def test_any_line_fits_and_its_carets_stand_below_the_place(data: st.DataObject, line: str, width: int) -> None:
    column = data.draw(st.integers(1, len(line)))
    end = data.draw(st.integers(column + 1, len(line) + 1))
    place = safe(line[column - 1 : end - 1]).lstrip(COMBINING)
    assume(columns(place))
    rows = draw([CannotAdd.at(at(1, column, end, source=Source("s", line)), "x")], width=width).splitlines()[3:-2]
    assert all(columns(row) <= width for row in rows)
    shown, carets = rows[0][4:], rows[1][4:]
    pointed = between(shown, carets.index("^"), len(carets)).lstrip(COMBINING).removesuffix("…")
    # Blanks at the end of a row are not drawn.
    assert place.startswith(pointed.rstrip())
    assert pointed or not place.strip()


def between(text: str, first: int, last: int) -> str:
    """The characters of ``text`` that stand in these columns."""
    found, column = "", 0
    for character in text:
        if first <= column < last:
            found += character
        column += columns(character)
    return found
