"""Steps that no output needs are left out, and what is left is sound."""

from __future__ import annotations

from textwrap import dedent

from graphbuilder.backends.toml import expand
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
    text = expand(checked.network.typed)
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
