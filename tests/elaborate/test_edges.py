"""Where one thing ends and the next begins: bounds of expressions and limits, words of paths, what a node remembers."""

from __future__ import annotations

from textwrap import dedent

import pytest

from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.compiler import check_text
from graphbuilder.elaborate import Limits
from tests.elaborate.cases import HEAD


def typed(text: str, limits: Limits | None = None) -> TypedGraph:
    checked = check_text(HEAD + dedent(text), "case.toml", limits=limits)
    assert checked.network, checked.diagnostics
    return checked.network.typed


def codes(text: str, limits: Limits | None = None) -> list[str]:
    return [each.code for each in check_text(HEAD + dedent(text), "case.toml", limits=limits).diagnostics]


# An expression and its value, or the code of what is wrong with it.
EXPRESSIONS = [
    ("1000000000000000 // 10 ", 100000000000000),
    ("(1000000000000000 + 1) // 10", "GB158"),
    ("(-1000000000000000) // -10", 100000000000000),
    ("make_divisible(20, divisor=eight)", 24),
    ("make_divisible(20, divisor=eight, min_value=4 * eight)", 32),
    ("'x' - 1", "GB156"),
]


@pytest.mark.parametrize(("written", "expected"), EXPRESSIONS, ids=range(len(EXPRESSIONS)))
def test_expressions(written: str, expected: int | str) -> None:
    text = f"""
        [params]
        eight = 8
        [model]
        body = [{{ op = "leakyrelu", slope = "={written}" }}]
    """
    if isinstance(expected, str):
        assert codes(text)[:1] == [expected]
        return
    assert typed(text).graph.nodes[0].written["slope"]
    assert typed(text).graph.nodes[0].op.model_dump()["slope"] == expected  # pyright: ignore[reportOptionalMemberAccess]


DEEP = """
    [model]
    body = [
      { id = "outer", use = "outer" },
      { op = "add", from = ["outer", "outer.middle.inner"] },
      { op = "concat", from = ["add", "outer.middle.inner", "outer.several.*"] },
    ]
    [blocks.outer]
    body = [{ id = "middle", use = "middle" }, { id = "several", op = "tanh", repeat = 2 }]
    [blocks.middle]
    body = [{ id = "inner", op = "relu" }, { op = "sigmoid" }]
"""


def test_paths_lead_through_blocks_in_blocks() -> None:
    found = typed(DEEP)
    read = [[value.port for value in node.inputs] for node in found.graph.nodes[1:]]
    assert read == [["out", "middle.inner"], ["out", "middle.inner", "several.0", "several.1"]]


def test_a_step_remembers_what_decides_over_it() -> None:
    text = """
        [params]
        deep = true
        [model]
        body = [{ op = "relu", when = "=deep" }, { op = "tanh", repeat = "=2 if deep else 1" }]
    """
    assert [dict(node.written) for node in typed(text).graph.nodes] == [
        {"when": "deep"},
        {"repeat": "2 if deep else 1"},
    ]


def test_the_limit_of_steps_counts_them_and_the_body_that_they_are_in() -> None:
    text = "[model]\nbody = [" + '{ op = "relu" }, ' * 9 + '{ op = "tanh" }]\n'
    assert codes(text, Limits(nodes=11)) == []
    assert codes(text, Limits(nodes=10)) == ["GB604"]


NESTED = """
    [model]
    body = [{ use = "a" }]
    [blocks.a]
    body = [{ use = "b" }]
    [blocks.b]
    body = [{ use = "c" }]
    [blocks.c]
    body = [{ op = "relu" }]
"""


@pytest.mark.parametrize(("depth", "found"), [(3, []), (2, ["GB605"])])
def test_the_limit_of_blocks_in_blocks(depth: int, found: list[str]) -> None:
    assert codes(NESTED, Limits(depth=depth)) == found


def test_an_argument_that_is_computed_may_be_given_all_the_same() -> None:
    text = """
        [model]
        body = [{ use = "unit" }, { use = "unit", wide = 3 }]
        [blocks.unit]
        args = { wide = "=2 * in_channels" }
        body = [{ op = "conv", out = "=wide" }]
    """
    assert [str(type_) for type_ in typed(text).outputs] == ["3x16x16"]


def test_copies_carry_on_what_has_the_name_of_an_input() -> None:
    text = """
        [model]
        body = [{ id = "two", use = "two", from = { p = "x", q = "x" }, repeat = 2 }, { op = "relu", from = "two.p" }]
        [blocks.two]
        inputs = ["p", "q"]
        body = [{ id = "sum", op = "add", from = ["p", "q"] }]
        outputs = { p = "sum" }
    """
    copies = typed(text).bodies["two"].graph.nodes
    assert [[value.node for value in node.inputs] for node in copies] == [["p", "q"], ["0", "q"]]
