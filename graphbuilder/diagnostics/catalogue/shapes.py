"""GB2xx: shapes that do not fit, and arguments that do not fit them."""

from __future__ import annotations

from graphbuilder.diagnostics import Rule


def _spec(*steps: str, inputs: str = "x = [16, 8, 8]", rest: str = "") -> str:
    """A whole spec around ``steps``."""
    body = "".join(f"  {step},\n" for step in steps)
    return f'format = 1\nname = "tiny"\n\n[inputs]\n{inputs}\n\n[model]\nbody = [\n{body}]\n{rest}'


class KernelTooLarge(Rule):
    """The window of a convolution or pool, dilation counted, is larger than the input with its padding, so it fits
    nowhere. Often an input is smaller than the network was made for."""

    code = "GB201"
    title = "a kernel larger than its input"
    bad = _spec('{ op = "conv", out = 64, kernel = 9 }')
    good = _spec('{ op = "conv", out = 64, kernel = 9, padding = "same" }')


class DoesNotDivide(Rule):
    """Channels are cut into equal parts: by the groups of a convolution or norm, the heads of attention, the factor of
    a pixel shuffle, the count of a split. The number must divide the channels without rest."""

    code = "GB202"
    title = "parts that do not divide the channels"
    bad = _spec('{ op = "conv", out = 64, kernel = 3, groups = 3 }')
    good = _spec('{ op = "conv", out = 64, kernel = 3, groups = 4 }')


class CannotConcatenate(Rule):
    """Values that are concatenated must agree in every size but that of the axis along which they are joined."""

    code = "GB203"
    title = "shapes that do not concatenate"
    bad = _spec(
        '{ id = "pooled", op = "maxpool", kernel = 2, stride = 2 }',
        '{ op = "concat", from = ["x", "pooled"] }',
    )
    good = _spec(
        '{ id = "pool", op = "maxpool", kernel = 3, stride = 1, padding = "same" }',
        '{ op = "concat", from = ["x", "pool"] }',
    )


class CannotCombine(Rule):
    """Values that are added, subtracted or compared element by element must have one shape. A product or
    quotient also takes a size of 1 for any: one number a channel (Cx1x1), a place (1xHxW), a column of a channel
    (Cx1xW). So does a sum or difference that says `stretch = true`; nothing else is stretched, since a sum that
    broadcasts is nearly always a mistake."""

    code = "GB204"
    title = "shapes that do not combine"
    bad = _spec(
        '{ id = "wide", op = "conv", out = 16, kernel = 3 }',
        '{ op = "add", from = ["x", "wide"] }',
    )
    good = _spec(
        '{ id = "wide", op = "conv", out = 16, kernel = 3, padding = "same" }',
        '{ op = "add", from = ["x", "wide"] }',
    )


class WrongLayout(Rule):
    """An op reads its channels at one end of the shape and the value has them at the other. Convolutions and pools read
    maps, channels first; attention reads tokens, channels last. `tokens`, `maps`, `channelslast` and `channelsfirst`
    change one into the other."""

    code = "GB205"
    title = "channels at the wrong end"
    bad = _spec('{ op = "tokens" }', '{ op = "conv", out = 64, kernel = 3 }')
    good = _spec('{ op = "tokens" }', '{ op = "maps", size = 8 }', '{ op = "conv", out = 64, kernel = 3 }')


class WrongRank(Rule):
    """An op reads values with another number of axes: a pool needs maps, not a vector. The batch is not counted."""

    code = "GB206"
    title = "a wrong number of axes"
    advice = "`graphbuilder ops NAME` tells what an op reads and gives"
    bad = _spec('{ op = "flatten" }', '{ op = "maxpool", kernel = 2 }')
    good = _spec('{ op = "maxpool", kernel = 2 }', '{ op = "flatten" }')


class WrongCount(Rule):
    """An argument lists one number an axis, or a channel, and the value has another number of them. A single number
    holds for all."""

    code = "GB207"
    title = "a list of the wrong length"
    bad = _spec('{ op = "conv", out = 64, kernel = [3, 3, 3] }')
    good = _spec('{ op = "conv", out = 64, kernel = [3, 3] }')


class NothingLeft(Rule):
    """An op would give a value without elements: a crop that takes everything, a slice that is empty. An instance norm
    over a single place has nothing left either: what it gives would not depend on what it reads."""

    code = "GB208"
    title = "a size that is not positive"
    bad = _spec('{ op = "crop", sides = 4 }')
    good = _spec('{ op = "crop", sides = 2 }')


class CannotReshape(Rule):
    """A new shape must hold as many elements as the old one. One size may be -1 and is then computed."""

    code = "GB209"
    title = "a shape of another size"
    bad = _spec('{ op = "reshape", shape = [16, 60] }')
    good = _spec('{ op = "reshape", shape = [16, 64] }')


class NoSuchAxis(Rule):
    """An axis, or an index on an axis, lies outside the value. Axes count from 0 without the batch; negative ones from
    the end."""

    code = "GB210"
    title = "an axis or index out of range"
    bad = _spec('{ op = "slice", axis = 3, stop = 4 }')
    good = _spec('{ op = "slice", axis = 2, stop = 4 }')


class Contradiction(Rule):
    """Arguments that are each well formed do not go together: two that say the same thing, or none where one is
    needed."""

    code = "GB211"
    title = "arguments that do not go together"
    advice = "`graphbuilder ops NAME` tells which arguments go together"
    bad = _spec('{ op = "resize", factor = 2, size = 16 }')
    good = _spec('{ op = "resize", factor = 2 }')


class PaddingTooLarge(Rule):
    """A pool may be padded by at most half its kernel, else a window would hold nothing but padding. A reflected pad
    must be smaller than the input, and no pad may make of an input what no memory holds."""

    code = "GB212"
    title = "padding larger than allowed"
    advice = "an op `pad` in front pads by any size"
    bad = _spec('{ op = "maxpool", kernel = 3, stride = 2, padding = 2 }')
    good = _spec('{ op = "maxpool", kernel = 3, stride = 2, padding = 1 }')
