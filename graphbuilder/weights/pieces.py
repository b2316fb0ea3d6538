"""A weight that several tensors of a file fill together, and a tensor that several weights share.

Along the first axis, as torch has it: the outputs of a layer. Nothing is read before it is asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

from graphbuilder.ir import Weight
from graphbuilder.weights import layouts
from graphbuilder.weights.checkpoint import Convention, Stored
from graphbuilder.weights.layouts import Layout
from graphbuilder.weights.patterns import ZEROS

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]


class Piece(NamedTuple):
    """A tensor of a file: its name, its own name below its layer, and what it is."""

    theirs: str
    leaf: str
    stored: Stored


def layout_of(piece: Piece, weight: Weight, convention: Convention) -> Layout | None:
    """How the axes of a tensor are turned to those of ``weight``; None where it does not fit."""
    stored = piece.stored
    # What is not counted is a count itself, num_batches_tracked, which `.half()` of a whole file makes a float.
    wanted = ("float", "bfloat") if weight.counted else ("int", "uint", "float", "bfloat")
    if not stored.dtype.startswith(wanted):
        return None
    layout = layouts.layout(convention, piece.leaf, stored.shape, weight.shape)
    if layout and weight.maps and convention == "keras":
        return layouts.unflattened(layout, weight.maps)
    if layout is None and weight.maps == (stored.shape[1:],) and stored.shape[0] == weight.shape[0]:
        return layouts.FLATTENED
    return layout


def shared(piece: Piece, number: int, weights: Sequence[Weight], convention: Convention) -> Layout | None:
    """How a tensor that ``weights`` share, in that order, gives the one at ``number``; None where it does not fit."""
    rest = {weight.shape[1:] for weight in weights}
    if len(rest) > 1 or not all(weight.shape for weight in weights):
        return None
    sizes = [weight.shape[0] for weight in weights]
    layout = layout_of(piece, _long(weights[number], sum(sizes)), convention)
    if layout is None:
        return None
    turned, start, end = layout.apply, sum(sizes[:number]), sum(sizes[: number + 1])

    def apply(array: Array) -> Array:
        return turned(array)[start:end]

    return Layout(_told([layout], f"{start} to {end - 1}"), layout.shape, apply)


def joined(pieces: Sequence[Piece | None], weight: Weight, convention: Convention) -> tuple[Piece, Layout | None]:
    """Tensors one behind the other, as one, and how that fits ``weight``; None among them is zeros."""
    parts = _Parts(pieces, weight, convention)
    theirs = " + ".join(piece.theirs if piece else ZEROS for piece in pieces)
    shape = (sum(parts.sizes), *weight.shape[1:])
    whole = Piece(theirs, parts.known[0].leaf, Stored(shape, parts.kind, theirs, parts.read))
    fitting = [layout for layout in parts.layouts if layout]
    if len(fitting) < len(parts.known) or shape != weight.shape or not all(parts.sizes):
        return whole, None
    told = _told(fitting, f"joined {' + '.join(map(str, parts.sizes))}")
    return whole, layouts.SAME._replace(name=told)


@dataclass(frozen=True)
class _Parts:
    """What is joined, and what it is for."""

    pieces: Sequence[Piece | None]
    weight: Weight
    convention: Convention

    @property
    def known(self) -> list[Piece]:
        return [piece for piece in self.pieces if piece]

    @property
    def sizes(self) -> list[int]:
        """How much of the first axis each is; zeros share what is left."""
        rest = max(prod(self.weight.shape[1:]), 1)
        sizes = [prod(piece.stored.shape) // rest if piece else 0 for piece in self.pieces]
        left = max(prod(self.weight.shape[:1]) - sum(sizes), 0) // max(self.pieces.count(None), 1)
        return [size if piece else left for piece, size in zip(self.pieces, sizes, strict=True)]

    @property
    def layouts(self) -> list[Layout | None]:
        """How the axes of each are turned that is not zeros."""
        pairs = zip(self.pieces, self.sizes, strict=True)
        return [layout_of(piece, _long(self.weight, size), self.convention) for piece, size in pairs if piece]

    @property
    def kind(self) -> str:
        """The kind of number of all, or that of the first that are no floats."""
        others = (piece.stored.dtype for piece in self.known if "float" not in piece.stored.dtype)
        return next(others, self.known[0].stored.dtype)

    def read(self) -> Array:
        import numpy as np

        turned = iter(
            [layout.apply(each.stored.read()) for each, layout in zip(self.known, self.layouts, strict=True) if layout]
        )
        rest = self.weight.shape[1:]
        return np.concatenate(
            [
                next(turned).reshape(size, *rest) if piece else np.zeros((size, *rest), np.float32)
                for piece, size in zip(self.pieces, self.sizes, strict=True)
            ]
        )


def _long(weight: Weight, size: int) -> Weight:
    return weight._replace(shape=(size, *weight.shape[1:]))


def _told(turned: Sequence[Layout], what: str) -> str:
    """What is done to axes, and ``what`` besides."""
    return ", ".join((*dict.fromkeys(layout.name for layout in turned if layout is not layouts.SAME), what))
