"""The graph: a tree of small DAGs, never flattened.

A ``Graph`` is the body of one module and a ``Node`` one call in it. A residual is an ``add`` node, a repeat a body
whose nodes are "0", "1", ..., a branch a child body. Weights belong to an owner (``Node.module``), so two calls of one
owner share them. This module refuses to know about types, specs and torch.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from graphbuilder.ir.copies import ByName, Copies
from graphbuilder.ir.dialect import Dialect
from graphbuilder.ir.op import Op
from graphbuilder.ir.weights import Initialiser

if TYPE_CHECKING:
    import networkx as nx

    from graphbuilder.document import Place

Kind = Literal["model", "block", "repeat", "branch", "composite"]


class Value(NamedTuple):
    """One end of an edge: a port of a node, or an input of the body (by its name, port "out")."""

    node: str
    port: str = "out"


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """One call.

    Attributes:
        name: unique in its body, among the body's inputs too.
        callee: a primitive op, or the body of another module.
        inputs: the values read, in the order of the callee's inputs.
        module: the name of the node that owns the weights; its own name unless it shares a sibling's.
        written: for an argument, and for ``when`` and ``repeat``, the expression that the spec wrote (``4 * out`` for
            ``out = "=4 * out"``).
        init: initialisers by weight, where not the op's own default.
        title: what a person called the step.
        place: where the spec wrote it.
    """

    name: str
    callee: Op | Graph
    inputs: tuple[Value, ...]
    module: str
    written: Mapping[str, str] = field(default_factory=dict[str, str])
    init: Mapping[str, Initialiser] = field(default_factory=dict[str, Initialiser])
    title: str | None = None
    place: Place | None = None

    @property
    def owns(self) -> bool:
        """Whether its weights are its own."""
        return self.module == self.name

    @property
    def op(self) -> Op | None:
        """The primitive or composite op that is called, or None for a block, branch or repeat."""
        return self.callee if isinstance(self.callee, Op) else self.callee.composite

    @property
    def results(self) -> tuple[str, ...]:
        """The names of its ports."""
        if isinstance(self.callee, Op):
            return self.callee.results()
        return tuple(name for name, _ in self.callee.outputs)


@dataclass(frozen=True, eq=False)
class Graph:
    """The body of one module. Equal bodies are one object, so identity is equality.

    Attributes:
        kind: what in the spec it came from; "repeat" and "branch" bodies have no class of their own.
        template: the block's or op's name; a repeat's is the name of what it repeats, a branch's its own.
        args: the block's arguments as declared, or the composite's fields.
        inputs: the names of its inputs.
        nodes: in an order in which every node stands behind those that it reads; those of a long repeat are ``Copies``.
        outputs: (name, value) pairs; a single output is named "out".
        composite: the op that this body spells out.
        defaults: what declared arguments are when a step leaves them out, where that is a plain value; of a model, the
            params that arguments of its own steps read and nothing else does.
        dialect: of a model, what it was written in; what spells it out again needs to know.
        training: of a model, the outputs that exist in training only; they stand behind the others.
        by_name_always: of a model, whether even a single output is given by its name, in a dict: so it was declared, or
            others were left out.
        recomputed: of a block, whether in training it keeps only what it reads, and is run again in the backward pass.
    """

    kind: Kind
    template: str
    inputs: tuple[str, ...]
    nodes: Sequence[Node]
    outputs: tuple[tuple[str, Value], ...]
    args: Mapping[str, Any] = field(default_factory=dict[str, Any])
    composite: Op | None = None
    title: str | None = None
    dialect: Dialect | None = None
    defaults: Mapping[str, Any] = field(default_factory=dict[str, Any])
    training: frozenset[str] = frozenset()
    by_name_always: bool = False
    recomputed: bool = False

    @cached_property
    def by_name(self) -> Mapping[str, Node]:
        if isinstance(self.nodes, Copies):
            return ByName(self.nodes)
        return {node.name: node for node in self.nodes}

    @cached_property
    def dag(self) -> nx.MultiDiGraph[str]:
        """Inputs and nodes by name; an edge carries its ``source`` port, and its key is the reader's input number.

        ``add(x, x)`` thus keeps both its edges.
        """
        from networkx import MultiDiGraph

        dag: nx.MultiDiGraph[str] = MultiDiGraph()
        dag.add_nodes_from(self.inputs)
        dag.add_nodes_from(node.name for node in self.nodes)
        for node in self.nodes:
            for port, value in enumerate(node.inputs):
                dag.add_edge(value.node, node.name, key=port, source=value.port)
        return dag

    @cached_property
    def readers(self) -> Mapping[Value, tuple[tuple[str, int], ...]]:
        """For every value that is read in this body, who reads it: (node, input number)."""
        found: dict[Value, list[tuple[str, int]]] = {}
        for node in self.nodes:
            for port, value in enumerate(node.inputs):
                found.setdefault(value, []).append((node.name, port))
        return {value: tuple(readers) for value, readers in found.items()}

    @cached_property
    def auxiliary(self) -> frozenset[str]:
        """The nodes that only outputs of training need: they have weights, and in evaluation they are not run."""
        if not self.training:
            return frozenset()
        needed = {value.node for name, value in self.outputs if name not in self.training}
        for node in reversed(self.nodes):
            if node.name in needed:
                needed.update(value.node for value in node.inputs)
        return frozenset(node.name for node in self.nodes if node.name not in needed)

    def children(self) -> Iterator[tuple[Node, Graph]]:
        """The calls of other bodies."""
        return ((node, node.callee) for node in self.nodes if isinstance(node.callee, Graph))
