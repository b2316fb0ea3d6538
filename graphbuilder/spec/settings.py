"""Values for params, from the command line or from Python: each must be of the type of the param's default.

A string is never an expression here: what a caller sets is a plain value.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from math import isfinite
from typing import Any, cast

from graphbuilder import document
from graphbuilder.diagnostics import CompileError, Diagnostic, Label, Sink
from graphbuilder.diagnostics.catalogue.files import IntegerTooLarge
from graphbuilder.diagnostics.catalogue.usage import (
    SettingBound,
    SettingForm,
    SettingRefused,
    SettingType,
    SettingUnknown,
)
from graphbuilder.diagnostics.nearest import meant
from graphbuilder.document.writing import shown
from graphbuilder.spec.arithmetic import Fault, bounded, bounded_list
from graphbuilder.spec.model import Spec
from graphbuilder.spec.params import leaves, refusal
from graphbuilder.spec.raw import is_formula
from graphbuilder.spec.unknown import UNKNOWN
from graphbuilder.spec.validation import found

_EXAMPLES = {"a boolean": "true", "an integer": "10", "a float": "0.5", "a list": "[1, 2]"}
_WORDS = {"true": ("true", "yes", "on", "1"), "false": ("false", "no", "off", "0")}
_BOOLEANS = {word: boolean for boolean, words in _WORDS.items() for word in words}
_LONGEST = 1_000
_BOUNDS = "give a finite number up to 10^15 either side of zero, and lists and texts of a plain length"


def parse_setting(text: str, params: Mapping[str, Any]) -> tuple[str, Any]:
    """The param and the value of ``NAME=VALUE``, as TOML; the value of a string param is the text itself.

    Args:
        text: as written behind ``--set``.
        params: the spec's params with their defaults.

    Raises:
        CompileError: it has no ``=``, names no param, or its value is not of the type of the default.
    """
    name, equals, written = (part.strip() for part in text.partition("="))
    if not equals:
        message = f"{shown(text)} sets nothing"
        raise CompileError((SettingForm.at(None, message, help="write NAME=VALUE, such as classes=10"),))
    if fault := _unknown(name, params):
        raise CompileError((fault,))
    value = written if isinstance(params[name], str) else _toml(name, written, params[name])
    return name, _checked({name: value}, params)[name]


def chosen(spec: Spec, values: Mapping[str, Any], texts: Sequence[str], sink: Sink) -> dict[str, Any]:
    """The params of ``spec`` that are set by ``values``, then by ``texts``; of a faulty one nothing is known.

    Each fault goes into ``sink`` with the line that declares the param. What sets a param that is faulty itself in the
    spec is passed over.
    """
    _expect_table(values)
    rows = [(name, partial(_checked, {name: value}, spec.params)) for name, value in values.items()]
    rows += [(_name_of(text), partial(_parsed, text, spec.params)) for text in texts]
    settings: dict[str, Any] = {}
    for name, read in rows:
        if not spec.unsound.isdisjoint({("params",), ("params", name)}):
            continue
        try:
            settings.update(_taken(read(), spec))
        except CompileError as error:
            for diagnostic in error.diagnostics:
                sink.add(_declared(diagnostic, spec, name))
            settings.update({name: UNKNOWN} if name in spec.params else {})
    return settings


def _declared(diagnostic: Diagnostic, spec: Spec, name: str) -> Diagnostic:
    """The same with the line that declares the param, where there is one."""
    if name not in spec.params or diagnostic.related:
        return diagnostic
    label = Label((spec.place_of("params") / name).span, f"`{name}` is {_kind(spec.params[name])}")
    return replace(diagnostic, related=(label,))


def _taken(settings: dict[str, Any], spec: Spec) -> dict[str, Any]:
    """The settings themselves.

    Raises:
        CompileError: a value is none of its param's choices, or beyond its bounds.
    """
    for name, value in settings.items():
        declared = spec.declared[name]
        if found := refusal(declared.model_dump(exclude_none=True), value):
            label = Label(declared.place_of(found.word).span, "declared here")
            message = f"`{name}` {found.message}"
            raise CompileError((SettingRefused.at(None, message, related=(label,), help=found.help),))
    return settings


def _name_of(text: str) -> str:
    return text.partition("=")[0].strip()


def _parsed(text: str, params: Mapping[str, Any]) -> dict[str, Any]:
    return dict([parse_setting(text, params)])


def _expect_table(values: object) -> None:
    """Python callers are not held to the annotation."""
    if not isinstance(values, Mapping):
        raise TypeError(f"params must map names to values, not {type(values).__name__}")
    strangers = [name for name in cast("Mapping[object, Any]", values) if not isinstance(name, str)]
    if strangers:
        raise TypeError(f"params are named by strings, not {strangers[0]!r}")


def _checked(values: Mapping[str, Any], params: Mapping[str, Any]) -> dict[str, Any]:
    sink = Sink()
    checked: dict[str, Any] = {}
    for name, value in values.items():
        if fault := _unknown(name, params) or _type_fault(name, value, params[name]) or _bound_fault(name, value):
            sink.add(fault)
            continue
        checked[name] = float(value) if isinstance(params[name], float) else _plain(value)
    sink.raise_if_failed()
    return checked


def _unknown(name: str, params: Mapping[str, Any]) -> Diagnostic | None:
    if name in params:
        return None
    known = f"its params are {', '.join(params)}" if params else "it has no params"
    return SettingUnknown.at(None, f"the spec has no param {shown(name)}", help=meant(name, params, known))


def _toml(name: str, written: str, default: object) -> Any:
    """The value of ``written`` as TOML has it.

    Raises:
        CompileError: it is no one value.
    """
    try:
        data = document.parse(f"value = {written}", "--set").data
    except CompileError as error:
        if any(diagnostic.rule is IntegerTooLarge for diagnostic in error.diagnostics):
            message = f"`{name}` cannot be set so: {written[:40]} has more than 64 bits"
            raise CompileError((SettingBound.at(None, message, help=_BOUNDS),)) from None
        data = {}
    if set(data) != {"value"}:
        raise CompileError((_wrong(name, written, default),))
    return data["value"]


def _type_fault(name: str, value: object, default: object) -> Diagnostic | None:
    if _kind(value) != _kind(default) and not (isinstance(default, float) and _kind(value) == "an integer"):
        return _wrong(name, value, default)
    for leaf in leaves(value):
        if not isinstance(leaf, bool | int | float | str):
            message = f"`{name}` must hold plain values, not {found(leaf)}"
            return SettingType.at(None, message, help="give numbers, text, true, false or a list of them")
        if is_formula(leaf):
            remedy = "a text that starts with `=` would be an expression"
            return SettingType.at(None, f"`{name}` cannot be {shown(leaf)}: a setting is a plain value", help=remedy)
    return None


def _kind(value: object) -> str:
    """Every kind of list is one, a tuple included."""
    return "a list" if isinstance(value, list | tuple) else found(value)


def _wrong(name: str, value: object, default: object) -> Diagnostic:
    """The diagnostic for a value, or the text of what is none, that is not of the kind of ``default``."""
    wanted = _kind(default)
    meant_ = _meant(value, default)
    example = f"{name}={_EXAMPLES[wanted]}, say" if wanted in _EXAMPLES else None
    remedy = example if meant_ is None else f"{name}={meant_}"
    given = shown(value) if isinstance(value, str) else found(value)
    return SettingType.at(None, f"`{name}` must be {wanted}, not {given}", help=f"write {remedy}" if remedy else None)


def _meant(value: object, default: object) -> str | None:
    """A value of the kind of ``default`` as it is written, where ``value`` is one that is written otherwise."""
    text = value.strip() if isinstance(value, str) else json.dumps(value, default=str)
    if isinstance(default, bool):
        return _BOOLEANS.get(text.casefold())
    if isinstance(default, int) and isinstance(value, float) and value.is_integer():
        return str(int(value))
    return _listed(text) if isinstance(default, list) and len(text) <= _LONGEST else None


def _listed(text: str) -> str | None:
    """The numbers of ``text``, which are separated by commas, as a list."""
    try:
        items = json.loads(f"[{text.strip('()')}]")
    except (ValueError, RecursionError):
        return None
    return json.dumps(items) if items and all(type(item) in (int, float) and isfinite(item) for item in items) else None


def _bound_fault(name: str, value: object) -> Diagnostic | None:
    try:
        bounded_list([value])
        for leaf in leaves(value):
            bounded(leaf)
    except Fault as fault:
        return SettingBound.at(None, f"`{name}` cannot be set so: {fault.message}", help=_BOUNDS)
    return None


def _plain(value: object) -> Any:
    return [_plain(item) for item in cast("Sequence[object]", value)] if isinstance(value, list | tuple) else value
