"""Mistakes by example: small specs, of which all that is told is kept as text under ``tests/golden/told``."""

from __future__ import annotations

TOLD: dict[str, str] = {
    "arguments": """
        [model]
        body = [
          { use = "unit", out = 3, wide = 5 },
          { use = "none", out = 3 },
          { use = "unit" },
          { use = "unit", out = "wide" },
          { op = "conv", out = 0 },
          { op = "conv", out = "=1.5" },
          { op = "relu", slope = 1 },
          { op = "linear" },
        ]
        [blocks.unit]
        args = { out = "int", often = "=2 * in_channels" }
        body = [{ op = "conv", out = "=out", repeat = "=often" }]
        [blocks.none]
        body = [{ op = "relu" }]
    """,
    "arguments_of_other_types": """
        [params]
        deep = true
        [model]
        body = [
          { use = "unit", out = true },
          { use = "unit", out = 3, rate = "high" },
          { use = "unit", out = 3, on = 1 },
          { use = "unit", out = 3, sizes = 3 },
          { use = "unit", out = "=deep" },
        ]
        [blocks.unit]
        args = { out = "int", rate = 0.5, on = false, sizes = [1, 2] }
        body = [{ op = "dropout", rate = "=rate", when = "=on" }, { op = "conv", out = "=out + sizes[0]" }]
    """,
    "types_misspelt": """
        [model]
        body = [{ use = "unit", out = 3 }, { use = "unit", out = 5 }]
        [blocks.unit]
        args = { out = "integer" }
        body = [{ op = "conv", out = "=out" }]
    """,
    "blocks_misspelt": """
        [model]
        body = [{ use = "unitt" }, { use = "something_else" }, { use = [] }, { use = ["unit", "unti"] }]
        [blocks.unit]
        body = [{ op = "relu" }]
    """,
    "branches_of_several_values": """
        [model]
        body = [{ use = "unit" }]
        [blocks.unit]
        before = [{ op = "split", count = 2 }]
        branches.a = [{ op = "relu" }]
        branches.b = [{ op = "tanh" }]
    """,
    "branches_with_other_words": """
        [model]
        body = [{ use = "one" }, { use = "two" }, { use = "three" }]
        [blocks.one]
        outputs.y = "relu"
        [blocks.two]
        body = [{ op = "relu" }]
        branches.right = [{ op = "tanh" }]
        [blocks.three]
        branches.right = [{ op = "tanh" }]
        shortcut = "identity"
    """,
    "circles": """
        [model]
        body = [
          { id = "a", op = "relu", from = "c" },
          { id = "b", op = "tanh", from = "a" },
          { id = "c", op = "add", from = ["b", "x"] },
          { id = "d", op = "relu", from = "d" },
        ]
    """,
    "conditions": """
        [params]
        depth = 2
        [model]
        body = [
          { op = "relu", when = "=1 + 1" },
          { op = "relu", when = 1 },
          { op = "relu", when = "=depth" },
          { op = "relu", when = "=item" },
        ]
    """,
    "expressions": """
        [params]
        widht = 8
        rates = [1, 2]
        [model]
        body = [
          { op = "conv", out = "=width" },
          { op = "conv", out = "=2 * width" },
          { op = "conv", out = "=8 // 0" },
          { op = "conv", out = "=rates[2]" },
          { op = "conv", out = "=rates['a']" },
          { op = "conv", out = "=rates[0" },
          { op = "conv", out = "=min()" },
          { op = "conv", out = "=minn(1, 2)" },
          { op = "conv", out = "=8 ** 2 ** 9" },
          { op = "conv", out = "='a' + 1" },
          { op = "conv", out = "=10 ** 15 * 100" },
        ]
    """,
    "initialisers": """
        [model]
        body = [
          { op = "conv", out = 4, init = "constant" },
          { op = "conv", out = 4, init = "zero" },
          { op = "conv", out = 4, init = { kind = "normal", std = -1 } },
          { op = "conv", out = 4, init = { kind = "normal", sdt = 1 } },
          { op = "conv", out = 4, init = { wieght = "zeros" } },
          { op = "relu", init = "zeros" },
          { use = "unit", init = "zeros" },
          { use = "unit", init = { convv = "zeros" } },
        ]
        [blocks.unit]
        body = [{ op = "conv", out = 4 }]
    """,
    "inputs_of_blocks": """
        [model]
        body = [
          { use = "two" },
          { use = "two", from = ["x"] },
          { use = "two", from = { p = "x", r = "x" } },
          { use = "one", from = { p = "x" } },
          { use = "one", from = ["x", "x"] },
          { op = "add", from = [] },
          { op = "add" },
          { op = "relu", from = { y = "x" } },
          { op = "relu", from = ["x", "x"] },
        ]
        [blocks.two]
        inputs = ["p", "q"]
        body = [{ op = "add", from = ["p", "q"] }]
        [blocks.one]
        body = [{ op = "relu" }]
    """,
    "left_out": """
        [model]
        body = [{ use = "unit" }, { op = "relu", when = false }]
        [blocks.unit]
        body = []
    """,
    "listed_blocks": """
        [model]
        body = [
          { use = ["first", "two"] },
          { use = ["first", "rest"], repeat = 3 },
          { use = ["first", "rest"], out = 3 },
        ]
        [blocks.first]
        args = { out = 8 }
        body = [{ op = "conv", out = "=out", stride = 2 }]
        [blocks.rest]
        body = [{ op = "relu" }]
        [blocks.two]
        inputs = ["p", "q"]
        body = [{ op = "add", from = ["p", "q"] }]
    """,
    "names": """
        [params]
        lambda = 1
        my-width = 2
        [model]
        body = [
          { id = "first step", op = "relu" },
          { id = "forward", op = "relu" },
          { id = "torch", op = "relu" },
          { id = "a", op = "relu" },
          { id = "a", op = "tanh" },
          { id = "x", op = "tanh" },
        ]
    """,
    "outputs": """
        [model]
        body = [{ id = "a", op = "relu" }, { id = "b", use = "pair" }]
        [blocks.pair]
        body = [{ op = "split", count = 2 }, { op = "concat" }]
        [outputs]
        one = "aa"
        two = "b.split"
        three = "a.0"
        four = "a.*"
        five = "*"
    """,
    "paths": """
        [model]
        body = [
          { id = "s", op = "split", count = 2 },
          { op = "relu", from = "s.2" },
          { op = "relu", from = "s.high" },
          { id = "many", op = "relu", from = "x", repeat = 3 },
          { op = "relu", from = "many.3" },
          { op = "relu", from = "many.*" },
          { op = "relu", from = "many.0.relu" },
          { op = "relu", from = "x.0" },
          { op = "relu", from = "sss" },
          { op = "add", from = ["many", "manny"] },
          { id = "unit", use = "unit" },
          { op = "add", from = ["unit", "unit.relu"] },
          { op = "add", from = ["unit", "unit.deep"] },
        ]
        [blocks.unit]
        body = [{ op = "relu" }, { op = "tanh" }]
    """,
    "repeats": """
        [params]
        depth = -1
        [model]
        body = [
          { op = "relu", repeat = "=depth" },
          { op = "relu", repeat = 1.5 },
          { op = "relu", repeat = "many" },
          { op = "relu", repeat = true },
          { op = "conv", out = "=4 + i", repeat = 2, share = true },
          { op = "relu", merge = "add" },
          { op = "relu", repeat = 2, merge = "sum" },
          { op = "conv", out = "=item", repeat = [4, 8], merge = "add" },
        ]
    """,
    "repeats_that_carry_several_values": """
        [model]
        body = [
          { id = "pair", op = "split", count = 2 },
          { use = "three", from = ["pair.0", "pair.1"], repeat = 2 },
        ]
        [blocks.three]
        inputs = ["p", "q"]
        body = [{ id = "a", op = "add", from = ["p", "q"] }]
        outputs = { p = "a", q = "a", r = "a" }
    """,
    "shapes": """
        [model]
        body = [
          { op = "conv", out = 4, kernel = 20, padding = 0, from = "x" },
          { op = "attention", heads = 3, from = "x" },
          { id = "a", op = "conv", out = 4, padding = 0, from = "x" },
          { op = "concat", from = ["x", "a"] },
          { op = "add", from = ["x", "a"] },
          { id = "flat", op = "globalavgpool", from = "x" },
          { op = "maxpool", kernel = 2, from = "flat" },
          { op = "mul", from = ["x", "flat"] },
          { op = "patchmerge", from = "x" },
          { op = "softmax", axis = 7, from = "x" },
          { op = "conv", out = 9, groups = 3, from = "x" },
        ]
    """,
    "sharing": """
        [model]
        body = [
          { id = "left", op = "conv", out = 3 },
          { share = "left" },
          { share = "lift", from = "x" },
          { share = "right", from = "x" },
          { share = "left", out = 3, from = "x" },
          { id = "right", op = "relu", from = "x" },
        ]
    """,
    "shortcuts": """
        [model]
        body = [
          { use = "stride", from = "x" },
          { use = "grow", from = "x" },
          { use = "flat", from = "x" },
          { use = "pair", from = { p = "x", q = "x" } },
          { use = "own", from = "x" },
          { use = "joined", from = "x" },
        ]
        [blocks.stride]
        body = [{ op = "conv", out = 9, kernel = 2, stride = 2 }]
        shortcut = "identity"
        [blocks.grow]
        body = [{ op = "resize", size = 32 }]
        shortcut = "project"
        [blocks.flat]
        body = [{ op = "globalavgpool" }]
        shortcut = "project"
        [blocks.pair]
        inputs = ["p", "q"]
        body = [{ op = "add", from = ["p", "q"] }]
        shortcut = "identity"
        [blocks.own]
        body = [{ op = "conv", out = 9 }]
        shortcut = [{ op = "conv", out = 10 }]
        [blocks.joined]
        body = [{ op = "conv", out = 9, stride = 2 }]
        shortcut = [{ op = "conv", out = 9 }]
        merge = "concat"
    """,
    "steps_without_what_they_run": """
        [model]
        body = [
          { id = "first" },
          { op = "relu", use = "unit" },
          { op = "=kind" },
          { op = "rellu" },
          { op = "softplusplus" },
        ]
        [blocks.unit]
        body = [{ op = "tanh" }]
    """,
    "tables": """
        format = 1
        name = "tables"
        dialect = "keros"
        parms = { a = 1 }
        [params]
        width = { a = 1 }
        twice = "=2 * width"
        [inputs]
        x = [8, 16, 16]
        [model]
        body = 3
        bady = 4
        [defaults]
        convolution = { kernel = 3 }
        relu = { slope = 1 }
    """,
    "tables_of_other_types": """
        format = 2
        params = 3
        outputs = ["a"]
        [inputs]
        x = 8
        y = [8, 0, "=z", 1.5]
        z = { shape = [3], layout = "last" }
        [model]
        body = [1, { op = 2 }, { op = "relu", from = 3 }]
        [blocks]
        unit = 3
        other = { body = [], args = 3, let = 4, inputs = "x", shortcut = 5 }
    """,
    "too_large": """
        [model]
        body = [
          { op = "conv", out = 2147483647, kernel = 1 },
          { op = "resize", factor = 1000000000, from = "x" },
          { op = "linear", out = 2147483648, from = "x" },
        ]
    """,
    "unneeded": """
        [params]
        idle = 1
        read = 2
        [model]
        body = [
          { id = "a", op = "relu" },
          { id = "b", op = "tanh", from = "x" },
          { use = "unit", from = "a", out = "=read" },
        ]
        [blocks.unit]
        args = { out = "int", more = 3 }
        let = { half = "=in_channels // 2" }
        body = [
          { op = "conv", out = "=out" },
          { id = "aside", op = "relu", from = "in" },
          { op = "tanh", from = "conv" },
        ]
        [blocks.never]
        body = [{ op = "relu" }]
    """,
    "functions": """
        [model]
        body = [
          { op = "conv", out = "=sqrt(4, 2)" },
          { op = "conv", out = "=sqrt()" },
          { op = "conv", out = "=something(1)" },
          { op = "conv", out = "=make_divisible(8, divisor=1, divisor=2)" },
          { op = "conv", out = "=make_divisible(8, 4, divisor=2)" },
          { op = "conv", out = "=make_divisible(8, factor=2)" },
          { op = "conv", out = "=len(3)" },
        ]
    """,
    "lists_of_what_is_read": """
        [model]
        body = [
          { id = "pair", op = "split", count = 2 },
          { op = "add", from = ["x", "pair"] },
          { op = "relu", from = "pair" },
          { op = "relu", from = "x" },
          { use = "unit", from = "pair" },
        ]
        [blocks.unit]
        body = [{ op = "split", count = 2 }, { op = "relu" }]
    """,
    "inputs_of_another_type": """
        format = 1
        name = "inputs"
        inputs = 3
        [model]
        body = [{ op = "relu", from = "image" }, { op = "conv", out = 4 }]
    """,
    "keys_of_an_input_misspelt": """
        format = 1
        name = "inputs"
        [inputs]
        x = { shape = [16, 8], layuot = "channels_last" }
        [model]
        body = [{ op = "attention", heads = 2 }]
    """,
    "steps_of_another_type": """
        [model]
        body = [
          3,
          { op = "relu", from = "gone" },
          { use = "unit", out = 3 },
          { use = "odd", wide = 3 },
          { use = "four" },
        ]
        [blocks]
        unit = 3
        [blocks.odd]
        args = 3
        body = [{ op = "conv", out = "=wide" }]
        [blocks.four]
        inputs = 4
        body = [{ op = "conv", out = "=in_channels + p_channels" }]
    """,
    "names_of_a_block_twice": """
        [model]
        body = [{ use = "two", from = { p = "x", q = "x" }, p = 3 }]
        [blocks.two]
        inputs = ["p", "q"]
        args = { p = "int", p_channels = 3 }
        let = { q = 3 }
        body = [{ op = "add", from = ["p", "q"] }]
    """,
    "copies_that_do_not_follow_on": """
        [model]
        body = [{ use = "two", from = { p = "x", q = "x" }, repeat = 2 }, { use = "one", repeat = 2 }]
        [blocks.two]
        inputs = ["p", "q"]
        body = [{ op = "add", from = ["p", "q"] }]
        [blocks.one]
        body = [{ id = "a", op = "relu" }, { id = "b", op = "tanh" }]
        outputs = ["a", "b"]
    """,
    "joins_without_a_way_around": """
        [model]
        body = [{ use = "unit" }, { use = "other" }, { use = "both" }]
        [blocks.unit]
        body = [{ op = "relu" }]
        shortcut_when = true
        [blocks.other]
        body = [{ op = "relu" }]
        merge = "add"
        [blocks.both]
        body = [{ op = "relu" }]
        after = [{ op = "tanh" }]
    """,
    "ports_of_ops": """
        [model]
        body = [
          { op = "add", from = { p = "x" } },
          { op = "attention", heads = 2, from = { quary = "x" } },
          { op = "relu", fron = 3 },
        ]
    """,
    "quotes_too_many": """
        [model]
        body = [{ op = "relu", when = "false" }, { op = "relu", repeat = "3" }, { op = "conv", out = "4" }]
        [blocks.never]
        body = [{ op = "relu" }]
        shortcut = "identity"
        shortcut_when = "true"
    """,
    "words_of_python": """
        [model]
        body = [
          { op = "conv", out = "=(1, 2)" },
          { op = "conv", out = "={1, 2}" },
          { op = "conv", out = "={1: 2}" },
          { op = "conv", out = "=1 | 2" },
          { op = "conv", out = "=1 & 2" },
          { op = "conv", out = "=~1" },
          { op = "conv", out = "='a' - 1" },
          { op = "conv", out = "=1 * 'a'" },
          { op = "conv", out = "=1 / 'a'" },
          { op = "conv", out = "=-'a'" },
          { op = "conv", out = "=[1, 2] - 1" },
          { op = "conv", out = "=1 < 'a'" },
          { op = "conv", out = "=x.shape" },
          { op = "conv", out = "=lambda: 1" },
          { op = "conv", out = "=[i for i in 3]" },
        ]
    """,
    "shortcuts_that_may_be_there": """
        [model]
        body = [{ use = "unit" }]
        [blocks.unit]
        body = [{ op = "relu" }]
        shortcut = [{ op = "rellu" }, { op = "conv", out = 0 }]
        shortcut_when = "=gone"
    """,
    "copies_of_nobody_knows_how_many": """
        [model]
        body = [
          { id = "many", op = "relu", repeat = "several" },
          { op = "concat", from = "many.*" },
          { op = "relu", from = "many.3" },
        ]
    """,
    "layouts_misspelt_and_wrong": """
        format = 1
        name = "inputs"
        [inputs]
        x = { shape = [16, 8], layuot = 3 }
        [model]
        body = [{ op = "relu" }]
    """,
    "texts_without_end": """
        [params]
        words = "%s"
        [model]
        body = [{ op = "relu", when = "=words == 'x'" }]
    """
    % ("x" * 1001),
}
