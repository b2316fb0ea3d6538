"""hourglass

The network `hourglass` on image 8x16x16.
Written by GraphBuilder from the network's spec; it needs nothing but torch.
"""

from collections import OrderedDict

from torch import nn


class Glass(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(8, 8, 3, padding=1)
        self.maxpool = nn.MaxPool2d(2, stride=2)
        self.resize = nn.Upsample(scale_factor=2.0)
        self.shortcut = nn.Sequential(OrderedDict(conv=nn.Conv2d(8, 8, 1)))

    def forward(self, x):
        shortcut = self.shortcut(x)
        x = self.conv(x)
        x = self.maxpool(x)
        return self.resize(x) + shortcut


class Glass2(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(8, 8, 3, padding=1)
        self.maxpool = nn.MaxPool2d(2, stride=2)
        self.glass = Glass()
        self.resize = nn.Upsample(scale_factor=2.0)
        self.shortcut = nn.Sequential(OrderedDict(conv=nn.Conv2d(8, 8, 1)))

    def forward(self, x):
        shortcut = self.shortcut(x)
        x = self.conv(x)
        x = self.maxpool(x)
        x = self.glass(x)
        return self.resize(x) + shortcut


class Glass3(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(8, 8, 3, padding=1)
        self.maxpool = nn.MaxPool2d(2, stride=2)
        self.glass = Glass2()
        self.resize = nn.Upsample(scale_factor=2.0)
        self.shortcut = nn.Sequential(OrderedDict(conv=nn.Conv2d(8, 8, 1)))

    def forward(self, x):
        shortcut = self.shortcut(x)
        x = self.conv(x)
        x = self.maxpool(x)
        x = self.glass(x)
        return self.resize(x) + shortcut


class Glass4(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(8, 8, 3, padding=1)
        self.maxpool = nn.MaxPool2d(2, stride=2)
        self.glass = Glass3()
        self.resize = nn.Upsample(scale_factor=2.0)
        self.shortcut = nn.Sequential(OrderedDict(conv=nn.Conv2d(8, 8, 1)))

    def forward(self, x):
        shortcut = self.shortcut(x)
        x = self.conv(x)
        x = self.maxpool(x)
        x = self.glass(x)
        return self.resize(x) + shortcut


class Hourglass(nn.Module):
    def __init__(self):
        super().__init__()
        self.glass = Glass4()
        self.linear = nn.Linear(8, 5)

    def forward(self, image):
        if image.shape[1:] != (8, 16, 16):
            raise ValueError(f"image: expected (N, 8, 16, 16), got {tuple(image.shape)}")
        x = self.glass(image)
        return self.linear(x.mean((2, 3)))
