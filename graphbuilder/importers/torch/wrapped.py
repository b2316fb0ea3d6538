"""What people put around a module or make of it, which says nothing of the network: other devices, compilers, numbers.

``nn.DataParallel``, ``torch.compile`` and averages of weights hold the module itself; one in half or double precision
is read in single precision, as specs are.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel
from torch.optim.swa_utils import AveragedModel

# Where the classes, by name for those that torch does not show, have the module.
_INSIDE = {"OptimizedModule": "_orig_mod"}
_AROUND = (nn.DataParallel, DistributedDataParallel, AveragedModel)


class Single(NamedTuple):
    """A module and its example in single precision, and of which numbers they were; "" where they were such."""

    model: nn.Module
    example: list[Tensor]
    before: str


def unwrapped(model: nn.Module) -> nn.Module:
    """The module that a person wrote."""
    name = "module" if issubclass(type(model), _AROUND) else _INSIDE.get(type(model).__name__)
    return unwrapped(model.get_submodule(name)) if name else model


def in_single(model: nn.Module, example: Sequence[Tensor]) -> Single:
    """``model`` itself where it is of single precision and on the processor, as ``example`` is, or else a copy."""
    tensors = [*model.parameters(), *model.buffers(), *example]
    others = {each.dtype for each in tensors if each.is_floating_point()} - {torch.float32}
    if not others and not any(each.device.type == "cuda" for each in tensors):
        return Single(model, list(example), "")
    shown = [each.float() if each.is_floating_point() else each for each in example]
    before = " and ".join(sorted(str(each).removeprefix("torch.") for each in others))
    return Single(deepcopy(model).to("cpu", torch.float32), [each.cpu() for each in shown], before)
