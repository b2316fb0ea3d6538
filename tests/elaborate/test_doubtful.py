"""One argument called otherwise is one mistake; a name that is hardly like what was written is told where it fits."""

from __future__ import annotations

import pytest

from graphbuilder.compiler import check_text
from graphbuilder.diagnostics import Diagnostic

HEAD = """format = 1
name = "n"
[inputs]
x = [8, 16, 16]
[model]
body = [{ id = "c", op = "conv", out = 8, kernel = 1 }, STEP]
[blocks.b]
args = { mid = "int", out = "int", act = true }
body = [
  { op = "conv", out = "=mid", kernel = 1 },
  { op = "relu", when = "=act" },
  { op = "conv", out = "=out", kernel = 1 },
]
"""
TAKES = "the block `b` takes mid, out, act"


def told(step: str) -> list[Diagnostic]:
    return [*check_text(HEAD.replace("STEP", step), "case.toml").diagnostics]


@pytest.mark.parametrize(
    ("step", "word", "help_"),
    [
        ('{ use = "b", mid = 4, oot = 8 }', "oot", "did you mean `out`?"),
        ('{ use = "b", mud = 4, out = 8 }', "mud", "did you mean `mid`?"),
        ('{ use = "b", mid = 4, channels = 8 }', "channels", "did you mean `out`?"),
        ('{ use = "b", mid = 4, channels = "wide" }', "channels", f"{TAKES}; `out` is missing"),
        ('{ use = "b", mid = 4, out = 8, ict = false }', "ict", "did you mean `act`?"),
        ('{ use = "b", mid = 4, out = 8, ict = 3 }', "ict", TAKES),
        ('{ op = "conv", oot = 8, kernel = 1 }', "oot", "did you mean `out`?"),
        ('{ op = "conv", out = 8, krn = 1 }', "krn", "did you mean `kernel`?"),
        ('{ op = "resize", scale = 2 }', "scale", "did you mean `factor`?"),
    ],
)
def test_one_mistake(step: str, word: str, help_: str) -> None:
    (found,) = told(step)
    assert (found.code, found.span and found.span.text, found.help) == ("GB305", word, help_)
    assert (found.remedy is not None) == help_.startswith("did")


def test_of_two_the_one_that_is_near_is_told_apart() -> None:
    found = told('{ op = "conv", krn = 1, oot = 8 }')
    assert [(each.code, each.help) for each in found] == [
        ("GB305", "did you mean `kernel`?"),
        ("GB305", "did you mean `out`?"),
    ]


def test_two_that_are_missing_are_told() -> None:
    found = told('{ use = "b", channels = 8 }')
    assert sorted(each.code for each in found) == ["GB305", "GB306", "GB306"]


def test_misspelt_type_is_told_where_it_is_declared() -> None:
    text = HEAD.replace('mid = "int"', 'mid = "imt"').replace("STEP", '{ use = "b", mid = 4, out = 8 }')
    (found,) = check_text(text, "case.toml").diagnostics
    assert (found.span and found.span.line, found.help) == (8, 'did you mean "int"?')


@pytest.mark.parametrize(
    ("step", "code"),
    [
        ('{ op = "conv", ouy = "8", kernel = 1 }', "GB307"),
        ('{ op = "conv", out = 8, kernal = "3" }', "GB307"),
        ('{ use = "b", mid = 4, ouy = "8" }', "GB308"),
    ],
)
def test_what_a_misspelt_argument_is_may_be_wrong_too(step: str, code: str) -> None:
    name, value = told(step)
    assert (name.code, value.code) == ("GB305", code)
    assert name.remedy and value.remedy
    left = check_text(name.remedy.together_with(value.remedy).applied).diagnostics
    assert "error" not in [each.severity for each in left]


@pytest.mark.parametrize(
    ("step", "text"),
    [
        ('{ use = "b", mid = 4, out = "8" }', "8"),
        ('{ op = "conv", out = "8", kernel = 1 }', "8"),
        ('{ op = "conv", out = 8.0, kernel = 1 }', "8"),
        ('{ op = "conv", out = 8, kernel = ["1", "3"] }', "[1, 3]"),
        ('{ op = "conv", out = 8, kernel = 1, bias = 0 }', "false"),
    ],
)
def test_exact_value_is_a_fix(step: str, text: str) -> None:
    (found,) = told(step)
    assert found.remedy and (found.remedy.text, found.remedy.help) == (text, found.help)


NAMED = """format = 1
name = "n"
[params]
depth = 3
key = 4
[inputs]
x = [8, 16, 16]
[model]
body = [
  { id = "qux", op = "conv", out = 8, kernel = 1 },
  STEP,
  { op = "add", from = ["x", "qux"] },
]
"""


@pytest.mark.parametrize(
    ("step", "help_"),
    [
        ('{ op = "conv", out = "=ley", kernel = 1 }', "did you mean `key`?"),
        ('{ op = "relu", from = "qix" }', "did you mean `qux`?"),
        ('{ op = "ada", from = ["x", "qux"] }', "did you mean `add`?"),
        ('{ op = "conv", out = "=kay", kernel = 1, groups = 8 }', "in scope: depth, key, from_channels, from_shape"),
        ('{ op = "conv", out = "=width", kernel = 1 }', "did you mean `depth`?"),
        (
            '{ op = "conv", out = "=width", kernel = 1, groups = 2 }',
            "in scope: depth, key, from_channels, from_shape",
        ),
        ('{ op = "conv", out = "=dept", kernel = 1, groups = 2 }', "did you mean `depth`?"),
        ('{ op = "relu", from = "quxess.*" }', "in this body: x, qux, add"),
    ],
)
def test_a_name_that_is_hardly_like_one_is_told_where_it_fits(step: str, help_: str) -> None:
    found = check_text(NAMED.replace("STEP", step), "case.toml").diagnostics
    first = next(each for each in found if each.severity == "error")
    assert first.help == help_
    if not help_.startswith("did"):
        assert first.remedy is None
