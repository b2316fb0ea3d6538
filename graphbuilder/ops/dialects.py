"""The dialects: what the frameworks' defaults disagree on, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping

from graphbuilder.ir.dialect import Dialect
from graphbuilder.ir.weights import Initialiser

_GLOROT = {"weight": Initialiser("xavier_uniform"), "bias": Initialiser("zeros")}

TORCH = Dialect("torch")

KERAS = Dialect(
    "keras",
    defaults={
        "batchnorm": {"eps": 1e-3, "momentum": 0.01},
        "layernorm": {"eps": 1e-3},
        "groupnorm": {"eps": 1e-3},
        "instancenorm": {"eps": 1e-3},
        "avgpool": {"count_padding": False},
        "leakyrelu": {"slope": 0.3},
        "prelu": {"slope": 0.0},
    },
    init={
        "conv": _GLOROT,
        "dwconv": _GLOROT,
        "convtranspose": _GLOROT,
        "linear": _GLOROT,
    },
)

DIALECTS: Mapping[str, Dialect] = {dialect.name: dialect for dialect in (TORCH, KERAS)}
