"""Who a network is measured beside: what a user would run instead. Each is imported when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import cast

import torch
from torch import nn

from graphbuilder.backends.torch import build_optimised
from graphbuilder.benching import names
from graphbuilder.benching.engines import onnxruntime, openvino
from graphbuilder.benching.given import Given, Ready, channels_last, is_last, last
from graphbuilder.benching.libraries import keras, timm, torchvision
from graphbuilder.passes import Optimised, optimise
from graphbuilder.tuning.tune import Wanted, tune

Contender = Callable[[Given, str], Ready]
"""Makes a contender of a case; the text is what stood behind its name: ``timm:legacy_xception``."""


def ours(given: Given, optimize: str, seconds: float | None = None) -> Ready:
    """The network as ``compile`` gives it, tuned where ``seconds`` are given for that."""
    if seconds is not None:
        network = given.network
        wanted = Wanted(network.name, network.typed, given.batch, given.place, given.dtype, weights=given.weights)
        tuning = tune(wanted, seconds)
        return Ready(_forward(tuning.module, given), f"tuned: {tuning.plan.way}")
    module = ours_module(given, optimise(given.network.typed, optimize, given.place.type))
    return Ready(_forward(module, given), "" if optimize == "inference" else f"--optimize {optimize}")


def ours_module(given: Given, optimised: Optimised) -> nn.Module:
    """The module of the network behind its passes, in evaluation."""
    if not optimised.steps:
        return given.plain()
    typed, weights = given.network.typed, given.weights
    return build_optimised(typed, optimised, device=given.place, dtype=given.dtype, weights=weights)


def _torch(given: Given, layout: str) -> Ready:
    """The network as a person would write it, in eager mode: the written source, nothing optimised."""
    if not is_last("torch", layout):
        return Ready(_forward(given.plain(), given))
    return Ready(_forward(channels_last(given.plain()), last(given)), "channels last")


def _compile(given: Given, layout: str) -> Ready:
    """The same through ``torch.compile``: on the CPU with its weights frozen, on a GPU tuned as far as it goes."""
    asked = is_last("compile", layout)
    # torch annotates it in part.
    compiled = cast("Callable[..., Callable[..., object]]", getattr(torch, "compile"))  # noqa: B009
    if given.place.type != "cpu":
        tuned = compiled(channels_last(given.plain()), mode="max-autotune")
        return Ready(_forward(tuned, last(given)), "max-autotune, channels last")
    frozen = {"options": {"freezing": True}}
    if asked:
        return Ready(_forward(compiled(channels_last(given.plain()), **frozen), last(given)), "freezing, channels last")
    return Ready(_forward(compiled(given.plain(), **frozen), given), "freezing")


def _forward(module: Callable[..., object], given: Given) -> Callable[[], object]:
    def run() -> object:
        with torch.no_grad():
            return module(*given.inputs)

    return run


_MAKERS = (_torch, _compile, timm, torchvision, keras, onnxruntime, openvino)
CONTENDERS: Mapping[str, Contender] = dict(zip(names.CONTENDERS, _MAKERS, strict=True))
