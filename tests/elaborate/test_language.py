"""Each construct of the language, from a spec to its graph."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import dedent

import pytest

from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.compiler import check_text
from graphbuilder.ir import Graph, text
from graphbuilder.ir.invariants import breaches
from tests.elaborate.cases import CASES, HEAD


def elaborated(body: str, params: dict[str, object] | None = None) -> TypedGraph:
    checked = check_text(HEAD + dedent(body), "case.toml", params)
    assert checked.network is not None, "\n".join(map(str, checked.diagnostics))
    return checked.network.typed


@pytest.mark.parametrize("name", CASES)
def test_graph(name: str, golden: Callable[[str, str], None]) -> None:
    typed = elaborated(CASES[name])
    assert breaches(typed.graph) == []
    golden(f"graph/{name}.txt", text.write(typed.graph))


def test_equal_instances_are_one_body() -> None:
    graph = elaborated(
        """
        [model]
        body = [{ use = "unit", out = 8 }, { use = "unit", out = 8 }, { use = "unit", out = 4 }]
        [blocks.unit]
        args = { out = "int" }
        body = [{ op = "conv", out = "=out" }]
        """
    ).graph
    first, second, third = (node.callee for node in graph.nodes)
    assert first is second
    assert first is not third


def test_params_are_set() -> None:
    body = """
        [params]
        out = 4
        [model]
        body = [{ op = "conv", out = "=out" }]
    """
    assert elaborated(body, {"out": 6}).outputs[0].channels == 6


def test_written_expressions_are_kept() -> None:
    graph = elaborated(
        """
        [params]
        width = 4
        [model]
        body = [{ op = "conv", out = "=width", stride = "=1 + 1" }]
        """
    ).graph
    assert graph.nodes[0].written == {"out": "width", "stride": "1 + 1"}


def test_initialisers_reach_the_node() -> None:
    graph = elaborated(CASES["init"]).graph
    first, second = (node.init for node in graph.nodes)
    assert first["weight"].mode == "fan_out"
    assert (second["weight"].kind, second["bias"].value) == ("zeros", 0.5)


def test_one_and_true_and_a_float_are_different_arguments() -> None:
    body = """
        [model]
        body = [{ use = "unit", on = true, rate = 1 }, { use = "unit", on = true, rate = 1.0 }]
        [blocks.unit]
        args = { on = "bool", rate = "float" }
        body = [{ op = "dropout", rate = "=rate / 2", when = "=on" }, { op = "relu" }]
    """
    first, second = (node.callee for node in elaborated(body).graph.nodes)
    assert first is second  # an integer passes for a float, and is one from then on


def test_initialisers_of_a_block_reach_the_steps_within_but_yield_to_theirs() -> None:
    _, outer, _, rising = elaborated(CASES["init_of_a_block"]).graph.nodes
    assert isinstance(outer.callee, Graph) and isinstance(rising.callee, Graph)
    unit, conv, _ = outer.callee.nodes
    assert isinstance(unit.callee, Graph)
    first, norm, second = unit.callee.nodes
    assert {name: init.kind for name, init in conv.init.items()} == {"weight": "ones"}
    assert {name: init.kind for name, init in first.init.items()} == {"weight": "ones", "bias": "zeros"}
    assert {name: init.kind for name, init in second.init.items()} == {"weight": "normal", "bias": "zeros"}
    assert norm.init["weight"].kind == "zeros"
    copies = [node.callee for node in rising.callee.nodes]
    values = [copy.nodes[0].init["weight"].value for copy in copies if isinstance(copy, Graph)]
    assert values == [0.0, 0.5]
