"""Writes in place into what a module has computed: from there on the value is another, under all of its names.

A graph goes on with what the write gives. A name of the whole that is older is read as that; one of a part, or of more,
holds what no op here gives, and is refused where it is read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.multiprocessing.reductions import StorageWeakRef

from graphbuilder.importers.torch.fixed import writes
from graphbuilder.importers.torch.terms import kind_of

# What gives in evaluation what it was given, which their schemas do not tell.
_SAME = ("dropout", "feature_dropout", "alpha_dropout", "feature_alpha_dropout")


class Stale(NamedTuple):
    """What a call reads under an older name, and the call that has written into it since."""

    read: Any
    by: Any


class _Memory(NamedTuple):
    """What a value shows: a piece of memory, and how it walks through it."""

    storage: Any
    shape: tuple[int, ...]
    stride: tuple[int, ...]
    start: int

    def overlaps(self, other: _Memory) -> bool:
        return bool(torch.isin(self.places(), other.places()).any())

    def places(self) -> Tensor:
        extent = self.start + 1 + sum((size - 1) * step for size, step in zip(self.shape, self.stride, strict=True))
        return torch.arange(extent).as_strided(self.shape, self.stride, self.start).flatten()


def settled_writes(program: Any) -> tuple[Mapping[Any, list[Stale]], Mapping[str, str]]:
    """Let calls of ``program`` read what was written under its latest name, where that is of the whole.

    Returns:
        What calls read that was written in part, by call; and the latest names of the program's outputs.
    """
    memories = _memories(program)
    written: dict[Any, list[Any]] = defaultdict(list)
    born: dict[Any, int] = {}
    stale: dict[Any, list[Stale]] = {}
    latest: dict[str, str] = {}
    for node in program.graph.nodes:
        found = [Stale(each, by) for each in _read(node, born) if (by := _last(each, memories, written, born))]
        for each in found:
            if memories[each.by] == memories[each.read]:
                node.replace_input_with(each.read, each.by)
                latest |= {each.read.name: each.by.name} if node.op == "output" else {}
            else:
                stale.setdefault(node, []).append(each)
        if node in memories:
            if node.op == "call_function" and writes(node):
                written[memories[node].storage].append(node)
            born[node] = len(written[memories[node].storage])
    return stale, latest


def _read(node: Any, known: Mapping[Any, int]) -> list[Any]:
    return [each for each in node.all_input_nodes if each in known]


def _last(
    node: Any, memories: Mapping[Any, _Memory], written: Mapping[Any, list[Any]], born: Mapping[Any, int]
) -> Any | None:
    """The last call that has written into what ``node`` shows since it was there."""
    since = written[memories[node].storage][born[node] :]
    own = memories[node]
    return next((by for by in since[::-1] if memories[by] == own or memories[by].overlaps(own)), None)


def _memories(program: Any) -> dict[Any, _Memory]:
    found: dict[Any, _Memory] = {}
    same: dict[Any, Any] = {}
    own = {*program.graph_signature.user_inputs}
    for node, value in _tensors(program):
        if node.op == "placeholder" and node.name not in own:
            continue
        storage: Any = StorageWeakRef(value.untyped_storage())
        if kind_of(node) in _SAME and node.args[0] in found and not node.args[2]:
            same[storage] = found[node.args[0]].storage
        shape, stride = tuple(value.shape), tuple(value.stride())
        found[node] = _Memory(same.get(storage, storage), shape, stride, int(value.storage_offset()))
    return found


def _tensors(program: Any) -> Iterator[tuple[Any, Tensor]]:
    for node in program.graph.nodes:
        if isinstance(value := node.meta.get("val"), Tensor):
            yield node, value
