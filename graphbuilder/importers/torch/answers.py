"""What an imported spec answers beside the module that it came from, both with the module's weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from types import MappingProxyType
from typing import cast

import torch
from torch import Tensor, nn
from torch.func import functional_call

from graphbuilder.backends.torch import build
from graphbuilder.compiler import Network
from graphbuilder.files import temporary
from graphbuilder.importers.torch.modes import evaluating
from graphbuilder.importers.torch.steady import in_training, steadily
from graphbuilder.importers.traced import Folded
from graphbuilder.weights.load import load
from graphbuilder.weights.save import to_bytes
from graphbuilder.weights.wanted import wanted

# How far answers may be apart, of their scale: a float's rounding, many layers deep.
CLOSE = 1e-3
# The most parameters of a model that is copied in double precision.
_MOST = 1 << 27
# How large numbers are that stand for zeros.
_STIR = 0.1


class Beside:
    """A network beside the module that it was imported from, with the same weights.

    A head that starts at zero answers zero, whatever is read: then what is zero is given other numbers, on both sides.

    Args:
        mapping: the text of the mapping of the model's names; None where they are the spec's own.
        folded: what the mapping names that the model has not by itself.
    """

    def __init__(
        self,
        network: Network,
        mapping: str | None,
        model: nn.Module,
        folded: Mapping[str, Folded] = MappingProxyType({}),
    ) -> None:
        self._network = network
        self._mapping = mapping
        self._model = model
        self._folded = folded
        # Whether an answer to one sample came without the axis of the batch.
        self.squeezed = False

    def apart(self, inputs: Sequence[Tensor]) -> float:
        """How far the answers to ``inputs`` are apart, of their scale; infinitely where they are of other forms.

        Raises:
            Exception: whatever the module's own code does.
        """
        theirs = self.theirs(inputs)
        if not all(map(_is_silent, theirs)):
            ours = self.ours(inputs)
            self.squeezed |= any(one.dim() != other.dim() for one, other in zip(ours, theirs, strict=False))
            return distance(ours, theirs)
        stirred = _stirred(self._model, self._folded)
        ours = self._built({**self._state, **stirred})
        return distance(_answered(ours, inputs), self.theirs(inputs, stirred))

    def trained(self, inputs: Sequence[Tensor]) -> str:
        """How answers in training are apart, without chance; "" where they are not, or cannot be compared."""
        if sum(each.numel() for each in self._model.parameters()) > _MOST:
            return ""
        try:
            model, network = in_training(self._model), in_training(self._unstirred)
            theirs, again = (_flat(steadily(model, inputs)) for _ in range(2))
            apart, chance = distance(_flat(steadily(network, inputs)), theirs), distance(again, theirs)
        except Exception:  # whatever the module's own code raises, which no number of double precision may be for
            return ""
        if chance > CLOSE:
            return "its answers hang on chance, or on how often it was called"
        return f"answers are {apart:.1e} of their scale apart" if apart > CLOSE else ""

    def theirs(self, inputs: Sequence[Tensor], state: Mapping[str, Tensor] = MappingProxyType({})) -> list[Tensor]:
        """The module's answers; what it writes into its inputs is not seen."""
        given = tuple(each.clone() for each in inputs)
        with evaluating(self._model), torch.no_grad():
            return _flat(functional_call(self._model, dict(state), given) if state else self._model(*given))

    def ours(self, inputs: Sequence[Tensor]) -> list[Tensor]:
        return _answered(self._unstirred, inputs)

    @cached_property
    def _unstirred(self) -> nn.Module:
        return self._built(self._state)

    @cached_property
    def _state(self) -> Mapping[str, Tensor]:
        return _state(self._model, self._folded)

    def _built(self, state: Mapping[str, Tensor]) -> nn.Module:
        return build(self._network.typed, weights=_loaded(self._network, self._mapping, state)).eval()


def distance(ours: Sequence[Tensor], theirs: Sequence[Tensor]) -> float:
    """How far answers are apart, of their scale; infinitely where they are of other forms."""
    if len(ours) != len(theirs):
        return float("inf")
    return max((_distance(one, other) for one, other in zip(ours, theirs, strict=True)), default=0.0)


def weights(network: Network, mapping: str | None, model: nn.Module, folded: Mapping[str, Folded]) -> dict[str, Tensor]:
    """The model's weights by our names, and what was folded of them."""
    return _loaded(network, mapping, _state(model, folded))


def _answered(network: nn.Module, inputs: Sequence[Tensor]) -> list[Tensor]:
    """What a network of ours answers; it reads whole numbers as any others."""
    with torch.no_grad():
        return _flat(network(*(each.clone() if each.is_floating_point() else each.float() for each in inputs)))


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
    """Where an answer is no number, the other is to be none either; the axis of a batch of one may be lacking."""
    if ours.shape[:1] == (1,) and ours.squeeze().shape == theirs.squeeze().shape:
        theirs = theirs.reshape(ours.shape)
    known = theirs.isfinite()
    if ours.shape != theirs.shape or not torch.equal(known, ours.isfinite()):
        return float("inf")
    if not known.any():
        return 0.0
    scale = float(theirs[known].abs().max())
    return float((ours - theirs)[known].abs().max()) / (scale or 1.0)
