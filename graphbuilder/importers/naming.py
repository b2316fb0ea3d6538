"""What the steps of a block are called: as the model has it where all copies agree, else after their op or block."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from graphbuilder.backends.toml.naming import Called, explicit
from graphbuilder.importers.templates import Template
from graphbuilder.importers.tree import Body, Item, Leaf, Sub, is_again
from graphbuilder.spec.names import INPUT, fault_of

# A name, and the count at its end: block12, Mixed_5d.
_TAIL = re.compile(r"(.*?)(\d+[a-z]?)")


class Names(NamedTuple):
    """Of one list of steps (and what stands behind its join): names by call, and which of them have to be written."""

    of: Mapping[str, str]
    written: frozenset[str]


def names_of(template: Template) -> dict[str, Names]:
    """The names in each list of a template's steps, by the calls of its first member."""
    members = [body.lists for body in template.members]
    within = [body.name for body in template.members] if template.first.kind != "model" else [""]
    found: dict[str, Names] = {}
    for where, items in template.first.lists.items():
        if where in ("main", "after") or (where == "shortcut" and template.shortcut):
            continue
        prefix = where.partition(" ")[2]
        inside = [prefix] * len(members) if prefix else within
        found[where] = _named([[body[where] for body in members]], [items], set(), inside)
    joined = [[body[where] for body in members] for where in ("main", "after")]
    taken = {"shortcut", "merge", *(where.partition(" ")[2] for where in found)}
    taken |= _inputs(template.first) if template.first.kind == "model" else {INPUT}
    trunk = _named(joined, [template.first.main, template.first.after], taken, within)
    return {**found, "main": trunk, "after": trunk}


def _inputs(model: Body) -> set[str]:
    """What the steps of ``model`` read that none of them gives."""
    return {value.node for item in model.main for value in item.reads} - {item.key for item in model.main}


def _named(
    copies: Sequence[Sequence[list[Item]]], lists: Sequence[list[Item]], taken: set[str], within: Sequence[str]
) -> Names:
    items = [item for each in lists for item in each]
    wanted = [
        _agreed([copy[number] for copy in each], within)
        for each, own in zip(copies, lists, strict=True)
        for number in range(len(own))
    ]
    used = {*taken}
    labels: list[str] = []
    for label in wanted:
        bad = not label or label in used or fault_of(label, "step") is not None
        labels.append("" if bad else label)
        used |= {label} if not bad else set()
    names: dict[str, str] = {}
    called: list[Called] = []
    for label, item in zip(labels, items, strict=True):
        base = names[item.owner] if is_again(item) and item.owner else _base(item)
        names[item.key] = label or _counted(base, used)
        called.append(Called(names[item.key], base))
    again = {names[item.key] for item in items if is_again(item)}
    return Names(names, frozenset(explicit(called, again, taken)))


def _counted(base: str, used: set[str]) -> str:
    number = 1
    while (name := base if number == 1 else f"{base}_{number}") in used:
        number += 1
    used.add(name)
    return name


def _base(item: Item) -> str:
    return item.call.op if isinstance(item, Leaf) else item.template.name


def _agreed(copies: Sequence[Item], within: Sequence[str]) -> str:
    """What every copy calls a step, below its own name; "" where they differ."""
    labels = {_below(label_of(item), name) for item, name in zip(copies, within, strict=True)}
    return labels.pop() if len(labels) == 1 else ""


def _below(label: str, name: str) -> str:
    return "" if label == name else label.removeprefix(f"{name}_")


def label_of(item: Item) -> str:
    """What the model calls a step."""
    if isinstance(item, Leaf):
        return item.call.label if item.call.layer else ""
    if isinstance(item, Sub):
        return item.body.name
    return item.name or row_name([sub.body for sub in item.subs])


def row_name(copies: Sequence[Body]) -> str:
    """A name for copies in a row: ``block5_to_12``, ``mixed_5b_to_5d``."""
    first, last = copies[0].name, copies[-1].name
    tails = [_TAIL.fullmatch(name) for name in (first, last)]
    if tails[0] is None or tails[1] is None or tails[0][1] != tails[1][1]:
        return ""
    return f"{first}_to_{tails[1][2]}"
