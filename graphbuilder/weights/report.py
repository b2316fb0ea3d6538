"""Why a file and a network do not fit, as diagnostics that list both sides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from graphbuilder.diagnostics import Diagnostic, Label, Sink
from graphbuilder.diagnostics.catalogue.weights import (
    MappingMissing,
    RuleClash,
    RuleIdle,
    WeightsMisfit,
    WeightsMissing,
    WeightsNotFinite,
    WeightsUnused,
)
from graphbuilder.weights.amending import ignoring, nested, renamed
from graphbuilder.weights.checkpoint import Checkpoint
from graphbuilder.weights.mapping import NameMapping
from graphbuilder.weights.match import Match, Row, Unused, Weights

if TYPE_CHECKING:
    from torch import Tensor

_NAMED = 3


def faults(
    found: Match, weights: Weights, checkpoint: Checkpoint, by: NameMapping | None, tried: Sequence[NameMapping]
) -> tuple[Diagnostic, ...]:
    """Everything that keeps ``found`` from being a fit.

    Args:
        weights: ours.
        by: the mapping that it was found by.
        tried: all mappings that there were.
    """
    if not any((found.rows, found.misfits, found.several, found.ambiguous)):
        return (_strangers(found, weights, checkpoint, tried),)
    sink = Sink()
    for diagnostic in (*_leftovers(found, weights, checkpoint, by), *_clashes(found), *_idle(found, checkpoint)):
        sink.add(diagnostic)
    return sink.diagnostics


def not_finite(path: str, tensors: Mapping[str, Tensor]) -> tuple[Diagnostic, ...]:
    """A warning where ``tensors``, by our names, of the file at ``path`` hold NaN or infinities."""
    found = [name for name, tensor in tensors.items() if not tensor.isfinite().all()]
    if not found:
        return ()
    more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    message = f"{path} holds NaN or infinities in {_counted(found, 'weight')}: {', '.join(found[:_NAMED])}{more}"
    return (WeightsNotFinite.at(None, message, help="take a file from before the training diverged"),)


def _strangers(found: Match, weights: Weights, checkpoint: Checkpoint, tried: Sequence[NameMapping]) -> Diagnostic:
    """No name of the file means anything here."""
    theirs = _listed([f"{unused.theirs} {_size(unused.stored.shape)}" for unused in found.unused], "in the file")
    ours = _listed([f"{name} {_size(weights[name].shape)}" for name in found.missing], "in the network")
    none = f"no rule of {' or '.join(str(mapping.path) for mapping in tried)}" if tried else "no mapping"
    message = f"no name in {checkpoint.path} is a weight of the network, and {none} says what they are here"
    import_it = f", or make a spec of its model: graphbuilder import {checkpoint.path}" if checkpoint.config else ""
    remedy = nested(found, checkpoint, weights, tried) or f"write one {_beside(checkpoint)}{import_it}"
    return MappingMissing.at(None, message, notes=(*theirs, *ours), help=remedy)


def _beside(checkpoint: Checkpoint) -> str:
    return f'with source = "{checkpoint.convention}" into the folder `weights` beside the spec'


def _renamed(checkpoint: Checkpoint) -> str:
    return f"where its names are others than here, write a mapping {_beside(checkpoint)}"


def _leftovers(found: Match, weights: Weights, checkpoint: Checkpoint, by: NameMapping | None) -> Iterable[Diagnostic]:
    if found.missing:
        lines = [f"{name} {_size(weights[name].shape)}" for name in found.missing]
        message = f"{checkpoint.path} does not hold {_counted(found.missing, 'weight')} of the network"
        otherwise = _renamed(checkpoint) if found.unused else _left_out(found.missing)
        remedy = (by and renamed(found, checkpoint, by)) or _by(by) or otherwise
        yield WeightsMissing.at(None, message, notes=_listed(lines), help=remedy)
    if found.unused:
        message = f"{checkpoint.path} holds {_counted(found.unused, 'tensor')} without a place in the network"
        by_hand = f"name under `ignore` in {by.path if by else 'a mapping'} what is left out on purpose"
        remedy = (by and ignoring(found, checkpoint, by)) or by_hand
        lines, related = _listed([_unused(unused) for unused in found.unused]), _nowhere(found.unused, weights)
        yield WeightsUnused.at(None, message, notes=lines, related=related, help=remedy)
    if found.misfits:
        message = f"{checkpoint.path} holds {_counted(found.misfits, 'tensor')} of another shape or kind of number"
        lines = [_misfit(row, checkpoint) for row in found.misfits]
        yield WeightsMisfit.at(None, message, notes=_listed(lines), help=_fitting(found.misfits))


def _nowhere(found: Sequence[Unused], weights: Weights) -> tuple[Label, ...]:
    """The rules that lead to what the network has not, the first few of them."""
    first = {unused.rule.text: (unused.rule, unused.wanted) for unused in reversed(found) if unused.rule}
    rules = [*first.values()][::-1][:_NAMED]
    return tuple(Label(rule.place.span, _lacking(str(wanted), weights)) for rule, wanted in rules)


def _lacking(wanted: str, weights: Weights) -> str:
    """That the network has no such tensor: it may be a step that has some."""
    below = [name for name in weights if name.startswith(f"{wanted}.")]
    if below:
        some = ", ".join(below[:_NAMED]) + (", ..." if below[_NAMED:] else "")
        return f"`{wanted}` is a step, and no tensor; it has {some}"
    return f"the network has no {wanted}{': copies are counted from 0' if '.-' in wanted else ''}"


def _by(by: NameMapping | None) -> str | None:
    return f"the names were read by {by.path}; --weights-map FILE takes another mapping" if by else None


def _fitting(misfits: Sequence[Row]) -> str:
    if not any("float" in row.stored.dtype for row in misfits):
        return "save the file again with numbers of float32, float16 or bfloat16"
    parts = [*dict.fromkeys(row.ours.rpartition(".")[0] for row in misfits)]
    if len(parts) > _NAMED:
        return f"{_params(misfits)}, or take another file"
    excepted = " ".join(f"--weights-except {part}" for part in parts)
    return f"leave these as they were drawn, to be trained: {excepted}, or {_params(misfits)}, or take another file"


def _params(misfits: Sequence[Row]) -> str:
    sizes = other_size(misfits)
    if sizes is None:
        return "set the params that the file was made with"
    return f"set the param that is {sizes[0]} here to the {sizes[1]} of the file"


def other_size(misfits: Sequence[Row]) -> tuple[int, int] | None:
    """The one size of vectors that differs, here and in the file."""
    sizes = {(row.weight.shape, row.stored.shape) for row in misfits if len(row.weight.shape) == 1}
    if len(sizes) != 1:
        return None
    ours, theirs = sizes.pop()
    return (ours[0], theirs[0]) if len(theirs) == 1 else None


def _left_out(missing: Sequence[str]) -> str:
    part = missing[-1].rpartition(".")[0]
    return f"take another file, or leave what it lacks as it was drawn: --weights-except {part}"


def _clashes(found: Match) -> Iterable[Diagnostic]:
    for theirs, (first, second, *_) in found.ambiguous.items():
        related = (Label(first.place.key_span, "and this one"),)
        message = f"two rules match {theirs}"
        remedy = "narrow one of them, by a range of its numbers, say"
        yield RuleClash.at(second.place.key_span, message, label="this one", related=related, help=remedy)
    for ours, theirs in found.several.items():
        message = f"{' and '.join(theirs[:2])} both lead to {ours}"
        yield RuleClash.at(None, message, help="lead each elsewhere, or name one under `ignore`")


def _idle(found: Match, checkpoint: Checkpoint) -> Iterable[Diagnostic]:
    for rule in found.idle:
        message = f'"{rule.text}" matches nothing in {checkpoint.path}'
        remedy = "leave the rule out; one of an extended mapping is dropped by `= false`"
        yield RuleIdle.at(rule.place.key_span, message, help=remedy)


def _unused(unused: Unused) -> str:
    wanted = f", which would be {unused.wanted}" if unused.wanted else ""
    return f"{unused.theirs} {_size(unused.stored.shape)}{wanted}"


def _misfit(row: Row, checkpoint: Checkpoint) -> str:
    kind = "" if row.stored.dtype == "float32" else f" {row.stored.dtype}"
    order = " in Keras's order" if checkpoint.convention == "keras" and len(row.stored.shape) > 1 else ""
    theirs = f"{row.theirs} {_size(row.stored.shape)}{kind}{order}"
    return f"{row.ours} is {_size(row.weight.shape)} in the network, and {theirs} in the file"


def _size(shape: Sequence[int]) -> str:
    return "x".join(map(str, shape)) or "1"


def _counted(items: Sequence[object], word: str) -> str:
    return f"{len(items)} {word}{'s' if len(items) > 1 else ''}"


def _listed(lines: Sequence[str], where: str = "") -> tuple[str, ...]:
    """One note a line; how many a person is shown is left to whoever draws them."""
    return tuple(f"{where}: {line}" if where else line for line in lines)
