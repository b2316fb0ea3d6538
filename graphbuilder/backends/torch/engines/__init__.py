"""Ways to run one module in evaluation on inputs of one shape: by torch itself, by its compiler, by another runtime.

What runs a way holds a form of the module's weights of its own, and knows nothing of what becomes of them later:
``graphbuilder.backends.torch.tuned`` has it made anew where they have changed. Nothing here chooses.
"""

from graphbuilder.backends.torch.engines.making import make
from graphbuilder.backends.torch.engines.ways import ENGINES, Engine, Layout, Way, extra, lacking

__all__ = ["ENGINES", "Engine", "Layout", "Way", "extra", "lacking", "make"]
