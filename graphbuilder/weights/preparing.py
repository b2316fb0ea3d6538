"""What the model of a Keras file does to images ahead of its first layer, beside what a network does there.

Keras's own networks may have such layers, ``Rescaling`` and ``Normalization``: they learn nothing, so weights fit
without them, and answers are wrong. A config says all of it; a file of weights alone has only what a normalisation
was adapted to, which leaves a common factor open. Layers behind the first other one are not looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from math import isfinite
from typing import NamedTuple, cast

from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.ir import Op, Value
from graphbuilder.ops.normalisation import Scale
from graphbuilder.ops.rescaling import Rescale
from graphbuilder.weights.checkpoint import Checkpoint
from graphbuilder.weights.keras_2 import newer

Numbers = tuple[float, ...]

_MODELS = ("Functional", "Model", "Sequential")
# What they do is done in training alone.
_PASSING = ("InputLayer", "Random", "Dropout", "GaussianNoise")
_EPSILON = 1e-7
# Relative to what they prepare of a byte; deviations are often given with three digits.
_CLOSE = 1e-3
_BYTE = 255.0


class Prepared(NamedTuple):
    """What becomes of an image, by channel: it is multiplied, and then something added.

    Attributes:
        layers: the names of what does it.
        is_whole: whether nothing else prepares it, as far as is known.
    """

    scale: Numbers
    offset: Numbers
    layers: tuple[str, ...] = ()
    is_whole: bool = True

    @property
    def mean(self) -> Numbers:
        """What becomes zero."""
        return tuple(-offset / scale for scale, offset in zip(self.scale, self.offset, strict=True))

    @property
    def deviation(self) -> Numbers:
        """What lies between that and one."""
        return tuple(1 / scale for scale in self.scale)

    def then(self, scale: Numbers, offset: Numbers, *layers: str) -> Prepared:
        """With another layer behind."""
        scaled = tuple(a * b for a, b in zip(self.scale, scale, strict=True))
        moved = tuple(a * b + c for a, b, c in zip(self.offset, scale, offset, strict=True))
        return self._replace(scale=scaled, offset=moved, layers=(*self.layers, *layers))


def by_network(typed: TypedGraph) -> Prepared | None:
    """What a network of one input does to it first; None of one with several."""
    if len(typed.inputs) != 1:
        return None
    return _walked(typed, _untouched(typed.inputs[0].channels))


def _walked(typed: TypedGraph, found: Prepared) -> Prepared:
    """``found`` with what a body does first to its first input; the last of its steps may be a block that goes on."""
    channels = len(found.scale)
    value = Value(typed.graph.inputs[0])
    for node in typed.graph.nodes:
        if node.inputs[:1] != (value,):
            continue
        if not isinstance(node.callee, Op):
            return _walked(typed.bodies[node.name], found)
        if isinstance(node.callee, Rescale):
            scale, offset = _numbers(node.callee.scale, channels), _numbers(node.callee.offset, channels)
        elif isinstance(node.callee, Scale) and not node.callee.learn:
            scale, offset = (float(node.callee.value),) * channels, (0.0,) * channels
        else:
            return found
        found, value = found.then(scale, offset, node.name), Value(node.name)
    return found


def by_file(checkpoint: Checkpoint, channels: int) -> Prepared | None:
    """What the model of ``checkpoint`` does to an image of so many ``channels``; None where nobody can tell."""
    with suppress(LookupError, ValueError, TypeError, ArithmeticError):  # a config may say anything
        found = _configured(checkpoint, channels) if checkpoint.config else _weighted(checkpoint, channels)
        if found and all(scale and isfinite(scale) for scale in found.scale) and all(map(isfinite, found.offset)):
            return found
    return None


def _configured(checkpoint: Checkpoint, channels: int) -> Prepared | None:
    """What a config says, with what a normalisation was adapted to."""
    found = _untouched(channels)
    for layer in _first(newer(checkpoint.config), channels):
        given = _table(layer.get("config"))
        name = str(layer.get("name", given.get("name")))
        if by_code := _by_code(layer, channels):
            numbers = by_code
        elif layer.get("class_name") == "Rescaling":
            numbers = _numbers(given.get("scale"), channels), _numbers(given.get("offset", 0.0), channels)
        elif given.get("mean") is not None:
            numbers = _normalising(_numbers(given["mean"], channels), _numbers(given["variance"], channels))
        elif adapted := _adapted(checkpoint, name, channels):
            numbers = _normalising(*adapted)
        else:
            return None
        found = found.then(*(_inverse(*numbers) if given.get("invert") else numbers), name)
    return found


def _weighted(checkpoint: Checkpoint, channels: int) -> Prepared | None:
    """What weights alone say."""
    adapted = _adapted(checkpoint, None, channels)
    return _untouched(channels).then(*_normalising(*adapted))._replace(is_whole=False) if adapted else None


def unknown(checkpoint: Checkpoint) -> tuple[str, ...]:
    """The layers that prepare images by numbers which the file does not hold."""
    return tuple(layer for layer in checkpoint.bare if layer.startswith(("normalization", "rescaling")))


def agree(file: Prepared, network: Prepared) -> bool:
    """Whether both do the same, as far as the file tells."""
    if file.is_whole:
        ends = [_ends(each) for each in (file, network)]
        most = max(map(abs, ends[0]))
        return all(abs(a - b) <= _CLOSE * most for a, b in zip(*ends, strict=True))
    # Of the EfficientNets that Keras publishes the variances are deviations, of which another layer makes good.
    spreads = (file.deviation, tuple(each * each for each in file.deviation))
    return _alike(file.mean, network.mean) and any(_alike(each, network.deviation) for each in spreads)


def _untouched(channels: int) -> Prepared:
    return Prepared((1.0,) * channels, (0.0,) * channels)


def _ends(prepared: Prepared) -> list[float]:
    """What it makes of the darkest and the brightest byte."""
    pairs = [*zip(prepared.scale, prepared.offset, strict=True)]
    return [scale * byte + offset for byte in (0.0, _BYTE) for scale, offset in pairs]


def _alike(some: Numbers, others: Numbers) -> bool:
    """Whether they differ by a common factor alone."""
    size, other = (max(map(abs, each)) for each in (some, others))
    if not size or not other:
        return size == other
    return all(abs(a / size - b / other) <= _CLOSE for a, b in zip(some, others, strict=True))


def _normalising(mean: Numbers, variance: Numbers) -> tuple[Numbers, Numbers]:
    scale = tuple(1 / max(each**0.5, _EPSILON) for each in variance)
    return scale, tuple(-a * b for a, b in zip(mean, scale, strict=True))


def _inverse(scale: Numbers, offset: Numbers) -> tuple[Numbers, Numbers]:
    return tuple(1 / each for each in scale), tuple(-b / a for a, b in zip(scale, offset, strict=True))


def _adapted(checkpoint: Checkpoint, layer: str | None, channels: int) -> tuple[Numbers, Numbers] | None:
    """The mean and variance that a normalisation was adapted to: of ``layer``, or of the only one."""
    tensors = checkpoint.tensors
    pairs = {
        name.rpartition("/")[0]: (stored, tensors[f"{name.rpartition('/')[0]}/variance"])
        for name, stored in tensors.items()
        if name.endswith("/mean") and f"{name.rpartition('/')[0]}/variance" in tensors
    }
    named = [path for path in pairs if path.rpartition("/")[2] == layer] or [*pairs]
    if len(named) != 1:
        return None
    mean, variance = pairs[named[0]]
    if any(max(each.shape, default=0) != channels or len(each.shape) > 4 for each in (mean, variance)):
        return None
    return _numbers(mean.read().tolist(), channels), _numbers(variance.read().tolist(), channels)


def _numbers(value: object, channels: int) -> Numbers:
    """A number, or one a channel, however nested.

    Raises:
        ValueError, TypeError: it is neither.
    """
    while isinstance(value, list) and len(cast("list[object]", value)) == 1:
        (value,) = cast("list[object]", value)
    many = cast("Sequence[float]", value) if isinstance(value, list | tuple) else [cast("float", value)] * channels
    if len(many) != channels:
        raise ValueError
    return tuple(float(each) for each in many)


def _first(model: Mapping[str, object], channels: int) -> Iterator[Mapping[str, object]]:
    """The layers of a model, and of the models within, that prepare what goes in, in order."""
    reached: set[str] = set()
    layers = _listed(_table(model.get("config")).get("layers"))
    for number, layer in enumerate(layers):
        name = str(_table(layer.get("config")).get("name"))
        read = _named(layer.get("inbound_nodes"))
        if number and read and reached.isdisjoint(read):
            continue
        kind = str(layer.get("class_name"))
        if kind in _MODELS and any(True for _ in _listed(_table(layer.get("config")).get("layers"))):
            yield from _first(layer, channels)
            if not _passes(layer):
                return
        elif kind in ("Rescaling", "Normalization") or _by_code(layer, channels):
            yield layer
        elif not kind.startswith(_PASSING):
            return
        reached.add(name)


def _by_code(layer: Mapping[str, object], channels: int) -> tuple[Numbers, Numbers] | None:
    """The factors and offsets of a sum, difference, product or quotient of a tensor and constants, ``x / 127.5``."""
    nodes = _listed(layer.get("inbound_nodes"))
    given = nodes[0].get("args") if len(nodes) == 1 else None
    said = cast("list[object]", given) if isinstance(given, list) else []
    values = [_constant(each) for each in said]
    does = _BY_CODE.get(str(layer.get("class_name"))) if ".ops." in str(layer.get("module")) else None
    if does is None or len(said) != 2 or values.count(None) != 1:
        return None
    is_first = values[1] is None
    numbers = _numbers(values[not is_first], channels)
    found = [does(number, is_first) for number in numbers]
    return (tuple(scale for scale, _ in found), tuple(offset for _, offset in found))


def _constant(value: object) -> object:
    """A number, or the list of them that an array is; None for a tensor that a layer gives."""
    table = _table(value)
    if table.get("class_name") in ("__numpy__", "__tensor__"):
        return _table(table.get("config")).get("value")
    return value if isinstance(value, int | float) else None


def _divided(number: float, is_first: bool) -> tuple[float, float]:
    if is_first:
        raise ValueError
    return 1 / number, 0.0


def _subtracted(number: float, is_first: bool) -> tuple[float, float]:
    return (-1.0, number) if is_first else (1.0, -number)


# What Keras's functions do, of a number that comes first or not.
_BY_CODE: Mapping[str, Callable[[float, bool], tuple[float, float]]] = {
    "Add": lambda number, _: (1.0, number),
    "Divide": _divided,
    "Multiply": lambda number, _: (number, 0.0),
    "Subtract": _subtracted,
    "TrueDivide": _divided,
}


def _passes(model: Mapping[str, object]) -> bool:
    """Whether a model within has none but layers that prepare, or do nothing in evaluation."""
    kinds = [str(layer.get("class_name")) for layer in _listed(_table(model.get("config")).get("layers"))]
    return all(kind.startswith((*_PASSING, "Rescaling", "Normalization")) for kind in kinds)


def _named(value: object) -> set[str]:
    """Every text in what a config says of a layer's inputs: the names of layers are among them."""
    if isinstance(value, str):
        return {value}
    if isinstance(value, dict):
        value = [*cast("dict[str, object]", value).values()]
    return {text for each in cast("list[object]", value) for text in _named(each)} if isinstance(value, list) else set()


def _table(value: object) -> Mapping[str, object]:
    return cast("Mapping[str, object]", value) if isinstance(value, dict) else {}


def _listed(value: object) -> Sequence[Mapping[str, object]]:
    return [_table(each) for each in cast("list[object]", value)] if isinstance(value, list) else []
