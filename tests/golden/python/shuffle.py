"""shuffle

The network `shuffle` on image 8x8x8.
Written by GraphBuilder from the network's spec; it needs nothing but torch.
"""

import torch
import torch.nn.functional as F
from torch import nn


class Unit(nn.Module):
    def __init__(self, out, wide=False):
        super().__init__()
        self.a = nn.Conv2d(4, out // 2, 3, padding=1)
        self.b = nn.Conv2d(4, out // 2, 2)
        self.dropout = nn.Dropout(0.3) if wide else nn.Identity()
        self.channelshuffle = nn.ChannelShuffle(2)

    def forward(self, x):
        x0, x1 = x.chunk(2, 1)
        a = self.a(x0)
        x = self.b(F.pad(x1, (0, 1, 0, 1)))
        x = self.dropout(torch.cat((a, x), 1))
        return self.channelshuffle(x)


class Shuffle(nn.Module):
    def __init__(self):
        super().__init__()
        self.unit = nn.Sequential(*(Unit(8) for _ in range(2)))
        self.unit_2 = Unit(12, wide=True)
        self.linear = nn.Linear(12, 5)

    def forward(self, image):
        if image.shape[1:] != (8, 8, 8):
            raise ValueError(f"image: expected (N, 8, 8, 8), got {tuple(image.shape)}")
        x = self.unit(image)
        x = self.unit_2(x)
        return self.linear(x.mean((2, 3)))
