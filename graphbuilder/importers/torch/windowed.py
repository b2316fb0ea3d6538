"""Attention in windows that a block of timm's spells out around a module: traced as one call of that module.

A trace would show windows on the axis of the batch, which no op has. Maps that windows do not divide are left to the
trace where windows move: their zeros come behind the shift, and before it in our op.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn
from torch.nn import functional

from graphbuilder.importers.torch.terms import kind_of

# What the module is called by its class; the block is told by what it has.
KINDS = ("WindowAttention",)


@contextmanager
def gathering(model: nn.Module) -> Generator[None]:
    """``model`` with one call, which does nothing, in place of all that such a block does around its windows."""
    modules: list[Any] = [*model.modules()]
    blocks = [each for each in modules if _is_block(each)]
    for block in blocks:
        block._attn = _marked(block, block._attn)
    try:
        yield
    finally:
        for block in blocks:
            del block._attn


def is_marked(calls: Sequence[Any]) -> bool:
    """Whether the calls of a module are that one."""
    return [kind_of(call) for call in calls] == ["dropout"]


def _is_block(module: Any) -> bool:
    attention: Any = getattr(module, "attn", None)
    has_all = all(hasattr(module, name) for name in ("_attn", "shift_size", "window_size"))
    if not has_all or type(attention).__name__ not in KINDS:
        return False
    if hasattr(attention, "logit_scale"):
        # Swin V2; offsets that count by the windows of a training before are others.
        own = ((0, 0), tuple(attention.window_size))
        return not attention.qkv_bias_separate and tuple(attention.pretrained_window_size) in own
    return hasattr(attention, "relative_position_bias_table") and attention.qkv.out_features == 3 * attention.dim


def _marked(block: Any, spelt: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def forward(x: Any) -> Any:
        axes = zip(x.shape[1:3], block.window_size, block.shift_size, strict=True)
        if any(shift and (size % part or size <= part) for size, part, shift in axes):
            return spelt(x)
        block.attn.forward = _nothing
        try:
            return block.attn(x)
        finally:
            del block.attn.forward

    return forward


def _nothing(x: Tensor) -> Tensor:
    return functional.dropout(x, 0.0, training=False)
