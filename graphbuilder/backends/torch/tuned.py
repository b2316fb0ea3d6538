"""The module of a network that runs by the way which was found fastest, for the shapes that this was found for.

It is the optimised module, with the same names, tensors and signature: what it holds beside is made at the first call,
and anew at the next call after its weights were loaded, written to, moved or replaced. It runs as plain torch whatever
it was not tuned for: other shapes, types or devices, inputs that ask for a gradient, autocast, hooks on inner modules,
and when torch traces it.
"""

# Classes are made at run time.
# pyright: reportIncompatibleMethodOverride=false

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, wraps
from inspect import signature
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor, nn

from graphbuilder.backends.torch.engines import Way, make
from graphbuilder.backends.torch.loading import restore, text_of
from graphbuilder.backends.torch.marks import Mark
from graphbuilder.backends.torch.optimising import Frozen


class Tuned(NamedTuple):
    """What a module was tuned for, and the way.

    Attributes:
        shapes: of the inputs, with the batch.
        dtype, device: of the inputs.
    """

    way: Way
    shapes: tuple[tuple[int, ...], ...]
    dtype: torch.dtype
    device: torch.device


class Runner(NamedTuple):
    """What runs the module, and the module as it was when that was made."""

    run: Callable[..., Any]
    mark: Mark


class Running(Frozen):
    """What the class of a tuned module has over that of an optimised one."""

    _tuned: Tuned
    _runner: Runner | None

    def __reduce__(self) -> tuple[Any, ...]:
        cls = type(self).__bases__[1]
        return _restored, (text_of(cls), cls.__qualname__), self.__getstate__()

    def __getstate__(self) -> dict[str, Any]:
        """Sessions and compiled code stay in their process."""
        return {**self.__dict__, "_runner": None}

    def extra_repr(self) -> str:
        shapes = ", ".join("x".join(map(str, shape)) for shape in self._tuned.shapes)
        return f"tuned for {shapes}: {self._tuned.way}"


def tuned(module: nn.Module, what: Tuned, runner: Runner | None = None) -> nn.Module:
    """``module``, an optimised one, to run as ``what`` says from now on, by ``runner`` if it was prepared."""
    module.__class__ = _running(type(module).__bases__[1])
    running = cast("Running", module)
    running._tuned, running._runner = what, runner  # pyright: ignore[reportPrivateUsage]
    return running


def prepare(module: nn.Module, way: Way, inputs: Sequence[Tensor]) -> Runner:
    """What runs ``module`` that way; to be made again where the mark does not hold."""
    mark = Mark(module)
    return Runner(make(way.engine, module, inputs), mark)


@cache
def _running(cls: type[nn.Module]) -> type[nn.Module]:
    plain = cls.forward

    @wraps(plain)
    def forward(self: Running, *inputs: Any, **named: Any) -> Any:
        if torch.compiler.is_compiling():
            return plain(self, *inputs, **named)
        if named:
            inputs = signature(plain).bind(self, *inputs, **named).args[1:]
        return _answer(self, inputs, plain)

    return type(
        cls.__name__, (Running, cls), {"__module__": cls.__module__, "__doc__": cls.__doc__, "forward": forward}
    )


def _answer(module: Running, inputs: tuple[Any, ...], plain: Callable[..., Any]) -> Any:
    """What the runner gives where it can be asked, else what the module itself does."""
    what, runner = module._tuned, module._runner  # pyright: ignore[reportPrivateUsage]
    if what.way.engine == "eager" or not _is_tuned_for(what, inputs):
        return plain(module, *inputs)
    if runner is None or not runner.mark.holds:
        module._runner = None  # pyright: ignore[reportPrivateUsage]
        if any(each.device != what.device for each in module.parameters()):
            return plain(module, *inputs)  # which says so
        module._runner = runner = prepare(_inner(module), what.way, inputs)  # pyright: ignore[reportPrivateUsage]
    if runner.mark.is_hooked:
        return plain(module, *inputs)
    return runner.run(*inputs)


def _inner(module: Running) -> nn.Module:
    """The same module, of the same tensors, that runs as plain torch."""
    inner = cast("nn.Module", object.__new__(type(module).__bases__[1]))
    inner.__dict__ = module.__dict__
    return inner


def _is_tuned_for(what: Tuned, inputs: Sequence[Any]) -> bool:
    if len(inputs) != len(what.shapes):
        return False
    for each, shape in zip(inputs, what.shapes, strict=True):
        if type(each) is not Tensor or each.shape != shape or each.dtype != what.dtype:
            return False
        if each.device != what.device:
            return False
        if each.requires_grad and torch.is_grad_enabled():
            return False
    return not torch.is_autocast_enabled(what.device.type)


def _restored(text: str, name: str) -> nn.Module:
    cls = _running(type(restore(text, name)))
    return cls.__new__(cls)
