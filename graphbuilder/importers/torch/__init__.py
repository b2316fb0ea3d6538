"""Torch modules, read from the graph that ``torch.export`` makes of them, in evaluation.

Where a module has weights that this graph does not use, its graph in training is read, for what that gives besides. The
module is a person's own, so torch is imported here as it is in the torch backend and the weights.
"""

from graphbuilder.importers.torch.answers import CLOSE, Beside, weights
from graphbuilder.importers.torch.elsewhere import elsewhere
from graphbuilder.importers.torch.locating import Places
from graphbuilder.importers.torch.plain import plain
from graphbuilder.importers.torch.proof import proven
from graphbuilder.importers.torch.reader import read
from graphbuilder.importers.torch.samples import several
from graphbuilder.importers.torch.wrapped import in_single, unwrapped

__all__ = [
    "CLOSE",
    "Beside",
    "Places",
    "elsewhere",
    "in_single",
    "plain",
    "proven",
    "read",
    "several",
    "unwrapped",
    "weights",
]
