"""What names mean while a body is elaborated, and how the raw values of a spec are computed in it.

A value that depends on something already reported is ``UNKNOWN``; whatever meets it stays silent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, cast

from graphbuilder.diagnostics import Sink
from graphbuilder.document import Place
from graphbuilder.spec.expressions import Expression, ExpressionError


class Unknown:
    """The value of what an earlier, already reported mistake left undefined."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown()


def free_names(raw: Any) -> Iterator[str]:
    """Every name that the expressions inside a raw value read."""
    if isinstance(raw, Expression):
        yield from raw.names
    elif isinstance(raw, Mapping):
        for item in cast("Mapping[str, Any]", raw).values():
            yield from free_names(item)
    elif isinstance(raw, list | tuple):
        for item in cast("list[Any]", raw):
            yield from free_names(item)


class Scope:
    """Names and their values; a child scope sees its own names first."""

    def __init__(self, names: Mapping[str, Any], sink: Sink) -> None:
        self.names = names
        self.sink = sink

    def child(self, **names: Any) -> Scope:
        return Scope({**self.names, **names}, self.sink)

    def compute(self, raw: Any, place: Place) -> Any:
        """The value of ``raw``, with expressions computed at any depth; a fault is reported at its place."""
        if isinstance(raw, Expression):
            return self._evaluate(raw, place)
        if isinstance(raw, list):
            items = cast("list[Any]", raw)
            values = [self.compute(item, place / index) for index, item in enumerate(items)]
            return UNKNOWN if UNKNOWN in values else values
        if isinstance(raw, Mapping):
            rows = cast("Mapping[str, Any]", raw).items()
            table = {key: self.compute(item, place / key) for key, item in rows}
            return UNKNOWN if UNKNOWN in table.values() else table
        return raw

    def _evaluate(self, expression: Expression, place: Place) -> Any:
        if any(self.names.get(name) is UNKNOWN for name in expression.names):
            return UNKNOWN
        try:
            return expression.evaluate(self.names)
        except ExpressionError as error:
            self.sink.add(error.at(place.span))
            return UNKNOWN
