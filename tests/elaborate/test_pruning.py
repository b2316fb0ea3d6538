"""Steps that no output needs are left out, and what is left is sound."""

from __future__ import annotations

from textwrap import dedent

import pytest

import graphbuilder as gb
from graphbuilder.compiler import Checked, check_text
from graphbuilder.ir.invariants import breaches
from tests.elaborate.cases import HEAD


def test_weights_of_a_step_left_out_have_an_heir() -> None:
    checked = check_text(
        HEAD
        + dedent(
            """
            [model]
            body = [
              { id = "left", op = "conv", out = 8 },
              { id = "right", share = "left", from = "x" },
              { id = "third", share = "left" },
            ]
            """
        )
    )
    assert checked.network is not None
    assert [diagnostic.code for diagnostic in checked.diagnostics] == ["GB318"]
    graph = checked.network.typed.graph
    assert breaches(graph) == []
    assert [(node.name, node.module) for node in graph.nodes] == [("right", "right"), ("third", "right")]


INSIDE = """
[blocks.outer]
body = [{ id = "b", use = "inside" }]

[blocks.inside]
body = [
  { id = "inner", op = "conv", out = 4 },
  { op = "conv", out = 5, from = "in" },
]
"""


def found_in(*steps: str) -> Checked:
    return check_text(HEAD + f"[model]\nbody = [{', '.join(steps)}]\n" + INSIDE)


def test_nothing_is_kept_for_a_step_that_no_output_needs() -> None:
    unread = '{ id = "dead", op = "relu", from = "o.b.inner", repeat = 2 }, { op = "tanh" }'
    checked = found_in('{ id = "o", use = "outer" }', unread, '{ op = "relu", from = "o" }')
    assert checked.network is not None
    assert [found.code for found in checked.diagnostics] == ["GB318", "GB318"]
    text = gb.expand(checked.network)
    assert "inner" not in text
    assert check_text(text).diagnostics == ()


def test_an_owner_that_no_output_needs_has_an_heir_all_the_same() -> None:
    left = '{ id = "left", op = "conv", out = 2, from = "o.b.inner" }, { op = "relu" }'
    checked = found_in('{ id = "o", use = "outer" }', left, '{ id = "heir", share = "left", from = "o.b.inner" }')
    assert checked.network is not None
    assert [(node.name, node.module) for node in checked.network.typed.graph.nodes] == [("o", "o"), ("heir", "heir")]


def test_what_is_read_inside_one_call_of_shared_weights_is_given_by_all() -> None:
    checked = found_in(
        '{ id = "o", use = "outer" }',
        '{ id = "again", share = "o", from = "x" }',
        '{ op = "add", from = ["again.b.inner", "again.b.inner"] }',
    )
    assert checked.network is not None
    assert [str(type_) for type_ in checked.network.outputs.values()] == ["4x16x16"]


def test_a_step_that_is_left_out_here_and_read_by_nobody_there_stays() -> None:
    """Where it is left out, it passes on what another step reads."""
    checked = check_text(
        HEAD
        + dedent(
            """
            [model]
            body = [
              { use = "either", there = true },
              { id = "other", use = "either", there = false },
              { id = "dead", op = "tanh", from = "other.first" },
              { op = "relu", from = "other" },
            ]

            [blocks.either]
            args = { there = "bool" }
            body = [
              { id = "first", op = "conv", out = 8 },
              { id = "maybe", op = "batchnorm", when = "=there" },
              { id = "y", op = "silu", when = "=not there", from = "maybe" },
              { id = "z", op = "relu", when = "=there", from = "first" },
            ]
            outputs = ["y", "z"]
            """
        )
    )
    assert [found.code for found in checked.diagnostics] == ["GB318"]
    assert checked.network is not None
    inside = [[node.name for node in body.nodes] for _, body in checked.network.typed.graph.children()]
    assert inside[1] == ["first", "y"]


OUTSIDE = '{ id = "o", use = "outer" }, { id = "dead", op = "relu", from = "o.b.inner" }, '


@pytest.mark.parametrize(
    "block",
    [
        # Nobody reads what stands ahead of the fork, or behind it.
        'before = [{ id = "a", op = "tanh" }]\nbody = [{ op = "relu", from = "in" }, { op = "silu" }]\n'
        'shortcut = [{ op = "mish", from = "in" }]',
        'before = [{ id = "a", op = "tanh" }]\nbody = [{ op = "relu" }]\nshortcut = "identity"\noutputs = { y = "a" }',
        # Weights whose owner nobody reads, and that of the one who has them then.
        'body = [{ id = "a", op = "conv", out = 3 }, { id = "b", share = "a", from = "in" }, '
        '{ id = "c", share = "b", from = "in" }, { id = "d", share = "a", from = "in" }]\n'
        'outputs = { y = "d", z = "c" }',
    ],
)
def test_a_network_without_the_steps_that_nobody_needs_is_the_same_when_expanded(block: str) -> None:
    steps = OUTSIDE + '{ id = "u", use = "unit", from = "x" }'
    if "outputs" in block:
        steps += ', { op = "relu", from = "u.y" }'
    checked = check_text(HEAD + f"[model]\nbody = [{steps}]\n{INSIDE}\n[blocks.unit]\n{block}\n")
    assert checked.network is not None, checked.diagnostics
    text = gb.expand(checked.network)
    again = check_text(text).network
    assert again is not None and gb.expand(again) == text
    assert set(gb.compile(again).state_dict()) == set(gb.compile(checked.network).state_dict())
