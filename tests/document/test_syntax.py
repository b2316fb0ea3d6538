"""Text that is not TOML: the place, the words and the remedy."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphbuilder.diagnostics import CompileError, Diagnostic
from graphbuilder.document import parse
from tests.document.test_positions import SPEC, text_at


def faults(text: str) -> tuple[Diagnostic, ...]:
    with pytest.raises(CompileError) as raised:
        parse(text, "s")
    return raised.value.diagnostics


STEPS = "body = [\n{}\n]\n[blocks.unit]\nx = 1\n"


@pytest.mark.parametrize(
    ("text", "at", "marked", "message", "help"),
    [
        ("a = relu", "1:5", "relu", "`relu` is not a value", 'text stands in quotes: "relu"'),
        ("a = =out * 2 # x", "1:5", "=out * 2", "`=out * 2` is not a value", 'text stands in quotes: "=out * 2"'),
        ("a = ", "1:5", "", "a value is missing", "write a number, true, false, a list or text in quotes"),
        ("a = True", "1:5", "True", "`True` is not a value", "write true, all small"),
        ("a = null", "1:5", "null", "`null` is not a value", "TOML has no such value: leave the key out"),
        ("a = (3, 3)", "1:5", "(", "`(` opens no value", "a list is written with square brackets: [3, 3]"),
        ("a = .5", "1:5", ".5", "`.5` is not a value", "a number starts with a digit: 0.5"),
        ("a = 3x3", "1:5", "3x3", "expected the end of the line", 'text stands in quotes: "3x3"'),
        ("a = 1 2", "1:7", "2", "expected the end of the line", "a line holds one key or one table"),
        ("a = 1,", "1:6", ",", "`,` cannot end a line here", "leave it out: the end of the line ends the value"),
        ("a = 1 b = 2", "1:7", "b = 2", "a second key on one line", "start a new line before it"),
        ("a = 1]", "1:6", "]", "`]` closes nothing", "leave it out, or open it before"),
        ("a: 3", "1:2", ":", "expected `=` after the key", "write `=` in place of `:`"),
        ("my key = 3", "1:4", "k", "expected `=` after the key", "a key with spaces stands in quotes"),
        ("a 3", "1:3", "3", "expected `=` after the key", "a line is `key = value`"),
        ("// a", "1:1", "//", "expected a key, a table or a comment", "a comment starts with `#`"),
        ("= 3", "1:1", "=", "expected a key, a table or a comment", "a key is missing before `=`"),
        ("}", "1:1", "}", "expected a key, a table or a comment", "was a bracket closed too early?"),
        ('a = "x\nb = 1', "1:5", '"x', "a string is not closed", 'close it with "'),
        ("a = 'x\nb = 1", "1:5", "'x", "a string is not closed", "close it with '"),
        ('a = """x\ny', "1:5", '"""x', "a string is not closed", 'close it with """'),
        ('"a = 1', "1:1", '"a = 1', "a string is not closed", 'close it with "'),
        ('a = "x\\d"', "1:7", "\\d", "`\\d` means nothing in a string", None),
        ('a = "\\u12"', "1:6", "\\u12", "an escape that names no character", None),
        ('a = "\0"', "1:6", "\0", "the control character U+0000 cannot stand in TOML", None),
        ("a = 1\rb = 2", "1:6", "\r", "a carriage return without a line feed", "end lines with a line feed"),
        ("[a b]", "1:1", "[a b]", "a table's name has a space in it", "a name with spaces stands in quotes"),
        ("[[a]\nb = 1", "1:2", "[a]", "the name of a table is not closed", "close it with as many `]` as opened it"),
        ("[]", "1:2", "]", "expected a name", "a name is letters, digits, `_` and `-`, or anything in quotes"),
        ("a = 2024-02-30", "1:5", "2024-02-30", "there is no such date", "text stands in quotes"),
        (STEPS.format("{a = 1}\n{b = 2}"), "3:1", "{", "expected `,` or `]`", "separate the items by a comma"),
        (STEPS.format("{a = 1 b = 2}"), "2:8", "b", "expected `,` or `}`", "separate the items by a comma"),
        (STEPS.format('{a = "x, b = "y"}'), "2:15", "y\"", "expected `,` or `}`", "a quote is missing in this line"),
        (STEPS.format("{a = [3, 3}"), "2:11", "}", "expected `,` or `]`", "close it with `]`"),
        (STEPS.format("{a = 1,\n{b = 2}"), "3:1", "{", "expected `}` before this", "close the inline table with `}`"),
        (STEPS.format("{a = 1,"), "3:1", "]", "expected `}` before this", "close the inline table with `}`"),
        ("body = [{a = 1, ]", "1:17", "]", "expected `}` before this", "close the inline table with `}`"),
        ("body = [\n1,\n[a]", "3:1", "[a]", "expected `]` before this", "close the list with `]`"),
        ("body = [\n1\n\n [a] # x", "4:2", "[a]", "expected `]` before this", "close the list with `]`"),
        ("body = [\n1,\nmerge = 3\n", "3:1", "merge =", "expected `]` before this", "close the list with `]`"),
        ("body = [\n1,\n# end\n", "1:8", "[", "`[` is never closed", "close it with `]`"),
    ],
)  # fmt: skip
def test_not_toml(text: str, at: str, marked: str, message: str, help: str | None) -> None:
    (found,) = faults(text)
    assert found.span
    assert (found.code, str(found.span), text_at(found.span), found.message) == ("GB005", f"s:{at}", marked, message)
    assert help is None or found.help == help


def test_a_missing_bracket_shows_where_it_was_opened() -> None:
    (found,) = faults("\nbody = [\n1,\n[a]")
    assert [(str(label.span), label.text) for label in found.related] == [("s:2:8", "opened here")]
    (found,) = faults(STEPS.format("{a = 1},\n  {b = 1,"))
    assert [(str(label.span), label.text) for label in found.related] == [("s:3:3", "opened here")]


@pytest.mark.parametrize(
    ("text", "at", "first", "message"),
    [
        ("a = 1\nb = 2\na = 3", "3:1", "1:1", "`a` is there already"),
        ('a = 1\n"a" = 3', "2:1", "1:1", "`a` is there already"),
        ("[a]\n[b]\n[a]", "3:2", "1:2", "`a` is there already"),
        ("[[a]]\nx = 1\nx = 2", "3:1", "2:1", "`x` is there already"),
        ("[[a]]\n[a]", "2:2", "1:3", "`a` is there already"),
        ("a.b = 1\n[a]", "2:2", "1:1", "`a` is there already"),
        ("a = [{x = 1, x = 3}]", "1:14", "1:7", "`x` is there already"),
        ("a = {b.c = 1, b = 2}", "1:15", "1:6", "`b` is there already"),
        ("a = {b = 1}\na.c = 2", "2:3", "1:1", "`a` cannot be extended here"),
        ("a = 1\n[a.b]", "2:4", "1:1", "`a` cannot be extended here"),
        ("a = 1\n[[a]]", "2:1", "1:1", "`a` cannot be extended here"),
        ("[a]\nb = 1\n[a.b.c]", "3:6", "2:1", "`b` cannot be extended here"),
        ("a = [{b = {}, b.c = 1}]", "1:17", "1:7", "`b` cannot be extended here"),
    ],
)
def test_a_key_given_twice(text: str, at: str, first: str, message: str) -> None:
    (found,) = faults(text)
    assert (found.code, str(found.span), found.message) == ("GB006", f"s:{at}", message)
    assert [str(label.span) for label in found.related] == [f"s:{first}"]


@pytest.mark.parametrize(
    "number", ["9223372036854775808", "-9_223_372_036_854_775_809", "0xffffffffffffffff", "9" * 5000]
)
def test_an_integer_beyond_64_bits(number: str) -> None:
    (found,) = faults(f"a = [1, {number}]")
    assert (found.code, found.span and text_at(found.span)) == ("GB007", number)


@pytest.mark.parametrize("number", ["9223372036854775807", "-9223372036854775808", "0x7fffffffffffffff", "1e300"])
def test_an_integer_of_64_bits(number: str) -> None:
    assert parse(f"a = {number}", "s").data


@pytest.mark.parametrize(
    ("text", "code", "at"),
    [
        ("a = " + "[" * 32 + "]" * 32, None, ""),
        ("a = " + "[" * 33 + "]" * 33, "GB602", "1:37"),
        ("a = " + "{a=" * 33 + "1" + "}" * 33, "GB602", "1:101"),
        ("a = '[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[['", None, ""),
        ('a = """\n[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["""', None, ""),
        ("a = [" + "[1], " * 40 + "]", None, ""),
        ("# [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", None, ""),
        (".".join("a" * 32) + " = 1", None, ""),
        (".".join("a" * 33) + " = 1", "GB603", "1:1"),
        ("x = 1\n[" + " . ".join(["'a.b'"] * 33) + "]", "GB603", "2:2"),
        ("[" + " . ".join(["'a.b'"] * 32) + "]", None, ""),
        ("a = '" + "." * 40 + "'", None, ""),
    ],
)
def test_nesting_and_parts(text: str, code: str | None, at: str) -> None:
    if code is None:
        assert parse(text, "s") is not None
        return
    (found,) = faults(text)
    assert (found.code, str(found.span)) == (code, f"s:{at}")


def test_limits_can_be_raised() -> None:
    assert parse("a = " + "[" * 33 + "]" * 33, "s", max_levels=33).data
    assert parse(".".join("a" * 33) + " = 1", "s", max_parts=33).data
    with pytest.raises(CompileError):
        parse("a = " + "[" * 300 + "]" * 300, "s", max_levels=10_000)


@pytest.mark.parametrize(
    "text", ["[" * 1000, "a." * 20_000 + "a = 1", "{a=" * 50_000, '"' * 200_000, "a = '''" + "''x" * 60_000]
)
def test_hostile_text_costs_nothing(text: str) -> None:
    start = time.process_time()
    faults(text)
    assert time.process_time() - start < 0.5


PIECES = st.sampled_from([*"[]{}\"'=,.#\n\\ \t\r\0é1a", '"""', "'''", "[[", "]]", "a.b", "0x", "true", "\\u12", "a = "])


@given(st.lists(st.tuples(st.integers(0, len(SPEC)), st.integers(0, 20), PIECES), min_size=1, max_size=3))
def test_no_damage_is_a_traceback(edits: list[tuple[int, int, str]]) -> None:
    text = SPEC
    for at, length, piece in edits:
        text = text[:at] + piece + text[at + length :]
    try:
        assert parse(text, "s").span(("model",))
    except CompileError as error:
        for found in error.diagnostics:
            assert found.span
            assert text_at(found.span) in found.span.source.text
