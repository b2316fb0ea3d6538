"""The looks of a comparison: plain text, a terminal, Markdown and CSV."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from graphbuilder.backends.table import columns as tables
from graphbuilder.backends.table import numbers
from graphbuilder.backends.table.columns import Column
from graphbuilder.backends.table.comparison import Comparison, Variant
from graphbuilder.diagnostics.screen import safe

if TYPE_CHECKING:
    from rich.console import Console


def text(comparison: Comparison) -> str:
    """The table as wide as it needs to be, and what its numbers are of."""
    return "\n".join((*tables.plain(columns(comparison)), "", *notes(comparison), ""))


def markdown(comparison: Comparison) -> str:
    """The same in Markdown."""
    return "\n".join((*tables.markdown(columns(comparison)), "", *notes(comparison), ""))


def show(comparison: Comparison, console: Console) -> None:
    """Print the table, fitted to a terminal."""
    console.print(tables.screen(columns(comparison), console.width), "", *notes(comparison), sep="\n", highlight=False)


def csv(comparison: Comparison) -> str:
    """Plain numbers; several outputs stand in one cell, with spaces between."""
    from csv import writer
    from io import StringIO

    settings = names(comparison)
    file = StringIO()
    lines = writer(file, lineterminator="\n")
    counts = ("parameters", "non_trainable", "macs", "activations", "activation_bytes")
    lines.writerow(("name", *settings, *counts, "outputs", "receptive_field", "seconds"))
    for each in comparison.variants:
        counted = (each.parameters, each.costs.non_trainable, each.macs, each.costs.activations, each.activation_bytes)
        chosen = (each.texts.get(name, "") for name in settings)
        seconds = "" if each.seconds is None else each.seconds
        lines.writerow((safe(each.name), *chosen, *counted, _outputs(each), _fields(each), seconds))
    return file.getvalue()


def names(comparison: Comparison) -> list[str]:
    """The params that any variant sets, as rows of a grid have them: first what changes last."""
    found = dict.fromkeys(name for each in comparison.variants for name in each.settings)
    return sorted(found, key=lambda name: -_alike([each.settings.get(name) for each in comparison.variants]))


def _alike(values: Sequence[object]) -> int:
    """How many rows from the first on have its value."""
    return next((number for number, value in enumerate(values) if value != values[0]), len(values))


def columns(comparison: Comparison) -> tuple[Column, ...]:
    """A row for every variant; behind a number stands by how much it differs from the first row's."""
    rows = comparison.variants
    alike = len({each.name for each in rows}) == 1
    shown = [Column("network", tuple(safe(each.name) for each in rows), leaves=9 if alike and names(comparison) else 0)]
    shown += [Column(name, tuple(each.texts.get(name, "") for each in rows), folds=True) for name in names(comparison)]
    shown += _counted(rows, "parameters", lambda each: each.parameters, numbers.counted, 0)
    shown += _counted(rows, "MACs", lambda each: each.macs, numbers.scaled, 1)
    if comparison.timing:
        shown += _counted(rows, "time", lambda each: each.seconds or 0, numbers.duration, 2)
    shown += _counted(rows, "activations", lambda each: each.activation_bytes, numbers.memory, 4)
    shown.append(Column("output", tuple(map(_outputs, rows)), folds=True, leaves=5))
    shown.append(Column("receptive field", tuple(map(_fields, rows)), folds=True, leaves=3))
    return tuple(shown)


def notes(comparison: Comparison) -> Iterator[str]:
    """What the numbers are of, as far as it is not plain from the table."""
    yield "MACs and activations (float32) are of one sample."
    if comparison.timing:
        timing = comparison.timing
        yield f"The time is the median of a forward of a batch of {timing.batch} on {timing.device}, in float32."
    if any("then all" in _fields(each) for each in comparison.variants):
        yield 'Receptive fields are of windows; "then all" says that something reads the whole input besides.'
    if any("at most" in _fields(each) for each in comparison.variants):
        yield 'Where maps grow again, places read windows of several sizes: none reads more than "at most".'


def _counted(
    rows: tuple[Variant, ...],
    title: str,
    number: Callable[[Variant], float],
    text: Callable[[int], str] | Callable[[float], str],
    leaves: int,
) -> Iterator[Column]:
    counted = [number(each) for each in rows]
    yield Column(title, tuple(map(text, counted)), right=True, leaves=leaves)  # type: ignore[arg-type]
    if len(set(counted)) > 1:
        yield Column(
            "change", ("", *(_change(each, counted[0]) for each in counted[1:])), right=True, leaves=leaves + 5
        )


def _change(new: float, old: float) -> str:
    """``+12.3 %``, ``×14.2`` from tenfold on; nothing where the two are equal, or where there was nothing."""
    if new == old or not old:
        return ""
    times = new / old
    if times >= 9.995:
        return f"×{times:.1f}" if times < 99.95 else f"×{times:,.0f}"
    return f"{100 * (times - 1):+.{1 if times < 2 else 0}f} %"


def _outputs(each: Variant) -> str:
    """The shape of the only output, or all by name."""
    if len(each.outputs) == 1:
        return numbers.shape(tuple(each.outputs.values()))
    told = {name: " (training only)" if name in each.training else "" for name in each.outputs}
    return ", ".join(f"{name} {type_}{told[name]}" for name, type_ in each.outputs.items())


def _fields(each: Variant) -> str:
    """The only field, or all by output and, where there are several, by input."""
    sources = {source for fields in each.fields.values() for source in fields}
    told: dict[str, str] = {}
    for name, fields in each.fields.items():
        by_source = (f"{source} {field}" if len(sources) > 1 else str(field) for source, field in fields.items())
        told[name] = "; ".join(by_source)
    if len(set(told.values())) == 1:
        return next(iter(told.values()))
    return "; ".join(f"{name} {field}" for name, field in told.items())
