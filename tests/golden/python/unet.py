"""unet

The network `unet` on image 3x32x32.
Written by GraphBuilder from the network's spec; it needs nothing but torch.
"""

import torch
from torch import nn


class Twice(nn.Module):
    def __init__(self, in_channels, out):
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out, 3, padding=1)
        self.relu = nn.ReLU(inplace=True)
        self.conv_2 = nn.Conv2d(out, out, 3, padding=1)
        self.relu_2 = nn.ReLU(inplace=True)

    def forward(self, x):
        x = self.conv(x)
        x = self.relu(x)
        x = self.conv_2(x)
        return self.relu_2(x)


class Up(nn.Module):
    def __init__(self, deep_channels, skip_channels, out):
        super().__init__()
        self.up = nn.ConvTranspose2d(deep_channels, out, 2, stride=2)
        self.twice = Twice(skip_channels + out, out)

    def forward(self, deep, skip):
        x = torch.cat((skip, self.up(deep)), 1)
        return self.twice(x)


class Unet(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc1 = Twice(3, 8)
        self.maxpool = nn.MaxPool2d(2, stride=2)
        self.enc2 = Twice(8, 16)
        self.maxpool_2 = nn.MaxPool2d(2, stride=2)
        self.bottom = Twice(16, 32)
        self.up2 = Up(32, 16, 16)
        self.up1 = Up(16, 8, 8)
        self.conv = nn.Conv2d(8, 2, 1)

    def forward(self, image):
        if image.shape[1:] != (3, 32, 32):
            raise ValueError(f"image: expected (N, 3, 32, 32), got {tuple(image.shape)}")
        enc1 = self.enc1(image)
        x = self.maxpool(enc1)
        enc2 = self.enc2(x)
        x = self.maxpool_2(enc2)
        x = self.bottom(x)
        x = self.up2(x, enc2)
        x = self.up1(x, enc1)
        return self.conv(x)
