"""Calls of torch that pick from a value: channels in another order, the largest of them, neighbours that weigh them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

import graphbuilder as gb
from graphbuilder.diagnostics import CompileError

# What torch.export does inside is torch's own affair.
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]

Way = Callable[["Picking", Tensor], Tensor]


class Picking(nn.Module):
    """A convolution, and what is picked of it."""

    def __init__(self, way: Way, layer: nn.Module | None = None) -> None:
        super().__init__()
        self.conv, self.layer, self.way = nn.Conv2d(3, 8, 3), layer or nn.Identity(), way

    def forward(self, x: Tensor) -> Tensor:
        return self.way(self, self.conv(x))


def _layer(self: Picking, x: Tensor) -> Tensor:
    return self.layer(x)


def _attended(self: Picking, x: Tensor) -> Tensor:
    """Places weighed by what is largest and what is usual there (CBAM)."""
    seen = torch.cat([x.mean(1, keepdim=True), x.max(1, keepdim=True)[0]], 1)
    return x * torch.sigmoid(self.layer(seen))


# By name: what is done, by which layer, and what the spec says.
TAKEN: dict[str, tuple[Way, nn.Module | None, str]] = {
    "neighbours": (_layer, nn.LocalResponseNorm(3, 0.5, 0.6, 1.5), 'localresponsenorm", size = 3, alpha = 0.5'),
    "largest": (_layer, nn.AdaptiveMaxPool2d((2, 3)), 'op = "adaptivemaxpool", size = [2, 3]'),
    "shuffle": (_layer, nn.ChannelShuffle(4), 'op = "channelshuffle", groups = 4'),
    "gate": (_layer, nn.GLU(1), 'op = "split", count = 2'),
    "attention": (_attended, nn.Conv2d(2, 1, 3, padding=1), 'op = "reduce"'),
    "sum": (lambda self, x: torch.add(x, x.relu(), alpha=-0.3), None, "value = -0.3, learn = false"),
    "number": (lambda self, x: torch.sub(x, 2, alpha=3), None, "offset = -6.0"),
    "list": (lambda self, x: x[:, [3, 1, 0, 2, 4, 6]], None, "start = 0, stop = 7, step = 2"),
    "turned": (lambda self, x: x[:, :, [3, 2, 1, 0]].relu(), None, 'op = "flip", axis = 1'),
    "steps": (lambda self, x: x.index_select(1, torch.tensor([1, 3, 5])), None, "start = 1, stop = 6, step = 2"),
}


@pytest.mark.parametrize("name", TAKEN)
def test_what_is_picked_is_said_by_the_ops_that_there_are(name: str) -> None:
    way, layer, said = TAKEN[name]
    found = gb.from_torch(Picking(way, layer), torch.randn(2, 3, 6, 6))
    assert found.difference is not None and found.difference < 1e-5 and "training" not in found.told
    assert said in found.text, found.text
    assert {*gb.compile(found.network).state_dict()} == {*(found.weights() or {})}


REFUSED: dict[str, tuple[Way, str]] = {
    "batch": (lambda self, x: x[[1, 0]], "places taken by their numbers along the batch"),
    "axes": (lambda self, x: x[:, [0, 1], [2, 3]], "places taken by their numbers on several axes"),
    "mask": (lambda self, x: x[:, torch.tensor([True, False] * 4)], "places taken by numbers that are computed, or by"),
    "gate": (lambda self, x: functional.glu(x, 0), "a gate along the batch"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_picked_is_named(name: str) -> None:
    way, told = REFUSED[name]
    with pytest.raises(CompileError) as caught:
        gb.from_torch(Picking(way), torch.randn(2, 3, 6, 6))
    found = caught.value.diagnostics[0]
    assert found.code == "GB801" and told in found.message
