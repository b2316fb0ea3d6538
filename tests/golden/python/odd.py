"""odd

The network `odd` on image 6x15x18.
Written by GraphBuilder from the network's spec; it needs nothing but torch.
"""

from collections import OrderedDict

import torch.nn.functional as F
from torch import nn


def init_weights(module):
    if isinstance(module, nn.Conv2d):
        nn.init.xavier_uniform_(module.weight)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, nn.Linear):
        nn.init.trunc_normal_(module.weight, std=0.02)
        nn.init.zeros_(module.bias)
    elif isinstance(module, (Cell, CellWithoutShortcut, Cell2)):
        nn.init.zeros_(module.batchnorm.weight)


class SepConv(nn.Module):
    def __init__(self, out, kernel):
        super().__init__()
        self.depthwise = nn.Conv2d(6, 6, kernel, stride=2, groups=6, bias=False)
        self.norm = nn.BatchNorm2d(6, eps=0.001, momentum=0.01)
        self.between = nn.ReLU(inplace=True)
        self.pointwise = nn.Conv2d(6, out, 1)

    def forward(self, x):
        x = self.depthwise(F.pad(x, (0, 1, 1, 1)))
        x = self.norm(x)
        x = self.between(x)
        return self.pointwise(x)


class SepConv2(nn.Module):
    """Unlike `SepConv` in `depthwise`."""

    def __init__(self, out, kernel):
        super().__init__()
        self.depthwise = nn.Conv2d(6, 6, kernel, padding=1, groups=6, bias=False)
        self.norm = nn.BatchNorm2d(6, eps=0.001, momentum=0.01)
        self.between = nn.ReLU(inplace=True)
        self.pointwise = nn.Conv2d(6, out, 1)

    def forward(self, x):
        x = self.depthwise(x)
        x = self.norm(x)
        x = self.between(x)
        return self.pointwise(x)


class SepConv3(nn.Module):
    """Unlike `SepConv` in `between`."""

    def __init__(self, out, kernel):
        super().__init__()
        self.depthwise = nn.Conv2d(6, 6, kernel, stride=2, groups=6, bias=False)
        self.norm = nn.BatchNorm2d(6, eps=0.001, momentum=0.01)
        self.between = nn.ELU()
        self.pointwise = nn.Conv2d(6, out, 1)

    def forward(self, x):
        x = self.depthwise(F.pad(x, (1, 1, 0, 1)))
        x = self.norm(x)
        x = self.between(x)
        return self.pointwise(x)


class Cell(nn.Module):
    def __init__(self, out):
        super().__init__()
        self.sepconv = SepConv(out, 3)
        self.batchnorm = nn.BatchNorm2d(out, eps=0.001, momentum=0.01)
        self.maxpool = nn.MaxPool2d(2, stride=1)
        self.shortcut = nn.Sequential(
            OrderedDict(
                conv=nn.Conv2d(6, 6, 1, stride=2, bias=False),
                batchnorm=nn.BatchNorm2d(6, eps=0.001, momentum=0.01),
            )
        )

    def forward(self, x):
        shortcut = self.shortcut(x)
        x = self.sepconv(x)
        x = self.batchnorm(x)
        x = self.maxpool(F.pad(x, (0, 1, 0, 1), value=float("-inf")))
        return x + shortcut


class CellWithoutShortcut(nn.Module):
    def __init__(self, out):
        super().__init__()
        self.sepconv = SepConv2(out, 3)
        self.batchnorm = nn.BatchNorm2d(out, eps=0.001, momentum=0.01)
        self.maxpool = nn.MaxPool2d(2, stride=1)

    def forward(self, x):
        y = self.sepconv(x)
        y = self.batchnorm(y)
        y = self.maxpool(F.pad(y, (0, 1, 0, 1), value=float("-inf")))
        return y + x


class Cell2(nn.Module):
    """Unlike `Cell` in `sepconv`."""

    def __init__(self, out):
        super().__init__()
        self.sepconv = SepConv3(out, 3)
        self.batchnorm = nn.BatchNorm2d(out, eps=0.001, momentum=0.01)
        self.maxpool = nn.MaxPool2d(2, stride=1)
        self.shortcut = nn.Sequential(
            OrderedDict(
                conv=nn.Conv2d(6, 10, 1, stride=2, bias=False),
                batchnorm=nn.BatchNorm2d(10, eps=0.001, momentum=0.01),
            )
        )

    def forward(self, x):
        shortcut = self.shortcut(x)
        x = self.sepconv(x)
        x = self.batchnorm(x)
        x = self.maxpool(F.pad(x, (0, 1, 0, 1), value=float("-inf")))
        return x + shortcut


class SqueezeExcite(nn.Module):
    def __init__(self):
        super().__init__()
        self.reduce = nn.Conv2d(8, 2, 1)
        self.between = nn.ReLU(inplace=True)
        self.expand = nn.Conv2d(2, 8, 1)
        self.gate = nn.Sigmoid()

    def forward(self, x):
        y = self.reduce(x.mean((2, 3), keepdim=True))
        y = self.between(y)
        y = self.expand(y)
        return x * self.gate(y)


class Odd(nn.Module):
    def __init__(self):
        super().__init__()
        self.cell = Cell(6)
        self.cell_2 = CellWithoutShortcut(6)
        self.cell_3 = Cell2(10)
        self.tail = nn.ModuleList([nn.Conv2d(10, 8, 2), *(nn.Conv2d(8, 8, 2) for _ in range(2))])
        self.squeezeexcite = SqueezeExcite()
        self.linear = nn.Linear(8, 5)
        self.apply(init_weights)

    def forward(self, image):
        if image.shape[1:] != (6, 15, 18):
            raise ValueError(f"image: expected (N, 6, 15, 18), got {tuple(image.shape)}")
        x = self.cell(image)
        x = self.cell_2(x)
        x = self.cell_3(x)
        for conv in self.tail:
            x = conv(F.pad(x, (0, 1, 0, 1)))
        x = self.squeezeexcite(x)
        return self.linear(x.mean((2, 3)))
