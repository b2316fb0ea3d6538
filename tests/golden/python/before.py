"""before

The network `before` on image 8x16x16.
Written by GraphBuilder from the network's spec; it needs nothing but torch.
"""

from collections import OrderedDict

import torch
from torch import nn


class Preactivated(nn.Module):
    def __init__(self, out, stride=1, *, shortcut=False):
        super().__init__()
        self.batchnorm = nn.BatchNorm2d(8)
        self.relu = nn.ReLU(inplace=True)
        self.conv = nn.Conv2d(8, out, 3, stride=stride, padding=1, bias=False)
        self.batchnorm_2 = nn.BatchNorm2d(out)
        self.relu_2 = nn.ReLU(inplace=True)
        self.conv_2 = nn.Conv2d(out, out, 3, padding=1)
        if shortcut:
            self.shortcut = nn.Sequential(
                OrderedDict(
                    conv=nn.Conv2d(8, 16, 1, stride=2, bias=False), batchnorm=nn.BatchNorm2d(16)
                )
            )
        else:
            self.shortcut = nn.Identity()

    def forward(self, x):
        x = self.batchnorm(x)
        x = self.relu(x)
        y = self.conv(x)
        y = self.batchnorm_2(y)
        y = self.relu_2(y)
        return self.conv_2(y) + self.shortcut(x)


class ModuleBoth(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(12, 4, 3, padding=1)

    def forward(self, x):
        return torch.cat((self.conv(x), x), 1)


class Module(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(16, 12, 3, stride=2, padding=1)
        self.one = nn.Sequential(
            OrderedDict(conv=nn.Conv2d(12, 4, 3, padding=1), relu=nn.ReLU(inplace=True))
        )
        self.skip = nn.Sequential(OrderedDict(conv=nn.Conv2d(16, 4, 3, stride=2, padding=1)))
        self.both = ModuleBoth()
        self.conv_2 = nn.Conv2d(24, 16, 3, padding=1)

    def forward(self, x):
        y = self.conv(x)
        x = torch.cat((self.one(y), self.skip(x), self.both(y)), 1)
        return self.conv_2(x)


class UnitShortcut(nn.Module):
    def __init__(self):
        super().__init__()
        self.avgpool = nn.AvgPool2d(2)
        self.raw = nn.MaxPool2d(2)
        self.conv = nn.Conv2d(32, 16, 1)

    def forward(self, x, before):
        x = torch.cat((self.avgpool(before), self.raw(x)), 1)
        return self.conv(x)


class UnitShortcut2(nn.Module):
    def __init__(self):
        super().__init__()
        self.avgpool = nn.AvgPool2d(2)
        self.raw = nn.MaxPool2d(2)
        self.conv = nn.Conv2d(32, 16, 1)

    def forward(self, x):
        x = torch.cat((self.avgpool(x), self.raw(x)), 1)
        return self.conv(x)


class Unit(nn.Module):
    def __init__(self):
        super().__init__()
        self.relu = nn.ReLU()
        self.conv = nn.Conv2d(16, 16, 3, stride=2, padding=1)
        self.shortcut = UnitShortcut()
        self.relu_2 = nn.ReLU(inplace=True)

    def forward(self, x):
        y = self.relu(x)
        return self.relu_2(self.conv(y) + self.shortcut(x, y))


class UnitWithoutRelu(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(16, 16, 3, stride=2, padding=1)
        self.shortcut = UnitShortcut2()
        self.relu_2 = nn.ReLU(inplace=True)

    def forward(self, x):
        shortcut = self.shortcut(x)
        return self.relu_2(self.conv(x) + shortcut)


class Before(nn.Module):
    def __init__(self):
        super().__init__()
        self.same = Preactivated(8)
        self.wide = Preactivated(16, stride=2, shortcut=True)
        self.module = Module()
        self.unit = Unit()
        self.plain = UnitWithoutRelu()

    def forward(self, image):
        if image.shape[1:] != (8, 16, 16):
            raise ValueError(f"image: expected (N, 8, 16, 16), got {tuple(image.shape)}")
        x = self.same(image)
        x = self.wide(x)
        x = self.module(x)
        x = self.unit(x)
        return self.plain(x)
