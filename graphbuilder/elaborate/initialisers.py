"""Initialisers as a spec writes them: ``"kaiming_normal"``, ``{ kind = ..., std = 0.02 }``, or those by weight."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from math import isfinite, sqrt
from typing import Any, cast, get_args

from graphbuilder.diagnostics import Diagnostic, Help, Meant, Sink
from graphbuilder.diagnostics.catalogue.references import BadInitialiser
from graphbuilder.diagnostics.nearest import meant, nearest
from graphbuilder.document import Place
from graphbuilder.document.writing import shown
from graphbuilder.elaborate.scope import Scope
from graphbuilder.ir import Composite, Initialiser, Op, TensorType
from graphbuilder.ir.weights import Kind
from graphbuilder.ops.other_names import op_remedy
from graphbuilder.spec.initial import Initialisers
from graphbuilder.spec.unknown import UNKNOWN

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
# By op, then by weight.
ByOp = Mapping[str, Mapping[str, Initialiser]]

KINDS = tuple(dict.fromkeys((*get_args(Kind), *ALIASES)))
NUMBERS = ("value", "std", "bound", "gain")
_MODES = ("fan_in", "fan_out", "fan_avg")
# What others call the kind of an initialiser, and what they give it.
_KIND_ELSEWHERE = ("type", "name", "class_name", "init", "initializer", "method", "distribution")
_NUMBERS_ELSEWHERE = {"stddev": "std", "sigma": "std", "scale": "gain", "limit": "bound", "fan": "mode", "val": "value"}
_NOT_NEEDED = {
    "mean": "values are drawn around 0",
    "seed": "a seed is set when weights are drawn",
    "nonlinearity": "those of He have the gain of a relu, and `gain` sets another",
    "a": "values are drawn from `-bound` to `bound`",
    "b": "values are drawn from `-bound` to `bound`",
}
# What others call the weights.
_WEIGHTS_ELSEWHERE = {
    "kernel": "weight",
    "kernel_initializer": "weight",
    "gamma": "weight",
    "gamma_initializer": "weight",
    "bias_initializer": "bias",
    "beta": "bias",
    "beta_initializer": "bias",
}


def described(ops: Iterable[type[Op]]) -> Initialisers:
    """Initialisers, and the weights of ``ops``, for the JSON Schema."""
    numbers = {name: {"type": "number", **({} if name == "value" else {"minimum": 0})} for name in NUMBERS}
    kind = {"type": "string", "enum": [*KINDS], "description": "How values are drawn."}
    settings = {"kind": kind, **numbers, "mode": {"type": "string", "enum": [*_MODES]}}
    names = {name for op in ops for name in possible_names(op)}
    return Initialisers(settings, sorted(names))


def read_initialisers(raw: Any, place: Place, scope: Scope) -> dict[str, Initialiser]:
    """Initialisers by weight; one without a weight is for the kernel, ``weight``. Faults are reported and left out."""
    value = scope.compute(raw, place)
    if value is None or value is UNKNOWN:
        return {}
    if isinstance(value, Mapping) and (fault := _without_kind(cast("Mapping[str, Any]", value), place)):
        scope.sink.add(fault)
        return {}
    rows: dict[str, tuple[Any, Place]] = {"weight": (value, place)}
    if isinstance(value, Mapping) and "kind" not in value:
        rows = {name: (item, place / name) for name, item in cast("Mapping[str, Any]", value).items()}
    found = {name: _read(item, at, scope.sink) for name, (item, at) in rows.items()}
    return {name: initialiser for name, initialiser in found.items() if initialiser}


def read_by_op(raw: Any, place: Place, scope: Scope, ops: Mapping[str, type[Op]]) -> ByOp:
    """Initialisers that the use of a block gives to the steps within it, by their op. Faults are reported and left
    out."""
    value = scope.compute(raw, place)
    if value is None or value is UNKNOWN:
        return {}
    if not isinstance(value, Mapping) or "kind" in value or _without_kind(cast("Mapping[str, Any]", value), place):
        message = "a block has no weights of its own"
        scope.sink.add(
            BadInitialiser.at(place.span, message, help='say which ops are meant: init = { conv = "zeros" }')
        )
        return {}
    found: dict[str, Mapping[str, Initialiser]] = {}
    for op in cast("Mapping[str, Any]", value):
        if op not in ops:
            mistake = BadInitialiser.at((place / op).key_span, f"there is no op `{op}`", help=op_remedy(op, ops))
            scope.sink.add(mistake)
            continue
        found[op] = read_initialisers(cast("Any", value)[op], place / op, scope)
        check_owned(op, found[op], possible_names(ops[op]), place / op, scope.sink)
    return found


def over(inner: ByOp, outer: ByOp) -> ByOp:
    """Those of both, ``inner`` where both have one for a weight."""
    return {op: {**outer.get(op, {}), **inner.get(op, {})} for op in {**outer, **inner}}


def owned_names(op: Op, types: tuple[TensorType, ...]) -> tuple[str, ...]:
    """The weights that an initialiser on ``op`` may name; on a composite, those of the kernels inside it."""
    return ("weight", "bias") if isinstance(op, Composite) else tuple(weight.name for weight in op.weights(types))


@lru_cache
def possible_names(cls: type[Op]) -> tuple[str, ...]:
    """The weights that an op of this class may own, by its examples."""
    made = ((cls.model_validate(dict(example.args)), example.inputs) for example in cls.examples)
    return tuple(dict.fromkeys(name for op, inputs in made for name in owned_names(op, inputs)))


def check_owned(op: str, init: Mapping[str, Initialiser], owned: tuple[str, ...], place: Place, sink: Sink) -> None:
    """Report initialisers of weights that ``op`` does not own."""
    for name in init:
        if name in owned:
            continue
        other = _WEIGHTS_ELSEWHERE.get(name)
        remedy = meant(name, owned, f"it has {', '.join(owned)}" if owned else "leave out `init`")
        remedy = Meant((other,)) if other in owned and other else remedy
        span = (place / name).key_span if name in _keys(place.value) else place.span
        sink.add(BadInitialiser.at(span, f"`{op}` has no weight `{name}` here", help=remedy))


def _without_kind(table: Mapping[str, Any], place: Place) -> Diagnostic | None:
    """What is to be said of one initialiser that does not say its kind; None where ``table`` is one, or has one by
    weight."""
    if "kind" in table:
        return None
    settings = {*_NUMBERS_ELSEWHERE, *_NOT_NEEDED, *NUMBERS, "mode"}
    called = next((name for name, item in table.items() if isinstance(item, str) and _is_kind(name)), None)
    if called:
        message = f"which initialiser it is stands behind `kind`, not behind `{called}`"
        return BadInitialiser.at((place / called).key_span, message, help=Meant(("kind",)))
    if any(name in settings and not isinstance(item, Mapping) for name, item in table.items()):
        return BadInitialiser.at(place.span, "an initialiser says its `kind`", help='add `kind = "normal"`, say')
    return None


def _is_kind(name: str) -> bool:
    return name in _KIND_ELSEWHERE or nearest(name, ("kind",)) is not None


def _keys(written: object) -> Collection[str]:
    return cast("dict[str, object]", written).keys() if isinstance(written, dict) else ()


def _read(value: Any, place: Place, sink: Sink) -> Initialiser | None:
    table = cast("dict[str, Any]", value if isinstance(value, dict) else {"kind": value})
    if fault := _without_kind(table, place):
        sink.add(fault)
        return None
    kind = table.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        remedy = meant(kind if isinstance(kind, str) else "", KINDS, f"one of {', '.join(KINDS)}")
        there = place / "kind" if isinstance(kind, str) and isinstance(value, dict) else place
        sink.add(BadInitialiser.at(there.span, f"there is no initialiser {shown(kind or value)}", help=remedy))
        return None
    if kind == "constant" and "value" not in table:
        message = "a constant initialiser needs its value"
        sink.add(BadInitialiser.at(place.span, message, help='write { kind = "constant", value = 0.5 }, say'))
        return None
    base = ALIASES.get(kind) or Initialiser(cast("Kind", kind))
    return _with_numbers(base, {name: item for name, item in table.items() if name != "kind"}, place, sink)


def _with_numbers(base: Initialiser, table: Mapping[str, Any], place: Place, sink: Sink) -> Initialiser | None:
    strange = [name for name, item in table.items() if not _is_setting(name, item)]
    for name in strange:
        message = f"an initialiser has no `{name} = {shown(table[name])}`"
        at = (place / name).span if name in (*NUMBERS, "mode") else (place / name).key_span
        sink.add(BadInitialiser.at(at, message, help=_setting_meant(name, table[name])))
    return None if strange else base._replace(**table)


def _setting_meant(name: str, item: Any) -> Help:
    if name in _NOT_NEEDED:
        return f"leave it out: {_NOT_NEEDED[name]}"
    near = _NUMBERS_ELSEWHERE.get(name) or nearest(name, (*NUMBERS, "mode"))
    if near and near != name and _is_setting(near, item):
        return Meant((near,))
    if name == "mode" and isinstance(item, str) and (mode := nearest(item, _MODES)):
        return Meant((mode,), quote='"')
    return 'value is a number; std, bound and gain are from 0; mode = "fan_in", "fan_out" or "fan_avg"'


def _is_setting(name: str, item: Any) -> bool:
    if name == "mode":
        return item in _MODES
    return name in NUMBERS and type(item) in (int, float) and isfinite(item) and (name == "value" or item >= 0)
