"""``[defaults]``: what most steps of an op say, said once; and a step without what need not be said."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from graphbuilder.importers.columns import WHEN
from graphbuilder.importers.sizes import is_one, plain
from graphbuilder.importers.templates import Template
from graphbuilder.importers.tree import Leaf
from graphbuilder.ir import Dialect
from graphbuilder.ops import find

Table = dict[str, Any]

_NEVER = ("out", "rate", "multiplier", "shape", "size", "stretch")
# A required argument is worth a default where it is often the same.
_OFTEN = 3


class Defaults:
    """The defaults of a file, by op and argument."""

    def __init__(self, templates: Iterable[Template], dialect: Dialect, norm: Mapping[str, Any]) -> None:
        self._dialect = dialect
        said: dict[str, list[Table]] = defaultdict(list)
        for template in templates:
            for op, table in _steps(template):
                said[op].append(table)
        self.table: dict[str, Table] = {}
        for op, tables in said.items():
            chosen = _of_norm(norm, self._base(op)) if op == "batchnorm" else self._chosen(op, tables)
            if chosen:
                self.table[op] = chosen

    def shortened(self, leaf: Leaf, said: Mapping[str, Any]) -> Table:
        """The arguments of a step that are not what it would have anyway."""
        known = {**self._base(leaf.call.op), **self.table.get(leaf.call.op, {})}
        kept = {name: value for name, value in said.items() if name not in known or not _same(known[name], value)}
        if _is_free(said) and kept.get("padding") in ("valid", "half", "same"):
            del kept["padding"]
        return {name: value for name, value in kept.items() if value is not None}

    def _base(self, op: str) -> Table:
        """What an op has where neither step nor file says anything."""
        found = find(op)
        assert found is not None
        fields = found.model_fields
        own = {name: plain(field.default) for name, field in fields.items() if not field.is_required()}
        return {**own, **self._dialect.defaults_of(op)}

    def _chosen(self, op: str, tables: list[Table]) -> Table:
        base = self._base(op)
        chosen: Table = {}
        for name in tables[0]:
            if name in _NEVER or (name == "stride" and "out" in tables[0]):
                continue
            values = [table[name] for table in tables if name != "padding" or _is_word(table)]
            found = _commonest(values)
            if found is None or None in values:  # what has none could not say so
                continue
            value, count = found
            rivals = sum(_same(each, base[name]) for each in values) if name in base else _OFTEN - 1
            if not (name in base and _same(value, base[name])) and count > max(rivals, 1) and value is not None:
                chosen[name] = value
        return chosen


def _of_norm(norm: Mapping[str, Any], base: Mapping[str, Any]) -> Table:
    return {name: value for name, value in norm.items() if not _same(value, base[name])}


def _steps(template: Template) -> Iterable[tuple[str, Table]]:
    for where, items in template.first.lists.items():
        if where == "shortcut" and template.shortcut:
            continue
        for number, item in enumerate(items):
            if isinstance(item, Leaf):
                slots = {slot.name: value for slot, value in template.said.written.items()
                         if slot.place == (where, number) and not slot.name.startswith(WHEN)}  # fmt: skip
                yield item.call.op, slots


def _commonest(values: Iterable[Any]) -> tuple[Any, int] | None:
    """The commonest value that is no expression, the first of several."""
    known = [value for value in values if not (isinstance(value, str) and value.startswith("="))]
    if not known:
        return None
    text, count = Counter(map(repr, known)).most_common(1)[0]
    return next(value for value in known if repr(value) == text), count


def _is_word(said: Mapping[str, Any]) -> bool:
    """Whether padding is said in a word that matters; numbers would be wrong for a step that says nothing."""
    return isinstance(said["padding"], str) and not _is_free(said)


def _is_free(said: Mapping[str, Any]) -> bool:
    """Whether padding by a word comes to nothing: the kernel is one place."""
    return is_one(said.get("kernel"))


def _same(one: Any, other: Any) -> bool:
    return plain(one) == plain(other) and isinstance(one, bool) == isinstance(other, bool)
