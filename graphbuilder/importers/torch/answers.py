"""What an imported spec answers beside the module that it came from, both with the module's weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import cast

import torch
from torch import Tensor, nn
from torch.func import functional_call

from graphbuilder.backends.torch import build
from graphbuilder.compiler import Network
from graphbuilder.diagnostics import CompileError
from graphbuilder.diagnostics.catalogue.importing import ImportDiffers
from graphbuilder.files import temporary
from graphbuilder.importers.torch.modes import evaluating
from graphbuilder.importers.traced import Folded
from graphbuilder.weights.load import load
from graphbuilder.weights.save import to_bytes
from graphbuilder.weights.wanted import wanted

# How far answers may be apart, of their scale: a float's rounding, many layers deep.
CLOSE = 1e-3
# How large numbers are that stand for zeros.
_STIR = 0.1


def difference(
    network: Network,
    mapping: str | None,
    model: nn.Module,
    example: Sequence[Tensor],
    folded: Mapping[str, Folded] = MappingProxyType({}),
) -> float:
    """How far the answers of ``network`` to ``example`` are from those of ``model``, of their scale.

    A head that starts at zero answers zero, whatever is read: then what is zero is given other numbers, on both sides.

    Args:
        mapping: the text of the mapping of the model's names; None where they are the spec's own.
        folded: what the mapping names that the model has not by itself.

    Raises:
        CompileError: GB805 when they are too far apart.
    """
    state = _state(model, folded)
    with evaluating(model), torch.no_grad():
        theirs = _flat(model(*example))
        if all(map(_is_silent, theirs)):
            stirred = _stirred(model, folded)
            state |= stirred
            theirs = _flat(functional_call(model, stirred, tuple(example)))
        ours = build(network.typed, weights=_loaded(network, mapping, state)).eval()
        answers = _flat(ours(*example))
    found = max(_distance(one, other) for one, other in zip(answers, theirs, strict=True))
    if not found <= CLOSE:
        message = f"the answers of {network.name} are {found:.1e} of their scale from the model's"
        remedy = "please report it, with the model: it holds something that was read wrongly"
        raise CompileError((ImportDiffers.at(None, message, help=remedy),))
    return found


def weights(network: Network, mapping: str | None, model: nn.Module, folded: Mapping[str, Folded]) -> dict[str, Tensor]:
    """The model's weights by our names, and what was folded of them."""
    return _loaded(network, mapping, _state(model, folded))


def _state(model: nn.Module, folded: Mapping[str, Folded]) -> dict[str, Tensor]:
    return {**model.state_dict(), **{name: each.tensor for name, each in folded.items()}}


def _stirred(model: nn.Module, folded: Mapping[str, Folded]) -> dict[str, Tensor]:
    """Other numbers for the parameters that are zero throughout, but for those that something was folded of."""
    sources = {name for each in folded.values() for name in each.sources}
    zeros = {name: each for name, each in model.named_parameters() if name not in sources and not each.any()}
    draws = torch.Generator().manual_seed(0)
    return {name: torch.randn(each.shape, generator=draws).to(each) * _STIR for name, each in zeros.items()}


def _is_silent(answer: Tensor) -> bool:
    return bool((answer == answer.flatten()[:1]).all())


def _loaded(network: Network, mapping: str | None, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A state by our names, read from files as a person's would be."""
    content = {"model.safetensors": to_bytes({name: tensor.clone() for name, tensor in state.items()})}
    if mapping:
        content["names.toml"] = mapping.encode()
    with temporary(content) as folder:
        return load(wanted(network.typed), folder / "model.safetensors", folder / "names.toml" if mapping else None)


def _flat(answer: object) -> list[Tensor]:
    """The tensors of an answer: one, a list, or a table of them; what is there in training alone is None."""
    if isinstance(answer, Tensor) or answer is None:
        return [] if answer is None else [answer]
    parts = cast("dict[str, object]", answer).values() if isinstance(answer, dict) else cast("list[object]", answer)
    return [tensor for part in parts for tensor in _flat(part)]


def _distance(ours: Tensor, theirs: Tensor) -> float:
    if ours.shape != theirs.shape:
        return float("inf")
    scale = float(theirs.abs().max())
    return float((ours - theirs).abs().max()) / (scale or 1.0)
