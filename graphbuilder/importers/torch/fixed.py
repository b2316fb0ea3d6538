"""What a graph makes of the module's own tensors alone: constants, where none of these is learnt.

Such calls are no part of a spec by themselves; what reads them says what they are. What they write in place is in the
tensor that it is written into, and in all views of it, from there on. A write into a tensor of the module itself, or
into one that was read before, is refused: one name would be of two values.
"""

from __future__ import annotations

import operator
import struct
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor


class Rewritten(Exception):
    """A call writes where a name would be of two values; the message says which."""


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
        self._calls: dict[str, Any] = {}
        # The node that made the memory that each shows, the calls that write into it, and what of that was asked for.
        self._memory: dict[str, str] = {}
        self._written: dict[str, list[str]] = defaultdict(list)
        self._read: set[str] = set()

    def take(self, node: Any) -> bool:
        """Whether a call reads nothing but such tensors; calls are given in the order of the program.

        Raises:
            Rewritten: it writes where a name would be of two values.
        """
        reads = node.all_input_nodes
        if any(each.name not in self._learnt for each in reads):
            return False
        memory = self._shown(node)
        learnt = frozenset(name for each in reads for name in self._learnt[each.name])
        if writes(node):
            self._write(node, memory, learnt)
        self._calls[node.name], self._memory[node.name], self._learnt[node.name] = node, memory, learnt
        return True

    def _shown(self, node: Any) -> str:
        """The node that made the memory of ``node``: itself, or what it is a view of."""
        source: str = getattr(node.args[0], "name", node.name) if _is_view(node) else node.name
        return self._memory.get(source, source)

    def _write(self, node: Any, memory: str, learnt: frozenset[str]) -> None:
        if memory in self._tensors or memory in self._read:
            what = "was read before" if memory in self._read else "is the module's own"
            raise Rewritten(f"{node.target}, which writes in place into a tensor that {what}")
        self._written[memory].append(node.name)
        for name in [name for name, each in self._memory.items() if each == memory]:
            self._learnt[name] |= learnt

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
        needed = self._needed(node, known)
        self._read |= {self._memory[name] for name in needed}
        for each in [call for name, call in self._calls.items() if name in needed]:
            with torch.no_grad():
                args, kwargs = torch.fx.map_arg((each.args, each.kwargs), lambda read: known[read.name])
                known[each.name] = each.target(*args, **kwargs)
        return known[node.name]

    def _needed(self, node: Any, known: Mapping[str, Tensor]) -> set[str]:
        """The calls that ``node`` comes of, by name, and those that write into what these show."""
        needed: set[str] = set()
        waiting = [node.name]
        while waiting:
            name = waiting.pop()
            if name in known or name in needed:
                continue
            needed.add(name)
            reads = (read.name for read in self._calls[name].all_input_nodes)
            waiting += [*reads, *self._written.get(self._memory[name], ())]
        return needed


def _schema(node: Any) -> Any:
    return getattr(node.target, "_schema", None)


def writes(node: Any) -> bool:
    """Whether a call writes into what it reads; one that only takes it out of a graph of gradients does not."""
    schema = _schema(node)
    return schema is not None and schema.is_mutable and schema.name != "aten::detach_"


def _is_view(node: Any) -> bool:
    """Whether a call gives, or may give, the memory of what it reads first."""
    schema = _schema(node)
    returns = schema.returns if schema else ()
    return node.target is operator.getitem or any(each.alias_info is not None for each in returns)


def shortest(number: float) -> float:
    """The number of the fewest digits that is ``number`` in single precision: 0.485, not 0.48500001430511475."""
    single = struct.pack("f", number)
    texts = (f"{number:.{digits}g}" for digits in range(1, 10))
    return next((float(text) for text in texts if struct.pack("f", float(text)) == single), number)
