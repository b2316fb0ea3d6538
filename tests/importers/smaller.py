"""Networks of torchvision in their own classes, smaller where their size says nothing more of how they are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import nn

from tests.peers.reference import import_torchvision


def narrow_vgg16() -> nn.Module:
    """VGG-16 with a hundredth of the weights of its head, which are nine tenths of all and tell nothing of the rest."""
    with torch.device("meta"):
        model = import_torchvision().models.vgg16(num_classes=10)
    for conv in (layer for layer in model.features.to_empty(device="cpu") if isinstance(layer, nn.Conv2d)):
        conv.reset_parameters()
        nn.init.kaiming_normal_(conv.weight, nonlinearity="relu")
    for place, (wide, out) in {0: (25088, 40), 3: (40, 40), 6: (40, 10)}.items():
        model.classifier[place] = nn.Linear(wide, out)
    return model


def shallow_densenet() -> nn.Module:
    """DenseNet with the widths of the 121 and a third of its layers, which are all alike."""
    return import_torchvision().models.DenseNet(32, (3, 4, 8, 5), 64, num_classes=10)


def shallow_resnext() -> nn.Module:
    """ResNeXt with the widths of the 50 and two thirds of its blocks, which are all alike within a stage."""
    resnet = import_torchvision().models.resnet
    return resnet.ResNet(resnet.Bottleneck, [2, 3, 4, 2], num_classes=10, groups=32, width_per_group=4)


def shallow_swin() -> nn.Module:
    """Swin of version 2 with two stages of its four and a quarter of its width."""
    swin = import_torchvision().models.swin_transformer
    return swin.SwinTransformer(
        [4, 4], 24, [2, 4], [3, 6], [8, 8], stochastic_depth_prob=0.2, num_classes=10,
        block=swin.SwinTransformerBlockV2, downsample_layer=swin.PatchMergingV2,
    )  # fmt: skip


# In place of those of the name, in `torchvision.models`.
SMALLER: Mapping[str, Callable[[], nn.Module]] = {
    "densenet121": shallow_densenet,
    "resnext50_32x4d": shallow_resnext,
    "swin_v2_t": shallow_swin,
    "vgg16": narrow_vgg16,
}
