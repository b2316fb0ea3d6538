"""Values that are what they are: of params, which compute nothing, and of arguments and lets of blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, cast

from graphbuilder.diagnostics import Label, Sink
from graphbuilder.diagnostics.catalogue.grammar import ParamBounds, ParamExpression, WrongType
from graphbuilder.document import Document, Place
from graphbuilder.spec.expressions import PLAIN, Expression
from graphbuilder.spec.mending import Mending
from graphbuilder.spec.merged import Keys, own
from graphbuilder.spec.params import Refusal, contradiction
from graphbuilder.spec.raw import as_table, is_formula
from graphbuilder.spec.validation import found, known_keys


class Constants:
    """Reports what is wrong with such values, and mends it."""

    def __init__(self, document: Document, mending: Mending, sink: Sink) -> None:
        self._document = document
        self._mending = mending
        self._sink = sink

    def params(self, table: Mapping[str, Any]) -> None:
        """Report expressions among the params, and what is at odds with its own declaration."""
        declared = known_keys(("params", ""))
        tables = {
            name: as_table(value) for name, value in table.items() if not as_table(value).keys().isdisjoint(declared)
        }
        self._constant({name: value for name, value in table.items() if name not in tables}, ("params",))
        for name, rows in tables.items():
            self._constant(rows, ("params", name))
            if name in table and (refusal := contradiction(rows)):
                self._contradicted(name, refusal)

    def _contradicted(self, name: str, refusal: Refusal) -> None:
        """Report a refusal at what the file itself says, beside what that is at odds with."""
        words = dict.fromkeys((refusal.against, refusal.word))
        places = {word: Place(self._document, ("params", name, word)) for word in words}
        first, *others = sorted(words, key=lambda word: own(places[word]) is None)
        labels = tuple(
            Label(places[word].span, "its default" if word == "default" else "declared here") for word in others
        )
        message = f"`{name}` {refusal.message}"
        self._sink.add(ParamBounds.at(places[first].span, message, related=labels, help=refusal.help))
        self._mending.mend(("params", name))

    def _constant(self, table: Mapping[str, Any], keys: Keys) -> None:
        for at, leaf in list(_leaves(table.items(), keys, is_formula)):
            remedy = f"write `{leaf}` where it is used, or as a `let` of a block"
            self._sink.add(ParamExpression.at(self._document.span(at), "a param cannot be an expression", help=remedy))
            self._mending.mend(at[:2])
        self.plain(table, keys)

    def plain(self, table: Mapping[str, Any], keys: Keys) -> None:
        """Report values that are no scalars, expressions or lists of such."""
        for at, leaf in list(_leaves(table.items(), keys, _is_strange)):
            message = f"`{at[len(keys)]}` must hold plain values, not {found(leaf)}"
            remedy = "write a number, text, true, false or a list of them"
            self._sink.add(WrongType.at(self._document.span(at), message, help=remedy))
            self._mending.mend(at[: len(keys) + 1])


def _is_strange(value: object) -> bool:
    """Whether this is no scalar and no expression."""
    return type(value) not in PLAIN and not isinstance(value, bool | int | float | str | Expression)


def _leaves(
    rows: Iterable[tuple[str | int, Any]], keys: Keys, wanted: Callable[[object], bool]
) -> Iterator[tuple[Keys, Any]]:
    """What of ``rows``, and of lists in them at any depth, is ``wanted``, and where that stands."""
    for key, value in rows:
        if isinstance(value, list):
            yield from _leaves(enumerate(cast("list[Any]", value)), (*keys, key), wanted)
        elif wanted(value):
            yield (*keys, key), value
