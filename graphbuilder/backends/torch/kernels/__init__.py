"""Kernels of our own, as operators that torch knows: importing this room registers them.

``torch.ops.graphbuilder.sepconv`` is a whole separable convolution: what stands before, between and behind its two
halves, biases and a sum with another map included. On a CUDA device with triton it is one kernel or two, by a plan that
depends on the shape alone unless shapes have been probed; everywhere else it is torch's own convolutions.
``torch.ops.graphbuilder.pooledsum`` is a max pool plus a strided 1x1 convolution: one kernel there, torch's own
operators elsewhere.
"""

from graphbuilder.backends.torch.kernels.form import ACTIVATIONS, Form, Window
from graphbuilder.backends.torch.kernels.layout import fused, lay_out
from graphbuilder.backends.torch.kernels.pooledsum import pooledsum
from graphbuilder.backends.torch.kernels.sepconv import sepconv

__all__ = ["ACTIVATIONS", "Form", "Window", "fused", "lay_out", "pooledsum", "sepconv"]
