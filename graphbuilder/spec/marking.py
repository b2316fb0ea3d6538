"""Where editors mark a mistake: a JSON Schema rewritten so that each is of one plain value, and is marked once.

An editor that shows the faults of a JSON Schema may underline what a fault is said of and everything in it, so a list
or table that is refused as a whole is marked as often as it has keys and values. Here none is. What may not be there is
refused at one plain value in it; what must be there is missed at one plain value beside it; and where a value may be
plain, a list or a table, a condition chooses by its kind, so that a fault inside it is said of the place inside.

Nothing is said of what a value may be: that is the caller's. Ties are possible in tables of names that begin alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, cast

Schema = dict[str, Any]


class Words(NamedTuple):
    """Keys of a table."""

    names: tuple[str, ...]

    def marked(self, fault: Schema) -> Schema:
        return {"properties": dict.fromkeys(self.names, fault), "additionalProperties": True}


class Pattern(NamedTuple):
    """Keys of a table, as a regular expression."""

    text: str

    def marked(self, fault: Schema) -> Schema:
        return {"patternProperties": {self.text: fault}, "additionalProperties": True}


Kinds = Sequence[Words | Pattern]

# What the caller defines.
EXPRESSION: Schema = {"$ref": "#/definitions/expression"}
# Names that editors show: in "... is not allowed for 3". Whatever named the key itself would be said of its table.
UNEXPECTED: Schema = {"$ref": "#/definitions/unexpected"}
UNKNOWN: Schema = {"$ref": "#/definitions/of_unknown_key"}
_PLAIN: Schema = {"$ref": "#/definitions/not_expected_here"}
_SEVERAL: Schema = {"$ref": "#/definitions/list_or_table"}
_LIST: Schema = {"type": "array"}
_TABLE: Schema = {"type": "object", "additionalProperties": True}
_CONTAINERS = ("array", "object")
_ABOUT = ("description", "default", "x-taplo")

# Which key of a table is marked: the first of these that any of its keys is of. Words of the language are one key each;
# other names are told apart by a digit that they end in, and by how they begin, the rarest beginnings first.
_WORDS = "op use id body kernel out default kind shape from name type size classes stage"
_ENDS = "[^A-Za-z].* [a-f].*1 .*1 [a-f].*2 .*2 .*3 .*[04-9]"
_BEGINNINGS = """
z q j y v k x u gr g en ex e no n o ta to t re ra r he hi h la le l in i fu f win wi w ar au a de di do dr d me mi m
ba bl be b pa po p cl con c sta st sc sh s [A-C] [D-L] [M-R] [A-Z]
"""
_WORD_KINDS = tuple(Words((word,)) for word in _WORDS.split())
_PATTERNS = tuple(Pattern(f"^{each}") for each in (*(f"{end}$" for end in _ENDS.split()), *_BEGINNINGS.split()))
# In groups, for the time that an editor takes over the conditions of a long one, and over a long chain of groups.
_ORDER = (_WORD_KINDS, *(_PATTERNS[start : start + 12] for start in range(0, len(_PATTERNS), 12)))
# The same for a step that does not say what it runs: a key that was meant as ``op``, then what the step is called.
_MEANT = "ops opp po Op OP operation operator layer type kind class class_name function module"
_CALLED = (Words(tuple(_MEANT.split())), Words(("id",)), Words(("name",)), Words(("title",)))


def definitions() -> Schema:
    """What the rewritten schemas refer to."""
    plain = {"type": ["string", "number", "boolean"]}
    return {
        "not_expected_here": plain,
        "unknown_key": plain,
        "without_op_or_use": plain,
        "list_or_table": {"anyOf": [_LIST, _TABLE]},
        "unexpected": {
            "not": _PLAIN,
            "items": [UNEXPECTED],
            "minItems": 1,
            "minProperties": 1,
            "additionalProperties": True,
            "if": _TABLE,
            "then": {"$ref": "#/definitions/unexpected_1"},
        },
        **_first("unexpected", _ORDER, UNEXPECTED, {"additionalProperties": UNEXPECTED}),
        **_first("misses_op", (_CALLED,), {"$ref": "#/definitions/misses_op"}, UNEXPECTED),
        "misses_op": _refused("without_op_or_use"),
        "of_unknown_key": _refused("unknown_key"),
    }


def _refused(name: str) -> Schema:
    """Any value refused, a plain one by the ``name`` of a definition."""
    return {"not": {"$ref": f"#/definitions/{name}"}, "if": _SEVERAL, "then": UNEXPECTED}


def _first(name: str, groups: Sequence[Kinds], fault: Schema, last: Schema) -> Schema:
    """Definitions, each of which refers to the next, by which ``fault`` is of the keys of the first kind that any key
    is of, and ``last`` of the table where none is."""
    made: Schema = {}
    for number, kinds in enumerate(groups, 1):
        following = {"$ref": f"#/definitions/{name}_{number + 1}"} if number < len(groups) else last
        first = [_unless(kinds[:index], kind.marked(fault)) for index, kind in enumerate(kinds)]
        made[f"{name}_{number}"] = {**_unless(kinds, following), "else": {"allOf": first, "additionalProperties": True}}
    return made


def _unless(kinds: Kinds, schema: Schema) -> Schema:
    """``schema`` of a table, unless a key of it is of one of ``kinds``: all words, or all patterns."""
    if not kinds:
        return schema
    words = [name for kind in kinds if isinstance(kind, Words) for name in kind.names]
    pattern = "|".join(kind.text for kind in kinds if isinstance(kind, Pattern))
    none = {"propertyNames": {"not": {"enum": words} if words else {"pattern": pattern}}, **_TABLE}
    return {"if": none, "then": schema, "additionalProperties": True}


def value(schema: Schema) -> Schema:
    """A schema of one value, whose faults are each of one plain value in it."""
    if "if" in schema:  # that is so already
        return schema
    about, rest = _about(schema), undescribed(schema)
    if "anyOf" not in rest and "type" not in rest:
        return schema
    choices = _choices(rest)
    if any("allOf" in choice and "type" not in choice for choice in choices):
        return schema
    lists = [choice for choice in choices if choice.get("type") == "array"]
    tables = [choice for choice in choices if choice.get("type") == "object"]
    plain = [choice for choice in choices if choice not in lists and choice not in tables]
    if not plain:
        return {**_container(lists, tables), **about}
    shown = [_LIST, *map(_shown, tables)] if tables else [_SEVERAL]
    several = _container(lists, tables) if lists or tables else UNEXPECTED
    open_ = {"additionalProperties": True} if tables else {}
    return {"anyOf": [*plain, *shown], "if": _SEVERAL, "then": several, **open_, **about}


def shown_and_judged(described: Schema, judged: Schema) -> Schema:
    """A table whose keys are ``described``, and may be what they are in ``judged``: no others."""
    return {
        "properties": {name: _shown_word(each) for name, each in described.items()},
        "additionalProperties": UNKNOWN,
        "type": ["object", "array"],
        "if": _LIST,
        "then": UNEXPECTED,
        "else": {"properties": judged, "additionalProperties": True},
    }


def undescribed(schema: Schema) -> Schema:
    """What it says of a value, without what is shown of it."""
    return {key: item for key, item in schema.items() if key not in _ABOUT}


def _container(lists: list[Schema], tables: list[Schema]) -> Schema:
    """A list or a table, judged by what it is."""
    if lists and tables:
        judged = {"if": _LIST, "then": _items(lists), "else": table(tables[0])}
        return {**judged, "type": ["object", "array"], "additionalProperties": True}
    if tables:
        return {**table(tables[0]), "type": ["object", "array"], "if": _LIST, "then": UNEXPECTED}
    if len(lists) > 1:
        return {
            "if": _LIST,
            "then": _items(lists),
            "else": UNEXPECTED,
            "type": ["object", "array"],
            "additionalProperties": True,
        }
    return {**_list(lists[0]), "type": ["object", "array"], "if": _TABLE, "then": UNEXPECTED}


def _items(lists: list[Schema]) -> Schema:
    """A list; where there is one of lists and one of others, by the kind of its first item."""
    if len(lists) == 1:
        return _list(lists[0])
    other, nested = sorted(lists, key=_holds_lists)
    return {"if": {**_LIST, "items": [_LIST]}, "then": _list(nested), "else": _list(other)}


def _holds_lists(schema: Schema) -> bool:
    items = schema["items"]
    each = cast("list[Schema]", items if isinstance(items, list) else [items])
    return any(choice.get("type") == "array" for item in each for choice in _choices(item))


def _choices(schema: Schema) -> list[Schema]:
    return schema.get("anyOf", [schema])


def _list(schema: Schema) -> Schema:
    kept = {**{key: item for key, item in schema.items() if key not in ("type", "items")}, "additionalProperties": True}
    items = schema.get("items")
    if isinstance(items, list):
        return _tuple(kept, cast("list[Schema]", items))
    if items is None:
        return kept
    item = cast("Schema", items)
    return {**kept, **_plain_items(item)} if all(map(_is_plain, _choices(item))) else {**kept, "items": value(item)}


def _plain_items(item: Schema) -> Schema:
    """Of a list of plain values: one that begins with a list or table is refused as a whole, else each that is one."""
    nested = {"items": [_SEVERAL], "minItems": 1}
    refused = {"if": nested, "then": {"items": [UNEXPECTED]}, "else": {"items": value(item)}}
    return {"items": {"additionalProperties": True}, "allOf": [refused]}


def _is_plain(choice: Schema) -> bool:
    return choice == EXPRESSION or "not" in choice or choice.get("type", "array") not in _CONTAINERS


def _tuple(kept: Schema, items: list[Schema]) -> Schema:
    """A list of so many: the first behind them is one too many, and the first of too few is marked for those."""
    return {
        **{key: item for key, item in kept.items() if key != "maxItems"},
        "items": [value(each) for each in items],
        "additionalItems": UNEXPECTED,
        "minItems": 1,
        "allOf": [{"if": {"maxItems": len(items) - 1}, "then": {"items": [UNEXPECTED]}}],
    }


def table(schema: Schema) -> Schema:
    """A table, whose words are each judged by a condition, so that a list in the place of a word is marked once."""
    properties = cast("dict[str, Schema]", schema.get("properties", {}))
    words = {name: each for name, each in properties.items() if _is_word(each)}
    shown = {name: _shown_word(each) if name in words else value(each) for name, each in properties.items()}
    rules = [*(_judged(name, each) for name, each in words.items()), *schema.get("allOf", [])]
    kept = {key: item for key, item in schema.items() if key not in ("type", "required", "properties", "allOf")}
    more = schema.get("additionalProperties")
    if isinstance(more, dict):
        kept["additionalProperties"] = value(cast("Schema", more))
    judged = [*rules, *_needed(schema)]
    return {**kept, "properties": shown, **({"allOf": judged} if judged else {})}


def _is_word(schema: Schema) -> bool:
    return "if" not in schema and schema.get("type", "array") not in _CONTAINERS


def _shown_word(schema: Schema) -> Schema:
    rest = undescribed(schema)
    choices = [_LIST if each.get("type") == "array" else each for each in _choices(rest)]
    return {
        "anyOf": [*(each for index, each in enumerate(choices) if each not in choices[:index]), {}],
        **_about(schema),
    }


def _about(schema: Schema) -> Schema:
    return {key: schema[key] for key in _ABOUT if key in schema}


def _judged(name: str, schema: Schema) -> Schema:
    told = undescribed(schema)
    if "enum" in told or "const" in told:
        del told["type"]
    several = {"required": [name], "properties": {name: _SEVERAL}, **_TABLE}
    judged = ({"properties": {name: each}, "additionalProperties": True} for each in (UNEXPECTED, told))
    return {"if": several, **dict(zip(("then", "else"), judged, strict=True))}


def _shown(schema: Schema) -> Schema:
    """A table in which everything may stand, for what it says of its keys."""
    properties = cast("dict[str, Schema]", schema.get("properties", {}))
    return {**_TABLE, "properties": {name: _shown_word(each) for name, each in properties.items()}}


def _needed(schema: Schema) -> Iterable[Schema]:
    """Where a key is not there that must be: its neighbours are marked, were there no neighbour the table."""
    required = cast("list[str]", schema.get("required", []))
    others = [name for name in schema.get("properties", {}) if name not in required]
    if required:
        yield {"minProperties": 1, "additionalProperties": True}
    for index, other in enumerate(others if required else []):
        alone = {"propertyNames": {"enum": others[index:]}, **_TABLE}
        yield {"if": alone, "then": {"properties": {other: UNEXPECTED}, "additionalProperties": True}}
