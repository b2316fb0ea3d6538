"""The tables of a spec: blocks after what they are used for, params for what a caller may want to set."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphbuilder.importers.columns import WHEN
from graphbuilder.importers.defaults import Defaults
from graphbuilder.importers.growing import Growth, Line, expression, grown, growth, is_rate
from graphbuilder.importers.heads import classes
from graphbuilder.importers.naming import Names, names_of
from graphbuilder.importers.templates import Template
from graphbuilder.importers.traced import Traced, size_of
from graphbuilder.importers.tree import Group, Item, Leaf, Sub, is_again
from graphbuilder.ir import Value
from graphbuilder.ops import BUILT_IN
from graphbuilder.spec.names import INPUT, fault_of

Table = dict[str, Any]

# Blocks of one class are told apart by letters: numbers are for steps.
_LETTERS = [*"abcdefghijklmnopqrstuvwxyz", *(f"z{number}" for number in range(1000))]

# What readers of weights take off all names: a wrapper's, not a block's.
_WRAPPER = "module"
# Of a block's name, so that a word or a letter behind it leaves it a name.
_LONGEST = 48


@dataclass
class Params:
    """What a caller may set: names and values, and the expressions that stand for them.

    Attributes:
        classes: the param that the width of a layer is, by its call.
        growth: how the rates of stochastic depth grow; None where they are of no line.
    """

    values: dict[str, Any]
    repeats: dict[str, str]
    classes: Mapping[str, str]
    growth: Growth | None = None


def all_templates(root: Template) -> list[Template]:
    """Every template below ``root`` but itself, each before those that it uses, in the order of use."""
    found: list[Template] = []
    waiting = [root]
    while waiting:
        template = waiting.pop(0)
        for items in template.first.lists.values():
            for item in items:
                if isinstance(item, Sub | Group) and item.template not in found:
                    found.append(item.template)
                    waiting.append(item.template)
    return found


def name_templates(root: Template) -> list[Template]:
    """Give every template a name: its class's in small letters, or what it is."""
    used = {*BUILT_IN}
    found = all_templates(root)
    for template in found:
        base = _snake(template.first.kind) or "block"
        base = base if fault_of(base, "block") is None and base not in {*BUILT_IN, _WRAPPER} else f"{base}_block"
        number = 0
        while (name := f"{base}_{_LETTERS[number]}" if number else base) in used:
            number += 1
        used.add(name)
        template.name = name
    return found


def _snake(name: str) -> str:
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return re.sub(r"[^A-Za-z0-9_]+", "_", words).lower().strip("_")[:_LONGEST]


class Writer:
    """Writes the steps of templates as tables."""

    def __init__(self, model: Traced, root: Template, defaults: Defaults, line: Line | None) -> None:
        self._model = model
        self._root = root
        self._defaults = defaults
        self.params = _params(model, root, line)

    def tables(self) -> Iterator[tuple[str, Table]]:
        """The tables ``model``, ``outputs`` and each block's, in the file's order."""
        names = names_of(self._root)
        yield "model", {"body": self._steps(self._root, "main", names)}
        yield "outputs", self._outputs(names["main"])
        for template in all_templates(self._root):
            yield f"blocks.{template.name}", self._block(template)

    def _outputs(self, names: Names) -> Table:
        last = self._root.first.main[-1]
        is_by_name = self._model.by_name and len(self._model.outputs) == 1
        if [*self._model.outputs.values()] == [Value(last.key)] and not is_by_name:
            return {}
        paths = {name: _path(value, names) for name, value in self._model.outputs.items()}
        if is_by_name:
            return {name: {"from": path, "by_name": True} for name, path in paths.items()}
        alone = self._model.training
        return {name: {"from": path, "training": True} if name in alone else path for name, path in paths.items()}

    def _block(self, template: Template) -> Table:
        names = names_of(template)
        body = template.first
        table: Table = {"args": {each.name: each.declared for each in template.said.arguments.values()}}
        if body.main:
            table["body"] = self._steps(template, "main", names)
        if body.branches:
            table["branches"] = {
                name: self._steps(template, f"branch {name}", names) for name in body.branches
            }  # fmt: skip
        if template.shortcut:
            table["shortcut"] = template.shortcut
        elif body.shortcut:
            table["shortcut"] = self._steps(template, "shortcut", names)
        if template.when:
            table["shortcut_when"] = template.when
        join = next((each.join.op for each in template.members if each.join), "add")
        if join != "add" or body.branches:
            table["merge"] = join
        if body.after:
            table["after"] = self._steps(template, "after", names)
        return {key: item for key, item in table.items() if item}

    def _steps(self, template: Template, where: str, names: Mapping[str, Names]) -> list[Table]:
        body = template.first
        known = names[where]
        source = Value(body.join.name) if where == "after" and body.join else body.source
        items = body.lists[where]
        steps: list[Table] = []
        before = source
        for number, item in enumerate(items):
            name = known.of[item.key]
            step: Table = {"id": name} if name in known.written else {}
            step |= _run(item, known)
            if item.reads != (before,):
                step["from"] = self._reads(item, known, body.source if template is not self._root else None)
            steps.append(step if is_again(item) else {**step, **self._words(template, where, number, item)})
            before = Value(item.key)
        return steps

    def _reads(self, item: Item, names: Names, source: Value | None) -> Any:
        paths = [INPUT if value == source else _path(value, names) for value in item.reads]
        if isinstance(item, Leaf) and len(item.op.ports) > 1:
            return dict(zip(item.op.ports, paths, strict=False))
        return paths if len(paths) > 1 else paths[0]

    def _words(self, template: Template, where: str, number: int, item: Item) -> Table:
        said = {slot.name: value for slot, value in template.said.written.items() if slot.place == (where, number)}
        if isinstance(item, Leaf):
            when = next((value for name, value in said.items() if name.startswith(WHEN)), None)
            own = {name: value for name, value in said.items() if not name.startswith(WHEN)}
            copies = [body.lists[where][number] for body in template.members]
            words = self._defaults.shortened(item, self._params_of(template, copies, own, self._home(template, item)))
            return {**words, "when": when} if when else words
        words = {name: value for name, value in said.items() if name != "repeat" and " " not in name}
        known = item.template.said.arguments
        words = {name: _first(words[name], said.get(f"first {name}")) for name in known if name in words}
        for name in [name for name in words if f"step {name}" in said or is_rate(item.template, name)]:
            words[name] = self._grown(words[name], said.get(f"step {name}", 0.0), self._home(template, item))
        words = {name: value for name, value in words.items()
                 if known[name].default is None or value != known[name].default}  # fmt: skip
        repeat = self.params.repeats.get(item.key) if template is self._root else None
        if isinstance(item, Group):
            listed = {item.item: "=item"} if item.item else {}
            shared = {"share": True} if item.owner else {}
            return {"repeat": repeat or said["repeat"], **shared, **words, **listed}
        return {**words, "depth": repeat} if repeat else words

    def _grown(self, value: Any, step: Any, home: str) -> Any:
        """An argument that grows along a repeat: of stochastic depth, as a part of the largest rate."""
        return self.params.growth.said(value, step, home) if self.params.growth else grown(value, step)

    def _home(self, template: Template, item: Item) -> str:
        """The step of the model itself that ``item`` is, or is always a part of; "" where it is a part of several."""
        if template is self._root:
            return item.key
        homes = [each.key for each in self._root.first.main if template in _below(each)]
        return homes[0] if len(homes) == 1 else ""

    def _params_of(self, template: Template, copies: Sequence[Item], said: Table, home: str) -> Table:
        """What is said of a leaf with params: the number of classes, stochastic depth, the model's own dropout."""
        calls = [item.call for item in copies if isinstance(item, Leaf)]
        counted = {self.params.classes.get(call.name) for call in calls}
        if isinstance(said.get("out"), int) and None not in counted and len(counted) == 1:
            return {**said, "out": f"={counted.pop()}"}
        if template is self._root and "dropout" in self.params.values and calls[0].op == "dropout":
            return {**said, "rate": "=dropout"}
        return {**said, "rate": self._grown(said["rate"], 0.0, home)} if calls[0].op == "droppath" else said


def _below(item: Item) -> list[Template]:
    """The block that a step uses, and all that are used in it."""
    return [] if isinstance(item, Leaf) else [item.template, *all_templates(item.template)]


def _run(item: Item, names: Names) -> Table:
    if is_again(item) and item.owner:
        return {"share": names.of[item.owner]}
    return {"op": item.call.op} if isinstance(item, Leaf) else {"use": item.template.name}


def _first(value: Any, first: Any) -> Any:
    """An argument of a repeat whose first copy has another."""
    if first is None or first == value:
        return value
    return f"={expression(first)} if i == 0 else {expression(value)}"


def _path(value: Value, names: Names) -> str:
    name = names.of.get(value.node, value.node)
    return name if value.port == "out" else f"{name}.{value.port}"


def _params(model: Traced, root: Template, line: Line | None) -> Params:
    items = root.first.main
    counted = classes(model)
    values: dict[str, Any] = {**counted.params}
    size = size_of(model)
    if size:
        values["size"] = size
    rows = [item for item in items if (isinstance(item, Group) and _is_deep(item)) or "depth" in _row(item)]
    depths = [len(row.subs) if isinstance(row, Group) else _row(row)["depth"] for row in rows]
    name = _free("depth" if len(rows) == 1 else "depths", root)
    if rows:
        values[name] = depths[0] if len(rows) == 1 else depths
    texts = [f"={name}" if len(rows) == 1 else f"={name}[{number}]" for number in range(len(rows))]
    repeats = {row.key: text for row, text in zip(rows, texts, strict=True)}
    rates = {dict(item.op)["rate"] for item in items if isinstance(item, Leaf) and item.call.op == "dropout"}
    if len(rates) == 1:
        values["dropout"] = rates.pop()
    if line is None:
        return Params(values, repeats, counted.of)
    drop = _free("drop", root)
    numbers = {row.key: number for number, row in enumerate(rows)}
    grown = growth(line, drop, items, numbers, (name, len(rows) if len(rows) > 1 else 0))
    return Params({**values, drop: line.drop}, repeats, counted.of, grown)


def _free(name: str, root: Template) -> str:
    """``name``, or one like it that no block has for an argument."""
    while any(name in template.said.arguments for template in all_templates(root)):
        name = f"model_{name}"
    return name


def _is_deep(row: Group) -> bool:
    """Whether a row's length is a depth that a person may set: not of a few ops only, nor over a list."""
    first = row.template.first
    is_unit = first.is_plain and all(isinstance(item, Leaf) for item in first.main)
    return row.item is None and not is_unit


def _row(item: Item) -> Table:
    return item.row if isinstance(item, Sub) else {}
