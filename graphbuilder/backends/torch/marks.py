"""Whether a module is as it was: the same modules, the same tensors, none of them written to since.

What torch itself does not count is not seen: writing through ``.data`` or through an array of numpy's. It is asked
before every call, so it loops in C.
"""

# What torch keeps of a module is called private, and has no other way in.
# pyright: reportPrivateUsage=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

from operator import attrgetter, is_

from torch import Tensor, nn

_VERSION = attrgetter("_version")


class Mark:
    """What the answers of a module depend on, as it was when this was made."""

    def __init__(self, module: nn.Module) -> None:
        modules = list(module.modules())
        self._hooks = [hooks for each in modules[1:] for hooks in (each._forward_hooks, each._forward_pre_hooks)]
        links = [
            (held, name, one)
            for each in modules
            for held in (each._modules, each._parameters, each._buffers)
            for name, one in held.items()
        ]
        self._holders, self._names, self._held = zip(*links, strict=True) if links else ((), (), ())
        self._tensors = [each for each in self._held if isinstance(each, Tensor)]
        # What was made in inference mode has no count.
        self._counted = [each for each in self._tensors if not each.is_inference()]
        self._versions, self._addresses = self._now()

    @property
    def holds(self) -> bool:
        """Whether all is as it was."""
        same = all(map(is_, map(dict.get, self._holders, self._names), self._held))
        return same and self._now() == (self._versions, self._addresses)

    @property
    def is_hooked(self) -> bool:
        """Whether somebody looks on inside, by hooks on inner modules."""
        return any(self._hooks)

    def _now(self) -> tuple[list[int], list[int]]:
        return list(map(_VERSION, self._counted)), list(map(Tensor.data_ptr, self._tensors))
