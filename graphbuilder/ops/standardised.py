"""The convolution with standardised weights."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from graphbuilder.diagnostics.catalogue.shapes import Contradiction
from graphbuilder.ir.lowering import Arg, Lowering
from graphbuilder.ir.op import Example, OpError
from graphbuilder.ir.types import TensorType
from graphbuilder.ir.weights import Initialiser, Weight
from graphbuilder.ops import fields as f
from graphbuilder.ops.convolution import Conv

_LINE = TensorType((8, 17))
_MAP = TensorType((8, 15, 18))

_STANDARDISED = '''
class StdConv{axes}d(nn.Conv{axes}d):
    """A convolution whose kernels are brought to mean 0 and variance 1 before each use."""

    def __init__(self, *args, eps=1e-6, **kwargs):
        super().__init__(*args, **kwargs)
        self.eps = eps

    def forward(self, x):
        variance, mean = torch.var_mean(self.weight, {dims}, correction=0, keepdim=True)
        return self._conv_forward(x, (self.weight - mean) * (variance + self.eps).rsqrt(), self.bias)
'''

_SCALED = '''
class ScaledStdConv{axes}d(nn.Conv{axes}d):
    """A convolution whose kernels are brought to mean 0 and a learnt length before each use."""

    def __init__(self, *args, eps=1e-6, gamma=1.0, **kwargs):
        super().__init__(*args, **kwargs)
        self.eps = eps
        self.gain = nn.Parameter(torch.ones({ones}))
        self.factor = gamma * self.weight[0].numel() ** -0.5

    def forward(self, x):
        variance, mean = torch.var_mean(self.weight, {dims}, correction=0, keepdim=True)
        scale = self.gain * self.factor * (variance + self.eps).rsqrt()
        return self._conv_forward(x, (self.weight - mean) * scale, self.bias)
'''


class StdConv(Conv):
    """Convolution with weight standardisation: every kernel is brought to mean 0 and variance 1 before each use.

    Qiao et al. 2019, "Micro-Batch Training with Batch-Channel Normalization and Weight Standardization" (BiT). With
    ``gain`` it is then divided by the root of its number of elements and multiplied by ``gamma`` and a learnt factor,
    as in Brock et al. 2021, "Characterizing signal propagation to close the performance gap" (NFNet).
    """

    op = "stdconv"
    title = "StdConv"

    eps: f.Epsilon = 1e-6
    gain: Annotated[bool, Field(description="Whether a factor is learnt for every kernel, beside the root")] = False
    gamma: Annotated[f.Number, Field(description="A constant factor, for the activation before; with `gain`")] = 1.0

    def infer(self, inputs: tuple[TensorType, ...]) -> tuple[TensorType, ...]:
        if self.gamma != 1 and not self.gain:
            raise OpError(Contradiction, "stdconv: gamma means nothing without gain", field="gamma")
        return super().infer(inputs)

    def weights(self, inputs: tuple[TensorType, ...]) -> tuple[Weight, ...]:
        gain = Weight("gain", (self.out,) + (1,) * inputs[0].rank, Initialiser("ones"))
        return (*super().weights(inputs), *([gain] if self.gain else []))

    def lower(self, inputs: tuple[TensorType, ...]) -> Lowering:
        plain = super().lower(inputs)
        assert plain.module is not None
        axes = inputs[0].rank - 1
        name = "ScaledStdConv" if self.gain else "StdConv"
        text = _SCALED if self.gain else _STANDARDISED
        dims = tuple(range(1, axes + 2))
        gamma = (Arg("gamma", self.gamma, 1.0, field="gamma"),) if self.gain else ()
        args = (*plain.module.args, Arg("eps", self.eps, 1e-6, field="eps"), *gamma)
        ones = ", ".join(("self.out_channels", *("1",) * (axes + 1)))
        helper = text.format(axes=axes, dims=dims, ones=ones)
        return Lowering(plain.module._replace(target=f"{name}{axes}d", args=args), plain.results, helper)

    examples = (
        Example({"out": 6, "kernel": 3}, (_MAP,)),
        Example({"out": 8, "kernel": 3, "stride": 2, "padding": "same", "groups": 2, "eps": 1e-5}, (_MAP,)),
        Example({"out": 6, "kernel": 3, "padding": "half", "gain": True}, (_MAP,)),
        Example({"out": 6, "kernel": 3, "gain": True, "gamma": 1.7, "bias": False}, (_LINE,)),
    )
