"""The networks in ``specs``: what each counts, beside what its reference or its paper counts."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

import graphbuilder as gb
from graphbuilder.backends.table import summarise
from graphbuilder.backends.table.summary import Summary

SPECS = Path(__file__).parents[1] / "specs"


class Row(NamedTuple):
    """A spec, its learnable parameters, its running statistics, and the multiply-accumulates of one sample."""

    spec: str
    trainable: int
    statistics: int
    macs: int


ROWS = (
    Row("alexnet", 61_100_840, 0, 714_188_480),
    Row("convnext_tiny", 28_589_128, 0, 4_455_531_264),
    Row("deeplabv3plus_xception", 54_705_317, 189_392, 86_576_993_984),
    Row("densenet121", 7_978_856, 83_648, 2_834_161_664),
    Row("efficientnet_b0", 5_288_548, 42_016, 385_814_752),
    # Weights of c1 to logits, each with a bias: 156 + 2,416 + 48,120 + 10,164 + 850.
    Row("lenet5", 61_706, 0, 416_520),
    Row("mobilenet_v1", 4_231_976, 21_888, 568_740_352),
    Row("mobilenet_v2", 3_504_872, 34_112, 300_774_272),
    Row("mobilenet_v2_keras", 3_504_872, 34_112, 300_774_272),
    Row("resnet18", 11_689_512, 9_600, 1_814_073_344),
    Row("resnet152", 60_192_808, 151_424, 11_513_626_624),
    Row("unet", 31_037_698, 11_776, 192_686_325_760),
    Row("vgg16", 138_357_544, 0, 15_470_264_320),
    Row("vit_b_16", 86_567_656, 0, 17_563_828_224),
)


def summary(spec: str, **params: object) -> Summary:
    return summarise(gb.load(SPECS / f"{spec}.toml", params).typed)


@pytest.mark.parametrize("row", ROWS, ids=[row.spec for row in ROWS])
def test_counts(row: Row) -> None:
    total = summary(row.spec).costs
    assert (total.trainable, total.non_trainable, total.macs) == row[1:]


# Other members of a family are settings away; torchvision and Keras count the same.
@pytest.mark.parametrize(
    ("spec", "params", "trainable"),
    [
        ("resnet18", {"depths": [3, 4, 6, 3]}, 21_797_672),
        ("resnet152", {"depths": [3, 4, 23, 3]}, 44_549_160),
        ("vgg16", {"depths": [2, 2, 4, 4, 4]}, 143_667_240),
        ("mobilenet_v1", {"width": 0.25}, 470_072),
        ("mobilenet_v2", {"width": 1.4}, 6_108_776),
        ("densenet121", {"depths": [6, 12, 32, 32]}, 14_149_480),
        ("convnext_tiny", {"depths": [3, 3, 27, 3]}, 50_223_688),
        ("vit_b_16", {"patch": 32}, 88_224_232),
    ],
)
def test_families(spec: str, params: dict[str, object], trainable: int) -> None:
    assert summary(spec, **params).costs.trainable == trainable
