"""The networks that are timed, on one set of weights each, and the ways in which they are run."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

import graphbuilder as gb
from graphbuilder.analysis.inference import infer
from graphbuilder.backends.torch import build, build_optimised
from graphbuilder.compiler import Network
from graphbuilder.passes import optimise
from graphbuilder.passes.fuse_sepconvs import fuse_sepconvs
from tests.peers import reference
from tools.benchmarks import xception_by_hand as by_hand

SPECS = Path(__file__).parents[2] / "specs"
Run = Callable[[], Any]


@cache
def network(name: str, size: int) -> Network:
    """The network of a spec, without a side classifier."""
    bare = {"auxiliary": False} if name.startswith("inception") else {}
    return gb.load(SPECS / f"{name}.toml", {"size": size, **bare})


@cache
def weights(name: str) -> dict[str, Tensor]:
    """Drawn weights with statistics unlike those of a fresh norm, so that folding has something to fold."""
    state = build(network(name, 299).typed).state_dict()
    generator = torch.Generator().manual_seed(1)
    for key, tensor in state.items():
        if key.endswith(("running_var", "running_mean")):
            tensor += 0.1 * torch.rand(tensor.shape, generator=generator)
    return state


def answering(name: str, size: int, device: torch.device, dtype: torch.dtype) -> nn.Module:
    """Ours for inference, as it is on a GPU; on a CPU the same form, by torch's own operators."""
    typed = network(name, size).typed
    optimised = optimise(typed, "inference", "cuda")
    return build_optimised(typed, optimised, device=device, dtype=dtype, weights=weights(name))


def training(size: int, device: torch.device, *, fused: bool = False, recomputed: bool = False) -> nn.Module:
    """Ours for training, with channels last; ``fused`` runs each separable convolution, and the activation ahead of it,
    by the operator, which keeps its input alone and derives it by kernels of its own; ``recomputed`` runs blocks again
    in the backward pass."""
    typed = network("xception", size).typed
    if not fused:
        optimised = optimise(typed, "training", "cuda", recomputed=recomputed)
        return build_optimised(typed, optimised, device=device, weights=weights("xception"))
    module = build(infer(fuse_sepconvs(typed).graph, typed.inputs), device=device, weights=weights("xception"))
    return cast("nn.Module", cast("Any", module).to(memory_format=torch.channels_last))


def written_by_hand(device: torch.device, *, folded: bool) -> nn.Module:
    """Xception as a person writes it, channels last, on our weights; its pools are padded for 299 pixels, or 43.

    ``folded`` takes its norms into its convolutions.
    """
    module = by_hand.Xception()
    names, values = module.state_dict().keys(), weights("xception").values()
    module.load_state_dict(dict(zip(names, values, strict=True)))
    if folded:
        _fold(module.eval())
    return cast("Any", module).to(device, memory_format=torch.channels_last)


def _fold(module: nn.Module) -> None:
    for chain in [each for each in module.modules() if isinstance(each, nn.Sequential)]:
        for number in range(len(chain) - 1):
            layer, norm = chain[number], chain[number + 1]
            if isinstance(norm, nn.BatchNorm2d):
                _take(chain, number, layer, norm)


def _take(chain: nn.Sequential, number: int, layer: nn.Module, norm: nn.BatchNorm2d) -> None:
    if isinstance(layer, by_hand.SepConv):
        layer.pointwise = fuse_conv_bn_eval(layer.pointwise, norm)
    else:
        assert isinstance(layer, nn.Conv2d)
        chain[number] = fuse_conv_bn_eval(layer, norm)
    chain[number + 1] = nn.Identity()


def torchvision(name: str, device: torch.device) -> nn.Module:
    """A network of torchvision's, channels last, weights as it draws them, or quickly; without a side classifier, which
    would only slow it down."""
    models = reference.import_torchvision().models
    options = {"init_weights": False, "aux_logits": False} if name == "inception_v3" else {}
    return getattr(models, name)(weights=None, **options).to(device, memory_format=torch.channels_last)


def images(batch: int, size: int, device: torch.device, dtype: torch.dtype) -> Tensor:
    generator = torch.Generator().manual_seed(2)
    drawn = torch.randn(batch, 3, size, size, generator=generator)
    return drawn.to(device, dtype, memory_format=torch.channels_last)


def compiled(module: nn.Module, mode: str | None, device: torch.device) -> Any:
    """By ``torch.compile``; where there is no GPU, only traced, which is all that a rehearsal needs."""
    if device.type != "cuda":
        return torch.compile(module, backend="eager", fullgraph=True, dynamic=False)
    return torch.compile(module, mode=mode, fullgraph=True, dynamic=False)


def graphed(module: nn.Module, x: Tensor) -> Run:
    """A forward as a CUDA graph, the copy of its input included; where there is no GPU, the forward itself."""
    if x.device.type != "cuda":
        return lambda: module(x)
    held = x.clone()
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            module(held)
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        given = module(held)

    def run() -> Any:
        held.copy_(x)
        graph.replay()
        return given

    return run


def step(module: Any, x: Tensor, optimizer: torch.optim.Optimizer, device: torch.device) -> Run:
    """One step of training: forward, loss, backward, SGD; on a GPU under autocast in bfloat16."""
    labels = torch.randint(0, 1000, (len(x),), generator=torch.Generator().manual_seed(3)).to(device)

    def run() -> Tensor:
        with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
            given = module(x)
        given = getattr(given, "logits", given)
        loss = nn.functional.cross_entropy(given.float(), labels)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        return loss.detach()

    return run
