"""The cells of the table, the same for a terminal and for Markdown."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from graphbuilder.backends.table import numbers
from graphbuilder.backends.table.summary import WIDTHS, Block, Summary, walk
from graphbuilder.diagnostics.screen import safe
from graphbuilder.ir import TensorType


class Row(NamedTuple):
    """One block's cells; ``level`` says how far its name is indented."""

    level: int
    name: str
    what: str
    output: str
    parameters: str
    macs: str
    share: str
    bar: str
    is_op: bool

    @property
    def indented(self) -> str:
        """The name, moved to the right by its level."""
        return "  " * self.level + self.name

    @property
    def cells(self) -> tuple[str, ...]:
        """What stands under the headings behind the first."""
        return (self.what, self.output, self.parameters, self.macs, self.share)


def rows(summary: Summary, depth: int) -> Iterator[Row]:
    """The table's rows, parents first, down to ``depth`` levels."""
    whole = _weight(summary, summary)
    for level, block in walk(summary.blocks, depth):
        part = _weight(block, summary)
        yield Row(
            level,
            f"{block.name} ×{block.repeat}" if block.repeat > 1 else block.name,
            " ".join(filter(None, (block.what, block.detail, _sharing(block), _training(block.training)))),
            numbers.shape(tuple(block.outputs.values())),
            numbers.counted(block.costs.total) if block.costs.total else "",
            numbers.scaled(block.costs.macs) if block.costs.macs else "",
            numbers.share(part, whole),
            numbers.bar(part, whole),
            block.is_op,
        )


def heading(summary: Summary) -> str:
    """The network's name, and its title where it has one."""
    return f"{summary.name}  {safe(summary.title)}" if summary.title else summary.name


def headings(summary: Summary) -> tuple[str, ...]:
    """The names of the columns; shares are of multiply-accumulates, or of parameters in a network that has none."""
    shared = "MACs" if summary.costs.macs else "parameters"
    return ("block", "op", "output", "parameters", "MACs", f"{shared}, share")


def totals(summary: Summary) -> Iterator[tuple[str, str]]:
    """(name, text) of every total."""
    costs = summary.costs
    yield "inputs", _named(summary.inputs)
    yield "outputs", _named(summary.outputs, summary.training)
    yield "parameters", numbers.counted(costs.total)
    yield "  trainable", numbers.counted(costs.trainable)
    yield "  non-trainable", numbers.counted(costs.non_trainable)
    yield "  unique", numbers.counted(costs.unique)
    yield "  executed", numbers.counted(costs.executed)
    yield "MACs", f"{numbers.counted(costs.macs)} a sample"
    for name, width in WIDTHS.items():
        sizes = {kind: numbers.memory(size) for kind, size in summary.bytes(width).items()}
        yield name, f"weights {sizes['weights']}, activations {sizes['activations']} a sample"


def _weight(item: Block | Summary, summary: Summary) -> int:
    return item.costs.macs if summary.costs.macs else item.costs.total


def _sharing(block: Block) -> str:
    if block.shares is None:
        return ""
    return "(one set of weights)" if block.shares == "one" else f"(weights of {block.shares})"


def _training(only: bool) -> str:
    return "(training only)" if only else ""


def _named(types: Mapping[str, TensorType], training: Collection[str] = ()) -> str:
    rows = ((f"{name} {type_}", _training(name in training)) for name, type_ in types.items())
    return ", ".join(" ".join(filter(None, row)) for row in rows)
