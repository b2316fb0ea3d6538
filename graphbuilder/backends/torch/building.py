"""From a typed graph to a module: the written Python, loaded, checked against the graph, filled."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import torch
from torch import Tensor, nn

from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.analysis.weights import walk
from graphbuilder.backends.python import root_name, write
from graphbuilder.backends.torch.chosen import checked_seed, device_named, dtype_named
from graphbuilder.backends.torch.drawing import Painter
from graphbuilder.backends.torch.hollow import Hollow
from graphbuilder.backends.torch.loading import load
from graphbuilder.backends.torch.memory import memory_coded
from graphbuilder.backends.torch.undrawn import Shapes, undrawn
from graphbuilder.diagnostics import CompileError, Rule
from graphbuilder.diagnostics.catalogue.backends import NotTheTree, WeightsUnfit
from graphbuilder.garbage import no_search
from graphbuilder.ir import Weight


@memory_coded("build the network")
@no_search()
def build(
    typed: TypedGraph,
    *,
    device: str | torch.device = "cpu",
    dtype: str | torch.dtype | None = None,
    seed: int = 0,
    weights: Mapping[str, Tensor] | None = None,
    drawn: Collection[str] = (),
    initialise: bool = True,
    channels_last: bool = False,
    late: bool = False,
) -> nn.Module:
    """The network as a module of its written source, in training mode as torch makes them.

    Args:
        device: where its tensors are; "auto" is CUDA where there is one, "meta" makes none.
        dtype: of its floating tensors, "float32" unless given, or "bfloat16", "float16".
        seed: with a weight's name, what it is drawn from; from 0 to 2^63 - 1.
        weights: every tensor by its name, instead of drawing; batch counters may be missing.
        drawn: the names of those that are drawn nonetheless.
        initialise: whether tensors are filled at all; else their memory is as it was found.
        channels_last: whether kernels of convolutions have their channels last in memory.
        late: whether weights that are all drawn, on the CPU, may be drawn at the first look, see ``undrawn``.

    Raises:
        CompileError: GB701 where shared weights would need two forms, GB703 where ``weights`` are not those of the
            network, GB704 where CUDA is asked for and there is none, GB707 where memory runs out; GB702 is a
            fault of ours.
        TypeError, ValueError: ``dtype`` or ``seed`` is none.
    """
    place, numbers, seed = device_named(device), dtype_named(dtype or "float32"), checked_seed(seed)
    module = _constructed(typed)
    named = dict(walk(typed))
    shapes = {name: weight.shape for name, weight in named.items()}
    state = module.state_dict()
    _demand(shapes, _shapes_of(state), NotTheTree, "the written module is not its graph")
    if weights is not None:
        _demand_weights(named, weights, drawn)
    if channels_last:
        lay_out_last(module)
    if place.type == "meta":
        return module.to(numbers)
    _give_memory(module, place, numbers)
    if not initialise:
        return module
    # The mode is a thread's own, and what was made in it is filled in it.
    fill = partial(_fill, module.state_dict(), named, seed, weights or {}, torch.is_inference_mode_enabled())
    if late and weights is None and place.type == "cpu":
        return undrawn(module, fill, shapes)
    fill()
    return module


def filled(
    typed: TypedGraph,
    *,
    dtype: str | torch.dtype | None = None,
    seed: int = 0,
    weights: Mapping[str, Tensor] | None = None,
    drawn: Collection[str] = (),
) -> dict[str, Tensor]:
    """The tensors of the network on the CPU, without a module of it, in single precision or better.

    The arguments are those of ``build``, and so are the errors over weights, ``dtype`` and ``seed``.
    """
    named, seed = dict(walk(typed)), checked_seed(seed)
    numbers = torch.promote_types(dtype_named(dtype or "float32"), torch.float32)
    if weights is not None:
        _demand_weights(named, weights, drawn)
    kinds = {name: numbers if weight.counted else torch.int64 for name, weight in named.items()}
    state = {name: torch.empty(weight.shape, dtype=kinds[name]) for name, weight in named.items()}
    _fill(state, named, seed, weights or {}, torch.is_inference_mode_enabled())
    return state


def _constructed(typed: TypedGraph) -> nn.Module:
    source = load(write(typed))
    with Hollow():
        return getattr(source, root_name(typed))()


def _give_memory(module: nn.Module, place: torch.device, numbers: torch.dtype) -> None:
    """``to_empty`` and ``to`` at once: torch's own makes what is like a meta tensor in Python, ten times as slowly."""

    def memory(tensor: Tensor) -> Tensor:
        kind = numbers if tensor.is_floating_point() else tensor.dtype
        return torch.empty_strided(tensor.shape, tensor.stride(), dtype=kind, device=place)

    module._apply(memory)  # pyright: ignore[reportPrivateUsage, reportUnknownMemberType]


def lay_out_last(module: nn.Module) -> None:
    """Let maps flow with channels last inside, whatever format they come in: each convolution follows its kernel's."""
    for each in module.modules():
        if isinstance(each, nn.Conv2d | nn.ConvTranspose2d):
            each.weight.data = each.weight.data.to(memory_format=torch.channels_last)


def _fill(
    state: Mapping[str, Tensor],
    named: Mapping[str, Weight],
    seed: int,
    weights: Mapping[str, Tensor],
    inferring: bool,
) -> None:
    painter = Painter(seed)

    def fill(name: str) -> None:
        with torch.inference_mode(inferring):
            if name in weights:
                state[name].copy_(weights[name])
            else:
                painter.fill(state[name], name, named[name])

    # Torch draws a tensor on one core; no draw waits for another, since each has numbers of its own.
    with ThreadPoolExecutor(torch.get_num_threads()) as pool:
        for _ in pool.map(fill, sorted(state, key=lambda name: -state[name].numel())):
            pass


def _shapes_of(state: Mapping[str, Tensor]) -> Shapes:
    return {name: tuple(tensor.shape) for name, tensor in state.items()}


def _demand_weights(named: Mapping[str, Weight], weights: Mapping[str, Tensor], drawn: Collection[str]) -> None:
    shapes = {name: weight.shape for name, weight in named.items()}
    spared = {*drawn, *(name for name, weight in named.items() if not weight.counted)}
    given = {**{name: shape for name, shape in shapes.items() if name in spared}, **_shapes_of(weights)}
    _demand(shapes, given, WeightsUnfit, "the weights are not those of the network")


def _demand(wanted: Shapes, found: Shapes, rule: type[Rule], message: str) -> None:
    """Raise a diagnostic with both lists unless ``found`` has the names and shapes that are ``wanted``."""
    if wanted != found:
        raise CompileError((rule.at(None, message, notes=tuple(_differences(wanted, found))),))


def _differences(wanted: Shapes, found: Shapes) -> Iterator[str]:
    for name in sorted({*wanted, *found}):
        ours, theirs = wanted.get(name), found.get(name)
        if ours is None:
            yield f"unexpected: {name} {_times(theirs)}"
        elif theirs is None:
            yield f"missing: {name} {_times(ours)}"
        elif ours != theirs:
            yield f"{name}: {_times(theirs)} for {_times(ours)}"


def _times(shape: tuple[int, ...] | None) -> str:
    return "x".join(map(str, shape or ())) or "scalar"
