"""Steps that ``[steps]`` puts ahead of or behind an inherited one, and where everything stands afterwards.

What is inserted keeps to the list of the step beside it. It moves the steps behind it and renames none: names are
counted over what was there first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple, cast

from graphbuilder.diagnostics import Diagnostic
from graphbuilder.diagnostics.catalogue.grammar import WrongType
from graphbuilder.document import Place
from graphbuilder.spec.merged import Keys, Merged
from graphbuilder.spec.names import INSERTIONS
from graphbuilder.spec.validation import found


class Insertion(NamedTuple):
    """Steps beside another: ``steps``, which stand at ``place``, ahead of or behind the one at ``beside``."""

    beside: Keys
    behind: bool
    steps: list[Any]
    place: Place


def fault_of(override: Mapping[str, Any], place: Place) -> Diagnostic | None:
    """What is wrong with the words of an override that insert."""
    for word in INSERTIONS:
        if not isinstance(override.get(word, []), list):
            message = f"`{word}` must be a list of steps, not {found(override[word])}"
            return WrongType.at((place / word).span, message, help=f'write {word} = [{{ op = "..." }}]')
    return None


def insertions_of(override: Mapping[str, Any], place: Place, beside: Keys) -> list[Insertion]:
    """What an override at ``place`` inserts beside the step at ``beside``."""
    return [
        Insertion(beside, word == "after", cast("list[Any]", override[word]), place / word)
        for word in INSERTIONS
        if word in override
    ]


def inserted(merged: Merged, insertions: Iterable[Insertion]) -> Merged:
    """``merged`` with all of them, each beside the step that stands at its keys now."""
    by_list: dict[Keys, list[Insertion]] = {}
    for each in insertions:
        by_list.setdefault(each.beside[:-1], []).append(each)
    rows = {keys: _with(merged, keys, group) for keys, group in by_list.items()}
    data = merged.data
    for keys, row in rows.items():
        data = replaced(data, keys, row.steps)
    origins = _moved(merged.origins, {keys: row.moved for keys, row in rows.items()})
    for row in rows.values():
        origins |= row.origins
    return replace(merged, data=data, origins=origins)


class _Longer(NamedTuple):
    """A list with steps inserted: the new number of each that was there, and where each of the list was written."""

    steps: list[Any]
    moved: dict[int, int]
    origins: dict[Keys, Place]


def _with(merged: Merged, keys: Keys, insertions: list[Insertion]) -> _Longer:
    """The list at ``keys`` of ``merged`` with steps inserted."""
    old = cast("list[Any]", value_at(merged.data, keys))
    beside = {(each.beside[-1], each.behind): each for each in insertions}
    steps: list[Any] = []
    moved: dict[int, int] = {}
    origins: dict[Keys, Place] = {}

    def insert(index: int, behind: bool) -> None:
        each = beside.get((index, behind))
        if each is not None:
            origins.update({(*keys, len(steps) + at): each.place / at for at in range(len(each.steps))})
            steps.extend(each.steps)

    for index, step in enumerate(old):
        insert(index, behind=False)
        moved[index] = len(steps)
        origins[*keys, len(steps)] = merged.origin((*keys, index))
        steps.append(step)
        insert(index, behind=True)
    return _Longer(steps, moved, origins)


def _moved(origins: Mapping[Keys, Place], lists: Mapping[Keys, Mapping[int, int]]) -> dict[Keys, Place]:
    """Where words were written, those of the steps of ``lists`` that moved under their new numbers."""
    depths = {len(keys) for keys in lists}

    def now(at: Keys) -> Keys:
        depth = next((depth for depth in depths if len(at) > depth and at[:depth] in lists), None)
        if depth is None:
            return at
        return (*at[:depth], lists[at[:depth]][cast("int", at[depth])], *at[depth + 1 :])

    return {now(at): place for at, place in origins.items()}


def replaced(value: Any, keys: Keys, new: Any) -> Any:
    """A copy of ``value`` with ``new`` at ``keys``; what the keys do not touch is shared."""
    if not keys:
        return new
    copied = value.copy()
    copied[keys[0]] = replaced(value[keys[0]], keys[1:], new)
    return copied


def value_at(data: Any, keys: Keys) -> Any:
    """The value at ``keys``, or None."""
    for key in keys:
        if isinstance(key, int):
            data = data[key]
        else:
            data = cast("dict[str, Any]", data).get(key) if isinstance(data, dict) else None
    return data
