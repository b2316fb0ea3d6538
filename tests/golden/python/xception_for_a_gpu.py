"""Xception (Chollet 2017, figure 5)

The network `xception` on image 3x299x299.
Written by GraphBuilder from the network's spec; it needs nothing but torch.
"""

import torch
from torch import nn


class ShortcutWeights(nn.Conv2d):
    """The weights of the convolution in a pooled sum."""


class PooledSum(nn.Module):
    """A max pool plus a strided 1x1 convolution of another map, in one operator."""

    def __init__(
        self,
        in_channels,
        out_channels,
        kernel_size,
        *,
        stride=(2, 2),
        padding=(0, 0),
        ceil_mode=False,
        step=(2, 2),
        bias=True,
        name="conv",
    ):
        super().__init__()
        self.add_module(name, ShortcutWeights(in_channels, out_channels, 1, step, bias=bias))
        self.form = (kernel_size, stride, padding, ceil_mode, step)

    def forward(self, x, shortcut):
        (weights,) = self.children()
        return torch.ops.graphbuilder.pooledsum(
            x, shortcut, weights.weight, weights.bias, *self.form
        )


class FusedHalf(nn.Conv2d):
    """The weights of one half of a fused separable convolution."""


class FusedSepConv(nn.Module):
    """A separable convolution and what stands around it, in one operator of GraphBuilder's.

    after(pointwise(between(depthwise(before(x)))) + residual), or with the halves in the other
    order; padding is above, below, left and right.
    """

    def __init__(
        self,
        in_channels,
        out_channels,
        kernel_size,
        *,
        stride=(1, 1),
        padding=(0, 0, 0, 0),
        dilation=(1, 1),
        multiplier=1,
        biases=(False, True),
        before="none",
        between="none",
        after="none",
        depthwise_first=True,
    ):
        super().__init__()
        read = in_channels if depthwise_first else out_channels
        made = read * multiplier if depthwise_first else read
        between_halves = made if depthwise_first else in_channels
        depthwise = FusedHalf(read, made, kernel_size, stride, 0, dilation, read, biases[0])
        pointwise = FusedHalf(between_halves, out_channels, 1, bias=biases[1])
        halves = {"depthwise": depthwise, "pointwise": pointwise}
        for name in halves if depthwise_first else reversed(halves):
            self.add_module(name, halves[name])
        self.form = (stride, padding, dilation, before, between, after, depthwise_first)

    def forward(self, x, residual=None):
        depthwise, pointwise = self.depthwise, self.pointwise
        tensors = (depthwise.weight, pointwise.weight, depthwise.bias, pointwise.bias)
        return torch.ops.graphbuilder.sepconv(x, *tensors, residual, *self.form)


def init_weights(module):
    if type(module) in (nn.Conv2d, nn.Linear):
        nn.init.xavier_uniform_(module.weight)
        nn.init.zeros_(module.bias)


class Stem(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 32, 3, stride=2)
        self.relu = nn.ReLU(inplace=True)
        self.conv_2 = nn.Conv2d(32, 64, 3)
        self.relu_2 = nn.ReLU(inplace=True)

    def forward(self, x):
        x = self.conv(x)
        x = self.relu(x)
        x = self.conv_2(x)
        return self.relu_2(x)


class Unit(nn.Module):
    def __init__(self, in_channels, out, *, before="relu"):
        super().__init__()
        self.sepconv = FusedSepConv(in_channels, out, (3, 3), padding=(1, 1, 1, 1), before=before)

    def forward(self, x):
        return self.sepconv(x)


class Unit2(nn.Module):
    """Unlike `Unit` in `sepconv`."""

    def __init__(self):
        super().__init__()
        self.sepconv = FusedSepConv(728, 728, (3, 3), padding=(1, 1, 1, 1), before="relu")

    def forward(self, x, residual):
        return self.sepconv(x, residual)


class Down(nn.Module):
    def __init__(self, in_channels, mid, out, *, before="relu", padding=(1, 1)):
        super().__init__()
        self.unit = Unit(in_channels, mid, before=before)
        self.unit_2 = Unit(mid, out)
        self.shortcut = PooledSum(in_channels, out, (3, 3), padding=padding, ceil_mode=True)

    def forward(self, x):
        y = self.unit(x)
        y = self.unit_2(y)
        return self.shortcut(y, x)


class Entry(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = Stem()
        self.block2 = Down(64, 128, 128, before="none")
        self.block3 = Down(128, 256, 256, padding=(0, 0))
        self.block4 = Down(256, 728, 728)

    def forward(self, x):
        x = self.stem(x)
        x = self.block2(x)
        x = self.block3(x)
        return self.block4(x)


class Middle(nn.Module):
    def __init__(self):
        super().__init__()
        self.unit = nn.ModuleList([*(Unit(728, 728) for _ in range(2)), Unit2()])

    def forward(self, x):
        y = self.unit[0](x)
        y = self.unit[1](y)
        return self.unit[2](y, x)


class Tail(nn.Module):
    def __init__(self):
        super().__init__()
        self.unit = Unit(1024, 1536, before="none")
        self.unit_2 = Unit(1536, 2048)
        self.relu = nn.ReLU()

    def forward(self, x):
        x = self.unit(x)
        x = self.unit_2(x)
        return self.relu(x)


class Exit(nn.Module):
    def __init__(self):
        super().__init__()
        self.block13 = Down(728, 728, 1024)
        self.block14 = Tail()

    def forward(self, x):
        x = self.block13(x)
        return self.block14(x)


class Xception(nn.Module):
    def __init__(self, *, classes=1000):
        super().__init__()
        self.entry = Entry()
        self.middle = nn.Sequential(*(Middle() for _ in range(8)))
        self.exit = Exit()
        self.logits = nn.Linear(2048, classes)
        self.apply(init_weights)

    def forward(self, image):
        if image.shape[1:] != (3, 299, 299):
            raise ValueError(f"image: expected (N, 3, 299, 299), got {tuple(image.shape)}")
        x = self.entry(image)
        x = self.middle(x)
        x = self.exit(x)
        return self.logits(x.mean((2, 3)))
