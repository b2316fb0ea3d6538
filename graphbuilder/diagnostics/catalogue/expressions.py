"""GB15x: what an expression (``"=..."``) can do wrong, when it is read and when it is computed."""

from __future__ import annotations

from graphbuilder.diagnostics.model import Rule

_SPEC = """\
format = 1
name = "tiny"

[params]
width = 8
rates = [1, 2, 4]

[inputs]
image = [3, 32, 32]

[model]
body = [
  {{ op = "conv", out = "=width * rates[0]", kernel = 3 }},
  {{ op = "conv", out = "{out}", kernel = 3 }},
]
"""


class ExpressionSyntax(Rule):
    """A string that starts with ``=`` is an expression, and this one cannot be read as one. Expressions are written as
    in Python: ``a if c else b``, ``and``, ``or``, ``not``, ``//`` for division that rounds down."""

    code = "GB151"
    title = "an expression that cannot be read"
    advice = "an expression is a line of arithmetic as in Python: names, numbers, lists, comparisons, `a if c else b`"
    bad = _SPEC.format(out="=width *")
    good = _SPEC.format(out="=width * 2")


class ExpressionConstruct(Rule):
    """Expressions are data, not code: numbers, strings, booleans, lists, names, indexing, arithmetic, comparisons,
    ``and or not``, ``a if c else b`` and a handful of functions. Nothing else of Python is understood, ``**``
    included: a square is ``x * x``, powers that vary are taken from a list, ``[1, 2, 4, 8][i]``, and there are
    ``sqrt``, ``exp`` and ``log2``."""

    code = "GB152"
    title = "an expression uses what expressions do not have"
    bad = _SPEC.format(out="=width ** 2")
    good = _SPEC.format(out="=width * width")


class ExpressionSize(Rule):
    """An expression has at most 200 characters and is nested at most 32 deep. A longer computation is cut into ``let``
    names."""

    code = "GB153"
    title = "an expression is too long or too deep"
    bad = _SPEC.format(out="=" + "-" * 40 + "width")
    good = _SPEC.format(out="=width")


class ExpressionCall(Rule):
    """A function of an expression got too few or too many arguments, a name it does not have, or a number that it has
    no value for, as the root of -1. The functions are ``min max sum len round int ceil floor abs sqrt exp log2
    make_divisible``."""

    code = "GB154"
    title = "a function is called wrongly"
    bad = _SPEC.format(out="=make_divisible()")
    good = _SPEC.format(out="=make_divisible(width, 8)")


class ExpressionName(Rule):
    """An expression names something that is not in scope. In scope are the params, the arguments and lets of the
    block, ``i n item`` in a repeat, ``in_channels`` and ``in_shape`` of a block's input, and in the arguments of a
    step ``from_channels`` and ``from_shape`` of what it reads itself."""

    code = "GB155"
    everywhere = True
    title = "an unknown name in an expression"
    bad = _SPEC.format(out="=widht")
    good = _SPEC.format(out="=width")


class ExpressionType(Rule):
    """An operator or a function got a value of a kind that it cannot use. A condition must be a boolean, and a boolean
    is no number; an integer passes for a float, and nothing else is converted."""

    code = "GB156"
    title = "a value of the wrong kind in an expression"
    advice = "give it a value of the kind that it takes; nothing is converted but an integer to a float"
    bad = _SPEC.format(out="=width + 'two'")
    good = _SPEC.format(out="=width + 2")


class ExpressionDivision(Rule):
    """A division, or the rest of one, by zero."""

    code = "GB157"
    title = "division by zero in an expression"
    bad = _SPEC.format(out="=width // 0")
    good = _SPEC.format(out="=width // 2")


class ExpressionBound(Rule):
    """Every value on the way is bounded: integers to 10^15 either side of zero, floats to what is finite, lists to
    10,000 items in all, strings to 1,000 characters."""

    code = "GB158"
    title = "a value in an expression is too large"
    advice = "compute with smaller numbers and shorter lists"
    bad = _SPEC.format(out="=1000000000 * 1000000000")
    good = _SPEC.format(out="=1000")


class ExpressionIndex(Rule):
    """An index points outside its list. The first item is 0 and the last is -1."""

    code = "GB159"
    title = "an index outside its list"
    advice = "the first item is 0 and the last -1: read another, or lengthen the list"
    bad = _SPEC.format(out="=rates[3]")
    good = _SPEC.format(out="=rates[-1]")
