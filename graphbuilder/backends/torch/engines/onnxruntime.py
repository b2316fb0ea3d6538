"""ONNX Runtime on the CPU, in float32, all its optimisations on.

As it comes, its threads spin in wait of work, in a call and for tens of milliseconds after it. That is faster where
cores are free, and where others work on them it can be half as fast as threads that rest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

import torch
from torch import Tensor, nn

from graphbuilder.backends.torch.engines.exporting import exported, quiet
from graphbuilder.backends.torch.engines.parting import part
from graphbuilder.files import temporary


def run_of(module: nn.Module, inputs: Sequence[Tensor], *, resting: bool = False) -> Callable[..., list[Tensor]]:
    """What runs ``module`` on inputs of these very shapes, and gives its outputs in order."""
    session = session_of(module, inputs, resting=resting)
    names = [each.name for each in session.get_inputs()]

    def run(*given: Tensor) -> list[Tensor]:
        feed = {name: each.detach().contiguous().numpy() for name, each in zip(names, given, strict=True)}
        return [torch.as_tensor(each) for each in session.run(None, feed)]

    return run


def session_of(module: nn.Module, inputs: Sequence[Tensor], *, resting: bool = False) -> Any:
    """A session for ``module``, on as many threads as torch takes, which spin unless they are to be ``resting``."""
    with temporary({}) as folder, quiet():
        library = import_module("onnxruntime")
        options = library.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        options.log_severity_level = 3
        options.add_session_config_entry("session.intra_op.allow_spinning", "0" if resting else "1")
        path = folder / "network.onnx"
        # torch annotates it in part.
        torch.onnx.export(part(exported(module, inputs)), (), path, dynamo=True)  # pyright: ignore[reportUnknownMemberType]
        return library.InferenceSession(path, options, providers=["CPUExecutionProvider"])
