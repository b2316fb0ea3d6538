"""Sums that a kernel can take in."""

from __future__ import annotations

from graphbuilder.ir import Node
from graphbuilder.ops.join import Add


def is_sum(node: Node) -> bool:
    """Whether a node adds two values of one shape."""
    return isinstance(node.callee, Add) and not node.callee.stretch and len(node.inputs) == 2
