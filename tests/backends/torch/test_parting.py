"""Convolutions whose results are cut, parted for runtimes: the same answers of the same weights."""

from __future__ import annotations

from collections import Counter

import pytest
import torch
from torch import Tensor, nn

import graphbuilder as gb
from graphbuilder.backends.torch.engines.exporting import exported
from graphbuilder.backends.torch.engines.parting import part

SIBLINGS = """\
format = 1
name = "siblings"
[inputs]
image = [4, 9, 9]
[model]
body = [{ use = "module", repeat = 2 }]
[blocks.module]
merge = "concat"
[blocks.module.branches]
a = [{ op = "conv", out = 3, kernel = 3, stride = 2, bias = BIAS }, { op = "relu" }]
b = [{ op = "conv", out = 5, kernel = 3, stride = 2, bias = BIAS }, { op = "tanh" }]
c = [{ op = "conv", out = 2, kernel = 3, stride = 2, bias = BIAS }]
"""


class Cut(nn.Module):
    """A convolution whose result is cut along ``dim``, and read whole besides where ``is_read``."""

    def __init__(self, *, groups: int = 1, dim: int = 1, is_read: bool = False) -> None:
        super().__init__()
        self.conv, self.dim, self.is_read = nn.Conv2d(4, 6, 3, groups=groups, padding=1), dim, is_read

    def forward(self, x: Tensor) -> Tensor:
        whole = self.conv(x)
        one, other = torch.split(whole, [2, whole.shape[self.dim] - 2], self.dim)
        parts = torch.cat([one.relu(), other.tanh()], self.dim)
        return parts + whole if self.is_read else parts


def counted(program: torch.export.ExportedProgram) -> Counter[str]:
    return Counter(str(node.target) for node in program.graph.nodes)


def x(size: int = 9) -> Tensor:
    return torch.randn(2, 4, size, size, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("bias", ["true", "false"])
def test_siblings_are_convolutions_of_their_own_again(bias: str) -> None:
    network = gb.check_text(SIBLINGS.replace("BIAS", bias)).network
    assert network is not None
    module = gb.compile(network, optimize="inference")
    program = exported(module, [x()])
    assert counted(program)["aten.conv2d.default"] == 2
    parted = part(program)
    assert counted(parted)["aten.conv2d.default"] == 6
    parted.graph.lint()
    torch.testing.assert_close(parted.module()(x()), module(x()), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kept", [Cut(groups=2), Cut(dim=2), Cut(is_read=True)], ids=["groups", "rows", "read whole"])
def test_what_cannot_be_parted_stays(kept: nn.Module) -> None:
    program = exported(kept, [x()])
    before = counted(program)
    parted = part(program)
    assert counted(parted) == before
    torch.testing.assert_close(parted.module()(x()), kept(x()))
