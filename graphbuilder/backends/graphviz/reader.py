"""Reads a TypedGraph into a scene: which block is a panel, a card or one box, what is stacked, what is left unsaid.

Nothing is placed here. A block is never opened across an edge that would then have to be guessed: the scene's links are the
graph's edges.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from graphbuilder.analysis.collapse import Run, runs
from graphbuilder.analysis.costs import costs, op_costs
from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.backends.graphviz import text
from graphbuilder.backends.graphviz.norms import Norms
from graphbuilder.backends.graphviz.options import Options
from graphbuilder.backends.graphviz.scene import Box, Card, End, Look, Region, Section
from graphbuilder.ir import Graph, Node, TensorType, Value

Fold = Literal["nothing", "repeats", "blocks"]
_COPIES_INSIDE = 12
_TINY = 2
_STAGE = 16
_LOOKS: dict[str, Look] = {"activation": "pill", "normalisation": "pill", "regularisation": "pill", "shape": "pill"}


@dataclass(frozen=True)
class _Where:
    """How deep the reader is: ``frame`` is what the next block would be drawn in, ``level`` how many blocks are open."""

    prefix: str = ""
    frame: Literal["sheet", "panel", "card"] = "sheet"
    level: int = 0
    section: Section | None = None
    template: str | None = None

    def path(self, node: Node) -> str:
        return self.prefix + node.name

    def title(self, run: Run) -> str:
        node = run.first
        if node.title and not (self.template and self.section and node.title == self.section.title):
            return text.clean(node.title)
        if self.template is None:
            return node.callee.title or node.name if isinstance(node.callee, Graph) else node.name
        last = f" – {run.nodes[-1].name}" if run.count > 1 else ""
        return text.clean(f"{self.template} {node.name}{last}")


class Reader:
    """Reads one network; ``demoted`` are the paths of blocks that turned out not to be panels."""

    def __init__(self, options: Options, norms: Norms, fold: Fold, demoted: frozenset[str]) -> None:
        self._options = options
        self._norms = norms
        self._fold: Fold = fold
        self._demoted = demoted
        self._boxes: dict[int, int] = {}
        self._abreast: set[End] = set()
        self.sections: dict[str, Section] = {}

    def root(self, typed: TypedGraph) -> Region:
        """The network with its inputs and outputs as boxes."""
        region = Region()
        ends: list[End] = []
        for name, type_ in zip(typed.graph.inputs, typed.inputs, strict=True):
            box = Box(name, "terminal", "terminal", f"{text.clean(name)} {text.shape(type_)}")
            ends += region.add(box, (), (type_,))
        given = self._fill(region, typed, tuple(ends), _Where())
        for (name, value), end, type_ in zip(typed.graph.outputs, given, typed.outputs, strict=True):
            word = value.node if name == "out" else name
            label = f"{text.shape(type_)} {word}" if type_.rank == 1 else f"{word} {text.shape(type_)}"
            region.add(Box(f"output {name}", "terminal", "terminal", text.clean(label)), (end,), ())
        return region

    def _fill(self, region: Region, typed: TypedGraph, inputs: tuple[End, ...], where: _Where) -> tuple[End, ...]:
        """Draw the body ``typed`` into ``region``; where its outputs come from."""
        values = {Value(name): end for name, end in zip(typed.graph.inputs, inputs, strict=True)}
        for run in runs(typed):
            if run.count > 1 and self._stacks(run, typed, where):
                self._stack(region, run, typed, values, where)
                continue
            for node in run.nodes:
                given = self._call(region, node, typed, self._read(node, values), where)
                values.update(zip((Value(node.name, port) for port in node.results), given, strict=True))
        return tuple(values[value] for _, value in typed.graph.outputs)

    def _read(self, node: Node, values: dict[Value, End]) -> tuple[End, ...]:
        """What ``node`` reads; copies that stand side by side on one stack are read once."""
        ends = tuple(values[value] for value in node.inputs)
        return tuple(dict.fromkeys(ends)) if self._abreast.intersection(ends) else ends

    def _call(
        self, region: Region, node: Node, typed: TypedGraph, inputs: tuple[End, ...], where: _Where
    ) -> tuple[End, ...]:
        if self._norms.folds(node, typed):
            return inputs
        body = typed.bodies.get(node.name)
        path = where.path(node)
        if body is None or self._closed(path, body, where):
            return self._add(region, self._box(Run((node,)), typed, where), inputs, typed.outputs_of(node), where)
        inner = self._inside(body, path, where, node)
        if self._framed(body, path, where, inner):
            note = _copies(Run((node,)), costs(body).trainable)
            card = Card(path, where.title(Run((node,))), note, self._region(body, inner))
            return self._add(region, card, inputs, typed.outputs_of(node), where)
        return self._fill(region, body, inputs, inner)

    def _inside(self, body: TypedGraph, path: str, where: _Where, node: Node) -> _Where:
        """The place of the reader in ``body``."""
        kind = body.graph.kind
        inner = replace(where, prefix=f"{path}.", template=body.graph.template if kind == "repeat" else None)
        if kind in ("block", "composite"):
            inner = replace(inner, level=where.level + 1)
        opens = self._options.level is None or where.level < self._options.level
        if opens and where.frame == "sheet" and path not in self._demoted and not self._holds_stages(body):
            if self._holds_blocks(body) and kind in ("block", "repeat") and _passes_one_value(body):
                return replace(inner, frame="panel", section=Section(path, where.title(Run((node,)))))
        if self._is_card(body) and not (where.frame == "sheet" and self._holds_stages(body)):
            return replace(inner, frame="card")
        return inner

    def _framed(self, body: TypedGraph, path: str, where: _Where, inner: _Where) -> bool:
        return where.frame != "card" and inner.frame == "card"

    def _region(self, body: TypedGraph, where: _Where) -> Region:
        region = Region()
        inputs = tuple(End("", port) for port in range(len(body.inputs)))
        region.types.update(zip(inputs, body.inputs, strict=True))
        region.give(self._fill(region, body, inputs, where))
        return region

    def _add(
        self, region: Region, item: Box | Card, inputs: tuple[End, ...], outputs: tuple[TensorType, ...], where: _Where
    ) -> tuple[End, ...]:
        if where.section:
            self.sections[item.path] = where.section
        return region.add(item, inputs, outputs)

    def _box(self, run: Run, typed: TypedGraph, where: _Where) -> Box:
        node, body = run.first, typed.bodies.get(run.first.name)
        path, name = where.path(node), text.clean(node.name)
        if node.op is None:
            assert body is not None, "what is no op has a body"
            return Box(path, "block", "block", where.title(run), _copies(run, costs(body).trainable), name)
        inputs = typed.inputs_of(node)
        count = costs(body).trainable if body else op_costs(node.op, inputs).trainable
        title, detail = text.clean(node.op.title), text.clean(node.op.detail(inputs))
        look = "join" if len(title) == 1 and node.op.family == "join" else _LOOKS.get(node.op.family, "op")
        return Box(path, look, node.op.family, title, detail, name, count)

    def _closed(self, path: str, body: TypedGraph, where: _Where) -> bool:
        """Whether a call of ``body`` is one box."""
        if self._options.collapses(path):
            return True
        if self._options.expands(path):
            return False
        kind = body.graph.kind
        if kind == "composite":
            return True
        deep = self._options.level is not None and where.level >= self._options.level
        panel = where.frame == "sheet" and self._holds_blocks(body)
        folded = self._fold == "blocks" and where.frame != "card" and not panel
        return kind == "block" and (deep or (folded and self._is_card(body)))

    def _stacks(self, run: Run, typed: TypedGraph, where: _Where) -> bool:
        """Whether the copies of ``run`` are drawn once."""
        opened = self._options.expands(where.path(run.first)) or self._options.expands(where.prefix.removesuffix("."))
        if opened or not (_chained(run, typed) or _aside(run, typed)):
            return False
        body = typed.bodies.get(run.first.name)
        blocks = body is not None and self._is_card(body) and where.frame != "card"
        boxes = run.count * (self._count(body) if body else 1)
        return blocks or self._fold != "nothing" or boxes > _COPIES_INSIDE

    def _stack(
        self, region: Region, run: Run, typed: TypedGraph, values: dict[Value, End], where: _Where
    ) -> None:
        node = run.first
        inputs = tuple(values[value] for value in node.inputs)
        item = self._stacked(run, typed, where)
        given = self._add(region, item, inputs, typed.outputs_of(node), where)
        if not _chained(run, typed):
            self._abreast.update(given)
        for copy in run.nodes:
            values.update(zip((Value(copy.name, port) for port in copy.results), given, strict=True))

    def _stacked(self, run: Run, typed: TypedGraph, where: _Where) -> Box | Card:
        node, path = run.first, where.path(run.first)
        body = typed.bodies.get(node.name)
        if body is not None and self._closed(path, body, where):
            return self._box(run, typed, where)
        box = None if body else self._box(Run((node,)), typed, where)
        number = costs(body).trainable if body else box.parameters if box else 0
        words = f"repeated {run.count} times" if _chained(run, typed) else f"{run.count} side by side"
        region = self._region(body, replace(where, frame="card", prefix=f"{path}.")) if body else _single(box, node, typed)
        return Card(path, where.title(run), _copies(run, number), region, run.count, words)

    def _count(self, body: TypedGraph) -> int:
        """How many boxes ``body`` would be, wide open; equal bodies are counted once."""
        if id(body) not in self._boxes:
            drawn = (node for node in body.graph.nodes if not self._norms.folds(node, body))
            self._boxes[id(body)] = sum(
                1 if node.op is not None else self._count(body.bodies[node.name]) for node in drawn
            )
        return self._boxes[id(body)]

    def _holds_blocks(self, body: TypedGraph) -> bool:
        """Whether anything in ``body`` is large enough for a card."""
        return any(self._is_card(inner) or self._holds_blocks(inner) for _, inner in _bodies(body))

    def _is_card(self, body: TypedGraph) -> bool:
        return body.graph.kind == "block" and self._count(body) > _TINY

    def _holds_stages(self, body: TypedGraph) -> bool:
        """Whether blocks in ``body`` are large enough to be panels themselves, and not all copies of one."""
        if body.graph.kind == "repeat" and len(runs(body)) == 1:
            return False
        return any(
            self._holds_stages(inner)
            if inner.graph.kind == "repeat"
            else inner.graph.kind == "block" and self._holds_blocks(inner) and self._count(inner) > _STAGE
            for _, inner in _bodies(body)
        )


def _bodies(body: TypedGraph) -> list[tuple[Node, TypedGraph]]:
    return [(node, body.bodies[node.name]) for node, _ in body.graph.children()]


def _passes_one_value(body: TypedGraph) -> bool:
    return len(body.graph.inputs) == 1 and len(body.graph.outputs) == 1


def _single(box: Box | None, node: Node, typed: TypedGraph) -> Region:
    """A region of one op."""
    assert box is not None, "what has no body is an op"
    region = Region()
    inputs = tuple(End("", port) for port in range(len(node.inputs)))
    region.types.update(zip(inputs, typed.inputs_of(node), strict=True))
    region.give(region.add(replace(box, path=f"{box.path}."), inputs, typed.outputs_of(node)))
    return region


def _chained(run: Run, typed: TypedGraph) -> bool:
    """Whether each copy reads the one before it, and nothing else does."""
    outputs = {value.node for _, value in typed.graph.outputs}
    for before, after in zip(run.nodes, run.nodes[1:], strict=False):
        carried = [new.node == before.name or new == old for new, old in zip(after.inputs, before.inputs, strict=True)]
        if not all(carried) or _reader_names(before, typed) != {after.name} or before.name in outputs:
            return False
    return True


def _aside(run: Run, typed: TypedGraph) -> bool:
    """Whether the copies read the same and one node reads them all."""
    readers = [_reader_names(node, typed) for node in run.nodes]
    outputs = {value.node for _, value in typed.graph.outputs}
    together = all(node.inputs == run.first.inputs and node.name not in outputs for node in run.nodes)
    return together and len(readers[0]) == 1 and all(names == readers[0] for names in readers)


def _reader_names(node: Node, typed: TypedGraph) -> set[str]:
    values = [Value(node.name, port) for port in node.results]
    return {reader for value in values for reader, _ in typed.graph.readers.get(value, ())}


def _number(parameters: int) -> str:
    return text.count(parameters) if parameters else ""


def _copies(run: Run, parameters: int) -> str:
    if parameters and not all(node.owns for node in run.nodes):
        return f"{text.count(parameters)}, shared"
    if not parameters or run.count == 1:
        return _number(parameters)
    return f"{run.count} × {text.count(parameters)}"
