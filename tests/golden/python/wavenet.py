"""wavenet

The network `wavenet` on image 1x64.
Written by GraphBuilder from the network's spec; it needs nothing but torch.
"""

from functools import reduce

import torch
import torch.nn.functional as F
from torch import nn


class Layer(nn.Module):
    def __init__(self, rate, *, pad=(1, 0)):
        super().__init__()
        self.pad = pad
        self.tan = nn.Conv1d(8, 8, 2, dilation=rate)
        self.tanh = nn.Tanh()
        self.sig = nn.Conv1d(8, 8, 2, dilation=rate)
        self.sigmoid = nn.Sigmoid()
        self.skip = nn.Conv1d(8, 8, 1)

    def forward(self, x):
        y = self.tan(F.pad(x, self.pad))
        tanh = self.tanh(y)
        y = self.sig(F.pad(x, self.pad))
        skip = self.skip(tanh * self.sigmoid(y))
        return skip + x, skip


class Wavenet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(1, 8, 1)
        self.layers = nn.ModuleList(
            Layer(rate, pad=pad)
            for rate, pad in zip(
                (1, 2, 4, 8, 1, 2, 4, 8),
                ((1, 0), (2, 0), (4, 0), (8, 0), (1, 0), (2, 0), (4, 0), (8, 0)),
            )
        )
        self.relu = nn.ReLU(inplace=True)
        self.conv_2 = nn.Conv1d(8, 2, 1)

    def forward(self, image):
        if image.shape[1:] != (1, 64):
            raise ValueError(f"image: expected (N, 1, 64), got {tuple(image.shape)}")
        x = self.conv(image)
        skips = []
        for layer in self.layers:
            x, skip = layer(x)
            skips.append(skip)
        x = self.relu(reduce(torch.add, skips))
        return self.conv_2(x)
