"""The language by example: small specs whose graphs are kept as text under ``tests/golden/graph``."""

from __future__ import annotations

HEAD = """
format = 1
name = "case"
[inputs]
x = [8, 16, 16]
[defaults]
conv = { kernel = 3, padding = "half" }
"""

CASES: dict[str, str] = {
    "names": """
        [model]
        body = [{ op = "relu" }, { op = "tanh" }, { op = "relu", when = false }, { op = "relu" }, { id = "last", op = "relu" }]
    """,
    "when": """
        [params]
        deep = false
        [model]
        body = [{ id = "a", op = "relu" }, { id = "b", op = "tanh", when = "=deep" }, { op = "add", from = ["b", "x"] }]
    """,
    "repeat_count": """
        [model]
        body = [{ id = "stage", op = "conv", out = 8, repeat = 3 }, { id = "one", op = "relu", repeat = 1 }, { op = "tanh", repeat = 0 }]
    """,
    "repeat_list": """
        [params]
        widths = [4, 8, 16]
        [model]
        body = [{ op = "conv", repeat = "=widths", out = "=item", stride = "=2 if i == n - 1 else 1" }]
    """,
    "repeat_merge": """
        [model]
        body = [{ id = "rates", op = "conv", out = 4, dilation = "=item", repeat = "=[1, 2, 4]", merge = "concat" }]
    """,
    "repeat_carry": """
        [model]
        body = [
          { id = "two", use = "split_up" },
          { id = "mix", use = "mix", repeat = 2 },
          { op = "add", from = ["mix.high", "mix.low"] },
        ]
        [blocks.split_up]
        body = [{ id = "a", op = "conv", out = 4 }, { id = "b", op = "conv", out = 4, from = "in" }]
        outputs = { high = "a", low = "b" }
        [blocks.mix]
        inputs = ["high", "low"]
        body = [{ id = "sum", op = "add", from = ["high", "low"] }, { id = "keep", op = "relu", from = "low" }]
        outputs = { high = "sum", low = "keep" }
    """,
    "share_repeat": """
        [model]
        body = [{ id = "loop", op = "conv", out = 8, repeat = 3, share = true }]
    """,
    "share_sibling": """
        [model]
        body = [
          { id = "left", use = "tower" },
          { id = "flip", op = "relu", from = "x" },
          { id = "right", share = "left", from = "flip" },
          { op = "add", from = ["left", "right"] },
        ]
        [blocks.tower]
        body = [{ op = "conv", out = 4 }]
    """,
    "from_copies": """
        [model]
        body = [
          { id = "stages", use = "stage", repeat = 3 },
          { id = "all", op = "concat", from = "stages.*" },
          { op = "concat", from = ["all", "stages.0.mid", "stages.1"] },
        ]
        [blocks.stage]
        body = [{ id = "mid", op = "conv", out = 8 }, { op = "relu" }]
    """,
    "from_port": """
        [model]
        body = [{ id = "small", op = "conv", out = 8, stride = 2 }, { op = "resize", from = { x = "small", like = "x" } }]
    """,
    "from_forward": """
        [model]
        body = [{ id = "b", op = "tanh", from = "a" }, { id = "a", op = "relu", from = "x" }, { op = "add", from = ["a", "b"] }]
    """,
    "shortcut_identity": """
        [model]
        body = [{ use = "res" }]
        [blocks.res]
        body = [{ op = "conv", out = "=in_channels" }]
        shortcut = "identity"
        after = [{ op = "relu" }]
    """,
    "shortcut_project": """
        [model]
        body = [{ use = "res", out = 8, stride = 1 }, { use = "res", out = 16, stride = 1 }, { use = "res", out = 16, stride = 2 }]
        [blocks.res]
        args = { out = "int", stride = "int" }
        body = [{ op = "conv", out = "=out", stride = "=stride" }, { op = "batchnorm" }]
        shortcut = "project"
    """,
    "shortcut_concat": """
        [model]
        body = [{ use = "dense", repeat = 2 }]
        [blocks.dense]
        body = [{ op = "conv", out = 4 }]
        shortcut = "identity"
        merge = "concat"
    """,
    "shortcut_steps": """
        [params]
        residual = true
        [model]
        body = [{ use = "res" }]
        [blocks.res]
        body = [{ op = "conv", out = 12, stride = 2 }]
        shortcut = [{ op = "avgpool", kernel = 2, stride = 2 }, { op = "conv", out = 12, kernel = 1, padding = "valid" }]
        shortcut_when = "=residual"
    """,
    "shortcut_gate": """
        [model]
        body = [{ use = "gate" }]
        [blocks.gate]
        body = [{ op = "globalavgpool", keep = true }, { op = "conv", out = "=in_channels", kernel = 1, padding = "valid" }, { op = "sigmoid" }]
        shortcut = "identity"
        merge = "mul"
    """,
    "branches": """
        [model]
        body = [{ use = "module" }]
        [blocks.module]
        merge = "concat"
        branches.one = [{ op = "conv", out = 4, kernel = 1, padding = "valid" }]
        branches.three = [{ op = "conv", out = 4, kernel = 1, padding = "valid" }, { op = "conv", out = 8 }]
        after = [{ op = "relu" }]
    """,
    "before": """
        [model]
        body = [
          { id = "same", use = "unit", out = 8 },
          { id = "wide", use = "unit", out = 16, stride = 2 },
          { id = "plain", use = "unit", out = 16, act = false },
        ]
        [blocks.unit]
        args = { out = "int", stride = 1, act = true }
        before = [{ op = "batchnorm" }, { op = "relu", when = "=act" }]
        body = [{ op = "conv", out = "=out", stride = "=stride" }, { op = "relu" }, { op = "conv", out = "=out" }]
        shortcut = "project"
    """,
    "before_steps": """
        [model]
        body = [{ use = "unit" }, { use = "unit", act = false }]
        [blocks.unit]
        args = { act = true }
        before = [{ op = "relu", when = "=act" }]
        body = [{ op = "conv", out = 8, stride = 2 }]
        shortcut = [
          { op = "avgpool", kernel = 2 },
          { id = "raw", op = "maxpool", kernel = 2, from = "in" },
          { op = "concat", from = ["avgpool", "raw"] },
          { op = "conv", out = 8 },
        ]
        after = [{ op = "relu" }]
    """,
    "before_branches": """
        [model]
        body = [{ use = "module" }, { id = "pair", use = "pair" }, { op = "add", from = ["pair.relu", "pair.twice"] }]
        [blocks.module]
        merge = "concat"
        before = [{ op = "conv", out = 12, stride = 2 }]
        branches.one = [{ op = "conv", out = 4 }]
        branches.skip = [{ op = "conv", out = "=in_channels", stride = 2, from = "in" }]
        branches.both = [{ op = "conv", out = 4 }, { op = "concat", from = ["conv", "before"] }]
        after = [{ op = "conv", out = 8 }]
        [blocks.pair]
        before = [{ op = "tanh" }]
        branches.relu = [{ op = "relu" }]
        branches.twice = [{ op = "add", from = ["before", "before"] }]
    """,
    "before_identity": """
        [model]
        body = [{ use = "unit" }, { use = "unit", residual = false }, { use = "left_out" }]
        [blocks.unit]
        args = { residual = true }
        before = [{ op = "relu" }]
        body = [{ op = "conv", out = 8 }, { op = "relu" }]
        shortcut = "identity"
        shortcut_when = "=residual"
        after = [{ op = "conv", out = 8 }, { op = "add", from = ["conv_2", "before"] }]
        [blocks.left_out]
        before = [{ op = "relu", when = false }]
        branches.a = [{ op = "add", from = ["before", "in"] }]
        branches.b = [{ op = "relu" }]
        merge = "add"
    """,
    "argument_of_several_types": """
        [model]
        body = [
          { use = "unit", kernel = 3 },
          { use = "unit", kernel = [1, 7] },
          { use = "unit", kernel = "=[3, 1]" },
        ]
        [blocks.unit]
        args = { kernel = "int | list" }
        body = [{ use = "inner", kernel = "=kernel", rate = 1 }]
        [blocks.inner]
        args = { kernel = "list|int", rate = "float | list" }
        body = [{ op = "conv", out = 8, kernel = "=kernel" }, { op = "dropout", rate = "=rate / 2" }]
    """,
    "let": """
        [params]
        ratio = 4
        [model]
        body = [{ use = "squeeze" }]
        [blocks.squeeze]
        let = { hidden = "=max(in_channels // ratio, 1)", size = "=in_shape[-1]" }
        body = [{ op = "conv", out = "=hidden" }, { op = "conv", out = "=size" }]
    """,
    "recursion": """
        [model]
        body = [{ use = "hourglass", depth = 2 }]
        [blocks.hourglass]
        args = { depth = "int" }
        body = [
          { op = "maxpool", kernel = 2, stride = 2 },
          { use = "hourglass", depth = "=depth - 1", when = "=depth > 1" },
          { op = "resize", factor = 2 },
        ]
        shortcut = "identity"
    """,
    "composite": """
        [model]
        body = [{ op = "sepconv", out = 16, kernel = 3, padding = "same", between = "relu" }]
    """,
    "init": """
        [init]
        conv = { kind = "kaiming_normal", mode = "fan_out" }
        [model]
        body = [{ op = "conv", out = 4 }, { op = "conv", out = 4, init = { weight = "zeros", bias = { kind = "constant", value = 0.5 } } }]
    """,
    "init_of_a_block": """
        [init]
        conv = "kaiming_normal"
        [model]
        body = [
          { use = "outer" },
          { use = "outer", init = { conv = "ones", batchnorm = { weight = "zeros" } } },
          { id = "both", use = ["unit", "outer"], init = { conv = { bias = "ones" } } },
          { id = "rising", use = "unit", repeat = 2, init = { conv = { kind = "constant", value = "=0.5 * i" } } },
        ]
        [blocks.outer]
        body = [{ use = "unit", init = { conv = { bias = "zeros" } } }, { op = "conv", out = 16 }]
        shortcut = "project"
        [blocks.unit]
        body = [{ op = "conv", out = 8 }, { op = "batchnorm" }, { op = "conv", out = 8, init = "normal" }]
    """,
    "outputs": """
        [model]
        body = [{ id = "trunk", use = "trunk" }, { id = "aux", op = "tanh", when = false }, { id = "head", op = "relu" }, { id = "spare", op = "tanh" }]
        [outputs]
        main = "head"
        middle = "trunk.mid"
        second = "aux"
        [blocks.trunk]
        body = [{ id = "mid", op = "relu" }, { op = "tanh" }]
    """,
    "outputs_of_training": """
        [model]
        body = [
          { op = "conv", out = 4 },
          { id = "aux", op = "tanh" },
          { id = "head", op = "relu", from = "conv" },
          { id = "further", op = "relu", from = "aux" },
        ]
        [outputs]
        aux = { from = "further", training = true }
        inner = { from = "conv", training = true }
        main = { from = "head" }
    """,
}
