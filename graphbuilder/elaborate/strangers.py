"""Arguments that nothing takes, and those that are missing: often one mistake."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import cast

from graphbuilder.diagnostics import Diagnostic, Help, Meant, Remedy
from graphbuilder.diagnostics.catalogue.arguments import ArgumentMissing, ArgumentUnknown
from graphbuilder.diagnostics.nearest import one_letter_off, one_slip
from graphbuilder.document import Place
from graphbuilder.document.writing import shown
from graphbuilder.elaborate.slips import are_channels
from graphbuilder.ir import Op
from graphbuilder.ops import catalogue
from graphbuilder.ops.other_names import argument_meant, argument_remedy, op_elsewhere

# Of the arguments that an op or a block does not take, those that are looked at for what they may mean.
STRANGERS = 100
# Of those, the ones whose values are looked at besides.
_LOOKED_AT = 10
# What torch calls axes, of which the batch is the first; ours by that name.
_COUNTED = {"dim": "axis", "dims": "axes"}


def paired(strangers: Sequence[str], lacking: Collection[str]) -> Mapping[str, str]:
    """The arguments that are missing by those that nothing takes, where each is one mistake: one letter off, or the
    only ones that are left."""
    known = sorted(lacking)
    found = {near: name for name in strangers for near in one_letter_off(name, known)[:1]}
    pairs = {name: near for near, name in found.items()}
    rest, left = [name for name in strangers if name not in pairs], [*{*lacking}.difference(found)]
    return {**pairs, rest[0]: left[0]} if len(rest) == len(left) == 1 else pairs


def renamed(
    strangers: Sequence[str], known: Collection[str], pairs: Mapping[str, str], given: Collection[str]
) -> Mapping[str, str]:
    """The arguments by the misspelt names that mean them, but those that are ``given`` besides: what is written there
    may be wrong, too."""
    found: dict[str, str] = {}
    for name in strangers[:_LOOKED_AT]:
        pair = pairs.get(name)
        near = pair if pair and one_slip(name, pair) else argument_meant(name, known)
        if near and near not in given and near not in found.values():
            found[name] = near
    return found


def fields_meant(unknown: Iterable[str], cls: type[Op]) -> set[str]:
    """The arguments of an op that are meant by names that are none: they are not missing besides."""
    return {meant_ for name in unknown if (meant_ := argument_meant(name, cls.model_fields))}


def unknown_field(cls: type[Op], name: str, place: Place, lacking: str | None = None) -> Diagnostic:
    """The diagnostic for an argument that an op does not take, beside the one that is ``lacking``."""
    if name.casefold() in _COUNTED and _COUNTED[name.casefold()] in cls.model_fields:
        return _counted(cls, name, _COUNTED[name.casefold()], place)
    remedy = _activation(name, place) or argument_remedy(cls.op, name, tuple(cls.model_fields))
    return unknown_argument(f"`{cls.op}`", name, place, remedy, tuple(cls.model_fields), lacking)


def _activation(name: str, place: Place) -> str | None:
    """The step that an activation is, where one of ours is written as an argument of another."""
    kind = place.value if name == "activation" else None
    op = op_elsewhere(kind, catalogue()) if isinstance(kind, str) else None
    return f'an activation is a step of its own: {{ op = "{op}" }}' if op else None


def _counted(cls: type[Op], name: str, axis: str, place: Place) -> Diagnostic:
    """The diagnostic for axes that are counted with the batch, as torch does: by our name they are others."""
    value = _without_batch(place.value)
    text, why = f"{axis} = {shown(value)}", f"the axes of `{cls.op}` do not count the batch"
    help_ = f"write {text}: {why}" if value is not None else f"it is `{axis}` here, and {why}"
    key, end = place.key_span, place.span
    whole = replace(key, end_line=end.end_line, end_column=end.end_column)
    untried = (Remedy(help_, whole, text),) if value is not None else ()
    return ArgumentUnknown.at(key, f"`{cls.op}` has no argument `{name}`", help=help_, untried=untried)


def _without_batch(value: object) -> object:
    """An axis, or the order of all, that counts the batch as one that does not; None where nobody knows it."""
    if isinstance(value, list):
        first, *axes = cast("list[object]", value) or (None,)
        others = [_without_batch(each) for each in axes]
        return others if first == 0 and axes and None not in others else None
    if type(value) is not int or value == 0:
        return None
    return value - 1 if value > 0 else value


def unknown_argument(
    owner: str, name: str, place: Place, remedy: Help, known: Iterable[str], lacking: str | None
) -> Diagnostic:
    """The diagnostic for an argument that ``owner`` does not take, of those that are ``known``."""
    names = [lacking] if lacking else one_letter_off(name, known)
    if names and not isinstance(remedy, Meant):
        otherwise = f"{remedy}; `{lacking}` is missing" if lacking else str(remedy)
        remedy = Meant((*names,), otherwise=otherwise, sure=False)
    return ArgumentUnknown.at(place.key_span, f"{owner} has no argument `{name}`", help=remedy)


def missing_argument(owner: str, name: str, place: Place) -> Diagnostic:
    """The diagnostic for an argument that ``owner`` demands."""
    message, help_ = f"{owner} needs the argument `{name}`", f"add `{name} = ...` to the step"
    return replace(ArgumentMissing.at(place.span, message, help=help_), alone=are_channels(name))
