"""The numbers of layers that were adapted to data: they are weights in Keras, and constants in a spec."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from graphbuilder.importers.keras.files import holds_weights
from graphbuilder.importers.keras.names import fresh
from graphbuilder.importers.keras.terms import Config, inner, name_of

_NAMES = ("mean", "variance")


def adapted(path: str | Path, config: Config) -> Mapping[str, Mapping[str, Any]]:
    """For each layer of the kind in the file at ``path``, by its path in the model, what its config leaves out.

    Raises:
        CompileError: GB402 to GB404 over the file.
    """
    ways = list(_ways(inner(config), ())) if holds_weights(path) else []
    if not ways:
        return {}
    from graphbuilder.weights.read import read

    layers = fresh(ways)
    with read(path) as checkpoint:
        return {
            way: {name: checkpoint.tensors[f"{layer}/{name}"].read().tolist() for name in _NAMES}
            for way, layer in layers.items()
        }


def _ways(config: Config, within: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for layer in cast("list[Config]", config.get("layers") or []):
        way = (*within, name_of(layer))
        if layer["class_name"] == "Normalization" and inner(layer).get("mean") is None:
            yield way
        yield from _ways(inner(layer), way)
