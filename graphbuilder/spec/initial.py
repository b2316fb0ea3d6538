"""What ``init`` may be, for the JSON Schema: one initialiser, those by weight, and those by op.

They are told apart as the compiler does: a table that says a kind or a setting is one, any other is by name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from graphbuilder.spec import marking
from graphbuilder.spec.marking import UNEXPECTED, UNKNOWN

Schema = dict[str, Any]

ONE: Schema = {"$ref": "#/definitions/Initialiser"}
BY_WEIGHT: Schema = {"$ref": "#/definitions/initialisers_by_weight"}
BY_OP: Schema = {"$ref": "#/definitions/initialisers_by_op"}
CHANGED: Schema = {"$ref": "#/definitions/initialisers_changed"}
_OPEN = {"additionalProperties": True}
_TABLE: Schema = {"type": "object", **_OPEN}


class Initialisers(NamedTuple):
    """What there is to initialise with.

    Attributes:
        settings: the JSON Schema of each word of an initialiser, ``kind`` among them.
        weights: the names of all weights.
    """

    settings: Mapping[str, Schema]
    weights: Sequence[str]


def definitions(settings: Mapping[str, Schema], weights: Iterable[str], ops: Iterable[str]) -> Schema:
    """The definitions that the references above are to.

    Args:
        settings: as of ``Initialisers``, each with expressions in its place.
    """
    table = {"type": "object", "properties": {**settings}, "additionalProperties": UNKNOWN}
    constant = {"required": ["kind"], "properties": {"kind": {"const": "constant"}}, "not": {"required": ["value"]}}
    needs_value = {"if": {**constant, **_OPEN}, "then": {"properties": {"kind": UNEXPECTED}, **_OPEN}}
    whole = {**table, "required": ["kind"], "allOf": [needs_value]}
    is_one = _is_one(settings)
    by_name = {**_TABLE, "not": is_one}
    wrong = {"anyOf": [{"type": "array"}, is_one], **_OPEN}
    kinds = settings["kind"]["anyOf"]
    settings_only = {"$ref": "#/definitions/initialiser_settings"}
    return {
        "Initialiser": marking.value({"anyOf": [*kinds, whole]}),
        "initialiser_settings": marking.value(table),
        "initialisers_by_weight": _judged(kinds, {"if": by_name, "then": _named(weights, ONE), "else": ONE, **_OPEN}),
        "initialisers_by_op": {"if": wrong, "then": UNEXPECTED, "else": _named(ops, BY_WEIGHT), **_OPEN},
        "initialisers_changed": _judged(
            kinds, {"if": by_name, "then": _named([*weights, *ops], BY_WEIGHT), "else": settings_only, **_OPEN}
        ),
    }


def _judged(plain: Sequence[Schema], several: Schema) -> Schema:
    """A value that may be ``plain``; where it is a list or table, ``several``."""
    containers = {"type": ["array", "object"], **_OPEN}
    return {"anyOf": [*plain, containers], "if": containers, "then": several, **_OPEN}


def _is_one(settings: Iterable[str]) -> Schema:
    """A table that says the kind of an initialiser, or a setting, which no table is: a weight may have its name."""
    plain = ["string", "number", "boolean"]
    said = [{"required": [name], "properties": {name: {"type": plain}}, **_OPEN} for name in settings]
    return {**_TABLE, "anyOf": said}


def _named(names: Iterable[str], each: Schema) -> Schema:
    """A table by ``names``."""
    pattern = "|".join(re.escape(name) for name in dict.fromkeys(names))
    return {"type": "object", "patternProperties": {f"^({pattern})$": each}, "additionalProperties": UNKNOWN}
