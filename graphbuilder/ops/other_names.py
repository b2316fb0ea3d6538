"""What Keras and torch call our ops and their arguments: the one list of other names, for suggestions alone.

Nothing is read by these names. A name is here only where what it means there has one name here; what is told apart by
its value as well (a padding, a dropout of channels) is left to the reference.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from graphbuilder.diagnostics import Help, Meant
from graphbuilder.diagnostics.nearest import meant, nearest
from graphbuilder.spec.names import JOINS, STEP_WORDS

_AXES = re.compile(r"[123]d|[_\s]")

# Without letter case, underscores and the number of axes: `Conv2DTranspose` is `convtranspose`.
OPS: Mapping[str, str] = {
    **JOINS,
    "adaptiveaveragepool": "adaptiveavgpool",
    "adaptivemaxpooling": "adaptivemaxpool",
    "average": "mean",
    "averagepool": "avgpool",
    "averagepooling": "avgpool",
    "batchnormalization": "batchnorm",
    "bn": "batchnorm",
    "chunk": "split",
    "clip": "clamp",
    "convolution": "conv",
    "cropping": "crop",
    "deconv": "convtranspose",
    "dense": "linear",
    "depthwiseconv": "dwconv",
    "fc": "linear",
    "fullyconnected": "linear",
    "gap": "globalavgpool",
    "globalaveragepool": "globalavgpool",
    "globalaveragepooling": "globalavgpool",
    "globalmaxpooling": "globalmaxpool",
    "groupnormalization": "groupnorm",
    "hardtanh": "clamp",
    "hswish": "hardswish",
    "interpolate": "resize",
    "layernormalization": "layernorm",
    "ln": "layernorm",
    "lrn": "localresponsenorm",
    "maximum": "max",
    "maxpooling": "maxpool",
    "mha": "attention",
    "minimum": "min",
    "multiheadattention": "attention",
    "scaleddotproductattention": "attend",
    "se": "squeezeexcite",
    "separableconv": "sepconv",
    "stochasticdepth": "droppath",
    "subtract": "sub",
    "swish": "silu",
    "transpose": "permute",
    "upsample": "resize",
    "upsampling": "resize",
    "view": "reshape",
    "zeropad": "pad",
    "zeropadding": "pad",
}

# Meant where the op in hand has such an argument, or any step such a word.
ARGUMENTS: Mapping[str, str] = {
    "alpha": "slope",
    "ceil_mode": "ceil",
    "condition": "when",
    "count_include_pad": "count_padding",
    "depth_multiplier": "multiplier",
    "dilation_rate": "dilation",
    "dim": "axis",
    "dims": "axes",
    "drop_prob": "rate",
    "drop_rate": "rate",
    "epsilon": "eps",
    "enabled": "when",
    "features": "out",
    "filters": "out",
    "if": "when",
    "input": "from",
    "inputs": "from",
    "interpolation": "mode",
    "kernel_size": "kernel",
    "name": "id",
    "negative_slope": "slope",
    "num_groups": "groups",
    "num_heads": "heads",
    "out_channels": "out",
    "out_features": "out",
    "output_size": "size",
    "p": "rate",
    "pool_size": "kernel",
    "prob": "rate",
    "scale": "factor",
    "scale_factor": "factor",
    "strides": "stride",
    "target_shape": "shape",
    "times": "repeat",
    "units": "out",
    "upscale_factor": "factor",
    "use_bias": "bias",
}

_OUTSIDE = 'no op does that: "What cannot be said" in the reference; a Python class can, by `@graphbuilder.op`'
# What is an op there and none here, by words without letter case, underscores and numbers of axes.
_NO_OPS: Mapping[str, str] = {
    **dict.fromkeys(
        (
            "unfold",
            "fold",
            "im2col",
            "col2im",
            "extractpatches",
            "extractimagepatches",
            "deformconv",
            "deformableconv",
            "deformconvv2",
            "dcn",
            "dcnv2",
            "dcnv3",
            "modulateddeformconv",
            "gridsample",
            "affinegrid",
            "spatialtransformer",
            "roialign",
            "roipool",
            "fft",
            "ifft",
            "rfft",
            "irfft",
            "fft2",
            "ifft2",
            "rfft2",
            "irfft2",
            "fftn",
            "ifftn",
            "dct",
        ),
        _OUTSIDE,
    ),
    "gather": "`select` takes one element of an axis, `slice` several in a row; chosen by what maps hold, none can be",
    "repeat": "`repeat` is a word of a step; `mul`, `matmul`, and `add` with `stretch = true` stretch axes of size 1",
    "sum": 'of several values, `add`; along an axis, { op = "reduce", kind = "sum", over = "places" }',
    "tile": "axes of size 1 are stretched by `mul` and `matmul`, and by `add` with `stretch = true`",
    "expand": "axes of size 1 are stretched by `mul` and `matmul`, and by `add` with `stretch = true`",
    "broadcastto": "axes of size 1 are stretched by `mul` and `matmul`, and by `add` with `stretch = true`",
}

_FOLLOWS = "leave it out: it follows from what the step reads"
# What is an argument there and none here.
_APART: Mapping[str, str] = {
    "activation": 'an activation is a step of its own: { op = "relu" }, say',
    "d_model": _FOLLOWS,
    "embed_dim": _FOLLOWS,
    "in_channels": _FOLLOWS,
    "in_features": _FOLLOWS,
    "input_dim": _FOLLOWS,
    "input_shape": "leave it out: `[inputs]` has the shapes",
    "normalized_shape": _FOLLOWS,
    "num_channels": _FOLLOWS,
    "num_features": _FOLLOWS,
}


def op_remedy(name: str, ops: Collection[str]) -> Help:
    """What to do about an op ``name`` that is none of ``ops``."""
    if (plain := _plain(name)) in _NO_OPS and plain not in ops:
        return _NO_OPS[plain]
    other = op_elsewhere(name, ops)
    return Meant((other,)) if other else meant(name, ops, "`graphbuilder ops` lists the ops")


def op_meant(name: str, ops: Collection[str]) -> str | None:
    """Which of ``ops`` is meant by ``name``, by its name elsewhere or its letters."""
    return op_elsewhere(name, ops) or nearest(name, ops)


def op_elsewhere(name: str, ops: Collection[str]) -> str | None:
    """Which of ``ops`` goes elsewhere by ``name``, for certain."""
    plain = _plain(name)
    other = OPS.get(plain, plain)
    return other if other in ops else None


def _plain(name: str) -> str:
    """A name as the lists have it: `conv` for `nn.Conv2d`."""
    return _AXES.sub("", name.casefold().rpartition(".")[2])


def argument_remedy(op: str, name: str, fields: Collection[str]) -> Help:
    """What to do about an argument ``name`` that is none of the ``fields`` of ``op``, nor a word of any step."""
    known = (*fields, *STEP_WORDS)
    if other := _other(name, known):
        return Meant((other,))
    takes = ", ".join(fields) if fields else "no arguments"
    return _APART.get(name) or meant(name, known, f"`{op}` takes {takes}")


def argument_meant(name: str, known: Collection[str]) -> str | None:
    """Which of ``known`` is meant by ``name``, by its name elsewhere or its letters."""
    return _other(name, known) or (None if name in _APART else nearest(name, known))


def _other(name: str, known: Collection[str]) -> str | None:
    other = ARGUMENTS.get(name.casefold())
    return other if other in known else None
