"""Every spec that is shipped: its file is its module, its expansion is it again, and torch traces it whole."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import graphbuilder as gb
from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.backends.python import root_name, write
from graphbuilder.backends.toml import expand
from graphbuilder.backends.torch import build
from tests.ops.interpret import Interpreter, batch

SPECS = Path(__file__).parents[3] / "specs"
NAMES = sorted(
    str(path.relative_to(SPECS).with_suffix("")) for path in SPECS.rglob("*.toml") if "weights" not in path.parts
)
# One network of a family is traced, with one of each kind of block; tracing takes a second for thirty operations.
TRACED = (
    *(name for name in NAMES if name.startswith("modules/")),
    *("alexnet", "convnext_tiny", "deeplabv3plus_xception", "densenet121", "efficientnet_b0", "lenet5", "mobilenet_v2"),
    *("resnet50", "swin_t", "unet", "vit_b_16", "xception"),
)
SIZES = (32, 64, 96, 128)
# Copies of a block are traced one by one, and a second one shows all that a tenth would; so do stages.
FEW = {"middle": 2, "depth": 2, "cardinality": 4}
# One whose number of stages is given, by rows of a table.
ROWS = {"efficientnet_b0": {"depths": [2, 1, 1, 1, 1, 1, 1]}}


@cache
def small(name: str, *, shallow: bool = False) -> TypedGraph:
    """A shipped network of few classes on the smallest images that it takes, perhaps with few copies of its blocks."""
    path = SPECS / f"{name}.toml"
    params = gb.load(path).params
    few: dict[str, Any] = FEW if shallow else {}
    if shallow and "depths" in params:
        few = {**few, **ROWS.get(name, {"depths": [2, 2], "widths": params.get("widths", [])[:2]})}
    chosen = {each: value for each, value in {"classes": 10, **few}.items() if each in params}
    sizes = [{"size": size} for size in (*SIZES, params["size"])] if "size" in params else [{}]
    found = (gb.check(path, {**chosen, **size}).network for size in sizes)
    return next(network.typed for network in found if network is not None)


def filled(module: nn.Module) -> dict[str, Tensor]:
    """Tensors for ``module``, which was made on the meta device: noise that is quickly made, small enough for values
    to stay finite; what has one axis is positive, since variances are."""
    noise = torch.rand(9973, generator=torch.Generator().manual_seed(0))
    return {name: _like(tensor, noise) for name, tensor in module.state_dict().items()}


def _like(tensor: Tensor, noise: Tensor) -> Tensor:
    if not tensor.is_floating_point():
        return torch.zeros(tensor.shape, dtype=tensor.dtype)
    if tensor.ndim > 1:
        noise = (noise - 0.5) * (12 / tensor[0].numel()) ** 0.5
    return noise.repeat(tensor.numel() // len(noise) + 1)[: tensor.numel()].view(tensor.shape)


def with_weights(module: nn.Module, state: dict[str, Tensor]) -> Any:
    """``module``, made on the meta device, with tensors that it shares."""
    module.load_state_dict(state, assign=True)
    return module.eval()


def tensors(given: Any) -> list[Tensor]:
    return list(given.values()) if isinstance(given, dict) else [given]


@pytest.mark.parametrize("name", NAMES)
@torch.no_grad()
def test_all_that_is_made_of_a_spec_gives_the_same(name: str) -> None:
    typed = small(name)
    module = build(typed, device="meta")
    state = filled(module)
    inputs = batch(typed.inputs, 1)
    wanted = tensors(with_weights(module, state)(*inputs))
    assert all(given.isfinite().all() and given.std() > 0 for given in wanted)

    names: dict[str, Any] = {}
    source = write(typed)
    exec(source, names)  # noqa: S102  (our own)
    text = expand(typed)
    again = gb.check_text(text).network
    assert again is not None
    assert expand(again.typed) == text
    with torch.device("meta"):
        standalone, interpreter = names[root_name(typed)](), Interpreter(typed)
    for other in (standalone, interpreter, build(again.typed, device="meta")):
        given = tensors(with_weights(other, state)(*inputs))
        assert all(torch.equal(one, two) for one, two in zip(given, wanted, strict=True)), type(other)


@pytest.mark.parametrize("name", TRACED)
def test_torch_traces_it_whole(name: str) -> None:
    typed = small(name, shallow=True)
    module = build(typed, device="meta").eval()
    inputs = tuple(each.to("meta") for each in batch(typed.inputs, 2))
    torch.compiler.reset()
    program = torch.export.export(module, inputs, strict=True)  # which demands a full graph of torch.compile
    assert len(program.graph_signature.user_outputs) == len(tensors(module(*inputs)))
