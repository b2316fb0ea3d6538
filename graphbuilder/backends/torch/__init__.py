"""The network as a torch module. The only room, beside weights, that imports torch."""

from graphbuilder.backends.torch.building import build

__all__ = ["build"]
