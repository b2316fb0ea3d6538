"""The looks of a roofline: plain text, a terminal and Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from graphbuilder.analysis.roofline import Floor
from graphbuilder.backends.table import columns as tables
from graphbuilder.backends.table import numbers
from graphbuilder.backends.table.columns import Column
from graphbuilder.backends.table.roofline import WORDS, WORDS_OF_TRAINING, Roofline
from graphbuilder.backends.table.summary import Block, walk
from graphbuilder.diagnostics.screen import safe

if TYPE_CHECKING:
    from rich.console import Console


def text(roofline: Roofline, depth: int) -> str:
    """The heading, the blocks down to ``depth`` levels, the floors by what is fused."""
    lines = (heading(roofline), "", *tables.plain(columns(roofline, depth)), "", *tables.plain(totals(roofline)))
    return "\n".join((*lines, "", *notes(roofline), ""))


def markdown(roofline: Roofline, depth: int) -> str:
    """The same in Markdown."""
    lines = (*tables.markdown(columns(roofline, depth)[:-1]), "", *tables.markdown(totals(roofline)))
    return "\n".join((*lines, "", *notes(roofline), ""))


def show(roofline: Roofline, depth: int, console: Console) -> None:
    """Print the same, fitted to a terminal."""
    shown = (tables.screen(each, console.width) for each in (columns(roofline, depth), totals(roofline)))
    for each in (heading(roofline), *shown, "\n".join(notes(roofline))):
        console.print(each, "", sep="\n", highlight=False, markup=False)


def heading(roofline: Roofline) -> str:
    """``xception on NVIDIA H200: a batch of 256 in bfloat16``."""
    floors = roofline.floors
    what = "a step of training on a batch" if floors.training else "a batch"
    return f"{safe(roofline.summary.name)} on {floors.device.name}: {what} of {floors.batch} in {floors.dtype}"


def columns(roofline: Roofline, depth: int) -> tuple[Column, ...]:
    """A row for every block down to ``depth`` levels, parents first."""
    found = list(walk(roofline.summary.blocks, depth))
    blocks, floors = [block for _, block in found], [roofline.of(block) for _, block in found]
    whole = roofline.total.seconds
    names = tuple("  " * level + _name(block) for level, block in found)
    bars = tuple(_bar(floor.seconds, whole) for floor in floors)
    measured = () if roofline.seconds is None else _measured(roofline, blocks)
    return (
        Column("block", names, styles=tuple("" if block.is_op else "bold" for block in blocks)),
        Column("op", tuple(f"{b.what} {b.detail}".strip() for b in blocks), folds=True, leaves=4),
        _numbers("bytes", floors, lambda floor: numbers.memory(floor.bytes), leaves=2),
        _numbers("FLOPs", floors, lambda floor: numbers.scaled(floor.flops), leaves=3),
        _numbers("FLOPs a byte", floors, lambda floor: f"{floor.intensity:.3g}"),
        _numbers("floor", floors, lambda floor: numbers.duration(floor.seconds)),
        _numbers("share", floors, lambda floor: f"{100 * floor.seconds / whole:.1f} %"),
        Column("bound by", tuple(floor.bound or "" for floor in floors)),
        *measured,
        Column("", bars, leaves=5, styles=("cyan",) * len(bars)),
    )


def totals(roofline: Roofline) -> tuple[Column, ...]:
    """A row for each way to fuse; the one that the blocks are counted by has a mark."""
    found = roofline.floors
    words = WORDS_OF_TRAINING if found.training else WORDS
    totals = list(found.totals.values())
    marks = tuple(f"{fusion}{' *' if fusion == found.fusion else ''}" for fusion in found.totals)
    return (
        Column("fused", marks),
        Column("", tuple(words[fusion] for fusion in found.totals), folds=True, leaves=3),
        _numbers("kernels", totals, lambda floor: numbers.counted(floor.kernels)),
        _numbers("bytes", totals, lambda floor: numbers.memory(floor.bytes), leaves=2),
        _numbers("floor", totals, lambda floor: numbers.duration(floor.seconds)),
        _numbers("samples a second", totals, lambda floor: numbers.counted(round(found.batch / floor.seconds))),
        Column("bound by", tuple(floor.bound or "" for floor in totals)),
    )


def notes(roofline: Roofline) -> Iterator[str]:
    """What the numbers are of, and where the device's are from."""
    device, dtype = roofline.floors.device, roofline.floors.dtype
    rates = f"{numbers.scaled(round(device.matrix[dtype]))}FLOP/s in products of matrices"
    others = f"{numbers.scaled(round(device.vector))}FLOP/s in others"
    launch = f", {1e6 * device.launch:.3g} µs a launch" if device.launch else ""
    yield f"{device.name}: {numbers.scaled(round(device.bandwidth))}B/s, {rates}, {others}{launch}"
    yield f"({device.source})."
    what = "of forward and backward without the update of weights" if roofline.floors.training else "of evaluation"
    yield f"A floor is computed, {what}: no kernel is faster than its bytes, its operations and its launch."


def _numbers(title: str, floors: list[Floor], shown: Callable[[Floor], str], leaves: int = 0) -> Column:
    """Numbers; empty where no kernel starts, since another does the work."""
    return Column(title, tuple(shown(floor) if floor.kernels else "" for floor in floors), right=True, leaves=leaves)


def _measured(roofline: Roofline, blocks: list[Block]) -> tuple[Column, ...]:
    """What each block took, and the part of it that the device needs at least."""
    times = [roofline.took(block) or 0.0 for block in blocks]
    parts = [roofline.of(block).seconds / took if took else 0.0 for block, took in zip(blocks, times, strict=True)]
    return (
        Column("measured", tuple(map(numbers.duration, times)), right=True),
        Column("of the floor", tuple(f"{100 * part:.0f} %" if part else "" for part in parts), right=True, leaves=1),
    )


def _name(block: Block) -> str:
    return f"{block.name} ×{block.repeat}" if block.repeat > 1 else block.name


def _bar(part: float, whole: float) -> str:
    return numbers.bar(round(1e6 * part / whole), 1_000_000) if whole else ""
