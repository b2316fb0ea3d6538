"""Torch modules, read from the graph that ``torch.export`` makes of them, in evaluation.

What a module does in training only (auxiliary outputs, stochastic depth) is not in that graph. The module is a
person's own, so torch is imported here as it is in the torch backend and the weights.
"""

from graphbuilder.importers.torch.answers import difference
from graphbuilder.importers.torch.reader import read

__all__ = ["difference", "read"]
