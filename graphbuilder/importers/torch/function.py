"""``package.module:function``: the way in which a person names code that makes a module. It is theirs, and is run."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from importlib import import_module

import torch
from torch import Tensor, nn

from graphbuilder.diagnostics import CompileError
from graphbuilder.diagnostics.catalogue.importing import FunctionFailed


def module_of(target: str) -> nn.Module:
    """What the function gives when it is called without arguments; what is on the path goes before the current folder.

    Raises:
        CompileError: GB803 when it cannot be imported or called, or gives no module.
    """
    name, _, function = target.partition(":")
    if os.getcwd() not in sys.path:
        sys.path.append(os.getcwd())
    try:
        made = getattr(import_module(name), function)()
    except Exception as error:  # a person's code may raise anything
        raise _failed(f"{target} failed: {type(error).__name__}: {error}") from error
    if not isinstance(made, nn.Module):
        raise _failed(f"{target} gives a {type(made).__name__}, not an nn.Module")
    return made


def examples(shapes: Iterable[Sequence[int]]) -> list[Tensor]:
    """Two random samples of each shape, the same on every run."""
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(2, *shape, generator=generator) for shape in shapes]


def _failed(message: str) -> CompileError:
    remedy = "name a function that takes no arguments and gives an nn.Module"
    return CompileError((FunctionFailed.at(None, message, help=remedy),))
