"""Finds what gets a class: every named body once, in the order in which a file has to define them."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import NamedTuple

from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.backends.python.names import camel
from graphbuilder.backends.python.parts import Chains, shown
from graphbuilder.ir import Op, TensorType


class Template(NamedTuple):
    """What a class is made of: a block, a composite, a branch of a block that is no chain."""

    name: str
    place: Hashable
    height: int = 0


_CLASSES = re.compile(r"^class (\w+)", re.MULTILINE)


@dataclass(frozen=True)
class Survey:
    """Every body of a network that gets a class, by its template, children first.

    Attributes:
        args: the arguments that a body's steps were written with: its own, or for a branch those of its block.
        helpers: the classes that ops bring along, by name: source text.
    """

    bodies: Mapping[Template, list[TypedGraph]]
    args: Mapping[TypedGraph, Mapping[str, object]]
    helpers: Mapping[str, str]

    @property
    def taken(self) -> set[str]:
        """Names that a class of the file cannot have: those of helpers, and of what a constructor may be given."""
        classes = (name for text in self.helpers.values() for name in _CLASSES.findall(text))
        return {*classes, *(name for args in self.args.values() for name in args)}


def survey(root: TypedGraph, chains: Chains) -> Survey:
    """A walk over ``root``; a template that uses itself is one template a level."""
    walk = _Walk(chains)
    walk.visit(root, None, {})
    recursive: set[Template] = set()
    while True:
        groups, edges = walk.grouped(recursive)
        try:
            order = list(TopologicalSorter(edges).static_order())
        except CycleError as error:
            recursive |= {template._replace(height=0) for template in error.args[1]}
            continue
        return Survey({each: groups[each] for each in _as_read(order, edges)}, walk.args, walk.helpers)


def _as_read(order: Sequence[Template], edges: Mapping[Template, Sequence[Template]]) -> Iterator[Template]:
    """Children directly before the first that uses them, as far as can be."""
    root = order[-1]
    seen: set[Template] = set()
    stack = [(root, iter(edges[root]))]
    while stack:
        template, children = stack[-1]
        child = next((each for each in children if each not in seen), None)
        if child is not None:
            seen.add(child)
            stack.append((child, iter(edges[child])))
            continue
        yield template
        stack.pop()


class _Walk:
    """Visits every body once."""

    def __init__(self, chains: Chains) -> None:
        self.args: dict[TypedGraph, Mapping[str, object]] = {}
        self.helpers: dict[str, str] = {}
        self._chains = chains
        self._templates: dict[TypedGraph, Template] = {}
        self._heights: dict[TypedGraph, int] = {}
        self._children: dict[TypedGraph, list[TypedGraph]] = {}

    def visit(self, body: TypedGraph, within: Template | None, args: Mapping[str, object]) -> None:
        """Note ``body``, which stands in a body of template ``within`` with ``args``."""
        self._children[body] = []
        if body.graph.kind not in ("branch", "repeat"):
            args = body.graph.args
        if self._chains.named(body):
            within = self._templates[body] = _template(body, within)
            self.args[body] = args
        for node in shown(body.graph):
            if isinstance(node.callee, Op):
                self._note(node.callee, body.inputs_of(node))
            else:
                self._children[body].append(body.bodies[node.name])
        self._children[body] = list(dict.fromkeys(self._children[body]))
        for inner in self._children[body]:
            if inner not in self._children:
                self.visit(inner, within, args)
        self._heights[body] = 1 + max((self._heights[inner] for inner in self._children[body]), default=0)

    def _note(self, op: Op, inputs: tuple[TensorType, ...]) -> None:
        """Keep the class that an op brings along.

        Raises:
            ValueError: two ops bring different classes of one name.
        """
        lowering = self._chains.lower(op, inputs)
        if not lowering.helper or lowering.module is None:
            return
        name = lowering.module.target
        if self.helpers.setdefault(name, lowering.helper) != lowering.helper:
            raise ValueError(f"two ops bring different classes `{name}` along")

    def grouped(
        self, recursive: set[Template]
    ) -> tuple[dict[Template, list[TypedGraph]], dict[Template, list[Template]]]:
        """Bodies by template, and which templates each uses."""
        named = {
            body: template._replace(height=self._heights[body]) if template in recursive else template
            for body, template in self._templates.items()
        }
        groups: dict[Template, list[TypedGraph]] = {}
        edges: dict[Template, dict[Template, None]] = {}
        for body, template in named.items():
            groups.setdefault(template, []).append(body)
            edges.setdefault(template, {}).update(dict.fromkeys(named[inner] for inner in self._used(body)))
        return groups, {template: list(children) for template, children in edges.items()}

    def _used(self, body: TypedGraph) -> Iterator[TypedGraph]:
        """The bodies with a class that ``body`` uses directly or inside its anonymous bodies."""
        for inner in self._children[body]:
            if inner in self._templates:
                yield inner
            else:
                yield from self._used(inner)


def _template(body: TypedGraph, within: Template | None) -> Template:
    graph = body.graph
    if graph.composite is not None:
        return Template(type(graph.composite).__name__, ("composite", graph.composite.op))
    if graph.kind == "branch" and within is not None:
        return Template(within.name + camel(graph.template), ("branch", within.place, graph.template))
    return Template(camel(graph.template), (graph.kind, graph.template))
