"""Small networks of every shape that a figure has to draw, as specs."""

from functools import cache
from pathlib import Path

from graphbuilder import compiler
from graphbuilder.analysis.inference import TypedGraph
from tests.backends.graphviz.passing import PASSING

LENET = """
format = 1
name = "lenet"
title = "LeNet-5"
[inputs]
image = [1, 32, 32]
[model]
body = [
  { op = "conv", out = 6, kernel = 5 },
  { op = "tanh" },
  { op = "avgpool", kernel = 2, stride = 2 },
  { op = "conv", out = 16, kernel = 5 },
  { op = "tanh" },
  { op = "avgpool", kernel = 2, stride = 2 },
  { op = "flatten" },
  { op = "linear", out = 120 },
  { op = "tanh" },
  { op = "linear", out = 84 },
  { op = "tanh" },
  { id = "digits", op = "linear", out = 10 },
]
"""

VGG = """
format = 1
name = "vgg16"
[inputs]
image = [3, 224, 224]
[defaults]
conv = { kernel = 3, padding = "half" }
maxpool = { kernel = 2, stride = 2 }
[model]
body = [
  { use = "stage", repeat = "=[64, 128, 256, 512, 512]", out = "=item", depth = "=2 if i < 2 else 3" },
  { op = "flatten" },
  { id = "hidden", use = "hidden", repeat = 2 },
  { id = "logits", op = "linear", out = 1000 },
]
[blocks.stage]
args = { out = "int", depth = "int" }
body = [
  { use = "layer", repeat = "=depth", out = "=out" },
  { op = "maxpool" },
]
[blocks.layer]
args = { out = "int" }
body = [{ op = "conv", out = "=out" }, { op = "relu" }]
[blocks.hidden]
body = [{ op = "linear", out = 4096 }, { op = "relu" }, { op = "dropout", rate = 0.5 }]
"""

BASIC = """
format = 1
name = "resnet18"
[params]
widths = [64, 128, 256, 512]
[inputs]
image = [3, 224, 224]
[defaults]
conv = { kernel = 3, padding = "half", bias = false }
[model]
body = [
  { id = "stem", op = "conv", out = 64, kernel = 7, stride = 2 },
  { op = "batchnorm" },
  { op = "relu" },
  { op = "maxpool", kernel = 3, stride = 2, padding = "half" },
  { id = "stages", use = "stage", repeat = "=widths", out = "=item", stride = "=1 if i == 0 else 2" },
  { op = "globalavgpool" },
  { id = "logits", op = "linear", out = 1000 },
]
[blocks.stage]
args = { out = "int", stride = "int" }
body = [{ use = "basic", repeat = 2, out = "=out", stride = "=stride if i == 0 else 1" }]
[blocks.basic]
args = { out = "int", stride = "int" }
body = [
  { op = "conv", out = "=out", stride = "=stride" },
  { op = "batchnorm" },
  { op = "relu" },
  { op = "conv", out = "=out" },
  { op = "batchnorm" },
]
shortcut = "project"
after = [{ op = "relu" }]
"""

INCEPTION = """
format = 1
name = "inception"
title = "Two Inception modules"
[inputs]
image = [192, 35, 35]
[defaults]
conv = { padding = "same", bias = false }
[model]
body = [
  { id = "mixed_a", use = "mixed", pool = 32 },
  { id = "mixed_b", use = "mixed", pool = 64 },
  { op = "globalavgpool" },
  { id = "logits", op = "linear", out = 1000 },
]
[blocks.unit]
args = { out = "int", kernel = 1 }
body = [{ op = "conv", out = "=out", kernel = "=kernel" }, { op = "batchnorm" }, { op = "relu" }]
[blocks.mixed]
args = { pool = "int" }
merge = "concat"
branches.one = [{ use = "unit", out = 64 }]
branches.five = [{ use = "unit", out = 48 }, { use = "unit", out = 64, kernel = 5 }]
branches.twice = [
  { use = "unit", out = 64 },
  { use = "unit", out = 96, kernel = 3 },
  { use = "unit", out = 96, kernel = 3 },
]
branches.pool = [
  { op = "avgpool", kernel = 3, stride = 1, padding = "same" },
  { use = "unit", out = "=pool" },
]
"""

UNET = """
format = 1
name = "unet"
title = "A small U-Net"
[inputs]
image = [1, 128, 128]
[outputs]
mask = "mask"
[defaults]
conv = { kernel = 3, padding = "half", bias = false }
[model]
body = [
  { id = "down1", use = "pair", out = 32 },
  { id = "pool1", op = "maxpool", kernel = 2, stride = 2 },
  { id = "down2", use = "pair", out = 64 },
  { id = "pool2", op = "maxpool", kernel = 2, stride = 2 },
  { id = "down3", use = "pair", out = 128 },
  { id = "pool3", op = "maxpool", kernel = 2, stride = 2 },
  { id = "bottom", use = "pair", out = 256 },
  { id = "up3", op = "convtranspose", out = 128, kernel = 2, stride = 2 },
  { id = "join3", op = "concat", from = ["down3", "up3"] },
  { id = "left3", use = "pair", out = 128 },
  { id = "up2", op = "convtranspose", out = 64, kernel = 2, stride = 2 },
  { id = "join2", op = "concat", from = ["down2", "up2"] },
  { id = "left2", use = "pair", out = 64 },
  { id = "up1", op = "convtranspose", out = 32, kernel = 2, stride = 2 },
  { id = "join1", op = "concat", from = ["down1", "up1"] },
  { id = "left1", use = "pair", out = 32 },
  { id = "mask", op = "conv", out = 2, kernel = 1, bias = true },
]
[blocks.pair]
args = { out = "int" }
body = [
  { op = "conv", out = "=out" },
  { op = "batchnorm" },
  { op = "relu" },
  { op = "conv", out = "=out" },
  { op = "batchnorm" },
  { op = "relu" },
]
"""

UPWARD = """
format = 1
name = "upward"
title = "A U-Net of blocks"
[inputs]
image = [3, 256, 256]
[defaults]
conv = { kernel = 3, padding = "half" }
[model]
body = [
  { id = "enter", use = "stage", out = 16 },
  { id = "down1", use = "down", out = 32 },
  { id = "down2", use = "down", out = 64 },
  { id = "down3", use = "down", out = 128 },
  { id = "up2", use = "up", out = 64, from = { deep = "down3", skip = "down2" } },
  { id = "up1", use = "up", out = 32, from = { deep = "up2", skip = "down1" } },
  { id = "up0", use = "up", out = 16, from = { deep = "up1", skip = "enter" } },
  { id = "leave", op = "conv", out = 1, kernel = 1 },
]
[blocks.stage]
args = { out = "int" }
body = [
  { op = "conv", out = "=out" },
  { op = "relu" },
  { op = "conv", out = "=out" },
  { op = "relu" },
]
[blocks.down]
args = { out = "int" }
body = [{ op = "maxpool", kernel = 2, stride = 2 }, { use = "stage", out = "=out" }]
[blocks.up]
args = { out = "int" }
inputs = ["deep", "skip"]
body = [
  { id = "raised", op = "convtranspose", out = "=out", kernel = 2, stride = 2, from = "deep" },
  { id = "join", op = "concat", from = ["skip", "raised"] },
  { use = "stage", out = "=out" },
]
"""

SIAMESE = """
format = 1
name = "siamese"
title = "Two images, one encoder"
[inputs]
left = [3, 64, 64]
right = [3, 64, 64]
[model]
body = [
  { id = "first", use = "encoder", from = "left" },
  { id = "second", share = "first", from = "right" },
  { id = "difference", op = "sub", from = ["first", "second"] },
  { op = "abs" },
  { id = "same", op = "linear", out = 1 },
]
[blocks.encoder]
body = [
  { op = "conv", out = 32, kernel = 3, stride = 2 },
  { op = "relu" },
  { op = "conv", out = 64, kernel = 3, stride = 2 },
  { op = "relu" },
  { op = "globalavgpool" },
]
"""

MESH = """
format = 1
name = "fusion"
title = "Two resolutions that exchange"
[inputs]
image = [3, 64, 64]
[outputs]
high = "high3"
low = "low3"
[defaults]
conv = { kernel = 3, padding = "half" }
[model]
body = [
  { id = "stem", op = "conv", out = 32 },
  { id = "high1", op = "conv", out = 32, from = "stem" },
  { id = "low1", op = "conv", out = 32, stride = 2, from = "stem" },
  { id = "raised", op = "resize", factor = 2, from = "low1" },
  { id = "lowered", op = "conv", out = 32, stride = 2, from = "high1" },
  { id = "high2", op = "add", from = ["high1", "raised"] },
  { id = "low2", op = "add", from = ["low1", "lowered"] },
  { id = "gate", op = "mul", from = ["low2", "lowered"] },
  { id = "high3", op = "conv", out = 16, from = "high2" },
  { id = "low3", op = "conv", out = 16, from = "gate" },
]
"""

DENSE = """
format = 1
name = "dense"
[inputs]
image = [3, 32, 32]
[model]
body = [
  { op = "conv", out = 24, kernel = 3, padding = "half" },
  { id = "dense", use = "dense" },
  { op = "globalavgpool" },
  { id = "logits", op = "linear", out = 10 },
]
[blocks.dense]
body = [{ use = "layer", repeat = 4 }]
[blocks.layer]
merge = "concat"
shortcut = "identity"
body = [{ op = "batchnorm" }, { op = "relu" }, { op = "conv", out = 12, kernel = 3, padding = "half", bias = false }]
"""

TRANSFORMER = """
format = 1
name = "vit"
title = "A vision transformer"
[inputs]
image = [3, 224, 224]
[model]
body = [
  { id = "patches", op = "conv", out = 192, kernel = 16, stride = 16 },
  { op = "tokens" },
  { op = "classtoken" },
  { op = "positions" },
  { id = "encoder", use = "encoder", repeat = 12 },
  { op = "layernorm" },
  { id = "first", op = "select", index = 0, axis = 0 },
  { id = "logits", op = "linear", out = 1000 },
]
[blocks.encoder]
body = [{ use = "look" }, { use = "think" }]
[blocks.look]
body = [{ op = "layernorm" }, { op = "attention", heads = 3 }]
shortcut = "identity"
[blocks.think]
body = [{ op = "layernorm" }, { op = "linear", out = 768 }, { op = "gelu" }, { op = "linear", out = 192 }]
shortcut = "identity"
"""

PATHS = """
format = 1
name = "paths"
title = "Thirty-two paths, summed"
[inputs]
image = [256, 14, 14]
[model]
body = [{ id = "block", use = "block" }, { op = "relu" }]
[blocks.block]
body = [{ id = "path", use = "path", repeat = 32, merge = "add" }]
shortcut = "identity"
[blocks.path]
body = [
  { op = "conv", out = 4, kernel = 1 },
  { op = "relu" },
  { op = "conv", out = 4, kernel = 3, padding = "half" },
  { op = "relu" },
  { op = "conv", out = 256, kernel = 1 },
]
"""

LONG = """
format = 1
name = "long"
title = "A hundred blocks, each of its own width"
[inputs]
image = [3, 32, 32]
[model]
body = [
  { id = "blocks", use = "block", repeat = 100, out = "=8 + 8 * i" },
  { op = "globalavgpool" },
  { id = "logits", op = "linear", out = 10 },
]
[blocks.block]
args = { out = "int" }
body = [{ op = "conv", out = "=out", kernel = 3, padding = "half" }, { op = "relu" }]
shortcut = "project"
"""

HOSTILE = """
format = 1
name = "hostile"
title = "<script>alert('&amp;')</script> \\"quoted\\" \\\\N \\u202Ereversed"
[inputs]
image = [3, 8, 8]
[model]
body = [
  { id = "a", use = "b", title = "<b>bold</b> & \\"q\\" ]]> <!-- -->" },
  { op = "relu" },
]
[blocks.b]
title = "--> </title></svg><script>1</script>"
body = [{ op = "conv", out = 4, kernel = 1 }, { op = "relu" }, { op = "tanh" }]
"""

SPECS = {
    "lenet": LENET,
    "vgg": VGG,
    "basic": BASIC,
    "inception": INCEPTION,
    "unet": UNET,
    "upward": UPWARD,
    "siamese": SIAMESE,
    "mesh": MESH,
    "dense": DENSE,
    "transformer": TRANSFORMER,
    "paths": PATHS,
    "long": LONG,
    "hostile": HOSTILE,
}
FILES = {
    path.relative_to("specs").with_suffix("").as_posix(): path
    for path in sorted(Path("specs").rglob("*.toml"))
    if "weights" not in path.parts
}
ODD = {f"odd/{path.stem}": path for path in sorted(Path("tests/backends/networks").glob("*.toml"))}


@cache
def network(name: str) -> TypedGraph:
    """The network of that name, from the texts above, from ``specs/`` or from what other backends are tried on."""
    path = {**FILES, **ODD}.get(name)
    checked = compiler.check(path) if path else compiler.check_text({**SPECS, **PASSING}[name], name)
    assert checked.network is not None, [str(diagnostic) for diagnostic in checked.diagnostics]
    return checked.network.typed
