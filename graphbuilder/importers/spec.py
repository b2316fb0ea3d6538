"""From calls to the text of a spec, and to the places that weights have in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError

from graphbuilder.analysis.inference import Inference
from graphbuilder.diagnostics.words import must
from graphbuilder.importers import telling
from graphbuilder.importers.defaults import Defaults
from graphbuilder.importers.growing import levelled
from graphbuilder.importers.nest import nest
from graphbuilder.importers.normalise import normalise
from graphbuilder.importers.places import Place, places
from graphbuilder.importers.recasting import Known, recast
from graphbuilder.importers.settled import Unsettled, settled
from graphbuilder.importers.sharing import share
from graphbuilder.importers.sizes import each, is_one
from graphbuilder.importers.templates import Template, Types, templates
from graphbuilder.importers.text import document
from graphbuilder.importers.traced import Call, Traced, Unexpressed
from graphbuilder.importers.units import with_units
from graphbuilder.importers.write import Writer, all_templates, name_templates
from graphbuilder.ir import Composite, Dialect, Op, OpError, TensorType, Value
from graphbuilder.ops import find
from graphbuilder.ops.dialects import DIALECTS

Table = dict[str, Any]

_CONVOLUTIONS = ("conv", "dwconv", "sepconv")
_LAID_OUT = 'if an input has its channels last, say so: layout="channels_last", or --layout channels_last'


@dataclass(frozen=True)
class Written:
    """A spec as text.

    Attributes:
        places: where the weights of each layer are here.
        blocks: how many blocks there are.
        repeats: how many steps are repeats.
    """

    text: str
    places: list[Place]
    blocks: int
    repeats: int


def written(model: Traced, name: str, origin: str) -> Written:
    """The spec of ``model``.

    Args:
        name: what it is called.
        origin: where it comes from, for the comment at its head.

    Raises:
        CompileError: GB801, over what the catalogue does not have.
    """
    model, line = levelled(_computing(normalise(model)))
    dialect = DIALECTS[model.source]
    model, ops, types = _typed(model, dialect)
    norm = _norm(ops)
    body = nest(model, ops)
    share(body, types, ops, dialect)
    heads = {model.outputs[name].node for name in model.training}
    root = templates(with_units(body, heads), types, norm)
    blocks = name_templates(root)
    defaults = Defaults([root, *blocks], dialect, norm)
    writer = Writer(model, root, defaults, line)
    head = {"format": 1, "name": name, "dialect": model.source}
    tables: list[tuple[str, Mapping[str, Any], str]] = [
        ("", head, ""),
        ("params", writer.params.values, ""),
        ("inputs", _inputs(model, writer.params.values), ""),
        ("defaults", defaults.table, ""),
    ]
    comments = {f"blocks.{block.name}": _comment(block) for block in all_templates(root)}
    tables += [(title, table, comments.get(title, "")) for title, table in writer.tables()]
    without = "".join(f", {said}" for said in (telling.without(model), telling.uncalled(model)) if said)
    fixed = f"; {telling.fixed(model)}" if model.fixed else ""
    more = (_sentence(told) for told in (telling.folded(model), telling.otherwise(model)))
    text = document(tables, f"Imported from {origin}{without}{fixed}", *more)
    return Written(text, places(root), len(blocks), text.count("repeat = "))


def _computing(model: Traced) -> Traced:
    """A model that gives what it gets, with a step that says so: a body has one at least."""
    if model.calls:
        return model
    calls = [Call(f"#{name}", "identity", {}, (value,)) for name, value in model.outputs.items()]
    outputs = {name: Value(call.name) for name, call in zip(model.outputs, calls, strict=True)}
    return replace(model, calls=calls, outputs=outputs)


def _typed(model: Traced, dialect: Dialect) -> tuple[Traced, dict[str, Op], Types]:
    """The model with what types alone tell, the op of each call, and the type of each value."""

    def typed(call: Call, inputs: tuple[TensorType, ...]) -> list[Known]:
        call = settled(call, inputs, is_last=model.source == "torch")
        op = _op(call, usual, inputs if model.follows else ())
        callee = op.body(inputs, dialect) if isinstance(op, Composite) else op
        results = zip(op.results(), inference.results(callee, inputs), strict=True)
        return [Known(call, op, {Value(call.name, port): type_ for port, type_ in results})]

    unexpressed = Unexpressed()
    remedy = _LAID_OUT if model.source == "torch" and any(map(_seems_last, model.inputs.values())) else None
    usual = "same" if model.follows else _usual_padding(model.calls)
    inference = Inference()
    ops: dict[str, Op] = {}
    types: dict[Value, TensorType] = {Value(name): type_ for name, type_ in model.inputs.items()}
    calls: list[Call] = []
    for call in model.calls:
        inputs = tuple(types[value] for value in call.inputs if value in types)
        if len(inputs) < len(call.inputs):
            continue  # what it reads is told already
        try:
            for each in recast(call, inputs, typed) if model.source == "torch" else typed(call, inputs):
                calls.append(each.call)
                ops[each.call.name] = each.op
                types.update(each.results)
        except Unsettled as error:
            unexpressed.add(str(error), call.where, remedy)
        except (ValidationError, OpError) as error:
            unexpressed.add(f"`{call.op}` refuses: {_reason(error)}", call.where, remedy)
    unexpressed.raise_if_any()
    return replace(model, calls=calls), ops, types


def _seems_last(type_: TensorType) -> bool:
    """Whether an input that was not said to have its channels last may well have them there."""
    return type_.layout == "first" and type_.rank > 1 and (type_.rank == 2 or type_.shape[-1] < type_.shape[0])


def _usual_padding(calls: Sequence[Call]) -> str:
    """The commonest padding in words of convolutions that any padding makes another."""
    words = Counter(call.args["padding"] for call in calls if call.op in _CONVOLUTIONS and not _is_free(call.args))
    return max(("valid", "half", "same"), key=lambda word: words[word])


def _is_free(args: Mapping[str, Any]) -> bool:
    """Whether padding is not a word, or every word comes to nothing: the kernel is one place."""
    return not isinstance(args["padding"], str) or is_one(args["kernel"])


def _op(call: Call, usual: str, inputs: Sequence[TensorType]) -> Op:
    """The op of a call.

    Args:
        usual: the padding of a kernel of one place, which has none whatever it says.
        inputs: what it reads, where padding that is what "same" comes to is to be "same".
    """
    found = find(call.op)
    assert found is not None, call.op
    padding = call.args.get("padding")
    if call.op in _CONVOLUTIONS and isinstance(padding, str) and _is_free(call.args):
        return found.model_validate({**call.args, "padding": usual})
    if inputs and padding and _is_same(call.args, inputs[0].spatial):
        return found.model_validate({**call.args, "padding": "same"})
    return found.model_validate(call.args)


def _is_same(args: Mapping[str, Any], sizes: Sequence[int]) -> bool:
    """Whether padding in numbers, or that of half a kernel, is what "same" adds before and behind on each axis."""
    kernel, stride, dilation = (each(args.get(name, 1), len(sizes)) for name in ("kernel", "stride", "dilation"))
    reach = [(width - 1) * apart for width, apart in zip(kernel, dilation, strict=True)]
    total = [
        max((-(-size // step) - 1) * step + span + 1 - size, 0)
        for size, span, step in zip(sizes, reach, stride, strict=True)
    ]
    half = [[span // 2] * 2 for span in reach] if args["padding"] == "half" else None
    return (half or args["padding"]) == [[sides // 2, sides - sides // 2] for sides in total]


def _reason(error: ValidationError | OpError) -> str:
    if isinstance(error, OpError):
        return error.message
    fault = error.errors(include_url=False)[0]
    return f"{'.'.join(map(str, fault['loc'][:1]))} {must(fault)}"


def _norm(ops: Mapping[str, Op]) -> Table:
    """The arguments of the commonest batch norm."""
    norms = Counter(tuple(op) for op in ops.values() if op.op == "batchnorm")
    return dict(norms.most_common(1)[0][0]) if norms else {}


def _inputs(model: Traced, params: Mapping[str, Any]) -> Table:
    return {name: _input(type_, "=size" if "size" in params else None) for name, type_ in model.inputs.items()}


def _input(type_: TensorType, size: str | None) -> Any:
    sizes: list[Any] = [size or each for each in type_.spatial]
    if type_.layout == "first":
        return [type_.channels, *sizes]
    return {"shape": [*sizes, type_.channels], "layout": "channels_last"}


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _comment(template: Template) -> str:
    """Which parts of the model a block stands for, where they have names."""
    names = list(dict.fromkeys(body.name for body in template.members if body.name and not body.name.isdecimal()))
    if len(names) != len(template.members) or not names:
        return f"{len(template.members)} places" if len(template.members) > 1 else ""
    if len(names) > 4:
        return f"{names[0]} to {names[-1]}, {len(names)} places"
    return ", ".join(names)
