"""Which mistakes a setting caused: those that are not there without it, found by leaving it out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import islice
from typing import Any

from graphbuilder.diagnostics import Diagnostic, Label, Sink
from graphbuilder.elaborate.arguments import shown
from graphbuilder.elaborate.context import Limits
from graphbuilder.elaborate.elaborate import elaborate
from graphbuilder.spec.model import Spec
from graphbuilder.spec.unknown import UNKNOWN

# Each takes another elaboration, of a spec that fails anyway.
_TRIED = 8


def blamed(
    spec: Spec, settings: Mapping[str, Any], diagnostics: tuple[Diagnostic, ...], limits: Limits
) -> tuple[Diagnostic, ...]:
    """``diagnostics``, each that a setting caused with the line of ``[params]`` that declares what was set."""
    for name in islice((name for name, value in settings.items() if value is not UNKNOWN), _TRIED):
        without = Sink()
        elaborate(spec, {other: value for other, value in settings.items() if other != name}, without, limits)
        rest = {_key(each) for each in without.diagnostics}
        label = Label(
            (spec.place_of("params") / name).span, f"`{name}` is set to {shown(settings[name])} instead of this"
        )
        diagnostics = tuple(_caused(each, label) if _key(each) not in rest else each for each in diagnostics)
    return diagnostics


def _caused(diagnostic: Diagnostic, label: Label) -> Diagnostic:
    """Only what has a place came from the spec; the rest is of the settings themselves, which say where they belong."""
    return replace(diagnostic, related=(*diagnostic.related, label)) if diagnostic.span else diagnostic


def _key(diagnostic: Diagnostic) -> tuple[object, ...]:
    return (diagnostic.code, diagnostic.span and diagnostic.span.order)
