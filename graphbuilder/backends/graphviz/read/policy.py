"""Decides how each block is drawn: as a panel, a card, one box, or not at all; and which copies go on one stack.

What is small is drawn in place, what is large gets a frame, and a caller's patterns beat both. Decides only; draws
nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from typing import Literal
from weakref import WeakKeyDictionary

from graphbuilder.analysis.collapse import Run
from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.analysis.likeness import alike, bodies, side_by_side, turns, variants
from graphbuilder.backends.graphviz import text
from graphbuilder.backends.graphviz.options import Options
from graphbuilder.backends.graphviz.read.habits import Habits
from graphbuilder.backends.graphviz.read.scene import Section
from graphbuilder.ir import Copies, Graph, Node, Value

Fold = Literal["nothing", "repeats", "blocks"]
_COPIES, _COPIES_INSIDE = 2, 6
"""The most copies of something small that are all drawn, and the most boxes of three in a card that are."""
_SIDE_BY_SIDE, _BOXES_SIDE_BY_SIDE = 4, 12
"""The most copies side by side that are all drawn, and the most boxes in them."""
_TINY = 2
"""The most boxes of a block that gets no card of its own."""
_ROW = 10
"""The most ops behind each other that are one card in a figure that runs to the right."""
_STAGE, _REPEATING = 16, 9
"""The most boxes of a block of blocks that is still a card and not a panel, and of one that repeats a block."""


@dataclass(frozen=True, slots=True)
class Where:
    """How deep a reader is.

    Attributes:
        prefix: of the paths here, with its dot.
        frame: what all this is drawn in.
        level: how many blocks are open around it.
        section: the panel it belongs to.
        heading: the title of the block in whose stages, which are panels themselves, it is.
        template: what is repeated here, in a repeat.
        copies: of what is drawn once for several that are alike, the body of each.
        owner: the path, with its dot, of the call whose weights are run here, where no frame around says so.
        staged: whether what would be a panel by itself is a card here, since copies beside it are on a stack.
    """

    prefix: str = ""
    frame: Literal["sheet", "panel", "card"] = "sheet"
    level: int = 0
    section: Section | None = None
    heading: str = ""
    template: str | None = None
    copies: tuple[TypedGraph, ...] = ()
    owner: str = ""
    staged: bool = False

    def path(self, node: Node) -> str:
        return self.prefix + node.name

    def reuses(self, run: Run) -> bool:
        """Whether a call runs weights that are another's, or copies one set of weights."""
        # Of copies that share weights, the first may be the owner.
        return bool(self.owner) or not (run.first.owns and run.nodes[-1].owns)

    def lender(self, run: Run) -> str:
        """Whose weights a call runs, and all copies of one: nothing where the first has its own."""
        if self.owner and run.count > 1:
            return text.clean(self.owner.removesuffix("."))
        borrows = self.owner or not run.first.owns
        return text.clean(self.owner + run.first.module) if borrows else ""

    def framed(self) -> Where:
        """The place in a card, the header of which says whose weights are run."""
        return replace(self, frame="card", owner="")

    def title(self, run: Run, graph: Graph) -> str:
        """What a call of ``graph`` is called.

        A copy goes by what it is a copy of, and its number; of calls that one title is given to, each adds its name.
        """
        node = run.first
        last = f" – {run.nodes[-1].name}" if run.count > 1 else ""
        if self.template is None:
            title, whole = _given_title(node), f"{node.name}{last}"
            name = f" ({whole})" if title and _titles(graph)[title] > 1 else ""
            return f"{title or text.titled(whole)}{name}"
        title = text.titled(node.title or "")
        if title and not (self.section and title == self.section.title):
            return title if run.count == len(graph.nodes) else f"{title} {node.name}{last}"
        return text.titled(f"{self.template} {node.name}{last}")

    def headed(self, title: str) -> str:
        """``title``, below that of the block in whose stages this is."""
        return f"{self.heading} · {title}" if self.heading else title

    def beside_stacks(self) -> Where:
        """The place of copies some of which are on a stack: then none is a panel that would head the others."""
        return replace(self, frame="panel", staged=True) if self.frame != "card" else self

    def inside(self, run: Run, typed: TypedGraph) -> Where:
        """The place in what ``run`` of ``typed`` calls, drawn without a frame of its own."""
        graph = typed.bodies[run.first.name].graph
        template = _repeated(run.first, graph, typed.graph) if graph.kind == "repeat" else None
        level = self.level + (graph.kind in ("block", "composite"))
        copies = bodies(variants(run, typed, self.copies))
        owner = f"{self.owner}{run.first.module}." if self.lender(run) else ""
        prefix = f"{self.path(run.first)}."
        return replace(self, prefix=prefix, template=template, level=level, copies=copies, owner=owner)


_TITLES: WeakKeyDictionary[Graph, Counter[str]] = WeakKeyDictionary()


def _titles(graph: Graph) -> Counter[str]:
    """How many calls of ``graph`` each title is given to."""
    if graph not in _TITLES:
        _TITLES[graph] = Counter(filter(None, map(_given_title, graph.nodes)))
    return _TITLES[graph]


def _repeated(node: Node, repeat: Graph, graph: Graph) -> str:
    """What copies are called: by what they are copies of, or by their repeat where ``graph`` has several of that."""
    if graph.kind == "repeat":
        return repeat.template
    callees = (each.callee for each in graph.nodes)
    like = (c for c in callees if isinstance(c, Graph) and c.kind == "repeat" and c.template == repeat.template)
    return node.name if sum(1 for _ in like) > 1 else repeat.template


def _given_title(node: Node) -> str:
    """What a spec calls a step, or else the block that it uses; "" where it calls neither anything."""
    of_block = node.callee.title if isinstance(node.callee, Graph) else None
    return text.titled(node.title or of_block or "")


class Policy:
    """The decisions for one network; ``demoted`` are the paths of blocks that turned out not to be panels."""

    def __init__(self, options: Options, habits: Habits, fold: Fold, demoted: frozenset[str]) -> None:
        self._options = options
        self._habits = habits
        self._fold: Fold = fold
        self._demoted = demoted
        self._boxes: dict[int, int] = {}

    def is_closed(self, path: str, body: TypedGraph, where: Where) -> bool:
        """Whether a call of ``body`` is one box."""
        kind = body.graph.kind
        if self._options.collapses(path):
            return True
        if kind == "composite" or self._options.expands(path):
            return not self._options.expands(path)
        return kind == "block" and (self._is_deep(path, where) or self._is_folded(body, where))

    def is_exchange(self, node: Node, typed: TypedGraph, where: Where) -> bool:
        """Whether a call in a card is one of several that bring the same values together: one box each, in a card.

        That is what streams tell each other. Drawn open, all of it would be one tangle.
        """
        path = where.path(node)
        asked = self._options.expands(path) or self._options.reaches(path)
        if where.frame != "card" or asked or not _brings_together(node):
            return False
        readers = Counter(
            name for value in set(node.inputs) for name in {each for each, _ in typed.graph.readers[value]}
        )
        common = (name for name, count in readers.items() if count > 1 and name != node.name)
        return any(_brings_together(typed.graph.by_name[name]) for name in common)

    def is_panel(self, path: str, body: TypedGraph, where: Where) -> bool:
        """Whether ``body``, which is open, has a panel of its own: it holds cards, and reads one value."""
        if where.frame != "sheet" or path in self._demoted or self._is_deep(path, where) or self._holds_stages(body):
            return False
        one = len(body.graph.inputs) == 1
        return one and body.graph.kind in ("block", "repeat") and (self._holds_cards(body) or self._is_long(body))

    def is_card(self, body: TypedGraph, where: Where, titled: bool) -> bool:
        """Whether ``body``, which is open and no panel, has a card of its own: any that is ``titled`` does."""
        stages = where.frame == "sheet" and self._holds_stages(body)
        large = self._may_be_card(body) or ((titled or where.staged) and body.graph.kind == "block")
        return where.frame != "card" and large and not stages

    def runs(self, typed: TypedGraph, where: Where) -> Iterator[Run]:
        """The calls of ``typed``, those together that may be drawn once and of which the same was asked."""
        branches = typed.graph.kind != "repeat" and self._options.marks is None
        found = side_by_side(typed, _SIDE_BY_SIDE + 1) if branches else alike(typed, growing=True)
        for run in found:
            yield from self._apart(run, where)

    def _apart(self, run: Run, where: Where) -> Iterator[Run]:
        """``run`` in stretches of copies in which the same was asked for: one that is opened stands beside a stack."""
        if run.count == 1 or not self._options.expand:
            yield run
            return
        start = 0
        for _, group in groupby(run.nodes, lambda node: self._options.asking(where.path(node))):
            end = start + sum(1 for _ in group)
            yield run.part(start, end)
            start = end

    def stacks(self, run: Run, typed: TypedGraph, where: Where) -> bool:
        """Whether the copies of ``run`` are drawn once."""
        opened = self._options.expands(where.path(run.first)) or self._options.expands(where.prefix.removesuffix("."))
        if run.count == 1 or opened or not (is_chained(run, typed) or _is_abreast(run, typed)):
            return False
        body = typed.bodies.get(run.first.name)
        cards = body is not None and self._may_be_card(body)
        boxes = run.count * (self._count(body) if body else 1)
        if self._fold == "nothing" and not is_chained(run, typed):
            return run.count > _SIDE_BY_SIDE or boxes > _BOXES_SIDE_BY_SIDE
        inside = where.frame == "card" and run.count == _COPIES + 1 and boxes <= _COPIES_INSIDE
        many = (run.count > _COPIES and not inside) or self._is_many(typed, body, where)
        return cards or self._fold != "nothing" or many

    def _is_many(self, typed: TypedGraph, body: TypedGraph | None, where: Where) -> bool:
        """Whether copies of ``body`` are so many, and in no card, that even some that are alike stand together."""
        block = body is not None and body.graph.kind == "block" and typed.graph.kind == "repeat"
        return block and where.frame != "card" and len(typed.graph.nodes) > _COPIES

    def rounds(self, typed: TypedGraph, where: Where) -> tuple[Run, ...]:
        """The kinds of a repeat that are drawn once in turn; none where it is drawn otherwise."""
        kinds = () if self._options.expands(where.prefix.removesuffix(".")) else turns(typed)
        if not kinds or any(self._options.expands(where.path(node)) for run in kinds for node in run.nodes):
            return ()
        called = [typed.bodies.get(run.first.name) for run in kinds]
        large = all(body is not None and self._may_be_card(body) for body in called)
        alone = all(len(run.first.inputs) == 1 for run in kinds)
        return kinds if large and alone and is_chained(Run(typed.graph.nodes), typed) else ()

    def _is_deep(self, path: str, where: Where) -> bool:
        """Whether a block is below the levels that are opened, and nothing in it was asked for."""
        deep = self._options.level is not None and where.level >= self._options.level
        return deep and not self._options.reaches(path)

    def _is_folded(self, body: TypedGraph, where: Where) -> bool:
        """Whether ``body`` would be a card if this were a small network, or is in one that would be a panel."""
        if self._fold != "blocks" or not self._may_be_card(body) or (where.frame == "card" and not where.staged):
            return False
        panel = where.frame == "sheet" or (where.frame == "panel" and where.staged)
        return not (panel and self._holds_cards(body))

    def _may_be_card(self, body: TypedGraph) -> bool:
        return body.graph.kind == "block" and self._count(body) > _TINY

    def _holds_cards(self, body: TypedGraph, inside: bool = True) -> bool:
        """Whether blocks in ``body`` are large enough to be cards; ``inside`` says that those in branches count."""
        inner = (inner for inner in _bodies(body) if inside or inner.graph.kind != "branch")
        return any(self._may_be_card(each) or self._holds_cards(each, inside) for each in inner)

    def _holds_stages(self, body: TypedGraph) -> bool:
        """Whether blocks in ``body`` are large enough to be panels themselves, and no copies on one stack."""
        runs = alike(body, growing=True) if body.graph.kind == "repeat" else ()
        if len(runs) == 1 or any(run.count > 1 for run in runs):
            return False
        return any(
            self._holds_stages(inner)
            if inner.graph.kind == "repeat"
            else inner.graph.kind == "block" and self._is_stage(inner)
            for inner in _bodies(body)
        )

    def _is_long(self, body: TypedGraph) -> bool:
        """Whether ``body`` is a row of ops that is too long for one: a panel is cut where a card is not."""
        row = all(node.op is not None and len(node.inputs) == 1 for node in _written(body))
        return self._options.direction == "LR" and row and self._count(body) > _ROW

    def _is_stage(self, body: TypedGraph) -> bool:
        """Whether a block of blocks, one behind the other, is too large for a card."""
        repeats = any(inner.graph.kind == "repeat" and self._holds_cards(inner) for inner in _bodies(body))
        return self._count(body) > (_REPEATING if repeats else _STAGE) and self._holds_cards(body, inside=False)

    def _count(self, body: TypedGraph) -> int:
        """How many boxes ``body`` would be, wide open; equal bodies are counted once.

        Activations count where a sentence says them, too: a block stays a block.
        """
        if id(body) not in self._boxes:
            nodes = _written(body)
            drawn = [_is_activation(node) or not self._habits.hides(node, body) for node in nodes]
            counts = [
                (1 if node.op is not None else self._count(body.bodies[node.name])) if is_drawn else 0
                for node, is_drawn in zip(nodes, drawn, strict=True)
            ]
            self._boxes[id(body)] = sum(counts) + (len(body.graph.nodes) - len(nodes)) * (counts[-1] if counts else 0)
        return self._boxes[id(body)]


def _brings_together(node: Node) -> bool:
    """Whether it is a block that reads several values."""
    return isinstance(node.callee, Graph) and node.callee.kind == "block" and len(set(node.inputs)) > 1


def told(run: Run, typed: TypedGraph) -> Sequence[Node]:
    """The copies of ``run`` that are written out, and the first of those that all are like the last of them."""
    nodes = typed.graph.nodes
    return run.nodes[: len(nodes.head) + 1] if isinstance(nodes, Copies) else run.nodes


def is_chained(run: Run, typed: TypedGraph) -> bool:
    """Whether each copy reads the one before it, and nothing else does."""
    outputs, nodes = {value.node for _, value in typed.graph.outputs}, told(run, typed)
    for before, after in pairwise(nodes):
        carried = [new.node == before.name or new == old for new, old in zip(after.inputs, before.inputs, strict=True)]
        if not all(carried) or _readers(before, typed) != {after.name} or before.name in outputs:
            return False
    return True


def _is_abreast(run: Run, typed: TypedGraph) -> bool:
    """Whether the copies read the same and one node reads them all."""
    nodes = told(run, typed)
    readers = [_readers(node, typed) for node in nodes]
    outputs = {value.node for _, value in typed.graph.outputs}
    together = all(node.inputs == run.first.inputs and node.name not in outputs for node in nodes)
    return together and len(readers[0]) == 1 and all(names == readers[0] for names in readers)


def _readers(node: Node, typed: TypedGraph) -> set[str]:
    values, nodes = [Value(node.name, port) for port in node.results], typed.graph.nodes
    if isinstance(nodes, Copies):
        behind = int(node.name) + 1
        near = (*nodes[: len(nodes.head) + 2], *nodes[behind : behind + 1])
        return {reader.name for reader in near if not set(values).isdisjoint(reader.inputs)}
    return {reader for value in values for reader, _ in typed.graph.readers.get(value, ())}


def _is_activation(node: Node) -> bool:
    return node.op is not None and node.op.family == "activation"


def _bodies(body: TypedGraph) -> list[TypedGraph]:
    calls = ((node, node.callee) for node in _written(body) if isinstance(node.callee, Graph))
    return [body.bodies[node.name] for node, inner in calls if inner.kind != "composite"]


def _written(body: TypedGraph) -> Sequence[Node]:
    """The nodes of ``body``, of a long repeat those that are written out: all further ones are like the last."""
    nodes = body.graph.nodes
    return nodes.head if isinstance(nodes, Copies) else nodes
