"""The module of an optimised network: it takes the plain network's weights.

One that answers refuses to be trained. Its ``state_dict`` holds its own tensors, fewer than the plain network's and
other numbers; ``load_state_dict`` takes both: the plain network's names, of which it is made anew, and its own. The two
cannot be confused, since of the plain names some are of norms that it has not. One that trains has the plain network's
tensors and no others.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Self, cast

import torch
from torch import Tensor, nn

from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.analysis.weights import walk
from graphbuilder.backends.torch.building import build, filled, lay_out_last
from graphbuilder.backends.torch.chosen import device_named
from graphbuilder.backends.torch.engines.ways import Layout
from graphbuilder.backends.torch.folding import folded, stacked
from graphbuilder.backends.torch.kernels import fused, lay_out
from graphbuilder.backends.torch.loading import restore, text_of
from graphbuilder.backends.torch.memory import memory_coded
from graphbuilder.backends.torch.undrawn import undrawn
from graphbuilder.diagnostics import CompileError
from graphbuilder.diagnostics.catalogue.backends import NotTrained
from graphbuilder.passes import Optimised, Recipe

if TYPE_CHECKING:
    _Base = nn.Module
else:
    _Base = object


class Frozen(_Base):
    """What the class of an optimised module has over the class of the written source."""

    recipe: Recipe

    def train(self, mode: bool = True) -> Self:
        """Stay in evaluation.

        Raises:
            CompileError: GB708 where training is asked for.
        """
        if mode:
            message = "the module was compiled for inference; its batch norms are part of other weights"
            help_ = 'train what compile gives with optimize="none", and load its weights into this one'
            raise CompileError((NotTrained.at(None, message, help=help_),))
        return super().train(False)

    def _load_from_state_dict(
        self,
        state_dict: dict[str, Any],
        prefix: str,
        local_metadata: dict[str, Any],
        strict: bool,
        missing_keys: list[str],
        unexpected_keys: list[str],
        error_msgs: list[str],
    ) -> None:
        """Torch's own, of tensors that have been made the module's own where they are the plain network's."""
        missing_keys += _made_ours(self.recipe, state_dict, prefix)
        super()._load_from_state_dict(  # pyright: ignore[reportUnknownMemberType]  (torch leaves it untyped)
            state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs
        )

    def __reduce__(self) -> tuple[Any, ...]:
        cls = type(self).__bases__[1]
        return _restored, (text_of(cls), cls.__qualname__), self.__getstate__()


@memory_coded("build the network")
def build_optimised(
    plain: TypedGraph,
    optimised: Optimised,
    *,
    device: str | torch.device = "cpu",
    dtype: str | torch.dtype | None = None,
    seed: int = 0,
    weights: Mapping[str, Tensor] | None = None,
    drawn: Collection[str] = (),
    layout: Layout | None = None,
    late: bool = False,
) -> nn.Module:
    """The network behind its passes as a module, in evaluation unless it is to be trained; what is given and drawn are
    the plain one's weights.

    On the CPU, kernels are laid out with channels last: oneDNN's convolutions are faster so, and depthwise ones most.
    So they are on a GPU for training, which is done under autocast there, in 16 bits, and around fused convolutions,
    which read maps so, and whose own are laid out for them. Inputs of any format are taken; maps that are given out
    have channels last in memory, at the same shape.

    See ``build`` for the other arguments and what is raised.

    Args:
        layout: of the maps of a module in evaluation on a CPU or GPU, "first" or "last", instead.
        late: as for ``build``.
    """
    place = device_named(device)
    if optimised.pipeline == "training":
        return build(
            optimised.typed,
            device=place,
            dtype=dtype,
            seed=seed,
            weights=weights,
            drawn=drawn,
            channels_last=True,
            late=late,
        )

    def made() -> dict[str, Tensor]:
        return folded(optimised.recipe, filled(plain, dtype=dtype, seed=seed, weights=weights, drawn=drawn))

    is_late = late and weights is None and place.type == "cpu"
    state = None if is_late or place.type == "meta" else made()
    module = build(
        optimised.typed,
        device=place,
        dtype=dtype,
        seed=seed,
        weights=state,
        initialise=not is_late,
        channels_last=place.type == "cpu" and layout != "first",
    )
    module.__class__ = _frozen(type(module))
    frozen = cast("Frozen", module)
    frozen.recipe = optimised.recipe
    if place.type == "cuda":
        if (layout or _layout(module)) == "last":
            lay_out_last(module)
        lay_out(module)
    frozen.requires_grad_(False).eval()
    return _late(frozen, plain, made) if is_late else frozen


def _late(module: Frozen, plain: TypedGraph, made: Callable[[], Mapping[str, Tensor]]) -> nn.Module:
    """``module`` with the tensors that ``made`` gives, at the first look; it takes its own and the plain network's."""
    own = {name: tensor.detach() for name, tensor in module.state_dict().items()}
    inferring = torch.is_inference_mode_enabled()

    def fill() -> None:
        with torch.inference_mode(inferring), torch.no_grad():
            for name, tensor in made().items():
                own[name].copy_(tensor)

    theirs = {name: weight.shape for name, weight in walk(plain)}
    return undrawn(module, fill, {name: tuple(tensor.shape) for name, tensor in own.items()}, theirs)


def _layout(module: nn.Module) -> Layout:
    """The layout that is good on a GPU where nothing was timed."""
    return "last" if _is_short(module) or any(fused(module)) else "first"


def _is_short(module: nn.Module) -> bool:
    return all(each.element_size() == 2 for each in module.parameters())


@cache
def _frozen(cls: type[nn.Module]) -> type[nn.Module]:
    return type(cls.__name__, (Frozen, cls), {"__module__": cls.__module__, "__doc__": cls.__doc__})


def _restored(text: str, name: str) -> nn.Module:
    cls = _frozen(type(restore(text, name)))
    return cls.__new__(cls)


def _made_ours(recipe: Recipe, state: dict[str, Any], prefix: str) -> list[str]:
    """Make plain tensors under ``prefix`` the optimised network's, in place; the names of those that are missing."""
    norms = {name for fold in recipe.folds for name in fold.sources if name.startswith(f"{fold.norm}.")}
    parts = {name for stack in recipe.stacks for name in stack.sources}
    for name in recipe.unread:
        state.pop(prefix + name, None)
    if not any(prefix + name in state for name in norms | parts):
        return []
    whole = [fold for fold in recipe.folds if all(prefix + name in state for name in fold.sources)]
    partial = [fold for fold in recipe.folds if fold not in whole]
    missing = [prefix + name for fold in partial for name in fold.sources if prefix + name not in state]
    found = {name: state[prefix + name] for fold in whole for name in fold.sources}
    made = folded(Recipe(tuple(whole)), found)
    for fold in recipe.folds:
        for name in fold.sources:
            state.pop(prefix + name, None)
    state.update({prefix + name: tensor for name, tensor in made.items()})
    return missing + _stack(recipe, state, prefix, {fold.layer for fold in partial})


def _stack(recipe: Recipe, state: dict[str, Any], prefix: str, partial: set[str]) -> list[str]:
    """Stack what is there, in place; the names of missing tensors, of layers that are not in ``partial``."""
    missing: list[str] = []
    for stack in recipe.stacks:
        found = {name: state.pop(prefix + name) for name in stack.sources if prefix + name in state}
        lost = [name for name in stack.sources if name not in found]
        missing += (prefix + name for name in lost if name.rpartition(".")[0] not in partial)
        if not lost:
            state.update({prefix + name: tensor for name, tensor in stacked(stack, found).items()})
    return missing
