"""What the columns of a summary hold, and its totals: the same for a terminal, plain text and Markdown."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping

from graphbuilder.backends.table import numbers
from graphbuilder.backends.table.columns import Column
from graphbuilder.backends.table.summary import WIDTHS, Block, Summary, walk
from graphbuilder.diagnostics.screen import safe
from graphbuilder.ir import TensorType

ONLY = "training only"


def columns(summary: Summary, depth: int) -> tuple[Column, ...]:
    """A row for every block down to ``depth`` levels, parents first.

    Parameters are learnable ones. Shares are of multiply-accumulates, or of parameters in a network that has none.
    """
    found = list(walk(summary.blocks, depth))
    blocks = [block for _, block in found]
    whole = _weight(summary, summary)
    parts = [_weight(block, summary) for block in blocks]
    shared = "MACs" if summary.costs.macs else "parameters"
    names = tuple("  " * level + _name(block) for level, block in found)
    return (
        Column("block", names, styles=tuple("" if block.is_op else "bold" for block in blocks)),
        Column("op", tuple(map(_what, blocks)), folds=True, leaves=3, styles=tuple("dim" * b.is_op for b in blocks)),
        Column("output", tuple(numbers.shape(tuple(b.outputs.values())) for b in blocks), folds=True, leaves=2),
        Column("parameters", tuple(_filled(block.costs.trainable, numbers.counted) for block in blocks), right=True),
        Column("MACs", tuple(_filled(block.costs.macs, numbers.scaled) for block in blocks), right=True, leaves=1),
        Column(f"{shared}, share", tuple(numbers.share(part, whole) for part in parts), right=True, leaves=4),
        Column("", tuple(numbers.bar(part, whole) for part in parts), leaves=5, styles=("cyan",) * len(parts)),
    )


def heading(summary: Summary) -> str:
    """The network's name, and its title where it has one."""
    return safe(f"{summary.name}  {summary.title}" if summary.title else summary.name)


def totals(summary: Summary) -> Iterator[tuple[str, str]]:
    """(name, text) of every total; counts of parameters stand in line."""
    costs = summary.costs
    if any(block.repeat > 1 and block.blocks for _, block in walk(summary.blocks, len(summary.levels))):
        yield "copies", "a row with ×N counts all N, the rows below it one"
    yield "inputs", named(summary.inputs)
    yield "outputs", named(summary.outputs, summary.training)
    counts = {
        "parameters": costs.trainable,
        "  trainable": costs.trainable,
        "  non-trainable": costs.non_trainable,
        "  in all": costs.total,
        "  unique": costs.unique,
        "  executed": costs.executed,
    }
    width = max(len(numbers.counted(count)) for count in counts.values())
    for name, count in counts.items():
        statistics = " (running statistics)" if name == "  non-trainable" and count else ""
        yield name, f"{numbers.counted(count):>{width}}{statistics}"
    yield "MACs", f"{numbers.counted(costs.macs)} a sample"
    for name, bytes_each in WIDTHS.items():
        sizes = {kind: numbers.memory(size) for kind, size in summary.bytes(bytes_each).items()}
        yield name, f"weights {sizes['weights']}, activations {sizes['activations']} a sample"
    if summary.batch:
        sizes = ", ".join(f"{numbers.memory(size)} in {name}" for name, size in summary.passes().items())
        yield f"batch of {summary.batch}", f"forward and backward at most {sizes}"


def named(types: Mapping[str, TensorType], training: Collection[str] = ()) -> str:
    """``image 3x299x299``, several after one another; those in ``training`` exist in training only."""
    return ", ".join(f"{name} {type_}{f' ({ONLY})' if name in training else ''}" for name, type_ in types.items())


def _name(block: Block) -> str:
    return f"{block.name} ×{block.repeat}" if block.repeat > 1 else block.name


def _what(block: Block) -> str:
    training = f"({ONLY})" if block.training else ""
    return " ".join(filter(None, (block.what, block.detail, _sharing(block), training)))


def _sharing(block: Block) -> str:
    if block.shares is None:
        return ""
    return "(one set of weights)" if block.shares == "one" else f"(weights of {block.shares})"


def _filled(count: int, text: Callable[[int], str]) -> str:
    return text(count) if count else ""


def _weight(item: Block | Summary, summary: Summary) -> int:
    return item.costs.macs if summary.costs.macs else item.costs.trainable
