"""How the modules of fused convolutions keep their kernels in memory: shapes and names stay, strides change."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from torch import nn

# The class that the writer writes for graphbuilder.ops.fused.FusedSepConv.
_NAME = "FusedSepConv"


def fused(module: nn.Module) -> Iterator[nn.Module]:
    """The fused convolutions in ``module``."""
    return (each for each in module.modules() if type(each).__name__ == _NAME)


def lay_out(module: nn.Module) -> None:
    """Let the channels of depthwise kernels be neighbours in memory, as ours read them; else each call has to turn
    them."""
    for each in fused(module):
        weight = cast("nn.Conv2d", each.depthwise).weight
        weight.data = weight.data.permute(2, 3, 1, 0).contiguous().permute(3, 2, 0, 1)
