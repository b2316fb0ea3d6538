"""What is sound of a faulty file, made fit to go on with: each fault gives way to a stand-in, and its place is marked.

Whatever depends on a marked place stays silent later, so that one mistake is told once and everything else is still
checked. Nothing is reported here, and a file without faults never comes by.
"""

from __future__ import annotations

from typing import Any, cast

from graphbuilder.diagnostics.nearest import nearest
from graphbuilder.spec.merged import Keys
from graphbuilder.spec.unknown import POISON

TWICE = "twice"
"""What is marked of a step whose name another has, too."""
_FORMAT = 1
_RUNS = ("op", "use", "share", "merge")
# What a step without an id is named after.
_NAMING = ("op", "use")


class Mending:
    """The values of a file under repair.

    Attributes:
        data: the values, changed in place.
        unsound: the places whose values are not what was meant: a value, a step, a block, a whole table.
    """

    def __init__(self, data: dict[str, Any]) -> None:
        self.data = data
        self.unsound: set[Keys] = set()

    def mark(self, *keys: str | int) -> None:
        """Note that what stands at ``keys`` is not what was meant."""
        self.unsound.add(keys)

    def put(self, keys: Keys, value: Any) -> None:
        """Let ``value`` stand at ``keys``, where the table or list that would hold it is there."""
        holder = self._holder(keys)
        if holder is not None:
            holder[keys[-1]] = value

    def value(self, keys: Keys) -> Any:
        """What stands at ``keys``."""
        return self._holder((*keys, ""))

    def remove(self, keys: Keys) -> None:
        """Leave out what stands at ``keys`` of a table."""
        holder = self._holder(keys)
        if isinstance(holder, dict):
            cast("dict[str | int, Any]", holder).pop(keys[-1], None)

    def poison(self, keys: Keys) -> None:
        """Let a value stand at ``keys`` that nobody knows."""
        self.put(keys, POISON)

    def _holder(self, keys: Keys) -> Any:
        """The table or list that holds what stands at ``keys``, or None."""
        holder: Any = self.data
        for key in keys[:-1]:
            if isinstance(holder, dict):
                holder = cast("dict[Any, Any]", holder).get(key)
            else:
                holder = cast("list[Any]", holder)[int(key)] if isinstance(holder, list) else None
        return cast("Any", holder) if isinstance(holder, dict | list) else None

    def mend(self, keys: Keys) -> None:
        """Repair what the grammar refuses at ``keys``, or misses there."""
        match keys:
            case ("format",):
                self.put(keys, _FORMAT)
            case ("name",):
                self.put(keys, "unnamed")
            case ("model", *rest):
                self._model(tuple(rest))
            case ("inputs", *rest):
                self._inputs(tuple(rest))
            case ("blocks", *rest):
                self._blocks(tuple(rest))
            case ("params" | "defaults" | "outputs" as table, *rest):
                self._table(table, tuple(rest))
            case _:
                self._stranger((), ("params", "inputs", "defaults", "blocks"), keys[:1])

    def _stranger(self, keys: Keys, tables: tuple[str, ...], key: Keys) -> None:
        """Leave out what the grammar does not know; a table may be meant for any that is not there, or that it is near
        to."""
        holder: dict[Any, Any] = self._holder((*keys, *key)) or {}
        if isinstance(holder.get(key[0]), dict):
            near = nearest(str(key[0]), tables)
            self.unsound.update((*keys, table) for table in tables if table not in holder or table == near)
        self.remove((*keys, *key))

    def _table(self, table: str, rest: Keys) -> None:
        keys = (table, *rest[:1])
        if table == "outputs":
            keys = ("outputs",)
        self.mark(*keys)
        self.remove(keys)

    def _inputs(self, rest: Keys) -> None:
        match rest:
            case ():
                self.mark("inputs")
                self.put(("inputs",), {"input": {"shape": [POISON]}})
            case (name, "shape", int(index)):
                self.poison(("inputs", name, "shape", index))
            case (name, int(index)):
                self.poison(("inputs", name, index))
            case _:
                self.put(("inputs", rest[0]), {"shape": [POISON]})

    def _model(self, rest: Keys) -> None:
        match rest:
            case () | ("body",):
                self.mark("model")
                self.put(("model",), {"body": []})
            case ("body", *_):
                self._steps(("model", "body"), rest[1:])
            case _:
                self.remove(("model", *rest[:1]))

    def _blocks(self, rest: Keys) -> None:
        match rest:
            case ():
                self.mark("blocks")
                self.put(("blocks",), {})
            case (name,):
                self._no_list(("blocks", name), ("blocks", name, "body"))
                self.mark("blocks", name, "args")
                self.mark("blocks", name, "inputs")
                self.put(("blocks", name), {"body": []})
            case _:
                self._block(("blocks", rest[0]), rest[1:])

    def _block(self, block: Keys, within: Keys) -> None:
        match within:
            case ("args" | "let" as word, name, *_):
                self.poison((*block, word, name))
            case ("args" | "inputs" | "let" | "outputs" | "merge" as word, *_):
                self.mark(*block)
                self.mark(*block, word)
                self.remove((*block, word))
            case ("before" | "body" | "after" | "shortcut" as word, *rest) if rest:
                self._steps((*block, word), tuple(rest))
            case ("branches", name, *rest) if rest:
                self._steps((*block, "branches", name), tuple(rest))
            case ("before" | "body" | "after", *_) | ("branches", _):
                self._no_list(block, (*block, *within))
                self.put((*block, *within), [])
            case ("branches" | "shortcut" as word,):
                self._no_list(block, (*block, "body"))
                self.remove((*block, word))
            case ("shortcut_when",):
                self.poison((*block, *within))
            case _:
                if isinstance(self.value((*block, within[0])), list):
                    self._no_list(block, (*block, "body"))  # it may hold further steps
                self._stranger(block, ("args", "let"), within[:1])

    def _no_list(self, block: Keys, steps: Keys) -> None:
        self.mark(*block)
        self.mark(*steps)

    def _steps(self, steps: Keys, rest: Keys) -> None:
        """The step at ``rest[0]`` of the list at ``steps``, or a word of it."""
        step: Keys = (*steps, rest[0])
        match rest[1:]:
            case ():
                self.mark(*step)
                self.mark(*step, "id")
                self.put(step, {})
            case ("when" | "repeat" as word, *_):
                self.poison((*step, word))
            case (word, *_):
                self.mark(*(step if word in _RUNS else (*step, word)))
                if word in _NAMING and "id" not in (self.value(step) or ()):
                    self.mark(*step, "id")
                self.remove((*step, word))
            case _:
                pass
