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
SIZES = (32, 64, 96, 128)
# Copies of a block are traced one by one, and a second one shows all that a tenth would.
FEW = {"middle": 2, "depth": 2, "cardinality": 4}


@cache
def small(name: str, *, shallow: bool = False) -> TypedGraph:
    """A shipped network of few classes on the smallest images that it takes, perhaps with few copies of its blocks."""
    path = SPECS / f"{name}.toml"
    params = gb.load(path).params
    chosen: dict[str, Any] = {"classes": 10, **(FEW if shallow else {})}
    if shallow and "depths" in params:
        chosen["depths"] = [min(depth, 2) for depth in params["depths"]]
    chosen = {each: value for each, value in chosen.items() if each in params}
    sizes = [{"size": size} for size in (*SIZES, params["size"])] if "size" in params else [{}]
    found = (gb.check(path, {**chosen, **size}).network for size in sizes)
    return next(network.typed for network in found if network is not None)


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
    module = build(typed).eval()
    state = module.state_dict()
    inputs = batch(typed.inputs, 1)
    wanted = tensors(module(*inputs))

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


@pytest.mark.parametrize("name", NAMES)
def test_torch_traces_it_whole(name: str) -> None:
    typed = small(name, shallow=True)
    module = build(typed, device="meta").eval()
    inputs = tuple(each.to("meta") for each in batch(typed.inputs, 2))
    torch.compiler.reset()
    # A strict export is a full graph of torch.compile; of a variant, whose blocks are another's, the quick one will do.
    strict = "extends" not in (SPECS / f"{name}.toml").read_text()
    program = torch.export.export(module, inputs, strict=strict)
    assert len(program.graph_signature.user_outputs) == len(tensors(module(*inputs)))
