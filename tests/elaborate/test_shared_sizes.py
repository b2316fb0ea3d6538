"""One set of weights on maps of several sizes: a head over the levels of a pyramid, and what cannot be run so."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

import graphbuilder as gb
from graphbuilder.analysis.costs import costs
from graphbuilder.backends.toml import expand
from graphbuilder.compiler import check_text
from tests.elaborate.cases import HEAD

PYRAMID = """\
format = 1
name = "pyramid"
[inputs]
x = [3, 37, 50]
[model]
body = [
  { id = "a", op = "conv", out = 8, kernel = 3, stride = 2, padding = "half" },
  { id = "b", op = "conv", out = 8, kernel = 3, stride = 2, padding = "half" },
  { id = "head", use = "head", from = "a" },
  { id = "again", share = "head", from = "b" },
]
[outputs]
large = "head"
small = "again"
[blocks.head]
body = [
  { op = "conv", out = "=in_channels", kernel = 3, padding = "half" },
  { op = "batchnorm" },
  { op = "relu" },
  { id = "boxes", op = "conv", out = 4, kernel = 3, padding = "same" },
]
"""


class Pyramid(nn.Module):
    """The same, as a person writes it."""

    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Conv2d(3, 8, 3, stride=2, padding=1)
        self.b = nn.Conv2d(8, 8, 3, stride=2, padding=1)
        self.head = nn.Sequential(
            nn.Conv2d(8, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 4, 3, padding=1)
        )

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        a = self.a(x)
        return {"large": self.head(a), "small": self.head(self.b(a))}


def pyramid() -> gb.Network:
    checked = check_text(PYRAMID, "pyramid.toml")
    assert checked.diagnostics == () and checked.network is not None
    return checked.network


def losses(model: nn.Module, x: Tensor) -> tuple[dict[str, Tensor], list[Tensor]]:
    """What the model gives, and the gradients of its weights."""
    given = model(x)
    torch.stack([each.square().mean() for each in given.values()]).sum().backward()
    return given, [each.grad for each in model.parameters() if each.grad is not None]


def test_it_is_the_module_that_a_person_writes() -> None:
    ours, theirs = gb.compile(pyramid()).double(), Pyramid().double()
    assert len(ours.state_dict()) == len(theirs.state_dict())
    theirs.load_state_dict(dict(zip(theirs.state_dict(), ours.state_dict().values(), strict=True)))
    x = torch.linspace(-1, 1, 2 * 3 * 37 * 50).double().sin().reshape(2, 3, 37, 50)
    (given, gradients), (wanted, theirs_too) = losses(ours, x), losses(theirs, x)
    assert {name: each.shape for name, each in given.items()} == {name: each.shape for name, each in wanted.items()}
    assert all(torch.allclose(given[name], wanted[name], rtol=1e-12) for name in wanted)
    assert len(gradients) == len(theirs_too) == 10
    assert all(torch.allclose(one, other, rtol=1e-9) for one, other in zip(gradients, theirs_too, strict=True))
    assert all(torch.equal(one, other) for one, other in zip(ours.buffers(), theirs.buffers(), strict=True))


@pytest.mark.parametrize("pipeline", ["inference", "training"])
def test_the_passes_keep_it(pipeline: str) -> None:
    plain, x = gb.compile(pyramid()).eval(), torch.randn(1, 3, 37, 50)
    optimised = gb.compile(pyramid(), optimize=pipeline).eval()
    optimised.load_state_dict(plain.state_dict())
    for one, other in zip(plain(x).values(), optimised(x).values(), strict=True):
        assert torch.allclose(one, other, atol=1e-6)


def test_weights_count_once_and_each_call_by_its_size() -> None:
    found = costs(pyramid().typed)
    stems, head = 3 * 8 * 9 + 8 + 8 * 8 * 9 + 8, 8 * 8 * 9 + 8 + 2 * 8 + 8 * 4 * 9 + 4
    large, small = 19 * 25, 10 * 13
    assert found.trainable == stems + head and found.executed == stems + 2 * head
    assert found.macs == large * 3 * 8 * 9 + small * 8 * 8 * 9 + (large + small) * (8 * 8 + 8 * 4) * 9


def test_it_expands_to_itself_and_is_drawn() -> None:
    text = expand(pyramid().typed)
    assert 'share = "head"' in text and text.count("[blocks.") == 1
    again = check_text(text, "expanded.toml").network
    assert again is not None and expand(again.typed) == text
    drawn = gb.render(pyramid(), format="svg").decode()
    assert "weights of head" in drawn and "19×25×8" in drawn and "10×13×8" in drawn


HALVE = '{ id = "halve", op = "maxpool", kernel = 2 }'
# Steps, blocks, the steps of which would be another, and what is said of it.
REFUSED = [
    ('{ id = "t", op = "conv", out = 8, stride = 2, padding = "same" }', "", "`t` would be built with other numbers"),
    ('{ id = "t", use = "b" }', 'body = [{ op = "flatten" }, { op = "linear", out = 2048 }, '
     '{ op = "reshape", shape = [8, 16, 16] }]', "the weights of `t.linear` would have other shapes"),
    ('{ id = "t", use = "b" }', 'body = [{ id = "d", op = "maxpool", kernel = 2 }, '
     '{ op = "resize", from = { x = "d", like = "in" } }]', "`t.resize` would be built with other numbers"),
    ('{ id = "t", use = "b" }', 'let = { size = "=in_shape[1]" }\nbody = [{ op = "pad", sides = "=size // 16" }]',
     "`t` is computed from `in_shape`"),
    ('{ id = "t", op = "pad", sides = "=from_shape[1] // 16" }', "", "`t` is computed from `from_shape`"),
    ('{ id = "t", use = "b" }', 'body = [{ op = "avgpool", kernel = 9, stride = 1 }]',
     "a step in `t` cannot: a window of 9×9 does not fit into 4×4"),
    ('{ id = "t", op = "conv", out = 4 }', "", "the weights of `t` would have other shapes"),
]  # fmt: skip


@pytest.mark.parametrize(("step", "block", "why"), REFUSED)
def test_what_follows_the_size_is_refused(step: str, block: str, why: str) -> None:
    halve = '{ op = "maxpool", kernel = 4, stride = 1 }' if "same" in step else HALVE
    blocks = f"[blocks.b]\n{block}\n" if block else ""
    found = check_text(f'{HEAD}[model]\nbody = [{step}, {halve}, {{ share = "t" }}]\n{blocks}', "case.toml")
    assert [each.code for each in found.diagnostics if each.severity == "error"] == ["GB317"]
    assert found.diagnostics[0].message.endswith(why)


@pytest.mark.parametrize(("padding", "words"), [('"half"', ""), ('"same"', "`conv` would be built with other numbers")])
def test_copies_with_one_set_of_weights_may_shrink(padding: str, words: str) -> None:
    step = f'{{ op = "conv", out = 8, kernel = 3, stride = 2, padding = {padding}, repeat = 5, share = true }}'
    found = check_text(f"{HEAD}[model]\nbody = [{step}]\n", "case.toml")
    assert [each.message.partition(", and ")[2] for each in found.diagnostics] == ([words] if words else [])
    if found.network is not None:
        assert list(gb.compile(found.network).state_dict()) == ["conv.0.weight", "conv.0.bias"]


def test_copies_side_by_side_with_one_set_of_weights_are_equal() -> None:
    step = '{ op = "conv", out = 8, dilation = "=i + 1", repeat = 2, merge = "add", share = true }'
    (found,) = check_text(f"{HEAD}[model]\nbody = [{step}]\n", "case.toml").diagnostics
    assert (found.code, found.message) == ("GB317", "copies that share their weights must be equal: the same arguments")


def test_a_broken_head_is_drawn_and_told_once() -> None:
    broken = check_text(PYRAMID.replace('op = "relu"', 'op = "relv"'), "pyramid.toml")
    assert [each.code for each in broken.diagnostics] == ["GB303"]
    assert gb.render(broken, format="svg")
