"""``expand``: the spec of a network with everything resolved.

It reads the graph alone, so it says what was built and not what was meant.
"""

from __future__ import annotations

from typing import Any

from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.backends.toml.arguments import initialisers
from graphbuilder.backends.toml.blocks import tables_of
from graphbuilder.backends.toml.writer import document
from graphbuilder.ir import Dialect, TensorType
from graphbuilder.ops.dialects import DIALECTS, TORCH


def expand(typed: TypedGraph) -> str:
    """The network as a spec: no params, no expressions but a repeat's items, no conditions, each distinct block once.

    Reading it gives the same names, shapes and initialisers, and expanding that the same text.

    Raises:
        CompileError: when copies of a repeated op differ in what the language cannot list.
    """
    graph = typed.graph
    dialect = graph.dialect or TORCH
    head = {"format": 1, "name": graph.template, "title": graph.title, "dialect": dialect.name}
    return document(
        {
            "": {key: value for key, value in head.items() if value is not None},
            "inputs": {name: _input(type_) for name, type_ in zip(graph.inputs, typed.inputs, strict=True)},
            "init": _initialisers(dialect),
            **tables_of(graph, dialect),
        }
    )


def _input(type_: TensorType) -> Any:
    shape = list(type_.shape)
    return shape if type_.layout == "first" else {"shape": shape, "layout": "channels_last"}


def _initialisers(dialect: Dialect) -> dict[str, Any]:
    """What the file says over its dialect, by op."""
    known = DIALECTS[dialect.name]
    rows = {op: initialisers(given, known.init_of(op)) for op, given in dialect.init.items()}
    return {op: row for op, row in rows.items() if row}
