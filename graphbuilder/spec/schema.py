"""JSON Schema of the language, for editors: what may stand where, and what it means.

Draft 7, since that is what editors read for TOML. It says what a form can say; the rules and everything that needs a
computation stay the compiler's. Ops are given, since none is known here.

Where editors mark a mistake is ``marking``'s; no table of the file itself must be there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from graphbuilder.spec import initial, marking
from graphbuilder.spec.initial import Initialisers
from graphbuilder.spec.marking import EXPRESSION, UNEXPECTED, UNKNOWN
from graphbuilder.spec.model import FORMULA, Spec, Step
from graphbuilder.spec.names import PATTERN

Schema = dict[str, Any]

_NAME = {"pattern": f"^{PATTERN.pattern}$"}
# Tombi shows the faults of all choices that are as near: beside named choices, this one is further than they are.
_OTHER_FORMULA = {"not": {"not": EXPRESSION}}
_OPEN = {"additionalProperties": True}  # unless it is said, tombi warns of every key
_STEPS = {"type": "array", "items": {"$ref": "#/definitions/Step"}}
# What the models of the grammar do not hold, since the loader takes it away, and what is said of it.
EXTENSION = {
    "extends": "The spec that this one changes, beside it or below.",
    "steps": 'Changes to steps of that spec, by the path of their ids: `"middle.last" = { when = false }`.',
}
INSERTED = {"before": "Steps to insert ahead of this one.", "after": "Steps to insert behind this one."}
_OP = {"required": ["op"], **_OPEN}
_USE = {"required": ["use"], "not": _OP, **_OPEN}
_NOT_BOTH: Schema = {"if": _OP, "then": {"properties": {"use": UNEXPECTED}, **_OPEN}}
_RUNS: tuple[Schema, ...] = (
    _NOT_BOTH,
    {"if": _OP, "then": {"properties": {"init": initial.BY_WEIGHT, **dict.fromkeys(INSERTED, UNEXPECTED)}, **_OPEN}},
    {"if": _USE, "then": {"properties": {"init": initial.BY_OP}, **_OPEN}},
    {
        "if": {"not": {"anyOf": [{"required": [word]} for word in ("op", "use", "share")]}},
        "then": {"$ref": "#/definitions/misses_op_1"},
    },
)
# A step with the arguments that its op takes and no others. Editors look for what to complete and to show in plain
# properties, and validators decide by conditions: so every argument stands in both.
_BY_OP: Schema = {"$ref": "#/definitions/op_arguments"}
_WORDS = tuple(field.alias or name for name, field in Step.model_fields.items())


def schema(ops: Mapping[str, Mapping[str, Any]], initialisers: Initialisers) -> Schema:
    """The JSON Schema of a spec.

    Args:
        ops: by name, the JSON Schema of an op's own class: its docstring as description, its arguments as properties.
        initialisers: what weights are filled with, and their names.
    """
    root = _draft7(Spec.model_json_schema(by_alias=True))
    definitions = root.pop("definitions")
    described = {name: _arguments(name, op, definitions) for name, op in sorted(ops.items())}
    arguments = _shared(described, definitions)
    definitions["expression"] = FORMULA
    definitions.update(marking.definitions())
    settings = {name: _or_expression(each) for name, each in initialisers.settings.items()}
    definitions.update(initial.definitions(settings, initialisers.weights, arguments))
    step = _words(definitions["Step"], ops, arguments)
    definitions["op_arguments"] = {"allOf": [_condition(name, own) for name, own in arguments.items()], **_OPEN}
    definitions["Step"] = marking.value(
        {**step, "properties": {**_mentions(ops), **step["properties"]}, "allOf": [*_RUNS, _BY_OP]}
    )
    definitions["Change"] = marking.value(_change(step))
    definitions["Body"] = marking.value(definitions["Body"])
    definitions["Block"] = marking.value(definitions["Block"])
    definitions["InputType"] = marking.value(_input(definitions["InputType"]))
    definitions["Output"] = marking.value(_output(definitions["Output"]))
    definitions["Param"] = marking.value(_param(definitions["Param"]))
    _file(root, described, arguments)
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "A network of graphbuilder",
        **marking.table(root),
        "type": "object",
        "definitions": dict(sorted(definitions.items())),
    }


def _file(root: Schema, described: Mapping[str, Schema], arguments: Mapping[str, Schema]) -> None:
    """What the loader takes away before there is a ``Spec``, and what it knows of keys."""
    properties: Schema = root["properties"]
    properties["extends"] = {"type": "string", "description": EXTENSION["extends"]}
    properties["steps"] = {
        "type": "object",
        "description": EXTENSION["steps"],
        "additionalProperties": {"$ref": "#/definitions/Change"},
    }
    for named in ("params", "inputs", "blocks", "outputs"):
        properties[named]["patternProperties"] = {_NAME["pattern"]: properties[named]["additionalProperties"]}
        properties[named]["additionalProperties"] = UNEXPECTED
    properties["defaults"]["properties"] = {
        name: marking.shown_and_judged(own, arguments[name]) for name, own in described.items()
    }
    properties["defaults"]["additionalProperties"] = UNKNOWN
    properties["init"]["properties"] = dict.fromkeys(arguments, initial.BY_WEIGHT)
    properties["init"]["additionalProperties"] = UNKNOWN
    del root["required"]


def _input(table: Schema) -> Schema:
    shape = table["properties"]["shape"]
    return {"anyOf": [shape, table], "description": table["description"]}


def _param(table: Schema) -> Schema:
    del table["required"]  # the default may be inherited
    declaration = {**table, "minProperties": 1}
    return {"anyOf": [*table["properties"]["default"]["anyOf"], declaration], "description": table["description"]}


def _output(table: Schema) -> Schema:
    return {"anyOf": [{"type": "string"}, table], "description": table["description"]}


def _words(step: Schema, ops: Mapping[str, Mapping[str, Any]], arguments: Mapping[str, Schema]) -> Schema:
    """A step with the words that any may carry."""
    words: Schema = step["properties"]
    words["op"] = {
        **words["op"],
        "enum": list(arguments),
        "x-taplo": {"docs": {"enumValues": [_first_line(ops[name]) for name in arguments]}},
    }
    words["id"] = {**words["id"], **_NAME}
    words["init"] |= _OPEN
    return step


def _change(step: Schema) -> Schema:
    """What changes a step: its words, whatever its arguments are, and steps beside it."""
    inserted = {word: {**_STEPS, "description": told} for word, told in INSERTED.items()}
    init = {"properties": {"init": initial.CHANGED}, **_OPEN}
    return {**step, "properties": {**step["properties"], **inserted}, "allOf": [_NOT_BOTH, init, _BY_OP]}


def _condition(name: str, arguments: Schema) -> Schema:
    known: Schema = {**arguments, **{word: {} for word in (*_WORDS, *INSERTED)}}
    taken: Schema = {"properties": known, "additionalProperties": UNKNOWN}
    return {"if": {"required": ["op"], "properties": {"op": {"const": name}}}, "then": taken}


def _mentions(ops: Mapping[str, Mapping[str, Any]]) -> Schema:
    """For every argument of any op, which ops have it and what each says of it."""
    said: dict[str, dict[str, list[str]]] = {}
    for op, own in sorted(ops.items()):
        for name, argument in own.get("properties", {}).items():
            said.setdefault(name, {}).setdefault(str(argument.get("description", "")), []).append(op)
    return {name: {"description": _told(by_text), **_OPEN} for name, by_text in sorted(said.items())}


def _told(by_text: Mapping[str, list[str]]) -> str:
    return "\n\n".join(f"{', '.join(ops)}: {text}" if text else ", ".join(ops) for text, ops in by_text.items())


def _first_line(op: Mapping[str, Any]) -> str:
    return str(op.get("description", "")).partition("\n")[0]


def _arguments(name: str, op: Mapping[str, Any], definitions: Schema) -> Schema:
    """The arguments of an op, each of which may be an expression; its own definitions go to the common ones."""
    own = _draft7(op, prefix=f"{name}.")
    definitions.update({f"{name}.{key}": _with_expressions(each) for key, each in own.get("definitions", {}).items()})
    return {key: _or_expression(argument) for key, argument in own.get("properties", {}).items()}


def _shared(described: Mapping[str, Schema], definitions: Schema) -> dict[str, Schema]:
    """References to what arguments may be, by op; those that may be the same have one definition, by the first."""
    found: dict[str, Schema] = {}
    arguments: dict[str, Schema] = {}
    for op, own in described.items():
        values = {name: marking.value(marking.undescribed(argument)) for name, argument in own.items()}
        arguments[op] = {
            name: found.setdefault(str(value), {"$ref": f"#/definitions/{op}.{name}"}) for name, value in values.items()
        }
        names = {f"#/definitions/{op}.{name}": name for name in values}
        mine = (reference["$ref"] for reference in arguments[op].values() if reference["$ref"] in names)
        definitions.update({f"{op}.{names[each]}": values[names[each]] for each in mine})
    return arguments


def _or_expression(value: Schema) -> Schema:
    """``value``, or an expression in its place; the items of a list too."""
    about = {key: value[key] for key in ("description", "default") if key in value}
    rest = {key: item for key, item in value.items() if key not in about}
    choices = rest["anyOf"] if set(rest) == {"anyOf"} else [rest]
    formula = _OTHER_FORMULA if any("enum" in choice for choice in choices) else EXPRESSION
    return {"anyOf": [*(_with_expressions(choice) for choice in choices), formula], **about}


def _with_expressions(value: Schema) -> Schema:
    """``value``, with expressions for what is in it."""
    items = value.get("items")
    if isinstance(items, dict):
        return {**value, "items": _or_expression(cast("Schema", items))}
    if isinstance(items, list):
        return {**value, "items": [_or_expression(item) for item in cast("list[Schema]", items)]}
    return value


_RENAMED = {"$defs": "definitions", "prefixItems": "items"}


def _draft7(value: Any, prefix: str = "") -> Any:
    """What pydantic writes (draft 2020-12) as draft 7, without its titles and without nulls, which TOML has not."""
    if isinstance(value, list):
        return [_draft7(item, prefix) for item in cast("list[Any]", value) if item != {"type": "null"}]
    if not isinstance(value, Mapping):
        return value
    rows = cast("Mapping[str, Any]", value)
    kept = {key: item for key, item in rows.items() if not _dropped(key, item)}
    made = _plain({_RENAMED.get(key, key): _draft7(item, prefix) for key, item in kept.items()}, prefix)
    return {**made, "additionalProperties": UNKNOWN} if made.get("additionalProperties") is False else made


def _dropped(key: str, value: object) -> bool:
    """A title of pydantic's making, or a default that is none; a property may well be called ``title``."""
    return (key == "title" and isinstance(value, str)) or (key == "default" and value is None)


def _plain(schema: Schema, prefix: str) -> Schema:
    """A single choice as itself; a reference to the common definitions, alone, since its neighbours would not count."""
    choices = schema.get("anyOf")
    if isinstance(choices, list) and len(cast("list[Schema]", choices)) == 1:
        schema = {**choices[0], **{key: value for key, value in schema.items() if key != "anyOf"}}
    reference = schema.pop("$ref", None)
    if not isinstance(reference, str):
        return schema
    reference = {"$ref": f"#/definitions/{prefix}{reference.rpartition('/')[2]}"}
    return {"allOf": [reference], **schema} if schema else reference
