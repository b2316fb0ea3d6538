"""What names mean while a body is elaborated, and how the raw values of a spec are computed in it.

A value that depends on something already reported is ``UNKNOWN``; whatever meets it stays silent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

from graphbuilder.diagnostics import Sink, Way
from graphbuilder.document import Place
from graphbuilder.elaborate.origins import Origin, given_as, lists_read, miswritten, origin_of
from graphbuilder.elaborate.terms import Terms
from graphbuilder.ir import TensorType
from graphbuilder.spec.expressions import PLAIN, Expression, ExpressionError
from graphbuilder.spec.unknown import UNKNOWN

# As many names cost less than the step that is worked out with them.
_FEW = 100


def facts_of(name: str, type_: TensorType | None) -> dict[str, Any]:
    """What expressions read of a value under ``name``: its channels and its shape, UNKNOWN where its type is not
    known."""
    return {
        f"{name}_channels": type_.channels if type_ else UNKNOWN,
        f"{name}_shape": list(type_.shape) if type_ else UNKNOWN,
    }


class Scope:
    """Names and their values; a child scope sees its own names first.

    Attributes:
        blind: whether nothing is computed, and only the names in expressions are looked at: in what no network has.
        ajar: whether some names are not known here for a mistake already reported, so that none is missed.
        origins: where the values of names were written, as far as that is elsewhere.
        ways: the way in to what is computed, told with what is wrong with it.
        absent: why names that are known in other places are not here.
    """

    def __init__(
        self, names: dict[str, Any], sink: Sink, terms: Terms, *, blind: bool = False, ajar: bool = False
    ) -> None:
        self.names = names
        self.sink = sink
        self.terms = terms
        self.blind = blind
        self.ajar = ajar
        self.origins: dict[str, Origin] = {}
        self.ways: tuple[Way, ...] = ()
        self.absent: Mapping[str, str] = {}

    def child(self, **names: Any) -> Scope:
        self.terms.count(max(0, len(self.names) - _FEW))
        return self._like(
            {**self.names, **names},
            {name: origin for name, origin in self.origins.items() if name not in names},
        )

    def _like(
        self, names: dict[str, Any], origins: dict[str, Origin], blind: bool = False, ajar: bool = False
    ) -> Scope:
        scope = Scope(names, self.sink, self.terms, blind=self.blind or blind, ajar=self.ajar or ajar)
        scope.origins, scope.ways, scope.absent = origins, self.ways, self.absent
        return scope

    def add(self, name: str, value: Any, origin: Origin | None = None) -> None:
        """Let ``name`` have a meaning in this very scope, and in those that were blinded or opened from it."""
        self.names[name] = value
        self.origins.pop(name, None)
        if origin:
            self.origins[name] = origin

    def blinded(self) -> Scope:
        """The same names in a scope that computes nothing."""
        return self._like(self.names, self.origins, blind=True)

    def opened(self) -> Scope:
        """The same names in a scope that misses none."""
        return self._like(self.names, self.origins, ajar=True)

    def origin(self, raw: Any, place: Place) -> Origin:
        """Where the value of ``raw``, which stands at ``place``, was written: there, unless it is but read from a
        name."""
        return origin_of(raw, place, self.names, self.origins)

    def compute(self, raw: Any, place: Place) -> Any:
        """The value of ``raw``, with expressions computed at any depth; a fault is reported at its place.

        Raises:
            Stopped: when more was computed than may be.
        """
        if type(raw) in PLAIN:
            return raw
        if isinstance(raw, Expression):
            return self._evaluate(raw, place)
        if isinstance(raw, list):
            items = cast("list[Any]", raw)
            self.terms.spend(len(items), place)
            values = [
                item if type(item) in PLAIN else self.compute(item, place / index) for index, item in enumerate(items)
            ]
            return UNKNOWN if UNKNOWN in values else values
        if isinstance(raw, Mapping):
            rows = cast("Mapping[str, Any]", raw).items()
            self.terms.spend(len(rows), place)
            table = {key: self.compute(item, place / key) for key, item in rows}
            return UNKNOWN if UNKNOWN in table.values() else table
        return raw

    def _evaluate(self, expression: Expression, place: Place) -> Any:
        if not expression.names <= self.names.keys():
            self._miss(expression, place)
            return UNKNOWN
        if self.blind or UNKNOWN in [self.names[name] for name in expression.names]:
            return UNKNOWN
        try:
            value = expression.evaluate(self.names, self.terms.count)
        except ExpressionError as error:
            self._report(error, expression, place)
            value = UNKNOWN
        self.terms.spend(0, place)
        return value

    def _miss(self, expression: Expression, place: Place) -> None:
        missing = {} if self.ajar else expression.missing(self.names)
        for name, error in missing.items():
            told = error.at(place.span).by_way(*self.ways)
            self.sink.add(told.with_help(self.absent[name]) if name in self.absent else told)

    def _report(self, error: ExpressionError, expression: Expression, place: Place) -> None:
        """Tell of a mistake where it is: at a number in quotes or in the place of a list, where one is read, else
        in the expression."""
        found = miswritten(expression, self.names, self.origins)
        if found is None:
            related = lists_read(expression, place, self.names, self.origins)
            told = error.at(place.span).by_way(*self.ways)
            self.sink.add(replace(told, related=(*told.related, *related)))
        elif not self.sink.has_error_at(found[0].place.span):
            (origin, better), told = found, error.at(place.span)
            related = given_as(origin.raw, place)
            told = replace(told, span=origin.place.span, related=related).with_help(better)
            self.sink.add(told.by_way(*self.ways))
