"""taps

The network `taps` on image 3x32x32.
Written by GraphBuilder from the network's spec; it needs nothing but torch.
"""

import torch
from torch import nn


class Stage(nn.Module):
    def __init__(self, in_channels, out, stride=2):
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out, 3, stride=stride, padding=1)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x):
        x = self.conv(x)
        return self.relu(x)


class Taps(nn.Module):
    def __init__(self):
        super().__init__()
        self.stages = nn.ModuleList([Stage(3, 8), Stage(8, 16), Stage(16, 24), Stage(24, 32)])
        self.mid = nn.ModuleList(Stage(32, 32, stride=1) for _ in range(7))
        self.late = nn.Conv2d(96, 4, 1)

    def forward(self, image):
        if image.shape[1:] != (3, 32, 32):
            raise ValueError(f"image: expected (N, 3, 32, 32), got {tuple(image.shape)}")
        x = self.stages[0](image)
        stages_1 = self.stages[1](x)
        stages_2 = self.stages[2](stages_1)
        x = self.stages[3](stages_2)
        mid_0 = self.mid[0](x)
        mid_1 = self.mid[1](mid_0)
        x = self.mid[2](mid_1)
        for stage in self.mid[3:7]:
            x = stage(x)
        return {"c2": stages_1, "c3": stages_2, "deep": self.late(torch.cat((mid_1, mid_0, x), 1))}
