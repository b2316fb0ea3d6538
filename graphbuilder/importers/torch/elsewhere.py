"""Images of another size than the example's: what a spec is tried on before it offers its size as a param."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from graphbuilder.importers.torch.reader import evaluating
from graphbuilder.ir import TensorType

# Powers of two are the least that a model of as many halvings takes, and show it the most odd sizes on the way.
_STEPS = (1, 2, 4, 8, 16, 32, 64)


def elsewhere(model: nn.Module, example: Sequence[Tensor], types: Sequence[TensorType]) -> tuple[Tensor, ...] | None:
    """Inputs of another size that ``model`` takes, far off if it can be; None where it takes none of those tried.

    Args:
        example: square images, all of one size.
        types: of each of them, without the batch.
    """
    size = types[0].spatial[0]
    for other in (_far(size), *(size + step for step in (*_STEPS, size))):
        found = tuple(_sized(tensor, type_, other) for tensor, type_ in zip(example, types, strict=True))
        if _takes(model, found):
            return found
    return None


def _far(size: int) -> int:
    """A power of two, or one more, well below ``size``: odd at every halving where that is even, and even where not.

    What was divided and rounded down is another number there.
    """
    below = max(3 * size // 4, 1)
    return (1 << (below.bit_length() - 1)) + (1 - size % 2)


def _takes(model: nn.Module, inputs: Sequence[Tensor]) -> bool:
    try:
        with evaluating(model), torch.no_grad():
            model(*inputs)
    except Exception:  # whatever the module's own code raises
        return False
    return True


def _sized(tensor: Tensor, type_: TensorType, size: int) -> Tensor:
    """``tensor`` with so many rows and columns: its first ones, and behind its last the first ones again."""
    for axis in (2, 3) if type_.layout == "first" else (1, 2):
        places = torch.arange(size, device=tensor.device) % tensor.shape[axis]
        tensor = tensor.index_select(axis, places)
    return tensor
