"""Torch modules whose sizes of images count: the size is a param where another gives the module's answers, too."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

import graphbuilder as gb
from graphbuilder.compiler import check_text
from graphbuilder.importers.torch import Beside

# What torch.export does inside is torch's own affair.
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]


class Same(nn.Module):
    """Convolutions padded as TensorFlow pads, by the size."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(3, 6, 3, 2), nn.Conv2d(6, 5, 5, 2)

    def forward(self, x: Tensor) -> Tensor:
        for conv in (self.first, self.second):
            sides = [max(-(-size // 2) * 2 - 2 + conv.kernel_size[0] - size, 0) for size in (x.shape[3], x.shape[2])]
            x = conv(functional.pad(x, [part for all_ in sides for part in (all_ // 2, all_ - all_ // 2)]))
        return x


class Nearly(nn.Module):
    """A pool over all of the map but a few places."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 6, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        return functional.max_pool2d(x, x.shape[2] - 4)


class Floored(nn.Module):
    """A part of the map that is no larger at the next sizes."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 6, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x)[:, :, : x.shape[2] // 6]


def plain() -> nn.Module:
    return nn.Sequential(nn.Conv2d(3, 6, 3, 2, 1), nn.Conv2d(6, 5, 3, 1, 1))


def flat() -> nn.Module:
    return nn.Sequential(nn.Conv2d(3, 6, 3), nn.Flatten(), nn.Linear(6 * 10 * 10, 4))


@pytest.mark.parametrize("size", [12, 13])
@pytest.mark.parametrize(("kind", "padding"), [(Same, '"same"'), (plain, '"half"')])
def test_padding_that_follows_the_size_is_told_from_what_does_not(
    kind: Callable[[], nn.Module], padding: str, size: int
) -> None:
    model = kind()
    found = gb.from_torch(model, torch.randn(2, 3, size, size))
    assert f"padding = {padding}" in found.text and "fixed" not in found.text, found.text
    for other in (16, 17):
        network = check_text(found.text, params={"size": other}).network
        assert network and Beside(network, found.mapping, model).apart([torch.randn(2, 3, other, other)]) < 1e-5


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        (Nearly, "at 9 the module does otherwise"),
        (Floored, "at 9 the module does otherwise"),
        (flat, "the module takes no other that was tried"),
    ],
)
def test_a_size_that_cannot_be_another_is_no_param(kind: Callable[[], nn.Module], told: str) -> None:
    found = gb.from_torch(kind(), torch.randn(2, 3, 12, 12))
    assert f"; its size is fixed: {told}\n" in found.text
    assert "image = [3, 12, 12]" in found.text and "=size" not in found.text


class Pyramid(nn.Module):
    """Maps brought to the size of maps before, by their shape: behind a pool over all places, and beside a skip."""

    def __init__(self) -> None:
        super().__init__()
        self.near, self.far = nn.Conv2d(3, 6, 3), nn.Conv2d(6, 6, 3, 2)
        self.pooled = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(6, 6, 1))

    def forward(self, x: Tensor) -> Tensor:
        near = self.near(x).relu()
        far = self.far(near).relu()
        far = far + functional.interpolate(self.pooled(far), size=far.shape[2:], mode="bilinear")
        return near + functional.interpolate(far, size=near.shape[2:], mode="bilinear")


def test_maps_are_resized_to_those_that_the_module_looks_at() -> None:
    model = Pyramid()
    found = gb.from_torch(model, torch.randn(2, 3, 16, 16))
    assert found.text.count('op = "resize", from = ') == 2 and "size = 16" in found.text, found.text
    assert "fixed" not in found.text and found.told == {}
    network = check_text(found.text, params={"size": 21}).network
    assert network and Beside(network, found.mapping, model).apart([torch.randn(2, 3, 21, 21)]) < 1e-5
