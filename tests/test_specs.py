"""The networks in ``specs``: what each counts, beside what its reference or its paper counts."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

import graphbuilder as gb
from graphbuilder.backends.table import summarise
from graphbuilder.backends.table.summary import Summary
from graphbuilder.ir import Graph, Op

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
    Row("convnext_tiny_keras", 28_589_128, 0, 4_455_531_264),
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
    Row("xception", 22_855_952, 54_528, 8_357_403_496),
    Row("xception_tutorial", 22_855_952, 54_528, 8_470_752_656),
    Row("xception_pytorch", 22_855_952, 54_528, 4_552_879_072),
    Row("xception_pytorch_as_written", 11_558_120, 23_952, 4_552_879_072),
    Row("xception_jft", 55_639_952, 54_528, 8_390_171_496),
    Row("xception_digits", 71_338, 1_984, 1_208_960),
    Row("xception_kitchenware", 21_012_458, 54_528, 1_924_602_856),
    Row("inception_v3", 23_817_352, 34_432, 5_713_216_096),
    Row("inception_v3_torchvision", 27_161_264, 36_224, 5_713_216_096),
    Row("resnet50", 25_557_032, 53_120, 4_089_184_256),
    Row("resnext50_32x4d", 25_028_904, 68_224, 4_230_479_872),
    Row("resnext101_32x8d", 88_791_336, 202_880, 16_414_015_488),
    Row("swin_t", 28_288_354, 0, 4_490_566_656),
    Row("cait_xxs24", 11_956_264, 0, 2_523_475_200),
    Row("convmixer_768_32", 21_110_248, 99_840, 20_676_851_712),
    Row("convnextv2_atto", 3_708_400, 0, 547_332_480),
    Row("deeplabv3_resnet50", 42_004_074, 57_216, 168_731_205_888),
    Row("deit_tiny_distilled", 5_910_800, 0, 1_261_003_776),
    Row("dla34", 15_742_104, 15_488, 3_060_043_776),
    Row("efficientnet_v2_s", 21_458_488, 153_872, 8_365_617_152),
    Row("fcn_resnet50", 35_322_218, 54_656, 142_725_772_800),
    Row("ghostnet_100", 5_182_508, 21_968, 141_150_512),
    Row("googlenet", 13_004_888, 15_072, 1_498_376_192),
    Row("hrnet_w18_small", 13_187_464, 24_032, 1_601_508_352),
    Row("lraspp_mobilenet_v3_large", 3_221_538, 24_656, 2_086_219_688),
    Row("maxvit_t", 30_919_624, 47_616, 5_558_046_720),
    Row("mixer_s32", 19_104_624, 0, 1_002_426_368),
    Row("mnasnet1_0", 4_383_312, 37_920, 314_415_872),
    Row("mobilenet_v3_large", 5_483_032, 24_400, 216_589_760),
    Row("mobilevit_xxs", 1_272_024, 4_112, 407_364_096),
    Row("nf_resnet26", 15_995_176, 0, 2_342_256_640),
    Row("poolformer_s12", 11_915_176, 0, 1_812_267_008),
    Row("pvt_v2_b0", 3_666_760, 0, 566_065_664),
    Row("regnet_y_400mf", 4_344_144, 27_152, 401_842_848),
    Row("res2net50_26w_4s", 25_699_120, 59_492, 4_255_166_464),
    Row("resnest14d", 10_611_688, 22_336, 2_749_405_184),
    Row("resnetv2_50", 25_549_352, 45_440, 4_089_184_256),
    Row("shufflenet_v2_x1_0", 2_278_604, 16_180, 144_907_992),
    Row("squeezenet1_1", 1_235_496, 0, 349_151_936),
    Row("wide_resnet50_2", 68_883_240, 68_224, 11_398_021_120),
    Row("gmlp_s16", 19_422_656, 0, 4_392_060_928),
    Row("gmixer_24", 24_721_096, 0, 5_260_434_432),
    Row("skresnet18", 11_958_056, 13_952, 1_814_337_536),
    Row("cspresnet50", 21_616_168, 40_320, 3_458_752_512),
    Row("vovnet39a", 22_600_296, 20_416, 7_072_227_328),
    Row("dpn48b", 9_126_226, 44_956, 1_665_044_480),
    Row("repvgg_a0", 9_108_968, 23_648, 1_512_581_120),
    Row("ecaresnet26t", 16_011_916, 30_960, 2_550_332_928),
    Row("mobilenetv4_conv_small", 3_774_024, 25_088, 186_005_568),
    Row("twins_svt_small", 24_060_776, 0, 2_927_353_344),
    Row("swin_v2_t", 28_351_570, 0, 5_921_028_096),
    Row("efficientformer_l1", 12_289_928, 31_920, 1_291_284_736),
    Row("efficientnet_b0_keras", 5_288_548, 42_016, 385_814_752),
    Row("starnet_s1", 2_869_168, 7_120, 421_877_376),
    Row("resmlp_12", 15_350_872, 0, 3_009_739_776),
    Row("focalnet_tiny_srf", 28_427_116, 0, 4_403_335_680),
    Row("tiny_vit_5m", 5_392_764, 9_856, 1_255_174_720),
    Row("deeplabv3_mobilenet_v3_large", 11_029_328, 28_004, 10_436_350_688),
    Row("levit_128s", 7_777_058, 39_648, 304_660_832),
    Row("vit_small_patch16_dinov3", 21_971_944, 0, 4_698_488_832),
    Row("modules/convolution", 4_608, 0, 4_718_592),
    Row("modules/separable_convolution", 656, 0, 671_744),
    Row("modules/inception", 159_744, 0, 195_686_400),
    Row("modules/inception_simplified", 147_456, 0, 180_633_600),
    Row("modules/inception_reformulated", 147_456, 0, 180_633_600),
    Row("modules/inception_continuum", 147_456, 0, 180_633_600),
    Row("modules/inception_extreme", 38_592, 0, 47_275_200),
    Row("modules/resnext_block_a", 71_168, 1_024, 219_971_584),
    Row("modules/resnext_block_b", 71_168, 1_024, 219_971_584),
    Row("modules/resnext_block_c", 71_168, 1_024, 219_971_584),
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
        ("swin_t", {"depths": [2, 2, 18, 2]}, 49_606_258),
        ("swin_t", {"depths": [2, 2, 18, 2], "width": 128}, 87_768_224),
        # EfficientNet-B1 to B7, as torchvision counts them.
        ("efficientnet_b0", {"wider": 1.0, "deeper": 1.1}, 7_794_184),
        ("efficientnet_b0", {"wider": 1.1, "deeper": 1.2}, 9_109_994),
        ("efficientnet_b0", {"wider": 1.2, "deeper": 1.4}, 12_233_232),
        ("efficientnet_b0", {"wider": 1.4, "deeper": 1.8}, 19_341_616),
        ("efficientnet_b0", {"wider": 1.6, "deeper": 2.2}, 30_389_784),
        ("efficientnet_b0", {"wider": 1.8, "deeper": 2.6}, 43_040_704),
        ("efficientnet_b0", {"wider": 2.0, "deeper": 3.1}, 66_347_960),
    ],
)
def test_families(spec: str, params: dict[str, object], trainable: int) -> None:
    assert summary(spec, **params).costs.trainable == trainable


NAMES = sorted(
    str(path.relative_to(SPECS).with_suffix(""))
    for folder in (SPECS, SPECS / "modules")
    for path in folder.glob("*.toml")
)


def test_every_spec_is_counted() -> None:
    assert sorted(row.spec for row in ROWS) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_every_spec_is_drawn_and_written_without_a_warning(name: str) -> None:
    network = gb.load(SPECS / f"{name}.toml", strict=True)
    assert network.spec.title
    assert gb.render(network, format="dot").startswith(b"digraph")
    ast.parse(gb.source(network))


@pytest.mark.parametrize(
    ("name", "params", "op", "field", "expected"),
    [
        ("cait_xxs24", {}, "scale", "value", 48**-0.5),
        ("cait_xxs24", {"heads": 8}, "scale", "value", 24**-0.5),
        ("cait_xxs24", {"width": 128}, "scale", "value", 32**-0.5),
        ("maxvit_t", {}, "attend", "scale", 64**-0.5),
        ("maxvit_t", {"widths": [32, 64, 128, 256]}, "attend", "scale", 32**-0.5),
    ],
)
def test_factors_of_scores_follow_the_widths(
    name: str, params: dict[str, object], op: str, field: str, expected: float
) -> None:
    """They change no shape, so that weights of another factor load: only the number tells."""
    network = gb.load(SPECS / f"{name}.toml", params)
    given = [getattr(call, field) for call in _calls(network.typed.graph) if call.op == op]
    assert any(each == pytest.approx(expected) for each in given)


def _calls(graph: Graph) -> Iterator[Op]:
    for node in graph.nodes:
        yield from _calls(node.callee) if isinstance(node.callee, Graph) else (node.callee,)
