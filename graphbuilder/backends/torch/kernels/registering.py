"""What our operators promise torch alike: the memory of what they give, and their place under autocast."""

# torch leaves its registrations untyped.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor

_LIBRARY = torch.library.Library("graphbuilder", "FRAGMENT")


def empty(shape: Sequence[int], like: Tensor) -> Tensor:
    """A map with channels last in memory."""
    return torch.empty(tuple(shape), dtype=like.dtype, device=like.device, memory_format=torch.channels_last)


def as_promised(made: Tensor, shape: Sequence[int]) -> Tensor:
    """``made`` in the very strides that a fake kernel promises."""
    wanted = empty(shape, made)
    return made if made.stride() == wanted.stride() else wanted.copy_(made)


def autocast(name: str, tensors: int) -> None:
    """Have the operator ``name``, whose first ``tensors`` arguments are tensors, run in autocast's precision, as
    convolutions are."""
    for device, key in (("cuda", "AutocastCUDA"), ("cpu", "AutocastCPU")):
        _LIBRARY.impl(name, partial(_cast, name, tensors, device), key)


def _cast(name: str, tensors: int, device: str, *arguments: Any) -> Tensor:
    numbers = torch.get_autocast_dtype(device)
    cast = (each if each is None or each.dtype == torch.float64 else each.to(numbers) for each in arguments[:tensors])
    with torch.autocast(device, enabled=False):
        return getattr(torch.ops.graphbuilder, name)(*cast, *arguments[tensors:])
