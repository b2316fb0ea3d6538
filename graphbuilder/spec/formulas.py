"""The values of a file with an ``Expression`` in the place of every string that starts with ``=``."""

from __future__ import annotations

from typing import Any, cast

from graphbuilder.diagnostics import Sink
from graphbuilder.document import Document, Unread
from graphbuilder.spec.expressions import Expression, ExpressionError, parse
from graphbuilder.spec.merged import EXTENSION_KEYS, Keys
from graphbuilder.spec.unknown import POISON

_NUMBERS = frozenset({bool, int, float})


def with_expressions(document: Document, sink: Sink) -> dict[str, Any]:
    """The values of ``document`` but for those that were for merging, copied. Params, which are plain, stay as they
    are.

    An expression that cannot be read is reported at its very characters, and its value is unknown.
    """
    reader = _Reader(document, sink)
    rows = ((key, value) for key, value in document.data.items() if key not in EXTENSION_KEYS)
    return {key: _plain(value) if key == "params" else reader.value(value, (), key) for key, value in rows}


def _plain(value: Any) -> Any:
    """Params as they are; of what is in one nothing counts where part of it could not be read."""
    if isinstance(value, dict):
        return {key: POISON if _unread(item) else item for key, item in cast("dict[str, Any]", value).items()}
    return POISON if isinstance(value, Unread) else value


def _unread(value: Any) -> bool:
    if isinstance(value, dict | list):
        items = cast("dict[str, Any]", value).values() if isinstance(value, dict) else cast("list[Any]", value)
        return any(map(_unread, items))
    return isinstance(value, Unread)


class _Reader:
    def __init__(self, document: Document, sink: Sink) -> None:
        self._document = document
        self._sink = sink

    def value(self, value: Any, keys: Keys, key: str | int) -> Any:
        """``value``, which stands at ``key`` of the table or list at ``keys``."""
        if isinstance(value, str):
            return self._expression(value, (*keys, key)) if value.startswith("=") else value
        if isinstance(value, dict):
            inner = (*keys, key)
            return {name: self.value(item, inner, name) for name, item in cast("dict[str, Any]", value).items()}
        if isinstance(value, list):
            inner = (*keys, key)
            items = enumerate(cast("list[Any]", value))
            return [item if type(item) in _NUMBERS else self.value(item, inner, index) for index, item in items]
        return value

    def _expression(self, text: str, keys: Keys) -> Expression:
        if isinstance(text, Unread):
            return POISON
        try:
            return parse(text)
        except ExpressionError as error:
            self._sink.add(error.at(self._document.span(keys)))
            return POISON
