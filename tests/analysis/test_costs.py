"""Costs against sums done by hand, and linear time where bodies are shared."""

from __future__ import annotations

from dataclasses import replace

from graphbuilder.analysis.collapse import runs
from graphbuilder.analysis.costs import Costs, costs, costs_by_run
from graphbuilder.analysis.inference import TypedGraph, infer
from graphbuilder.ir import Graph, Node, Op, TensorType, Value
from graphbuilder.ops import catalogue
from tests.clock import cost, least

IMAGE = TensorType((4, 8, 8))


def op(name: str, **args: object) -> Op:
    return catalogue()[name](**args)


def chain(kind: str, template: str, *callees: Op | Graph, shared: bool = False) -> Graph:
    """A body whose calls stand one after the other; those of a repeat are named "0", "1", ..."""
    nodes: list[Node] = []
    value = Value("in")
    for index, callee in enumerate(callees):
        name = str(index) if kind == "repeat" else f"{kind}_{index}"
        nodes.append(Node(name, callee, (value,), "0" if shared else name))
        value = Value(name)
    return Graph(kind, template, ("in",), tuple(nodes), (("out", value),))  # type: ignore[arg-type]


def typed(graph: Graph) -> TypedGraph:
    return infer(graph, (IMAGE,))


CONV = op("conv", out=4, kernel=3, padding="same", bias=False)
NORM = op("batchnorm")
WEIGHTS, PLACES = 4 * 4 * 9, 64
UNIT = chain("block", "unit", CONV, NORM)


def test_a_convolution_and_a_norm() -> None:
    assert costs(typed(UNIT)) == Costs(
        trainable=WEIGHTS + 8, non_trainable=8, executed=WEIGHTS + 8, macs=WEIGHTS * PLACES, activations=2 * 4 * PLACES
    )
    assert costs(typed(UNIT)).total == WEIGHTS + 16
    assert costs(typed(UNIT)).unique == WEIGHTS + 8


def test_copies_count_each_and_shared_copies_once() -> None:
    each, once = (costs(typed(chain("repeat", "unit", *[UNIT] * 8, shared=shared))) for shared in (False, True))
    assert (each.trainable, each.total, each.executed) == (8 * (WEIGHTS + 8), 8 * (WEIGHTS + 16), 8 * (WEIGHTS + 8))
    assert (once.trainable, once.total, once.executed) == (WEIGHTS + 8, WEIGHTS + 16, 8 * (WEIGHTS + 8))
    assert each.macs == once.macs == 8 * WEIGHTS * PLACES
    assert each.activations == once.activations


def test_weights_are_counted_at_their_first_call() -> None:
    body = chain("block", "net", UNIT, UNIT, UNIT)
    tied = tuple(replace(node, module="block_0") for node in body.nodes)
    found = [each for _, each in costs_by_run(typed(replace(body, nodes=tied)))]
    assert [each.trainable for each in found] == [WEIGHTS + 8, 0, 0]
    assert [each.executed for each in found] == [WEIGHTS + 8] * 3


def test_nested_repeats_multiply_without_being_written_out() -> None:
    graph = UNIT
    for _ in range(12):
        graph = chain("repeat", "unit", *[graph] * 10)
    assert costs(typed(graph)).macs == 10**12 * WEIGHTS * PLACES


def test_a_hundred_thousand_equal_copies_are_quick() -> None:
    def counting() -> float:
        body = typed(chain("repeat", "unit", *[UNIT] * 100_000))

        def count() -> None:
            assert costs(body).trainable == 100_000 * (WEIGHTS + 8)
            assert len(runs(body)) == 1

        return cost(count)

    assert least(counting, 10) < 10


def test_runs_break_where_bodies_types_or_owners_differ() -> None:
    other = op("conv", out=4, kernel=3, padding="same", bias=True)
    wide = op("conv", out=8, kernel=1)
    again = op("conv", out=8, kernel=1)
    body = typed(chain("repeat", "conv", CONV, CONV, other, wide, again, again))
    assert [(run.name, run.count) for run in runs(body)] == [("0-1", 2), ("2", 1), ("3", 1), ("4-5", 2)]
    assert [run.count for run in runs(typed(chain("repeat", "unit", *[UNIT] * 3, shared=True)))] == [3]


def test_steps_of_a_block_are_never_gathered() -> None:
    assert [run.count for run in runs(typed(chain("block", "unit", CONV, CONV)))] == [1, 1]


def test_what_evaluation_leaves_out_has_weights_and_costs_nothing() -> None:
    assert Costs(1, 2, 3, 4, 5).unrun() == (1, 2, 0, 0, 0)
