"""Attention in windows of other libraries, small: whole ops where one says it, and the same answers."""

from __future__ import annotations

import tomllib
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


def swin_deep() -> nn.Module:
    """With windows that are moved in two stages of one form, of other depths."""
    swin_transformer = import_timm().models.swin_transformer
    settings = {"patch_size": 1, "embed_dim": 4, "depths": (1, 2, 4), "num_heads": (1, 2, 4), "num_classes": 5}
    return swin_transformer.SwinTransformer(img_size=56, window_size=7, drop_path_rate=0.1, **settings)


def maxvit() -> nn.Module:
    widths = {"stem_channels": 8, "block_channels": [8, 16], "block_layers": [1, 2], "head_dim": 4, "num_classes": 5}
    return import_torchvision().models.maxvit.MaxVit(
        input_size=(56, 56), partition_size=7, stochastic_depth_prob=0.1, **widths
    )


def swin_v2() -> nn.Module:
    swin_transformer = import_timm().models.swin_transformer_v2
    settings = {"patch_size": 4, "embed_dim": 24, "depths": (2,), "num_heads": (3,), "num_classes": 5}
    return drawn(swin_transformer.SwinTransformerV2(img_size=56, window_size=7, **settings))


def beit() -> nn.Module:
    settings = {"patch_size": 8, "embed_dim": 24, "depth": 2, "num_heads": 3, "num_classes": 5, "init_values": 0.1}
    return drawn(import_timm().models.beit.Beit(img_size=56, use_abs_pos_emb=False, use_rel_pos_bias=True, **settings))


def coatnet() -> nn.Module:
    maxxvit = import_timm().models.maxxvit
    attention = maxxvit.MaxxVitTransformerCfg(rel_pos_type="bias", dim_head=4)
    settings = {"embed_dim": (8, 8), "depths": (1, 2), "block_type": ("C", "T"), "stem_width": 8}
    built = maxxvit.MaxxVitCfg(transformer_cfg=attention, **settings)
    return drawn(maxxvit.MaxxVit(built, img_size=56, num_classes=5))


def drawn(model: nn.Module) -> nn.Module:
    """With other numbers than the zeros that biases start with."""
    torch.manual_seed(0)
    for parameter in model.parameters():
        if parameter.dim() < 3:
            nn.init.normal_(parameter, std=0.2)
    return model


SAID = {
    swin: ('op = "windowattention"', 'shift = "=item"', "repeat = [0, 3]", 'op = "patchmerge"'),
    swin_deep: (
        "copies = [0, 3, 0, 3]",
        'repeat = "=copies"',
        'rate = "=drop * 3 / 6"',
        'rate = "=rate + drop * i / 6"',
    ),
    maxvit: ('op = "relativebias"', 'id = "to_qkv", op = "linear"', "classes = 5"),
    swin_v2: ('op = "windowattention"', "cosine = true", "repeat = [0, 3]"),
    beit: ('op = "relativebias"', "window = [7, 7]", "token = true", "heads = 3"),
    coatnet: ('op = "relativebias"', "window = [7, 7]"),
}


@pytest.mark.parametrize("build", SAID, ids=lambda build: build.__name__)
def test_it_comes_back(build: Callable[[], nn.Module]) -> None:
    found = gb.from_torch(build(), torch.randn(2, 3, 56, 56, generator=torch.Generator().manual_seed(0)))
    assert found.difference is not None and found.difference < 1e-4
    assert [text for text in SAID[build] if text not in found.text] == [], found.text


def test_a_bias_of_three_parts_is_joined_by_the_mapping() -> None:
    found = gb.from_torch(beit(), torch.randn(2, 3, 56, 56))
    rules = tomllib.loads(found.mapping or "")["rules"]
    assert rules["blocks.{a}.attn.{q_bias+zeros+v_bias}"].endswith("linear.bias")
    weights = found.weights()
    assert weights is not None
    assert [tensor[24:48].count_nonzero() for name, tensor in weights.items() if name.endswith("linear.bias")] == [0, 0]


def test_what_traces_are_given_is_taken_back() -> None:
    model = swin()
    before = [{*vars(module)} for module in model.modules()]
    gb.from_torch(model, torch.randn(2, 3, 56, 56))
    assert [{*vars(module)} for module in model.modules()] == before
