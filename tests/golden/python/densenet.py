"""densenet

The network `densenet` on image 3x16x16.
Written by GraphBuilder from the network's spec; it needs nothing but torch.
"""

import torch
from torch import nn


class Layer(nn.Module):
    def __init__(self, in_channels, growth):
        super().__init__()
        self.batchnorm = nn.BatchNorm2d(in_channels)
        self.relu = nn.ReLU(inplace=True)
        self.conv = nn.Conv2d(in_channels, 4 * growth, 1)
        self.batchnorm_2 = nn.BatchNorm2d(4 * growth)
        self.relu_2 = nn.ReLU(inplace=True)
        self.conv_2 = nn.Conv2d(4 * growth, growth, 3, padding=1)

    def forward(self, x):
        y = self.batchnorm(x)
        y = self.relu(y)
        y = self.conv(y)
        y = self.batchnorm_2(y)
        y = self.relu_2(y)
        return torch.cat((x, self.conv_2(y)), 1)


class Transition(nn.Module):
    def __init__(self, in_channels):
        super().__init__()
        self.batchnorm = nn.BatchNorm2d(in_channels)
        self.relu = nn.ReLU(inplace=True)
        self.conv = nn.Conv2d(in_channels, in_channels // 2, 1)
        self.avgpool = nn.AvgPool2d(2, stride=2)

    def forward(self, x):
        x = self.batchnorm(x)
        x = self.relu(x)
        x = self.conv(x)
        return self.avgpool(x)


class Dense(nn.Module):
    def __init__(self, in_channels, depth, growth):
        super().__init__()
        self.layers = nn.Sequential(
            *(Layer(in_channels + growth * i, growth) for i in range(depth))
        )
        self.transition = Transition(in_channels + growth * depth)

    def forward(self, x):
        x = self.layers(x)
        return self.transition(x)


class Densenet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding=1)
        self.dense = nn.Sequential(Dense(8, 4, 4), Dense(12, 6, 4))
        self.batchnorm = nn.BatchNorm2d(18)
        self.relu = nn.ReLU(inplace=True)
        self.linear = nn.Linear(18, 5)

    def forward(self, image):
        if image.shape[1:] != (3, 16, 16):
            raise ValueError(f"image: expected (N, 3, 16, 16), got {tuple(image.shape)}")
        x = self.conv(image)
        x = self.dense(x)
        x = self.batchnorm(x)
        x = self.relu(x)
        return self.linear(x.mean((2, 3)))
