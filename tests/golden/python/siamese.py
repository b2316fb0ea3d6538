"""siamese

The network `siamese` on left 3x16x16, right 3x16x16.
Written by GraphBuilder from the network's spec; it needs nothing but torch.
"""

from collections import OrderedDict

import torch.nn.functional as F
from torch import nn


class GateOpen(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(8, 8, 1)
        self.sigmoid = nn.Sigmoid()

    def forward(self, x):
        x = self.conv(x.mean((2, 3), keepdim=True))
        return self.sigmoid(x)


class Gate(nn.Module):
    def __init__(self):
        super().__init__()
        self.keep = nn.Sequential(OrderedDict(conv=nn.Conv2d(8, 8, 1)))
        self.open = GateOpen()

    def forward(self, x):
        return self.keep(x) * self.open(x)


class Tower(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, stride=2)
        self.relu = nn.ReLU(inplace=True)
        self.gate = nn.Sequential(*(Gate() for _ in range(2)))

    def forward(self, x):
        x = self.conv(F.pad(x, (0, 1, 0, 1)))
        x = self.relu(x)
        x = self.gate(x)
        return x.mean((2, 3))


class Siamese(nn.Module):
    def __init__(self):
        super().__init__()
        self.tower = Tower()
        self.linear = nn.Linear(8, 1)

    def forward(self, left, right):
        if left.shape[1:] != (3, 16, 16):
            raise ValueError(f"left: expected (N, 3, 16, 16), got {tuple(left.shape)}")
        if right.shape[1:] != (3, 16, 16):
            raise ValueError(f"right: expected (N, 3, 16, 16), got {tuple(right.shape)}")
        return self.linear((self.tower(left) - self.tower(right)).abs())
