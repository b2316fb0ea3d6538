"""Plain values as TOML writes them, on one line."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any, cast

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}
_LONGEST = 60


def value(item: Any) -> str:
    """One value on one line; what TOML has no word for as Python has it."""
    match item:
        case bool():
            return "true" if item else "false"
        case float():
            return _float(item)
        case str():
            return _string(item)
        case Mapping():
            pairs = [f"{quoted(key)} = {value(entry)}" for key, entry in cast("Mapping[str, Any]", item).items()]
            return f"{{ {', '.join(pairs)} }}" if pairs else "{}"
        case list() | tuple():
            return f"[{', '.join(map(value, cast('Sequence[Any]', item)))}]"
        case _:
            return str(item)


def shown(item: Any) -> str:
    """The same for a message, cut where it is long."""
    text = value(_beginning(item))
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def _beginning(item: Any) -> Any:
    """As much of a value as there may be room for, at least."""
    if isinstance(item, str | list | tuple):
        begun = cast("Sequence[Any]", item[:_LONGEST])
        return begun if isinstance(begun, str) else [_beginning(each) for each in begun]
    if isinstance(item, Mapping):
        rows = islice(cast("Mapping[str, Any]", item).items(), _LONGEST)
        return {key: _beginning(each) for key, each in rows}
    return item


def quoted(name: str) -> str:
    """A key, in quotes where it needs them."""
    return name if _BARE.fullmatch(name) else _string(name)


def _float(number: float) -> str:
    """Python's shortest text that reads back the same, without the zero of ``1e-05``."""
    return re.sub(r"e([+-])0*", lambda found: "e-" if found[1] == "-" else "e", repr(number))


def _string(text: str) -> str:
    return f'"{"".join(map(_character, text))}"'


def _character(character: str) -> str:
    """What would not be seen, or would turn the text around it, is written as its number."""
    if character.isprintable():
        return _ESCAPES.get(character, character)
    code = ord(character)
    return _ESCAPES.get(character) or (f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}")
