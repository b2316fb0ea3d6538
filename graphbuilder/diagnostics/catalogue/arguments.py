"""Arguments of ops and blocks, GB305 to GB310."""

from __future__ import annotations

from graphbuilder.diagnostics.example import spec
from graphbuilder.diagnostics.model import Rule


class ArgumentUnknown(Rule):
    """An op takes the arguments that `graphbuilder ops NAME` lists, a block those that its `args` declare."""

    code = "GB305"
    title = "no such argument"
    bad = spec(['{ op = "flatten" }', '{ op = "linear", out = 5, units = 5 }'])
    good = spec(['{ op = "flatten" }', '{ op = "linear", out = 5 }'])


class ArgumentMissing(Rule):
    """An argument without a default has to be given, on the step or, for an op, in `[defaults]`."""

    code = "GB306"
    everywhere = True
    title = "an argument is missing"
    several = True
    bad = spec(['{ op = "flatten" }', '{ op = "linear" }'])
    good = spec(['{ op = "flatten" }', '{ op = "linear", out = 5 }'])


class ArgumentValue(Rule):
    """The op does not take this value: another type, or out of range. Nothing is converted but an integer to a
    float."""

    code = "GB307"
    title = "an argument's value does not fit"
    bad = spec(['{ op = "flatten" }', '{ op = "linear", out = "5" }'])
    good = spec(['{ op = "flatten" }', '{ op = "linear", out = 5 }'])


class ArgumentType(Rule):
    """A block declares the type of each argument, by name (`out = "int"`) or by a default (`relu = true`)."""

    code = "GB308"
    title = "an argument's type is not the declared one"
    bad = spec(
        ['{ use = "unit", on = 1 }'],
        "[blocks.unit]",
        "args = { on = true }",
        'body = [{ op = "relu", when = "=on" }, { op = "tanh" }]',
    )
    good = spec(
        ['{ use = "unit", on = false }'],
        "[blocks.unit]",
        "args = { on = true }",
        'body = [{ op = "relu", when = "=on" }, { op = "tanh" }]',
    )


class HidesParam(Rule):
    """An argument or `let` of a block may not have a param's name: a reader could not tell which one an expression
    means."""

    code = "GB309"
    title = "a name hides a param"
    bad = spec(
        ['{ use = "unit", width = "=width" }'],
        "[blocks.unit]",
        "args = { width = 8 }",
        'body = [{ op = "conv", kernel = 1, out = "=width" }]',
        params="width = 4",
    )
    good = spec(
        ['{ use = "unit", out = "=width" }'],
        "[blocks.unit]",
        "args = { out = 8 }",
        'body = [{ op = "conv", kernel = 1, out = "=out" }]',
        params="width = 4",
    )


class DefaultsUnknown(Rule):
    """`[defaults]` and `[init]` are tables by op."""

    code = "GB310"
    title = "defaults for an op that does not exist"
    bad = spec(['{ op = "relu" }'], "[defaults]", "convolution = { kernel = 3 }")
    good = spec(['{ op = "conv", out = 4 }'], "[defaults]", "conv = { kernel = 3 }")
