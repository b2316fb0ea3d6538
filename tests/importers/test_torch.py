"""Torch modules imported: the same answers with the same weights, and the structure that they have."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import graphbuilder as gb
from graphbuilder.cli.entry import run
from graphbuilder.diagnostics import CompileError
from graphbuilder.files import write_whole
from graphbuilder.weights.save import to_bytes
from tests.importers.smaller import SMALLER
from tests.peers.parity import distance, outputs
from tests.peers.reference import import_torchvision

# What torch.export does inside is torch's own affair.
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]

# By name: the size of the images, the most lines, the repeats.
MODELS = {
    "resnet50": (64, 50, 4),
    "resnext50_32x4d": (64, 50, 4),
    "mobilenet_v2": (64, 65, 5),
    "densenet121": (64, 65, 1),
    "vgg16": (64, 50, 5),
    "shufflenet_v2_x0_5": (64, 75, 3),
    "inception_v3": (96, 140, 4),
    "swin_v2_t": (32, 65, 2),
    "fcn_resnet50": (33, 63, 4),
    "deeplabv3_mobilenet_v3_large": (33, 178, 3),
    "lraspp_mobilenet_v3_large": (33, 154, 3),
}


# Those that have a backbone, whose weights are not to be fetched.
SEGMENTING = ("fcn_resnet50", "deeplabv3_mobilenet_v3_large", "lraspp_mobilenet_v3_large")


def randomised(model: nn.Module) -> nn.Module:
    """The model with statistics that a network has after training."""
    generator = torch.Generator().manual_seed(0)
    for name, buffer in model.named_buffers():
        if name.endswith("running_mean"):
            buffer.copy_(torch.randn(buffer.shape, generator=generator) * 0.1)
        if name.endswith("running_var"):
            buffer.copy_(torch.rand(buffer.shape, generator=generator) + 0.5)
    return model


def torchvision_model(name: str) -> nn.Module:
    if name in SMALLER:
        return randomised(SMALLER[name]())
    more: dict[str, Any] = {"init_weights": False} if name == "inception_v3" else {}
    more |= {"weights_backbone": None} if name in SEGMENTING else {}
    return randomised(import_torchvision().models.get_model(name, weights=None, num_classes=10, **more))


@pytest.mark.peers
@pytest.mark.parametrize("name", MODELS)
def test_a_model_comes_back(name: str, tmp_path: Path) -> None:
    size, lines, repeats = MODELS[name]
    model = torchvision_model(name)
    example = torch.randn(2, 3, size, size, generator=torch.Generator().manual_seed(1))
    found = gb.from_torch(model, example, name=name)
    assert model.training, "it is left as it was"
    assert found.difference is not None and found.difference < 1e-4
    assert len(found.text.splitlines()) <= lines
    assert found.repeats == repeats
    file, spec = tmp_path / "model.safetensors", tmp_path / f"{name}.toml"
    found.save(spec)
    write_whole(file, to_bytes(model.state_dict()))
    with torch.inference_mode():
        ours = outputs(gb.compile(gb.load(spec, strict=True), weights=file).eval()(example))
        (theirs,) = outputs(model.eval()(example))
        assert len(ours) == 1 and distance(ours[0], theirs) < 1e-4
    assert "=classes" in found.text


class Residual(nn.Module):
    """A block with a way around it, and a norm of one's own in front."""

    def __init__(self, channels: int, stride: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels * stride, 3, stride=stride, padding=1)
        self.norm = nn.GroupNorm(2, channels * stride)
        self.around = nn.Conv2d(channels, channels * stride, 1, stride=stride) if stride > 1 else nn.Identity()
        self.gain = nn.Parameter(torch.full((channels * stride, 1, 1), 0.5))

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.silu(self.gain * self.norm(self.conv(x)) + self.around(x))


class Odd(nn.Module):
    """What has no pattern: parts of a split read again, two outputs, an input enlarged to another's size."""

    def __init__(self) -> None:
        super().__init__()
        self.stages = nn.Sequential(Residual(8), Residual(8), Residual(8))
        self.down = Residual(8, 2)
        self.head = nn.Linear(16, 3)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        left, right = self.stages(x).chunk(2, dim=1)
        x = torch.cat([right, left], dim=1) * torch.sigmoid(x)
        deep = self.down(x)
        up = nn.functional.interpolate(deep, scale_factor=2)
        return self.head(deep.mean(dim=(2, 3))), nn.functional.max_pool2d(up, 2)


class Attending(nn.Module):
    """A small vision transformer: tokens, one more of them, places, and torch's own attention."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, 24, 4, 4)
        self.token = nn.Parameter(torch.randn(1, 1, 24))
        self.places = nn.Parameter(torch.randn(1, 17, 24))
        self.layers = nn.Sequential(*[Layer(24) for _ in range(4)])
        self.head = nn.Linear(24, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = self.patches(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(len(x), -1, -1), x], dim=1) + self.places
        return self.head(self.layers(x)[:, 0])


class Layer(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.before = nn.LayerNorm(width)
        self.attention = nn.MultiheadAttention(width, 3, batch_first=True)
        self.behind = nn.LayerNorm(width)
        self.wide = nn.Linear(width, 4 * width)
        self.narrow = nn.Linear(4 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        y = self.before(x)
        x = x + self.attention(y, y, y, need_weights=False)[0]
        return x + self.narrow(nn.functional.gelu(self.wide(self.behind(x))))


class StochasticDepth(nn.Module):
    """Nothing in evaluation, as the classes of that name in libraries are."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.p = rate

    def forward(self, x: Tensor) -> Tensor:
        return x * (torch.rand(len(x), 1, 1) > self.p) / (1 - self.p) if self.training else x


class Spelt(nn.Module):
    """Attention as it is written out: parts of one layer, the batch moved away, scores; and depth that is dropped."""

    def __init__(self, width: int, rate: float, fused: bool = True) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)
        self.drop_path = StochasticDepth(rate) if rate else nn.Identity()
        self.fused = fused

    def forward(self, x: Tensor) -> Tensor:
        batch, places, width = x.shape
        heads = self.qkv(self.norm(x)).reshape(batch, places, 3, 4, width // 4).permute(2, 0, 3, 1, 4)
        query, key, value = heads.unbind(0) if self.fused else (heads[0], heads[1], heads[2])
        if self.fused:
            y = nn.functional.scaled_dot_product_attention(query, key, value)
        else:
            y = ((query * (width // 4) ** -0.5) @ key.transpose(-2, -1)).softmax(dim=-1) @ value
        return x + self.drop_path(self.proj(y.transpose(1, 2).reshape(batch, places, width)))


class Deep(nn.Module):
    def __init__(self, fused: bool) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, 32, 4, 4)
        self.blocks = nn.Sequential(*[Spelt(32, 0.1 * number / 3, fused) for number in range(4)])
        self.head = nn.Linear(32, 5)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.blocks(self.patches(x).flatten(2).transpose(1, 2)).mean(1))


class Sorting(nn.Module):
    """Something that no network of ours does."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.sort(x, dim=1).values.cumsum(1)


def sorting() -> nn.Module:
    return Sorting()


def broken() -> nn.Module:
    raise OSError("no such checkpoint")


def test_what_has_no_pattern_comes_back() -> None:
    found = gb.from_torch(Odd(), torch.randn(2, 8, 8, 8))
    assert found.difference is not None and found.difference < 1e-5
    assert 'stages = [\n  { use = "residual_b", repeat = 3 }' in found.text


def test_attention_is_one_op() -> None:
    found = gb.from_torch(Attending(), torch.randn(2, 3, 16, 16))
    assert found.difference is not None and found.difference < 1e-5
    assert '{ op = "attention", heads = 3 }' in found.text
    assert 'id = "layers", use = "layer", repeat = "=depth"' in found.text


@pytest.mark.parametrize("fused", [True, False])
def test_attention_that_is_spelt_out_is_one_op_and_depth_is_dropped(fused: bool) -> None:
    found = gb.from_torch(Deep(fused), torch.randn(2, 3, 16, 16))
    assert found.difference is not None and found.difference < 1e-5
    assert '{ op = "attention", heads = 4 }' in found.text
    assert 'repeat = "=depth", rate = "=drop * i / max(depth - 1, 1)"' in found.text and "drop    = 0.1" in found.text


class Around(nn.Module):
    """A block with a way around it, by an argument of its own."""

    def __init__(self, around: bool) -> None:
        super().__init__()
        self.conv, self.norm, self.around = nn.Conv2d(8, 8, 3, padding=1), nn.BatchNorm2d(8), around

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm(self.conv(x))
        return x + y if self.around else y


def test_a_way_around_that_some_copies_have_is_an_argument() -> None:
    model = nn.Sequential(Around(True), nn.ReLU(), Around(False), nn.ReLU(), Around(True))
    found = gb.from_torch(model, torch.randn(2, 8, 8, 8))
    assert found.difference is not None and found.difference < 1e-5
    assert 'use = "around", residual = false' in found.text and 'shortcut_when = "=residual"' in found.text


class Auxiliary(nn.Module):
    """A second head, which is there in training alone."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU())
        self.deep = nn.Sequential(nn.Conv2d(8, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU())
        self.aside, self.head = nn.Conv2d(8, 4, 1), nn.Conv2d(8, 4, 1)

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        x = self.stem(x)
        y = self.head(self.deep(x))
        return (y, self.aside(x)) if self.training else y


def test_what_is_given_in_training_alone_is_an_output_of_training() -> None:
    model, example = Auxiliary(), torch.randn(2, 3, 8, 8)
    found = gb.from_torch(model, example)
    assert 'aux_1 = { from = "aside", training = true }' in found.text
    ours = gb.compile(found.network)
    ours.load_state_dict(dict(found.weights() or {}))
    with torch.no_grad():
        pairs = zip(outputs(ours.train()(example)), outputs(model.train()(example)), strict=True)
        assert all(distance(one, other) < 1e-5 for one, other in pairs)


class Asides(Auxiliary):
    """A second head that no spec can say: it is left out."""

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        x = self.stem(x)
        y = self.head(self.deep(x))
        return (y, self.aside(x).sort().values) if self.training else y


def test_a_head_of_training_that_is_left_out_is_told() -> None:
    found = gb.from_torch(Asides(), torch.randn(2, 3, 8, 8))
    assert found.told["left out"] == "without what it does in training alone: `aside` (Conv2d)"
    assert found.told["left out"] in found.text.partition("\nformat")[0]


class Tables(nn.Module):
    """Two inputs, and outputs in tables, one of them twice, one an input, one none."""

    def __init__(self) -> None:
        super().__init__()
        self.classes, self.boxes = nn.Linear(6, 3), nn.Linear(6, 4)

    def forward(self, left: Tensor, right: Tensor) -> dict[str, Any]:
        classes, boxes = self.classes(left * right), self.boxes(left)
        found = {"cls": classes, "box": boxes, "deep": [boxes, {"x.y": boxes}], "class": left, "none": None}
        return {**found, "aside": classes * 2} if self.training else found


def test_outputs_are_called_by_the_keys_of_their_table() -> None:
    found = gb.from_torch(Tables(), (torch.randn(2, 6), torch.randn(2, 6)))
    names = [name for name, _ in found.network.typed.graph.outputs]
    assert names[:4] == ["cls", "box", "deep_0", "deep_1_x_y"] and len(names) == 5


def test_an_input_without_an_example_is_told() -> None:
    with pytest.raises(CompileError) as caught:
        gb.from_torch(Tables(), torch.randn(2, 6))
    (found,) = caught.value.diagnostics
    assert (
        found.help and "from_torch(model, left, right)" in found.help and "cannot be traced with 6: " in found.message
    )


class Constants(nn.Module):
    """What is added and multiplied, and means over this and that."""

    def __init__(self) -> None:
        super().__init__()
        self.slope, self.start = nn.Parameter(torch.tensor(1.5)), nn.Parameter(torch.tensor(0.5))

    def forward(self, x: Tensor) -> Tensor:
        x = self.slope * (2 * x - 1 + 0) + self.start
        y = x.square() / x.norm(dim=(2, 3), keepdim=True) + x.mean(1, keepdim=True) * x
        return torch.cat([y.amax((2, 3)), y.sum((2, 3)), -y.mean((2, 3))], dim=1)


def test_constants_and_reductions_come_back() -> None:
    found = gb.from_torch(Constants(), torch.randn(2, 4, 6, 6))
    assert found.difference is not None and found.difference < 1e-5


def test_weights_are_written_by_the_names_of_the_spec(tmp_path: Path) -> None:
    found = gb.from_torch(residual(), torch.randn(2, 8, 4, 4))
    spec, weights = tmp_path / "net.toml", tmp_path / "net.safetensors"
    assert {file.name for file in found.save(spec, weights)} >= {"net.toml", "net.safetensors"}
    assert set(gb.compile(spec, weights=weights).state_dict()) == set(found.weights() or ())


def test_what_cannot_be_said_is_listed() -> None:
    with pytest.raises(CompileError) as caught:
        gb.from_torch(Sorting(), torch.randn(2, 4))
    messages = [each.message for each in caught.value.diagnostics]
    assert [each.code for each in caught.value.diagnostics] == ["GB801", "GB801"]
    assert "aten.sort" in messages[0] and "aten.cumsum" in messages[1]
    assert f"{Path(__file__).name}:" in messages[0]


@pytest.mark.parametrize(
    ("target", "code"),
    [
        (f"{__name__}:sorting", "GB801"),
        (f"{__name__}:broken", "GB803"),
        (f"{__name__}:Path", "GB803"),
        (f"{__name__}:nothing", "GB803"),
        ("no_such_module:model", "GB803"),
    ],
)
def test_the_command_tells_what_failed(
    target: str, code: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path])
    spec = tmp_path / "model.toml"
    assert run(["import", target, "--input", "4", "-o", str(spec)]) == 2
    assert code in capsys.readouterr().err
    assert not spec.exists()


def residual() -> nn.Module:
    return nn.Sequential(*[Residual(8) for _ in range(3)], nn.Flatten(), nn.Linear(8 * 16, 10))


def test_the_command_writes_the_spec_and_its_names(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec = tmp_path / "net.toml"
    assert run(["import", f"{__name__}:residual", "--input", "8,4,4", "-o", str(spec)]) == 0
    told = capsys.readouterr().out
    assert "answers" in told and str(spec) in told
    assert "with 1 block and 1 repeat\n" in told
    state: dict[str, Any] = residual().state_dict()
    torch.save(state, tmp_path / "net.pth")
    assert run(["weights", str(spec), str(tmp_path / "net.pth")]) == 0
