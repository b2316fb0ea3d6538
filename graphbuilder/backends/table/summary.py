"""What a table says: a tree of blocks with their costs, and the totals. How it looks is said beside this module.

Copies of a repeat that are alike are one block with a count. A block counts all its copies; the blocks under it count
one copy.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple

from graphbuilder.analysis.collapse import Run
from graphbuilder.analysis.costs import Costs, costs, costs_by_run, sum_costs
from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.analysis.likeness import alike, bodies, details, variants
from graphbuilder.garbage import no_search
from graphbuilder.ir import Graph, Node, TensorType

WIDTHS: Mapping[str, int] = {"float32": 4, "bfloat16": 2, "float16": 2}
MANY_ROWS = 40


class Block(NamedTuple):
    """One entry: a call, or a run of calls that are alike.

    Attributes:
        name: the node's name, ``1-3`` for some copies of a repeat.
        path: the names from the root to it, of its first copy where there are several.
        what: the name of its op, or of its block.
        is_op: which of the two.
        detail: the op's most telling arguments.
        repeat: how many calls it stands for.
        shares: the sibling whose weights it uses, or ``"one"`` where its copies have one set of weights between them.
        outputs: the types of its outputs by name.
        costs: of all its calls together.
        blocks: what one call consists of.
        training: whether it is run in training only; it then counts for its parameters alone.
        calls: the calls that it stands for, siblings of the first, at ``path``.
    """

    name: str
    path: str
    what: str
    is_op: bool
    detail: str
    repeat: int
    shares: str | None
    outputs: Mapping[str, TensorType]
    costs: Costs
    blocks: tuple[Block, ...]
    training: bool = False
    calls: Sequence[Node] = ()

    @property
    def paths(self) -> Iterator[str]:
        """The paths of all its calls; below one of them is all of a repeat."""
        above = self.path.removesuffix(self.calls[0].name)
        return (f"{above}{call.name}" for call in self.calls)

    def data(self) -> dict[str, Any]:
        """The block as plain values; ``parameters`` are the learnable ones, ``non_trainable`` running statistics."""
        return {
            "name": self.name,
            "path": self.path,
            "op" if self.is_op else "block": self.what,
            "repeat": self.repeat,
            **({"shares": self.shares} if self.shares else {}),
            **({"training_only": True} if self.training else {}),
            "outputs": shapes(self.outputs),
            "parameters": self.costs.trainable,
            "non_trainable": self.costs.non_trainable,
            "macs": self.costs.macs,
            "blocks": [block.data() for block in self.blocks],
        }


@dataclass(frozen=True)
class Summary:
    """A network's blocks and totals; ``str()`` of it is the table.

    Outputs of training are among ``outputs``, and named in ``training``. With a ``batch``, the memory of a forward and
    backward pass of as many samples is told as well.
    """

    name: str
    title: str | None
    inputs: Mapping[str, TensorType]
    outputs: Mapping[str, TensorType]
    costs: Costs
    blocks: tuple[Block, ...]
    training: frozenset[str] = frozenset()
    batch: int | None = None

    def data(self) -> dict[str, Any]:
        """Everything as plain values, for JSON; shapes are for one sample. The names are a contract.

        Of ``parameters``, ``trainable`` are the learnable ones, which tables count; ``total`` is in all, with running
        statistics.
        """
        return {
            "name": self.name,
            "title": self.title,
            "inputs": shapes(self.inputs),
            "outputs": shapes(self.outputs),
            **({"training_only": [name for name in self.outputs if name in self.training]} if self.training else {}),
            "parameters": self.costs.parameters(),
            "macs": self.costs.macs,
            "activations": self.costs.activations,
            "bytes": {name: self.bytes(width) for name, width in WIDTHS.items()},
            **({"batch": {"size": self.batch, "bytes": self.passes()}} if self.batch else {}),
            "blocks": [block.data() for block in self.blocks],
        }

    def bytes(self, width: int) -> dict[str, int]:
        """Bytes of all weights, and of every op's output for one sample, at ``width`` bytes a number."""
        return {"weights": self.costs.total * width, "activations": self.costs.activations * width}

    def passes(self) -> dict[str, int]:
        """Bytes of a forward and a backward pass of the batch, by the type of their numbers.

        These are every op's output and its gradient, as if none were freed or computed in place: an upper bound.
        """
        samples = self.batch or 1
        return {name: 2 * samples * self.costs.activations * width for name, width in WIDTHS.items()}

    @property
    def depth(self) -> int:
        """The greatest depth at which the table still fits on a screen."""
        levels = self.levels
        return next((depth for depth in range(len(levels), 1, -1) if sum(levels[:depth]) <= MANY_ROWS), 1)

    @property
    def levels(self) -> list[int]:
        """The number of blocks at each depth."""
        counts: list[int] = []
        level = self.blocks
        while level:
            counts.append(len(level))
            level = tuple(child for block in level for child in block.blocks)
        return counts

    def markdown(self, depth: int | None = None) -> str:
        """The table down to ``depth``, for a README."""
        from graphbuilder.backends.table.markdown import markdown

        return markdown(self, depth or self.depth)

    @no_search()
    def text(self, depth: int | None = None) -> str:
        """The table down to ``depth`` as plain text, as wide as it needs to be."""
        from graphbuilder.backends.table.plain import plain

        return plain(self, depth or self.depth)

    def __str__(self) -> str:
        return self.text()

    def _repr_markdown_(self) -> str:
        return self.markdown()


@no_search()
def summarise(typed: TypedGraph, batch: int | None = None) -> Summary:
    """The summary of a whole network, and of passes of a ``batch`` of samples where one is given."""
    graph = typed.graph
    inputs = dict(zip(graph.inputs, typed.inputs, strict=True))
    return Summary(
        graph.template, graph.title, inputs, _outputs(typed), costs(typed), _blocks(typed, ""), graph.training, batch
    )


def walk(blocks: tuple[Block, ...], depth: int, level: int = 0) -> Iterator[tuple[int, Block]]:
    """(level, block) down to ``depth`` levels, parents first."""
    for block in blocks:
        yield level, block
        if level + 1 < depth:
            yield from walk(block.blocks, depth, level + 1)


def shapes(types: Mapping[str, TensorType]) -> dict[str, list[int]]:
    """The shapes by name, batch left out."""
    return {name: list(type_.shape) for name, type_ in types.items()}


def _blocks(typed: TypedGraph, path: str, copies: tuple[TypedGraph, ...] = ()) -> tuple[Block, ...]:
    costing = costs_by_run(typed)
    return tuple(_block(run, typed, path, _together(run, costing), copies) for run in alike(typed))


def _together(run: Run, costing: Iterator[tuple[Run, Costs]]) -> Costs:
    """The costs of ``run``, which is as many of the next equal stretches as it has kinds."""
    return sum_costs([cost for _, cost in islice(costing, len(run.kinds))])


def _block(run: Run, typed: TypedGraph, path: str, cost: Costs, copies: tuple[TypedGraph, ...]) -> Block:
    """A repeat that is one run takes the place of its copies; ``copies`` are the bodies alike of which one is shown."""
    node = run.first
    path = f"{path}{node.name}"
    training = node.name in typed.graph.auxiliary
    body = typed.bodies.get(node.name)
    kinds = variants(run, typed, copies)
    inner = alike(body) if body and body.graph.kind == "repeat" else ()
    if body and len(inner) == 1:
        copy = _block(inner[0], body, f"{path}.", cost, bodies(kinds))
        shares = _shares(run) or copy.shares
        repeat, outputs = copy.repeat * run.count, _declared(body)
        block = copy._replace(name=run.name, path=path, repeat=repeat, shares=shares, outputs=outputs, calls=run.nodes)
        return _unrun(block) if training else block
    op = node.op
    block = Block(
        run.name,
        path,
        op.op if op else _template(node),
        op is not None,
        details(kinds),
        run.count,
        _shares(run),
        _declared(body) if body else dict(zip(node.results, typed.outputs_of(node), strict=True)),
        cost,
        _inner(body, f"{path}.", node.owns, bodies(kinds)) if body else (),
        calls=run.nodes,
    )
    return _unrun(block) if training else block


def _inner(body: TypedGraph, path: str, owns: bool, copies: tuple[TypedGraph, ...]) -> tuple[Block, ...]:
    """What a call consists of; weights that are another's are counted there."""
    blocks = _blocks(body, path, copies)
    return blocks if owns else tuple(map(_again, blocks))


def _again(block: Block) -> Block:
    return block._replace(costs=block.costs.again(), blocks=tuple(map(_again, block.blocks)))


def _unrun(block: Block) -> Block:
    """What is run in training only, with all that it consists of."""
    within = tuple(_unrun(inner)._replace(training=False) for inner in block.blocks)
    return block._replace(costs=block.costs.unrun(), blocks=within, training=True)


def _shares(run: Run) -> str | None:
    if not run.first.owns:
        return run.first.module
    return None if run.nodes[-1].owns else "one"


def _template(node: Node) -> str:
    assert isinstance(node.callee, Graph)
    return node.callee.template


def _declared(body: TypedGraph) -> dict[str, TensorType]:
    """The outputs of a call; those of single copies, which a repeat has where they are read from outside, left out."""
    outputs = _outputs(body)
    if body.graph.kind != "repeat":
        return outputs
    return {name: type_ for name, type_ in outputs.items() if not name[0].isdigit()}


def _outputs(typed: TypedGraph) -> dict[str, TensorType]:
    return {name: type_ for (name, _), type_ in zip(typed.graph.outputs, typed.outputs, strict=True)}
