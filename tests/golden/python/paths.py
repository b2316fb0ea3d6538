"""paths

The network `paths` on image 16x8x8.
Written by GraphBuilder from the network's spec; it needs nothing but torch.
"""

from functools import reduce

import torch
from torch import nn


class Path(nn.Module):
    def __init__(self, in_channels):
        super().__init__()
        self.conv = nn.Conv2d(in_channels, 4, 1)
        self.relu = nn.ReLU(inplace=True)
        self.conv_2 = nn.Conv2d(4, 16, 1)

    def forward(self, x):
        x = self.conv(x)
        x = self.relu(x)
        return self.conv_2(x)


class Paths(nn.Module):
    def __init__(self):
        super().__init__()
        self.sum = nn.ModuleList(Path(16) for _ in range(4))
        self.cat = nn.ModuleList(Path(16) for _ in range(3))
        self.mul = nn.ModuleList(Path(48) for _ in range(2))
        self.aspp = nn.ModuleList(
            [
                nn.Conv2d(16, 8, 3, padding=1),
                nn.Conv2d(16, 8, 3, padding=2, dilation=2),
                nn.Conv2d(16, 8, 3, padding=3, dilation=3),
            ]
        )

    def forward(self, image):
        if image.shape[1:] != (16, 8, 8):
            raise ValueError(f"image: expected (N, 16, 8, 8), got {tuple(image.shape)}")
        x = reduce(torch.add, [path(image) for path in self.sum])
        x = torch.cat([path(x) for path in self.cat], 1)
        x = reduce(torch.mul, [path(x) for path in self.mul])
        return torch.cat([path(x) for path in self.aspp], 1)
