"""How far a value looks: which places of another value one place of it is made of.

A place is one position on the spatial axes, with all its channels; a vector has one. This module knows how two looks
follow one another and how two join, and neither ops nor graphs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from fractions import Fraction

    Number = int | Fraction


class Span(NamedTuple):
    """Along one axis, place ``i`` reads from ``stride * i + first`` to ``stride * i + last``, both inclusive.

    The ends are whole numbers for windows. Where places lie between places (a resize, a transposed convolution), they
    are fractions, and no place reads more whole numbers than lie between them; ``most`` says that there were such.
    """

    stride: Number = 1
    first: Number = 0
    last: Number = 0
    most: bool = False

    @property
    def grows(self) -> bool:
        """Whether maps grew on the way, so that the size is the most that a place may read."""
        return self.most or self.stride % 1 != 0

    @property
    def size(self) -> int:
        """The most places that one place reads."""
        return int((self.last - self.first) // 1) + 1

    def after(self, before: Span) -> Span:
        """What is read of ``before``'s source by reading ``before``'s places."""
        stride, grows = before.stride, self.grows or before.grows
        return Span(stride * self.stride, stride * self.first + before.first, stride * self.last + before.last, grows)

    def beside(self, other: Span, middle: Number) -> Span:
        """Both together. Where their strides differ, they are held together at place ``middle``."""
        moved = (other.stride - self.stride) * middle
        first, last = min(self.first, other.first + moved), max(self.last, other.last + moved)
        return Span(self.stride, first, last, self.grows or other.grows)


class Reach(NamedTuple):
    """What one place of a value is made of, along every axis of what it reads.

    Attributes:
        spans: what is read through windows, by axis; () where a place reads the one place that it stands for.
        placed: whether places of the value still stand for places of what is read; what reads a value without places
            reads no wider through windows.
        whole: whether every place is read as well, by something that is no window.
    """

    spans: tuple[Span, ...] = ()
    placed: bool = True
    whole: bool = False

    def after(self, before: Reach) -> Reach:
        """What is read of ``before``'s source by reading what ``before`` made."""
        placed, whole = before.placed and self.placed, before.whole or self.whole
        if not before.placed or not self.spans:
            return Reach(before.spans, placed, whole)
        if not before.spans:
            return Reach(self.spans, placed, whole)
        if len(before.spans) != len(self.spans):  # windows over axes that are no longer those of the source
            return Reach(before.spans, False, True)
        spans = tuple(span.after(each) for span, each in zip(self.spans, before.spans, strict=True))
        return Reach(spans, placed, whole)

    def beside(self, other: Reach, middles: tuple[Number, ...]) -> Reach:
        """Both together, as a join reads them; ``middles`` are the middle places of the value, by axis."""
        whole = self.whole or other.whole
        if self.placed != other.placed:
            return (self if self.placed else other)._replace(whole=whole)
        axes = max(len(self.spans), len(other.spans))
        mine, theirs = (each.spans or (Span(),) * axes for each in (self, other))
        if len(mine) != len(theirs):
            return Reach(mine, False, True)
        if not self.placed:
            return Reach(tuple(map(_larger, mine, theirs)), False, whole)
        middles = middles if len(middles) == axes else (0,) * axes
        return Reach(tuple(map(Span.beside, mine, theirs, middles)), True, whole)


OWN = Reach()
ONE_PLACE = Reach(placed=False)
WHOLE = Reach(placed=False, whole=True)


def _larger(one: Span, other: Span) -> Span:
    return max(one, other, key=lambda span: span.size)
