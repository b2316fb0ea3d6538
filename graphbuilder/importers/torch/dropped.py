"""The dropout of attention that is one call: a number that its module passes in training, and 0 in evaluation."""

from __future__ import annotations

from collections.abc import Collection, Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention
from torch.overrides import TorchFunctionMode

# Where the number stands among the arguments of the call.
_PLACE = 4


def attention_rates(model: nn.Module, example: Sequence[Tensor], paths: Collection[str]) -> Mapping[str, float]:
    """The rate that each module of ``paths`` passes to attention, seen in a run of ``model``.

    These modules alone are in training meanwhile, their parts and all others in evaluation, so that nothing is learnt
    or counted; all are left as they were.

    Raises:
        Exception: whatever the module's own code does in training.
    """
    modules = {path: model.get_submodule(path) for path in paths}
    watching = _Watching()
    with ExitStack() as stack:
        for path, module in modules.items():
            stack.enter_context(_within(module, path, watching))
        stack.enter_context(torch.random.fork_rng(devices=[]))  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
        stack.enter_context(torch.no_grad())
        stack.enter_context(watching)
        model(*(each.clone() for each in example))
    return watching.found


class _Watching(TorchFunctionMode):
    """Notes the rate of every call of attention, by the module that is running."""

    def __init__(self) -> None:
        super().__init__()
        self.running: list[str] = []
        self.found: dict[str, float] = {}

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        given: dict[str, Any] = kwargs or {}
        if func is scaled_dot_product_attention and self.running:
            rate = args[_PLACE] if len(args) > _PLACE else given.get("dropout_p", 0.0)
            self.found[self.running[-1]] = float(rate)
        return func(*args, **given)


@contextmanager
def _within(module: nn.Module, path: str, watching: _Watching) -> Generator[None]:
    """``module`` alone in training, and known while it runs."""

    def enter(*_: Any) -> None:
        watching.running.append(path)

    def leave(*_: Any) -> None:
        watching.running.pop()

    before, module.training = module.training, True
    hooks = module.register_forward_pre_hook(enter), module.register_forward_hook(leave)
    try:
        yield
    finally:
        module.training = before
        for hook in hooks:
            hook.remove()
