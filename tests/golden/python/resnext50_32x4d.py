"""ResNeXt-50 32x4d (Xie et al. 2016, table 1)

The network `resnext50_32x4d` on image 3x224x224.
Written by GraphBuilder from the network's spec; it needs nothing but torch.
"""

from collections import OrderedDict

from torch import nn


def init_weights(module):
    if isinstance(module, nn.Conv2d):
        nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")


class Stem(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False)
        self.batchnorm = nn.BatchNorm2d(64)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)

    def forward(self, x):
        x = self.conv(x)
        x = self.batchnorm(x)
        x = self.relu(x)
        return self.maxpool(x)


class Bottleneck(nn.Module):
    def __init__(self, in_channels, planes, stride=1, *, mid=128, shortcut=True):
        super().__init__()
        self.conv = nn.Conv2d(in_channels, mid, 1, bias=False)
        self.batchnorm = nn.BatchNorm2d(mid)
        self.relu = nn.ReLU(inplace=True)
        self.conv_2 = nn.Conv2d(mid, mid, 3, stride=stride, padding=1, groups=32, bias=False)
        self.batchnorm_2 = nn.BatchNorm2d(mid)
        self.relu_2 = nn.ReLU(inplace=True)
        self.conv_3 = nn.Conv2d(mid, 4 * planes, 1, bias=False)
        self.batchnorm_3 = nn.BatchNorm2d(4 * planes)
        if shortcut:
            self.shortcut = nn.Sequential(
                OrderedDict(
                    conv=nn.Conv2d(in_channels, 4 * planes, 1, stride=stride, bias=False),
                    batchnorm=nn.BatchNorm2d(4 * planes),
                )
            )
        else:
            self.shortcut = nn.Identity()
        self.relu_3 = nn.ReLU(inplace=True)

    def forward(self, x):
        shortcut = self.shortcut(x)
        x = self.conv(x)
        x = self.batchnorm(x)
        x = self.relu(x)
        x = self.conv_2(x)
        x = self.batchnorm_2(x)
        x = self.relu_2(x)
        x = self.conv_3(x)
        return self.relu_3(self.batchnorm_3(x) + shortcut)


class Stage(nn.Module):
    def __init__(self, in_channels, depth, planes, stride=1, *, mid=128):
        super().__init__()
        self.block = nn.Sequential(
            Bottleneck(in_channels, planes, stride=stride, mid=mid),
            *(Bottleneck(4 * planes, planes, mid=mid, shortcut=False) for _ in range(depth - 1)),
        )

    def forward(self, x):
        return self.block(x)


class Resnext50_32x4d(nn.Module):
    def __init__(self, *, classes=1000):
        super().__init__()
        self.stem = Stem()
        self.stages = nn.Sequential(
            Stage(64, 3, 64),
            Stage(256, 4, 128, stride=2, mid=256),
            Stage(512, 6, 256, stride=2, mid=512),
            Stage(1024, 3, 512, stride=2, mid=1024),
        )
        self.logits = nn.Linear(2048, classes)
        self.apply(init_weights)

    def forward(self, image):
        if image.shape[1:] != (3, 224, 224):
            raise ValueError(f"image: expected (N, 3, 224, 224), got {tuple(image.shape)}")
        x = self.stem(image)
        x = self.stages(x)
        return self.logits(x.mean((2, 3)))
