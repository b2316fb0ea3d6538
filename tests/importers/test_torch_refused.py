"""What torch modules do that an op of the same name would not: refused by name, or taken right."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

import graphbuilder as gb
from graphbuilder.diagnostics import CompileError
from graphbuilder.importers.torch import calls

# What torch.export does inside is torch's own affair.
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]

Way = Callable[["Doing", Tensor], Any]


class Doing(nn.Module):
    """A convolution, a norm, and what is said to be done."""

    def __init__(self, way: Way) -> None:
        super().__init__()
        self.conv, self.norm, self.way = nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), way

    def forward(self, x: Tensor) -> Any:
        return self.way(self, x)


def _part_written(self: Doing, x: Tensor) -> Tensor:
    y = self.conv(x)
    y[:, :1].mul_(2.0)
    return y.relu()


def _view_of_written(self: Doing, x: Tensor) -> Tensor:
    y = self.conv(x)
    flat = y.flatten(1)
    y.relu_()
    return flat


def _written_behind_dropout(self: Doing, x: Tensor) -> Tensor:
    y = self.conv(x)
    part = functional.dropout(y, 0.5, self.training)[:, 1:]
    y.relu_()
    return part


def _forced_norm(self: Doing, x: Tensor) -> Tensor:
    return functional.batch_norm(self.conv(x), self.norm.running_mean, self.norm.running_var, training=True)


REFUSED: dict[str, tuple[Way, str]] = {
    "int": (lambda self, x: self.conv(x.int().float()), "numbers cast from float32 to int32"),
    "half": (lambda self, x: self.conv(x.half().float()), "numbers cast from float32 to float16"),
    "whole": (lambda self, x: (self.conv(x), x.to(torch.uint8)), "numbers cast from float32 to uint8"),
    "batch": (lambda self, x: self.conv(x).softmax(0), "a softmax along the batch"),
    "dropout": (lambda self, x: functional.dropout(self.conv(x)), "aten.dropout.default that is in training always"),
    "norm": (_forced_norm, "aten.batch_norm.default that is in training always"),
    "mean": (lambda self, x: self.conv(x) * x.mean(), "a mean over all axes, the batch among them"),
    "max": (lambda self, x: self.conv(x) * x.max(), "a max over all axes, the batch among them"),
    "indices": (lambda self, x: self.conv(x) * x.max(1, keepdim=True)[1], "the indices that aten.max.dim gives"),
    "part": (_part_written, "a value is read that aten.mul_.Tensor wrote a part of in place"),
    "view": (_view_of_written, "a value is read that aten.relu_.default wrote a part of in place"),
    "same": (_written_behind_dropout, "a value is read that aten.relu_.default wrote a part of in place"),
    "number": (lambda self, x: (self.conv(x), 3), "an output that is no tensor: 3"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_no_op_does_is_named_even_where_an_example_would_not_show_it(name: str) -> None:
    way, told = REFUSED[name]
    with pytest.raises(CompileError) as caught:
        gb.from_torch(Doing(way), torch.zeros(2, 3, 6, 6))
    assert {each.code for each in caught.value.diagnostics} == {"GB801"}
    messages = [each.message for each in caught.value.diagnostics]
    assert any(told in message for message in messages), messages
    assert any(Path(__file__).name in message for message in messages) or name == "number"


def _another_name(self: Doing, x: Tensor) -> Tensor:
    y = self.conv(x)
    same = y.detach().view(y.shape)
    y.relu_()
    return same


def _beside_written(self: Doing, x: Tensor) -> Tensor:
    left, right = self.conv(x).chunk(2, 1)
    left.mul_(3)
    return torch.cat([right, left], 1)


def _input_written(self: Doing, x: Tensor) -> Tensor:
    y = self.conv(x)
    x.mul_(0.5)
    return y + self.conv(x)


TAKEN: dict[str, Way] = {
    "name": _another_name,
    "beside": _beside_written,
    "input": _input_written,
    "wider": lambda self, x: self.conv(x.double().float()),
    "max": lambda self, x: self.conv(x * x.max(1, keepdim=True)[0] + x.min(2, keepdim=True).values),
    "largest": lambda self, x: torch.max(self.conv(x), self.conv(-x)),
}


@pytest.mark.parametrize("name", TAKEN)
def test_what_looks_like_it_and_is_an_op_comes_over(name: str) -> None:
    example = torch.randn(2, 3, 6, 6)
    before = example.clone()
    found = gb.from_torch(Doing(TAKEN[name]), example)
    assert found.difference is not None and found.difference < 1e-5
    assert torch.equal(example, before)


def test_images_of_whole_numbers_are_taken_as_they_are_read() -> None:
    example = torch.randint(0, 255, (2, 3, 6, 6), dtype=torch.uint8)
    found = gb.from_torch(Doing(lambda self, x: self.conv(x.float() / 255)), example)
    assert found.difference is not None and found.difference < 1e-5


BATCHES: dict[str, tuple[Way, int, str]] = {
    "scale": (lambda self, x: self.conv(x) / x.shape[0], 2, "`scale` for 2, nothing more for 1"),
    "branch": (lambda self, x: self.conv(x if len(x) < 4 else x.relu()), 2, "`conv` for 2, `relu` for 5"),
    "view": (lambda self, x: self.conv(x).view(2, 8, -1).mean(-1), 2, "batch and all"),
}


@pytest.mark.parametrize("name", BATCHES)
def test_a_module_that_counts_its_samples_is_refused_and_the_line_told(name: str) -> None:
    way, batch, told = BATCHES[name]
    with pytest.raises(CompileError) as caught:
        gb.from_torch(Doing(way), torch.zeros(batch, 3, 6, 6))
    (found,) = caught.value.diagnostics
    assert found.code == "GB807" and told in found.message and Path(__file__).name in found.message, found.message


ONES: dict[str, tuple[Way, str]] = {
    "squeezed": (lambda self, x: self.conv(x).mean((2, 3)).squeeze(), "for 1 sample the module's answer has no axis"),
    "viewed": (lambda self, x: self.conv(x).mean((2, 3)).view(1, 8), "the module takes 1 sample at once, and no other"),
}


@pytest.mark.parametrize("name", ONES)
def test_what_a_module_does_with_one_sample_alone_is_told(name: str) -> None:
    way, told = ONES[name]
    found = gb.from_torch(Doing(way), torch.randn(1, 3, 6, 6))
    assert found.difference is not None and found.difference < 1e-5 and told in found.told["batch"]


@pytest.mark.parametrize("way", [lambda self, x: self.conv(x).reshape(1, -1), lambda self, x: self.conv(x)[0:1]])
def test_a_batch_of_one_shows_what_is_done_with_it(way: Way) -> None:
    with pytest.raises(CompileError) as caught:
        gb.from_torch(Doing(way), torch.randn(1, 3, 6, 6))
    (found,) = caught.value.diagnostics
    assert found.code == "GB801" and "batch" in found.message


class Spelt(nn.Module):
    """A module whose first line is read wrongly where ``tanh`` is."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8)

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv(x).tanh()
        return self.norm(y - self.conv(x).relu())


def test_the_first_step_that_was_read_wrongly_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    makers: dict[str, Any] = vars(calls)["_MAKERS"]
    monkeypatch.setitem(makers, "tanh", makers["sigmoid"])
    with pytest.raises(CompileError) as caught:
        gb.from_torch(Spelt(), torch.zeros(2, 3, 6, 6))
    (found,) = caught.value.diagnostics
    line = Spelt.forward.__code__.co_firstlineno + 1
    assert found.code == "GB805" and f"from `sigmoid` on, in the module, {__file__}:{line}" in found.message
