"""The arithmetic of windows: what padding comes to in numbers, and how many windows fit.

Sizes here are spatial sizes, one an axis; nothing knows of channels or batches.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from graphbuilder.diagnostics.catalogue.shapes import KernelTooLarge, WrongCount
from graphbuilder.ir.op import OpError
from graphbuilder.ir.reach import Reach, Span

Sizes = int | tuple[int, ...]
Side = tuple[int, int]
Padding = str | int | tuple[int, ...] | tuple[Side, ...]
# As many windows as there may be steps that differ: what one gives and what it costs are asked for in turns.
_REMEMBERED = 10_000


class Window(NamedTuple):
    """A sliding window over every spatial axis, padding in numbers as (before, after)."""

    spatial: tuple[int, ...]
    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    sides: tuple[Side, ...]

    @property
    def reach(self) -> tuple[int, ...]:
        """What the kernel covers, dilation counted."""
        axes = zip(self.kernel, self.dilation, strict=True)
        return tuple([dilation * (kernel - 1) + 1 for kernel, dilation in axes])

    @property
    def symmetric(self) -> tuple[int, ...] | None:
        """The padding of each axis where both its sides agree, else None."""
        return before_of(self.sides) if all(before == after for before, after in self.sides) else None

    @property
    def held(self) -> tuple[int, ...]:
        """The sizes with their padding."""
        return grown(self.spatial, self.sides)

    def counts(self, *, ceil: bool = False) -> tuple[int, ...]:
        """The number of windows on each axis; with ``ceil`` as torch's pools count, the ragged last window included."""
        axes = zip(self.spatial, self.reach, self.stride, self.sides, strict=True)
        return tuple([_count(size, reach, stride, side, ceil) for size, reach, stride, side in axes])

    def reads(self) -> Reach:
        """What a place of the result reads of the map."""
        axes = zip(self.stride, self.reach, self.sides, strict=True)
        return Reach(tuple(Span(stride, -before, reach - 1 - before) for stride, reach, (before, _) in axes))

    def padded_by(self, padding: tuple[int, ...]) -> Window:
        """The same window under a symmetric padding."""
        return self._replace(sides=tuple((pad, pad) for pad in padding))


@lru_cache(_REMEMBERED)
def window(spatial: tuple[int, ...], kernel: Sizes, stride: Sizes, padding: Padding, dilation: Sizes = 1) -> Window:
    """The window that these arguments describe over ``spatial``.

    Raises:
        OpError: a list has not one entry an axis, or the kernel is larger than what it slides over.
    """
    axes = len(spatial)
    bare = Window(
        spatial,
        per_axis(kernel, axes, "kernel"),
        per_axis(stride, axes, "stride"),
        per_axis(dilation, axes, "dilation"),
        ((0, 0),) * axes,
    )
    full = bare._replace(sides=_sides(bare, padding))
    _check_fit(full)
    return full


def per_axis(value: Sizes, axes: int, field: str) -> tuple[int, ...]:
    """``value`` once for every axis.

    Raises:
        OpError: a list of another length.
    """
    if isinstance(value, int):
        return (value,) * axes
    if len(value) != axes:
        raise wrong_count(value, axes, field)
    return value


def sides_of(value: int | tuple[int, ...] | tuple[Side, ...], axes: int, field: str) -> tuple[Side, ...]:
    """``value`` as (before, after) for every axis.

    Raises:
        OpError: a list of another length.
    """
    if isinstance(value, int):
        return ((value, value),) * axes
    if len(value) != axes:
        raise wrong_count(value, axes, field)
    return tuple((side, side) if isinstance(side, int) else side for side in value)


def wrong_count(value: tuple[object, ...], axes: int, field: str) -> OpError:
    """The error of a list that has not one entry an axis."""
    message = f"{field} lists {len(value)} for {axes} axes" if axes > 1 else f"{field} lists {len(value)} for one axis"
    return OpError(WrongCount, message, field=field, help="one number in place of the list holds for every axis")


def before_of(sides: tuple[Side, ...]) -> tuple[int, ...]:
    """The padding before each axis."""
    return tuple(before for before, _ in sides)


def after_first(sides: tuple[Side, ...]) -> tuple[int, ...]:
    """The flat list that ``F.pad`` wants: before and after, the last axis first."""
    return tuple(amount for side in reversed(sides) for amount in side)


def grown(spatial: tuple[int, ...], sides: tuple[Side, ...]) -> tuple[int, ...]:
    """The sizes with ``sides`` added."""
    return tuple([size + before + after for size, (before, after) in zip(spatial, sides, strict=True)])


def same(size: int, reach: int, stride: int) -> Side:
    """TensorFlow's SAME: ceil(size / stride) windows, the odd element of padding behind."""
    total = max((-(-size // stride) - 1) * stride + reach - size, 0)
    return total // 2, total - total // 2


def half(reach: tuple[int, ...]) -> tuple[Side, ...]:
    """What keeps the size of a map under an odd window that moves by one."""
    return tuple(((each - 1) // 2, (each - 1) // 2) for each in reach)


def binned(given: tuple[int, ...], made: tuple[int, ...]) -> Reach:
    """What a place reads where every axis of ``given`` is cut into ``made`` bins, as torch's adaptive pools cut it."""
    from fractions import Fraction

    factors = [Fraction(old, new) for old, new in zip(given, made, strict=True)]
    shares = [1 - Fraction(1, factor.denominator) for factor in factors]  # the most that rounding moves an end
    return Reach(tuple(Span(factor, -share, factor - 1 + share) for factor, share in zip(factors, shares, strict=True)))


def _sides(bare: Window, padding: Padding) -> tuple[Side, ...]:
    if padding == "valid":
        return bare.sides
    if padding == "half":
        return half(bare.reach)
    if padding == "same":
        return tuple(map(same, bare.spatial, bare.reach, bare.stride))
    assert not isinstance(padding, str)
    return sides_of(padding, len(bare.spatial), "padding")


def _check_fit(full: Window) -> None:
    held = full.held
    if all(size >= reach for size, reach in zip(held, full.reach, strict=True)):
        return
    padded = "" if held == full.spatial else f", padded to {times(held)}"
    dilated = "" if full.reach == full.kernel else f" (dilated from {times(full.kernel)})"
    raise OpError(
        KernelTooLarge,
        f"a window of {times(full.reach)}{dilated} does not fit into {times(full.spatial)}{padded}",
        field="kernel",
        help="an input may be padded to hold it",
        settings=(("padding", "same"), ("kernel", min(full.spatial))),
    )


def _count(size: int, reach: int, stride: int, side: Side, ceil: bool) -> int:
    before, after = side
    room = size + before + after - reach
    if not ceil:
        return room // stride + 1
    count = -(-room // stride) + 1
    return count - 1 if (count - 1) * stride >= size + before else count


def times(sizes: tuple[int, ...]) -> str:
    """``3×3``."""
    return "×".join(map(str, sizes))
