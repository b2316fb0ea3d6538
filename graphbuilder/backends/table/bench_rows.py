"""The looks of a bench: plain text, a terminal and Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from graphbuilder.backends.table import columns as tables
from graphbuilder.backends.table import numbers, roofline_rows
from graphbuilder.backends.table.bench import OURS, Bench, Measurement
from graphbuilder.backends.table.columns import Column

if TYPE_CHECKING:
    from rich.console import Console


def text(bench: Bench) -> str:
    """What was measured, by whom and on what; then each network by block."""
    tables_ = (roofline_rows.text(each, each.summary.depth) for each in bench.rooflines)
    return "\n".join((*tables.plain(columns(bench)), "", *notes(bench), "", *tables_))


def markdown(bench: Bench) -> str:
    """The same in Markdown."""
    tables_ = (roofline_rows.markdown(each, each.summary.depth) for each in bench.rooflines)
    return "\n".join((*tables.markdown(columns(bench)), "", *notes(bench), "", *tables_))


def show(bench: Bench, console: Console) -> None:
    """Print the same, fitted to a terminal."""
    console.print(tables.screen(columns(bench), console.width), "", *notes(bench), sep="\n", highlight=False)
    for each in bench.rooflines:
        console.print()
        roofline_rows.show(each, each.summary.depth, console)


def columns(bench: Bench) -> tuple[Column, ...]:
    """A row for every measurement; what all rows share stands in the notes alone."""
    rows = bench.measurements
    alone = len({each.contender for each in rows}) == 1
    shown = [
        Column("network", tuple(each.case.network for each in rows)),
        Column("batch", tuple(str(each.case.batch) for each in rows), right=True),
        Column("dtype", tuple(each.case.dtype for each in rows), leaves=6),
        Column("by", tuple(map(_by, rows)), folds=True),
        _numbers("median", rows, lambda each: numbers.duration(each.median)),
        _numbers("p90", rows, lambda each: numbers.duration(each.p90), 5),
        _numbers("samples a second", rows, lambda each: _rate(each.rate), 4),
        _numbers("memory", rows, lambda each: "" if each.peak is None else numbers.memory(each.peak), 3),
        _numbers("first call", rows, lambda each: numbers.duration(each.build + each.first), 2),
        _numbers("of the floor", rows, lambda each: "" if each.reached is None else f"{100 * each.reached:.0f} %", 1),
    ]
    if not alone:
        shown.append(_numbers("ours is faster by", rows, lambda each: "" if _is_ours(each) else f"{each.speed:.2f}"))
    return tuple(shown)


def notes(bench: Bench) -> Iterator[str]:
    """What the numbers are of, and the machine."""
    machine, device = bench.machine, bench.device
    versions = ", ".join(f"{name} {version}" for name, version in machine["packages"].items())
    yield f"{machine['device']}, {machine['threads']} of {machine['cores']} cores; {machine['system']}; {versions}"
    rates = ", ".join(f"{numbers.scaled(round(rate))}FLOP/s in {name}" for name, rate in device.matrix.items())
    yield f"The floor is of {numbers.scaled(round(device.bandwidth))}B/s and {rates} ({device.source})."
    what = "Forward, loss, backward and an update of weights by SGD" if bench.training else "A forward in evaluation"
    yield f"{what}; a first call counts from building on; ratios are medians over rounds in turns."
    yield "Memory is what a call after the first holds at most beyond what stood before it."
    known = [each.difference for each in bench.measurements if each.difference is not None]
    named = "Losses of a first step" if bench.training else "Answers"
    yield f"{named} are within {max(known):.1e} of the written network's in float32, where weights are the same."


def _numbers(title: str, rows: tuple[Measurement, ...], shown: Callable[[Measurement], str], leaves: int = 0) -> Column:
    return Column(title, tuple(map(shown, rows)), right=True, leaves=leaves)


def _by(each: Measurement) -> str:
    return f"{each.contender}: {each.detail}" if each.detail else each.contender


def _rate(rate: float) -> str:
    """``12,225``, ``6.25``."""
    return f"{rate:,.0f}" if rate >= 100 else f"{rate:.3g}"


def _is_ours(each: Measurement) -> bool:
    return each.contender == OURS
