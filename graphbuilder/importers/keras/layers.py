"""What each Keras layer is in the catalogue: a chain of ops, the first of them with the layer's weights.

A layer that is not in the table, or is set to what no op can do, raises ``Unknown`` with the reason.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from graphbuilder.importers.keras.attention import multi_head
from graphbuilder.importers.keras.axes import permuted, reshaped, summed
from graphbuilder.importers.keras.channels import place, refuse_other
from graphbuilder.importers.keras.terms import ACTIVATIONS, RANK, Config, Link, Settings, Unknown, rescaled
from graphbuilder.importers.sizes import each, is_one, listed, short

Chain = Sequence[Link | tuple[str, dict[str, Any]]]

# Keras's interpolations that the catalogue has, by its own names.
_MODES = {"nearest": "nearest-exact", "bilinear": "bilinear"}


def links(kind: str, config: Config) -> list[Link]:
    """The ops of a layer of class ``kind``.

    Raises:
        Unknown: the layer, or a setting of it, has no counterpart.
    """
    if kind not in _LAYERS:
        raise Unknown(f"`{kind}` is no layer that is known")
    refuse_other(kind, config)
    settings = Settings(config)
    found = [link if isinstance(link, Link) else Link(*link) for link in _LAYERS[kind](settings)]
    if found:
        settings.refuse_unknown(kind)
    return found


def _activation(config: Config, key: str = "activation") -> Chain:
    name = config.get(key)
    if isinstance(name, Mapping):
        name = _registered(cast("Config", name))
    if name in (None, "linear"):
        return []
    if name not in ACTIVATIONS:
        raise Unknown(f"the activation `{name}`")
    op, args = ACTIVATIONS[name]
    return [(op, dict(args))]


def _registered(config: Config) -> str:
    """The name of an activation that is written as an object."""
    found: Any = config.get("config")
    return str(found if isinstance(found, str) else config.get("class_name"))


# What only training has: the identity in evaluation.
AUGMENTING = (
    *("AlphaDropout", "CutMix", "GaussianDropout", "GaussianNoise", "MixUp"),
    *("RandAugment", "RandomBrightness", "RandomColorDegeneration", "RandomColorJitter", "RandomContrast"),
    *("RandomErasing", "RandomFlip", "RandomGrayscale", "RandomHue", "RandomInvert", "RandomPosterization"),
    *("RandomRotation", "RandomSaturation", "RandomSharpness", "RandomShear", "RandomTranslation", "RandomZoom"),
)


def _window(config: Config, kernel: str) -> dict[str, Any]:
    if config["padding"] not in ("valid", "same"):
        raise Unknown(f"`{config['padding']}` padding")
    return {"kernel": short(config[kernel]), "stride": short(config["strides"]), "padding": config["padding"]}


def _convolution(config: Config) -> dict[str, Any]:
    dilation = short(config.get("dilation_rate", 1))
    return {**_window(config, "kernel_size"), "dilation": dilation, "bias": config.get("use_bias", True)}


def _conv(config: Config) -> Chain:
    if config["padding"] == "causal":
        ahead = config["dilation_rate"][0] * (config["kernel_size"][0] - 1)
        return [("pad", {"sides": [[ahead, 0]]}), *_conv({**config, "padding": "valid"})]
    args = {"out": config["filters"], **_convolution(config), "groups": config.get("groups", 1)}
    return [("conv", args), *_activation(config)]


def _depthwise(config: Config) -> Chain:
    args = {**_convolution(config), "multiplier": config.get("depth_multiplier", 1)}
    return [("dwconv", args), *_activation(config)]


def _separable(config: Config) -> Chain:
    multiplier = config.get("depth_multiplier", 1)
    args = {"out": config["filters"], **_convolution(config), "multiplier": multiplier}
    return [("sepconv", args), *_activation(config)]


def _dense(config: Config) -> Chain:
    return [("linear", {"out": config["units"], "bias": config.get("use_bias", True)}), *_activation(config)]


def _batch_norm(config: Config) -> Chain:
    _channels(config)
    args = {"eps": config["epsilon"], "momentum": round(1 - config["momentum"], 12)}
    return [("batchnorm", {**args, "scale": config["scale"], "bias": config["center"]})]


def _layer_norm(config: Config) -> Chain:
    _channels(config)
    args = {"eps": config["epsilon"], "scale": config["scale"], "bias": config["center"]}
    return [("layernorm", args)]


def _rms_norm(config: Config) -> Chain:
    _channels(config)
    return [Link("rmsnorm", {"eps": config["epsilon"]}, leaves={"weight": "scale"})]


def _group_norm(config: Config) -> Chain:
    _channels(config)
    args = {"eps": config["epsilon"], "scale": config["scale"], "bias": config["center"]}
    return [("groupnorm", {"groups": config["groups"], **args})]


def _channels(config: Config) -> None:
    if place(config, config.get("axis", -1)) is not None:
        raise Unknown(f"axis = {config['axis']}, which is not that of the channels")


def _max_pool(config: Config) -> Chain:
    return [("maxpool", _window(config, "pool_size"))]


def _average_pool(config: Config) -> Chain:
    return [("avgpool", {**_window(config, "pool_size"), "count_padding": False})]


def _global(op: str) -> Callable[[Config], Chain]:
    return lambda config: [(op, {"keep": bool(config.get("keepdims", False))})]


def _adaptive(op: str) -> Callable[[Config], Chain]:
    return lambda config: [(op, {"size": short(config["output_size"])})]


def _zero_padding(config: Config) -> Chain:
    sides = [list(pair) for pair in config["padding"]]
    return [("pad", {"sides": sides})]


def _cropping(config: Config) -> Chain:
    return [("crop", {"sides": [list(pair) for pair in config["cropping"]]})]


def _upsampling(config: Config) -> Chain:
    """By whole factors, at which every rule of what is nearest says the same."""
    mode = config.get("interpolation", "nearest")
    if mode not in _MODES:
        raise Unknown(f"`{mode}` interpolation")
    return [("resize", {"factor": short(config["size"]), "mode": mode})]


def _concatenate(config: Config) -> Chain:
    axis = place(config, config.get("axis", -1))
    return [("concat", {} if axis is None else {"axis": axis})]


def _dropout(config: Config) -> Chain:
    if config.get("noise_shape"):
        return [("droppath", {"rate": config["rate"]})]
    return [("dropout", {"rate": config["rate"]})]


def _spatial_dropout(config: Config) -> Chain:
    return [("dropout", {"rate": config["rate"], "channels": True})]


def _relu(config: Config) -> Chain:
    largest, slope, threshold = (config.get(key) for key in ("max_value", "negative_slope", "threshold"))
    if threshold or (largest is not None and slope):
        raise Unknown(f"a ReLU with max_value = {largest}, negative_slope = {slope}, threshold = {threshold}")
    if slope:
        return [("leakyrelu", {"slope": slope})]
    if largest in (None, 6):
        return [("relu6" if largest else "relu", {})]
    return [("clamp", {"min": 0.0, "max": float(largest)})]


def _leaky(config: Config) -> Chain:
    return [("leakyrelu", {"slope": config.get("negative_slope", config.get("alpha", 0.3))})]


def _unit_norm(config: Config) -> Chain:
    """Keras takes the root of a sum of squares that is 1e-12 at least."""
    _channels(config)
    return [("l2norm", {"eps": 1e-6})]


def _rescaling(config: Config) -> Chain:
    return rescaled(config["scale"], config.get("offset", 0.0))


def _normalization(config: Config) -> Chain:
    """(x - mean) / the root of the variance, or the other way about; Keras divides by 1e-7 at least."""
    if short(config.get("axis", -1)) is not None:
        _channels({**config, "axis": short(config.get("axis", -1))})
    if config.get("mean") is None:
        raise Unknown("a normalisation whose numbers are with the weights: import the .keras file")
    means, variances = ([float(each) for each in _numbers(config[name])] for name in ("mean", "variance"))
    roots = [max(math.sqrt(each), 1e-7) for each in variances]
    if config.get("invert"):
        return rescaled(roots, means)
    return rescaled([1 / root for root in roots], [-mean / root for mean, root in zip(means, roots, strict=True)])


def _numbers(value: Any) -> list[Any]:
    """The numbers of a list in lists of one, or a single one."""
    while listed(value) and listed(listed(value)[0]):
        (value,) = listed(value)
    return listed(value) or [value]


def _layer_scale(config: Config) -> Chain:
    return [Link("scale", {"value": float(config["init_values"])}, leaves={"weight": "0"})]


def _weighed_sum(config: Config) -> Chain:
    """The second input by a constant, and the first (Inception-ResNet)."""
    by_constant = {"value": float(config["scale"]), "learn": False}
    return [Link("scale", by_constant, (1,)), Link("add", {}, (0, -1))]


def _prelu(config: Config) -> Chain:
    shared = {place(config, axis) for axis in listed(config.get("shared_axes"))}
    if None in shared or len(shared) != config[RANK] - 2:
        raise Unknown(f"a PReLU with shared_axes = {config.get('shared_axes')}")
    return [Link("prelu", {"shared": False}, leaves={"weight": "alpha"})]


def _transposed(config: Config) -> Chain:
    """A transposed convolution; what padding "same" cuts off unevenly is cut behind it."""
    rank = len(config["kernel_size"])
    kernel, stride = each(config["kernel_size"], rank), each(config["strides"], rank)
    if config.get("output_padding") is not None or not is_one(config.get("dilation_rate", 1)):
        raise Unknown("a transposed convolution with an output padding or dilation of its own")
    total = [max(width - step, 0) for width, step in zip(kernel, stride, strict=True)]
    missing = [max(step - width, 0) for width, step in zip(kernel, stride, strict=True)]
    is_same = config["padding"] == "same"
    args = {
        "out": config["filters"],
        "kernel": short(kernel),
        "stride": short(stride),
        "padding": short([size // 2 for size in total]) if is_same else 0,
        "output_padding": short(missing),
        "groups": config.get("groups", 1),
        "bias": config.get("use_bias", True),
    }
    odd = [[0, size % 2] for size in total]
    cut = [("crop", {"sides": odd})] if is_same and any(behind for _, behind in odd) else []
    return [("convtranspose", args), *cut, *_activation(config)]


def _resizing(config: Config) -> Chain:
    """To a size, as TensorFlow does it: what is nearest is so to the middle of a new place (`tf.image.resize`).

    Its bicubic and area are other formulas than torch's.
    """
    mode = config["interpolation"]
    if mode not in _MODES:
        raise Unknown(f"a resizing by `{mode}` interpolation")
    for setting in ("crop_to_aspect_ratio", "pad_to_aspect_ratio", "antialias"):
        if config.get(setting) and (setting, mode) != ("antialias", "nearest"):
            raise Unknown(f"a resizing with {setting} = True")
    return [("resize", {"size": short([config["height"], config["width"]]), "mode": _MODES[mode]})]


def _plain(op: str) -> Callable[[Config], Chain]:
    return lambda _: [(op, {})]


def _nothing(_: Config) -> Chain:
    return []


_LAYERS: Mapping[str, Callable[[Config], Chain]] = {
    **dict.fromkeys(AUGMENTING, _nothing),
    "Activation": _activation,
    "ActivityRegularization": _nothing,
    **{f"AdaptiveAveragePooling{axes}D": _adaptive("adaptiveavgpool") for axes in (1, 2, 3)},
    **{f"AdaptiveMaxPooling{axes}D": _adaptive("adaptivemaxpool") for axes in (1, 2, 3)},
    "Add": _plain("add"),
    "Average": _plain("mean"),
    "AveragePooling1D": _average_pool,
    "AveragePooling2D": _average_pool,
    "AveragePooling3D": _average_pool,
    "BatchNormalization": _batch_norm,
    "Concatenate": _concatenate,
    "Conv1D": _conv,
    "Conv2D": _conv,
    "Conv1DTranspose": _transposed,
    "Conv2DTranspose": _transposed,
    "Conv3D": _conv,
    "Conv3DTranspose": _transposed,
    "Cropping1D": lambda config: [("crop", {"sides": [list(config["cropping"])]})],
    **dict.fromkeys(("Cropping2D", "Cropping3D"), _cropping),
    "CustomScaleLayer": _weighed_sum,
    "Dense": _dense,
    "DepthwiseConv1D": _depthwise,
    "DepthwiseConv2D": _depthwise,
    "Dropout": _dropout,
    "ELU": lambda config: [("elu", {"alpha": config.get("alpha", 1.0)})],
    "Flatten": _plain("flatten"),
    "GlobalAveragePooling1D": _global("globalavgpool"),
    "GlobalAveragePooling2D": _global("globalavgpool"),
    "GlobalAveragePooling3D": _global("globalavgpool"),
    "GlobalMaxPooling1D": _global("globalmaxpool"),
    "GlobalMaxPooling2D": _global("globalmaxpool"),
    "GlobalMaxPooling3D": _global("globalmaxpool"),
    "GroupNormalization": _group_norm,
    "Identity": _nothing,
    "LayerNormalization": _layer_norm,
    "LayerScale": _layer_scale,
    "LeakyReLU": _leaky,
    "MaxPooling1D": _max_pool,
    "MaxPooling2D": _max_pool,
    "MaxPooling3D": _max_pool,
    "Maximum": _plain("max"),
    "Minimum": _plain("min"),
    "MultiHeadAttention": multi_head,
    "Multiply": _plain("mul"),
    "Normalization": _normalization,
    "Permute": permuted,
    "PReLU": _prelu,
    "ReLU": _relu,
    "Rescaling": _rescaling,
    "Reshape": reshaped,
    "Resizing": _resizing,
    "RMSNormalization": _rms_norm,
    "SeparableConv1D": _separable,
    "SeparableConv2D": _separable,
    "Softmax": summed("softmax"),
    **dict.fromkeys(("SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D"), _spatial_dropout),
    "StochasticDepth": lambda config: [("droppath", {"rate": config["drop_path_rate"]})],
    "Subtract": _plain("sub"),
    "UnitNormalization": _unit_norm,
    **dict.fromkeys(("UpSampling1D", "UpSampling2D", "UpSampling3D"), _upsampling),
    "ZeroPadding1D": lambda config: [("pad", {"sides": [list(config["padding"])]})],
    **dict.fromkeys(("ZeroPadding2D", "ZeroPadding3D"), _zero_padding),
}
