"""streams

The network `streams` on image 4x16x16.
Written by GraphBuilder from the network's spec; it needs nothing but torch.
"""

from torch import nn


class Exchange(nn.Module):
    def __init__(self):
        super().__init__()
        self.keep_high = nn.Conv2d(8, 8, 3, padding=1)
        self.keep_low = nn.Conv2d(16, 16, 3, padding=1)
        self.down = nn.Conv2d(8, 16, 3, stride=2, padding=1)
        self.reduce1 = nn.Conv2d(16, 8, 1)
        self.up = nn.Upsample(size=(16, 16))

    def forward(self, high, low):
        keep_high = self.keep_high(high)
        keep_low = self.keep_low(low)
        down = self.down(keep_high)
        x = self.reduce1(keep_low)
        return keep_high + self.up(x), keep_low + down


class Streams(nn.Module):
    def __init__(self):
        super().__init__()
        self.high = nn.Conv2d(4, 8, 3, padding=1)
        self.low = nn.Conv2d(8, 16, 3, stride=2, padding=1)
        self.stage = nn.ModuleList(Exchange() for _ in range(3))
        self.linear = nn.Linear(16, 5)

    def forward(self, image):
        if image.shape[1:] != (4, 16, 16):
            raise ValueError(f"image: expected (N, 4, 16, 16), got {tuple(image.shape)}")
        high = self.high(image)
        x = self.low(high)
        for exchange in self.stage:
            high, x = exchange(high, x)
        return self.linear(x.mean((2, 3)))
