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


# In place of those of the name, in `torchvision.models`.
SMALLER: Mapping[str, Callable[[], nn.Module]] = {"densenet121": shallow_densenet, "vgg16": narrow_vgg16}
