"""The names and shapes of all tensors of a network."""

from __future__ import annotations

from graphbuilder.analysis.costs import costs
from graphbuilder.analysis.weights import walk
from tests.backends.networks import NETWORKS, network, shipped, spelt


def test_names_are_paths_in_the_order_of_the_graph() -> None:
    typed = spelt(
        """
        [model]
        body = [{ id = "rows", use = "unit", repeat = 2 }, { op = "batchnorm" }]
        [blocks.unit]
        body = [{ op = "relu" }, { op = "sepconv", out = 4, kernel = 3, bias = false }]
        """
    )
    assert [(name, weight.shape) for name, weight in walk(typed)] == [
        ("rows.0.sepconv.depthwise.weight", (4, 1, 3, 3)),
        ("rows.0.sepconv.pointwise.weight", (4, 4, 1, 1)),
        ("rows.1.sepconv.depthwise.weight", (4, 1, 3, 3)),
        ("rows.1.sepconv.pointwise.weight", (4, 4, 1, 1)),
        ("batchnorm.weight", (4,)),
        ("batchnorm.bias", (4,)),
        ("batchnorm.running_mean", (4,)),
        ("batchnorm.running_var", (4,)),
        ("batchnorm.num_batches_tracked", ()),
    ]


def test_shared_weights_stand_once() -> None:
    names = [name for name, _ in walk(network("shared"))]
    assert len(names) == len(set(names))
    assert {name.split(".")[0] for name in names} == {"middle", "left", "linear"}
    assert not any(name.startswith("middle.1") for name in names)


def test_initialisers_are_the_specs() -> None:
    body = '[model]\nbody = [{ op = "conv", out = 4, kernel = 1, init = "zeros" }]'
    kinds = {name: weight.init.kind for name, weight in walk(spelt(body))}
    assert kinds == {"conv.weight": "zeros", "conv.bias": "uniform"}


def test_sizes_add_up_to_the_costs() -> None:
    for typed in (*map(network, NETWORKS), shipped("xception")):
        assert sum(weight.size for _, weight in walk(typed) if weight.trainable) == costs(typed).trainable
