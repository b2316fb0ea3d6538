"""Copies that are all alike are the same nodes, types and costs as copies written out."""

from __future__ import annotations

from graphbuilder.analysis.costs import costs
from graphbuilder.analysis.inference import TypedGraph, infer
from graphbuilder.compiler import check_text
from graphbuilder.ir import Copies, Graph, Value

SPEC = """
format = 1
name = "copies"
[params]
count = 6
[inputs]
x = [4, 8, 8]
[model]
body = [{ id = "stage", use = "unit", repeat = "=count" }]
[blocks.unit]
body = [{ op = "conv", out = 8, kernel = 3, padding = "half" }]
"""


def stage(count: int) -> TypedGraph:
    network = check_text(SPEC, params={"count": count}).network
    assert network is not None
    return network.typed.bodies["stage"]


def test_long_repeats_are_not_written_out() -> None:
    nodes = stage(6).graph.nodes
    assert isinstance(nodes, Copies)
    assert (len(nodes), len(nodes.head)) == (6, 2)


def test_copies_equal_what_is_written_out() -> None:
    typed = stage(6)
    graph = typed.graph
    plain = Graph(graph.kind, graph.template, graph.inputs, tuple(graph.nodes), graph.outputs)
    again = infer(plain, typed.inputs)
    assert [(node.name, node.inputs, node.module) for node in graph.nodes][4] == ("4", (Value("3"),), "4")
    assert dict(typed.types) == dict(again.types)
    assert len(typed.types) == len(again.types)
    assert list(typed.bodies) == list(again.bodies)
    assert costs(typed) == costs(again)


def test_a_pass_may_change_the_types_of_copies() -> None:
    typed = stage(6)
    wider = infer(typed.graph, (typed.inputs[0].with_spatial(4, 4),))
    assert wider.outputs[0].shape == (8, 4, 4)
