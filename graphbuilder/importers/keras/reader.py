"""The config of a Keras model as calls: functional and sequential models, models within models, of Keras 2 and 3."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple, cast

from graphbuilder.importers.keras import operations
from graphbuilder.importers.keras.adapted import adapted
from graphbuilder.importers.keras.axes import MOST
from graphbuilder.importers.keras.channels import has_first, rank_behind
from graphbuilder.importers.keras.files import config_of, refused
from graphbuilder.importers.keras.layers import AUGMENTING, links
from graphbuilder.importers.keras.names import fresh, given, scopes
from graphbuilder.importers.keras.order import by_way
from graphbuilder.importers.keras.terms import FIRST, INPUT, OPERANDS, RANK, Config, Link, Unknown, inner, name_of
from graphbuilder.importers.sizes import listed
from graphbuilder.importers.traced import Call, Scope, Traced, Unexpressed, name_for
from graphbuilder.ir import TensorType, Value
from graphbuilder.spec.names import fault_of
from graphbuilder.weights.keras_2 import newer

_MODELS = ("Functional", "Model", "Sequential")
_WEIGHTED = ("conv", "dwconv", "sepconv", "linear", "batchnorm", "layernorm", "groupnorm", "convtranspose")

# Layers that do something else while they are trained.
_TRAINED = (
    *("BatchNormalization", "Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D"),
    "StochasticDepth",
)
# What functions call their tensors.
_TENSORS = ("x", "x1", "x2", "xs")

Tensors = dict[tuple[str, int], list[Value]]


class Read(NamedTuple):
    """One tensor that a layer reads: of which call of which layer, and which of its outputs."""

    layer: str
    node: int
    tensor: int

    def counted(self, before: Mapping[str, int]) -> Read:
        """With calls counted from 0, where the file counts so many ``before`` those of a layer."""
        return self._replace(node=self.node - before.get(self.layer, 0))


def read(path: str | Path, sizes: Sequence[Sequence[int]] = ()) -> Traced:
    """The model in the file at ``path``.

    Args:
        sizes: of inputs in order, channels first and without the batch, in place of those in the file.

    Raises:
        CompileError: GB001 to GB003 and GB802 over the file, GB801 over layers that the catalogue does not have.
    """
    config = config_of(path)
    unexpressed = Unexpressed()
    if config["class_name"] not in _MODELS:
        unexpressed.add(f"`{config['class_name']}` is no functional or sequential model", str(path))
        unexpressed.raise_if_any()
    try:
        config = newer(config)
        numbers = adapted(path, config)
        reader = _Reader(unexpressed, sizes, numbers, has_first(config))
        outputs = reader.model(inner(config), (), None)
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError) as error:
        raise refused(path, "its config is not one that Keras writes") from error
    unexpressed.raise_if_any()
    names = fresh([tuple(call.layer.split("/")) for call in reader.calls if call.layer])
    calls = [_renamed(call, names[call.layer]) if call.layer else call for call in by_way(reader.calls, outputs)]
    name = inner(config).get("name") or Path(path).stem
    ignore = ("optimizer/*", *(f"{layer}/*" for layer in fresh([tuple(each.split("/")) for each in numbers]).values()))
    named = _named(outputs, inner(config))
    return Traced(str(name), "keras", reader.inputs, calls, named, ignore, dropped=tuple(reader.dropped))


def _renamed(call: Call, layer: str) -> Call:
    return replace(call, layer=layer, leaves={ours: f"{layer}/{theirs}" for ours, theirs in call.leaves.items()})


def _named(outputs: Sequence[Value], config: Config) -> dict[str, Value]:
    """Outputs as the model's own table names them, or else after the layers that give them."""
    if len(outputs) == 1:
        return {"out": outputs[0]}
    table: Any = config["output_layers"]
    keys = [*map(str, cast("Config", table))] if isinstance(table, Mapping) else []
    layers = [end.layer for end in _ends(table)]
    found: dict[str, Value] = {}
    for number, (layer, value) in enumerate(zip(layers, outputs, strict=True)):
        wanted = [*keys[number : number + 1], re.sub(r"\W", "_", layer)]
        usable = (name for name in wanted if name not in found and fault_of(name, "output") is None)
        found[next(usable, f"out_{number + 1}")] = value
    return found


def _input_layers(config: Config) -> list[tuple[str, Config]]:
    """The layers of a model's inputs by their names, in the order in which it is called with them."""
    known = {name_of(layer): layer for layer in config["layers"] if layer["class_name"] == "InputLayer"}
    called = [end.layer for end in _ends(config.get("input_layers") or [])]
    # Keras lists layers by their distance from the outputs, which is no order of a call.
    return sorted(known.items(), key=lambda each: called.index(each[0]) if each[0] in called else len(called))


class _Call(NamedTuple):
    """One call of a layer, and what it reads."""

    layer: Config
    name: str
    node: int
    reads: list[Read]
    # How many values the model reads of it.
    outputs: int


def _key(call: _Call, within: tuple[Scope, ...]) -> str:
    """What this call alone is called."""
    ways = (*within, Scope(call.name, "", call.node))
    return "/".join(f"{each.name}@{each.number}" if each.number else each.name for each in ways)


def _reads(link: Link, before: list[Value], values: list[Value]) -> list[Value]:
    """What ``link`` reads: the link before it, the first what its layer reads, unless it says."""
    if link.reads is None:
        return before[-1:] or values
    return [(before if at < 0 else values)[at] for at in link.reads]


class _Reader:
    def __init__(
        self,
        unexpressed: Unexpressed,
        sizes: Sequence[Sequence[int]],
        numbers: Mapping[str, Mapping[str, Any]],
        first: bool,
    ) -> None:
        self.inputs: dict[str, TensorType] = {}
        self.calls: list[Call] = []
        # Layers that do nothing but in training.
        self.dropped: list[str] = []
        self._unexpressed = unexpressed
        self._sizes = sizes
        self._numbers = numbers
        # Whether channels are first.
        self._first = first
        # The axes of each value, the batch counted.
        self._ranks: dict[Value, int] = {}
        # What layers are called, beside which an input's name must tell it apart.
        self._taken: set[str] = set()

    def model(self, config: Config, within: tuple[Scope, ...], given: list[Value] | None) -> list[Value]:
        """Read a model that gets the values ``given``, or inputs of its own; what it gives."""
        if given is None:
            self._taken = {name_of(layer) for layer in config["layers"] if layer["class_name"] != "InputLayer"}
        waiting = list(given or [])
        tensors: Tensors = {
            (name, 0): [waiting.pop(0) if given is not None else self._input(name, inner(layer))]
            for name, layer in _input_layers(config)
        }
        reads: list[Read] = []
        calls: list[_Call] = []
        within_calls, at_ends = _before(config)
        outputs = _outputs(config)
        for layer in config["layers"]:
            name = name_of(layer)
            if layer["class_name"] == "InputLayer":
                reads = [Read(name, 0, 0)]
                continue
            if not tensors:
                tensors["", 0] = [waiting.pop(0) if given is not None else self._input("image", inner(layer))]
                reads = [Read("", 0, 0)]
            called = list(_nodes(layer)) if "inbound_nodes" in layer else [reads]
            known = [[each.counted(within_calls) for each in wanted] for wanted in called]
            calls += [_Call(layer, name, node, wanted, outputs[name]) for node, wanted in enumerate(known)]
            reads = [Read(name, 0, 0)]
        self._run(calls, tensors, within)
        given_ends = list(_ends(config["output_layers"])) if "output_layers" in config else reads
        ends = [end.counted(at_ends) for end in given_ends]
        return [tensors[end.layer, end.node][end.tensor] for end in ends]

    def _run(self, calls: list[_Call], tensors: Tensors, within: tuple[Scope, ...]) -> None:
        """Make ``calls`` in an order in which each stands behind what it reads; a layer's may be far apart."""
        while calls:
            later: list[_Call] = []
            for call in calls:
                if any((read.layer, read.node) not in tensors for read in call.reads):
                    later.append(call)
                    continue
                values = [tensors[read.layer, read.node][read.tensor] for read in call.reads]
                tensors[call.name, call.node] = self._layer(call, within, values)
            if len(later) == len(calls):
                raise LookupError(f"nothing gives what {later[0].name} reads")
            calls = later

    def _input(self, name: str, config: Config) -> Value:
        number = len(self.inputs)
        shape = listed(config.get("batch_shape") or config.get("batch_input_shape"))
        *places, channels = [*shape[2:], *shape[1:2]] if self._first else shape[1:] or [1]
        if number < len(self._sizes):
            channels, *places = self._sizes[number]
        if not shape or not all(isinstance(size, int) for size in (channels, *places)):
            message = f"an input of the shape {shape}: every size but the batch's must be known"
            self._unexpressed.add(message, name, "give its size without the batch: --input 3,224,224")
            channels, places = 1, []
        wanted = name if given(name) else "image" if not number else f"image_{number + 1}"
        called = name_for(wanted, "input", self._taken | self.inputs.keys(), "image")
        self.inputs[called] = TensorType((channels, *places))
        self._ranks[Value(called)] = len(places) + 2
        return Value(called)

    def _layer(self, call: _Call, within: tuple[Scope, ...], values: list[Value]) -> list[Value]:
        layer, kind = call.layer, str(call.layer["class_name"])
        if not values:
            raise LookupError(f"{call.name} reads nothing")
        if kind in _MODELS:
            return self.model(inner(layer), (*within, Scope(call.name, "Model", call.node)), values)
        path = "/".join((*(each.name for each in within), call.name))
        rank = len(listed(_shape(call))) or self._ranks[values[0]]
        try:
            made = self._links(call, path, rank)
        except Unknown as error:
            self._unexpressed.add(str(error), f"layer `{path}`")
            unknown = Value(_key(call, within))
            self._ranks[unknown] = rank
            return [unknown] * call.outputs
        found = self._linked(call, made, within, values, path)
        after = rank_behind(kind, inner(layer), rank)
        self._ranks.update((value, after) for value in found)
        return found

    def _linked(
        self, call: _Call, made: Sequence[Link], within: tuple[Scope, ...], values: list[Value], path: str
    ) -> list[Value]:
        """A layer as its links, one after the other unless they say what they read; what the last gives."""
        key, name = _key(call, within), call.name
        scope = (*within, *(each._replace(number=call.node) for each in scopes(name)))
        label = name if given(name) else ""
        if any(link.part for link in made):
            scope, label = (*scope, Scope(name, str(call.layer["class_name"]), call.node)), ""
        before: list[Value] = []
        for number, link in enumerate(made):
            reads = tuple(_reads(link, before, values))
            owner = "/".join(filter(None, (path, link.part))) if link.op in _WEIGHTED or link.leaves else None
            unique = f"{key}#{number}" if number else key
            # Only the first is called as the layer is.
            label = link.part if number else label or link.part
            self.calls.append(
                Call(unique, link.op, link.args, reads, scope, label, owner, link.leaves, f"layer `{path}`")
            )
            before.append(Value(unique))
        found = before[-1:] or values
        if made and made[-1].parts:
            return [found[0]._replace(port=str(part)) for part in range(made[-1].parts)]
        return found

    def _links(self, call: _Call, path: str, rank: int) -> list[Link]:
        kind = str(call.layer["class_name"])
        said, named = _arguments(call)
        told = {
            INPUT: _shape(call),
            OPERANDS: _operands(call),
            FIRST: self._first,
            RANK: rank,
            **self._numbers.get(path, {}),
        }
        if kind not in _TRAINED:
            named = {key: value for key, value in named.items() if key != "training"}
        if ".ops." in str(call.layer.get("module")):
            given_to = [*said, *(value for key, value in named.items() if key in _TENSORS)]
            operands = [None if list(_tensors(each)) else each for each in given_to]
            more = {key: value for key, value in named.items() if key not in _TENSORS}
            return operations.links(kind, operands, {**inner(call.layer), **more, **told})
        extra = [each for each in (*said[1:], *named.values()) if not _is_unsaid(each) and not list(_tensors(each))]
        if extra:
            raise Unknown(f"`{kind}` called with {', '.join(map(str, extra))} beside its input")
        if kind in AUGMENTING:
            self.dropped.append(f"`{path}` ({kind})")
        return links(kind, {**inner(call.layer), **told})


def _shape(call: _Call) -> Any:
    """The shape of what a call reads first, the batch in front; None where the file does not tell (Keras 2)."""
    said, named = _arguments(call)
    first: Any = next(iter([*said, *named.values()]), None)
    while listed(first):
        first = listed(first)[0]
    return cast("Config", first)["config"].get("shape") if isinstance(first, Mapping) else None


def _operands(call: _Call) -> list[tuple[str | int, Read]]:
    """For each tensor that a call reads its name or, where it has none, its place."""
    said, named = _arguments(call)
    arguments: list[tuple[str | int, Any]] = [*enumerate(said), *named.items()]
    return [(name, read) for name, value in arguments for read in _tensors(value)]


def _before(config: Config) -> tuple[dict[str, int], dict[str, int]]:
    """What a file counts before the calls of models in the model, where layers read them and where outputs do.

    A functional model is called once when it is made. Keras 3 counts that at outputs alone, Keras 2 everywhere.
    """
    within: dict[str, int] = {}
    ends: dict[str, int] = {}
    reads = [read for layer in config["layers"] for node in _nodes(layer) for read in node]
    reads += _ends(config.get("output_layers") or [])
    for layer in config["layers"]:
        name, nodes = name_of(layer), listed(layer.get("inbound_nodes"))
        if layer["class_name"] not in _MODELS or not nodes:
            continue
        if isinstance(nodes[0], Mapping):
            ends[name] = int(layer["class_name"] != "Sequential")
        else:
            ends[name] = within[name] = int(any(read.node >= len(nodes) for read in reads if read.layer == name))
    return within, ends


def _outputs(config: Config) -> Counter[str]:
    """How many values are read of each layer of a model."""
    reads = [read for layer in config["layers"] for node in _nodes(layer) for read in node]
    most = Counter({name_of(layer): 1 for layer in config["layers"]})
    for read in (*reads, *_ends(config.get("output_layers") or [])):
        most[read.layer] = max(most[read.layer], min(read.tensor + 1, MOST))
    return most


def _arguments(call: _Call) -> tuple[list[Any], Mapping[str, Any]]:
    """What a layer is called with by place, and by name where that says anything; Keras 2 has tensors alone there."""
    nodes = listed(call.layer.get("inbound_nodes"))
    node: Any = nodes[call.node] if nodes else None
    if not isinstance(node, Mapping):
        return [], {}
    known = cast("Config", node)
    named = cast("Config", known.get("kwargs") or {})
    return listed(known.get("args")), {key: value for key, value in named.items() if not _is_unsaid(value)}


def _is_unsaid(value: Any) -> bool:
    """Whether an argument of a call is the same as none: nothing, or that it is not in training."""
    return value is None or value is False


def _nodes(layer: Config) -> Iterator[list[Read]]:
    """For each call of a layer, what it reads."""
    for node in listed(layer.get("inbound_nodes")):
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
