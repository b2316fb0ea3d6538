"""Specs with one mistake each, by what it is: the same small network, in which one line is another."""

from __future__ import annotations

SOUND = """\
format = 1
name = "tiny"
dialect = "torch"

[params]
depth = 2
width = 8

[inputs]
image = [3, 32, 32]

[defaults]
conv = { kernel = 3, padding = "half" }

[model]
body = [
  { id = "stem", op = "conv", out = "=width" },
  { id = "stages", use = "stage", out = 16, repeat = "=depth" },
  { id = "mixed", use = "mixed" },
  { id = "pool", op = "globalavgpool" },
  { id = "logits", op = "linear", out = 10 },
]

[blocks.stage]
args = { out = "int", relu = true }
body = [
  { op = "conv", out = "=out" },
  { op = "batchnorm" },
  { op = "relu", when = "=relu" },
]
shortcut = "project"

[blocks.mixed]
branches.left = [{ op = "conv", out = 4 }]
branches.right = [{ op = "maxpool", kernel = 3, padding = 1, stride = 1 }]
merge = "concat"

[outputs]
logits = "logits"
"""

_CONV = '  { op = "conv", out = "=out" },\n'
_LOGITS = '  { id = "logits", op = "linear", out = 10 },\n'

EDITS: dict[str, tuple[str, str]] = {
    "unknown key of the file": ("[params]\n", 'dialekt = "keras"\n\n[params]\n'),
    "unknown table of the file": ("[outputs]", "[loss]\nkind = 1\n\n[outputs]"),
    "unknown key of the model": ("[model]\n", "[model]\nlearn = true\n"),
    "unknown key of a block": ("[blocks.stage]\n", "[blocks.stage]\nargz = { out = 1 }\n"),
    "unknown key of an input": ("image = [3, 32, 32]", "image = { shape = [3, 32, 32], scale = 2 }"),
    "unknown key of an output": ('logits = "logits"', 'logits = { from = "logits", train = true }'),
    "format not known": ("format = 1", "format = 2"),
    "dialect not known": ('dialect = "torch"', 'dialect = "jax"'),
    "no name": ('name = "tiny"\n', ""),
    "no inputs": ("[inputs]\nimage = [3, 32, 32]\n", ""),
    "no body of the model": ("[model]\nbody", "[model]\nbodies"),
    "no body of a block": ("relu = true }\nbody = [", "relu = true }\nsteps = ["),
    "body of a wrong type": ("branches.left = [{", "branches.left = 3 #"),
    "an input of a wrong size": ("[3, 32, 32]", "[3, 0, 32]"),
    "an input that is computed wrongly": ("[3, 32, 32]", '[3, "=size", 32]'),
    "a param that is an expression": ("width = 8", 'width = "=2 * 4"'),
    "defaults of no op": ("[defaults]\n", "[defaults]\nconvolution = { kernel = 1 }\n"),
    "a default of no argument": ('padding = "half" }', 'pading = "half" }'),
    "unknown op": ('op = "globalavgpool"', 'op = "globalpool"'),
    "unknown op at first": ('op = "conv", out = "=width"', 'op = "convv", out = "=width"'),
    "unknown op in a block": ('{ op = "batchnorm" }', '{ op = "bachnorm" }'),
    "unknown op in a branch": ('op = "maxpool", kernel = 3', 'op = "maxpol", kernel = 3'),
    "unknown block": ('use = "stage"', 'use = "stages"'),
    "unknown name in an expression": ('out = "=width"', 'out = "=wdth"'),
    "unknown count of copies": ('repeat = "=depth"', 'repeat = "=dept"'),
    "bad expression": ('out = "=width"', 'out = "=width *"'),
    "expression that divides by zero": ('out = "=width"', 'out = "=width // 0"'),
    "unknown argument of an op": ('op = "linear", out = 10', 'op = "linear", out = 10, biass = true'),
    "unknown argument of a block": ('use = "stage", out = 16', 'use = "stage", out = 16, relo = true'),
    "argument of an op missing": ('op = "linear", out = 10', 'op = "linear"'),
    "argument of a block missing": ('use = "stage", out = 16', 'use = "stage"'),
    "argument of a wrong type": ('op = "linear", out = 10', 'op = "linear", out = "10"'),
    "argument of a block of a wrong type": ('use = "stage", out = 16', 'use = "stage", out = "16"'),
    "argument of a wrong value": ('op = "linear", out = 10', 'op = "linear", out = -10'),
    "unknown reference": ('{ id = "pool", op', '{ id = "pool", from = "mixt", op'),
    "empty reference": ('{ id = "pool", op', '{ id = "pool", from = [], op'),
    "cycle": ('{ id = "stem", op', '{ id = "stem", from = "mixed", op'),
    "cycle of one": ('{ id = "mixed", use', '{ id = "mixed", from = "mixed", use'),
    "cycle in a block": ('{ op = "batchnorm" }', '{ op = "batchnorm", from = "relu" }'),
    "name taken twice": ('id = "pool"', 'id = "mixed"'),
    "name that none can be": ('id = "pool"', 'id = "po ol"'),
    "neither op nor use": ('{ op = "batchnorm" }', '{ opp = "batchnorm" }'),
    "both op and use": ('{ op = "batchnorm" }', '{ op = "batchnorm", use = "mixed" }'),
    "a step that is no table": ('{ op = "batchnorm" }', '"batchnorm"'),
    "a word of a wrong type": ('{ id = "pool", op', '{ id = "pool", title = 3, op'),
    "a condition that is none": ('when = "=relu"', 'when = "=out"'),
    "merge without copies": ('{ id = "pool", op', '{ id = "pool", merge = "add", op'),
    "shapes that cannot be added": ('shortcut = "project"', 'shortcut = "identity"'),
    "shapes that cannot be joined": ("stride = 1 }", "stride = 2 }"),
    "an op that refuses its input": ('op = "globalavgpool"', 'op = "lstm"'),
    "kernel larger than the map": ('op = "globalavgpool"', 'op = "maxpool", kernel = 99'),
    "block that uses itself": (_CONV, '  { use = "stage", out = "=out" },\n'),
    "block with an op's name": ("[outputs]", '[blocks.relu]\nbody = [{ op = "elu" }]\n\n[outputs]'),
    "argument that hides a param": ('out = "int", relu', 'width = 3, out = "int", relu'),
    "argument of no type": ('out = "int"', 'out = "int|strr"'),
    "output that names nothing": ('logits = "logits"', 'logits = "logit"'),
    "one output of two that names nothing": ('logits = "logits"', 'logits = "logits"\nfeatures = "feature"'),
    "shared weights of no step": (_LOGITS, _LOGITS + '  { id = "again", share = "logit" },\n'),
    "path with no steps": ('branches.left = [{ op = "conv", out = 4 }]', "branches.left = []"),
    "what it extends is not there": ("format = 1\n", 'format = 1\nextends = "nowhere.toml"\n'),
    "limit of copies": ('repeat = "=depth"', "repeat = 1000000000"),
}


def broken(kind: str) -> str:
    """The spec with the mistake of this kind."""
    old, new = EDITS[kind]
    assert SOUND.count(old) == 1, f"{old!r} is there {SOUND.count(old)} times"
    return SOUND.replace(old, new)
