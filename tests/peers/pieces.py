"""Pieces of networks, written in the language, and what of timm's and torchvision's each is held to."""

from __future__ import annotations

from typing import Any, NamedTuple

from torch import nn


class Piece(NamedTuple):
    """A piece of ours and one of theirs.

    Attributes:
        theirs: the class, as ``timm.layers:EcaModule``; with its arguments.
        input: the shape that ours reads, as a spec states it.
        text: the steps of ``[model]``, and blocks if any.
        order: theirs by name in our order, where it is not their own.
    """

    theirs: str
    args: dict[str, Any]
    input: tuple[int, ...]
    text: str
    order: tuple[str, ...] = ()


def one(step: str) -> str:
    return f"body = [{{ {step} }}]"


ROTARY = """
body = [
  {{ op = "tokens" }},
  {{ op = "rotary", {} }},
  {{ op = "maps", size = [9, 7] }},
]
"""

CHANNEL_ATTENTION = """
body = [
  { op = "globalavgpool" },
  { op = "reshape", shape = [1, -1] },
  { op = "conv", out = 1, kernel = 3, padding = 1, bias = false },
  { op = "sigmoid" },
  { op = "reshape", shape = [-1, 1, 1] },
  { op = "mul", from = ["image", "reshape_2"] },
]
"""

CBAM = """
body = [
  { id = "mean", op = "reduce", kind = "mean", over = "places" },
  { id = "squeeze", use = "squeeze" },
  { id = "max", op = "reduce", kind = "max", over = "places", from = "image" },
  { id = "squeeze_max", share = "squeeze", from = "max" },
  { op = "add", from = ["squeeze", "squeeze_max"] },
  { op = "sigmoid" },
  { id = "gated", op = "mul", from = ["image", "sigmoid"] },
  { id = "mean_2", op = "reduce", kind = "mean", over = "channels" },
  { id = "max_2", op = "reduce", kind = "max", over = "channels", from = "gated" },
  { op = "concat", from = ["mean_2", "max_2"] },
  { op = "conv", out = 1, kernel = 7, padding = 3, bias = false },
  { op = "batchnorm" },
  { op = "sigmoid" },
  { op = "mul", from = ["gated", "sigmoid_2"] },
]
[blocks.squeeze]
body = [
  { op = "conv", out = 2, kernel = 1, bias = false },
  { op = "relu" },
  { op = "conv", out = "=in_channels", kernel = 1, bias = false },
]
"""

SELECTIVE_KERNEL = """
body = [
  { id = "a", op = "conv", out = 8, kernel = 3, padding = "half", bias = false },
  { id = "a_norm", op = "batchnorm" },
  { id = "a_relu", op = "relu" },
  { id = "b", op = "conv", out = 8, kernel = 3, dilation = 2, padding = "half", bias = false, from = "image" },
  { id = "b_norm", op = "batchnorm" },
  { id = "b_relu", op = "relu" },
  { op = "add", from = ["a_relu", "b_relu"] },
  { op = "globalavgpool", keep = true },
  { op = "conv", out = 4, kernel = 1, bias = false },
  { op = "batchnorm" },
  { op = "relu" },
  { op = "conv", out = 16, kernel = 1, bias = false },
  { op = "reshape", shape = [2, 8, 1, 1] },
  { op = "softmax", axis = 0 },
  { op = "split", axis = 0, count = 2 },
  { id = "gate_a", op = "reshape", shape = [8, 1, 1], from = "split.0" },
  { id = "gate_b", op = "reshape", shape = [8, 1, 1], from = "split.1" },
  { id = "gated_a", op = "mul", from = ["a_relu", "gate_a"] },
  { id = "gated_b", op = "mul", from = ["b_relu", "gate_b"] },
  { op = "add", from = ["gated_a", "gated_b"] },
]
"""

SPLIT_ATTENTION = """
body = [
  { op = "conv", out = 16, kernel = 3, padding = 1, groups = 2, bias = false },
  { op = "batchnorm" },
  { op = "relu" },
  { op = "split", count = 2 },
  { op = "add", from = ["split.0", "split.1"] },
  { op = "globalavgpool", keep = true },
  { op = "conv", out = 32, kernel = 1 },
  { op = "batchnorm" },
  { op = "relu" },
  { op = "conv", out = 16, kernel = 1 },
  { op = "reshape", shape = [2, 8, 1, 1] },
  { op = "softmax", axis = 0 },
  { op = "reshape", shape = [16, 1, 1] },
  { id = "gated", op = "mul", from = ["relu", "reshape_2"] },
  { id = "parts", op = "split", count = 2 },
  { op = "add", from = ["parts.0", "parts.1"] },
]
"""

TALKING_HEADS = """
body = [
  { op = "linear", out = 36 },
  { id = "qkv", op = "split", count = 3 },
  { id = "query", op = "splitheads", heads = 3, from = "qkv.0" },
  { id = "key", op = "splitheads", heads = 3, from = "qkv.1" },
  { id = "value", op = "splitheads", heads = 3, from = "qkv.2" },
  { id = "scaled", op = "scale", value = 0.5, learn = false, from = "query" },
  { id = "scores", op = "matmul", transpose = true, from = { x = "scaled", y = "key" } },
  { id = "talk", op = "conv", out = 3, kernel = 1 },
  { op = "softmax", axis = -1 },
  { id = "listen", op = "conv", out = 3, kernel = 1 },
  { id = "mixed", op = "matmul", from = { x = "listen", y = "value" } },
  { op = "mergeheads" },
  { id = "proj", op = "linear", out = 12 },
]
"""

CLASS_ATTENTION = """
body = [
  { id = "first", op = "slice", axis = 0, stop = 1 },
  { id = "query", op = "linear", out = 12 },
  { id = "key", op = "linear", out = 12, from = "image" },
  { id = "value", op = "linear", out = 12, from = "image" },
  { op = "attend", heads = 3, from = { query = "query", key = "key", value = "value" } },
  { id = "proj", op = "linear", out = 12 },
]
"""

MIXER = """
body = [
  { op = "layernorm", eps = 1e-6 },
  { op = "linear", axis = 0, out = 6 },
  { op = "gelu" },
  { op = "linear", axis = 0, out = 9 },
  { op = "add", from = ["tokens", "linear_2"] },
  { op = "layernorm", eps = 1e-6 },
  { id = "fc1", op = "linear", out = 48 },
  { op = "gelu" },
  { id = "fc2", op = "linear", out = 12 },
  { op = "add", from = ["add", "fc2"] },
]
"""

GATED_MLP = """
body = [
  { op = "linear", out = 16 },
  { op = "split", count = 2 },
  { op = "silu", from = "split.0" },
  { op = "mul", from = ["silu", "split.1"] },
  { op = "linear", out = 12 },
]
"""

GLOBAL_CONTEXT = """
body = [
  { id = "scores", op = "conv", out = 1, kernel = 1 },
  { id = "flat", op = "reshape", shape = [1, -1] },
  { op = "softmax", axis = -1 },
  { id = "places", op = "tokens", from = "image" },
  { op = "matmul", from = { x = "softmax", y = "places" } },
  { op = "channelsfirst" },
  { op = "reshape", shape = [8, 1, 1] },
  { op = "conv", out = 8, kernel = 1 },
  { op = "channelslast" }, { op = "layernorm", eps = 1e-6 }, { op = "channelsfirst" },
  { op = "relu" },
  { op = "conv", out = 8, kernel = 1 },
  { op = "sigmoid" },
  { op = "mul", from = ["image", "sigmoid"] },
]
"""

MAP, TOKENS, PLACES, ODD, OBLONG = (8, 10, 10), (9, 12), (8, 8, 12), (7, 9, 12), (8, 9, 7)
TURNED = (TOKENS, PLACES, ODD)
WINDOW = 'op = "windowattention", heads = 3, window = 4'
SWIN = {"dim": 12, "window_size": [4, 4], "num_heads": 3}
SWIN_ORDER = ("relative_position_bias_table", "qkv.weight", "qkv.bias", "proj.weight", "proj.bias")
SWIN_V2_ORDER = ("cpb_mlp", "qkv", "logit_scale", "proj")
STD_ARGS = {"out_channels": 6, "kernel_size": 3, "bias": True}
GATED_ARGS = {"in_features": 12, "hidden_features": 16, "act_layer": nn.SiLU, "gate_last": False}

PIECES = {
    "swin": Piece(
        "torchvision.models.swin_transformer:ShiftedWindowAttention",
        {**SWIN, "shift_size": [0, 0]},
        PLACES,
        one(WINDOW),
        SWIN_ORDER,
    ),
    "swin_shifted": Piece(
        "torchvision.models.swin_transformer:ShiftedWindowAttention",
        {**SWIN, "shift_size": [2, 1]},
        PLACES,
        one(WINDOW + ", shift = [2, 1]"),
        SWIN_ORDER,
    ),
    "swin_padded": Piece(
        "torchvision.models.swin_transformer:ShiftedWindowAttention",
        {**SWIN, "window_size": [3, 8], "shift_size": [1, 4]},
        PLACES,
        one('op = "windowattention", heads = 3, window = [3, 8], shift = [1, 4]'),
        SWIN_ORDER,
    ),
    "swin_v2": Piece(
        "torchvision.models.swin_transformer:ShiftedWindowAttentionV2",
        {**SWIN, "shift_size": [2, 1]},
        PLACES,
        one(WINDOW + ", shift = [2, 1], cosine = true, hidden = 512"),
        SWIN_V2_ORDER,
    ),
    "swin_v2_still": Piece(
        "torchvision.models.swin_transformer:ShiftedWindowAttentionV2",
        {**SWIN, "shift_size": [0, 0], "qkv_bias": False},
        PLACES,
        one(WINDOW + ", cosine = true, hidden = 512, qkv_bias = false"),
        SWIN_V2_ORDER,
    ),
    "patch_merging": Piece(
        "torchvision.models.swin_transformer:PatchMergingV2",
        {"dim": 12},
        ODD,
        'body = [{ op = "patchmerge" }, { op = "linear", out = 24, bias = false }, { op = "layernorm" }]',
        ("reduction.weight", "norm.weight", "norm.bias"),
    ),
    "std_conv": Piece(
        "timm.layers:StdConv2d",
        {"in_channel": 8, **STD_ARGS, "padding": 1},
        MAP,
        one('op = "stdconv", out = 6, kernel = 3, padding = 1'),
    ),
    "scaled_std_conv": Piece(
        "timm.layers:ScaledStdConv2d",
        {"in_channels": 8, **STD_ARGS, "gamma": 1.7, "padding": 1},
        MAP,
        one('op = "stdconv", out = 6, kernel = 3, padding = 1, gain = true, gamma = 1.7'),
        ("weight", "bias", "gain"),
    ),
    "blur": Piece("timm.layers:BlurPool2d", {"channels": 8}, MAP, one('op = "blurpool"')),
    "blur_5": Piece("timm.layers:BlurPool2d", {"channels": 8, "filt_size": 5}, MAP, one('op = "blurpool", kernel = 5')),
    "global_response": Piece(
        "timm.layers.grn:GlobalResponseNorm",
        {"dim": 8, "channels_last": False},
        MAP,
        one('op = "globalresponsenorm"'),
        ("weight", "bias"),
    ),
    "rms": Piece("timm.layers:RmsNorm", {"channels": 12}, TOKENS, one('op = "rmsnorm"')),
    "eca": Piece("timm.layers:EcaModule", {"channels": 8, "kernel_size": 3}, MAP, CHANNEL_ATTENTION),
    "cbam": Piece("timm.layers.cbam:CbamModule", {"channels": 8, "rd_channels": 2}, MAP, CBAM),
    "selective_kernel": Piece(
        "timm.layers:SelectiveKernel",
        {"in_channels": 8, "rd_channels": 4, "split_input": False},
        MAP,
        SELECTIVE_KERNEL,
    ),
    "split_attention": Piece(
        "timm.layers:SplitAttn", {"in_channels": 8, "norm_layer": nn.BatchNorm2d}, MAP, SPLIT_ATTENTION
    ),
    "talking_heads": Piece(
        "timm.models.cait:TalkingHeadAttn",
        {"dim": 12, "num_heads": 3, "qkv_bias": True},
        TOKENS,
        TALKING_HEADS,
        ("qkv.", "proj_l.", "proj_w.", "proj."),
    ),
    "class_attention": Piece(
        "timm.models.cait:ClassAttn", {"dim": 12, "num_heads": 3, "qkv_bias": True}, TOKENS, CLASS_ATTENTION
    ),
    "mixer": Piece("timm.models.mlp_mixer:MixerBlock", {"dim": 12, "seq_len": 9}, TOKENS, MIXER),
    "swiglu": Piece("timm.layers:GluMlp", GATED_ARGS, TOKENS, GATED_MLP),
    "global_context": Piece(
        "timm.layers:GlobalContext",
        {"channels": 8, "rd_channels": 8},
        MAP,
        GLOBAL_CONTEXT,
    ),
    "rotary": Piece(
        "timm.layers.pos_embed_sincos:RotaryEmbeddingCat",
        {"dim": 8, "in_pixels": False},
        OBLONG,
        ROTARY.format("size = [9, 7]"),
    ),
    "rotary_at_another_size": Piece(
        "timm.layers.pos_embed_sincos:RotaryEmbeddingCat",
        {"dim": 8, "in_pixels": False, "ref_feat_shape": [18, 14], "temperature": 100.0, "rotate_half": True},
        OBLONG,
        ROTARY.format('size = [9, 7], step = 2, temperature = 100, pairs = "halves"'),
    ),
    "rotary_centred": Piece(
        "timm.layers.pos_embed_sincos:RotaryEmbeddingDinoV3",
        {"dim": 8},
        OBLONG,
        ROTARY.format('size = [9, 7], grid = "centred", temperature = 100, pairs = "halves"'),
    ),
    "qk_norm": Piece(
        "timm.layers:Attention",
        {"dim": 12, "num_heads": 3, "qkv_bias": True, "qk_norm": True, "norm_layer": nn.LayerNorm},
        TOKENS,
        one('op = "attention", heads = 3, norm = "layernorm"'),
    ),
}
