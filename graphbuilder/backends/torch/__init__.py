"""The network as a torch module. The only room, beside weights, that imports torch; without it, GB706 is raised."""

from __future__ import annotations

from graphbuilder.diagnostics import CompileError
from graphbuilder.diagnostics.catalogue.backends import TorchMissing

try:
    from graphbuilder.backends.torch.building import build
    from graphbuilder.backends.torch.clocking import clocked
    from graphbuilder.backends.torch.optimising import build_optimised
except ModuleNotFoundError as error:
    if error.name != "torch":
        raise
    raise CompileError((TorchMissing.at(None, "torch is not installed", help="pip install torch"),)) from error

__all__ = ["build", "build_optimised", "clocked"]
