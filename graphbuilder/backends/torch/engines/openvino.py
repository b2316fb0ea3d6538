"""OpenVINO on the CPU, tuned for latency, its arithmetic in the module's type: float32 or bfloat16."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from importlib import import_module
from typing import Any

import torch
from torch import Tensor, nn

from graphbuilder.backends.torch.engines.exporting import exported, quiet
from graphbuilder.backends.torch.engines.parting import part

PRECISIONS = {torch.float32: "f32", torch.bfloat16: "bf16"}


def run_of(module: nn.Module, inputs: Sequence[Tensor]) -> Callable[..., list[Tensor]]:
    """What runs ``module`` on inputs of these very shapes, and gives its outputs in order."""
    numbers = inputs[0].dtype
    request = request_of(module, inputs)

    def run(*given: Tensor) -> list[Tensor]:
        feed = {number: each.detach().contiguous().float().numpy() for number, each in enumerate(given)}
        return [torch.as_tensor(each).to(numbers) for each in request.infer(feed, share_inputs=True).values()]

    return run


def request_of(module: nn.Module, inputs: Sequence[Tensor]) -> Any:
    """A request that infers ``module``, on as many threads as torch takes; it reads and gives single precision."""
    numbers = inputs[0].dtype
    single = module if numbers == torch.float32 else deepcopy(module).float()
    with quiet():
        library = import_module("openvino")
        model = library.convert_model(part(exported(single, [each.float() for each in inputs])))
        # Without shapes of its own it would make kernels for any.
        model.reshape({number: list(each.shape) for number, each in enumerate(inputs)})
    hints = {
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": PRECISIONS[numbers],
        "INFERENCE_NUM_THREADS": str(torch.get_num_threads()),
    }
    return library.Core().compile_model(model, "CPU", hints).create_infer_request()
