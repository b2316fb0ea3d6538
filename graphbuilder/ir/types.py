"""The type of a value: a shape without its batch axis, and which axis holds the channels."""

from __future__ import annotations

from math import prod
from typing import Literal, NamedTuple

Layout = Literal["first", "last"]


class TensorType(NamedTuple):
    """A shape (batch left out) and where its channels stand.

    A map is ``(C, *spatial)`` with channels first; what ``tokens`` and ``channelslast`` give has them last; a vector
    has one axis, which is its channels either way (``layout`` is then always "first", so that equal vectors compare
    equal).
    """

    shape: tuple[int, ...]
    layout: Layout = "first"

    @property
    def rank(self) -> int:
        return len(self.shape)

    @property
    def channel_axis(self) -> int:
        """The index of the channels in ``shape``, batch not counted."""
        return 0 if self.layout == "first" else self.rank - 1

    @property
    def channels(self) -> int:
        return self.shape[self.channel_axis]

    @property
    def spatial(self) -> tuple[int, ...]:
        """Every size that is not the channels."""
        return self.shape[1:] if self.layout == "first" else self.shape[:-1]

    @property
    def elements(self) -> int:
        return prod(self.shape)

    def with_channels(self, channels: int) -> TensorType:
        """The same type with another number of channels."""
        return self.of(channels, self.spatial)

    def with_spatial(self, *spatial: int) -> TensorType:
        """The same type with other sizes and the same channels."""
        return self.of(self.channels, spatial)

    def of(self, channels: int, spatial: tuple[int, ...]) -> TensorType:
        """A type of this layout with these sizes."""
        if not spatial:
            return TensorType((channels,))
        shape = (channels, *spatial) if self.layout == "first" else (*spatial, channels)
        return TensorType(shape, self.layout)

    def __str__(self) -> str:
        return "x".join(map(str, self.shape))
