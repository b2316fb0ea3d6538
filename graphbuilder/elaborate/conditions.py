"""What is told of a condition that is neither true nor false: once, however many read the value meant as one."""

from __future__ import annotations

from typing import Any

from graphbuilder.diagnostics import Diagnostic, Label, Sink, Write
from graphbuilder.diagnostics.catalogue.references import NotBoolean
from graphbuilder.document import Place
from graphbuilder.document.writing import shown
from graphbuilder.elaborate.origins import Origin, given_as
from graphbuilder.elaborate.scope import Scope

_COMPARE = "compare it with something: `> 0`, say"
# What is written for true and false elsewhere; of numbers nobody knows.
_WORDS = {"true": "true", "yes": "true", "on": "true", "false": "false", "no": "false", "off": "false"}
_NUMBERS = {1: "true", 0: "false"}


def no_condition(raw: Any, value: Any, place: Place, scope: Scope, sink: Sink) -> Diagnostic | None:
    """The diagnostic for a condition at ``place`` that comes to ``value``; None where that was told already."""
    origin, message = scope.origin(raw, place), f"`{place.keys[-1]}` gives {shown(value)}, not true or false"
    word = _WORDS.get(value.casefold()) if isinstance(value, str) else None
    number = _NUMBERS.get(value) if type(value) is int else None
    if origin.place.keys == place.keys or not (word or number):
        return NotBoolean.at(place.span, message, help=_COMPARE)
    if _is_told(origin, sink):
        return None
    if word:
        return NotBoolean.at(origin.place.span, message, related=given_as(value, place), help=Write(word))
    written = Label(origin.place.span, f"{shown(value)} stands here")
    return NotBoolean.at(place.span, message, related=(written,), help=f"{_COMPARE}, or write {number}")


def _is_told(origin: Origin, sink: Sink) -> bool:
    told = (each for each in sink.diagnostics if each.rule is NotBoolean)
    spans = (span for each in told for span in (each.span, *(label.span for label in each.related)))
    return origin.place.span in spans
