"""What a value has to be, in the words of TOML: of faults that pydantic finds, and of alternatives."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

TYPES = {
    "string_type": "a string",
    "bool_type": "a boolean",
    "int_type": "an integer",
    "float_type": "a float",
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "a table",
    "mapping_type": "a table",
    "model_type": "a table",
    "dataclass_type": "a table",
    "is_instance_of": "an expression",
}
_BOUNDS = {
    "greater_than_equal": ("at least", "ge"),
    "greater_than": ("greater than", "gt"),
    "less_than_equal": ("at most", "le"),
    "less_than": ("less than", "lt"),
    "multiple_of": ("a multiple of", "multiple_of"),
}
_WHOLE = {"missing": "is missing", "extra_forbidden": "is no word of this table"}


_SPELT = {"'": '"', "True": "true", "False": "false"}
_PYTHON = re.compile("|".join(_SPELT))


def either(words: Sequence[str]) -> str:
    """The words as alternatives: ``1, 2 or 3``."""
    return _joined(words, "or")


def all_of(words: Sequence[str]) -> str:
    """The words together: ``1, 2 and 3``."""
    return _joined(words, "and")


def _joined(words: Sequence[str], word: str) -> str:
    return f" {word} ".join((", ".join(words[:-1]), words[-1]) if len(words) > 1 else words)


def must(details: ErrorDetails) -> str:
    """What a value must be that pydantic refused, with the verb: ``must be an integer``."""
    kind, context = details["type"], details.get("ctx", {})
    if kind in TYPES:
        return f"must be {'true or false' if kind == 'bool_type' else TYPES[kind]}"
    if kind == "literal_error":
        return "must be " + _PYTHON.sub(lambda found: _SPELT[found[0]], str(context.get("expected", "")))
    if kind in _BOUNDS:
        word, name = _BOUNDS[kind]
        return f"must be {word} {context[name]}"
    if kind == "value_error":
        return str(context["error"])
    said = details["msg"]
    return _WHOLE.get(kind) or f"{said[:1].lower()}{said[1:]}"


def must_either(faults: Sequence[ErrorDetails]) -> str:
    """What a value must be of which pydantic tried several kinds."""
    first, *others = dict.fromkeys(map(must, faults))
    return " or ".join([first, *(other.removeprefix("must be ") for other in others)])


def literals(context: dict[str, Any]) -> list[str]:
    """The words that pydantic lists as ``'add', 'concat' or 'mul'``."""
    return [part.strip("'") for part in str(context.get("expected", "")).replace(" or ", ", ").split(", ")]
