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
    """Inputs of the least other size that ``model`` takes of those tried; None where it takes none.

    Args:
        example: square images, all of one size.
        types: of each of them, without the batch.
    """
    size = types[0].spatial[0]
    for step in (*_STEPS, size):
        found = tuple(_widened(tensor, type_, step) for tensor, type_ in zip(example, types, strict=True))
        if _takes(model, found):
            return found
    return None


def _takes(model: nn.Module, inputs: Sequence[Tensor]) -> bool:
    try:
        with evaluating(model), torch.no_grad():
            model(*inputs)
    except Exception:  # whatever the module's own code raises
        return False
    return True


def _widened(tensor: Tensor, type_: TensorType, step: int) -> Tensor:
    """``tensor`` with ``step`` more rows and columns: its first ones again."""
    for axis in (2, 3) if type_.layout == "first" else (1, 2):
        places = torch.arange(tensor.shape[axis] + step, device=tensor.device) % tensor.shape[axis]
        tensor = tensor.index_select(axis, places)
    return tensor
