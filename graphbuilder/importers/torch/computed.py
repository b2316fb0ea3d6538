"""What calls read of a module's own tensors where no op has them as weights: learnt values, made of one or of many.

A tensor that is computed of others, and of no input, is folded: it gets a name of its own and the numbers that it
comes to. What those others are learnt for is learnt by it then, which ``Traced.folded`` tells.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import takewhile
from math import prod
from typing import Any

import torch

from graphbuilder.importers.torch.fixed import Fixed
from graphbuilder.importers.torch.terms import Unknown
from graphbuilder.importers.traced import Folded

# The most numbers that a folded tensor may have: more is a table for every pair of places of a large map.
_MOST = 1 << 24


class Computed:
    """The tensors of a program that are folded, by the nodes that give them.

    Args:
        state: the names of the module's own tensors, by node.
    """

    def __init__(self, fixed: Fixed, state: Mapping[str, str]) -> None:
        self._fixed = fixed
        self._state = state
        self.names: dict[str, str] = {}
        self.folded: dict[str, Folded] = {}

    def take(self, reader: Any, module: str) -> bool:
        """Fold what ``reader``, a call of ``module``, reads that is computed; whether there is anything new."""
        new = [node for node in reader.all_input_nodes if self._is_new(node)]
        for node in new:
            self.fold(node, reader, module)
        return bool(new)

    def fold(self, node: Any, reader: Any, module: str) -> None:
        """Give ``node`` a name and its numbers.

        Raises:
            Unknown: it is not the same for every sample, or too large.
        """
        value = self._fixed.value(node).detach()
        if value.numel() > _MOST or not value.is_floating_point():
            raise Unknown("a tensor that is computed from parameters and buffers alone, and no learnt numbers")
        sources = tuple(sorted(self._state[name] for name in self._fixed.learnt(node) if name in self._state))
        name = self._name(sources, module)
        self.names[node.name] = name
        self.folded[name] = Folded(_single(value, batch_axis(node, reader)), sources)

    def _is_new(self, node: Any) -> bool:
        is_known = node.name in {**self._state, **self.names}
        return self._fixed.holds(node) and not is_known and node.meta["val"].is_floating_point()

    def _name(self, sources: Sequence[str], module: str) -> str:
        """After what it is made of, or where it is read."""
        within = f"{module}." if module else ""
        words = zip(*(each.split(".") for each in sources), strict=False)
        parts = [each[0] for each in takewhile(lambda each: len({*each}) == 1, words)]
        wanted = f"{'.'.join(parts)}_folded" if parts else f"{within}{'folded' if sources else 'constant'}"
        names = (wanted, *(f"{wanted}_{number}" for number in range(2, len(self.folded) + 3)))
        return next(name for name in names if name not in self.folded)


def batch_axis(node: Any, reader: Any) -> bool:
    """Whether the first axis of ``node`` is the batch of what ``reader`` reads besides."""
    ranks = [len(each.meta["val"].shape) for each in reader.all_input_nodes if "val" in each.meta]
    return len(node.meta["val"].shape) == max(ranks)


def own_shape(node: Any, reader: Any) -> list[int]:
    """The shape of ``node`` as a value that ``reader`` reads, without the batch."""
    shape = [int(size) for size in node.meta["val"].shape]
    return shape[1:] if batch_axis(node, reader) else shape


def is_whole(node: Any, reader: Any, fixed: Fixed) -> bool:
    """Whether a value of that shape has every number of the tensor that ``node`` is, once."""
    name = next((each.name for each in _line(node) if fixed.owns(each.name)), None)
    return name is not None and prod(own_shape(node, reader)) == fixed.own(name).numel()


def _line(node: Any) -> list[Any]:
    """``node``, what it is a view of, what that is one of, and so on."""
    found = [node]
    while found[-1].all_input_nodes:
        found.append(found[-1].all_input_nodes[0])
    return found


def _single(value: torch.Tensor, has_batch: bool) -> torch.Tensor:
    if not has_batch:
        return value.clone(memory_format=torch.contiguous_format)
    if not torch.equal(value, value[:1].expand_as(value)):
        raise Unknown("a tensor that differs from sample to sample, and is read from none")
    return value[:1].clone(memory_format=torch.contiguous_format)
