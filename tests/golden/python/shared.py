"""shared

The network `shared` on image 8x8x8.
Written by GraphBuilder from the network's spec; it needs nothing but torch.
"""

from torch import nn


class Unit(nn.Module):
    def __init__(self):
        super().__init__()
        self.relu = nn.ReLU()
        self.conv = nn.Conv2d(8, 8, 3, padding=1)
        self.batchnorm = nn.BatchNorm2d(8)

    def forward(self, x):
        x = self.relu(x)
        x = self.conv(x)
        return self.batchnorm(x)


class Shared(nn.Module):
    def __init__(self):
        super().__init__()
        self.middle = nn.ModuleList([Unit()])
        self.left = Unit()
        self.linear = nn.Linear(8, 3)

    def forward(self, image):
        if image.shape[1:] != (8, 8, 8):
            raise ValueError(f"image: expected (N, 8, 8, 8), got {tuple(image.shape)}")
        x = image
        for _ in range(3):
            x = self.middle[0](x)
        return self.linear((self.left(x) + self.left(x)).mean((2, 3)))
