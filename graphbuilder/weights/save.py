"""Weights as the content of a safetensors file; who writes it is another's matter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def to_bytes(state: Mapping[str, Tensor]) -> bytes:
    """``state`` as the content of a safetensors file."""
    import torch
    from safetensors.torch import save as serialise

    return serialise(
        {name: tensor.detach().to("cpu", memory_format=torch.contiguous_format) for name, tensor in state.items()}
    )
