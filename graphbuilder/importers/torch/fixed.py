"""What a graph makes of the module's own tensors alone: constants, where none of these is learnt.

Such calls are no part of a spec by themselves; what reads them says what they are.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor


class Fixed:
    """The tensors of a program, and the calls that read nothing else."""

    def __init__(self, program: Any) -> None:
        signature = program.graph_signature
        owned = {**signature.inputs_to_parameters, **signature.inputs_to_buffers}
        kept = {**program.constants, **program.state_dict}
        self._tensors: dict[str, Tensor] = {node: kept[name] for node, name in owned.items()}
        lifted = signature.inputs_to_lifted_tensor_constants
        self._tensors |= {node: kept[name] for node, name in lifted.items()}
        # For each node by name, those of the learnt tensors that it is made of.
        self._learnt: dict[str, frozenset[str]] = {node: frozenset() for node in self._tensors}
        self._learnt |= {node: frozenset([node]) for node in signature.inputs_to_parameters}

    def take(self, node: Any) -> bool:
        """Whether a call reads nothing but such tensors."""
        reads = node.all_input_nodes
        if any(each.name not in self._learnt for each in reads):
            return False
        self._learnt[node.name] = frozenset(name for each in reads for name in self._learnt[each.name])
        return True

    def holds(self, node: Any) -> bool:
        """Whether ``node`` is such a tensor, or made of these alone."""
        return getattr(node, "name", None) in self._learnt

    def learnt(self, node: Any) -> frozenset[str]:
        """The learnt tensors that ``node`` is made of, by their nodes' names."""
        return self._learnt[node.name]

    def owns(self, name: str) -> bool:
        """Whether a node of that name is a tensor of the program itself."""
        return name in self._tensors

    def own(self, name: str) -> Tensor:
        """The tensor of the program whose node has that name."""
        return self._tensors[name]

    def is_constant(self, node: Any) -> bool:
        return self.holds(node) and not self.learnt(node)

    def numbers(self, node: Any) -> list[float]:
        """All numbers of ``node``, row by row."""
        return [float(number) for number in self.value(node).flatten()]

    def value(self, node: Any, given: Mapping[str, Tensor] | None = None) -> Tensor:
        """What ``node`` is; ``given`` are other values for some of the tensors."""
        known: dict[str, Any] = {**self._tensors, **(given or {})}
        waiting = [node]
        while waiting:
            each = waiting[-1]
            missing = [read for read in each.all_input_nodes if read.name not in known]
            if each.name in known or missing:
                waiting = waiting[:-1] if each.name in known else [*waiting, *missing]
                continue
            with torch.no_grad():
                args, kwargs = torch.fx.map_arg((each.args, each.kwargs), lambda read: known[read.name])
                known[each.name] = each.target(*args, **kwargs)
        return known[node.name]


def shortest(number: float) -> float:
    """The number of the fewest digits that is ``number`` in single precision: 0.485, not 0.48500001430511475."""
    single = struct.pack("f", number)
    texts = (f"{number:.{digits}g}" for digits in range(1, 10))
    return next((float(text) for text in texts if struct.pack("f", float(text)) == single), number)
