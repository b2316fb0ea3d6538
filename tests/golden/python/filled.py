"""filled

The network `filled` on image 3x16x16.
Written by GraphBuilder from the network's spec; it needs nothing but torch.
"""

from collections import OrderedDict

from torch import nn


def init_weights(module):
    if isinstance(module, nn.Conv2d):
        nn.init.ones_(module.weight)
    elif isinstance(module, Unit):
        nn.init.kaiming_normal_(module.conv.weight, nonlinearity="relu")
        nn.init.kaiming_normal_(module.conv_2.weight, nonlinearity="relu")
        nn.init.zeros_(module.conv_2.bias)
    elif isinstance(module, Unit2):
        nn.init.normal_(module.conv.weight, std=0.01)
        nn.init.normal_(module.conv_2.weight, std=0.01)
        nn.init.zeros_(module.conv_2.bias)
    elif isinstance(module, Unit3):
        nn.init.ones_(module.conv.bias)
        nn.init.zeros_(module.batchnorm.weight)
        nn.init.zeros_(module.conv_2.bias)
    elif isinstance(module, Unit4):
        nn.init.constant_(module.conv.weight, 0.0)
        nn.init.constant_(module.conv_2.weight, 0.0)
        nn.init.zeros_(module.conv_2.bias)
    elif isinstance(module, Unit5):
        nn.init.constant_(module.conv.weight, 0.5)
        nn.init.constant_(module.conv_2.weight, 0.5)
        nn.init.zeros_(module.conv_2.bias)
    elif isinstance(module, Unit6):
        nn.init.constant_(module.conv.weight, 1.0)
        nn.init.constant_(module.conv_2.weight, 1.0)
        nn.init.zeros_(module.conv_2.bias)
    elif isinstance(module, SepConv):
        nn.init.normal_(module.depthwise.weight, std=0.02)
        nn.init.normal_(module.pointwise.weight, std=0.02)
    elif isinstance(module, Outer):
        nn.init.zeros_(module.shortcut.batchnorm.weight)


class Unit(nn.Module):
    def __init__(self, kernel):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, kernel, padding=1)
        self.batchnorm = nn.BatchNorm2d(8)
        self.conv_2 = nn.Conv2d(8, 8, 1)

    def forward(self, x):
        x = self.conv(x)
        x = self.batchnorm(x)
        return self.conv_2(x)


class Unit2(nn.Module):
    """Unlike `Unit` in `conv` and `conv_2`."""

    def __init__(self, kernel):
        super().__init__()
        self.conv = nn.Conv2d(8, 8, kernel, padding=(0, 1))
        self.batchnorm = nn.BatchNorm2d(8)
        self.conv_2 = nn.Conv2d(8, 8, 1)

    def forward(self, x):
        x = self.conv(x)
        x = self.batchnorm(x)
        return self.conv_2(x)


class Unit3(nn.Module):
    def __init__(self, kernel):
        super().__init__()
        self.conv = nn.Conv2d(8, 8, kernel, padding=1)
        self.batchnorm = nn.BatchNorm2d(8)
        self.conv_2 = nn.Conv2d(8, 8, 1)

    def forward(self, x):
        x = self.conv(x)
        x = self.batchnorm(x)
        return self.conv_2(x)


class Unit4(nn.Module):
    """Unlike `Unit` in `conv` and `conv_2`."""

    def __init__(self, kernel):
        super().__init__()
        self.conv = nn.Conv2d(12, 8, kernel)
        self.batchnorm = nn.BatchNorm2d(8)
        self.conv_2 = nn.Conv2d(8, 8, 1)

    def forward(self, x):
        x = self.conv(x)
        x = self.batchnorm(x)
        return self.conv_2(x)


class Unit5(nn.Module):
    """Unlike `Unit` in `conv` and `conv_2`."""

    def __init__(self, kernel):
        super().__init__()
        self.conv = nn.Conv2d(8, 8, kernel)
        self.batchnorm = nn.BatchNorm2d(8)
        self.conv_2 = nn.Conv2d(8, 8, 1)

    def forward(self, x):
        x = self.conv(x)
        x = self.batchnorm(x)
        return self.conv_2(x)


class Unit6(nn.Module):
    """Unlike `Unit` in `conv` and `conv_2`."""

    def __init__(self, kernel):
        super().__init__()
        self.conv = nn.Conv2d(8, 8, kernel)
        self.batchnorm = nn.BatchNorm2d(8)
        self.conv_2 = nn.Conv2d(8, 8, 1)

    def forward(self, x):
        x = self.conv(x)
        x = self.batchnorm(x)
        return self.conv_2(x)


class SepConv(nn.Module):
    def __init__(self, out, kernel):
        super().__init__()
        self.depthwise = nn.Conv2d(8, 8, kernel, padding=1, groups=8, bias=False)
        self.pointwise = nn.Conv2d(8, out, 1)

    def forward(self, x):
        x = self.depthwise(x)
        return self.pointwise(x)


class Outer(nn.Module):
    def __init__(self):
        super().__init__()
        self.unit = Unit3(3)
        self.sepconv = SepConv(12, 3)
        self.shortcut = nn.Sequential(
            OrderedDict(conv=nn.Conv2d(8, 12, 1, bias=False), batchnorm=nn.BatchNorm2d(12))
        )

    def forward(self, x):
        shortcut = self.shortcut(x)
        x = self.unit(x)
        return self.sepconv(x) + shortcut


class Filled(nn.Module):
    def __init__(self):
        super().__init__()
        self.plain = Unit(3)
        self.small = Unit2((1, 3))
        self.outer = Outer()
        self.rising = nn.Sequential(Unit4(1), Unit5(1), Unit6(1))
        self.apply(init_weights)

    def forward(self, image):
        if image.shape[1:] != (3, 16, 16):
            raise ValueError(f"image: expected (N, 3, 16, 16), got {tuple(image.shape)}")
        x = self.plain(image)
        x = self.small(x)
        x = self.outer(x)
        return self.rising(x)
