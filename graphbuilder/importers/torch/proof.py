"""Whether a spec answers as its module does: on the example, on other numbers, and for other numbers of samples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from torch import Tensor, nn

from graphbuilder.diagnostics import CompileError
from graphbuilder.diagnostics.catalogue.importing import BatchCounted, ImportDiffers
from graphbuilder.importers.torch.answers import CLOSE, Beside
from graphbuilder.importers.torch.samples import drawn, takes
from graphbuilder.ops.guards import counted

# So many samples are tried, the first that a module takes: in the range of the example's numbers, and beyond it.
_OTHERS = {True: (1, 3), False: (5, 4)}


class Locating(Protocol):
    """Finds places; "" where they cannot be told."""

    def misread(self, inputs: Sequence[Tensor]) -> str:
        """The first step whose value for ``inputs`` is not the module's."""
        ...

    def counted(self, inputs: Sequence[Tensor], others: Sequence[Tensor]) -> str:
        """The first call that is another for as many samples as ``others`` has than for those of ``inputs``."""
        ...


class Proof(NamedTuple):
    """How far answers to the example are apart, and what the module does with batches that a spec does not."""

    apart: float
    batch: str = ""


def proven(
    beside: Beside, model: nn.Module, example: Sequence[Tensor], traced: Sequence[Tensor], locating: Locating
) -> Proof:
    """How far the answers to ``example`` are from those of ``model``.

    Args:
        traced: what the module was traced with: as many samples as the example has, or two.

    Raises:
        CompileError: GB805 where answers to these or to random inputs are too far apart, GB807 where they are for
            other numbers of samples alone.
    """
    apart = beside.apart(example)
    _refuse_misread(apart, traced, locating)
    if not traced or not traced[0].dim():
        return Proof(apart)
    batch = len(traced[0])
    tried: set[int] = set()
    for ranged in _OTHERS:
        inputs = _taken(model, traced, batch, ranged=ranged)
        tried.add(len(inputs[0]))
        if not beside.apart(inputs) <= CLOSE:
            alike = drawn(traced, batch, ranged=ranged)
            _refuse_misread(beside.apart(alike), alike, locating)
            raise _counting(len(inputs[0]), batch, locating.counted(alike, inputs))
    if tried == {batch}:
        return Proof(apart, f"the module takes {counted(batch, 'sample')} at once, and no other number that was tried")
    return Proof(apart, "for 1 sample the module's answer has no axis of the batch" if beside.squeezed else "")


def _taken(model: nn.Module, traced: Sequence[Tensor], batch: int, *, ranged: bool) -> tuple[Tensor, ...]:
    """Random inputs of another batch that ``model`` takes, or else of this one, or else those that were traced."""
    others = [other for other in _OTHERS[ranged] if other != batch]
    tried = (drawn(traced, other, ranged=ranged) for other in (*others, batch))
    return next((inputs for inputs in tried if takes(model, inputs)), tuple(traced))


def _refuse_misread(apart: float, inputs: Sequence[Tensor], locating: Locating) -> None:
    """Raises:
    CompileError: GB805, where the answers to ``inputs`` are too far ``apart``.
    """
    if apart <= CLOSE:
        return
    where = locating.misread(inputs)
    said = "of another form than" if apart == float("inf") else f"{apart:.1e} of their scale from"
    message = f"the answers of the spec are {said} the module's{f', {where}' if where else ''}"
    remedy = "please report it, with that line of the module: it was read wrongly"
    raise CompileError((ImportDiffers.at(None, message, help=remedy),))


def _counting(other: int, batch: int, where: str) -> CompileError:
    message = f"for {counted(other, 'sample')} the module computes something else than for {batch}"
    remedy = "compute each sample by itself: shapes by `len(x)` or -1, and no number that counts the batch"
    return CompileError((BatchCounted.at(None, f"{message}{f': {where}' if where else ''}", help=remedy),))
