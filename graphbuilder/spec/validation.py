"""What pydantic refuses, as coded diagnostics: one a mistake, at its very key, in the words of TOML."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple, cast

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from graphbuilder.diagnostics import Diagnostic, Meant, Remedy, Sink
from graphbuilder.diagnostics.catalogue.grammar import MissingKey, UnknownFormat, UnknownKey, WrongType, WrongWord
from graphbuilder.diagnostics.nearest import meant, nearest
from graphbuilder.diagnostics.words import TYPES, either, literals
from graphbuilder.document import Document, Place
from graphbuilder.spec.arithmetic import kind_of
from graphbuilder.spec.expressions import Expression
from graphbuilder.spec.mending import Mending
from graphbuilder.spec.merged import EXTENSION_KEYS, Keys, Merged, own
from graphbuilder.spec.model import Block, Body, InputType, Output, Param, Spec
from graphbuilder.spec.repairs import BOOLEANS, FORMAT, repair, word_meant
from graphbuilder.spec.unknown import POISON

_QUOTE = '"'
_ATTEMPTS = 5
# Of pydantic's errors, of which a mistake has several, those that are looked at: more of them are not worth the room.
_MOST = 10_000
# Lists of steps.
_STEPS = (("before",), ("body",), ("after",), ("shortcut",))

_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,8})", re.ASCII)
_EMPTY = ("too_short", "string_too_short")
_EXAMPLES = {
    "format": "add `format = 1`",
    "name": 'add `name = "..."`',
    "inputs": "add a table: `[inputs]` and in it `image = [3, 224, 224]`",
    "model": "add a table: `[model]` and in it `body = [...]`",
    "body": 'add `body = [{ op = "..." }]`',
    "shape": "add `shape = [3, 224, 224]`",
    "from": 'add `from = "..."`, the step that gives it',
    "default": "add `default = ...`, its value unless it is set; a param is a plain value, or a table with it",
}


class _Fault(NamedTuple):
    """One of pydantic's errors; ``tagged`` when it is about one alternative of several."""

    keys: Keys
    tagged: bool
    details: ErrorDetails


def validated(document: Document, mending: Mending, sink: Sink, *, whole: bool = True) -> Spec | None:
    """The values as a ``Spec``, after reporting and mending all that is wrong with them; None where that is in vain.

    Args:
        whole: whether what is missing is missing indeed, and not in a file that could not be had.
    """
    for attempt in range(_ATTEMPTS):
        try:
            return Spec.model_validate(mending.data)
        except ValidationError as error:
            many = error.error_count() > _MOST
            details = error.errors(include_url=False, include_context=not many)[:_MOST]
            lists, mistakes = set[Keys](), list(_mistakes(mending.data, details))
            absent = _absent(mistakes) if whole else []
            if absent and not attempt:
                sink.add(_missing(document, *absent))
            for keys, errors in mistakes:
                # What turns up behind a repair follows from what was repaired.
                if not attempt and _is_news(errors[0], whole) and not {keys, keys[:-1]} & {*absent, *lists}:
                    sink.add(_diagnostic(document, keys, errors))
                if _is_text_in_list(keys, errors):
                    lists.add(keys[:-1])
                mending.mend(keys)
            if many:
                return None
    return None


def _absent(mistakes: Iterable[tuple[Keys, list[ErrorDetails]]]) -> list[Keys]:
    """What of the file itself is missing, with what is there and empty beside that."""
    rows = [(keys, errors[0]["type"]) for keys, errors in mistakes if len(keys) == 1]
    is_missing = any(kind == "missing" for _, kind in rows)
    return [keys for keys, kind in rows if is_missing and kind in ("missing", *_EMPTY)]


def _is_news(details: ErrorDetails, whole: bool) -> bool:
    """Not so where an expression that cannot be read stands, which was reported."""
    return details["input"] is not POISON and (whole or details["type"] != "missing")


def _is_text_in_list(keys: Keys, errors: Sequence[ErrorDetails]) -> bool:
    """Whether text stands in a list where something else is wanted; others beside it are told with it."""
    is_text = isinstance(keys[-1], int) and isinstance(errors[0]["input"], str)
    return is_text and "an expression" in _all_wanted(errors)


def found(value: object) -> str:
    """What ``value`` is, in a spec's words."""
    if isinstance(value, Expression):
        return "an expression"
    if isinstance(value, datetime.date | datetime.time):
        return "a date or time"
    return kind_of(value)


def check_format(document: Document, sink: Sink) -> None:
    """Report a file whose ``format`` is not this one. Of a file that another extends, nothing else would tell."""
    keys, written = ("format",), document.data.get("format")
    if written is None:
        sink.add(_missing(document, keys))
    elif type(written) is not int:
        message = f"`format` must be an integer, not {found(written)}"
        sink.add(WrongType.at(document.span(keys), message, help=repair(keys, written, ["an integer"])))
    elif written != FORMAT:
        sink.add(_format(document, keys, written))


def _mistakes(data: dict[str, Any], errors: Iterable[ErrorDetails]) -> Iterator[tuple[Keys, list[ErrorDetails]]]:
    """The errors by place. Where several alternatives were tried, the one that got furthest tells what is wrong."""
    faults = [_locate(data, details) for details in errors]
    inner = {fault.keys[:length] for fault in faults for length in range(len(fault.keys))}
    by_place: dict[Keys, list[ErrorDetails]] = {}
    for fault in faults:
        if not (fault.tagged and fault.keys in inner):
            by_place.setdefault(fault.keys, []).append(fault.details)
    yield from by_place.items()


def _locate(data: dict[str, Any], details: ErrorDetails) -> _Fault:
    """The keys of the file in an error's location, which names pydantic's alternatives too."""
    keys: Keys = ()
    value: Any = data
    tagged = False
    for key in details["loc"]:
        if _has(value, key):
            value = value[key]
            keys = (*keys, key)
        else:
            tagged = True
    if details["type"] == "missing":
        keys = (*keys, details["loc"][-1])
    return _Fault(keys, tagged, details)


def _has(value: Any, key: str | int) -> bool:
    if isinstance(value, dict):
        return key in value
    return isinstance(value, list) and isinstance(key, int) and key < len(cast("list[Any]", value))


def _diagnostic(document: Document, keys: Keys, errors: Sequence[ErrorDetails]) -> Diagnostic:
    details = next((each for each in errors if each["type"] in _EMPTY), errors[0])
    match details["type"]:
        case "extra_forbidden":
            return unknown_key(document, keys, keys[:-1])
        case "missing":
            return _missing(document, keys)
        case kind if kind in _EMPTY:
            remedy = _EXAMPLES.get(str(keys[-1]), f"leave {_named(keys)} out, or give it something to hold")
            return WrongType.at(document.span(keys), f"{_named(keys)} must not be empty", help=remedy)
        case "literal_error" if isinstance(details["input"], str) and len(errors) == 1:
            return _wrong_word(document, keys, details)
        case "literal_error" if keys == ("format",):
            return _format(document, keys, details["input"])
        case _:
            return _wrong_type(document, keys, errors)


def unknown_key(document: Document, keys: Keys, table: Keys) -> Diagnostic:
    """The diagnostic for the key at ``keys`` of what is read as ``table``."""
    known = keys_of(document, table)
    where = f"`{'.'.join(map(str, table))}`" if table else "a spec"
    there = _table_of(document, keys[:-1])
    others = meant(str(keys[-1]), known, f"the keys of {where} are {', '.join(known)}")
    absent = nearest(str(keys[-1]), [name for name in known if name not in there])
    remedy = Meant((absent,)) if absent else others
    return UnknownKey.at(document.key_span(keys), f"{where} has no key {_shown(str(keys[-1]))}", help=remedy)


def known_keys(keys: Keys) -> tuple[str, ...]:
    """The keys that the grammar has in the table at ``keys``."""
    return _keys_below(str(keys[0]) if keys else "")


@cache
def _keys_below(first: str) -> tuple[str, ...]:
    model: type[BaseModel] = Spec
    if first:
        model = {"blocks": Block, "inputs": InputType, "outputs": Output, "params": Param}.get(first, Body)
    words = (field.alias or name for name, field in model.model_fields.items())
    return (*words, *(EXTENSION_KEYS if model is Spec else ()))


def keys_of(document: Document, keys: Keys) -> tuple[str, ...]:
    """Those of ``known_keys`` that mean something in ``document``: one that extends nothing overrides nothing."""
    extends = isinstance(document, Merged) or EXTENSION_KEYS[0] in document.data
    return tuple(key for key in known_keys(keys) if key != EXTENSION_KEYS[1] or extends)


def _missing(document: Document, *missing: Keys) -> Diagnostic:
    """The diagnostic for keys that one table lacks."""
    table, words = missing[0][:-1], [str(keys[-1]) for keys in missing]
    remedy = "; ".join(_EXAMPLES.get(word, f"add `{word} = ...`") for word in words)
    if {"inputs", "model"} <= {*words} and document.data.get("blocks"):
        remedy += '; or name the spec that this one is a variant of: `extends = "..."`'
    where = f"`{'.'.join(map(str, table))}`" if table else "the file"
    message = f"{where} has no {' and no '.join(f'`{word}`' for word in words)}"
    return MissingKey.at(document.span(table), message, help=remedy)


def _format(document: Document, keys: Keys, written: object) -> Diagnostic:
    return UnknownFormat.at(document.span(keys), f"format {written} is not known", help=repair(keys, written, ()))


def _table_of(document: Document, keys: Keys) -> Collection[str]:
    """The keys of the table that holds the value at ``keys``, or of none."""
    value: Any = document.data
    for key in keys:
        value = value[key]
    return cast("dict[str, Any]", value).keys() if isinstance(value, dict) else ()


def _wrong_word(document: Document, keys: Keys, details: ErrorDetails) -> Diagnostic:
    words = literals(details.get("ctx", {}))
    known = either([f'"{word}"' for word in words])
    message = f"{_named(keys)} must be {known}, not {_shown(details['input'], _QUOTE)}"
    return WrongWord.at(document.span(keys), message, help=word_meant(details["input"], words))


def _wrong_type(document: Document, keys: Keys, errors: Sequence[ErrorDetails]) -> Diagnostic:
    wanted, written = _all_wanted(errors), errors[0]["input"]
    message = f"{_named(keys)} must be {either(wanted)}, not {found(written)}"
    return WrongType.at(
        document.span(keys),
        message,
        help=_path_meant(keys, written)
        or _chosen(keys, written)
        or _header(keys, wanted)
        or _single(document, keys)
        or _steps_meant(document, keys, written, wanted)
        or repair(keys, written, wanted),
        untried=tuple(_plain(document, keys, written, wanted)),
    )


def _all_wanted(errors: Sequence[ErrorDetails]) -> list[str]:
    return list(dict.fromkeys(word for details in errors for word in _wanted(details)))


def _plain(document: Document, keys: Keys, written: object, wanted: Sequence[str]) -> Iterator[Remedy]:
    """What text may have been meant as where an expression may stand, with all the text of a list."""
    place = own(Place(document, keys[:-1] if isinstance(keys[-1], int) else keys))
    if place is None or not isinstance(written, str) or "an expression" not in wanted:
        return
    value = place.value
    items = [_computed(item) for item in cast("list[Any]", value)] if isinstance(value, list) else _computed(value)
    text = json.dumps(items, ensure_ascii=False)
    yield Remedy(f"write {text}", place.span, text)


def _computed(value: object) -> object:
    """The number or boolean that stands in quotes, and any other text as what is computed."""
    if not isinstance(value, str) or value.startswith("="):
        return value
    if value in BOOLEANS:
        return BOOLEANS[value]
    return int(value) if _NUMBER.fullmatch(value) else f"={value}"


def _path_meant(keys: Keys, written: object) -> str | None:
    """The remedy for a number in the place of a path."""
    is_number = isinstance(written, int | float) and not isinstance(written, bool)
    return "name the step that it reads: a path begins with the name of one" if is_number and "from" in keys else None


def _chosen(keys: Keys, written: object) -> str | None:
    """The remedy for an op or a block that an expression was to choose."""
    word = str(keys[-1])
    if word not in ("op", "use") or not isinstance(written, Expression):
        return None
    plain = "; an activation is chosen by `kind` of the op `activation`" if word == "op" else ""
    return f"an expression cannot stand here: write a step for each, with `when`{plain}"


def _header(keys: Keys, wanted: Sequence[str]) -> str | None:
    """The remedy for a table of the file itself."""
    if len(keys) != 1 or wanted != ["a table"]:
        return None
    return _EXAMPLES.get(str(keys[0]), f"add a table: `[{keys[0]}]` and in it a line for each").replace(
        "add", "write", 1
    )


def _single(document: Document, keys: Keys) -> str | None:
    """The remedy for a table whose header has two brackets, which is an item of a list."""
    span = document.span((*keys, 0))
    header = span.source.text[slice(*span.offsets)]
    return f"write {header[1:-1]}" if header.startswith("[[") and header.endswith("]]") else None


def _steps_meant(document: Document, keys: Keys, written: object, wanted: Sequence[str]) -> str | None:
    """The remedy for one step, or the name of what it runs, where there are steps; for a table whose header has one
    bracket."""
    is_list = "a list" in wanted
    if not _are_steps(keys if is_list else keys[:-1]):
        return None
    if isinstance(written, dict):
        header = document.span(keys).text
        return f"write [{header}]" if header.startswith("[") else "write `[{ ... }]`"
    if keys[-1] == "shortcut" or not isinstance(written, str) or not written.isidentifier():
        return None
    blocks = document.data.get("blocks")
    runs = "use" if isinstance(blocks, dict) and written in blocks else "op"
    step = f'{{ {runs} = "{written}" }}'
    return f"write [{step}]" if is_list else f"write {step}"


def _are_steps(keys: Keys) -> bool:
    return keys[-1:] in _STEPS or (len(keys) > 2 and keys[-2] == "branches")


def _wanted(details: ErrorDetails) -> list[str]:
    match details["type"]:
        case "literal_error":
            return [f'"{word}"' for word in literals(details.get("ctx", {}))]
        case "model_type" if details.get("ctx", {}).get("class_name") == InputType.__name__:
            return ["a list of sizes", "a table"]
        case "model_type" if details.get("ctx", {}).get("class_name") == Output.__name__:
            return ["a path", "a table"]
        case kind:
            return [TYPES.get(kind, details["msg"])]


def _named(keys: Keys) -> str:
    """What a place is called in a sentence."""
    if not keys:
        return "the file"
    if isinstance(keys[-1], str):
        return f"`{keys[-1]}`"
    return f"item {keys[-1] + 1} of {_named(keys[:-1])}"


def _shown(text: str, quote: str = "`") -> str:
    return f"{quote}{text if len(text) <= 60 else text[:57] + '...'}{quote}"
