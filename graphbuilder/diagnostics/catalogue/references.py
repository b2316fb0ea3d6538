"""GB3xx: names, references, and what a body of steps may not do."""

from __future__ import annotations

from graphbuilder.diagnostics.model import Rule

_HEAD = """format = 1
name = "example"
[inputs]
image = [3, 8, 8]
"""


class UnknownStep(Rule):
    """A path in `from` or in an output starts with the id of a step or input of the same body; a branch or shortcut sees its own
    steps and the block's inputs, nothing else."""

    code = "GB301"
    title = "a path names nothing"
    bad = _HEAD + '[model]\nbody = [{ id = "stem", op = "relu" }, { op = "tanh", from = "sten" }]\n'
    good = _HEAD + '[model]\nbody = [{ id = "stem", op = "relu" }, { op = "tanh", from = "stem" }]\n'


class Cycle(Rule):
    """Steps that read each other in a circle can never be computed. The message shows the circle as a path."""

    code = "GB302"
    title = "steps read each other in a circle"
    bad = _HEAD + '[model]\nbody = [{ id = "a", op = "relu", from = "b" }, { id = "b", op = "tanh", from = "a" }]\n'
    good = _HEAD + '[model]\nbody = [{ id = "a", op = "relu" }, { id = "b", op = "tanh", from = "a" }]\n'


class UnknownOp(Rule):
    """`op` names an operation of the catalogue; `graphbuilder ops` lists them."""

    code = "GB303"
    title = "there is no such op"
    bad = _HEAD + '[model]\nbody = [{ op = "rellu" }]\n'
    good = _HEAD + '[model]\nbody = [{ op = "relu" }]\n'


class UnknownBlock(Rule):
    """`use` names a block of this file, or of a file that it extends."""

    code = "GB304"
    title = "there is no such block"
    bad = _HEAD + '[model]\nbody = [{ use = "unti" }]\n[blocks.unit]\nbody = [{ op = "relu" }]\n'
    good = _HEAD + '[model]\nbody = [{ use = "unit" }]\n[blocks.unit]\nbody = [{ op = "relu" }]\n'


class ArgumentUnknown(Rule):
    """An op takes the arguments that `graphbuilder ops NAME` lists, a block those that its `args` declare."""

    code = "GB305"
    title = "no such argument"
    bad = _HEAD + '[model]\nbody = [{ op = "flatten" }, { op = "linear", out = 5, units = 5 }]\n'
    good = _HEAD + '[model]\nbody = [{ op = "flatten" }, { op = "linear", out = 5 }]\n'


class ArgumentMissing(Rule):
    """An argument without a default has to be given, on the step or, for an op, in `[defaults]`."""

    code = "GB306"
    title = "an argument is missing"
    bad = _HEAD + '[model]\nbody = [{ op = "flatten" }, { op = "linear" }]\n'
    good = _HEAD + '[model]\nbody = [{ op = "flatten" }, { op = "linear", out = 5 }]\n'


class ArgumentValue(Rule):
    """The op does not take this value: another type, or out of range. Nothing is converted but an integer to a float."""

    code = "GB307"
    title = "an argument's value does not fit"
    bad = _HEAD + '[model]\nbody = [{ op = "flatten" }, { op = "linear", out = "5" }]\n'
    good = _HEAD + '[model]\nbody = [{ op = "flatten" }, { op = "linear", out = 5 }]\n'


class ArgumentType(Rule):
    """A block declares the type of each argument, by name (`out = "int"`) or by a default (`relu = true`)."""

    code = "GB308"
    title = "an argument's type is not the declared one"
    bad = _HEAD + '[model]\nbody = [{ use = "unit", on = 1 }]\n[blocks.unit]\nargs = { on = true }\nbody = [{ op = "relu", when = "=on" }, { op = "tanh" }]\n'
    good = _HEAD + '[model]\nbody = [{ use = "unit", on = false }]\n[blocks.unit]\nargs = { on = true }\nbody = [{ op = "relu", when = "=on" }, { op = "tanh" }]\n'


class HidesParam(Rule):
    """An argument or `let` of a block may not have a param's name: a reader could not tell which one an expression means."""

    code = "GB309"
    title = "a name hides a param"
    bad = 'format = 1\nname = "example"\n[params]\nwidth = 4\n[inputs]\nimage = [3, 8, 8]\n[model]\nbody = [{ use = "unit", width = "=width" }]\n[blocks.unit]\nargs = { width = 8 }\nbody = [{ op = "conv", kernel = 1, out = "=width" }]\n'
    good = 'format = 1\nname = "example"\n[params]\nwidth = 4\n[inputs]\nimage = [3, 8, 8]\n[model]\nbody = [{ use = "unit", out = "=width" }]\n[blocks.unit]\nargs = { out = 8 }\nbody = [{ op = "conv", kernel = 1, out = "=out" }]\n'


class DefaultsUnknown(Rule):
    """`[defaults]` and `[init]` are tables by op."""

    code = "GB310"
    title = "defaults for an op that does not exist"
    bad = _HEAD + '[defaults]\nconvolution = { kernel = 3 }\n[model]\nbody = [{ op = "relu" }]\n'
    good = _HEAD + '[defaults]\nconv = { kernel = 3 }\n[model]\nbody = [{ op = "conv", out = 4 }]\n'


class Ambiguous(Rule):
    """A step that reads one value has to be told which, when what stands before it gives several."""

    code = "GB311"
    title = "which of several values is meant"
    bad = _HEAD + '[model]\nbody = [{ id = "parts", op = "split", count = 3 }, { op = "relu" }]\n'
    good = _HEAD + '[model]\nbody = [{ id = "parts", op = "split", count = 3 }, { op = "relu", from = "parts.0" }]\n'


class Ports(Rule):
    """A list in `from` is for an op that takes many values, a table is by the names of the inputs, and every input that is not
    optional must be there."""

    code = "GB312"
    title = "`from` does not fit the inputs"
    bad = _HEAD + '[model]\nbody = [{ id = "a", op = "relu" }, { id = "b", op = "tanh" }, { op = "conv", kernel = 1, out = 4, from = ["a", "b"] }]\n'
    good = _HEAD + '[model]\nbody = [{ id = "a", op = "relu" }, { id = "b", op = "tanh" }, { op = "concat", from = ["a", "b"] }]\n'


class EmptyPath(Rule):
    """A body, branch or shortcut in which every step is left out computes nothing; leave out the call of it instead."""

    code = "GB313"
    title = "a path has no steps left"
    bad = _HEAD + '[model]\nbody = [{ op = "relu", when = false }]\n'
    good = _HEAD + '[model]\nbody = [{ op = "relu" }]\n'


class Recursion(Rule):
    """A block that uses itself with the same arguments on the same input would never end."""

    code = "GB314"
    title = "a block uses itself without end"
    bad = _HEAD + '[model]\nbody = [{ use = "unit" }]\n[blocks.unit]\nbody = [{ op = "relu" }, { use = "unit" }]\n'
    good = _HEAD + '[model]\nbody = [{ use = "unit" }]\n[blocks.unit]\nbody = [{ op = "relu" }]\n'


class NotBoolean(Rule):
    """A condition is `true` or `false`; numbers and strings are neither."""

    code = "GB315"
    title = "a condition is not a boolean"
    bad = 'format = 1\nname = "example"\n[params]\ndepth = 1\n[inputs]\nimage = [3, 8, 8]\n[model]\nbody = [{ op = "relu", when = "=depth" }, { op = "tanh" }]\n'
    good = 'format = 1\nname = "example"\n[params]\ndepth = 1\n[inputs]\nimage = [3, 8, 8]\n[model]\nbody = [{ op = "relu", when = "=depth > 0" }, { op = "tanh" }]\n'


class BadRepeat(Rule):
    """`repeat` is a count of zero or more, or a list to go over. Copies one after the other must give what the next one reads."""

    code = "GB316"
    title = "this cannot be repeated so"
    bad = _HEAD + '[model]\nbody = [{ op = "relu", repeat = -1 }]\n'
    good = _HEAD + '[model]\nbody = [{ op = "relu", repeat = 1 }]\n'


class BadShare(Rule):
    """`share = "sibling"` runs a step of the same body again with its weights, on values of the same shapes; `share = true`
    belongs to a repeat whose copies are all equal."""

    code = "GB317"
    title = "weights cannot be shared so"
    bad = _HEAD + '[model]\nbody = [{ id = "left", op = "conv", kernel = 1, out = 4 }, { id = "right", share = "left" }]\n'
    good = _HEAD + '[model]\nbody = [{ id = "left", op = "conv", kernel = 1, out = 3 }, { id = "right", share = "left" }]\n'


class StepUnneeded(Rule):
    """No output needs this step, so it is not built."""

    code = "GB318"
    title = "a step that no output needs"
    severity = "warning"
    bad = _HEAD + '[model]\nbody = [{ id = "a", op = "relu" }, { id = "b", op = "tanh" }]\n[outputs]\ny = "a"\n'
    good = _HEAD + '[model]\nbody = [{ id = "a", op = "relu" }, { id = "b", op = "tanh" }]\n[outputs]\ny = "b"\n'


class ParamUnread(Rule):
    """Nothing in the file reads this param; setting it would change nothing."""

    code = "GB319"
    title = "a param that nothing reads"
    severity = "warning"
    bad = 'format = 1\nname = "example"\n[params]\nwidth = 4\n[inputs]\nimage = [3, 8, 8]\n[model]\nbody = [{ op = "relu" }]\n'
    good = 'format = 1\nname = "example"\n[params]\nwidth = 4\n[inputs]\nimage = [3, 8, 8]\n[model]\nbody = [{ op = "conv", kernel = 1, out = "=width" }]\n'


class BlockUnused(Rule):
    """Nothing in the file uses this block."""

    code = "GB320"
    title = "a block that nothing uses"
    severity = "warning"
    bad = _HEAD + '[model]\nbody = [{ op = "relu" }]\n[blocks.unit]\nbody = [{ op = "relu" }]\n'
    good = _HEAD + '[model]\nbody = [{ use = "unit" }]\n[blocks.unit]\nbody = [{ op = "relu" }]\n'


class TapNeedsId(Rule):
    """A path may lead to a step inside a block if that step has an id of its own: a counted name would change with every edit."""

    code = "GB321"
    title = "a path into a block leads to a step without an id"
    bad = _HEAD + '[model]\nbody = [{ use = "unit" }, { op = "add", from = ["unit", "unit.relu"] }]\n[blocks.unit]\nbody = [{ op = "relu" }, { op = "tanh" }]\n'
    good = _HEAD + '[model]\nbody = [{ use = "unit" }, { op = "add", from = ["unit", "unit.mid"] }]\n[blocks.unit]\nbody = [{ id = "mid", op = "relu" }, { op = "tanh" }]\n'


class BadInitialiser(Rule):
    """An initialiser is a name (`"kaiming_normal"`) or a table with a `kind`, for the kernel or by weight."""

    code = "GB322"
    title = "no such initialiser"
    bad = _HEAD + '[model]\nbody = [{ op = "conv", out = 4, kernel = 1, init = "kaimin_normal" }]\n'
    good = _HEAD + '[model]\nbody = [{ op = "conv", out = 4, kernel = 1, init = "kaiming_normal" }]\n'


class InputSize(Rule):
    """The sizes of an input are whole numbers from 1."""

    code = "GB323"
    title = "an input's size is not a positive integer"
    bad = 'format = 1\nname = "example"\n[inputs]\nimage = [3, 0, 8]\n[model]\nbody = [{ op = "relu" }]\n'
    good = 'format = 1\nname = "example"\n[inputs]\nimage = [3, 8, 8]\n[model]\nbody = [{ op = "relu" }]\n'


class BlockHidesOp(Rule):
    """A block may not have an op's name: a reader could not tell `conv` from `conv`."""

    code = "GB324"
    title = "a block has the name of an op"
    bad = _HEAD + '[model]\nbody = [{ use = "conv" }]\n[blocks.conv]\nbody = [{ op = "relu" }]\n'
    good = _HEAD + '[model]\nbody = [{ use = "unit" }]\n[blocks.unit]\nbody = [{ op = "relu" }]\n'


class NothingReturned(Rule):
    """Every output was left out with the step that it names."""

    code = "GB325"
    title = "no output is left"
    bad = _HEAD + '[model]\nbody = [{ op = "relu" }, { id = "a", op = "tanh", when = false }]\n[outputs]\ny = "a"\n'
    good = _HEAD + '[model]\nbody = [{ op = "relu" }, { id = "a", op = "tanh" }]\n[outputs]\ny = "a"\n'


class CannotProject(Rule):
    """`shortcut = "project"` follows one map through a body that keeps or reduces its size."""

    code = "GB326"
    title = "this body has no projection"
    bad = 'format = 1\nname = "example"\n[inputs]\nx = [8]\n[model]\nbody = [{ use = "unit" }]\n[blocks.unit]\nbody = [{ op = "linear", out = 4 }]\nshortcut = "project"\n'
    good = 'format = 1\nname = "example"\n[inputs]\nx = [8]\n[model]\nbody = [{ use = "unit" }]\n[blocks.unit]\nbody = [{ op = "linear", out = 4 }]\nshortcut = [{ op = "linear", out = 4 }]\n'
