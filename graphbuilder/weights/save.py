"""Weights as the content of a safetensors file; who writes it is another's matter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def to_bytes(state: Mapping[str, Tensor]) -> bytes:
    """``state`` as the content of a safetensors file."""
    from safetensors.torch import save as serialise

    # `to` with a memory format leaves a matrix turned as it is.
    return serialise({name: tensor.detach().cpu().contiguous() for name, tensor in state.items()})
