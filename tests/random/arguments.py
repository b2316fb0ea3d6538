"""Arguments for an op, drawn from its own declaration: any op of the catalogue, a caller's included.

What a field may hold comes from its schema, what fits the inputs is the op's own to say: draws that it refuses, or
that would make something large, are drawn again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import cache
from random import Random
from typing import Any

from pydantic import ValidationError

from graphbuilder.analysis.inference import Inference, TypedGraph
from graphbuilder.analysis.weights import walk
from graphbuilder.ir import Composite, Op, OpError, TensorType
from graphbuilder.ops import catalogue
from graphbuilder.ops.dialects import TORCH

Types = tuple[TensorType, ...]

MOST_ELEMENTS = 2048
MOST_CHANNELS = 48
MOST_WEIGHTS = 20_000
TRIES = 16


class Unfit(Exception):
    """These arguments do not fit these inputs, or what they give is larger than a test wants."""


@cache
def fields_of(op: str) -> Mapping[str, Any]:
    """The JSON Schema of each field."""
    return catalogue()[op].model_json_schema()["properties"]


@cache
def required_of(op: str) -> frozenset[str]:
    return frozenset(catalogue()[op].model_json_schema().get("required", ()))


def made(op: str, arguments: Mapping[str, Any]) -> Op:
    """The op with these arguments.

    Raises:
        Unfit: it refuses them.
    """
    try:
        return catalogue()[op].model_validate(dict(arguments))
    except ValidationError as error:
        raise Unfit(str(error)) from error


def results(op: Op, inputs: Types) -> Types:
    """What ``op`` gives for ``inputs``.

    Raises:
        Unfit: it refuses them, or the results are too large.
    """
    try:
        given = op.body(inputs, TORCH) if isinstance(op, Composite) else op
        outputs = Inference().results(given, inputs)
        weights = _weights(op, inputs)
    except OpError as error:
        raise Unfit(error.message) from error
    if weights > MOST_WEIGHTS or not all(map(bearable, outputs)):
        raise Unfit("too large")
    return outputs


def bearable(type_: TensorType) -> bool:
    return type_.elements <= MOST_ELEMENTS and type_.channels <= MOST_CHANNELS and type_.rank <= 4


def _weights(op: Op, inputs: Types) -> int:
    if not isinstance(op, Composite):
        return sum(weight.size for weight in op.weights(inputs))
    typed: TypedGraph = Inference().body(op.body(inputs, TORCH), inputs)
    return sum(weight.size for _, weight in walk(typed))


def draw(random: Random, op: str, inputs: Types, given: Collection[str] = ()) -> dict[str, Any]:
    """Arguments that fit ``inputs``; those in ``given`` have a default in the file and may be left out.

    Raises:
        Unfit: none were found.
    """
    for _ in range(TRIES):
        chosen = _drawn(random, op, inputs[0], given)
        try:
            results(made(op, chosen), inputs)
        except Unfit:
            continue
        return chosen
    raise Unfit(op)


def _drawn(random: Random, op: str, x: TensorType, given: Collection[str]) -> dict[str, Any]:
    required = required_of(op)
    chosen: dict[str, Any] = {}
    for name, schema in fields_of(op).items():
        if name in required or name in given or random.random() < 0.3:
            hint = HINTS.get(name)
            value = hint(random, x) if hint and random.random() < 0.7 else _value(random, schema, x)
            if value is not None:
                chosen[name] = value
    return chosen


def _value(random: Random, schema: Mapping[str, Any], x: TensorType) -> Any:
    """A value of a field's schema; None where the field is better left out."""
    if "anyOf" in schema:
        return _value(random, random.choice(schema["anyOf"]), x)
    if "enum" in schema or "const" in schema:
        return random.choice(schema.get("enum") or [schema["const"]])
    match schema.get("type"):
        case "boolean":
            return random.random() < 0.5
        case "integer":
            return random.choice([each for each in (1, 1, 2, 2, 3, 4, 6, 8, 0, 0, -1, -2) if _within(each, schema)])
        case "number":
            return random.choice([each for each in (0.0, 0.1, 0.25, 0.5, 1.0, 1.5, 2.0) if _within(each, schema)])
        case "array":
            parts = schema.get("prefixItems") or [schema["items"]] * max(len(x.spatial), 1)
            return [_value(random, part, x) for part in parts]
        case _:
            return None


def _within(value: float, schema: Mapping[str, Any]) -> bool:
    return schema.get("minimum", value) <= value <= schema.get("maximum", value) and schema.get(
        "exclusiveMinimum", value - 1
    ) < value < schema.get("exclusiveMaximum", value + 1)


def divisors(number: int) -> list[int]:
    return [each for each in range(1, number + 1) if number % each == 0]


def _shape(random: Random, x: TensorType) -> list[int]:
    """Factors of the number of elements."""
    left, sizes = x.elements, []
    for _ in range(random.randint(0, 2)):
        sizes.append(random.choice(divisors(left)))
        left //= sizes[-1]
    sizes.append(left)
    random.shuffle(sizes)
    if random.random() < 0.3:
        sizes[random.randrange(len(sizes))] = -1
    return sizes


def _places(random: Random, x: TensorType) -> list[int]:
    """A height and a width for as many tokens as there are."""
    height = random.choice(divisors(x.shape[0]))
    return [height, x.shape[0] // height]


def _divisor(random: Random, x: TensorType) -> int:
    return random.choice(divisors(x.channels))


def _axes(random: Random, x: TensorType) -> list[int]:
    return random.sample(range(x.rank), x.rank)


def _sizes(random: Random, x: TensorType) -> Any:
    return _places(random, x) if x.layout == "last" and x.rank == 2 else random.choice(x.spatial or (1,))


def _parts(random: Random, x: TensorType) -> list[int] | None:
    if x.channels < 2:
        return None
    first = random.randint(1, x.channels - 1)
    return [first, x.channels - first]


def _window(random: Random, x: TensorType) -> list[int]:
    return [random.choice(divisors(size)) for size in x.spatial]


# What is rarely met by chance; anything else comes from the schema alone.
HINTS: Mapping[str, Callable[[Random, TensorType], Any]] = {
    "shape": _shape,
    "axes": _axes,
    "size": _sizes,
    "sizes": _parts,
    "window": _window,
    "groups": _divisor,
    "heads": _divisor,
    "count": _divisor,
    "kernel": lambda random, x: random.choice((1, 2, 3, 3)),
    "out": lambda random, x: random.choice((2, 3, 4, 4, 6, 8)),
    "squeeze": lambda random, x: random.choice((1, 2, 4)),
}
