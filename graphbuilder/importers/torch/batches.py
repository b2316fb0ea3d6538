"""Axes exchanged with the batch, and parts taken from one: ``qkv.permute(2, 0, 3, 1, 4).unbind(0)``.

In a spec the batch is always in front. So a value whose batch is elsewhere is not made; what is taken of it, until the
batch is in front again, is taken of the value before.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from graphbuilder.importers.torch.terms import Arguments, Unknown, exchanged, kind_of

_MOVING = ("permute", "swapaxes", "swapdims", "transpose", "t")
_TAKING = ("unbind", "select")


class Steps(NamedTuple):
    """Ops one behind the other on what ``source`` gives."""

    source: Any
    ops: tuple[tuple[str, dict[str, Any]], ...]


class _Moved(NamedTuple):
    """A value as the axes of another, the batch among them."""

    source: Any
    axes: tuple[int, ...]


class Batches:
    """The values of a graph whose batch is not in front, and those that are several parts of one."""

    def __init__(self) -> None:
        self._moved: dict[Any, _Moved] = {}
        self._parts: dict[Any, int] = {}

    def steps(self, node: Any) -> Steps | None:
        """What a call comes to, where it moves the batch or reads what has it moved; nothing yet is no op.

        Raises:
            Unknown: it does something else with a value whose batch is not in front.
        """
        if node.target.__name__ == "getitem" and node.args[0] in self._parts:
            return self._taken(node, node.args[0].args[0], self._parts[node.args[0]], node.args[1])
        kind = kind_of(node)
        first: Any = node.args[0] if node.args else None
        if kind in _MOVING and hasattr(first, "meta"):
            return self._exchanged(node, first, kind)
        if kind in _TAKING and (kind == "unbind" or first in self._moved):
            given = Arguments(node)
            axis = given["dim"] % len(first.meta["val"].shape)
            if kind == "select":
                return self._taken(node, first, axis, given["index"])
            self._parts[node] = axis
            return Steps(first, ())
        if any(each in self._moved for each in node.all_input_nodes):
            raise Unknown("the batch exchanged with another axis")
        return None

    def _exchanged(self, node: Any, first: Any, kind: str) -> Steps | None:
        before = self._moved.get(first)
        axes = _axes(Arguments(node), kind, len(node.meta["val"].shape))
        if before is None and not axes[0]:
            return None
        source, known = before or _Moved(first, tuple(range(len(axes))))
        return self._known(node, source, tuple(known[axis] for axis in axes), ())

    def _taken(self, node: Any, value: Any, axis: int, index: int) -> Steps:
        """One element of ``axis`` of ``value``."""
        rank = len(value.meta["val"].shape)
        source, axes = self._moved.get(value) or _Moved(value, tuple(range(rank)))
        if not axes[axis]:
            raise Unknown("a sample taken from the batch")
        taken = axes[axis]
        rest = tuple(each - (each > taken) for place, each in enumerate(axes) if place != axis)
        if rest[0]:
            raise Unknown("the batch exchanged with another axis")
        return self._known(node, source, rest, (("select", {"axis": taken - 1, "index": index}),))

    def _known(
        self, node: Any, source: Any, axes: tuple[int, ...], ops: tuple[tuple[str, dict[str, Any]], ...]
    ) -> Steps:
        if axes[0]:
            self._moved[node] = _Moved(source, axes)
            return Steps(source, ())
        if axes == tuple(range(len(axes))):
            return Steps(source, ops)
        return Steps(source, (*ops, ("permute", {"axes": [axis - 1 for axis in axes[1:]]})))


def _axes(given: Arguments, kind: str, rank: int) -> list[int]:
    if kind == "permute":
        return [axis % rank for axis in given["dims"]]
    axes = list(range(rank))
    first, second = exchanged(given, kind, rank)
    axes[first], axes[second] = axes[second], axes[first]
    return axes
