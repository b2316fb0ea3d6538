"""Pieces of networks, written in the language, beside timm's and torchvision's, with the same random weights.

Weights go over by their order, which is the order of the steps; shapes differ at most by axes of size 1.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

import graphbuilder as gb
from tests.peers.pieces import PIECES, PLACES, TURNED, WINDOW, Piece
from tests.peers.reference import import_timm, import_torchvision

LAST = '{ op = "channelslast" }'


def network(piece: Piece, folder: Path) -> gb.Network:
    """Ours: maps come channels first, and are turned where theirs reads channels last."""
    name = "tokens" if len(piece.input) == 2 else "image"
    (sizes, turned) = (piece.input, "")
    if piece.input in TURNED:
        sizes, turned = (piece.input[-1], *piece.input[:-1]), LAST
    body = piece.text.replace("body = [", f"body = [{turned and turned + ', '}", 1)
    if turned:
        body = body.replace('"tokens"', '"channelslast"').replace('from = "image"', 'from = "channelslast"')
    path = folder / "piece.toml"
    path.write_text(f'format = 1\nname = "piece"\n[inputs]\n{name} = {list(sizes)}\n[model]\n{body}')
    return gb.load(path)


def theirs(piece: Piece) -> nn.Module:
    """The piece, with random weights and statistics."""
    import_timm() if piece.theirs.startswith("timm") else import_torchvision()
    module, name = piece.theirs.split(":")
    made = getattr(import_module(module), name)(**piece.args)
    generator = torch.Generator().manual_seed(0)
    for key, tensor in made.state_dict().items():
        if tensor.is_floating_point() and "coords" not in key:
            low = 0.5 if "var" in key else -0.5
            tensor.copy_(torch.rand(tensor.shape, generator=generator) + low)
    return made


def ordered(state: dict[str, Tensor], order: tuple[str, ...]) -> list[Tensor]:
    """The floating tensors in the order of the prefixes."""
    named = {name: tensor for name, tensor in state.items() if tensor.is_floating_point()}
    if not order:
        return list(named.values())
    return [tensor for prefix in order for name, tensor in named.items() if name.startswith(prefix)]


@pytest.mark.parametrize("name", PIECES)
def test_a_piece_answers_and_learns_as_theirs(name: str, tmp_path: Path) -> None:
    piece = PIECES[name]
    ours, reference = gb.compile(network(piece, tmp_path)), theirs(piece).double()
    floating = [key for key, tensor in ours.state_dict().items() if tensor.is_floating_point()]
    values = ordered(reference.state_dict(), piece.order)
    assert len(floating) == len(values)
    shapes = {key: tensor.shape for key, tensor in ours.state_dict().items()}
    ours.load_state_dict(
        {key: value.reshape(shapes[key]) for key, value in zip(floating, values, strict=True)}, strict=False
    )
    ours.double()
    x = torch.randn(2, *piece.input, generator=torch.Generator().manual_seed(1), dtype=torch.double)
    turned = x.movedim(-1, 1) if piece.input in TURNED else x
    for mode in (False, True):
        mine, wanted = turned.clone().requires_grad_(), x.clone().requires_grad_()
        found, expected = ours.train(mode)(mine), reference.train(mode)(wanted)
        torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-7)
        found.square().sum().backward()
        expected.square().sum().backward()
        assert mine.grad is not None and wanted.grad is not None
        gradient = mine.grad.movedim(1, -1) if piece.input in TURNED else mine.grad
        torch.testing.assert_close(gradient, wanted.grad, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kind", ["window", "grid"])
def test_a_maxvit_partition_answers_as_torchvisions(kind: str, tmp_path: Path) -> None:
    import_torchvision()
    from torchvision.models.maxvit import PartitionAttentionLayer

    torch.manual_seed(0)
    reference = PartitionAttentionLayer(12, 4, 4, kind, (8, 8), 2, nn.GELU, nn.LayerNorm, 0.0, 0.0, 0.0).double()
    grid = ", grid = true" if kind == "grid" else ""
    text = f"""
body = [
  {{ op = "layernorm" }},
  {{ {WINDOW}{grid}, scale = 0.28867513459481287 }},
  {{ op = "add", from = ["image", "windowattention"] }},
  {{ op = "layernorm" }},
  {{ op = "linear", out = 24 }},
  {{ op = "gelu" }},
  {{ op = "linear", out = 12 }},
  {{ op = "add", from = ["add", "linear_2"] }},
]
""".replace('"image"', '"channelslast"')
    ours = gb.compile(network(Piece("", {}, PLACES, text), tmp_path))
    layer = "attn_layer"
    names = (f"{layer}.0.", f"{layer}.1.relative_position_bias_table", f"{layer}.1.to_qkv", f"{layer}.1.merge", "mlp")
    values = ordered(dict(reference.state_dict()), names)
    ours.load_state_dict(dict(zip(ours.state_dict(), values, strict=True)))
    x = torch.randn(2, 12, 8, 8, dtype=torch.double)
    torch.testing.assert_close(ours.double()(x).movedim(-1, 1), reference(x), rtol=1e-6, atol=1e-8)
