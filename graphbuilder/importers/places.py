"""Where the weights of a model's layers are in the spec: names of theirs, and of ours."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from graphbuilder.importers.naming import names_of
from graphbuilder.importers.templates import Template
from graphbuilder.importers.tree import Body, Group, Item, Leaf, Sub, is_again


class Place(NamedTuple):
    """A layer, or one tensor where its name is not the layer's: in the model's weights file, and here."""

    theirs: str
    ours: str


def places(root: Template) -> list[Place]:
    """The place of every layer with weights, in the order of the model."""
    return list(_body(root, root.first, ""))


def _body(template: Template, body: Body, path: str) -> Iterator[Place]:
    names = names_of(template)
    first = template.first.lists
    for where, items in body.lists.items():
        if where == "shortcut" and template.shortcut == "project":
            below, known = f"{path}shortcut.", ["conv", "batchnorm"]
        else:
            below = path + {"main": "", "after": "", "shortcut": "shortcut."}.get(where, f"{where[7:]}.")
            known = [names[where].of[item.key] for item in first.get(where, [])]
        for item, name in zip(items, known, strict=True):
            yield from _item(item, below + name) if not is_again(item) else ()


def _item(item: Item, name: str) -> Iterator[Place]:
    match item:
        case Leaf():
            yield from _leaf(item, name)
        case Sub():
            yield from _body(item.template, item.body, f"{name}.")
        case Group():
            for number, sub in enumerate(item.subs if item.owner is None else item.subs[:1]):
                yield from _body(sub.template, sub.body, f"{name}.{number}.")


def _leaf(leaf: Leaf, name: str) -> Iterator[Place]:
    call = leaf.call
    if call.leaves:
        yield from (Place(theirs, f"{name}.{ours}") for ours, theirs in call.leaves.items())
    elif call.layer is not None:
        yield Place(call.layer, name)
