"""Xception in plain torch, three times: the reimplementation repaired, the same as it was written, and the tutorials'.

Names are those that PyTorch reimplementations commonly have.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch.nn.functional as F
from torch import Tensor, nn


class SeparableConv(nn.Module):
    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, in_channels, 3, padding=1, groups=in_channels, bias=False)
        self.pointwise = nn.Conv2d(in_channels, out_channels, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.pointwise(self.conv1(x))


class Block(nn.Module):
    """Separable convolutions from each of ``channels`` to the next, then a pool where the block strides, and the
    shortcut."""

    def __init__(self, *channels: int, strides: bool, leading_relu: bool = True, in_place: bool = False) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for number, (before, after) in enumerate(pairwise(channels)):
            if number or leading_relu:
                layers.append(nn.ReLU(inplace=in_place or number > 0))
            layers += [SeparableConv(before, after), nn.BatchNorm2d(after)]
        if strides:
            layers.append(nn.MaxPool2d(3, 2, 1))
            self.skip = nn.Conv2d(channels[0], channels[-1], 1, stride=2, bias=False)
            self.skipbn = nn.BatchNorm2d(channels[-1])
        self.strides = strides
        self.rep = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        # Where the first ReLU is in place, it has changed x by the time that the shortcut reads it.
        y = self.rep(x)
        return y + (self.skipbn(self.skip(x)) if self.strides else x)


class Reimplementation(nn.Module):
    """With torch's batch norms and symmetric padding.

    Args:
        num_classes: the classifier's outputs.
        faulty: whether the leading ReLUs are in place and one middle block is run eight times.
    """

    def __init__(self, num_classes: int, *, faulty: bool) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 32, 3, 2, bias=False)
        self.bn1 = nn.BatchNorm2d(32)
        self.conv2 = nn.Conv2d(32, 64, 3, bias=False)
        self.bn2 = nn.BatchNorm2d(64)

        self.block1 = Block(64, 128, 128, strides=True, leading_relu=False)
        self.block2 = Block(128, 256, 256, strides=True, in_place=faulty)
        self.block3 = Block(256, 728, 728, strides=True, in_place=faulty)
        middle = [Block(728, 728, 728, 728, strides=False, in_place=faulty) for _ in range(1 if faulty else 8)]
        for number, block in enumerate(middle):
            self.add_module(f"block{number + 4}", block)
        self.middle = tuple(middle) * 8 if faulty else tuple(middle)
        self.block12 = Block(728, 728, 1024, strides=True, in_place=faulty)

        self.conv3 = SeparableConv(1024, 1536)
        self.bn3 = nn.BatchNorm2d(1536)
        self.conv4 = SeparableConv(1536, 2048)
        self.bn4 = nn.BatchNorm2d(2048)
        self.fc = nn.Linear(2048, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.bn1(self.conv1(x)))
        x = F.relu(self.bn2(self.conv2(x)))
        for block in (self.block1, self.block2, self.block3, *self.middle, self.block12):
            x = block(x)
        x = F.relu(self.bn3(self.conv3(x)))
        x = F.relu(self.bn4(self.conv4(x)))
        return self.fc(F.adaptive_avg_pool2d(x, 1).flatten(1))


def repaired(num_classes: int) -> nn.Module:
    """The reimplementation without its faults."""
    return Reimplementation(num_classes, faulty=False)


def as_written(num_classes: int) -> nn.Module:
    """The reimplementation with two of its faults; the shortcuts that it made in every call are kept."""
    return Reimplementation(num_classes, faulty=True)


def padded(x: Tensor, value: float = 0.0) -> Tensor:
    """``x`` with TensorFlow's "same" padding for windows of 3, a stride of 2: an even size is padded behind only."""
    rows, columns = (size % 2 for size in x.shape[-2:])
    return F.pad(x, (columns, 1, rows, 1), value=value)


def norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01)


class TutorialBlock(nn.Module):
    """Units of ReLU, separable convolution and batch norm: two, a pool and a projection, or three and one more ReLU."""

    def __init__(self, channels: Sequence[int], leading_relu: bool = True) -> None:
        super().__init__()
        self.strides = len(channels) == 3
        units = list(pairwise(channels))
        layers = [[nn.ReLU(), SeparableConv(before, after), norm(after)] for before, after in units]
        if not leading_relu:
            del layers[0][0]
        self.rep = nn.Sequential(*(layer for unit in layers for layer in unit))
        if self.strides:
            self.skip = nn.Conv2d(channels[0], channels[-1], 1, stride=2, bias=False)
            self.skipbn = norm(channels[-1])

    def forward(self, x: Tensor) -> Tensor:
        y = self.rep(x)
        if not self.strides:
            return F.relu(y) + x
        return F.max_pool2d(padded(y, float("-inf")), 3, 2) + self.skipbn(self.skip(x))


class Tutorial(nn.Module):
    def __init__(self, num_classes: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 32, 3, 2, bias=False)
        self.bn1 = norm(32)
        self.conv2 = nn.Conv2d(32, 64, 3, padding=1, bias=False)
        self.bn2 = norm(64)
        self.block1 = TutorialBlock([64, 128, 128], leading_relu=False)
        self.block2 = TutorialBlock([128, 256, 256])
        self.block3 = TutorialBlock([256, 728, 728])
        for number in range(4, 12):
            self.add_module(f"block{number}", TutorialBlock([728] * 4))
        self.block12 = TutorialBlock([728, 728, 1024])
        self.conv3 = SeparableConv(1024, 1536)
        self.bn3 = norm(1536)
        self.conv4 = SeparableConv(1536, 2048)
        self.bn4 = norm(2048)
        self.fc = nn.Linear(2048, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.bn1(self.conv1(padded(x))))
        x = F.relu(self.bn2(self.conv2(x)))
        for number in range(1, 13):
            x = self.get_submodule(f"block{number}")(x)
        x = F.relu(self.bn3(self.conv3(x)))
        x = self.bn4(self.conv4(x))
        return self.fc(x.mean((2, 3)))


def tutorial(num_classes: int) -> nn.Module:
    """The tutorials' configuration, with Keras's batch norms and TensorFlow's "same" padding throughout."""
    return Tutorial(num_classes)
