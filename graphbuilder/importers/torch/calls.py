"""What each call of torch's graph is in the catalogue. One function an op, found by the name of the ``aten`` operator.

Here are those that compute of one value; ``joins`` has sums and products, ``moving`` shapes and axes, ``terms`` what
all are told in. None is a call
that changes nothing. Batches are left out: axes count from the one behind it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from graphbuilder.importers.sizes import short
from graphbuilder.importers.torch.biases import relative_bias
from graphbuilder.importers.torch.joins import JOINS
from graphbuilder.importers.torch.modules import is_depth
from graphbuilder.importers.torch.moving import MAKERS
from graphbuilder.importers.torch.picking import PICKING
from graphbuilder.importers.torch.resizing import resize
from graphbuilder.importers.torch.terms import (
    FLOOR,
    ROOT,
    STACK,
    Arguments,
    Made,
    Maker,
    Tensors,
    Unknown,
    kind_of,
    refuse_batch,
)
from graphbuilder.ir import Value


def made_of(node: Any, tensors: Tensors) -> Made | list[Made] | None:
    """What a call is here; of several ops each reads the one before it, which is named after the call and counted.

    Raises:
        Unknown: no op of the catalogue does that.
    """
    maker = _MAKERS.get(kind_of(node))
    if maker is None:
        raise Unknown(f"`{node.target}` is no op that is known")
    return maker(Arguments(node), tensors, node)


def _convolution(given: Arguments, tensors: Tensors, node: Any) -> Made:
    weight = given["weight"].meta["val"]
    out, inner, *kernel = weight.shape
    groups = given["groups"]
    padding = given["padding"]
    args: dict[str, Any] = {
        "kernel": short(kernel),
        "stride": short(given["stride"]),
        "padding": padding if isinstance(padding, str) else short(padding),
        "dilation": short(given["dilation"]),
        "bias": given["bias"] is not None,
    }
    weights = tensors.weights(weight=given["weight"], bias=given["bias"])
    inputs = (tensors.value(given["input"]),)
    if groups > 1 and inner == 1:
        return Made("dwconv", {**args, "multiplier": out // groups}, inputs, weights)
    return Made("conv", {"out": out, **args, "groups": groups}, inputs, weights)


def _transposed(given: Arguments, tensors: Tensors, node: Any) -> Made:
    _, out, *kernel = given["weight"].meta["val"].shape
    groups = given["groups"]
    args = {
        "out": out * groups,
        "kernel": short(kernel),
        **{name: short(given[name]) for name in ("stride", "padding", "output_padding", "dilation")},
        "groups": groups,
        "bias": given["bias"] is not None,
    }
    weights = tensors.weights(weight=given["weight"], bias=given["bias"])
    return Made("convtranspose", args, (tensors.value(given["input"]),), weights)


def _linear(given: Arguments, tensors: Tensors, node: Any) -> Made:
    args = {"out": given["weight"].meta["val"].shape[0], "bias": given["bias"] is not None}
    weights = tensors.weights(weight=given["weight"], bias=given["bias"])
    return Made("linear", args, (tensors.value(given["input"]),), weights)


def _batch_norm(given: Arguments, tensors: Tensors, node: Any) -> Made:
    if given["running_mean"] is None or given["momentum"] is None:
        raise Unknown("batch normalisation without running statistics")
    scale, bias = given["weight"] is not None, given["bias"] is not None
    args = {"eps": given["eps"], "momentum": given["momentum"], "scale": scale, "bias": bias}
    names = ("weight", "bias", "running_mean", "running_var")
    return Made(
        "batchnorm", args, (tensors.value(given["input"]),), tensors.weights(**{name: given[name] for name in names})
    )


def _layer_norm(given: Arguments, tensors: Tensors, node: Any) -> Made:
    if len(given["normalized_shape"]) != 1:
        raise Unknown("layer normalisation over several axes")
    args = {"eps": given["eps"], "scale": given["weight"] is not None, "bias": given["bias"] is not None}
    weights = tensors.weights(weight=given["weight"], bias=given["bias"])
    return Made("layernorm", args, (tensors.value(given["input"]),), weights)


def _group_norm(given: Arguments, tensors: Tensors, node: Any) -> Made:
    scale, bias = given["weight"] is not None, given["bias"] is not None
    args = {"groups": given["num_groups"], "eps": given["eps"], "scale": scale, "bias": bias}
    weights = tensors.weights(weight=given["weight"], bias=given["bias"])
    return Made("groupnorm", args, (tensors.value(given["input"]),), weights)


def _instance_norm(given: Arguments, tensors: Tensors, node: Any) -> Made:
    if not given["use_input_stats"]:
        raise Unknown("instance normalisation by running statistics")
    args = {"eps": given["eps"], "scale": given["weight"] is not None, "bias": given["bias"] is not None}
    weights = tensors.weights(weight=given["weight"], bias=given["bias"])
    return Made("instancenorm", args, (tensors.value(given["input"]),), weights)


def _root_norm(given: Arguments, tensors: Tensors, node: Any) -> Made:
    if len(given["normalized_shape"]) != 1:
        raise Unknown("a norm by the root mean square of several axes")
    eps = given["eps"] or torch.finfo(node.meta["val"].dtype).eps
    args = {"eps": eps, "scale": given["weight"] is not None, "axis": len(node.meta["val"].shape) - 2}
    return Made("rmsnorm", args, (tensors.value(given["input"]),), tensors.weights(weight=given["weight"]))


def _prelu(given: Arguments, tensors: Tensors, node: Any) -> Made:
    shared = given["weight"].meta["val"].numel() == 1
    return Made("prelu", {"shared": shared}, (tensors.value(given["self"]),), tensors.weights(weight=given["weight"]))


def _plain(op: str, **named: str) -> Maker:
    """An op of one input; ``named`` gives its arguments by torch's names."""

    def make(given: Arguments, tensors: Tensors, node: Any) -> Made:
        args = {ours: given[theirs] for ours, theirs in named.items()}
        return Made(op, args, (tensors.value(node.args[0]),), {})

    return make


def _hardtanh(given: Arguments, tensors: Tensors, node: Any) -> Made:
    return _between(given["min_val"], given["max_val"], tensors.value(given["self"]))


def _between(low: Any, high: Any, value: Value) -> Made:
    if not all(end is None or isinstance(end, int | float) for end in (low, high)):
        raise Unknown("a clamp by tensors")
    if low == 0 and high in (None, 6):
        return Made("relu6" if high else "relu", {}, (value,), {})
    ends = {"min": low, "max": high}
    return Made("clamp", {name: float(end) for name, end in ends.items() if end is not None}, (value,), {})


def _clamp(given: Arguments, tensors: Tensors, node: Any) -> Made:
    return _between(given["min"], given["max"], tensors.value(given["self"]))


def _clamp_max(given: Arguments, tensors: Tensors, node: Any) -> Made:
    return _between(None, given["max"], tensors.value(given["self"]))


def _softmax(op: str) -> Maker:
    def make(given: Arguments, tensors: Tensors, node: Any) -> Made:
        axis = given["dim"] % len(node.meta["val"].shape) - 1
        refuse_batch(axis, f"a {op}")
        return Made(op, {"axis": axis}, (tensors.value(given["self"]),), {})

    return make


def _dropout(given: Arguments, tensors: Tensors, node: Any) -> Made:
    """Dropout, or stochastic depth, which is traced as one."""
    around = [kind if isinstance(kind, str) else kind.__name__ for _, kind in node.meta["nn_module_stack"].values()]
    op = "droppath" if is_depth(around[-1]) or around[-1].endswith(".Identity") else "dropout"
    return Made(op, {"rate": given["p"]}, (tensors.value(node.args[0]),), {})


def _channel_dropout(given: Arguments, tensors: Tensors, node: Any) -> Made:
    return Made("dropout", {"rate": given["p"], "channels": True}, (tensors.value(node.args[0]),), {})


def _clamped(given: Arguments, tensors: Tensors, node: Any) -> Made:
    """A clamp, or a part of the division by a length, which is not to be 0."""
    return Made(FLOOR, {"least": given["min"]}, (tensors.value(node.args[0]),), {})


def _attend(given: Arguments, tensors: Tensors, node: Any) -> Made | list[Made]:
    """Attention of each head by itself, where heads are the first axis."""
    if given["is_causal"] or len(node.meta["val"].shape) < 4:
        raise Unknown("attention that is causal, or of single heads")
    args = {} if given["scale"] is None else {"scale": given["scale"]}
    values = tuple(tensors.value(given[port]) for port in ("query", "key", "value"))
    mask = given["attn_mask"]
    if mask is None:
        return Made("attend", args, values, {})
    if not tensors.fixed.holds(mask) or tensors.is_state(mask):
        return Made("attend", args, (*values, tensors.value(mask)), {})
    steps = relative_bias(mask, given["query"], node.name, tensors)
    return [*steps, Made("attend", args, (*values, Value(f"{node.name}#{len(steps) - 1}")), {})]


def _pool(op: str) -> Maker:
    def make(given: Arguments, tensors: Tensors, node: Any) -> Made:
        kernel = short(given["kernel_size"])
        args = {
            "kernel": kernel,
            "stride": short(given["stride"]) if given["stride"] else kernel,
            "padding": short(given["padding"]),
            "ceil": given["ceil_mode"],
        }
        if op == "maxpool":
            args["dilation"] = short(given["dilation"])
        elif len(node.meta["val"].shape) > 3 and given["divisor_override"]:
            raise Unknown("an average pool with a divisor of its own")
        else:
            args["count_padding"] = given["count_include_pad"]
        return Made(op, args, (tensors.value(given["self"]),), {})

    return make


def _adaptive(kind: str) -> Maker:
    def make(given: Arguments, tensors: Tensors, node: Any) -> Made:
        sizes = given["output_size"]
        inputs = (tensors.value(given["self"]),)
        if all(size == 1 for size in sizes):
            return Made(f"global{kind}pool", {"keep": True}, inputs, {})
        return Made(f"adaptive{kind}pool", {"size": short(sizes)}, inputs, {})

    return make


def _reduced(kind: str) -> Maker:
    def make(given: Arguments, tensors: Tensors, node: Any) -> Made:
        return _reduction(kind, given, tensors, node)

    return make


def _reduction(kind: str, given: Arguments, tensors: Tensors, node: Any) -> Made:
    """The axes without the batch; which of them are places, the type of the value tells."""
    if "dim" not in given:
        raise Unknown(f"a {kind} over all axes, the batch among them")
    rank = len(node.args[0].meta["val"].shape)
    said = given["dim"] if isinstance(given["dim"], list) else [given["dim"]]
    found = sorted(axis % rank for axis in said if axis is not None) or list(range(rank))
    is_apart = found == [0] and kind_of(node.args[0]) == STACK
    if (not found[0] and not is_apart) or (kind == "norm" and given["ord"] != 2):
        raise Unknown(f"a {kind} over the axes {given['dim']}")
    inputs = (tensors.value(node.args[0]),)
    pool = {"mean": "globalavgpool", "max": "globalmaxpool"}.get(kind)
    if pool and rank > 3 and found == list(range(2, rank)):
        return Made(pool, {"keep": given["keepdim"]}, inputs, {})
    over = [axis - 1 for axis in found]
    return Made("reduce", {"kind": kind, "over": over, "keep": given["keepdim"]}, inputs, {})


def _deviation(given: Arguments, tensors: Tensors, node: Any) -> Made:
    """Torch says in two ways what is taken from the count."""
    made = _reduction("std", given, tensors, node)
    correction = given["correction"] if node.target._overloadname == "correction" else int(given["unbiased"])
    return made._replace(args={**made.args, "correction": 1 if correction is None else correction})


def _power(given: Arguments, tensors: Tensors, node: Any) -> Made:
    value = tensors.value(node.args[0])
    if node.args[1:] == (0.5,):
        return Made("sqrt", {}, (value,), {})
    if node.args[1:] not in ((), (2,)):
        raise Unknown(f"a power of {node.args[1]}")
    return Made("mul", {}, (value, value), {})


def _matmul(given: Arguments, tensors: Tensors, node: Any) -> Made:
    return Made("matmul", {}, tuple(tensors.value(each) for each in node.args[:2]), {})


def _pad(given: Arguments, tensors: Tensors, node: Any) -> Made | list[Made] | None:
    """What is added on every axis, of which the type of the value tells the places; less than nothing is taken away."""
    sides = given["pad"]
    if not any(sides):
        return None
    pairs = [list(sides[start : start + 2]) for start in range(0, len(sides), 2)][::-1]
    behind = len(node.meta["val"].shape) - 1
    if len(pairs) > behind:
        raise Unknown("padding of the batch")
    pairs = [[0, 0]] * (behind - len(pairs)) + pairs
    more = [[max(side, 0) for side in pair] for pair in pairs]
    taken = [[max(-side, 0) for side in pair] for pair in pairs]
    value = {"value": float(given["value"])} if given["mode"] == "constant" and given["value"] else {}
    inputs = (tensors.value(node.args[0]),)
    args: dict[str, Any] = {"sides": more[1:], "all": more, "mode": given["mode"], **value}
    if not any(map(any, taken)):
        return Made("pad", args, inputs, {})
    crop = Made("crop", {"sides": taken[1:], "all": taken}, inputs, {})
    return [crop, Made("pad", args, (Value(f"{node.name}#0"),), {})] if max(sides) > 0 else crop


def _extreme(kind: str) -> Maker:
    """The largest or smallest along an axis, or of two values."""

    def make(given: Arguments, tensors: Tensors, node: Any) -> Made | list[Made] | None:
        if node.target._overloadname == "other":
            return JOINS[f"{kind}imum"](given, tensors, node)
        return _reduction(kind, given, tensors, node)

    return make


def _nothing(given: Arguments, tensors: Tensors, node: Any) -> None:
    return None


def _cast(given: Arguments, tensors: Tensors, node: Any) -> None:
    """Numbers in another form, where it holds all that they may be."""
    before, after = (each.meta["val"].dtype for each in (node.args[0], node))
    is_float = after in (torch.float32, torch.float64)
    if not is_float and torch.promote_types(before, after) != after:
        raise Unknown(f"numbers cast from {_plainly(before)} to {_plainly(after)}")


def _plainly(kind: torch.dtype) -> str:
    return str(kind).removeprefix("torch.")


_MAKERS: Mapping[str, Maker] = {
    **MAKERS,
    **JOINS,
    **PICKING,
    **dict.fromkeys(("conv1d", "conv2d", "conv3d"), _convolution),
    **dict.fromkeys(("conv_transpose1d", "conv_transpose2d", "conv_transpose3d"), _transposed),
    **dict.fromkeys(("alias", "clone", "contiguous", "detach", "expand_as", "lift_fresh_copy"), _nothing),
    **dict.fromkeys(("to", "type_as"), _cast),
    **dict.fromkeys(("_assert_tensor_metadata", "_assert_scalar", "sym_size"), _nothing),
    **dict.fromkeys(("max_pool1d", "max_pool2d", "max_pool3d"), _pool("maxpool")),
    **dict.fromkeys(("avg_pool1d", "avg_pool2d", "avg_pool3d"), _pool("avgpool")),
    **dict.fromkeys((f"adaptive_avg_pool{axes}d" for axes in (1, 2, 3)), _adaptive("avg")),
    **dict.fromkeys((f"adaptive_max_pool{axes}d" for axes in (1, 2, 3)), _adaptive("max")),
    "abs": _plain("abs"),
    "clamp": _clamp,
    "clamp_max": _clamp_max,
    "clamp_min": _clamped,
    "feature_dropout": _channel_dropout,
    "batch_norm": _batch_norm,
    "dropout": _dropout,
    "elu": _plain("elu", alpha="alpha"),
    "exp": _plain("exp"),
    "gelu": _plain("gelu", approximate="approximate"),
    "group_norm": _group_norm,
    "hardsigmoid": _plain("hardsigmoid"),
    "hardswish": _plain("hardswish"),
    "hardtanh": _hardtanh,
    "instance_norm": _instance_norm,
    "layer_norm": _layer_norm,
    "rms_norm": _root_norm,
    "rsqrt": _plain(ROOT),
    "max": _extreme("max"),
    "min": _extreme("min"),
    "leaky_relu": _plain("leakyrelu", slope="negative_slope"),
    "linear": _linear,
    "amax": _reduced("max"),
    "amin": _reduced("min"),
    "mean": _reduced("mean"),
    "linalg_vector_norm": _reduced("norm"),
    "sum": _reduced("sum"),
    "std": _deviation,
    "pow": _power,
    "square": _power,
    "sqrt": _plain("sqrt"),
    **dict.fromkeys(("bmm", "matmul"), _matmul),
    "scaled_dot_product_attention": _attend,
    "mish": _plain("mish"),
    "pad": _pad,
    "pixel_shuffle": _plain("pixelshuffle", factor="upscale_factor"),
    "pixel_unshuffle": _plain("pixelunshuffle", factor="downscale_factor"),
    "prelu": _prelu,
    "relu": _plain("relu"),
    "relu6": _plain("relu6"),
    "selu": _plain("selu"),
    "sigmoid": _plain("sigmoid"),
    "silu": _plain("silu"),
    "softmax": _softmax("softmax"),
    "log_softmax": _softmax("logsoftmax"),
    "softplus": _plain("softplus", beta="beta", threshold="threshold"),
    "tanh": _plain("tanh"),
    **dict.fromkeys(("upsample_linear1d", "upsample_bilinear2d", "upsample_trilinear3d"), resize("bilinear")),
    **dict.fromkeys(("upsample_nearest1d", "upsample_nearest2d", "upsample_nearest3d"), resize("nearest")),
    **dict.fromkeys((f"_upsample_nearest_exact{axes}d" for axes in (1, 2, 3)), resize("nearest-exact")),
    "upsample_bicubic2d": resize("bicubic"),
}
