"""The small parts of the writer: layout, literals, expressions, names."""

from __future__ import annotations

import math

import pytest

from graphbuilder.backends.python import layout
from graphbuilder.backends.python.expressions import NotComputable, constant, evaluate, literal, parse, substitute, text
from graphbuilder.backends.python.names import camel, identifier, unused


@pytest.mark.parametrize(
    "value",
    [
        "plain",
        "it's",
        'a "quote"',
        "back\\slash\n",
        "é😀\u202e",
        1,
        -2.5,
        1e-05,
        True,
        None,
        (),
        (1,),
        ((1, 2), (3,)),
        -math.inf,
    ],
)
def test_literals_mean_their_values(value: object) -> None:
    assert eval(literal(value)) == value  # noqa: S307  (our own text)


def test_strings_are_in_double_quotes() -> None:
    assert literal("zeros") == '"zeros"'


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("4 * out", 32),
        ("(out + 2) // 3", 3),
        ("-out + 1", -7),
        ("out > 4 and flag", True),
        ("not flag", False),
        ("out == 8 or flag", True),
    ],
)
def test_expressions(source: str, value: object) -> None:
    expr = parse(f"={source}")
    assert expr is not None
    assert text(expr) == source
    assert evaluate(expr, {"out": 8, "flag": True}) == value


@pytest.mark.parametrize("source", ["widths[0]", "int(out)", "out ** 2", "out / 2", "a if b else c", '"text"', "out +"])
def test_what_python_is_not_to_repeat(source: str) -> None:
    assert parse(source) is None


@pytest.mark.parametrize("source", ["missing", "flag + 1", "not out", "out // 0", "name * 2"])
def test_what_cannot_be_computed(source: str) -> None:
    expr = parse(source)
    assert expr is not None
    with pytest.raises(NotComputable):
        evaluate(expr, {"out": 8, "flag": True, "name": "x"})


def test_substitution_computes_and_brackets() -> None:
    expr, sum_ = parse("4 * width + 1"), parse("a + b")
    assert expr is not None
    assert sum_ is not None
    assert text(substitute(expr, {"width": sum_})) == "4 * (a + b) + 1"
    assert text(substitute(expr, {"width": constant(16)})) == "65"
    assert text(expr) == "4 * width + 1"


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("unit", "Unit"),
        ("sep_conv", "SepConv"),
        ("resnext50_32x4d", "Resnext50_32x4d"),
        ("U_net", "UNet"),
        ("_", "Network"),
        ("resnet-50", "Resnet50"),
        ("none", "NetworkNone"),
        ("50 layers", "Network50Layers"),
        ("x:\n    import os", "XImportOs"),
    ],
)
def test_names_of_classes(name: str, wanted: str) -> None:
    assert camel(name) == wanted


def test_names_of_locals() -> None:
    assert identifier("2.c4") == "x2_c4"
    assert [unused("a", {"a", "a_2"}), unused("b", {"a"}), unused("torch", ())] == ["a_3", "b", "torch_2"]


def test_layout_opens_the_outermost_bracket_first() -> None:
    inner = layout.call("inner", ["a" * 30, "b" * 30])
    assert layout.lines(layout.call("outer", [inner, "c"]), 1) == [
        f"    outer(inner({'a' * 30}, {'b' * 30}), c)",
    ]
    longer = layout.call("outer", [inner, "c" * 40])
    assert layout.lines(longer, 1) == [
        "    outer(",
        f"        inner({'a' * 30}, {'b' * 30}),",
        f"        {'c' * 40},",
        "    )",
    ]


def test_operators_get_brackets_when_they_are_broken() -> None:
    total = layout.prefixed("return ", layout.infix("+", ["a" * 60, "b" * 60]))
    assert layout.lines(total, 0) == ["return (", f"    {'a' * 60}", f"    + {'b' * 60}", ")"]


def test_an_index_within_a_chain_of_calls_is_kept() -> None:
    first = layout.suffixed(layout.method("x", "first", ()), "[..., :-1]")
    chain = layout.method(first, "second", ["a" * 30])
    assert layout.flat(chain) == f"x.first()[..., :-1].second({'a' * 30})"
    assert layout.lines(layout.method(chain, "third", ["b" * 60]), 0) == [
        "(",
        "    x.first()[..., :-1]",
        f"    .second({'a' * 30})",
        f"    .third({'b' * 60})",
        ")",
    ]
