"""The calls of a network by the step that wrote them: what a hover over a step tells."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from graphbuilder.analysis.collapse import Run, runs
from graphbuilder.analysis.costs import Costs, call_costs
from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.compiler import Network
from graphbuilder.document import Place
from graphbuilder.ir import Graph
from graphbuilder.lsp.outline import Keys
from graphbuilder.spec.merged import Merged


class Use(NamedTuple):
    """A call, or a run of equal ones, in the body ``typed``; ``path`` is its name in the network."""

    path: str
    run: Run
    typed: TypedGraph

    @property
    def shapes(self) -> tuple[str, str]:
        """What it reads and what it gives."""
        node = self.run.first
        read, given = self.typed.inputs_of(node), self.typed.outputs_of(node)
        return ", ".join(map(str, read)), ", ".join(map(str, given))

    @property
    def costs(self) -> Costs:
        """What one call of the run costs."""
        return call_costs(self.run.first, self.typed)

    def argument(self, name: str) -> Any:
        """The value of an argument, or None where it has none of that name."""
        node = self.run.first
        if name == "repeat":
            return self.copies
        if node.op is not None:
            return getattr(node.op, name, None) if name in type(node.op).model_fields else None
        return node.callee.args.get(name) if isinstance(node.callee, Graph) else None

    @property
    def copies(self) -> int | None:
        """How many copies a repeat has."""
        callee = self.run.first.callee
        if not isinstance(callee, Graph) or callee.kind != "repeat":
            return None
        return len(callee.nodes) - (callee.nodes[-1].name == "merge")


class Uses:
    """All calls of a network, each distinct body looked into once."""

    def __init__(self, network: Network | None) -> None:
        self._found: dict[tuple[str, Keys], list[Use]] = {}
        self._bodies: dict[str, list[TypedGraph]] = {}
        if network is not None:
            self._gather(network.typed)

    def at(self, name: str, keys: Keys) -> Sequence[Use]:
        """The calls that the step at ``keys`` of the file ``name`` wrote, in the order of the network."""
        return self._found.get((name, keys), ())

    def bodies(self, block: str) -> Sequence[TypedGraph]:
        """The distinct bodies of a block."""
        return self._bodies.get(block, ())

    def _gather(self, model: TypedGraph) -> None:
        seen = {model}
        waiting = [("", model)]
        while waiting:
            path, typed = waiting.pop(0)
            for run in runs(typed):
                use = Use(path + run.name, run, typed)
                if run.first.place is not None:
                    self._found.setdefault(_origin(run.first.place), []).append(use)
                for name, body in _inside(run, typed):
                    if body not in seen:
                        seen.add(body)
                        self._note(body)
                        waiting.append((f"{path}{name}.", body))

    def _note(self, body: TypedGraph) -> None:
        if body.graph.kind == "block":
            self._bodies.setdefault(body.graph.template, []).append(body)


def _inside(run: Run, typed: TypedGraph) -> Iterator[tuple[str, TypedGraph]]:
    """The bodies that a run calls, but for those of composites, which no step wrote."""
    for node in run.kinds:
        if isinstance(node.callee, Graph) and node.callee.kind != "composite":
            yield node.name, typed.bodies[node.name]


def _origin(place: Place) -> tuple[str, Keys]:
    """The file and the path in it where ``place`` was written."""
    document = place.document
    origin = document.origin(place.keys) if isinstance(document, Merged) else place
    return origin.document.source.path, origin.keys
