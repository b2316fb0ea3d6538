"""Expressions: what they mean, what they refuse, and that nothing else can be got out of them."""

import ast
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphbuilder import document
from graphbuilder.spec.arithmetic import make_divisible
from graphbuilder.spec.expressions import Expression, ExpressionError, parse

SCOPE = {
    "a": 3,
    "b": 2.5,
    "flag": True,
    "word": "relu",
    "items": [1, 2, [3, 4], "M"],
    "sizes": (3, 224, 224),
    "empty": [],
    "deep": [[[]]],
    "long": list(range(10_000)),
    "longer": [0] * 10_001,
    "huge": 10**15,
    "table": {"kernel": 3},
    "endless": math.inf,
}

MEANINGS = [
    ("=a", 3),
    ("= a", 3),
    ("=  (a)  ", 3),
    ("=a + 2 * b", 8.0),
    ("=7 / 2", 3.5),
    ("=6 / 2", 3.0),
    ("=7 // 2", 3),
    ("=-7 // 2", -4),
    ("=7.0 // 2", 3.0),
    ("=-7 % 3", 2),
    ("=-a", -3),
    ("=--a", 3),
    ("=not flag", False),
    ("=true", True),
    ("=false or True", True),
    ("=a == 3 and b < 3", True),
    ("=false and missing", False),
    ("=true or missing", True),
    ("=1 < a < 4", True),
    ("=4 < a < missing", False),
    ("=1 < a < 2", False),
    ("=1if flag else 2", 1),
    ("=a != 3", False),
    ("=word == 'relu'", True),
    ("=word != 'relu'", False),
    ("=word in ['relu', 'elu']", True),
    ("=word not in ['relu']", False),
    ("=items[3] == 1", False),
    ("=items[0] == 'M'", False),
    ("='M' in items", True),
    ("=[3, 4] in items", True),
    ("=sizes == [3, 224, 224]", True),
    ("=[1] == [1.0]", True),
    ("=1 == 1.0", True),
    ("=1 if a > 2 else 2", 1),
    ("=missing if a < 2 else 2", 2),
    ("=items[0]", 1),
    ("=items[-1]", "M"),
    ("=items[2][0]", 3),
    ("=items[:2]", [1, 2]),
    ("=items[-1:]", ["M"]),
    ("=items[::2]", [1, [3, 4]]),
    ("=items[9:]", []),
    ("=sizes", [3, 224, 224]),
    ("=sizes[1:] + [a]", [224, 224, 3]),
    ("=[a, [b, 'x'], []]", [3, [2.5, "x"], []]),
    ("=min(a, b)", 2.5),
    ("=max(sizes)", 224),
    ("=sum([1, 2.5])", 3.5),
    ("=sum(empty)", 0),
    ("=len(items)", 4),
    ("=round(2.5)", 2),
    ("=round(3.5)", 4),
    ("=round(2.345, 1)", 2.3),
    ("=int(2.9)", 2),
    ("=int(-2.9)", -2),
    ("=ceil(2.1)", 3),
    ("=floor(-2.1)", -3),
    ("=floor(a)", 3),
    ("=abs(-a)", 3),
    ("=abs(-b)", 2.5),
    ("=sqrt(16)", 4.0),
    ("=log2(8)", 3.0),
    ("=exp(0)", 1.0),
    ("=make_divisible(a * 11)", 32),
    ("=make_divisible(33, 16)", 32),
    ("=make_divisible(2, divisor=8, min_value=16)", 16),
    ("='é' == 'é'", True),
]


@pytest.mark.parametrize(("text", "value"), MEANINGS)
def test_meaning(text: str, value: object) -> None:
    result = parse(text).evaluate(SCOPE)
    assert result == value
    assert type(result) is type(value)


# text, code, the characters blamed, a word of the message, a word of the help
FAULTS = [
    ("=", "GB151", "=", "nothing behind", "expression"),
    ("=a b", "GB151", "b", "cannot be read", None),
    ("=a +", "GB151", "+", "breaks off", None),
    ("=(a", "GB151", "(", "never closed", None),
    ("=a = 1", "GB151", "=", "cannot be read", "`==`"),
    ("=1 if a = 0 else 2", "GB151", "=", "cannot be read", "`==`: 1 if a == 0 else 2"),
    ("=1 if a == 1", "GB151", "1 if a == 1", "'else'", "else: `a if condition else b`"),
    ("=a && flag", "GB151", "&", "cannot be read", "`and`"),
    ("=flag ? 1 : 2", "GB151", "?", "cannot be read", "if condition else"),
    ("=a\n+ 1", "GB151", "=a\n+ 1", "one line", None),
    ("=a\t", "GB151", "=a\t", "control characters", None),
    ("='\u202e'", "GB151", "='\u202e'", "control characters", None),
    ("='\ud800'", "GB151", "='\ud800'", "control characters", None),
    ("='\\n'", "GB151", "='\\n'", "backslashes", None),
    ("=\0", "GB151", "=\0", "control characters", None),
    ("=a ** 2", "GB152", "a ** 2", "`**`", "`sqrt(x)`; where the exponent varies"),
    ("=1 + a.real", "GB152", "a.real", "attributes", None),
    ("=().__class__", "GB152", "().__class__", "attributes", None),
    ("=__import__('os')", "GB152", "__import__('os')", "no function `__import__`", "there are min"),
    ("=mni(a, 2)", "GB152", "mni", "no function", "`min`"),
    ("=word.upper()", "GB152", "word.upper()", "no function", None),
    ("=min(a, 1)(2)", "GB152", "min(a, 1)(2)", "no function", None),
    ("=[x for x in items]", "GB152", "[x for x in items]", "comprehensions", None),
    ("=sum(x for x in items)", "GB152", "(x for x in items)", "comprehensions", None),
    ("={x: 1 for x in items}", "GB152", "{x: 1 for x in items}", "expressions do not have", None),
    ("=lambda: a", "GB152", "lambda: a", "functions of their own", None),
    ("=f'{a}'", "GB152", "f'{a}'", "f-strings", None),
    ("=(a, b)", "GB152", "(a, b)", "tuples", "[1, 2]"),
    ("=sizes[0, 1]", "GB152", "0, 1", "tuples", None),
    ("={'k': 1}", "GB152", "{'k': 1}", "tables", None),
    ("={1, 2}", "GB152", "{1, 2}", "sets", None),
    ("=(a := 2)", "GB152", "a := 2", "expressions do not have", None),
    ("=max(*items)", "GB152", "*items", "before a list", None),
    ("=make_divisible(**table)", "GB154", "make_divisible(**table)", "wrongly", None),
    ("=(yield)", "GB152", "yield", "expressions do not have", None),
    ("=1j", "GB152", "1j", "expressions do not have", None),
    ("=b'x'", "GB152", "b'x'", "expressions do not have", None),
    ("=None", "GB152", "None", "expressions do not have", None),
    ("=...", "GB152", "...", "expressions do not have", None),
    ("=a is 3", "GB152", "a is 3", "`is`", "`==`"),
    ("=a & 1", "GB152", "a & 1", "`&`", "`and`"),
    ("=a ^ 2", "GB152", "a ^ 2", "`^`", "x * x"),
    ("=1 << 60", "GB152", "1 << 60", "`<<`", None),
    ("=~a", "GB152", "~a", "`~`", None),
    ("=+a", "GB152", "+a", "a leading `+`", None),
    ("=a @ a", "GB152", "a @ a", "`@`", None),
    ("=\uff41 + 1", "GB152", "\uff41", "no name", None),
    ("=" + "1" * 200, "GB153", "=" + "1" * 200, "at most 200", "let"),
    ("=" + "-" * 3000 + "1", "GB153", "=" + "-" * 3000 + "1", "at most 200", "let"),
    ("=" + "-" * 150 + "1", "GB153", "=" + "-" * 150 + "1", "32 deep", "let"),
    ("=" + "(" * 99 + "1" + ")" * 99 + "+1", "GB153", None, "at most 200", "let"),
    ("=" + "[" * 40 + "]" * 40, "GB153", "=" + "[" * 40 + "]" * 40, "32 deep", "let"),
    ("=" + "a+" * 60 + "a", "GB153", "=" + "a+" * 60 + "a", "32 deep", "let"),
    ("=make_divisible()", "GB154", "make_divisible()", "wrongly", "write `make_divisible("),
    ("=make_divisible(1, 8, divisor=8)", "GB154", "make_divisible(1, 8, divisor=8)", "wrongly", None),
    ("=make_divisible(1, 8, 8, 8)", "GB154", "make_divisible(1, 8, 8, 8)", "wrongly", None),
    ("=make_divisible(1, divisor=8, divisor=9)", "GB154", None, "wrongly", None),
    ("=make_divisible(value=1)", "GB154", "make_divisible(value=1)", "wrongly", None),
    ("=len(items, 2)", "GB154", "len(items, 2)", "wrongly", "len(list)"),
    ("=min()", "GB154", "min()", "wrongly", "min(a, b)"),
    ("=max + 1", "GB154", "max", "is a function", "max(...)"),
    ("=flagg", "GB155", "flagg", "no `flagg`", "`flag`"),
    ("=1 + zzz", "GB155", "zzz", "no `zzz`", "in scope: a, b, flag"),
    ("=True2", "GB155", "True2", "no `True2`", "`true`"),
    ("='é' == zzz", "GB155", "zzz", "no `zzz`", None),
    ("=a + flag", "GB156", "a + flag", "add an integer and a boolean", None),
    ("=word + 'x'", "GB156", "word + 'x'", "add a string and a string", None),
    ("=items + 1", "GB156", "items + 1", "add a list and an integer", None),
    ("='%d' % a", "GB156", "'%d' % a", "divide a string and an integer", None),
    ("=[0] * 1000", "GB156", "[0] * 1000", "multiply a list", None),
    ("='x' * 1000", "GB156", "'x' * 1000", "multiply a string", None),
    ("=-flag", "GB156", "-flag", "a boolean", None),
    ("=-word", "GB156", "-word", "a string", None),
    ("=a == flag", "GB156", "a == flag", "compare an integer with a boolean", None),
    ("=[1] == [flag]", "GB156", "[1] == [flag]", "compare", None),
    ("=flag in [1, 2]", "GB156", "flag in [1, 2]", "compare a boolean with an integer", None),
    ("=1 < 2 < word", "GB156", "2 < word", "compare an integer and a string", None),
    ("='a' < 'b'", "GB156", "'a' < 'b'", "compare a string", None),
    ("='r' in word", "GB156", "'r' in word", "not into a string", None),
    ("=not a", "GB156", "not a", "must be a boolean", None),
    ("=flag and a", "GB156", "a", "must be a boolean, not an integer", "x != 0"),
    ("=1 if items else 2", "GB156", "items", "must be a boolean, not a list", None),
    ("=word[0]", "GB156", "word[0]", "index a string", None),
    ("=a[0]", "GB156", "a[0]", "index an integer", None),
    ("=items[flag]", "GB156", "items[flag]", "an index must be an integer, not a boolean", None),
    ("=items[1.0]", "GB156", "items[1.0]", "an index must be an integer", None),
    ("=word[1:]", "GB156", "word[1:]", "slice a string", None),
    ("=items['x':]", "GB156", "items['x':]", "bounds of a slice", None),
    ("=len(word)", "GB156", "len(word)", "needs a list", None),
    ("=max(1)", "GB156", "max(1)", "needs a list", None),
    ("=max(empty)", "GB156", "max(empty)", "empty list", None),
    ("=max(1, word)", "GB156", "max(1, word)", "a string", None),
    ("=sum(items)", "GB156", "sum(items)", "a list", None),
    ("=int('3')", "GB156", "int('3')", "a string", None),
    ("=ceil(flag)", "GB156", "ceil(flag)", "a boolean", None),
    ("=round(a, 1000000000)", "GB156", "round(a, 1000000000)", "at most 15", None),
    ("=round(a, -1000000000)", "GB156", "round(a, -1000000000)", "at most 15", None),
    ("=make_divisible(a, 8.0)", "GB156", "make_divisible(a, 8.0)", "needs integers", None),
    ("=table", "GB156", "table", "a table cannot stand", None),
    ("=make_divisible(a, 0)", "GB154", "make_divisible(a, 0)", "at least 1", None),
    ("=sqrt(0 - a)", "GB154", "sqrt(0 - a)", "at least 0, not -3", None),
    ("=log2(a - 3)", "GB154", "log2(a - 3)", "above 0, not 0", None),
    ("=exp(1000)", "GB158", "exp(1000)", "finite", None),
    ("=sqrt(word)", "GB156", "sqrt(word)", "a string", None),
    ("=floor(flag)", "GB156", "floor(flag)", "a boolean", None),
    ("=abs(items)", "GB156", "abs(items)", "a list", None),
    ("=sqrt(4, 2)", "GB154", "sqrt(4, 2)", "wrongly", "sqrt(x)"),
    ("=a / 0", "GB157", "a / 0", "divided by zero", None),
    ("=a // (a - 3)", "GB157", "a // (a - 3)", "divided by zero", None),
    ("=a % 0.0", "GB157", "a % 0.0", "divided by zero", None),
    ("=huge + 1", "GB158", "huge + 1", "10^15", None),
    ("=-huge - 1", "GB158", "-huge - 1", "10^15", None),
    ("=huge * huge * 0", "GB158", "huge * huge", "10^15", None),
    ("=9999999999999999", "GB158", "9999999999999999", "10^15", None),
    ("=int(1e300)", "GB158", "int(1e300)", "10^15", None),
    ("=1e300 * 1e300", "GB158", "1e300 * 1e300", "finite", None),
    ("=1e999", "GB158", "1e999", "finite", None),
    ("=1e308 // 1e-308", "GB158", "1e308 // 1e-308", "finite", None),
    ("=endless", "GB158", "endless", "finite", None),
    ("=long + [1]", "GB158", "long + [1]", "10,000", None),
    ("=longer", "GB158", "longer", "10,000", None),
    ("=[long, a]", "GB158", "[long, a]", "10,000", None),
    ("=items[4]", "GB159", "items[4]", "outside a list of 4", None),
    ("=items[-5]", "GB159", "items[-5]", "outside a list of 4", None),
    ("=items[::0]", "GB159", "items[::0]", "step", None),
]


@pytest.mark.parametrize(("text", "code", "blamed", "message", "help_"), FAULTS, ids=[row[0][:40] for row in FAULTS])
def test_fault(text: str, code: str, blamed: str | None, message: str, help_: str | None) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(text).evaluate(SCOPE)
    error = caught.value
    assert error.rule.code == code
    assert message in error.message
    if blamed is not None:
        assert text[error.offset : error.offset + error.length] == blamed
    if help_ is not None:
        assert error.help is not None and help_ in str(error.help)


def test_lists_in_lists_do_not_grow_by_doubling() -> None:
    scope: dict[str, object] = {"x": [0] * 10}
    double = parse("=[x, x]")
    with pytest.raises(ExpressionError, match="10,000"):
        for _ in range(64):
            scope["x"] = double.evaluate(scope)


def test_lists_in_lists_have_a_depth() -> None:
    scope: dict[str, object] = {"x": []}
    with pytest.raises(ExpressionError, match="32 deep"):
        for _ in range(64):
            scope["x"] = parse("=[x]").evaluate(scope)


def test_names_and_bare() -> None:
    assert parse("=a + items[i] * len(b)").names == {"a", "items", "i", "b"}
    assert [parse(text).bare for text in ("=width", "= (width)", "=width + 0", "=true", "=3")] == [
        "width",
        "width",
        None,
        None,
        None,
    ]


def test_equal_texts_are_equal() -> None:
    assert parse("=a + 1") == parse("=a + 1") != parse("=a + 2")
    assert isinstance(parse("=a"), Expression)


def test_evaluating_changes_nothing() -> None:
    items = [1, 2]
    result = parse("=items + [3]").evaluate({"items": items})
    assert (items, result) == ([1, 2], [1, 2, 3])


@pytest.mark.parametrize(
    ("value", "divisor", "smallest", "result"),
    # From torchvision's and TensorFlow's tables of MobileNet widths.
    [
        (32 * 0.75, 8, None, 24),
        (16 * 0.35, 8, None, 8),
        (44, 8, None, 48),
        (10, 8, None, 16),
        (3, 8, 0, 8),
        (3, 8, 16, 16),
    ],
)
def test_make_divisible(value: float, divisor: int, smallest: int | None, result: int) -> None:
    assert make_divisible(value, divisor, smallest) == result


# The written string, and what of it must be underlined.
SPANS = [
    ('"=a + zzz"', "zzz"),
    ("'=a + zzz'", "zzz"),
    ('"""=a + zzz"""', "zzz"),
    ("'''=a + zzz'''", "zzz"),
    (r'"=word == \"x\" or zzz"', "zzz"),
    (r'"=word == \u0022x\u0022 or zzz"', "zzz"),
    ("\"=word == 'é' or zzz\"", "zzz"),
    ('"= zzz"', "zzz"),
    ('"="', "="),
    ('"=(1"', "("),
    ('"=1 +"', "+"),
]


@pytest.mark.parametrize(("written", "underlined"), SPANS)
def test_the_span_is_of_the_very_characters(written: str, underlined: str) -> None:
    text = f"first = 1\nkey = {written} # end\n"
    read = document.parse(text, "x.toml")
    with pytest.raises(ExpressionError) as caught:
        parse(read.data["key"]).evaluate(SCOPE)
    span = caught.value.at(read.span(("key",))).span
    assert span is not None
    assert text.split("\n")[span.line - 1][span.column - 1 : span.end_column - 1] == underlined


def test_a_string_over_several_lines_is_blamed_whole() -> None:
    read = document.parse('key = """=a +\n zzz"""', "x.toml")
    with pytest.raises(ExpressionError) as caught:
        parse(read.data["key"])
    assert caught.value.at(read.span(("key",))).span == read.span(("key",))


_PYTHON = {"floor": math.floor, "ceil": math.ceil, "exp": math.exp, "sqrt": math.sqrt, "log2": math.log2}


def _python(text: str) -> object:
    return eval(compile(ast.parse(text, mode="eval"), "", "eval"), _PYTHON)  # noqa: S307  (the reference that ours is compared with)


_NUMBERS = st.integers(-50, 50).map(str) | st.floats(-50, 50, allow_nan=False).map(lambda number: f"{number:.3f}")
_SUMS = st.recursive(
    _NUMBERS,
    lambda inner: (
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/", "//", "%"]), inner).map("({0[0]} {0[1]} {0[2]})".format)
        | inner.map("(-{})".format)
        | st.lists(inner, min_size=2, max_size=3).map(lambda items: f"max({', '.join(items)})")
        | st.tuples(st.sampled_from(["floor", "ceil", "abs", "exp", "sqrt", "log2"]), inner).map(
            "{0[0]}({0[1]})".format
        )
        | st.tuples(inner, inner, inner).map("({0[0]} if {0[1]} < {0[2]} else 1)".format)
    ),
    max_leaves=8,
)


# A root or logarithm that there is none of is told before what would be too large.
_SAME = [("GB157", ZeroDivisionError), ("GB154", ValueError)]


@given(_SUMS)
def test_arithmetic_is_that_of_python(text: str) -> None:
    try:
        expected = _python(text)
    except (ZeroDivisionError, ValueError, OverflowError) as error:
        expected = type(error)
    try:
        computed = parse(f"={text}").evaluate({})
    except ExpressionError as error:
        assert error.rule.code in ("GB153", "GB158") or (error.rule.code, expected) in _SAME
        return
    assert (computed, type(computed)) == (expected, type(expected))


_PIECES = [
    *"a0[](),:+-*/%<.={}_\\#é`$@;\n",
    *("items", "flag", "1.5", "'x'", "==", "max", "len", "f'"),
    *(" if ", " else ", " and ", "not ", " in ", "lambda ", " for "),
]


@given(st.lists(st.sampled_from(_PIECES), max_size=14).map("".join) | st.text(max_size=40))
def test_any_text_gives_a_value_or_an_error_of_ours(text: str) -> None:
    try:
        value = parse(f"={text}").evaluate(SCOPE)
    except ExpressionError as error:
        assert 0 <= error.offset <= len(text) + 1
        assert error.length >= 1
        return
    assert isinstance(value, bool | int | float | str | list)
