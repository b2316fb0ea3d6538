"""How far a value looks: which places of another value one place of it is made of.

A place is one position on the spatial axes, with all its channels; a vector has one. This module knows how two looks
follow one another and how two join, and neither ops nor graphs.
"""

from __future__ import annotations

from math import gcd, lcm
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from fractions import Fraction

    from graphbuilder.ir.types import TensorType

    Number = int | Fraction
    Ends = tuple[Number, Number]

# Where places along an axis are of more kinds, all are taken for the widest.
_MOST_KINDS = 4096


class Span(NamedTuple):
    """Along one axis, place ``i`` reads from ``stride * i + first`` to ``stride * i + last``, both inclusive.

    The ends are whole numbers for windows. Where places lie between places (a resize, a transposed convolution), they
    are fractions, and no place reads more whole numbers than lie between them; ``most`` says that there were such.

    Places that share a window of attention read all of it, so that their ends differ: ``kinds`` has those of places 0,
    1, 2 and so on, from the last to the first again, and ``first`` and ``last`` are the outermost of them.
    """

    stride: Number = 1
    first: Number = 0
    last: Number = 0
    most: bool = False
    kinds: tuple[Ends, ...] = ()

    @property
    def grows(self) -> bool:
        """Whether maps grew on the way, so that the size is the most that a place may read."""
        return self.most or self.stride % 1 != 0

    @property
    def size(self) -> int:
        """The most places that one place reads."""
        return max(int((last - first) // 1) for first, last in self.ends) + 1

    @property
    def ends(self) -> tuple[Ends, ...]:
        """Of places 0, 1, 2 and so on; the only ones where all places have the same."""
        return self.kinds or ((self.first, self.last),)

    def after(self, before: Span) -> Span:
        """What is read of ``before``'s source by reading ``before``'s places."""
        if before.kinds and self.grows:
            return self.after(before.widest)
        stride, grows = before.stride * self.stride, self.grows or before.grows
        if not (self.kinds or before.kinds):
            first, last = before.stride * self.first + before.first, before.stride * self.last + before.last
            return Span(stride, first, last, grows)
        count = len(before.ends)
        count = lcm(len(self.ends), count // gcd(count, int(self.stride)))
        if count > _MOST_KINDS:
            return self.widest.after(before.widest)
        return _told(stride, tuple(self._through(before, place) for place in range(count)), grows)

    def beside(self, other: Span, middle: Number) -> Span:
        """Both together. Where their strides differ, they are held together at place ``middle``."""
        count = lcm(len(self.ends), len(other.ends))
        if count > 1 and (self.stride != other.stride or count > _MOST_KINDS):
            return self.widest.beside(other.widest, middle)
        moved = (other.stride - self.stride) * middle
        pairs = ((self._at(place), other._at(place)) for place in range(count))
        kinds = tuple((min(a, c + moved), max(b, d + moved)) for (a, b), (c, d) in pairs)
        return _told(self.stride, kinds, self.grows or other.grows)

    @property
    def widest(self) -> Span:
        """As if all places read what any of them does: the most that one may read."""
        return Span(self.stride, self.first, self.last, True) if self.kinds else self

    def _at(self, place: int) -> Ends:
        return self.ends[place % len(self.ends)]

    def _through(self, before: Span, place: int) -> Ends:
        """The ends of one place by way of ``before``; whole places alone have kinds."""
        low, high = self._at(place)
        start = self.stride * place
        first, last = before._at(int(start + low))[0], before._at(int(start + high))[1]
        return before.stride * low + first, before.stride * high + last


def _told(stride: Number, kinds: tuple[Ends, ...], most: bool) -> Span:
    first, last = min(first for first, _ in kinds), max(last for _, last in kinds)
    return Span(stride, first, last, most, kinds if len(set(kinds)) > 1 else ())


class Cut(NamedTuple):
    """Maps in windows: on the axes of the windows and of the places in one.

    Attributes:
        size: of the maps.
        window: places of a window along each axis.
        grid: whether they are spread evenly over the maps, in place of neighbours.
        mixed: whether a place has read its window.
    """

    size: tuple[int, ...]
    window: tuple[int, ...]
    grid: bool
    mixed: bool = False

    @property
    def spans(self) -> tuple[Span, ...]:
        """What a place reads whose window is read."""
        return tuple(self._span(size, window) for size, window in zip(self.size, self.window, strict=True))

    def _span(self, size: int, window: int) -> Span:
        count = size // window
        if self.grid:
            far = (window - 1) * count
            return _told(1, tuple((place % count - place, place % count - place + far) for place in range(size)), False)
        return _told(1, tuple((-place, window - 1 - place) for place in range(window)), False)


class Reach(NamedTuple):
    """What one place of a value is made of, along every axis of what it reads.

    Attributes:
        spans: what is read through windows, by axis; () where a place reads the one place that it stands for.
        placed: whether places of the value still stand for places of what is read; what reads a value without places
            reads no wider through windows.
        whole: whether every place is read as well, by something that is no window.
        lost: whether it cannot be told any more, since axes were cut or joined otherwise than in windows.
        cut: of maps in windows, which.
        heads: axes of heads that stand before those of places; of an op, by how many they become more.
        along: of an op, how many spatial axes there are of which it reads one from end to end.
        last: of an op, whether that is the last of them.
        joined: of an op, the windows that it puts together.
    """

    spans: tuple[Span, ...] = ()
    placed: bool = True
    whole: bool = False
    lost: bool = False
    cut: Cut | None = None
    heads: int = 0
    along: int = 0
    last: bool = False
    joined: Cut | None = None

    def after(self, before: Reach) -> Reach:
        """What is read of ``before``'s source by reading what ``before`` made."""
        if self == OWN or (before.lost and not (self.whole and not self.placed)):
            return before
        if before == OWN:
            return self
        if self.cut or self.joined:
            return self._regrouped(before)
        if self.along:
            return self._along(before)
        if (self.spans and before.rearranged and before.placed) or (self.whole and before.cut):
            return before.nowhere
        return self._through(before)

    @property
    def rearranged(self) -> bool:
        """Whether axes are others than those of what is read."""
        return bool(self.heads or self.along or self.cut or self.joined)

    @property
    def nowhere(self) -> Reach:
        """When nobody can tell any more which places are read."""
        return Reach(self.spans, False, self.whole, True)

    def _through(self, before: Reach) -> Reach:
        placed, whole, lost = before.placed and self.placed, before.whole or self.whole, before.lost or self.lost
        cut, heads, along = before.cut, before.heads + self.heads, before.along
        if not before.placed or not self.spans:
            return Reach(before.spans, placed, whole, lost and not self.whole, cut, heads, along, before.last)
        spans = before.spans or (Span(),) * len(self.spans)
        if len(spans) != len(self.spans):  # windows over axes that are no longer those of the source
            return before.nowhere
        return Reach(tuple(span.after(each) for span, each in zip(self.spans, spans, strict=True)), placed, whole, lost)

    def _regrouped(self, before: Reach) -> Reach:
        """After maps were cut into windows, or these joined."""
        if self.cut and not before.rearranged:
            inner = self._replace(cut=None, heads=0)._through(before)
            return inner._replace(cut=self.cut, heads=self.heads)
        if self.joined and before.cut and not before.heads and before.cut._replace(mixed=False) == self.joined:
            return Reach(before.cut.spans if before.cut.mixed else ())._through(before._replace(cut=None))
        return before.nowhere

    def _along(self, before: Reach) -> Reach:
        """After an axis was read from end to end: that of a window, or the only one behind heads."""
        heads = before.heads + self.heads
        if before.cut:
            mixed = before._replace(cut=before.cut._replace(mixed=True), heads=heads)
            return mixed if self.last else before.nowhere
        axes = self.along - before.heads
        if axes == 1:
            return before._replace(placed=before.placed and self.placed, whole=True, heads=heads)
        if before.spans or before.along not in (0, axes):
            return before.nowhere
        return before._replace(along=axes, last=self.last and (before.last or not before.along), heads=heads)

    def beside(self, other: Reach, middles: tuple[Number, ...]) -> Reach:
        """Both together, as a join reads them; ``middles`` are the middle places of the value, by axis."""
        whole, lost = self.whole or other.whole, self.lost or other.lost
        if self.placed != other.placed:
            return (self if self.placed else other)._replace(whole=whole, lost=lost)
        if self.lost or other.lost or not self._like(other):
            return self._replace(whole=whole).nowhere
        axes = max(len(self.spans), len(other.spans))
        mine, theirs = (each.spans or (Span(),) * axes for each in (self, other))
        if len(mine) != len(theirs):
            return Reach(mine, False, whole, True)
        if not self.placed:
            return self._replace(spans=tuple(map(_larger, mine, theirs)), whole=whole)
        middles = middles if len(middles) == axes and not self.cut else (0,) * axes
        return self._joint(other)._replace(spans=tuple(map(Span.beside, mine, theirs, middles)), whole=whole)

    def _joint(self, other: Reach) -> Reach:
        """With what either has read of windows and axes."""
        if self.along or other.along:
            return self if self.along else other
        mixed = self.cut is not None and other.cut is not None and (self.cut.mixed or other.cut.mixed)
        return self._replace(cut=self.cut._replace(mixed=mixed)) if self.cut else self

    def _like(self, other: Reach) -> bool:
        """Whether places of both stand on the same axes."""
        mine, theirs = (each.cut and each.cut._replace(mixed=False) for each in (self, other))
        alike = self.heads == other.heads and mine == theirs and self.joined == other.joined
        if self.along == other.along and self.last == other.last:
            return alike
        return alike and not (self.spans or other.spans) and 0 in (self.along, other.along)


OWN = Reach()
ONE_PLACE = Reach(placed=False)
WHOLE = Reach(placed=False, whole=True)
NOWHERE = Reach(placed=False, lost=True)


def along(axes: int, last: bool) -> Reach:
    """Of an op whose places read all places along one of ``axes`` spatial axes, and their own of the others."""
    return Reach(whole=True) if axes == 1 else Reach(along=axes, last=last)


def weighed(axes: int) -> Reach:
    """Of an op that takes its own mean, or product, of places along the last of ``axes`` spatial axes."""
    return WHOLE if axes == 1 else along(axes, last=True)


def along_axis(x: TensorType, axis: int) -> Reach:
    """Of an op that makes each element of all that stand with it along ``axis`` of ``x``."""
    return OWN if axis == x.channel_axis else along(len(x.spatial), axis == max(set(range(x.rank)) - {x.channel_axis}))


def _larger(one: Span, other: Span) -> Span:
    return max(one, other, key=lambda span: span.size)
