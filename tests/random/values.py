"""The tables of a random spec around its steps: parameters, inputs, defaults, first weights, arguments of blocks."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

from tests.random.expressions import dressed

Spec = dict[str, Any]

# How often a value becomes an expression.
OFTEN = 0.4

INPUTS = (
    {"shape": [3, 8, 8]},
    {"shape": [4, 6, 6]},
    {"shape": [2, 7, 5]},
    {"shape": [4, 12]},
    {"shape": [2, 4, 4, 3]},
    {"shape": [9, 6], "layout": "channels_last"},
    {"shape": [4, 4, 6], "layout": "channels_last"},
    {"shape": [12]},
)
PARAMS = ("width", "depth", "deep", "act", "drop", "widths", "size", "plain")
ARGUMENTS = ("out", "count", "flag", "kind", "rate", "sizes")
TYPE_OF = {"out": "int", "count": "int", "flag": "bool", "kind": "str", "rate": "float", "sizes": "list"}


def chance(random: Random, probability: float) -> bool:
    return random.random() < probability


def params(random: Random) -> Spec:
    known: Spec = {
        "width": random.choice((2, 3, 4, 6, 8)),
        "depth": random.choice((1, 2, 3)),
        "deep": chance(random, 0.5),
        "act": random.choice(("relu", "gelu", "tanh")),
        "drop": random.choice((0.1, 0.25, 0.5)),
        "widths": random.choices((2, 4, 6), k=random.randint(1, 3)),
        "size": random.choice((4, 6, 8)),
        "plain": chance(random, 0.5),
    }
    return {name: known[name] for name in PARAMS if chance(random, 0.6)}


def inputs(random: Random) -> Spec:
    names = ("image", "extra", "third")[: random.choice((1, 1, 1, 2, 3))]
    return {name: _input(random) for name in names}


def _input(random: Random) -> Any:
    table = dict(random.choice(INPUTS))
    return table["shape"] if "layout" not in table and chance(random, 0.7) else table


def defaults(random: Random, scope: Mapping[str, Any]) -> Spec:
    known: Spec = {
        "conv": {"kernel": 3, "padding": "half", "bias": chance(random, 0.5)},
        "sepconv": {"kernel": 3, "padding": "same"},
        "dwconv": {"kernel": 3, "padding": "half"},
        "maxpool": {"kernel": 2},
        "linear": {"bias": False},
        "batchnorm": {"momentum": 0.2},
        "dropout": {"rate": 0.25},
    }
    chosen = {op: values for op, values in known.items() if chance(random, 0.3)}
    return {op: {key: dressed(random, value, scope, OFTEN) for key, value in v.items()} for op, v in chosen.items()}


def init(random: Random) -> Spec:
    known: Spec = {
        "conv": {"kind": "kaiming_normal", "mode": "fan_out"},
        "linear": "xavier_uniform",
        "batchnorm": {"weight": "ones"},
    }
    return {op: value for op, value in known.items() if chance(random, 0.15)}


def argument_values(random: Random, declared: Mapping[str, Any]) -> dict[str, Any]:
    known: dict[str, Any] = {
        "out": random.choice((2, 3, 4, 6)),
        "count": random.choice((0, 1, 2, 3)),
        "flag": chance(random, 0.5),
        "kind": random.choice(("relu", "tanh", "silu")),
        "rate": random.choice((0.1, 0.25, 0.5)),
        "sizes": random.choices((1, 2, 3, 4), k=2),
    }
    return {name: known[name] for name in declared}
