"""DeepLabv3+ on the modified aligned Xception (Chen et al. 2018, figures 2 and 4) at output stride 16, in plain torch.

Submodules are named as in the spec, so that weights go over by name; how they are put together and run is not.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

EPS, MOMENTUM = 1e-3, 0.01


def norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=EPS, momentum=MOMENTUM)


class Separable(nn.Module):
    """Depthwise, batch norm, ReLU, pointwise."""

    def __init__(self, channels: int, out: int, stride: int, dilation: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(
            channels, channels, 3, stride, padding=dilation, dilation=dilation, groups=channels, bias=False
        )
        self.norm = norm(channels)
        self.pointwise = nn.Conv2d(channels, out, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.pointwise(functional.relu(self.norm(self.depthwise(x))))


class Unit(nn.Module):
    def __init__(self, channels: int, out: int, stride: int = 1, dilation: int = 1, relu: bool = True) -> None:
        super().__init__()
        self.relu = relu
        self.sepconv = Separable(channels, out, stride, dilation)
        self.batchnorm = norm(out)

    def forward(self, x: Tensor) -> Tensor:
        return self.batchnorm(self.sepconv(functional.relu(x) if self.relu else x))


class Down(nn.Module):
    def __init__(self, channels: int, mid: int, out: int, stride: int, relu: bool = True) -> None:
        super().__init__()
        self.unit = Unit(channels, mid, relu=relu)
        self.unit_2 = Unit(mid, out)
        self.unit_3 = Unit(out, out, stride)
        self.shortcut = nn.ModuleDict({"conv": nn.Conv2d(channels, out, 1, stride, bias=False), "batchnorm": norm(out)})

    def forward(self, x: Tensor) -> Tensor:
        beside = self.shortcut["batchnorm"](self.shortcut["conv"](x))
        return beside + self.unit_3(self.unit_2(self.unit(x)))


class Middle(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.unit = nn.Sequential(*(Unit(728, 728) for _ in range(3)))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.unit(x)


class Entry(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.ModuleDict(
            {
                "conv": nn.Conv2d(3, 32, 3, 2, padding=1, bias=False),
                "batchnorm": norm(32),
                "conv_2": nn.Conv2d(32, 64, 3, padding=1, bias=False),
                "batchnorm_2": norm(64),
            }
        )
        self.block2 = Down(64, 128, 128, 2, relu=False)
        self.block3 = Down(128, 256, 256, 2)
        self.block4 = Down(256, 728, 728, 2)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        x = functional.relu(self.stem["batchnorm"](self.stem["conv"](image)))
        x = functional.relu(self.stem["batchnorm_2"](self.stem["conv_2"](x)))
        low = self.block2(x)
        return low, self.block4(self.block3(low))


class Exit(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.block20 = Down(728, 728, 1024, 1)
        self.block21 = nn.ModuleDict(
            {
                "unit": Unit(1024, 1536, dilation=2, relu=False),
                "unit_2": Unit(1536, 1536, dilation=2),
                "unit_3": Unit(1536, 2048, dilation=2),
            }
        )

    def forward(self, x: Tensor) -> Tensor:
        x = self.block20(x)
        for unit in self.block21.values():
            x = unit(x)
        return functional.relu(x)


class Atrous(nn.Module):
    """Convolution, batch norm, ReLU."""

    def __init__(self, channels: int, out: int, kernel: int = 1, dilation: int = 1) -> None:
        super().__init__()
        padding = dilation * (kernel // 2)
        self.conv = nn.Conv2d(channels, out, kernel, padding=padding, dilation=dilation, bias=False)
        self.batchnorm = norm(out)

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(self.batchnorm(self.conv(x)))


class Pyramid(nn.Module):
    def __init__(self, dropout: float) -> None:
        super().__init__()
        self.point = nn.ModuleDict({"atrous": Atrous(2048, 256)})
        self.wide = nn.ModuleDict({"atrous": nn.ModuleList(Atrous(2048, 256, 3, rate) for rate in (6, 12, 18))})
        self.image = nn.ModuleDict({"image_pooling": nn.ModuleDict({"atrous": Atrous(2048, 256)})})
        self.join = Atrous(5 * 256, 256)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        pooled = self.image.get_submodule("image_pooling.atrous")(x.mean((2, 3), keepdim=True))
        whole = pooled.expand(-1, -1, *x.shape[2:])
        branches = [self.point["atrous"](x), *(window(x) for window in self.wide["atrous"].children()), whole]
        return self.dropout(self.join(torch.cat(branches, 1)))


class Decoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.low_level = Atrous(128, 48)
        self.refine = nn.Sequential(Atrous(304, 256, 3), Atrous(256, 256, 3))

    def forward(self, deep: Tensor, low: Tensor) -> Tensor:
        return self.refine(torch.cat([self.low_level(low), enlarged(deep, low)], 1))


def enlarged(x: Tensor, like: Tensor) -> Tensor:
    return functional.interpolate(x, like.shape[2:], mode="bilinear", align_corners=True)


class DeepLab(nn.Module):
    def __init__(self, classes: int, dropout: float, middle: int) -> None:
        super().__init__()
        self.entry = Entry()
        self.middle = nn.Sequential(*(Middle() for _ in range(middle)))
        self.exit = Exit()
        self.pyramid = Pyramid(dropout)
        self.decoder = Decoder()
        self.logits = nn.Conv2d(256, classes, 1)

    def forward(self, image: Tensor) -> Tensor:
        low, x = self.entry(image)
        x = self.pyramid(self.exit(self.middle(x)))
        return enlarged(self.logits(self.decoder(x, low)), image)


def deeplabv3plus_xception(num_classes: int, dropout: float = 0.5, middle: int = 16) -> nn.Module:
    return DeepLab(num_classes, dropout, middle)
