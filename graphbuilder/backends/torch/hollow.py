"""Modules constructed without memory and without drawing a number: weights are drawn by (seed, name), once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

_META = torch.device("meta")
_MAKERS = frozenset(
    (torch.arange, torch.empty, torch.full, torch.ones, torch.rand, torch.randn, torch.tensor, torch.zeros)
)
_DRAWS = frozenset(
    (
        nn.init.constant_,
        nn.init.kaiming_normal_,
        nn.init.kaiming_uniform_,
        nn.init.normal_,
        nn.init.ones_,
        nn.init.trunc_normal_,
        nn.init.uniform_,
        nn.init.xavier_normal_,
        nn.init.xavier_uniform_,
        nn.init.zeros_,
        # What those come down to that ask no mode: on the meta device these run in Python, and take half of the time.
        torch.Tensor.normal_,
        torch.Tensor.uniform_,
    )
)


class Hollow(TorchFunctionMode):
    """While it is on, tensors are made on the meta device and the functions of ``torch.nn.init`` do nothing.

    One mode does both, since each that is on costs every call a turn; ``torch.device("meta")`` would be another.
    """

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        given = dict(kwargs or {})
        if func in _DRAWS:
            return given["tensor"] if "tensor" in given else args[0]
        if func in _MAKERS and given.get("device") is None:
            given["device"] = _META
        return func(*args, **given)
