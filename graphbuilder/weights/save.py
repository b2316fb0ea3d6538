"""Weights of a module as a safetensors file, written whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from graphbuilder.files import write_whole

if TYPE_CHECKING:
    from torch import Tensor, nn


def to_bytes(state: Mapping[str, Tensor]) -> bytes:
    """``state`` as the content of a safetensors file."""
    import torch
    from safetensors.torch import save as serialise

    return serialise(
        {name: tensor.detach().to("cpu", memory_format=torch.contiguous_format) for name, tensor in state.items()}
    )


def save(module: nn.Module, path: str | Path) -> None:
    """Write the ``state_dict`` of ``module`` to the file ``path``.

    Raises:
        CompileError: when the file cannot be written; what was there before is then untouched.
    """
    write_whole(path, to_bytes(module.state_dict()))
