"""Why an argument differs: because it is written otherwise, or because what the same words read is another thing.

``out = "=in_channels"`` gives another number wherever another width comes in: that follows, and nobody wrote it. What
is computed of a param that was set otherwise does not follow, since no other step tells of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from graphbuilder.ir import Graph, Node
from graphbuilder.spec.expressions import parse

if TYPE_CHECKING:
    from graphbuilder.compiler import Network

_MISSING = object()
Table = Mapping[str, Any]


class Cause(IntEnum):
    """What a name means in the second network: the same; what comes of what is read; or something else."""

    SAME = 0
    FOLLOWS = 1
    CHANGED = 2


Names = Mapping[str, Cause]


@dataclass(frozen=True)
class Around:
    """Where two bodies stand; two are equal where names mean the same.

    Attributes:
        specs: both specs, as tables.
        params: what params mean.
        names: what all names mean that expressions may read there; one that is missing is a fact of what is read.
    """

    specs: tuple[Table, Table] = field(compare=False, repr=False)
    params: Names = field(compare=False, repr=False)
    names: tuple[tuple[str, Cause], ...]

    def cause(self, before: Node, after: Node, name: str) -> Cause:
        """Why the argument ``name`` differs between two steps that call one op."""
        if not before.owns and not after.owns:
            return Cause.FOLLOWS  # it is told of the step that owns the weights
        given = [_given(spec, node, name) for spec, node in zip(self.specs, (before, after), strict=True)]
        if given[0] is given[1] is _MISSING:
            return Cause.FOLLOWS if self._is_worked_out(before, after) else Cause.CHANGED
        return max(Cause.FOLLOWS, _cause(self._known, *given))

    @cached_property
    def _known(self) -> Names:
        return dict(self.names)

    def _is_worked_out(self, before: Node, after: Node) -> bool:
        """Whether both steps are of a shortcut that is but a word, so that nobody wrote their arguments."""
        ours, theirs = _source(before), _source(after)
        dialects = [spec.get("dialect") for spec in self.specs]
        return isinstance(ours, str) and ours == theirs and dialects[0] == dialects[1]

    def inside(self, before: Node, after: Node) -> Around:
        """Where the bodies stand that two steps call."""
        ours, theirs = before.callee, after.callee
        if not isinstance(ours, Graph) or not isinstance(theirs, Graph):
            return self
        if ours.kind == theirs.kind == "block":
            return self._in_blocks(before, after, (ours.template, theirs.template))
        if "repeat" not in (ours.kind, theirs.kind):
            return self
        over = _cause(self._known, *(_table(node).get("repeat", 1) for node in (before, after)))
        times = Cause.SAME if len(ours.nodes) == len(theirs.nodes) else max(Cause.FOLLOWS, over)
        return self._where({**self._known, "i": Cause.SAME, "n": times, "item": over})

    def _in_blocks(self, before: Node, after: Node, names: tuple[str, str]) -> Around:
        """Params, arguments, then what is computed of all these, in the order written."""
        blocks = [spec["blocks"][name] for spec, name in zip(self.specs, names, strict=True)]
        declared, lets = ([block.get(word, {}) for block in blocks] for word in ("args", "let"))
        given = _table(before), _table(after)
        found = dict(self.params)
        for name in {**declared[0], **declared[1]}:
            told, known = (given, self._known) if name in given[0] or name in given[1] else (declared, found)
            found[name] = _cause(known, *(table.get(name, _MISSING) for table in told))
        for name in {**lets[0], **lets[1]}:
            found[name] = _cause(found, *(table.get(name, _MISSING) for table in lets))
        return self._where(found)

    def _where(self, names: Names) -> Around:
        return replace(self, names=tuple(sorted(names.items())))


def _cause(known: Names, before: object, after: object) -> Cause:
    """Whether what is written at one place of both means the same in both, where names mean what is ``known``."""
    if before is _MISSING or type(before) is not type(after) or before != after:
        return Cause.CHANGED
    return max((known.get(name, Cause.FOLLOWS) for name in _names_in(before)), default=Cause.SAME)


def around(before: Network, after: Network) -> Around:
    """Where the bodies of two networks stand."""
    values = before.params, after.params
    names = dict.fromkeys((*values[0], *values[1]))
    ours, theirs = ([params.get(name, _MISSING) for name in names] for params in values)
    same = (type(one) is type(other) and one == other for one, other in zip(ours, theirs, strict=True))
    params = {name: Cause.SAME if each else Cause.CHANGED for name, each in zip(names, same, strict=True)}
    specs = before.spec.place.document.data, after.spec.place.document.data
    return Around(specs, params, tuple(sorted(params.items())))


def _source(node: Node) -> object:
    """What the spec wrote of a step: a table, or the word for a shortcut; None for a step that it did not write."""
    return None if node.place is None else node.place.value


def _table(node: Node) -> Table:
    found = _source(node)
    return cast("Table", found) if isinstance(found, Mapping) else {}


def _given(spec: Table, node: Node, name: str) -> object:
    """What is written for an argument of an op: by the step, or for all of that op."""
    defaults: Table = spec.get("defaults", {}).get(node.op.op, {}) if node.op else {}
    return _table(node).get(name, defaults.get(name, _MISSING))


def _names_in(raw: object) -> Iterator[str]:
    """Every name that the expressions in a value of a spec read."""
    if isinstance(raw, str) and raw.startswith("="):
        yield from parse(raw).names
    elif isinstance(raw, Mapping):
        for each in cast("Table", raw).values():
            yield from _names_in(each)
    elif isinstance(raw, list):
        for each in cast("list[object]", raw):
            yield from _names_in(each)
