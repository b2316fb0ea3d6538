"""The JSON Schema in the tools that editors check TOML with: one everyday mistake in a file has one squiggle."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.lsp.linters import Marks, taplo, tombi

SCHEMA = Path(__file__).parents[2] / "specs" / "graphbuilder.schema.json"
SPEC = """#:schema graphbuilder.schema.json
format = 1
name = "small"
dialect = "torch"

[params]
classes = 10
width = { default = 8, min = 1, max = 64 }

[inputs]
image = [3, 32, 32]
extra = { shape = [4, 8], layout = "channels_last" }

[defaults]
conv = { kernel = 3, padding = "same", bias = false }
maxpool = { kernel = 2, stride = 2, padding = "half" }

[init]
conv = { kind = "kaiming_normal", mode = "fan_out" }

[outputs]
y = "logits"
aux = { from = "pool", training = true }

[model]
body = [
  { id = "stem", op = "conv", out = 8, kernel = [3, 3], stride = 2 },
  { id = "units", use = "unit", out = 16, repeat = 2 },
  { op = "activation", kind = "relu" },
  { id = "pool", op = "globalavgpool" },
  { id = "logits", op = "linear", out = "=classes", init = { weight = { kind = "normal", std = 0.01 } } },
]

[blocks.unit]
args = { out = "int" }
body = [
  { op = "conv", out = "=out", from = "in" },
  { op = "batchnorm" },
]
shortcut = [{ op = "conv", out = "=out", kernel = 1 }]
merge = "add"

[blocks.fork]
args = { out = "int" }
branches.a = [{ op = "conv", out = "=out" }]
branches.b = [{ op = "conv", out = "=out", padding = [1, 1] }]
after = [{ op = "relu" }]
"""
MISTAKES = {
    "unknown table": ("[params]", "[parameters]"),
    "table in the singular": ("[defaults]", "[default]"),
    "misspelt table": ("[model]", "[mdel]"),
    "blocks in the singular": ("[blocks.unit]", "[block.unit]"),
    "array of params": ("[params]", "[[params]]"),
    "array of models": ("[model]", "[[model]]"),
    "array of one block": ("[blocks.unit]", "[[blocks.unit]]"),
    "body under another name": ("[model]\nbody", "[model]\nsteps"),
    "misspelt op in defaults": ("maxpool = {", "max_pool = {"),
    "op of Keras in defaults": ("conv = { kernel", "Conv2D = { kernel"),
    "misspelt key in defaults": ('padding = "same"', 'pading = "same"'),
    "choice in capitals": ('padding = "same"', 'padding = "SAME"'),
    "text for a boolean": ("bias = false", 'bias = "no"'),
    "negative in defaults": ("kernel = 2, stride", "kernel = -2, stride"),
    "number for a table": ('maxpool = { kernel = 2, stride = 2, padding = "half" }', "maxpool = 2"),
    "list for a table": ('maxpool = { kernel = 2, stride = 2, padding = "half" }', "maxpool = [2, 2]"),
    "plural key": (
        '{ id = "stem", op = "conv", out = 8, kernel = [3, 3], stride = 2 }',
        '{ id = "stem", op = "conv", out = 8, kernel = [3, 3], strides = 2 }',
    ),
    "key of Keras": (
        '{ id = "stem", op = "conv", out = 8, kernel = [3, 3], stride = 2 }',
        '{ id = "stem", op = "conv", filters = 8, kernel = [3, 3], stride = 2 }',
    ),
    "step without op": (
        '{ id = "stem", op = "conv", out = 8, kernel = [3, 3], stride = 2 }',
        '{ id = "stem", out = 8, kernel = [3, 3] }',
    ),
    "step with name and type": (
        '{ id = "stem", op = "conv", out = 8, kernel = [3, 3], stride = 2 }',
        '{ name = "stem", type = "conv", out = 8, kernel = 3 }',
    ),
    "misspelt op key": (
        '{ id = "stem", op = "conv", out = 8, kernel = [3, 3], stride = 2 }',
        '{ opp = "conv", out = 8, kernel = [3, 3] }',
    ),
    "step as in Keras": (
        '{ id = "stem", op = "conv", out = 8, kernel = [3, 3], stride = 2 }',
        '{ layer = "conv", filters = 8, kernel_size = [3, 3], activation = "relu" }',
    ),
    "empty step": ('{ id = "stem", op = "conv", out = 8, kernel = [3, 3], stride = 2 }', "{ }"),
    "step of a list alone": (
        '{ id = "stem", op = "conv", out = 8, kernel = [3, 3], stride = 2 }',
        '{ from = ["image", "extra"] }',
    ),
    "two ops in a list": (
        '{ id = "stem", op = "conv", out = 8, kernel = [3, 3], stride = 2 }',
        '{ id = "stem", op = ["conv", "relu"], out = 8 }',
    ),
    "op and use": (
        '{ id = "stem", op = "conv", out = 8, kernel = [3, 3], stride = 2 }',
        '{ id = "stem", op = "conv", use = "unit", out = 8, kernel = 3 }',
    ),
    "op and uses": (
        '{ id = "stem", op = "conv", out = 8, kernel = [3, 3], stride = 2 }',
        '{ id = "stem", op = "conv", use = ["unit", "unit"], out = 8, kernel = 3 }',
    ),
    "op of Keras": (
        '{ id = "stem", op = "conv", out = 8, kernel = [3, 3], stride = 2 }',
        '{ id = "stem", op = "Conv2D", out = 8, kernel = [3, 3] }',
    ),
    "text for a number": ("out = 8,", 'out = "8",'),
    "negative": ("out = 8,", "out = -8,"),
    "fraction": ("out = 8,", "out = 8.5,"),
    "list for a number": ("out = 8,", "out = [8, 8],"),
    "table for a number": ("out = 8,", "out = { a = 8, b = 9 },"),
    "text in a list": ("kernel = [3, 3]", 'kernel = [3, "3"]'),
    "negative in a list": ("kernel = [3, 3]", "kernel = [3, -3]"),
    "choice of another case": ('kind = "relu" }', 'kind = "Relu" }'),
    "unknown merge": ('merge = "add"', 'merge = "sum"'),
    "list for a merge": ('merge = "add"', 'merge = ["add"]'),
    "text for repeat": ("repeat = 2", 'repeat = "2"'),
    "table for repeat": ("repeat = 2", "repeat = { times = 2, share = true }"),
    "number for when": ("repeat = 2", "when = 1"),
    "blank in an id": ('id = "units"', 'id = "my units"'),
    "text in a shape": ("image = [3, 32, 32]", 'image = [3, "32", 32]'),
    "number for a shape": ("image = [3, 32, 32]", "image = 3"),
    "unknown key of an input": ("shape = [4, 8]", "size = [4, 8]"),
    "unknown layout": ('layout = "channels_last"', 'layout = "NHWC"'),
    "input without shape": ("extra = { shape = [4, 8], layout", "extra = { layout"),
    "misspelt key of an output": ('from = "pool"', 'form = "pool"'),
    "number for an output": ('y = "logits"', "y = 4"),
    "list for an output": ('y = "logits"', 'y = ["logits", "pool"]'),
    "output without from": ('from = "pool", ', ""),
    "outputs under model": (
        '[outputs]\ny = "logits"\naux = { from = "pool", training = true }',
        '[model.outputs]\ny = "logits"',
    ),
    "unknown key of a param": ("min = 1", "minimum = 1"),
    "hyphen in a param": ("classes = 10", '"num-classes" = 10'),
    "text for a bound": ("min = 1", 'min = "1"'),
    "empty param": ("{ default = 8, min = 1, max = 64 }", "{}"),
    "number for choices": ("min = 1, max = 64", "choices = 8"),
    "number for params": ("[params]\nclasses = 10\nwidth = { default = 8, min = 1, max = 64 }", "params = 10"),
    "unknown op in init": ("conv = { kind", "conv2d = { kind"),
    "list for format": ("format = 1", "format = [1]"),
    "unknown dialect": ('"torch"', '"tensorflow"'),
    "misspelt key of a block": ("shortcut = [", "shortcuts = ["),
    "list for args": ('args = { out = "int" }\nbody', 'args = ["out"]\nbody'),
    "table for steps": ('after = [{ op = "relu" }]', 'after = { op = "relu" }'),
    "unknown shortcut": ('shortcut = [{ op = "conv", out = "=out", kernel = 1 }]', 'shortcut = "projection"'),
    "unknown op in a shortcut": ('shortcut = [{ op = "conv", out', 'shortcut = [{ op = "cnov", out'),
    "misspelt key in a shortcut": ('"=out", kernel = 1', '"=out", kernels = 1'),
    "table for a shortcut": (
        'shortcut = [{ op = "conv", out = "=out", kernel = 1 }]',
        'shortcut = { op = "conv", out = "=out", kernel = 1 }',
    ),
    "table for a branch": (
        'branches.a = [{ op = "conv", out = "=out" }]',
        'branches.a = { op = "conv", out = "=out" }',
    ),
    "misspelt key in a branch": ("padding = [1, 1] }", "paddings = [1, 1] }"),
    "text in nested lists": ("padding = [1, 1]", 'padding = [[1, 1], [1, "1"]]'),
    "nested list too long": ("padding = [1, 1]", "padding = [[1, 1], [1, 1, 1]]"),
    "number for from": ('from = "in"', "from = 1"),
    "number in a table for from": ('from = "in"', 'from = { x = "in", y = 1 }'),
    "number for use": ('use = "unit"', "use = 1"),
    "number among uses": ('use = "unit"', 'use = ["unit", 1]'),
    "argument at the top": ('name = "small"', 'name = "small"\nkernel = 3'),
    "table of Keras": ("[defaults]", '[compile]\noptimizer = "adam"\nloss = "mse"\nmetrics = ["accuracy"]\n[defaults]'),
    "number for outputs": ('args = { out = "int" }\nbranches', 'outputs = 3\nargs = { out = "int" }\nbranches'),
    "number for a title": ('{ op = "batchnorm" }', '{ op = "batchnorm", title = 3 }'),
    "negative epsilon": ('{ op = "batchnorm" }', '{ op = "batchnorm", eps = -1e-5 }'),
    "epsilon of Keras": ('{ op = "batchnorm" }', '{ op = "batchnorm", epsilon = 1e-5 }'),
    "initialiser of another name": ('kind = "kaiming_normal", mode', 'kind = "kaimin_normal", mode'),
    "initialiser of another name alone": ('conv = { kind = "kaiming_normal", mode = "fan_out" }', 'conv = "kaimin"'),
    "number for an initialiser": ('conv = { kind = "kaiming_normal", mode = "fan_out" }', "conv = 3"),
    "list for an initialiser": ('conv = { kind = "kaiming_normal", mode = "fan_out" }', 'conv = ["normal", "zeros"]'),
    "misspelt key of an initialiser": ('mode = "fan_out"', 'modus = "fan_out"'),
    "text for a deviation": ('mode = "fan_out"', 'std = "0.1"'),
    "negative deviation": ('mode = "fan_out"', "std = -0.1"),
    "unknown mode": ('mode = "fan_out"', 'mode = "fan"'),
    "initialiser without kind": (
        'conv = { kind = "kaiming_normal", mode = "fan_out" }',
        'conv = { mode = "fan_out", gain = 2 }',
    ),
    "constant without value": ('{ kind = "kaiming_normal", mode = "fan_out" }', '{ kind = "constant" }'),
    "unknown initialiser of a weight": (
        '{ kind = "kaiming_normal", mode = "fan_out" }',
        '{ bias = { kind = "nrmal" } }',
    ),
    "unknown initialiser in a step": ('kind = "normal", std', 'kind = "nomal", std'),
    "text for a deviation in a step": ("std = 0.01", 'std = "0.01"'),
    "key of Keras in an initialiser": ("std = 0.01", "stddev = 0.01"),
    "weight of Keras": ("{ weight = { kind", "{ kernel = { kind"),
    "initialiser of a block": ("repeat = 2", 'init = { kind = "normal", std = 0.1 }'),
    "initialiser of a block alone": ("repeat = 2", 'init = "zeros"'),
    "unknown op in the init of a block": ("repeat = 2", 'init = { cnov = "zeros" }'),
    "unknown initialiser in a block": ("repeat = 2", 'init = { conv = "zeroes" }'),
    "pairs for a kernel": ("kernel = [3, 3]", "kernel = [[3, 3], [3, 3]]"),
    "tables for a kernel": ("kernel = [3, 3]", "kernel = [{ a = 1, b = 2 }, { c = 3 }]"),
    "pairs for a shape": ("image = [3, 32, 32]", "image = [[3, 32], [3, 32]]"),
    "lists for from": ('from = "in"', 'from = [["a", "b"], ["c", "d"]]'),
    "lists for use": ('use = "unit"', 'use = [["a", "b"], ["c", "d"]]'),
    "misspelt key of a step in a table of its own": (
        "[blocks.fork]",
        '[[blocks.x.body]]\nop = "conv"\nout = 3\nstrides = 2\n[blocks.fork]',
    ),
    "unknown op of a step in a table of its own": ("[blocks.fork]", '[[blocks.x.body]]\nop = "cnov"\n[blocks.fork]'),
    "steps inserted elsewhere": ('{ op = "batchnorm" }', '{ op = "batchnorm", after = [{ op = "relu" }] }'),
}
VARIANT = """#:schema graphbuilder.schema.json
format = 1
name = "variant"
extends = "small.toml"
[steps]
"units.conv" = { when = false }
"""
VARIANT_MISTAKES = {
    "list of bases": ('"small.toml"', '["small.toml"]'),
    "boolean for changes": ("{ when = false }", "false"),
    "list for changes": ("{ when = false }", "[{ when = false }]"),
    "table for inserted steps": ("{ when = false }", '{ before = { op = "relu" } }'),
    "unknown op among inserted steps": ("{ when = false }", '{ before = [{ op = "rleu" }] }'),
    "inserted step without op": ("{ when = false }", '{ after = [{ id = "b", kernel = 3 }] }'),
    "number for when in a change": ("when = false", "when = 1"),
    "unknown op in a change": ("when = false", 'op = "cnov"'),
    "op of Keras in a change": ("when = false", 'op = "Conv2D", out = 3'),
    "misspelt key of a new op": ("when = false", 'op = "conv", kernl = 3'),
    "op and use in a change": ("when = false", 'op = "conv", use = "unit"'),
    "blank in an id of a change": ("when = false", 'id = "b c"'),
    "unknown merge in a change": ("when = false", 'merge = "sum"'),
    "text for repeat in a change": ("when = false", 'repeat = "2"'),
    "lists for from in a change": ("when = false", 'from = [["a", "b"], ["c", "d"]]'),
    "unknown initialiser in a change": ("when = false", 'init = "nomal"'),
    "negative deviation in a change": ("when = false", "init = { std = -1 }"),
    "unknown weight in a change": ("when = false", 'init = { kernel = "zeros" }'),
    "steps in the singular": ("[steps]", "[step]"),
    "array of steps": ("[steps]", "[[steps]]"),
}


def one_mistake_each() -> dict[str, str]:
    """The text of every file, by its name."""
    files = {}
    for spec, mistakes in ((SPEC, MISTAKES), (VARIANT, VARIANT_MISTAKES)):
        for name, (right, wrong) in mistakes.items():
            assert right in spec
            files[name.replace(" ", "_")] = spec.replace(right, wrong, 1)
    return files


# Tombi takes a third of a second for each file.
@pytest.fixture(scope="module", params=[(taplo, 1), (tombi, 9)], ids=["taplo", "tombi"])
def counts(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, int]:
    """How many squiggles a tool draws in files of one mistake each, and in those of none."""
    tool, stride = request.param
    folder = tmp_path_factory.mktemp("mistakes")
    shutil.copy(SCHEMA, folder)
    files = {**dict(list(one_mistake_each().items())[::stride]), "none": SPEC, "none_in_a_variant": VARIANT}
    for name, text in files.items():
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    marks: Marks = tool(sorted(folder.glob("*.toml")))
    return {name: len(marks.get(name, ())) for name in files}


def test_one_squiggle_a_mistake(counts: dict[str, int]) -> None:
    assert {name: count for name, count in counts.items() if count != 1} == {"none": 0, "none_in_a_variant": 0}
