"""GB3xx: names, references, and what a body of steps may not do."""

from __future__ import annotations

from graphbuilder.diagnostics.example import spec
from graphbuilder.diagnostics.model import Rule


class UnknownStep(Rule):
    """A path in `from` or in an output starts with the id of a step or input of the same body; a branch or shortcut
    sees its own steps and the block's inputs, nothing else."""

    code = "GB301"
    everywhere = True
    title = "a path names nothing"
    bad = spec(['{ id = "stem", op = "relu" }', '{ op = "tanh", from = "sten" }'])
    good = spec(['{ id = "stem", op = "relu" }', '{ op = "tanh", from = "stem" }'])


class Cycle(Rule):
    """Steps that read each other in a circle can never be computed. The message shows the circle as a path."""

    code = "GB302"
    title = "steps read each other in a circle"
    bad = spec(['{ id = "a", op = "relu", from = "b" }', '{ id = "b", op = "tanh", from = "a" }'])
    good = spec(['{ id = "a", op = "relu" }', '{ id = "b", op = "tanh", from = "a" }'])


class UnknownOp(Rule):
    """`op` names an operation of the catalogue; `graphbuilder ops` lists them."""

    code = "GB303"
    title = "there is no such op"
    bad = spec(['{ op = "rellu" }'])
    good = spec(['{ op = "relu" }'])


class UnknownBlock(Rule):
    """`use` names a block of this file, or of a file that it extends."""

    code = "GB304"
    everywhere = True
    title = "there is no such block"
    bad = spec(['{ use = "unti" }'], "[blocks.unit]", 'body = [{ op = "relu" }]')
    good = spec(['{ use = "unit" }'], "[blocks.unit]", 'body = [{ op = "relu" }]')


class Ambiguous(Rule):
    """A step that reads one value has to be told which, when what stands before it gives several."""

    code = "GB311"
    title = "which of several values is meant"
    bad = spec(['{ id = "parts", op = "split", count = 3 }', '{ op = "relu" }'])
    good = spec(['{ id = "parts", op = "split", count = 3 }', '{ op = "relu", from = "parts.0" }'])


class Ports(Rule):
    """A list in `from` is for an op that takes many values, a table is by the names of the inputs, and every input that
    is not optional must be there."""

    code = "GB312"
    title = "`from` does not fit the inputs"
    bad = spec(
        [
            '{ id = "a", op = "relu" }',
            '{ id = "b", op = "tanh" }',
            '{ op = "conv", kernel = 1, out = 4, from = ["a", "b"] }',
        ]
    )
    good = spec(['{ id = "a", op = "relu" }', '{ id = "b", op = "tanh" }', '{ op = "concat", from = ["a", "b"] }'])


class EmptyPath(Rule):
    """A path has at least one step. A step that is left out passes on what it reads, so a shortcut, the steps of
    `before` and branches that are joined may have all of theirs left out; a body, and a branch that is an output of
    its own, compute nothing then: leave out the step that uses the block instead."""

    code = "GB313"
    title = "a path without steps"
    bad = spec(['{ op = "relu", when = false }'])
    good = spec(['{ op = "relu" }'])


class Recursion(Rule):
    """A block that uses itself with the same arguments on the same input would never end."""

    code = "GB314"
    title = "a block uses itself without end"
    bad = spec(['{ use = "unit" }'], "[blocks.unit]", 'body = [{ op = "relu" }, { use = "unit" }]')
    good = spec(['{ use = "unit" }'], "[blocks.unit]", 'body = [{ op = "relu" }]')


class NotBoolean(Rule):
    """A condition is `true` or `false`; numbers and strings are neither."""

    code = "GB315"
    title = "a condition is not a boolean"
    bad = spec(['{ op = "relu", when = "=depth" }', '{ op = "tanh" }'], params="depth = 1")
    good = spec(['{ op = "relu", when = "=depth > 0" }', '{ op = "tanh" }'], params="depth = 1")


class BadRepeat(Rule):
    """`repeat` is a count of zero or more, or a list to go over. Copies one after the other must give what the next one
    reads."""

    code = "GB316"
    title = "this cannot be repeated so"
    bad = spec(['{ op = "relu", repeat = -1 }'])
    good = spec(['{ op = "relu", repeat = 1 }'])


class BadShare(Rule):
    """`share = "sibling"` runs a step of the same body again with its weights, on maps of any size for which it would
    be built in the same way: not where weights or numbers in it follow the size, as what "same" pads behind a stride
    does, a linear layer on a flattened map, or what reads a shape. `share = true` belongs to a repeat whose copies are
    all equal."""

    code = "GB317"
    title = "weights cannot be shared so"
    bad = spec(['{ id = "left", op = "conv", kernel = 1, out = 4 }', '{ id = "right", share = "left" }'])
    good = spec(['{ id = "left", op = "conv", kernel = 1, out = 3 }', '{ id = "right", share = "left" }'])


class StepUnneeded(Rule):
    """No output needs this step, so it is not built."""

    code = "GB318"
    title = "a step that no output needs"
    severity = "warning"
    bad = spec(['{ id = "a", op = "relu" }', '{ id = "b", op = "tanh" }'], "[outputs]", 'y = "a"')
    good = spec(['{ id = "a", op = "relu" }', '{ id = "b", op = "tanh" }'], "[outputs]", 'y = "b"')


class ParamUnread(Rule):
    """Nothing in the file reads this param; setting it would change nothing."""

    code = "GB319"
    title = "a param that nothing reads"
    severity = "warning"
    bad = spec(['{ op = "relu" }'], params="width = 4")
    good = spec(['{ op = "conv", kernel = 1, out = "=width" }'], params="width = 4")


class BlockUnused(Rule):
    """Nothing in the file uses this block."""

    code = "GB320"
    title = "a block that nothing uses"
    severity = "warning"
    bad = spec(['{ op = "relu" }'], "[blocks.unit]", 'body = [{ op = "relu" }]')
    good = spec(['{ use = "unit" }'], "[blocks.unit]", 'body = [{ op = "relu" }]')


class TapNeedsId(Rule):
    """A path may lead to a step inside a block if that step has an id of its own: a counted name would change with
    every edit."""

    code = "GB321"
    title = "a path into a block leads to a step without an id"
    bad = spec(
        ['{ use = "unit" }', '{ op = "add", from = ["unit", "unit.relu"] }'],
        "[blocks.unit]",
        'body = [{ op = "relu" }, { op = "tanh" }]',
    )
    good = spec(
        ['{ use = "unit" }', '{ op = "add", from = ["unit", "unit.mid"] }'],
        "[blocks.unit]",
        'body = [{ id = "mid", op = "relu" }, { op = "tanh" }]',
    )


class BadInitialiser(Rule):
    """An initialiser is a name (`"kaiming_normal"`) or a table with a `kind`, for the kernel or by weight. The use of a
    block gives those of the steps within, by op (`init = { conv = "zeros" }`)."""

    code = "GB322"
    title = "no such initialiser"
    bad = spec(['{ op = "conv", out = 4, kernel = 1, init = "kaimin_normal" }'])
    good = spec(['{ op = "conv", out = 4, kernel = 1, init = "kaiming_normal" }'])


class InputSize(Rule):
    """The sizes of an input are whole numbers from 1."""

    code = "GB323"
    title = "an input's size is not a positive integer"
    bad = 'format = 1\nname = "example"\n[inputs]\nimage = [3, 0, 8]\n[model]\nbody = [{ op = "relu" }]\n'
    good = spec(['{ op = "relu" }'])


class BlockHidesOp(Rule):
    """A block may not have an op's name: a reader could not tell `conv` from `conv`."""

    code = "GB324"
    title = "a block has the name of an op"
    bad = spec(['{ use = "conv" }'], "[blocks.conv]", 'body = [{ op = "relu" }]')
    good = spec(['{ use = "unit" }'], "[blocks.unit]", 'body = [{ op = "relu" }]')


class NothingReturned(Rule):
    """Every output was left out with the step that it names."""

    code = "GB325"
    title = "no output is left"
    bad = spec(['{ op = "relu" }', '{ id = "a", op = "tanh", when = false }'], "[outputs]", 'y = "a"')
    good = spec(['{ op = "relu" }', '{ id = "a", op = "tanh" }'], "[outputs]", 'y = "a"')


class CannotProject(Rule):
    """`shortcut = "project"` follows one map through a body that keeps or reduces its size: it is a 1x1 convolution
    with the body's stride, where the steps tell that. What else stands beside a body, as behind a transposed
    convolution, is written as steps."""

    code = "GB326"
    title = "this body has no projection"
    bad = spec(
        ['{ op = "globalavgpool" }', '{ use = "unit" }'],
        "[blocks.unit]",
        'body = [{ op = "linear", out = 4 }]',
        'shortcut = "project"',
    )
    good = spec(
        ['{ op = "globalavgpool" }', '{ use = "unit" }'],
        "[blocks.unit]",
        'body = [{ op = "linear", out = 4 }]',
        'shortcut = [{ op = "linear", out = 4 }]',
    )


class OnlyTraining(Rule):
    """A model gives something in evaluation: one output at least is not of training only, and its step is there."""

    code = "GB327"
    title = "every output is of training only"
    bad = spec(['{ id = "a", op = "relu" }'], "[outputs]", 'y = { from = "a", training = true }')
    good = spec(['{ id = "a", op = "relu" }'], "[outputs]", 'y = "a"')


class TrainingInside(Rule):
    """The steps of an output of training stand in `[model]`, perhaps as the use of a block: a block that evaluation
    runs is run whole."""

    code = "GB328"
    title = "a step inside a block is of training only"
    bad = spec(
        ['{ id = "net", use = "net" }'],
        "[blocks.net]",
        'body = [{ op = "relu" }, { id = "aux", op = "tanh", from = "in" }]',
        'outputs = { y = "relu", aux = "aux" }',
        "[outputs]",
        'y = "net.y"',
        'aux = { from = "net.aux", training = true }',
    )
    good = spec(
        ['{ op = "relu" }', '{ id = "aux", op = "tanh", from = "image" }'],
        "[outputs]",
        'y = "relu"',
        'aux = { from = "aux", training = true }',
    )


class InputElsewhere(Rule):
    """An input's shape is written without the batch and with the channels first. One that looks as other frameworks
    write an image is read as it stands: `[1, 3, 32, 32]` is a volume of one channel. It is told where the network takes
    the image, too."""

    code = "GB329"
    title = "an input that looks as other frameworks write it"
    severity = "warning"
    advice = "write the channels first, without the batch"
    bad = 'format = 1\nname = "example"\n[inputs]\nimage = [1, 3, 32, 32]\n[model]\nbody = [{ op = "relu" }]\n'
    good = 'format = 1\nname = "example"\n[inputs]\nimage = [3, 32, 32]\n[model]\nbody = [{ op = "relu" }]\n'


class NameUnread(Rule):
    """Nothing in the block reads this argument or `let`; to give it another value would change nothing. An argument
    that a block must have, since a step gives it to several blocks or a base gives it to what a variant replaces, is
    none of these."""

    code = "GB330"
    title = "an argument or let that nothing reads"
    severity = "warning"
    bad = spec(
        ['{ use = "unit", out = 4, act = true }'],
        "[blocks.unit]",
        'args = { out = "int", act = true }',
        'body = [{ op = "conv", kernel = 1, out = "=out" }, { op = "relu" }]',
    )
    good = spec(
        ['{ use = "unit", out = 4, act = true }'],
        "[blocks.unit]",
        'args = { out = "int", act = true }',
        'body = [{ op = "conv", kernel = 1, out = "=out" }, { op = "relu", when = "=act" }]',
    )


class NothingJoined(Rule):
    """This op joins any number of values, and reads but one here: what stands before it, which is passed on as it is.
    What it is to join is named in its ``from``."""

    code = "GB331"
    title = "an op that joins several values and reads one"
    severity = "warning"
    advice = "name what it joins in `from`"
    bad = spec(['{ id = "a", op = "relu" }', '{ id = "b", op = "tanh" }', '{ op = "add" }'])
    good = spec(['{ id = "a", op = "relu" }', '{ id = "b", op = "tanh" }', '{ op = "add", from = ["a", "b"] }'])
