"""What runs a module by each engine, made for inputs of one shape.

Each takes inputs of that very shape, type and device and gives what the module gives, as tensors that nobody else
writes to. Nothing is differentiated.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from threading import Lock
from typing import Any, cast

import torch
from torch import Tensor, nn

from graphbuilder.backends.torch.engines import onnxruntime, openvino
from graphbuilder.backends.torch.engines.exporting import exported, quiet
from graphbuilder.backends.torch.engines.ways import Engine

Answer = Tensor | dict[str, Tensor]
Run = Callable[..., Answer]


def make(engine: Engine, module: nn.Module, inputs: Sequence[Tensor]) -> Run:
    """What runs ``module`` on inputs that look like ``inputs``; seconds, or minutes, are spent here and not later."""
    maker = _MAKERS[engine]
    with torch.no_grad():
        run = maker(module, inputs)
        run(*inputs)
    return _alone(run)


def _alone(run: Run) -> Run:
    """One call at a time: sessions and graphs have buffers of their own."""
    lock = Lock()

    def called(*inputs: Tensor) -> Answer:
        with lock, torch.no_grad():
            return run(*inputs)

    return called


def _eager(module: nn.Module, inputs: Sequence[Tensor]) -> Run:
    return module


def _compiled(module: nn.Module, inputs: Sequence[Tensor], **settings: Any) -> Run:
    """By ``torch.compile``, from a program exported for this alone: what was compiled before, of other weights perhaps,
    is not found again."""
    # torch annotates it in part.
    compile_ = cast("Callable[..., Run]", getattr(torch, "compile"))  # noqa: B009
    with quiet():
        run = compile_(exported(module, inputs).module(), fullgraph=True, dynamic=False, **settings)
        run(*inputs)
    return run


def _tuned(module: nn.Module, inputs: Sequence[Tensor]) -> Run:
    """With CUDA graphs, whose results the next call overwrites."""
    run = _compiled(module, inputs, mode="max-autotune")
    return lambda *given: _copied(run(*given))


def _graph(module: nn.Module, inputs: Sequence[Tensor]) -> Run:
    """A forward recorded as a CUDA graph."""
    held = [each.clone() for each in inputs]
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            module(*held)
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        answer = module(*held)

    def run(*given: Tensor) -> Answer:
        for mine, theirs in zip(held, given, strict=True):
            mine.copy_(theirs)
        graph.replay()
        return _copied(answer)

    return run


def _copied(answer: Answer) -> Answer:
    return {name: each.clone() for name, each in answer.items()} if isinstance(answer, dict) else answer.clone()


def _of(runtime: Callable[[nn.Module, Sequence[Tensor]], Callable[..., list[Tensor]]]) -> Callable[..., Run]:
    """A runtime that gives tensors in order, as the module gives them."""

    def maker(module: nn.Module, inputs: Sequence[Tensor]) -> Run:
        like = cast("Answer", module(*inputs))
        run = runtime(module, inputs)
        if isinstance(like, dict):
            names = list(like)
            return lambda *given: dict(zip(names, run(*given), strict=True))
        return lambda *given: run(*given)[0]

    return maker


_MAKERS: Mapping[Engine, Callable[[nn.Module, Sequence[Tensor]], Run]] = {
    "eager": _eager,
    "compile": _compiled,
    "freezing": partial(_compiled, options={"freezing": True}),
    "max-autotune": _tuned,
    "graph": _graph,
    "onnxruntime": _of(onnxruntime.run_of),
    "onnxruntime-resting": _of(partial(onnxruntime.run_of, resting=True)),
    "openvino": _of(openvino.run_of),
}
