"""The catalogue as text: its ops by family, and the reference of one. All of it is read off the declarations."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from inspect import getdoc
from textwrap import fill
from typing import Any, cast

from graphbuilder.analysis.inference import Inference
from graphbuilder.analysis.weights import walk
from graphbuilder.document.writing import value
from graphbuilder.ir import Composite, Example, Op, TensorType, Weight
from graphbuilder.ops.dialects import DIALECTS, TORCH

WIDTH = 100
_WEIGHTS = "Weights, with their shapes in the first example that has them"
_BESIDE = 24  # columns, below which a description stands under its name and not beside it
_END = re.compile(r"(?<!\.)\. (?=[A-Z`])")  # of a sentence, and not of an ellipsis
_KINDS = {"integer": "integer", "number": "number", "boolean": "true | false", "string": "text", "array": "list"}


def listing(ops: Mapping[str, type[Op]], width: int | None = None) -> str:
    """Every op with the first sentence of its description, by family; folded to ``width``, or a line each."""
    families: dict[str, list[type[Op]]] = {}
    for op in ops.values():
        families.setdefault(op.family, []).append(op)
    names = max(map(len, ops))
    parts = ["\n".join([family, *(_entry(op, names, width) for op in ops)]) for family, ops in families.items()]
    return "\n\n".join(parts) + "\n"


def reference(op: type[Op], width: int = WIDTH) -> str:
    """What an op does, its arguments, its inputs, the names of its weights, and examples with their shapes."""
    told = [*_paragraphs(op, width), *_arguments(op, width), _ports(op, width), *_weights(op, width)]
    parts = [f"{op.op}: {op.family}", *told, *_examples(op, width)]
    return "\n\n".join(parts) + "\n"


def argument(op: type[Op], name: str, width: int = WIDTH) -> str:
    """What the reference says of one argument: its kind, its default, what it means."""
    return "\n".join(_argument(op, name, properties(op)[name], width))


@cache
def properties(op: type[Op]) -> Mapping[str, Mapping[str, Any]]:
    """The JSON Schema of each argument of an op; to make it takes milliseconds."""
    return op.model_json_schema().get("properties", {})


def _entry(op: type[Op], names: int, width: int | None) -> str:
    start = f"  {op.op:{names}}  "
    if width is None:
        return start + sentence(op)
    if width - len(start) < _BESIDE:
        return f"  {op.op}\n{fill(sentence(op), width, initial_indent=' ' * 6, subsequent_indent=' ' * 6)}"
    return fill(sentence(op), width, initial_indent=start, subsequent_indent=" " * len(start))


def sentence(op: type[Op]) -> str:
    """The first sentence of an op's description."""
    first = _plain(getdoc(op) or "").split("\n\n")[0].replace("\n", " ")
    return _END.split(first)[0].rstrip(".")


def _paragraphs(op: type[Op], width: int) -> Iterator[str]:
    return (fill(part, width) for part in _plain(getdoc(op) or "").split("\n\n"))


def _plain(text: str) -> str:
    return text.replace("``", "`")


def _arguments(op: type[Op], width: int) -> Iterator[str]:
    lines = [line for name, schema in properties(op).items() for line in _argument(op, name, schema, width)]
    if lines:
        yield "\n".join(["Arguments", *lines])


def _argument(op: type[Op], name: str, schema: Mapping[str, Any], width: int) -> Iterator[str]:
    yield _folded(f"{name}: {_kind(schema)}{_default(op, name)}", width)
    yield fill(schema.get("description", ""), width, initial_indent=" " * 6, subsequent_indent=" " * 6)


def _kind(schema: Mapping[str, Any]) -> str:
    if "anyOf" in schema:
        kinds = [_kind(each) for each in cast("list[dict[str, Any]]", schema["anyOf"]) if each.get("type") != "null"]
        return " | ".join(dict.fromkeys(kinds))
    if "enum" in schema:
        return " | ".join(map(value, cast("list[Any]", schema["enum"])))
    return _KINDS.get(schema.get("type", ""), "any value")


def _default(op: type[Op], name: str) -> str:
    field = op.model_fields[name]
    if field.is_required():
        return " (required)"
    default = field.get_default(call_default_factory=True)
    others = [
        f"{value(each.defaults_of(op.op)[name])} in dialect {each.name}"
        for each in DIALECTS.values()
        if name in each.defaults_of(op.op)
    ]
    said = [*([value(default)] if default is not None else []), *others]
    return f" = {', '.join(said)}" if said else ""


def _folded(line: str, width: int) -> str:
    """An entry of a list; a word that is too long is left whole."""
    return fill(
        line, width, initial_indent="  ", subsequent_indent=" " * 6, break_long_words=False, break_on_hyphens=False
    )


def _ports(op: type[Op], width: int) -> str:
    if op.variadic:
        return "Inputs: any number"
    needed = len(op.ports) - op.optional
    names = [name if index < needed else f"{name} (may be left out)" for index, name in enumerate(op.ports)]
    return fill(f"Inputs: {', '.join(names)}", width)


def _weights(op: type[Op], width: int) -> Iterator[str]:
    """Every weight that any example has, as a state dict names it below a step, with its shape in the first such."""
    found: dict[str, tuple[Weight, Example]] = {}
    for example in op.examples:
        for name, weight in _named_weights(op.model_validate(example.args), example.inputs):
            found.setdefault(name, (weight, example))
    if found:
        lines = [_weight(op, name, *each) for name, each in found.items()]
        yield "\n".join([fill(_WEIGHTS, width), *(_folded(line, width) for line in lines)])


def _named_weights(op: Op, inputs: tuple[TensorType, ...]) -> Iterator[tuple[str, Weight]]:
    if isinstance(op, Composite):
        yield from walk(Inference().body(op.body(inputs, TORCH), inputs))
    else:
        yield from ((weight.name, weight) for weight in op.weights(inputs))


def _weight(op: type[Op], name: str, weight: Weight, example: Example) -> str:
    shape = "x".join(map(str, weight.shape)) or "one number"
    kind = "" if weight.trainable else ", a running statistic" if weight.counted else ", a count of batches"
    where = "" if example is op.examples[0] else f", in {_example(op, example)}"
    return f"{op.op}.{name}: {shape}{kind}{where}"


def _examples(op: type[Op], width: int) -> Iterator[str]:
    if op.examples:
        yield "\n".join(["Examples", *(_folded(_example(op, example), width) for example in op.examples)])


def _example(op: type[Op], example: Example) -> str:
    """The step as a spec has it, and its shapes."""
    step = value({"op": op.op, **example.args})
    outputs = _outputs(op.model_validate(example.args), example.inputs)
    return f"{step}    {_shapes(example.inputs)} -> {_shapes(outputs)}"


def _outputs(op: Op, inputs: tuple[TensorType, ...]) -> tuple[TensorType, ...]:
    return Inference().results(op.body(inputs, TORCH) if isinstance(op, Composite) else op, inputs)


def _shapes(types: tuple[TensorType, ...]) -> str:
    return ", ".join(map(str, types))
