"""inception

The network `inception` on image 3x16x16.
Written by GraphBuilder from the network's spec; it needs nothing but torch.
"""

from collections import OrderedDict

import torch
from torch import nn


class Cbr(nn.Module):
    def __init__(self, in_channels, out, kernel=1):
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out, kernel, padding=kernel // 2, bias=False)
        self.batchnorm = nn.BatchNorm2d(out)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x):
        x = self.conv(x)
        x = self.batchnorm(x)
        return self.relu(x)


class Mix(nn.Module):
    def __init__(self, in_channels, pool):
        super().__init__()
        self.one = nn.Sequential(OrderedDict(cbr=Cbr(in_channels, 4)))
        self.three = nn.Sequential(OrderedDict(cbr=Cbr(in_channels, 4), cbr_2=Cbr(4, 6, kernel=3)))
        self.two = nn.Sequential(
            OrderedDict(
                cbr=Cbr(in_channels, 4),
                cbr_2=nn.Sequential(Cbr(4, 6, kernel=3), Cbr(6, 6, kernel=3)),
            )
        )
        self.pool = nn.Sequential(
            OrderedDict(avgpool=nn.AvgPool2d(3, stride=1, padding=1), cbr=Cbr(in_channels, pool))
        )

    def forward(self, x):
        return torch.cat((self.one(x), self.three(x), self.two(x), self.pool(x)), 1)


class Inception(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 1, bias=False)
        self.mix = nn.Sequential(Mix(8, 4), Mix(20, 4))
        self.mix_2 = Mix(20, 6)
        self.linear = nn.Linear(22, 5)

    def forward(self, image):
        if image.shape[1:] != (3, 16, 16):
            raise ValueError(f"image: expected (N, 3, 16, 16), got {tuple(image.shape)}")
        x = self.conv(image)
        x = self.mix(x)
        x = self.mix_2(x)
        return self.linear(x.mean((2, 3)))
