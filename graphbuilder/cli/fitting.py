"""What ``weights`` says of a file beside a network: a line a tensor, as text or as plain values."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from graphbuilder.backends.table.columns import Column, plain
from graphbuilder.diagnostics.screen import ELLIPSIS, safe

if TYPE_CHECKING:
    from rich.console import Console

    from graphbuilder.weights.load import Fit

_LIBRARIES = {"keras": "Keras", "keras_h5": "Keras's older HDF5", "safetensors": "safetensors", "torch": "torch"}
_SHOWN = 3
# More than the networks have that are written down, and less than a terminal keeps; of more, a few of each kind.
_MOST = 2_000
_OF_A_KIND = 20
# Characters of a name: a file may have longer ones than anyone reads.
_WIDEST = 120
_MISFIT, _MISSING, _LEFT, _UNUSED = "does not fit", "not in the file", "left as drawn", "no place in the network"
# What a tensor may be that does not fit, and how many of those are told.
_UNFIT = {_MISFIT: "that do not fit", _MISSING: _MISSING, _LEFT: _LEFT, _UNUSED: f"with {_UNUSED}"}


class Line(NamedTuple):
    """A tensor on both sides, or on one."""

    ours: str | None
    theirs: str | None
    stored: Sequence[int] | None
    shape: Sequence[int] | None
    transform: str

    @property
    def kind(self) -> str:
        """What it is counted with where very many are of one kind."""
        return _UNFIT.get(self.transform, "that fit")

    @property
    def shapes(self) -> str:
        """The shape, and what becomes of it."""
        sizes = ["x".join(map(str, shape)) or "1" for shape in (self.stored, self.shape) if shape is not None]
        return " -> ".join(dict.fromkeys(sizes))


def text(fit: Fit) -> str:
    """The match as a table for a person, as wide as it needs to be: of very many tensors some of each kind."""
    lines, more = _shown(fit)
    return "\n".join((safe(_heading(fit)), "", *plain(_columns(lines)), *more, "", *map(safe, _counts(fit))))


def show(fit: Fit, console: Console) -> None:
    """Print the same, fitted to a terminal."""
    from graphbuilder.backends.table.columns import screen

    lines, more = _shown(fit)
    table = screen(_columns(lines), console.width)
    parts = (safe(_heading(fit)), "", table, *more, "", *map(safe, _counts(fit)))
    console.print(*parts, sep="\n", highlight=False, markup=False)


def _shown(fit: Fit) -> tuple[list[Line], list[str]]:
    """The lines that a person is shown, and how many more of each kind there are."""
    lines = list(_lines(fit))
    if len(lines) <= _MOST:
        return lines, []
    kinds: dict[str, list[Line]] = defaultdict(list)
    for line in lines:
        kinds[line.kind].append(line)
    more = [f"... and {len(of) - _OF_A_KIND:,} more {kind}" for kind, of in kinds.items() if len(of) > _OF_A_KIND]
    return [line for of in kinds.values() for line in of[:_OF_A_KIND]], [*more, "--json lists all"]


def _name(name: str | None) -> str:
    text = safe(name or "-")
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST * 2 // 3]}{ELLIPSIS}{text[-_WIDEST // 3 :]}"


def _columns(lines: Sequence[Line]) -> tuple[Column, ...]:
    return (
        Column("ours", tuple(_name(line.ours) for line in lines), breaks=True),
        Column("theirs", tuple(_name(line.theirs) for line in lines), breaks=True),
        Column("shape", tuple(line.shapes for line in lines), folds=True, leaves=1),
        Column("transform", tuple(line.transform for line in lines), folds=True, leaves=2),
    )


def data(fit: Fit) -> dict[str, Any]:
    """The match as plain values; shapes are each side's own."""
    return {
        "file": fit.checkpoint.path,
        "source": fit.checkpoint.source,
        "weights_map": str(fit.by.path) if fit.by else None,
        "within": fit.within or None,
        "fits": not fit.diagnostics,
        "tensors": [line._asdict() for line in _lines(fit)],
        "ignored": list(fit.match.ignored),
    }


def _heading(fit: Fit) -> str:
    names = f"by {fit.by.path}" if fit.by else "by equal names"
    names += f", below {fit.within}" if fit.within else ""
    return f"{fit.checkpoint.path} ({_LIBRARIES[fit.checkpoint.source]}), {names}"


def _lines(fit: Fit) -> Iterator[Line]:
    """What either side has, in the network's order, and then what it has no place for."""
    rows = {row.ours: row for row in (*fit.match.rows, *fit.match.misfits)}
    alone = {**dict.fromkeys(fit.match.missing, _MISSING), **dict.fromkeys(fit.match.left, _LEFT)}
    for name, weight in fit.weights.items():
        if row := rows.get(name):
            transform = row.layout.name if row.layout else _MISFIT
            yield Line(name, row.theirs, row.stored.shape, weight.shape, transform)
        elif name in alone:
            yield Line(name, None, None, weight.shape, alone[name])
    for unused in fit.match.unused:
        yield Line(None, unused.theirs, unused.stored.shape, None, _UNUSED)


def _counts(fit: Fit) -> Iterator[str]:
    match = fit.match
    yield f"{len(match.rows)} tensors fit" + (f", {len(match.misfits)} do not" if match.misfits else "")
    for some, words in (
        (match.missing, "of the network are not in the file"),
        (match.unused, "of the file have no place in the network"),
        (match.left, "of the network are left as drawn"),
    ):
        if some:
            yield f"{len(some)} {words}"
    if match.ignored:
        more = ", ..." if len(match.ignored) > _SHOWN else ""
        yield f"{len(match.ignored)} of the file are ignored: {', '.join(match.ignored[:_SHOWN])}{more}"
