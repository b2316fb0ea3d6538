"""The calls of a network by the step that wrote them: what a hover over a step tells, also while one types."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, cast

from graphbuilder.analysis.collapse import Run, runs
from graphbuilder.analysis.costs import Costs, call_costs
from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.document import Place
from graphbuilder.ir import Graph, Node, Op, TensorType
from graphbuilder.ir.fault import NOT_KNOWN, Fault, faults
from graphbuilder.lsp.outline import Keys, Outline
from graphbuilder.spec.merged import written


class Use(NamedTuple):
    """A call, or a run of equal ones, in the body ``typed``; ``path`` is its first name in the network, which runs that
    body so many ``times``."""

    path: str
    run: Run
    typed: TypedGraph
    times: int = 1

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
    """All calls of a network that are sound, each distinct body looked into once."""

    def __init__(self, model: TypedGraph) -> None:
        self._found: dict[tuple[str, Keys], list[Use]] = {}
        self._bodies: dict[str, list[TypedGraph]] = {}
        self._gather(model)

    def at(self, name: str, keys: Keys) -> Sequence[Use]:
        """The calls that the step at ``keys`` of the file ``name`` wrote, in the order of the network."""
        return self._found.get((name, keys), ())

    def bodies(self, block: str) -> Sequence[TypedGraph]:
        """The distinct bodies of a block."""
        return self._bodies.get(block, ())

    def _gather(self, model: TypedGraph) -> None:
        seen, times = {model}, _times(model)
        waiting = [("", model)]
        while waiting:
            path, typed = waiting.pop(0)
            for run in runs(typed):
                use = Use(path + run.name, run, typed, times[typed])
                if run.first.place is not None and _sound(run.first, typed):
                    self._found.setdefault(_origin(run.first.place), []).append(use)
                for name, body in _inside(run, typed):
                    if body not in seen:
                        seen.add(body)
                        self._note(body)
                        waiting.append((f"{path}{name}.", body))

    def _note(self, body: TypedGraph) -> None:
        if body.graph.kind == "block" and _known(body.graph, (*body.inputs, *body.outputs)):
            self._bodies.setdefault(body.graph.template, []).append(body)


def _times(model: TypedGraph) -> dict[TypedGraph, int]:
    """How often each body is run in the network."""
    order = list[TypedGraph]()
    _list_behind(model, order, set())
    times = dict.fromkeys(order, 0) | {model: 1}
    for typed in reversed(order):
        for body in typed.bodies.values():
            times[body] += times[typed]
    return times


def _list_behind(typed: TypedGraph, order: list[TypedGraph], seen: set[TypedGraph]) -> None:
    """Add ``typed`` to ``order``, behind all bodies that are run in it."""
    seen.add(typed)
    for body in typed.bodies.values():
        if body not in seen:
            _list_behind(body, order, seen)
    order.append(typed)


def _sound(node: Node, typed: TypedGraph) -> bool:
    return _known(node.callee, (*typed.inputs_of(node), *typed.outputs_of(node)))


def _known(callee: Op | Graph, types: Sequence[TensorType]) -> bool:
    """Whether no mistake is in or ahead of what is called with, and gives, ``types``."""
    wrong = isinstance(callee, Fault) or (isinstance(callee, Graph) and any(True for _ in faults(callee)))
    return not wrong and NOT_KNOWN not in types


@dataclass(frozen=True, eq=False)
class Learnt:
    """What a check learnt of a text.

    Attributes:
        outline: that text.
        typed: its network, or as much of it as is sound.
        whole: whether that is all of it.
    """

    outline: Outline
    typed: TypedGraph
    whole: bool

    @cached_property
    def uses(self) -> Uses:
        """The calls by the places of their steps."""
        return Uses(self.typed)

    def before(self, now: Outline, keys: Keys) -> Keys | None:
        """Where that stood what stands at ``keys`` now; steps may have come or gone ahead of it or behind it."""
        number = keys[-1]
        then_all, now_all = (_items(each.value(keys[:-1])) for each in (self.outline, now))
        if isinstance(number, int):
            for other in (number, number + len(then_all) - len(now_all)):
                same = then_all[: other + 1] == now_all[: number + 1] or then_all[other:] == now_all[number:]
                if same and other >= 0:
                    return (*keys[:-1], other)
        return keys if self.outline.value(keys) == now.value(keys) else None


def _items(value: Any) -> list[Any]:
    return cast("list[Any]", value) if isinstance(value, list) else []


def _inside(run: Run, typed: TypedGraph) -> Iterator[tuple[str, TypedGraph]]:
    """The bodies that a run calls, but for those of composites, which no step wrote."""
    for node in run.kinds:
        if isinstance(node.callee, Graph) and node.callee.kind != "composite":
            yield node.name, typed.bodies[node.name]


def _origin(place: Place) -> tuple[str, Keys]:
    """The file and the path in it where ``place`` was written."""
    origin = written(place)
    return origin.document.source.path, origin.keys
