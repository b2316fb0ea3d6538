"""Attention in windows of other libraries, small: whole ops where one says it, and the same answers."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

import graphbuilder as gb
from tests.peers.reference import import_timm, import_torchvision

# What torch.export does inside is torch's own affair.
pytestmark = [
    pytest.mark.peers,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore:torch.meshgrid"),
]


def swin() -> nn.Module:
    swin_transformer = import_timm().models.swin_transformer
    settings = {"patch_size": 4, "embed_dim": 24, "depths": (2, 2), "num_heads": (3, 6), "num_classes": 5}
    return swin_transformer.SwinTransformer(img_size=56, window_size=7, **settings)


def maxvit() -> nn.Module:
    widths = {"stem_channels": 8, "block_channels": [8, 16], "block_layers": [1, 2], "head_dim": 4, "num_classes": 5}
    return import_torchvision().models.maxvit.MaxVit(
        input_size=(56, 56), partition_size=7, stochastic_depth_prob=0.1, **widths
    )


SAID = {
    swin: ('op = "windowattention"', 'shift = "=item"', "repeat = [0, 3]", 'op = "patchmerge"'),
    maxvit: ('op = "relativebias"', 'id = "to_qkv", op = "linear"', "classes = 5"),
}


@pytest.mark.parametrize("build", SAID, ids=lambda build: build.__name__)
def test_it_comes_back(build: Callable[[], nn.Module]) -> None:
    found = gb.from_torch(build(), torch.randn(2, 3, 56, 56, generator=torch.Generator().manual_seed(0)))
    assert found.difference is not None and found.difference < 1e-4
    assert [text for text in SAID[build] if text not in found.text] == [], found.text


def test_what_traces_are_given_is_taken_back() -> None:
    model = swin()
    before = [{*vars(module)} for module in model.modules()]
    gb.from_torch(model, torch.randn(2, 3, 56, 56))
    assert [{*vars(module)} for module in model.modules()] == before
