"""Text that is not TOML: the place, the words and the remedy."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphbuilder.diagnostics import CompileError, Diagnostic, Remedy, Sink
from graphbuilder.document import parse
from tests.clock import seconds
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
        ("a = =b # x", "1:5", "=b", "`=b` is not a value", 'what is computed stands in quotes, behind a `=`: "=b"'),
        ("a = ", "1:5", "", "a value is missing", "write a number, true, false, a list or text in quotes"),
        ("a = True", "1:5", "True", "`True` is not a value", "write true"),
        ("a = null", "1:5", "null", "`null` is not a value", "TOML has no such value: leave the key out"),
        ("a = (3, 3)", "1:5", "(", "`(` opens no value", "a list is written with square brackets: [3, 3]"),
        ("a = .5", "1:5", ".5", "`.5` is not a value", "write 0.5: a number starts with a digit"),
        ("a = 3x3", "1:5", "3x3", "`3x3` is not a value", "a list stands in square brackets: [3, 3]"),
        ("a = 1 2", "1:7", "2", "expected the end of the line", "a line holds one key or one table"),
        ("a = 1,", "1:6", ",", "`,` cannot stand here", "leave it out: the end of the line ends the value"),
        ("a = 1 b = 2", "1:7", "b = 2", "a second key on one line", "start a new line before it"),
        ("a = 1]", "1:6", "]", "`]` closes nothing", "leave it out, or open it before"),
        ("a: 3", "1:2", ":", "expected `=` after the key", "write `=` in place of `:`"),
        ("my key = 3", "1:4", "k", "expected `=` after the key", "a name has no blanks: my_key"),
        ('a"x"', "1:2", '"', "expected `=` after the key", "write `=` behind the key"),
        ("a[3]", "1:2", "[", "expected `=` after the key", "write `=` behind the key"),
        ("b = 'a'\na64  # wide", "2:6", "#", "expected `=` after the key", "write `=` behind the key"),
        ("a64", "1:4", "", "expected `=` after the key", "a line is `key = value`"),
        ('{\n  "a": 3\n}', "1:1", "{", "this is JSON, and no TOML", None),
        ("a 3", "1:3", "3", "expected `=` after the key", "write `=` behind the key"),
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
        ("[a b]", "1:1", "[a b]", "a table's name has a space in it", "a point stands between two names: [a.b]"),
        ("[[a]\nb = 1", "1:2", "[a]", "the name of a table is not closed", "close it as it was opened: [[a]]"),
        ("[]", "1:2", "]", "expected a name", "a name is letters, digits, `_` and `-`, or anything in quotes"),
        ("a = 2024-02-30", "1:5", "2024-02-30", "there is no such date", 'text stands in quotes: "2024-02-30"'),
        (STEPS.format("{a = 1}\n{b = 2}"), "3:1", "{", "expected `,` or `]`", "separate the items by a comma"),
        (STEPS.format("{a = 1 b = 2}"), "2:8", "b", "expected `,` or `}`", "separate the items by a comma"),
        (STEPS.format('{a = "x, b = "y"}'), "2:15", "y\"", "expected `,` or `}`", 'close the text ahead of it with "'),
        (STEPS.format("{a = [3, 3}"), "2:11", "}", "expected `,` or `]`", "close it with `]`"),
        (STEPS.format("{a = 1,\n{b = 2}"), "3:1", "{", "expected `}` before this", "close the inline table with `}`"),
        (STEPS.format("{a = 1,"), "3:1", "]", "expected `}` before this", "close the inline table with `}`"),
        ("body = [{a = 1, ]", "1:17", "]", "expected `}` before this", "close the inline table with `}`"),
        ("body = [\n1,\n[a]", "3:1", "[a]", "expected `]` before this", "close the list with `]`"),
        ("body = [\n1\n\n [a] # x", "4:2", "[a]", "expected `]` before this", "close the list with `]`"),
        ("body = [\n1,\nmerge = 3\n", "3:1", "merge =", "expected `]` before this", "close the list with `]`"),
        ("body = [\n1,\n# end\n", "1:8", "[", "`[` is never closed", "close the list with `]`"),
    ],
)  # fmt: skip
def test_not_toml(text: str, at: str, marked: str, message: str, help: str | None) -> None:
    (found,) = faults(text)
    assert found.span
    assert (found.code, str(found.span), text_at(found.span), found.message) == ("GB005", f"s:{at}", marked, message)
    assert help is None or found.help == help


# What was written, and what it becomes; `¶` ends a line.
SLIPS = r"""
out = 064                       -> out = 64
out = [01, -007.5]              -> out = [1, -007.5]
out == 64                       -> out = 64
out := 64                       -> out = 64
out 64                          -> out = 64
out: 64                         -> out = 64
out = 1,024                     -> out = 1_024
out = 1__0                      -> out = 1_0
out = 0X1F                      -> out = 0x1F
rate = 1/2                      -> rate = "=1/2"
out = width * 2 // 3            -> out = "=width * 2 // 3"
out = 2 if first else 1         -> out = "=2 if first else 1"
out = $width                    -> out = "=width"
out = =max(2, width)            -> out = "=max(2, width)"
kernel = (3, 3)                 -> kernel = [3, 3]
kernel = 3x3                    -> kernel = [3, 3]
kernel = 3, 3                   -> kernel = [3, 3]
bias = False                    -> bias = false
bias = Yes                      -> bias = true
[[x]] # a¶bias = None           -> [[x]] # a¶
a = {out = 1, bias = None}      -> a = {out = 1}
a = {bias = null, out = 1}      -> a = {out = 1}
// comment                      -> # comment
a = 1 /* comment */             -> a = 1 # comment
a = [¶-- comment¶1]             -> a = [¶# comment¶1]
; comment                       -> # comment
a = [[op=conv]]                 -> a = [{ op="conv" }]
a = [¶[op = "x", b = [1, 2]],¶] -> a = [¶{ op = "x", b = [1, 2] },¶]
a = [1,, 2]                     -> a = [1, 2]
a = [¶{b = 1},,¶]               -> a = [¶{b = 1},¶]
a = [¶{b = 1}},¶]               -> a = [¶{b = 1},¶]
a = [¶{b = 1¶]                  -> a = [¶{b = 1 }¶]
a = {b = 1; c = 2; d = 3}       -> a = {b = 1, c = 2, d = 3}
a = {b = 1 c = 2 d = 3}         -> a = {b = 1, c = 2, d = 3}
a = {"b": 1, "c": 2}            -> a = {"b" = 1, "c" = 2}
a = [1 2 3]                     -> a = [1, 2, 3]
a = [¶1, # one¶2 # two¶3]       -> a = [¶1, # one¶2, # two¶3]
a = [b, c]                      -> a = ["b", "c"]
a = {b = "c }                   -> a = {b = "c" }
a = {b = c"}                    -> a = {b = "c"}
a = {b = 'c"}                   -> a = {b = 'c'}
a = ["b", "c]                   -> a = ["b", "c"]
a = f"b"                        -> a = "b"
a = 'it's'                      -> a = "it's"
a = 'it\'s'                     -> a = "it's"
a = "b "c" d"                   -> a = 'b "c" d'
a = "C:\users\x"                -> a = 'C:\users\x'
a = "C:\x\"                     -> a = 'C:\x\'
a = C:\x                        -> a = 'C:\x'
a = 3D net                      -> a = "3D net"
[params                         -> [params]
params]                         -> [params]
[params]]                       -> [params]
a..b = 1                        -> a.b = 1
let a = 1                       -> a = 1
c = 1¶[a b] # c                 -> c = 1¶[a.b] # c
{a.b}¶c = 1                     -> [a.b]¶c = 1
a.b:¶c = 1                      -> [a.b]¶c = 1
a = [1 x 32 x 32]               -> a = [1, 32, 32]
a = 3 x 3                       -> a = [3, 3]
a = {b = 1 # c }¶d = {e = 1}    -> a = {b = 1 } # c¶d = {e = 1}
a = [1, 2 # c ]¶d = 1           -> a = [1, 2 ] # c¶d = 1
a = [¶{b = 1},¶c = 1 },¶]       -> a = [¶{b = 1},¶{ c = 1 },¶]
a = { # b¶{c = 1},¶]            -> a = [ # b¶{c = 1},¶]
a =¶{c = 1},¶]                  -> a = [¶{c = 1},¶]
a = [¶{b = 1}],¶{c = 1},¶]      -> a = [¶{b = 1},¶{c = 1},¶]
a = [¶{b = 1}]¶{c = 1},¶]       -> a = [¶{b = 1},¶{c = 1},¶]
"""
UNSEEN = [
    ("a = \u201ctext\u201d", 'a = "text"'),
    ("a = {b = \u201cc\u201d, d = \u2018e\u2019}", "a = {b = \"c\", d = 'e'}"),
    ("a = \uff18", "a = 8"),
    ("a\u00a0= 8", "a = 8"),
    ("a = \u200b8", "a = 8"),
    ("gr\u00f6\u00dfe = 8", '"gr\u00f6\u00dfe" = 8'),
]


def _slips() -> Iterator[tuple[str, str]]:
    for row in SLIPS.strip().splitlines():
        slip, _, repaired = row.replace("¶", "\n").partition("->")
        yield slip.strip(" "), repaired.strip(" ")


@pytest.mark.parametrize(("slip", "repaired"), [*_slips(), *UNSEEN])
def test_a_slip_is_repaired_by_what_was_tried(slip: str, repaired: str) -> None:
    found, *_ = faults(slip)
    assert found.remedy
    assert (found.remedy.applied, found.help) == (repaired, found.remedy.help)


@pytest.mark.parametrize(
    "text",
    [
        "a =", "a", "a = 1.0.0", "a = 50%", "a = conv(8, 3)", "a = [\nconv(8, 3)]", "model:\n  body:\n    - op: conv",
        "<<<<<<< HEAD\na = 1", "a = [\n- b\n- c]", 'a = """b\nc', "import torch", '{\n"a": 1\n}', "a = 1\n]\nb = 2",
    ],
)  # fmt: skip
def test_what_nobody_can_repair_has_no_edit(text: str) -> None:
    (found,) = faults(text)
    assert found.help and found.remedy is None


@pytest.mark.parametrize("second", ["b = 007", "[b\nc = 1", "a = 2", "b = =c", "b = [1 2]"])
def test_a_fault_is_repaired_whatever_else_is_wrong(second: str) -> None:
    found, *_ = faults(f"a = 064\n{second}\nc = 3")
    assert found.remedy
    assert found.remedy.applied.startswith("a = 64\n")


def test_a_text_that_holds_several_keys_is_closed_ahead_of_the_first() -> None:
    (found,) = faults(STEPS.format('{a = "x, b = 3, c = "y"}'))
    assert found.remedy and found.remedy.applied == STEPS.format('{a = "x", b = 3, c = "y"}')
    assert [remedy.applied for remedy in found.untried] == [STEPS.format('{a = "x, b = 3", c = "y"}')]
    assert [str(label.span) for label in found.related] == ["s:2:6"]


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
    ("text", "words"),
    [
        ("a = 1", 2),
        ("[a.b]\nc = 'x' # no word, = 1", 4),
        ("a = [1, [], {}, {b = 0.5}]", 8),
        ("a = '''\nx = 1, 2\n'''", 2),
        ("", 0),
    ],
)
def test_words_are_keys_and_values(text: str, words: int) -> None:
    assert parse(text, "s").words == words


def test_a_text_holds_a_word_for_five_bytes_that_it_may_have() -> None:
    text = "a = [" + "0," * 18 + "\n]"
    assert parse(text, "s", max_bytes=100).words == 20
    with pytest.raises(CompileError) as caught:
        parse(text.replace("\n", "0\n"), "s", max_bytes=104)
    (found,) = caught.value.diagnostics
    assert (found.code, str(found.span)) == ("GB612", "s:1:42")


def test_words_behind_a_fault_count_too() -> None:
    sink = Sink()
    assert parse('a = "\nb = [' + "0," * 40_000 + "]", "s", sink=sink).data
    with pytest.raises(CompileError, match="GB005"):
        parse('a = "\nb = [' + "0," * 60_000 + "]", "s", sink=sink)


@pytest.mark.parametrize(
    "text", ["[" * 1000, "a." * 20_000 + "a = 1", "{a=" * 50_000, '"' * 200_000, "a = '''" + "''x" * 60_000]
)
def test_hostile_text_costs_nothing(text: str) -> None:
    assert seconds(lambda: faults(text), 0.5) < 0.5


PIECES = st.sampled_from([*"[]{}\"'=,.#\n\\ \t\r\0é1a", '"""', "'''", "[[", "]]", "a.b", "0x", "true", "\\u12", "a = "])


@given(st.lists(st.tuples(st.integers(0, len(SPEC)), st.integers(0, 20), PIECES), min_size=1, max_size=3))
def test_no_damage_is_a_traceback(edits: list[tuple[int, int, str]]) -> None:
    text = SPEC
    for at, length, piece in edits:
        text = text[:at] + piece + text[at + length :]
    try:
        assert parse(text, "s").span(("model",))
    except CompileError as error:
        first = error.diagnostics[0].remedy
        assert first is None or _goes_further(text, first)
        for found in error.diagnostics:
            assert found.span
            assert text_at(found.span) in found.span.source.text


def _goes_further(text: str, remedy: Remedy) -> bool:
    """Whether what was wrong is wrong no more, though other things may be."""
    try:
        return bool(parse(remedy.applied, "s"))
    except CompileError as error:
        found, *_ = error.diagnostics
        return found.span is not None and found.span.offsets[0] >= remedy.span.offsets[0]


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("[params]\nmid = 3\n[a]\nout = mid", 'what is computed stands in quotes, behind a `=`: "=mid"'),
        ('[b]\nargs = { out = "int", mid = 2 }\nbody = [{ out = mid }]', '`=`: "=mid"'),
        ("[params]\nmid = 3\n[a]\nuse = mid", 'text stands in quotes: "mid"'),
        ("[params]\nwide = 3\n[a]\nout = mid", 'text stands in quotes: "mid"'),
    ],
)
def test_a_bare_word_that_is_a_name_of_values(text: str, remedy: str) -> None:
    assert str(faults(text)[0].help).endswith(remedy)
