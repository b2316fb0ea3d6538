"""What networks in torch are made of, where a comparison of values at one size and in one step cannot show it.

A dilation wider than the map, the momentum of a norm that is not trained, and what drops at random all leave values as
they are. Modules are compared by their settings, whatever their names and their order. What drops without a module of
its own, as the dropout within attention, is not seen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.conv import _ConvNd

# How the classes are called that drop at random, here, in torchvision and in timm; and where they keep the probability.
_DROPPING = {"Dropout": ("element", "p"), "DropPath": ("sample", "p"), "StochasticDepth": ("sample", "p")}
_IN_TIMM = "drop_prob"
_DIGITS = 6


class Makeup(NamedTuple):
    """Multisets of (kind, epsilon, momentum) and (kernel, stride, dilation, groups); the set of (what drops, rate)."""

    norms: Counter[tuple[Any, ...]]
    convolutions: Counter[tuple[Any, ...]]
    rates: frozenset[tuple[str, float]]

    def differences(self, wanted: Makeup) -> list[object]:
        """What is here and not there, or there and not here.

        Some rates of ``wanted`` stand on paths that are never taken, and some serve two paths: of them only that both
        drop the same, and that no rate is made up, is compared.
        """
        counts = ((self.norms, wanted.norms), (self.convolutions, wanted.convolutions))
        differing = [each for ours, theirs in counts for each in (ours - theirs, theirs - ours)]
        kinds = dict(self.rates).keys() ^ dict(wanted.rates).keys()
        return [each for each in (*differing, self.rates - wanted.rates, kinds) if each]


def makeup(model: nn.Module) -> Makeup:
    return Makeup(Counter(_norms(model)), Counter(_convolutions(model)), frozenset(_rates(model)))


def silence(model: nn.Module) -> nn.Module:
    """Nothing drops any more while training, since no two libraries draw the same."""
    for module, _, attribute in _dropping(model):
        setattr(module, attribute, 0.0)
    return model


def _norms(model: nn.Module) -> Iterator[tuple[Any, ...]]:
    for module in model.modules():
        if isinstance(module, _BatchNorm):
            yield "batch", _rounded(module.eps), _rounded(module.momentum or 0.0)
        elif isinstance(module, nn.LayerNorm | nn.GroupNorm):
            yield "layer or group", _rounded(module.eps)


def _convolutions(model: nn.Module) -> Iterator[tuple[Any, ...]]:
    """All but those of one place, without stride or groups, which are linear layers and may be written as such."""
    for module in model.modules():
        if isinstance(module, _ConvNd):
            kernel, stride = module.kernel_size, module.stride
            if {*kernel, *stride, module.groups} != {1}:
                yield kernel, stride, module.dilation, module.groups


def _rates(model: nn.Module) -> Iterator[tuple[str, float]]:
    for module, kind, attribute in _dropping(model):
        if rate := getattr(module, attribute):
            yield kind, _rounded(rate)


def _dropping(model: nn.Module) -> Iterator[tuple[nn.Module, str, str]]:
    """What drops at random, what it drops, and the attribute with its rate."""
    for module in model.modules():
        if found := _DROPPING.get(type(module).__name__):
            kind, attribute = found
            yield module, kind, _IN_TIMM if hasattr(module, _IN_TIMM) else attribute


def _rounded(number: float) -> float:
    return float(f"{number:.{_DIGITS}g}")
