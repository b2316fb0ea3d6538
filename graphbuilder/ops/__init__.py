"""The catalogue of ops: a name for each, and the file that declares it.

Files are imported when an op of theirs is first asked for, so a command pays only for the ops of its spec. Adding an op
touches its family's file and the list here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from graphbuilder.ir.op import Op

BUILT_IN: Mapping[str, str] = {
    "conv": "convolution.Conv",
    "dwconv": "convolution.DepthwiseConv",
    "stdconv": "standardised.StdConv",
    "convtranspose": "convolution.ConvTranspose",
    "sepconv": "separable.SepConv",
    "linear": "head.Linear",
    "batchnorm": "normalisation.BatchNorm",
    "layernorm": "normalisation.LayerNorm",
    "groupnorm": "normalisation.GroupNorm",
    "instancenorm": "normalisation.InstanceNorm",
    "localresponsenorm": "normalisation.LocalResponseNorm",
    "rmsnorm": "magnitude.RMSNorm",
    "l2norm": "magnitude.L2Norm",
    "globalresponsenorm": "magnitude.GlobalResponseNorm",
    "scale": "normalisation.Scale",
    "rescale": "rescaling.Rescale",
    "activation": "activation.Activation",
    "relu": "activation.ReLU",
    "relu6": "activation.ReLU6",
    "leakyrelu": "activation.LeakyReLU",
    "prelu": "activation.PReLU",
    "elu": "activation.ELU",
    "selu": "activation.SELU",
    "gelu": "activation.GELU",
    "silu": "activation.SiLU",
    "sigmoid": "activation.Sigmoid",
    "hardsigmoid": "activation.HardSigmoid",
    "hardswish": "activation.HardSwish",
    "tanh": "activation.Tanh",
    "softmax": "activation.Softmax",
    "logsoftmax": "activation.LogSoftmax",
    "softplus": "activation.Softplus",
    "mish": "activation.Mish",
    "abs": "activation.Abs",
    "exp": "activation.Exp",
    "sqrt": "activation.Sqrt",
    "clamp": "activation.Clamp",
    "maxpool": "pooling.MaxPool",
    "avgpool": "pooling.AvgPool",
    "globalavgpool": "pooling.GlobalAvgPool",
    "globalmaxpool": "pooling.GlobalMaxPool",
    "adaptiveavgpool": "pooling.AdaptiveAvgPool",
    "adaptivemaxpool": "pooling.AdaptiveMaxPool",
    "blurpool": "blurring.BlurPool",
    "reduce": "reduction.Reduce",
    "dropout": "regularisation.Dropout",
    "droppath": "regularisation.DropPath",
    "add": "join.Add",
    "sub": "join.Sub",
    "mul": "join.Mul",
    "div": "join.Div",
    "max": "join.Max",
    "min": "join.Min",
    "mean": "join.Mean",
    "concat": "join.Concat",
    "attend": "attention.Attend",
    "attention": "attention.Attention",
    "windowattention": "window_attention.WindowAttention",
    "relativebias": "relative_bias.RelativeBias",
    "splitheads": "products.SplitHeads",
    "mergeheads": "products.MergeHeads",
    "matmul": "products.MatMul",
    "squeezeexcite": "attention.SqueezeExcite",
    "classtoken": "attention.ClassToken",
    "positions": "attention.Positions",
    "parameter": "learned.Parameter",
    "rotary": "rotary.Rotary",
    "identity": "shape.Identity",
    "flatten": "shape.Flatten",
    "reshape": "shape.Reshape",
    "permute": "shape.Permute",
    "tokens": "shape.Tokens",
    "maps": "shape.Maps",
    "channelslast": "shape.ChannelsLast",
    "channelsfirst": "shape.ChannelsFirst",
    "split": "cutting.Split",
    "slice": "cutting.Slice",
    "select": "cutting.Select",
    "crop": "cutting.Crop",
    "pad": "resampling.Pad",
    "resize": "resampling.Resize",
    "pixelshuffle": "resampling.PixelShuffle",
    "pixelunshuffle": "resampling.PixelUnshuffle",
    "channelshuffle": "resampling.ChannelShuffle",
    "patchmerge": "windows.PatchMerge",
    "windows": "windows.Windows",
    "unwindows": "windows.Unwindows",
    "roll": "windows.Roll",
    "flip": "windows.Flip",
}

_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")


class Catalogue(Mapping[str, "type[Op]"]):
    """Every op by its name: the built-in ones in the order of the list, then those that a caller registered."""

    def __init__(self) -> None:
        self._found: dict[str, type[Op]] = {}
        self._registered: dict[str, type[Op]] = {}

    def __getitem__(self, name: str) -> type[Op]:
        found = self._found.get(name) or self._registered.get(name)
        if found is None:
            found = self._found[name] = self._imported(name)
        return found

    def __iter__(self) -> Iterator[str]:
        yield from BUILT_IN
        yield from self._registered

    def __len__(self) -> int:
        return len(BUILT_IN) + len(self._registered)

    def __contains__(self, name: object) -> bool:
        return name in BUILT_IN or name in self._registered

    def register(self, op: type[Op]) -> None:
        """Add a caller's op; registering the same class again changes nothing.

        Raises:
            ValueError: its name is malformed or taken.
        """
        if not _NAME.fullmatch(op.op):
            raise ValueError(f"an op's name is lower case, with digits and underscores: {op.op!r}")
        if op.op in self and self._registered.get(op.op) is not op:
            raise ValueError(f"there is an op named {op.op!r} already")
        self._registered[op.op] = op

    def _imported(self, name: str) -> type[Op]:
        file, declared = BUILT_IN[name].split(".")
        return getattr(import_module(f"{__name__}.{file}"), declared)


_CATALOGUE = Catalogue()


def catalogue() -> Mapping[str, type[Op]]:
    """Every op by its name. Its keys cost nothing; a value imports its family."""
    return _CATALOGUE


def find(name: str) -> type[Op] | None:
    """The op of that name, if there is one."""
    return _CATALOGUE.get(name)


def register(op: type[Op]) -> type[Op]:
    """Add a caller's op to the catalogue: a class decorator, ``@graphbuilder.op``.

    Raises:
        ValueError: its name is malformed or taken.
    """
    _CATALOGUE.register(op)
    return op
