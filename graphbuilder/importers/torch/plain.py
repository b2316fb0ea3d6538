"""Weights that a parametrisation computes of others (weight norm, spectral norm), or that are pruned by a mask, as the
plain ones that they come to.

In evaluation they are constants. What trains them otherwise than plain ones is lost, and so are the names of what they
are computed of.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any, NamedTuple

from torch import Tensor, nn
from torch.nn.utils import parametrize
from torch.nn.utils.prune import BasePruningMethod

# What wrote weights anew before every call, before there were parametrisations.
_HOOKS = ("WeightNorm", "SpectralNorm")


class Plain(NamedTuple):
    """A module without parametrisations, and how many of its modules had them, or were pruned."""

    model: nn.Module
    changed: int
    pruned: int


def plain(model: nn.Module) -> Plain:
    """``model`` itself where it has none, or else a copy of it in evaluation."""
    changed = [each for each in model.modules() if parametrize.is_parametrized(each) or _hooks(each)]
    if not changed:
        return Plain(model, 0, 0)
    # What a hook has written is a part of torch's record of derivatives, which cannot be copied.
    computed = [each for module in changed for each in vars(module).values() if isinstance(each, Tensor)]
    copied = deepcopy(model, {id(each): each.detach().clone() for each in computed}).eval()
    for module in [*copied.modules()]:
        _settle(module)
    pruned = sum(any(isinstance(hook, BasePruningMethod) for _, hook in _hooks(each)) for each in changed)
    return Plain(copied, len(changed) - pruned, pruned)


def _settle(module: Any) -> None:
    if parametrize.is_parametrized(module):
        # Torch's own way would change the class, which the module that was copied has, too.
        weights = {name: getattr(module, name).detach().clone() for name in module.parametrizations}
        del module.parametrizations
        module.__class__ = type(module).__bases__[0]
        for name, weight in weights.items():
            module.register_parameter(name, nn.Parameter(weight))
    for key, hook in _hooks(module):
        hook.remove(module)
        del module._forward_pre_hooks[key]


def _hooks(module: Any) -> list[tuple[int, Any]]:
    hooks = module._forward_pre_hooks.items()
    return [(key, hook) for key, hook in hooks if type(hook).__name__ in _HOOKS or isinstance(hook, BasePruningMethod)]
