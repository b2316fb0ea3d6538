"""Kernels of our own, as operators that torch knows: importing this room registers them.

``torch.ops.graphbuilder.sepconv`` is a whole separable convolution: what stands before, between and behind its two
halves, biases and a sum with another map included. On a CUDA device with triton it is one kernel or two, by a plan that
depends on the shape alone unless shapes have been probed; everywhere else it is torch's own convolutions.
"""

from graphbuilder.backends.torch.kernels.form import ACTIVATIONS, Form
from graphbuilder.backends.torch.kernels.layout import fused, lay_out
from graphbuilder.backends.torch.kernels.sepconv import sepconv

__all__ = ["ACTIVATIONS", "Form", "fused", "lay_out", "sepconv"]
