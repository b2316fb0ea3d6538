"""Where one thing ends and the next begins: bounds of expressions and limits, words of paths, what a node remembers."""

from __future__ import annotations

from math import sqrt
from textwrap import dedent

import pytest

from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.compiler import check_text
from graphbuilder.elaborate import Limits
from graphbuilder.ir import Graph
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


def test_paths_lead_as_deep_as_blocks_do() -> None:
    top = """
        [model]
        body = [{ use = "top", id = "top" }, { op = "add", from = ["top", "top.outer.middle.inner"] }]
        [blocks.top]
        body = [{ id = "outer", use = "outer" }]
    """
    text = dedent(top) + "[blocks" + dedent(DEEP).split("[blocks", 1)[1]
    found = typed(text)
    assert [value.port for value in found.graph.nodes[-1].inputs] == ["out", "outer.middle.inner"]


def test_a_remedy_is_tried_with_what_is_set() -> None:
    text = """
        [params]
        wide = 7
        [model]
        body = [{ id = "a", op = "conv", out = "=wide", kernel = 3, padding = 0 }, { op = "add", from = ["x", "a"] }]
    """
    (found,) = check_text(HEAD + dedent(text), "case.toml", {"wide": 8}).diagnostics
    assert (found.code, found.help) == ("GB204", 'write padding = "same" at case.toml:12:9')


INITIALISERS = [
    ("glorot_uniform", ("xavier_uniform", 1.0)),
    ("glorot_normal", ("xavier_normal", 1.0)),
    ("he_uniform", ("kaiming_uniform", sqrt(2))),
    ("he_normal", ("kaiming_normal", sqrt(2))),
    ("kaiming_uniform", ("kaiming_uniform", sqrt(2))),
    ("kaiming_normal", ("kaiming_normal", sqrt(2))),
]


@pytest.mark.parametrize(("name", "expected"), INITIALISERS)
def test_initialisers_by_the_names_of_the_frameworks(name: str, expected: tuple[str, float]) -> None:
    (node,) = typed(f'[model]\nbody = [{{ op = "conv", out = 4, init = "{name}" }}]').graph.nodes
    assert (node.init["weight"].kind, node.init["weight"].gain) == expected


def test_initialisers_of_a_block_reach_its_projection() -> None:
    text = """
        [model]
        body = [{ use = "unit", init = { batchnorm = { weight = "zeros" } } }]
        [blocks.unit]
        body = [{ op = "conv", out = 4 }]
        shortcut = "project"
    """
    shortcut = typed(text).bodies["unit"].graph.by_name["shortcut"].callee
    assert isinstance(shortcut, Graph)
    assert {name: init.kind for name, init in shortcut.by_name["batchnorm"].init.items()} == {"weight": "zeros"}


@pytest.mark.parametrize("words", ["repeat = 2", 'repeat = 2, merge = "add"'])
def test_copies_that_share_have_one_owner(words: str) -> None:
    body = typed(f'[model]\nbody = [{{ op = "conv", out = 8, share = true, {words} }}]').bodies["conv"]
    assert [node.module for node in body.graph.nodes if node.name.isdecimal()] == ["0", "0"]


def test_copies_that_grow() -> None:
    text = """
        [model]
        body = [{ use = "unit", repeat = 40 }]
        [blocks.unit]
        body = [{ op = "conv", out = 2 }]
        shortcut = "identity"
        merge = "concat"
    """
    assert [str(type_) for type_ in typed(text).outputs] == ["88x16x16"]


def test_copies_of_what_reads_several_values_carry_on_none() -> None:
    text = '[model]\nbody = [{ op = "add", from = ["x", "x"], repeat = 2 }]'
    assert codes(text) == ["GB316"]


def test_copies_with_an_input_that_has_no_name_are_told_to_name_it() -> None:
    text = """
        [model]
        body = [{ use = "layer", repeat = 2 }]
        [blocks.layer]
        outputs = ["relu", "tanh"]
        body = [{ op = "relu" }, { op = "tanh" }]
    """
    (found,) = check_text(HEAD + dedent(text), "case.toml").diagnostics
    assert found.code == "GB316" and 'inputs = ["x"], outputs = { x = "..." }' in str(found.help)


def test_expressions_are_equal_by_what_is_written() -> None:
    specs = [check_text(HEAD + '[params]\na = 1\n[model]\nbody = [{ op = "conv", out = "=a + 1" }]').spec for _ in "ab"]
    assert specs[0] and specs[1]
    assert specs[0].model.body[0].model_extra == specs[1].model.body[0].model_extra
