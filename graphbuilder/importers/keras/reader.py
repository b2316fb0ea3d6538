"""The config of a Keras model as calls: functional and sequential models, models within models, of Keras 2 and 3."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple, cast

from graphbuilder.importers.keras.files import config_of, refused
from graphbuilder.importers.keras.layers import Config, Unknown, chain
from graphbuilder.importers.keras.names import fresh, given, scopes
from graphbuilder.importers.sizes import listed
from graphbuilder.importers.traced import Call, Scope, Traced, Unexpressed
from graphbuilder.ir import TensorType, Value

_MODELS = ("Functional", "Model", "Sequential")
_WEIGHTED = ("conv", "dwconv", "sepconv", "linear", "batchnorm", "layernorm", "groupnorm")

Tensors = dict[tuple[str, int], list[Value]]


class Read(NamedTuple):
    """One tensor that a layer reads: of which call of which layer, and which of its outputs."""

    layer: str
    node: int
    tensor: int


def read(path: str | Path) -> Traced:
    """The model in the file at ``path``.

    Raises:
        CompileError: GB001 to GB003 and GB802 over the file, GB801 over layers that the catalogue does not have.
    """
    config = config_of(path)
    unexpressed = Unexpressed()
    reader = _Reader(unexpressed)
    if config["class_name"] not in _MODELS:
        unexpressed.add(f"`{config['class_name']}` is no functional or sequential model", str(path))
        unexpressed.raise_if_any()
    try:
        outputs = reader.model(_inner(config), (), None)
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise refused(path, "its config is not one that Keras writes") from error
    unexpressed.raise_if_any()
    names = fresh([tuple(call.layer.split("/")) for call in reader.calls if call.layer])
    calls = [replace(call, layer=names[call.layer]) if call.layer else call for call in reader.calls]
    name = _inner(config).get("name") or Path(path).stem
    return Traced(str(name), "keras", reader.inputs, calls, _named(outputs, reader), ("optimizer/*",))


def _named(outputs: Sequence[Value], reader: _Reader) -> dict[str, Value]:
    if len(outputs) == 1:
        return {"out": outputs[0]}
    layers = {call.name: call.label or call.name for call in reader.calls}
    return {re.sub(r"\W", "_", layers.get(value.node, value.node)): value for value in outputs}


class _Reader:
    def __init__(self, unexpressed: Unexpressed) -> None:
        self.inputs: dict[str, TensorType] = {}
        self.calls: list[Call] = []
        self._unexpressed = unexpressed

    def model(self, config: Config, within: tuple[str, ...], given: list[Value] | None) -> list[Value]:
        """Read a model that gets the values ``given``, or inputs of its own; what it gives."""
        tensors: Tensors = {}
        waiting = list(given or [])
        reads: list[Read] = []
        for layer in config["layers"]:
            name = str(_inner(layer).get("name", layer.get("name")))
            if layer["class_name"] == "InputLayer":
                tensors[name, 0] = [waiting.pop(0) if given is not None else self._input(name, _inner(layer))]
                reads = [Read(name, 0, 0)]
                continue
            if not tensors:
                tensors["", 0] = [waiting.pop(0) if given is not None else self._input("image", _inner(layer))]
                reads = [Read("", 0, 0)]
            called = list(_nodes(layer)) if "inbound_nodes" in layer else [reads]
            for node, wanted in enumerate(called):
                values = [tensors[each.layer, each.node][each.tensor] for each in wanted]
                tensors[name, node] = self._layer(layer, name, within, values, node)
            reads = [Read(name, 0, 0)]
        ends = list(_ends(config["output_layers"])) if "output_layers" in config else reads
        return [tensors[end.layer, end.node][end.tensor] for end in ends]

    def _input(self, name: str, config: Config) -> Value:
        shape = listed(config.get("batch_shape") or config.get("batch_input_shape"))
        sizes = shape[1:]
        if not sizes or not all(isinstance(size, int) for size in sizes):
            self._unexpressed.add(f"an input of the shape {shape}: every size but the batch's must be known", name)
            sizes = [1]
        number = len(self.inputs)
        called = name if given(name) else "image" if not number else f"image_{number + 1}"
        self.inputs[called] = TensorType((sizes[-1], *sizes[:-1]))
        return Value(called)

    def _layer(self, layer: Config, name: str, within: tuple[str, ...], values: list[Value], node: int) -> list[Value]:
        kind = str(layer["class_name"])
        if kind in _MODELS:
            return self.model(_inner(layer), (*within, name), values)
        path = "/".join((*within, name))
        try:
            ops = chain(kind, _inner(layer))
        except Unknown as error:
            self._unexpressed.add(str(error), f"layer `{path}`")
            return [Value(path)]
        scope = (*(Scope(each, "Model") for each in within), *scopes(name))
        for number, (op, args) in enumerate(ops):
            unique = f"{path}{f'@{node}' if node else ''}{f'#{number}' if number else ''}"
            owner = path if op in _WEIGHTED else None
            label = name if not number and given(name) else ""
            self.calls.append(Call(unique, op, args, tuple(values), scope, label, owner, {}, f"layer `{path}`"))
            values = [Value(unique)]
        return values


def _inner(config: Config) -> Config:
    found = config.get("config")
    if isinstance(found, list):  # the oldest sequential models: a list of layers alone
        return {"layers": found}
    return cast("Config", found) if isinstance(found, Mapping) else {}


def _nodes(layer: Config) -> Iterator[list[Read]]:
    """For each call of a layer, what it reads."""
    for node in layer["inbound_nodes"]:
        if isinstance(node, Mapping):
            yield list(_tensors([cast("Config", node).get("args"), cast("Config", node).get("kwargs")]))
        else:
            yield [Read(str(each[0]), int(each[1]), int(each[2])) for each in node]


def _tensors(value: Any) -> Iterator[Read]:
    """The tensors in the arguments of a call, in order."""
    if isinstance(value, Mapping):
        table = cast("Config", value)
        if table.get("class_name") == "__keras_tensor__":
            yield Read(*table["config"]["keras_history"])
        else:
            yield from (found for each in table.values() for found in _tensors(each))
    elif isinstance(value, list):
        yield from (found for each in cast("list[Any]", value) for found in _tensors(each))


def _ends(ends: Any) -> Iterator[Read]:
    """The outputs of a model: one, a list of them, or a table."""
    if isinstance(ends, Mapping):
        for each in cast("Config", ends).values():
            yield from _ends(each)
    elif listed(ends) and isinstance(listed(ends)[0], str):
        yield Read(*listed(ends))
    else:
        for each in listed(ends):
            yield from _ends(each)
