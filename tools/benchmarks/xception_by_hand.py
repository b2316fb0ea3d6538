"""Xception as a person would write it in torch: what the compiled module is measured against.

Keras's configuration (Chollet 2017, figure 5): batch norm epsilon 1e-3, momentum 0.01, TensorFlow's "same" padding.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


def batch_norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01)


class SepConv(nn.Module):
    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(in_channels, in_channels, 3, padding=1, groups=in_channels, bias=False)
        self.pointwise = nn.Conv2d(in_channels, out_channels, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.pointwise(self.depthwise(x))


class Down(nn.Module):
    """Two separable convolutions and a pool beside a strided projection; ``pool_padding`` is "same" at 299."""

    def __init__(self, in_channels: int, mid: int, out: int, pool_padding: int, relu: bool = True) -> None:
        super().__init__()
        self.relu = nn.ReLU() if relu else nn.Identity()
        self.first = nn.Sequential(SepConv(in_channels, mid), batch_norm(mid))
        self.second = nn.Sequential(nn.ReLU(), SepConv(mid, out), batch_norm(out))
        self.pool = nn.MaxPool2d(3, stride=2, padding=pool_padding, ceil_mode=True)
        self.shortcut = nn.Sequential(nn.Conv2d(in_channels, out, 1, stride=2, bias=False), batch_norm(out))

    def forward(self, x: Tensor) -> Tensor:
        return self.pool(self.second(self.first(self.relu(x)))) + self.shortcut(x)


class Middle(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        units = [nn.Sequential(nn.ReLU(), SepConv(728, 728), batch_norm(728)) for _ in range(3)]
        self.units = nn.Sequential(*units)

    def forward(self, x: Tensor) -> Tensor:
        return self.units(x) + x


class Xception(nn.Module):
    def __init__(self, classes: int = 1000) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, 32, 3, stride=2, bias=False),
            batch_norm(32),
            nn.ReLU(inplace=True),
            nn.Conv2d(32, 64, 3, bias=False),
            batch_norm(64),
            nn.ReLU(inplace=True),
        )
        self.entry = nn.Sequential(
            Down(64, 128, 128, pool_padding=1, relu=False),
            Down(128, 256, 256, pool_padding=0),
            Down(256, 728, 728, pool_padding=1),
        )
        self.middle = nn.Sequential(*(Middle() for _ in range(8)))
        self.exit = nn.Sequential(
            Down(728, 728, 1024, pool_padding=1),
            SepConv(1024, 1536),
            batch_norm(1536),
            nn.ReLU(),
            SepConv(1536, 2048),
            batch_norm(2048),
            nn.ReLU(),
        )
        self.logits = nn.Linear(2048, classes)

    def forward(self, image: Tensor) -> Tensor:
        x = self.exit(self.middle(self.entry(self.stem(image))))
        return self.logits(torch.flatten(nn.functional.adaptive_avg_pool2d(x, 1), 1))
