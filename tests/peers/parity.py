"""How far our networks are from other people's, with the same weights: in their answers, and in what they learn.

Weights are random, batch norm's statistics too, and come over in a file through our own reader. All is compared in
double precision. In single precision an epsilon of 1e-6 for one of 1e-5 hides behind what is rounded; and rounding
decides which of two near numbers a pool takes and whether one near zero passes a ReLU, and one such choice in a small
map moves whole gradients by more than what is compared.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn

import graphbuilder as gb
from graphbuilder.spec import load as load_spec
from graphbuilder.weights.load import fitting
from tests.peers.makeup import Makeup, makeup, silence
from tests.peers.rows import CLASSES, Row
from tests.peers.sides import loss_of, outputs, side

SPECS = Path(__file__).parents[2] / "specs"
BATCH = 2
# The largest differences that are accepted, relative to the scale of what is compared. The files with what was learnt
# are read in single precision.
LOGITS = 1e-9
LEARNING = 1e-6
# Below this part of the largest gradient another is rounding alone, such as a bias's in front of a batch norm.
NOTHING = 1e-9


class Learnt(NamedTuple):
    """One step's differences: of the loss, the worst gradient, the worst running mean, and the weights' names."""

    loss: float
    gradients: float
    means: float
    worst: str

    @property
    def largest(self) -> float:
        return max(self.loss, self.gradients, self.means)


class Pair:
    """Our network and the reference of ``row``, with the same random weights."""

    def __init__(self, row: Row, folder: Path) -> None:
        self.row = row
        self._folder = folder
        self._networks: dict[int, gb.Network] = {}
        shapes = [type_.shape for type_ in self.network(min(row.sizes)).inputs.values()]
        self.theirs = side(row, shapes)
        self.file = self.theirs.save(folder)

    def network(self, size: int) -> gb.Network:
        if size not in self._networks:
            self._networks[size] = self._loaded(size)
        return self._networks[size]

    def _loaded(self, size: int) -> gb.Network:
        path = SPECS / f"{self.row.spec}.toml"
        offered = {"size": size, "classes": CLASSES}
        known = load_spec(path).params
        return gb.load(path, params={**{n: v for n, v in offered.items() if n in known}, **self.row.params})

    def batch(self, network: gb.Network, count: int) -> list[Tensor]:
        """Random inputs of ``network``; the next sample is as large again, for a deep network to tell them apart."""
        generator = torch.Generator().manual_seed(1)
        return [
            torch.stack([size * torch.randn(type_.shape, generator=generator) for size in range(1, count + 1)])
            for type_ in network.inputs.values()
        ]

    def tensors(self, network: gb.Network, file: Path) -> dict[str, Tensor]:
        """What ``file`` holds for ``network``, by our names."""
        with fitting(network.typed, network.files, file) as fit:
            return fit.tensors()

    def answers(self, size: int) -> float:
        """The largest difference of a logit, relative to their scale."""
        network = self.network(size)
        batch = [each.double() for each in self.batch(network, BATCH)]
        with torch.inference_mode():
            found = outputs(gb.compile(network, weights=self.file).double().eval()(*batch))
        wanted = self.theirs.answer(batch)
        assert distance(wanted[0][1], wanted[0][0]) > 0.01, "it says the same of every image"
        assert len(wanted) == len(found) + self.row.auxiliary
        return max(map(distance, found, wanted[: len(found)]))

    def makeup(self) -> Makeup:
        """What our network is made of, as its spec has it."""
        return makeup(gb.compile(self.network(min(self.row.sizes)), device="meta"))

    def learns(self) -> Learnt:
        """The largest differences after one step of training."""
        network = self.network(min(self.row.sizes))
        batch = self.batch(network, self.row.learns)
        ours = silence(gb.compile(network, weights=self.file))
        loss = step(ours, batch)
        wanted_loss, file = self.theirs.step(batch, self._folder)
        wanted = self.tensors(network, file)
        gradients = {name: gradient(each) for name, each in ours.named_parameters()}
        floor = NOTHING * max(float(wanted[name].abs().max()) for name in gradients)
        worst = distances(gradients, wanted, floor)
        means = {name: buffer for name, buffer in ours.named_buffers() if name.endswith("running_mean")}
        moved = max(distances(means, wanted, 0).values(), default=0.0)
        name = max(worst, key=lambda name: worst[name])
        return Learnt(abs(loss - wanted_loss) / abs(wanted_loss), worst[name], moved, name)


def step(model: nn.Module, batch: list[Tensor]) -> float:
    """The loss of one step of training in double precision; gradients stay at the parameters."""
    loss = loss_of(outputs(model.double().train()(*(each.double() for each in batch))))
    loss.backward()
    return float(loss.detach())


def gradient(parameter: nn.Parameter) -> Tensor:
    return torch.zeros_like(parameter) if parameter.grad is None else parameter.grad


def distance(found: Tensor, wanted: Tensor, floor: float = 0.0) -> float:
    """The largest difference, relative to the scale of what is wanted, which is at least ``floor``."""
    assert found.shape == wanted.shape
    return float((found - wanted).abs().max()) / max(float(wanted.abs().max()), floor)


def distances(found: Mapping[str, Tensor], wanted: Mapping[str, Tensor], floor: float) -> dict[str, float]:
    return {name: distance(tensor, wanted[name], floor) for name, tensor in found.items()}
