"""What variants override, and how a spec would be without one of it: so is found which override a mistake comes of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, cast

from graphbuilder.diagnostics import Sink
from graphbuilder.document import Document, Place
from graphbuilder.spec.extends import merge
from graphbuilder.spec.load import checked
from graphbuilder.spec.merged import EXTENSION_KEYS, Merged
from graphbuilder.spec.model import Spec
from graphbuilder.spec.overrides import apply_overrides

# Tables that override entry by entry; all else is one thing.
BY_ENTRY = ("params", "inputs", "defaults", "init", "blocks", "steps")
_OF_EACH_FILE = ("format", "name", "title", EXTENSION_KEYS[0])


def overriding(document: Document) -> Iterator[Place]:
    """Where the files that make up ``document`` override what they extend, the nearest file first."""
    while isinstance(document, Merged):
        child, inherited = Place(document.child), document.parent.data
        for key, value in document.child.data.items():
            if key not in _OF_EACH_FILE and key in BY_ENTRY and isinstance(value, dict):
                entries = cast("dict[str, Any]", value)
                yield from (child / key / name for name in entries if key == "steps" or name in inherited.get(key, ()))
            elif key in inherited and key not in _OF_EACH_FILE:
                yield child / key
        document = document.parent


def without(document: Merged, override: Place, sink: Sink) -> Spec | None:
    """The spec that ``document`` would hold without the one ``override``; what is wrong with it goes into ``sink``."""
    return checked(_without(document, override, sink), True, sink)


def _without(document: Merged, override: Place, sink: Sink) -> Merged:
    parent, child = document.parent, document.child
    if child is override.document:
        child = replace(child, data=_lacking(child.data, *map(str, override.keys)))
    elif isinstance(parent, Merged):
        parent = _without(parent, override, sink)
    return apply_overrides(merge(parent, child), sink)


def _lacking(data: dict[str, Any], key: str, *rest: str) -> dict[str, Any]:
    """A copy of ``data`` that lacks what stands at the keys."""
    if rest:
        return {**data, key: _lacking(data[key], *rest)}
    return {name: value for name, value in data.items() if name != key}
