"""Weights drawn by (seed, name): always the same ones, and from the distributions that were asked for."""

from __future__ import annotations

import subprocess
import sys
from math import sqrt
from pathlib import Path
from typing import Any

import pytest
import torch

from graphbuilder.analysis.weights import walk
from graphbuilder.backends.torch import build
from graphbuilder.backends.torch.drawing import Painter
from graphbuilder.diagnostics import CompileError
from graphbuilder.ir import Initialiser, Weight
from tests.backends.networks import network, spelt

ROOT = Path(__file__).parents[3]
SHAPE = (64, 32, 3, 3)
FAN = (288, 576)


def drawn(init: Initialiser, seed: int = 0, name: str = "conv.weight", shape: tuple[int, ...] = SHAPE) -> torch.Tensor:
    tensor = torch.full(shape, torch.nan)
    Painter(seed).fill(tensor, name, Weight("weight", shape, init, fan=FAN))
    return tensor


@pytest.mark.parametrize(
    ("init", "std", "bound"),
    [
        (Initialiser("normal", std=0.3), 0.3, None),
        (Initialiser("uniform", bound=0.3), 0.3 / sqrt(3), 0.3),
        (Initialiser("truncated_normal", std=0.02), 0.02, 2.0),
        (Initialiser("truncated_normal", std=1.5), 1.023, 2.0),
        (Initialiser("truncated_normal", std=1e9), 2 / sqrt(3), 2.0),
        (Initialiser("xavier_uniform"), sqrt(2 / sum(FAN)), sqrt(6 / sum(FAN))),
        (Initialiser("xavier_normal", gain=2.0), 2 * sqrt(2 / sum(FAN)), None),
        (Initialiser("kaiming_normal", gain=sqrt(2)), sqrt(2 / FAN[0]), None),
        (Initialiser("kaiming_normal", gain=sqrt(2), mode="fan_out"), sqrt(2 / FAN[1]), None),
        (Initialiser("kaiming_uniform", gain=sqrt(1 / 3)), sqrt(1 / 3 / FAN[0]), 1 / sqrt(FAN[0])),
        (Initialiser("kaiming_uniform", mode="fan_avg"), sqrt(2 / sum(FAN)), sqrt(6 / sum(FAN))),
        (Initialiser("lecun_normal"), sqrt(1 / FAN[0]), 2 / sqrt(FAN[0]) / 0.8796),
    ],
)
def test_distributions(init: Initialiser, std: float, bound: float | None) -> None:
    tensor = drawn(init)
    assert tensor.std().item() == pytest.approx(std, rel=0.03)
    assert abs(tensor.mean().item()) < 0.03 * std
    if bound is not None:
        assert tensor.abs().max().item() <= bound * (1 + 1e-5)


def normal(x: torch.Tensor) -> torch.Tensor:
    return torch.special.ndtr(x.double())


def cut(x: torch.Tensor) -> torch.Tensor:
    """Of a normal that is cut at two standard deviations."""
    low, high = torch.special.ndtr(torch.tensor([-2.0, 2.0], dtype=torch.float64))
    return (normal(x) - low) / (high - low)


@pytest.mark.parametrize(
    ("init", "scale", "cumulated"),
    [
        (Initialiser("uniform", bound=0.3), 0.3, lambda x: (x.double() + 1) / 2),
        (Initialiser("normal", std=0.3), 0.3, normal),
        (Initialiser("truncated_normal", std=0.02), 0.02, normal),
        (Initialiser("truncated_normal", std=1.0), 1.0, cut),
        (Initialiser("lecun_normal"), sqrt(1 / FAN[0]) / 0.87962566103423978, cut),
    ],
)
@pytest.mark.parametrize("count", [1, 65_535, 200_001])
def test_every_number_is_of_its_law(init: Initialiser, scale: float, cumulated: Any, count: int) -> None:
    """By the distance of Kolmogorov and Smirnov, which 1 of 2,000 samples passes by chance; neighbours unrelated."""
    found = drawn(init, shape=(count,)) / scale
    ranks = cumulated(found.sort().values)
    places = torch.arange(count, dtype=torch.float64) / count
    assert max(float((ranks - places).max()), float((places + 1 / count - ranks).max())) < 2.03 / sqrt(count)
    shares = cumulated(found)
    for apart in (1, 2, 65_536):
        if apart + 1 < count:
            together = torch.corrcoef(torch.stack((shares[apart:], shares[:-apart])))[0, 1]
            assert abs(float(together)) < 4 / sqrt(count - apart)


def test_memory_in_any_order_is_filled() -> None:
    init = Initialiser("uniform", bound=1.0)
    turned = torch.full((5, 3), torch.nan).t()
    Painter(0).fill(turned, "conv.weight", Weight("weight", (3, 5), init, fan=FAN))
    assert torch.equal(turned, drawn(init, shape=(3, 5)))


@pytest.mark.parametrize(("kind", "value"), [("zeros", 0.0), ("ones", 1.0), ("constant", 0.25)])
def test_constants(kind: str, value: float) -> None:
    tensor = drawn(Initialiser(kind, value=0.25))  # pyright: ignore[reportArgumentType]
    assert torch.equal(tensor, torch.full(SHAPE, value))


def test_a_draw_depends_on_seed_and_name_alone() -> None:
    init = Initialiser("kaiming_normal")
    assert torch.equal(drawn(init), drawn(init))
    assert not torch.equal(drawn(init), drawn(init, seed=1))
    assert not torch.equal(drawn(init), drawn(init, name="conv_2.weight"))


def test_torchs_own_generator_is_left_alone() -> None:
    torch.manual_seed(3)
    state = torch.get_rng_state()
    build(network("unet"), seed=5)
    assert torch.equal(torch.get_rng_state(), state)


def test_another_process_draws_the_same(tmp_path: Path) -> None:
    script = (
        "import sys, torch; from tests.backends.networks import network; from graphbuilder.backends.torch import build;"
        "torch.manual_seed(99); torch.save(build(network('odd'), seed=7).state_dict(), sys.argv[1])"
    )
    path = str(tmp_path / "state")
    command = [sys.executable, "-c", script, path]
    subprocess.run(command, check=True, cwd=ROOT, env={"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "5"})
    ours, theirs = build(network("odd"), seed=7).state_dict(), torch.load(path)
    assert list(ours) == list(theirs)
    assert all(torch.equal(tensor, theirs[name]) for name, tensor in ours.items())


def test_a_rounded_weight_is_the_same_weight() -> None:
    full, half = (build(network("odd"), dtype=dtype).state_dict() for dtype in (None, torch.bfloat16))
    for name, tensor in half.items():
        assert torch.equal(tensor, full[name].to(tensor.dtype)), name


def test_another_step_does_not_change_a_weight() -> None:
    def weight(body: str) -> torch.Tensor:
        return build(spelt(f"[model]\nbody = [{body}]")).state_dict()["a.weight"]

    a = '{ id = "a", op = "conv", out = 4, kernel = 3 }'
    assert torch.equal(weight(a), weight(f'{{ id = "b", op = "conv", out = 4, kernel = 3 }}, {a}'))


def test_weights_may_be_given() -> None:
    typed = network("unet")
    given = {name: torch.full(weight.shape, 0.5) for name, weight in walk(typed)}
    state = build(typed, weights=given, seed=4).state_dict()
    assert all(torch.equal(tensor, given[name]) for name, tensor in state.items())


def test_batch_counters_may_be_missing() -> None:
    typed = network("odd")
    given = {name: torch.ones(weight.shape) for name, weight in walk(typed) if weight.counted}
    state = build(typed, weights=given).state_dict()
    assert state["cell.batchnorm.num_batches_tracked"] == 0
    assert state["cell.batchnorm.running_mean"].eq(1).all()


def test_weights_of_another_network_are_refused_with_both_sides() -> None:
    typed = network("unet")
    given = {name: torch.zeros(weight.shape) for name, weight in walk(typed)}
    given["conv.bias"] = torch.zeros(3)
    given["extra"] = given.pop("enc1.conv.weight")
    with pytest.raises(CompileError, match="GB703") as caught:
        build(typed, weights=given)
    assert caught.value.diagnostics[0].notes == (
        "conv.bias: 3 for 2",
        "missing: enc1.conv.weight 8x3x3x3",
        "unexpected: extra 8x3x3x3",
    )


def test_unfilled_memory_has_the_shapes() -> None:
    state = build(network("unet"), initialise=False).state_dict()
    assert {name: tuple(tensor.shape) for name, tensor in state.items()} == {
        name: weight.shape for name, weight in walk(network("unet"))
    }
