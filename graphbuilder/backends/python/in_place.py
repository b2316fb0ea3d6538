"""Which activations may overwrite their input.

A module never writes to its input, and nothing that something else still wants is written over. So an activation is
in place only where its input was made in the same body, by an operation, or the last one of a composite, that does not
keep its result for the backward pass, and where nothing else reads that input. This saves no stored activations, only
a write to fresh memory: whatever is in doubt stays out of place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from graphbuilder.ir import Node, Op, Value
from graphbuilder.ir.lowering import Infix, Lowering, Module

# Their backward passes need their own result or its sign, which the written-over input still has.
OVERWRITING = frozenset({"nn.ReLU", "nn.ReLU6"})
# Their backward passes need their inputs and statistics, never their result.
_KINDS = ("nn.Conv", "nn.ConvTranspose", "nn.BatchNorm", "ScaleBatchNorm", "ShiftBatchNorm")
FORGETTING = frozenset(f"{kind}{axes}d" for kind in _KINDS for axes in (1, 2, 3))


def in_place(
    nodes: Sequence[Node], outputs: Iterable[Value], lowered: Callable[[Node], Lowering | None]
) -> frozenset[str]:
    """The nodes of a body that may overwrite what they read.

    ``lowered`` is what makes the result of a node: the op, or the last op of a composite that has one result; None for
    calls of other bodies.
    """
    readers = Counter(value for node in nodes for value in node.inputs)
    readers.update(outputs)
    calls = Counter(node.module for node in nodes)
    fresh: set[str] = set()
    found: set[str] = set()
    for node in nodes:
        lowering = lowered(node)
        if lowering is None:
            continue
        if _forgets(lowering):
            fresh.add(node.name)
        if (
            isinstance(node.callee, Op)
            and _overwrites(lowering)
            and calls[node.module] == 1
            and node.inputs[0].node in fresh
            and readers[node.inputs[0]] == 1
        ):
            found.add(node.name)
    return frozenset(found)


def _forgets(lowering: Lowering) -> bool:
    (result, *others) = lowering.results
    if others:
        return False
    if isinstance(result, Infix):
        return result.operator == "+" and len(result.values) > 1
    return isinstance(result, Module) and lowering.module is not None and lowering.module.target in FORGETTING


def _overwrites(lowering: Lowering) -> bool:
    plain = lowering.results == (Module(),)
    return plain and lowering.module is not None and lowering.module.target in OVERWRITING
