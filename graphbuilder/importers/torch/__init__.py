"""Torch modules, read from the graph that ``torch.export`` makes of them, in evaluation.

What a module does in training only (auxiliary outputs, stochastic depth) is not in that graph. The only room besides
the torch backend and the weights in which torch is imported.
"""

from graphbuilder.importers.torch.reader import read

__all__ = ["read"]
