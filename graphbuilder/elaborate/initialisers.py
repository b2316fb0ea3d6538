"""Initialisers as a spec writes them: ``"kaiming_normal"``, ``{ kind = ..., std = 0.02 }``, or those by weight."""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt
from typing import Any, cast, get_args

from graphbuilder.diagnostics import Sink
from graphbuilder.diagnostics.catalogue.references import BadInitialiser
from graphbuilder.diagnostics.nearest import nearest
from graphbuilder.document import Place
from graphbuilder.elaborate.arguments import shown
from graphbuilder.elaborate.scope import UNKNOWN, Scope
from graphbuilder.ir import Initialiser
from graphbuilder.ir.weights import Kind

ALIASES: Mapping[str, Initialiser] = {
    "glorot_uniform": Initialiser("xavier_uniform"),
    "glorot_normal": Initialiser("xavier_normal"),
    "he_uniform": Initialiser("kaiming_uniform", gain=sqrt(2)),
    "he_normal": Initialiser("kaiming_normal", gain=sqrt(2)),
    "kaiming_uniform": Initialiser("kaiming_uniform", gain=sqrt(2)),
    "kaiming_normal": Initialiser("kaiming_normal", gain=sqrt(2)),
    "truncated_normal": Initialiser("truncated_normal", std=0.02),
    "normal": Initialiser("normal", std=0.02),
}
KINDS = tuple(dict.fromkeys((*get_args(Kind), *ALIASES)))
NUMBERS = ("value", "std", "bound", "gain")


def read_initialisers(raw: Any, place: Place, scope: Scope) -> dict[str, Initialiser]:
    """Initialisers by weight; one without a weight is for the kernel, ``weight``. Faults are reported and left out."""
    value = scope.compute(raw, place)
    if value is None or value is UNKNOWN:
        return {}
    rows: dict[str, tuple[Any, Place]] = {"weight": (value, place)}
    if isinstance(value, Mapping) and "kind" not in value:
        rows = {name: (item, place / name) for name, item in cast("Mapping[str, Any]", value).items()}
    found = {name: _read(item, at, scope.sink) for name, (item, at) in rows.items()}
    return {name: initialiser for name, initialiser in found.items() if initialiser}


def _read(value: Any, place: Place, sink: Sink) -> Initialiser | None:
    table = cast("dict[str, Any]", value if isinstance(value, dict) else {"kind": value})
    kind = table.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        close = nearest(kind, KINDS) if isinstance(kind, str) else None
        remedy = f"did you mean `{close}`?" if close else f"one of {', '.join(KINDS)}"
        sink.add(BadInitialiser.at(place.span, f"there is no initialiser {shown(kind or value)}", help=remedy))
        return None
    base = ALIASES.get(kind) or Initialiser(cast("Kind", kind))
    return _with_numbers(base, {name: item for name, item in table.items() if name != "kind"}, place, sink)


def _with_numbers(base: Initialiser, table: Mapping[str, Any], place: Place, sink: Sink) -> Initialiser | None:
    for name, item in table.items():
        if name == "mode" and item in ("fan_in", "fan_out", "fan_avg"):
            continue
        if name in NUMBERS and type(item) in (int, float):
            continue
        message = f"an initialiser has no `{name} = {shown(item)}`"
        remedy = 'numbers: value, std, bound, gain; mode = "fan_in", "fan_out" or "fan_avg"'
        sink.add(BadInitialiser.at((place / name).span, message, help=remedy))
        return None
    return base._replace(**table)
