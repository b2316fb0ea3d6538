"""What ops demand of their inputs, said once, and the small words on their boxes."""

from __future__ import annotations

from collections.abc import Sequence
from math import gcd, isqrt, prod

from graphbuilder.diagnostics.catalogue.shapes import (
    Contradiction,
    DoesNotDivide,
    NoSuchAxis,
    PaddingTooLarge,
    WrongLayout,
    WrongRank,
)
from graphbuilder.ir.op import Op, OpError
from graphbuilder.ir.types import TensorType
from graphbuilder.ops.padding import Padding, Side, Sizes, times

# What a value may have by default, too; nobody sees a padded one, so that no other limit meets it.
MOST_ELEMENTS = 2**40
# Of more divisors only the next ones are told.
_MOST_LISTED = 10


def maps(op: Op, x: TensorType, *, axes: tuple[int, ...] = (1, 2, 3)) -> TensorType:
    """``x``, which must be maps: channels first and then one of ``axes`` spatial axes.

    Raises:
        OpError: it is a vector, has other axes, or has its channels last.
    """
    if x.layout == "last":
        raise OpError(
            WrongLayout,
            f"{op.op} reads channels first, and {x} has its channels last",
            inputs=(0,),
            help="`channelsfirst` turns it; `maps` makes maps of tokens",
            ahead=(*_maps_of(x), '{ op = "channelsfirst" }'),
        )
    if x.rank - 1 not in axes:
        wanted = "maps" if len(axes) == 3 else f"maps with {axes[0]} spatial axes"
        raise OpError(WrongRank, f"{op.op} reads {wanted}, and {x} {_described(x)}", inputs=(0,))
    return x


def tokens(op: Op, x: TensorType, number: int = 0) -> TensorType:
    """``x``, which must be tokens: a list of vectors, channels last.

    Raises:
        OpError: it has other axes or its channels first.
    """
    if x.layout == "last" and x.rank == 2:
        return x
    raise OpError(
        WrongLayout if x.rank > 1 else WrongRank,
        f"{op.op} reads tokens, channels last, and {x} {_described(x)}",
        inputs=(number,),
        help="`tokens` makes tokens of maps" if x.rank > 1 else "`tokens` makes tokens of maps: put it where these are",
        ahead=('{ op = "tokens" }', '{ op = "channelslast" }'),
    )


def laid_last(op: Op, x: TensorType) -> None:
    """Demand a map of two spatial axes, channels last.

    Raises:
        OpError: it has other axes or its channels first.
    """
    if x.layout == "last" and x.rank == 3:
        return
    message = f"{op.op} reads maps of two spatial axes, channels last, and this is {x}"
    if x.rank != 3:
        raise OpError(WrongRank, message, inputs=(0,))
    help_ = "`channelslast` before it puts the channels last, and `channelsfirst` behind it puts them back"
    raise OpError(WrongLayout, message, inputs=(0,), help=help_, ahead=('{ op = "channelslast" }',))


def vectors(op: Op, x: TensorType, number: int = 0) -> TensorType:
    """``x``, which must be tokens, or windows or heads of tokens: vectors, channels last, on one axis or more.

    Raises:
        OpError: it has its channels first or is one vector.
    """
    if x.layout == "last":
        return x
    return tokens(op, x, number)


def places(op: Op, x: TensorType) -> TensorType:
    """``x``, which must have spatial axes, one to three, in either layout.

    Raises:
        OpError: it is a vector or has more axes.
    """
    if 1 <= len(x.spatial) <= 3:
        return x
    raise OpError(WrongRank, f"{op.op} reads maps or tokens, and {x} {_described(x)}", inputs=(0,))


def bearable(op: Op, x: TensorType, grown: tuple[int, ...], field: str = "padding") -> None:
    """Demand that ``x`` grown to these sizes, on its way through torch, is not beyond all memory.

    Raises:
        OpError: it is.
    """
    if grown != x.spatial and x.channels * prod(grown) > MOST_ELEMENTS:
        message = f"{op.op}: {x} would grow to {times(grown)} places on the way, more than can be held"
        raise OpError(PaddingTooLarge, message, field=field, help="padding, kernel and dilation make it grow")


def mode_fits(op: Op, mode: str, spatial: tuple[int, ...], sides: tuple[Side, ...], field: str) -> None:
    """Demand what torch allows: a reflection smaller than the map, a turn no larger.

    Raises:
        OpError: the map is too small.
    """
    spare = {"reflect": 1, "circular": 0}.get(mode)
    if spare is None or all(max(side) <= size - spare for side, size in zip(sides, spatial, strict=True)):
        return
    raise OpError(PaddingTooLarge, f'{op.op}: {times(spatial)} is too small for so large a "{mode}"', field=field)


def divides(
    op: Op,
    parts: int,
    whole: int,
    field: str,
    what: str = "input channels",
    squared: bool = False,
    others: tuple[int, ...] = (),
) -> None:
    """Demand that ``parts``, the argument ``field`` or its square, divides ``whole``; what is then advised divides the
    ``others``, too.

    Raises:
        OpError: it does not.
    """
    if whole % parts:
        divisors = _divisors(gcd(whole, *others))
        near = _nearest(parts, divisors)
        stated = f"{field} * {field}" if squared else field
        raise OpError(
            DoesNotDivide,
            f"{op.op}: {stated} = {parts} does not divide {whole} {what}",
            field=field,
            help=f"its channels must be a multiple of {parts}" if squared else _listed(divisors, near, whole, others),
            settings=() if squared else tuple((field, each) for each in near),
        )


def axis_of(x: TensorType, axis: int, field: str = "axis") -> int:
    """``axis`` counted from 0.

    Raises:
        OpError: ``x`` has no such axis.
    """
    if -x.rank <= axis < x.rank:
        return axis % x.rank
    message = f"{x} has no axis {axis}: axes are 0 to {x.rank - 1}, the batch not counted"
    raise OpError(NoSuchAxis, message, field=field, help="-1 is the last", settings=((field, -1),))


def one_of(op: Op, **choices: object) -> None:
    """Demand exactly one of ``choices``: arguments, or ports by their names.

    Raises:
        OpError: none or several are given.
    """
    given = [name for name, value in choices.items() if value is not None]
    if len(given) != 1:
        names = ", ".join(f"`{name}`" for name in choices)
        found = " and ".join(f"`{name}`" for name in given) or "none"
        raise OpError(Contradiction, f"{op.op} takes one of {names}; it has {found}")


def windowed(
    kernel: Sizes, stride: Sizes, inputs: tuple[TensorType, ...], dilation: Sizes = 1, padding: Padding = 0
) -> str:
    """``3×3 /2``, ``3×3 d6`` where dilated, ``3×3 pad 0+1`` where padded at one side more than at the other."""
    axes = inputs[0].rank - 1 if inputs else 2
    size = times((kernel,) * axes if isinstance(kernel, int) else kernel)
    return f"{size}{_unless_one(' /', stride)}{_unless_one(' d', dilation)}{one_sided(padding)}"


def counted(number: int, word: str) -> str:
    """``1 head``, ``3 heads``."""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def one_sided(padding: Padding) -> str:
    """`` pad 0+1`` where an axis is padded unlike before and behind; ``0+1×1+2`` where axes differ."""
    sides = padding if isinstance(padding, tuple) else ()
    pairs = [side for side in sides if isinstance(side, tuple)]
    if all(before == behind for before, behind in pairs):
        return ""
    words = list(dict.fromkeys(f"{before}+{behind}" for before, behind in pairs))
    return f" pad {words[0] if len(words) == 1 else '×'.join(f'{before}+{behind}' for before, behind in pairs)}"


def _unless_one(sign: str, sizes: Sizes) -> str:
    """``sizes`` behind ``sign``, one number where all are alike, and nothing where that is 1."""
    several = (sizes,) if isinstance(sizes, int) else tuple(sizes)
    if set(several) == {1}:
        return ""
    return sign + (str(several[0]) if len(set(several)) == 1 else times(several))


def _described(x: TensorType) -> str:
    if x.rank == 1:
        return "is a vector"
    layout = "channels first" if x.layout == "first" else "channels last"
    return f"has {x.rank} axes, {layout}"


def _divisors(whole: int) -> list[int]:
    small = [number for number in range(1, isqrt(whole) + 1) if whole % number == 0]
    return sorted({*small, *(whole // number for number in small)})


def _nearest(parts: int, divisors: Sequence[int]) -> tuple[int, ...]:
    """The ones next to ``parts``, the smaller first."""
    below = max(number for number in divisors if number <= parts)
    above = min((number for number in divisors if number >= parts), default=below)
    return (below, above) if above != below else (below,)


def _listed(divisors: Sequence[int], near: tuple[int, ...], whole: int, others: Sequence[int]) -> str:
    """``1, 2 and 4 divide 4 and 8``; of many those that are near."""
    shown = divisors if len(divisors) <= _MOST_LISTED else near
    *first, last = map(str, shown)
    numbers = f"{', '.join(first)} and {last}" if first else last
    wholes = " and ".join(map(str, dict.fromkeys((whole, *others))))
    return f"{numbers} {'divide' if first else 'divides'} {wholes}"


def _maps_of(x: TensorType) -> tuple[str, ...]:
    """The step that makes square maps of tokens, where they are as many."""
    side = isqrt(x.shape[0])
    return (f'{{ op = "maps", size = {side} }}',) if x.rank == 2 and side * side == x.shape[0] else ()
