"""The ends of a torch module: how inputs are laid out, the table that it gives, what its weights are made of."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils import spectral_norm  # the older of two, by a hook
from torch.nn.utils.parametrizations import weight_norm

import graphbuilder as gb
from graphbuilder.cli.entry import run
from graphbuilder.compiler import check_text
from graphbuilder.diagnostics import CompileError
from graphbuilder.importers.torch import calls
from tests.peers.parity import distance

# What torch.export does inside is torch's own affair.
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]


class Mixing(nn.Module):
    """Tokens mixed along their places, and along their channels."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(12)
        self.along, self.across, self.head = nn.Linear(9, 9), nn.Linear(12, 12), nn.Linear(12, 5)

    def forward(self, tokens: Tensor) -> Tensor:
        x = tokens + self.along(self.norm(tokens).transpose(1, 2)).transpose(1, 2)
        return self.head((x + self.across(x)).mean(1))


class Placed(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.places = nn.Parameter(torch.randn(1, 9, 12))

    def forward(self, tokens: Tensor) -> Tensor:
        return tokens + self.places


class Behind(nn.Module):
    """Images with their channels behind, and a number for each channel."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.conv, self.head = nn.Linear(3, 6), nn.Conv2d(6, 8, 3, padding=1), nn.Linear(8, 4)

    def forward(self, image: Tensor, gate: Tensor) -> dict[str, Tensor]:
        x = nn.functional.gelu(self.stem(image * gate[:, None, None]))
        return {"logits": self.head(self.conv(x.permute(0, 3, 1, 2)).mean((2, 3)))}


def mixing() -> nn.Module:
    return Mixing()


def test_tokens_have_their_channels_last() -> None:
    found = gb.from_torch(Mixing(), torch.randn(2, 9, 12), layout="channels_last")
    assert found.difference is not None and found.difference < 1e-5
    assert 'tokens = { shape = [9, 12], layout = "channels_last" }' in found.text
    assert '{ id = "across", op = "linear", out = 12 }' in found.text and 'op = "globalavgpool"' in found.text


class Fused(nn.Module):
    """Attention in one call, with the layer of its dropout beside, or its rate."""

    def __init__(self, *, layered: bool) -> None:
        super().__init__()
        self.qkv, self.proj, self.behind = nn.Linear(12, 36), nn.Linear(12, 12), nn.Dropout(0.4)
        self.lost = nn.Dropout(0.2) if layered else 0.2

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.qkv(x).reshape(-1, 9, 3, 3, 4).permute(2, 0, 3, 1, 4).unbind(0)
        p = self.lost.p if isinstance(self.lost, nn.Dropout) else self.lost
        x = nn.functional.scaled_dot_product_attention(q, k, v, None, p if self.training else 0.0)
        return self.behind(self.proj(x.transpose(1, 2).reshape(-1, 9, 12)))


@pytest.mark.parametrize("layered", [True, False])
def test_attention_in_one_call_drops_weights_as_it_did(layered: bool) -> None:
    model = Fused(layered=layered)
    found = gb.from_torch(model, torch.randn(2, 9, 12), layout="channels_last")
    assert 'op = "attend"' in found.text and "heads = 3, dropout = 0.2 }" in found.text, found.text


class Answers(NamedTuple):
    logits: Tensor
    aside: Tensor


class Classifier(nn.Module):
    """A head of several steps, whose window wants maps of 9 places a side."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.fc = nn.Conv2d(8, 6, 9), nn.Linear(6, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(functional.relu(self.conv(x)).mean((2, 3)))


class Watched(nn.Module):
    """A classifier in the middle, there in training alone, as Inception has it."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.beside = nn.Conv2d(3, 8, 3, padding=1), Classifier()
        self.deep, self.fc = nn.Conv2d(8, 8, 3, padding=1), nn.Linear(8, 4)

    def forward(self, x: Tensor) -> Tensor | Answers:
        x = functional.relu(self.stem(x))
        aside = self.beside(x) if self.training else None
        y = self.fc(self.deep(x).mean((2, 3)))
        return y if aside is None else Answers(y, aside)


def test_a_head_of_training_is_a_block_and_has_the_name_of_its_field() -> None:
    model, example = Watched(), torch.randn(2, 3, 12, 12)
    found = gb.from_torch(model, example)
    assert 'aside = { from = "beside", training = true }' in found.text and 'use = "classifier" }' in found.text
    assert "size    = 12" in found.text and found.text.count('"=classes"') == 2
    ours = gb.compile(found.network).train()
    ours.load_state_dict(dict(found.weights() or {}))
    with torch.no_grad():
        answers, theirs = ours(example), model.train()(example)
    assert distance(answers["out"], theirs.logits) < 1e-5 and distance(answers["aside"], theirs.aside) < 1e-5


def test_the_size_that_a_head_of_training_needs_is_told() -> None:
    found = gb.from_torch(Watched(), torch.randn(2, 3, 8, 8))
    told = "`beside` (Classifier), which needs larger images: --input 3,9,9"
    assert found.told["left out"].endswith(told) and "aside" not in found.text
    assert told in found.text.splitlines()[1] and "size    = 8" in found.text


class DropBlock(nn.Module):
    """Drops neighbouring places in training, which nothing here does."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.drop_prob = rate

    def forward(self, x: Tensor) -> Tensor:
        return x * (functional.max_pool2d(torch.rand_like(x), 3, 1, 1) > self.drop_prob) if self.training else x


@pytest.mark.parametrize(("rate", "told"), [(0.1, ", without what it does in training alone: DropBlock\n"), (0.0, "")])
def test_what_is_dropped_in_training_in_another_way_is_told(rate: float, told: str) -> None:
    found = gb.from_torch(nn.Sequential(nn.Conv2d(3, 4, 3), DropBlock(rate)), torch.randn(2, 3, 8, 8))
    assert ("without" in found.text) == bool(told) and told in found.text


def test_attention_drops_weights_as_it_did() -> None:
    model = nn.TransformerEncoderLayer(12, 3, 16, dropout=0.3, batch_first=True)
    found = gb.from_torch(model, torch.randn(2, 9, 12), layout="channels_last")
    assert '{ op = "attention", heads = 3, dropout = 0.3 }' in found.text, found.text


def test_each_input_is_laid_out_as_it_is_said() -> None:
    example = torch.randn(2, 8, 8, 3), torch.randn(2, 3)
    found = gb.from_torch(Behind(), example, layout=["channels_last", "channels_first"])
    assert found.difference is not None and found.difference < 1e-5
    assert 'shape = [8, 8, 3], layout = "channels_last" }' in found.text and "gate  = [3]" in found.text


def test_a_refusal_asks_for_the_layout_that_was_not_said() -> None:
    with pytest.raises(CompileError) as caught:
        gb.from_torch(Placed(), torch.randn(2, 9, 12))
    assert "--layout channels_last" in str(caught.value.diagnostics[-1].help)


def test_a_table_of_one_output_stays_one() -> None:
    model, example = Behind().eval(), (torch.randn(2, 8, 8, 3), torch.randn(2, 3))
    found = gb.from_torch(model, example, layout=["channels_last", "channels_first"])
    assert 'logits = { from = "head", by_name = true }' in found.text
    ours = gb.compile(found.network, weights=None)
    ours.load_state_dict(dict(found.weights() or {}))
    answer: Any = ours.eval()(*example)
    assert {*answer} == {"logits"}
    assert torch.allclose(answer["logits"], model(*example)["logits"], atol=1e-5)
    again = check_text(gb.expand(found.network), "again.toml").network
    assert again is not None and {*gb.compile(again).eval()(*example)} == {"logits"}


@pytest.mark.parametrize(
    ("layout", "told"),
    [
        ("NHWC", "'NHWC' is no layout"),
        (["channels_last"] * 2, "2 layouts for 1 input"),
        ("channels_last", "an input of 3 has no places besides its channels"),
    ],
)
def test_a_layout_that_does_not_fit_is_told(layout: str | list[str], told: str) -> None:
    with pytest.raises(CompileError) as caught:
        gb.from_torch(nn.Linear(3, 4), torch.randn(2, 3), layout=layout)
    (found,) = caught.value.diagnostics
    assert (found.code, found.message) == ("GB806", told)


def test_the_command_takes_layouts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path])
    target, spec = f"{__name__}:mixing", tmp_path / "mixing.toml"
    assert run(["import", target, "--input", "9,12", "--layout", "channels_last", "-o", str(spec)]) == 0
    assert 'layout = "channels_last"' in spec.read_text(encoding="utf-8")
    capsys.readouterr()
    assert run(["import", str(spec), "--layout", "channels_last"]) == 2
    assert "GB806" in capsys.readouterr().err


def test_parametrised_weights_are_plain_ones() -> None:
    model = nn.Sequential(weight_norm(nn.Conv2d(3, 4, 3)), nn.Flatten(), spectral_norm(nn.Linear(144, 5)))
    example = torch.randn(2, 3, 8, 8)
    model(example)
    before = [*model.state_dict()]
    found = gb.from_torch(model, example)
    assert "parametrised" in found.text.splitlines()[1]
    ours = gb.compile(found.network).eval()
    ours.load_state_dict(dict(found.weights() or {}))
    assert [*model.state_dict()] == before and model.training
    with torch.no_grad():
        assert distance(ours(example), model.eval()(example)) < 1e-5


class Fresh(nn.Module):
    """A head that starts at zero, behind what no shape tells: channels that are turned round."""

    def __init__(self) -> None:
        super().__init__()
        self.body, self.head = nn.Linear(4, 4), nn.Linear(4, 3)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.body(x).flip(1))


def test_what_starts_at_zero_is_compared_with_other_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    model = Fresh()
    found = gb.from_torch(model, torch.randn(2, 4))
    assert found.difference is not None and found.difference < 1e-5 and not model.head.weight.any()
    assert not (found.weights() or {})["head.weight"].any()
    monkeypatch.setitem(vars(calls)["_MAKERS"], "flip", lambda given, tensors, node: None)
    with pytest.raises(CompileError, match="GB805"):
        gb.from_torch(model, torch.randn(2, 4))


class Twice(nn.Conv2d):
    """A layer that runs itself again."""

    def forward(self, input: Tensor) -> Tensor:
        return super().forward(functional.relu(super().forward(input)))


class Bare(nn.Module):
    """Learnt values of its own, without a layer around them."""

    def __init__(self) -> None:
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.randn(5, 3, 1, 1)), nn.Parameter(torch.randn(5))
        self.norm, self.factor = nn.BatchNorm2d(5), nn.Parameter(torch.randn(5, 1, 1))

    def forward(self, image: Tensor) -> Tensor:
        return self.norm(functional.conv2d(image, self.weight, self.bias)) * self.factor


LAYERS = {
    "conv": nn.Conv2d(3, 4, 3),
    "relu": nn.ReLU(),
    "batchnorm": nn.BatchNorm2d(3),
    "prelu": nn.PReLU(3),
    "groupnorm": nn.GroupNorm(1, 3),
    "again": Twice(3, 3, 3),
    "bare": Bare(),
}


@pytest.mark.parametrize("name", LAYERS)
def test_a_bare_layer_is_a_network(name: str, tmp_path: Path) -> None:
    model, example = LAYERS[name].eval(), torch.randn(2, 3, 8, 8)
    found = gb.from_torch(model, example)
    found.save(tmp_path / "spec.toml")
    torch.save(model.state_dict(), tmp_path / "w.pth")
    weights = tmp_path / "w.pth" if model.state_dict() else None
    ours = gb.compile(tmp_path / "spec.toml", weights=weights).eval()
    assert torch.equal(ours(example), model(example))
    assert "ignore" not in (found.mapping or "")
