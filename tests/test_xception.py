"""Xception's configurations and ablations: sizes by the layer tables, where the ReLUs stand, and what each counts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import graphbuilder as gb
from graphbuilder.backends.table import Summary, summarise
from graphbuilder.backends.table.summary import Block

SPECS = Path(__file__).parents[1] / "specs"

LAYERS = (
    "entry.stem.conv",
    "entry.stem.conv_2",
    "entry.block2",
    "entry.block3",
    "entry.block4",
    "middle",
    "exit.block13",
    "exit.block14",
)
CHANNELS = (32, 64, 128, 256, 728, 728, 1024, 2048)
SIDES = [
    ("xception", 299, (149, 147, 74, 37, 19, 19, 10, 10)),
    ("xception_tutorial", 299, (150, 150, 75, 38, 19, 19, 10, 10)),
    ("xception_pytorch", 224, (111, 109, 55, 28, 14, 14, 7, 7)),
]


def summary(name: str, **params: Any) -> Summary:
    return summarise(gb.load(SPECS / f"{name}.toml", params).typed)


def blocks(found: tuple[Block, ...], times: int = 1) -> Iterator[tuple[Block, int]]:
    """Every block, and how often it is run."""
    for block in found:
        yield block, times * block.repeat
        yield from blocks(block.blocks, times * block.repeat)


@pytest.mark.parametrize(("name", "size", "sides"), SIDES, ids=[name for name, _, _ in SIDES])
def test_layer_by_layer(name: str, size: int, sides: tuple[int, ...]) -> None:
    by_path = {block.path.removesuffix(".0"): block for block, _ in blocks(summary(name, size=size).blocks)}
    shapes = [by_path[path].outputs["out"].shape for path in LAYERS]
    assert shapes == [(channels, side, side) for channels, side in zip(CHANNELS, sides, strict=True)]


RELUS = [
    ("xception", {"entry.stem": 2, "entry.block2": 1, "entry.block3": 2, "middle": 24, "exit.block14": 2}),
    ("xception_tutorial", {"entry.stem": 2, "entry.block2": 1, "entry.block3": 2, "middle": 32, "exit.block14": 1}),
]


@pytest.mark.parametrize(("name", "counts"), RELUS, ids=[name for name, _ in RELUS])
def test_where_the_relus_stand(name: str, counts: Mapping[str, int]) -> None:
    found = list(blocks(summary(name).blocks))
    assert counts == {
        above: sum(times for block, times in found if block.what == "relu" and block.path.startswith(f"{above}."))
        for above in counts
    }


SHORTCUTS = sum(before * after + 2 * after for before, after in [(64, 128), (128, 256), (256, 728), (728, 1024)])
MIDDLE = 3 * (9 * 728 + 728 * 728 + 2 * 728)

# Learnable parameters of Keras's configuration, with some params set.
ABLATIONS: list[tuple[dict[str, Any], int]] = [
    ({}, 22_855_952),
    ({"residual": False}, 22_855_952 - SHORTCUTS),
    ({"intermediate": "relu"}, 22_855_952),
    ({"intermediate": "elu"}, 22_855_952),
    ({"middle": 0}, 22_855_952 - 8 * MIDDLE),
    ({"middle": 16}, 22_855_952 + 8 * MIDDLE),
    ({"classes": 4}, 20_815_148),
]


@pytest.mark.parametrize(("params", "count"), ABLATIONS, ids=[str(params) for params, _ in ABLATIONS])
def test_ablations(params: dict[str, Any], count: int) -> None:
    assert summary("xception", **params).costs.trainable == count


@pytest.mark.parametrize("params", [{"intermediate": "selu"}, {"width": 0}, {"width": -1.0}])
def test_what_is_no_ablation(params: dict[str, Any]) -> None:
    with pytest.raises(gb.CompileError, match="must be"):
        gb.load(SPECS / "xception.toml", params)


@pytest.mark.parametrize("intermediate", ["relu", "elu"])
def test_every_separable_convolution_has_the_activation_between(intermediate: str) -> None:
    found = list(blocks(summary("xception", intermediate=intermediate).blocks))
    between = [times for block, times in found if block.path.endswith(".sepconv.between")]
    assert sum(between) == sum(times for block, times in found if block.what == "sepconv") == 34
    assert {block.what for block, _ in found if block.path.endswith(".between")} == {intermediate}


@pytest.mark.parametrize("width", [0.25, 0.5, 1.5])
def test_the_width_multiplies_every_convolution(width: float) -> None:
    whole, scaled = (
        [block.outputs["out"].shape[0] for block, _ in blocks(summary("xception", width=each).blocks)]
        for each in (1.0, width)
    )
    convolved = [(before, after) for before, after in zip(whole, scaled, strict=True) if before != 1000]
    assert convolved
    for before, after in convolved:
        assert after % 8 == 0
        assert abs(after - width * before) <= max(4, 0.1 * width * before)


@pytest.mark.parametrize("hidden", [[], [4096], [4096, 4096], [100, 20]], ids=str)
def test_jft_in_closed_form(hidden: list[int]) -> None:
    widths = [2048, *hidden, 17_000]
    layers = sum((before + 1) * after for before, after in pairwise(widths))
    base = 22_855_952 - 2049 * 1000
    assert summary("xception_jft", fully_connected=hidden).costs.trainable == base + layers


@pytest.mark.parametrize(
    ("residual", "unique", "executed"), [(True, 9_517_316, 20_815_148), (False, 8_540_244, 19_838_076)]
)
def test_what_is_run_eight_times_is_counted_once(residual: bool, unique: int, executed: int) -> None:
    data = summary("xception_pytorch_as_written", classes=4, residual=residual).data()
    assert (data["parameters"]["unique"], data["parameters"]["executed"]) == (unique, executed)
