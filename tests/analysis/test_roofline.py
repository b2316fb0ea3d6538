"""Kernels against sums done by hand, and floors of whole networks against those of a roofline done elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

import graphbuilder as gb
from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.analysis.roofline import DEVICES, FUSIONS, Device, Floor, Fusion, Kernel, floors, kernels
from graphbuilder.analysis.roofline.calls import flow
from graphbuilder.analysis.roofline.training import learned
from graphbuilder.passes import optimise
from tests.backends.networks import shipped, spelt

SPECS = Path(__file__).parents[2] / "specs"
NAMES = sorted(path.stem for path in SPECS.glob("*.toml"))
MAP = 4 * 8 * 8  # elements of the input
CONV = "{ op = 'conv', out = 4, kernel = 3, padding = 'half', bias = false }"
WEIGHTS = 4 * 4 * 9
FLAT_OUT = replace(DEVICES["h200"], launch=0.0)


def steps(*written: str) -> TypedGraph:
    return spelt(f"[model]\nbody = [{', '.join(written)}]")


def moved(typed: TypedGraph, fusion: Fusion) -> list[tuple[str, int, int]]:
    return [(kernel.path, kernel.reads, kernel.writes) for kernel in kernels(typed, fusion)]


def test_a_convolution_by_itself() -> None:
    found = kernels(steps("{ op = 'conv', out = 6, kernel = 3, padding = 'half' }"), "nothing")
    assert found == (Kernel("conv", MAP, 6 * 64, 6 * 4 * 9 + 6, 2 * 6 * 64 * 4 * 9, 0),)


def test_norms_and_activations_go_with_what_makes_their_input() -> None:
    typed = steps(CONV, "{ op = 'batchnorm' }", "{ op = 'relu' }", "{ op = 'dropout' }")
    assert moved(typed, "nothing") == [(name, MAP, MAP) for name in ("conv", "batchnorm", "relu")]
    (kernel,) = kernels(typed, "elementwise")
    assert kernel == Kernel("conv", MAP, MAP, WEIGHTS, 2 * WEIGHTS * 64, 3 * MAP)


def test_a_sum_costs_what_it_reads_besides() -> None:
    typed = steps(CONV, "{ op = 'add', from = ['conv', 'image'] }")
    assert moved(typed, "elementwise") == [("conv", 2 * MAP, MAP)]


def test_an_activation_of_what_others_read_too_is_done_where_it_is_read() -> None:
    typed = steps(CONV, "{ op = 'relu' }", CONV, "{ op = 'add', from = ['conv', 'conv_2'] }")
    assert moved(typed, "elementwise") == [("conv", MAP, MAP), ("conv_2", 2 * MAP, MAP)]


@pytest.mark.parametrize("fusion", FUSIONS)
def test_an_activation_alone_is_a_kernel(fusion: Fusion) -> None:
    assert moved(steps("{ op = 'relu' }"), fusion) == [("relu", MAP, MAP)]


def test_parts_are_written_where_they_are_joined() -> None:
    typed = steps(CONV, f"{CONV[:-2]}, from = 'image' }}", "{ op = 'concat', from = ['conv', 'conv_2'] }")
    assert len(moved(typed, "nothing")) == 3
    assert moved(typed, "elementwise") == [("conv", MAP, MAP), ("conv_2", MAP, MAP)]


def test_a_strided_point_reads_what_it_looks_at() -> None:
    typed = steps("{ op = 'conv', out = 4, kernel = 1, stride = 2 }")
    assert moved(typed, "nothing") == [("conv", MAP // 4, MAP // 4)]


def test_a_separable_convolution_is_one_kernel_with_all_between() -> None:
    typed = steps("{ op = 'sepconv', out = 8, kernel = 3, padding = 'half', norm = true, between = 'relu' }")
    assert moved(typed, "elementwise") == [("sepconv.depthwise", MAP, MAP), ("sepconv.pointwise", MAP, 2 * MAP)]
    (kernel,) = kernels(typed, "separable")
    assert (kernel.reads, kernel.writes) == (MAP, 2 * MAP)
    assert (kernel.matrix, kernel.vector) == (2 * 4 * 8 * 64, 2 * 9 * MAP + 3 * MAP)


@pytest.mark.parametrize("name", ["xception", "mobilenet_v2"])
def test_a_fused_op_costs_what_its_kernel_does(name: str) -> None:
    """The graph for a GPU, whose separable convolutions are one op each, and the plain graph that is fused on paper."""
    fused = optimise(shipped(name), "inference", "cuda").typed
    ours, paper = (list(kernels(typed, "separable")) for typed in (fused, shipped(name)))
    sums = [kernel for kernel in ours if kernel.path.endswith(".shortcut")]
    projections = [kernel for kernel in paper if kernel.path.endswith(".shortcut.conv")]
    # On paper a pool takes the sum, and the projection is written and read.
    for kernel, projection in zip(sums, projections, strict=True):
        pool = next(each for each in paper if each.path == kernel.path.replace("shortcut", "maxpool"))
        assert kernel.reads == pool.reads + projection.reads - projection.writes
        assert (kernel.writes, kernel.matrix) == (pool.writes, projection.matrix)
        paper.remove(pool)
    paper, ours = [each for each in paper if each not in projections], [each for each in ours if each not in sums]
    assert len(ours) == len(paper)
    for one, other in zip(ours, paper, strict=True):
        assert (one.reads, one.writes, one.matrix) == (other.reads, other.writes, other.matrix)


@pytest.mark.parametrize(("order", "channels"), [("depthwise_first", 4), ("pointwise_first", 10)])
def test_a_fused_op_does_its_depthwise_half_on_what_that_reads(order: str, channels: int) -> None:
    typed = steps(f"{{ op = 'sepconv', out = 10, kernel = 3, padding = 'half', bias = false, order = '{order}' }}")
    (kernel,) = kernels(optimise(typed, "inference", "cuda").typed, "separable")
    assert (kernel.matrix, kernel.vector) == (2 * 4 * 10 * 64, 2 * 9 * channels * 64)


def test_not_where_the_middle_is_read_by_others() -> None:
    depthwise = "{ op = 'dwconv', kernel = 3, padding = 'half' }"
    typed = steps(depthwise, "{ op = 'conv', out = 4, kernel = 1 }", "{ op = 'add', from = ['conv', 'dwconv'] }")
    assert len(kernels(typed, "separable")) == 2


def test_a_residual_block_is_one_kernel() -> None:
    typed = spelt(
        f"[model]\nbody = [{CONV}, {{ use = 'unit', repeat = 2 }}, {{ op = 'relu' }}]\n"
        f"[blocks.unit]\nbody = [{{ op = 'relu' }}, {CONV}, {{ op = 'batchnorm' }}]\nshortcut = 'identity'"
    )
    expected = [("conv", MAP, MAP), ("unit.0", MAP, MAP), ("unit.1", MAP, MAP)]
    assert moved(typed, "blocks") == expected


def test_what_only_training_runs_costs_nothing() -> None:
    typed = spelt(
        f"[model]\nbody = [{CONV}, {{ id = 'aux', op = 'conv', out = 2, kernel = 1 }}]\n"
        "[outputs]\nmain = 'conv'\naux = { from = 'aux', training = true }"
    )
    assert [kernel.path for kernel in kernels(typed, "nothing")] == ["conv"]


DEVICE = Device("made up", 100.0, {"float32": 1000.0}, 10.0, 2.0, "nowhere")


def test_a_device_is_told_in_plain_values() -> None:
    told = DEVICE.data()
    assert Device(**told) == DEVICE and told["matrix"] is not DEVICE.matrix


def floor(typed: TypedGraph, batch: int = 1, device: Device = DEVICE) -> Floor:
    return floors(typed, device, batch=batch, dtype="float32", fusion="nothing").totals["nothing"]


def test_the_slowest_resource_bounds() -> None:
    relu = floor(steps("{ op = 'relu' }"))
    assert (relu.bytes, relu.flops, relu.seconds, relu.bound) == (8 * MAP, MAP, MAP / 10, "arithmetic")
    assert floor(steps("{ op = 'relu' }"), device=replace(DEVICE, vector=1e6)).seconds == 8 * MAP / 100
    late = floor(steps("{ op = 'relu' }"), device=replace(DEVICE, launch=1e3))
    assert (late.seconds, late.bound) == (1e3, "launches")
    assert Floor().bound is None


def test_weights_are_read_once_a_batch() -> None:
    one, two = floor(steps(CONV)), floor(steps(CONV), batch=2)
    assert (one.bytes, two.bytes) == (4 * (2 * MAP + WEIGHTS), 4 * (4 * MAP + WEIGHTS))
    assert two.flops == 2 * one.flops


# Kernels, megabytes a sample and samples a second on an H200 in bfloat16 at batch 256, by a script of another hand that
# has these networks as tables of layers. It gives no operations to norms, activations and sums, and fuses no module
# within a module.
ELSEWHERE: dict[str, Sequence[tuple[Fusion, int, float, int]]] = {
    "xception": (
        ("nothing", 167, 315.87, 12_225),
        ("elementwise", 80, 155.24, 23_008),
        ("separable", 46, 96.49, 33_557),
        ("blocks", 18, 24.61, 46_891),
    ),
    "inception_v3": (("elementwise", 109, 61.96, 47_359),),
    "resnet50": (("nothing", 174, 159.87, 24_255), ("elementwise", 56, 54.90, 60_242), ("blocks", 20, 26.60, 87_722)),
    "resnext50_32x4d": (
        ("nothing", 174, 199.30, 20_253),
        ("elementwise", 56, 68.04, 55_096),
        ("blocks", 20, 26.60, 85_112),
    ),
}


@pytest.mark.parametrize("name", ELSEWHERE)
def test_floors_as_elsewhere(name: str) -> None:
    totals = floors(shipped(name), FLAT_OUT, batch=256, dtype="bfloat16", fusion="nothing").totals
    for fusion, count, megabytes, rate in ELSEWHERE[name]:
        assert totals[fusion].kernels == count
        assert totals[fusion].bytes / 256e6 == pytest.approx(megabytes, rel=1e-3)
        assert 256 / totals[fusion].seconds == pytest.approx(rate, rel=0.01 if fusion == "blocks" else 1e-3)


@pytest.mark.parametrize("name", NAMES)
def test_fusing_saves_bytes_and_no_products(name: str) -> None:
    found = gb.check(SPECS / f"{name}.toml").network
    assert found is not None
    plans = [kernels(found.typed, fusion) for fusion in FUSIONS]
    bytes_ = [sum(kernel.reads + kernel.writes for kernel in plan) for plan in plans]
    assert bytes_[0] > bytes_[1] >= bytes_[2] and bytes_[1] * 1.02 > bytes_[3] > 0
    assert len({sum(kernel.matrix for kernel in plan) for plan in plans}) == 1
    assert all(min(kernel[1:]) >= 0 and max(kernel[1:]) > 0 for plan in plans for kernel in plan)


def test_paths_add_up() -> None:
    found = floors(shipped("xception"), FLAT_OUT, batch=8, dtype="float32", fusion="separable")
    parts = found.at(["entry", "middle", "exit", "pool", "logits"])
    assert parts[:3] == found.by_path[""][:3] == found.totals["separable"][:3]
    assert parts.seconds == pytest.approx(found.by_path[""].seconds)


def learning(typed: TypedGraph, fusion: Fusion) -> list[tuple[str, int, int]]:
    return [(each.path, each.reads, each.writes) for each in learned(flow(typed, training=True), fusion)]


def test_a_convolution_learns_by_two_products() -> None:
    """The first one has no gradient to give on."""
    typed = steps(CONV, CONV)
    assert learning(typed, "nothing") == [
        ("conv", MAP, MAP),
        ("conv", 2 * MAP, 0),
        ("conv_2", MAP, MAP),
        ("conv_2", 2 * MAP, 0),
        ("conv_2", MAP, MAP),
    ]
    assert learning(typed, "blocks")[2:] == [("conv_2", MAP, MAP), ("conv_2", 2 * MAP, MAP)]


def test_a_norm_learns_by_statistics_of_the_batch() -> None:
    typed = steps(CONV, "{ op = 'batchnorm' }", "{ op = 'relu' }")
    norm = [("batchnorm", MAP, 0), ("batchnorm", MAP, MAP), ("batchnorm", 2 * MAP, 0), ("batchnorm", 2 * MAP, MAP)]
    assert learning(typed, "nothing")[2:] == [*norm, ("relu", MAP, MAP), ("relu", 2 * MAP, MAP)]
    assert learning(typed, "elementwise")[2:] == norm


def test_a_fork_adds_gradients() -> None:
    typed = steps(CONV, CONV, "{ op = 'add', from = ['conv', 'conv_2'] }")
    assert learning(typed, "nothing")[2] == ("conv", 2 * MAP, MAP)
    assert sum(reads for _, reads, _ in learning(typed, "elementwise")) == 9 * MAP


@pytest.mark.parametrize("fusion", FUSIONS)
def test_a_product_is_no_part_of_what_makes_its_number_a_channel(fusion: Fusion) -> None:
    typed = steps(CONV, "{ op = 'globalavgpool', keep = true }", "{ op = 'mul', from = ['globalavgpool', 'conv'] }")
    assert {("globalavgpool", MAP, 4), ("mul", MAP + 4, MAP)} <= {*learning(typed, fusion)}


def test_halves_are_one_kernel_each_way() -> None:
    typed = steps(CONV, "{ op = 'sepconv', out = 8, kernel = 3, padding = 'half' }")
    assert learning(typed, "separable")[2:] == [
        ("sepconv.depthwise", MAP, MAP),
        ("sepconv.depthwise", 2 * MAP, MAP),
        ("sepconv.pointwise", MAP, 2 * MAP),
        ("sepconv.pointwise", 3 * MAP, 0),
        ("sepconv.pointwise", 2 * MAP, MAP),
    ]
    assert learning(typed, "blocks")[2:] == [("sepconv.depthwise", MAP, 2 * MAP), ("sepconv.depthwise", 3 * MAP, MAP)]


@pytest.mark.parametrize(("fusion", "width"), [("nothing", 8), ("elementwise", 1)])
def test_places_of_maxima_have_a_width_of_their_own(fusion: Fusion, width: int) -> None:
    typed = steps(CONV, "{ op = 'maxpool', kernel = 2 }")
    assert [each.places for each in learned(flow(typed, training=True), fusion)][-2:] == [width * MAP // 4] * 2


def test_what_only_training_runs_is_learnt() -> None:
    typed = spelt(
        f"[model]\nbody = [{CONV}, {{ id = 'aux', op = 'conv', out = 2, kernel = 1 }}]\n"
        "[outputs]\nmain = 'conv'\naux = { from = 'aux', training = true }"
    )
    assert {path for path, _, _ in learning(typed, "nothing")} == {"conv", "aux"}


# By the same script: kernels and samples a second. It adds no gradients where branches part, and gives sums of norms
# one way of being derived, so it comes a few hundredths higher.
STEPS_ELSEWHERE: dict[str, Sequence[tuple[Fusion, int, int]]] = {
    "xception": (
        ("nothing", 488, 3_918), ("elementwise", 394, 4_799), ("separable", 301, 5_733), ("blocks", 132, 9_453)
    ),
    "inception_v3": (("nothing", 921, 7_801), ("elementwise", 688, 10_649), ("blocks", 312, 14_449)),
    "resnext50_32x4d": (("nothing", 507, 6_761), ("elementwise", 377, 9_127), ("blocks", 165, 15_649)),
}  # fmt: skip


@pytest.mark.parametrize("name", STEPS_ELSEWHERE)
def test_steps_as_elsewhere(name: str) -> None:
    totals = floors(shipped(name), FLAT_OUT, batch=256, dtype="bfloat16", fusion="nothing", training=True).totals
    for fusion, count, rate in STEPS_ELSEWHERE[name]:
        assert totals[fusion].kernels == count
        assert 256 / totals[fusion].seconds == pytest.approx(rate, rel=0.045)


@pytest.mark.parametrize("name", NAMES)
def test_fusing_saves_bytes_of_a_step(name: str) -> None:
    found = gb.check(SPECS / f"{name}.toml").network
    assert found is not None
    calls = flow(found.typed, training=True)
    plans = [learned(calls, fusion) for fusion in FUSIONS]
    moved = [sum(kernel.reads + kernel.writes for kernel in plan) for plan in plans]
    assert moved[0] > moved[1] >= moved[2] >= moved[3] > 0
    assert len({sum(kernel.matrix for kernel in plan) for plan in plans}) == 1
    assert all(min(kernel[1:]) >= 0 and max(kernel[1:]) > 0 for plan in plans for kernel in plan)
