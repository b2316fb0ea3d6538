"""Steps that no output needs are left out, and what is left is sound."""

from __future__ import annotations

from textwrap import dedent

from graphbuilder.compiler import check_text
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
