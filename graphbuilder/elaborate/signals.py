"""What flows between the steps of a body while it is built: values with their types, or nothing known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from graphbuilder.ir import TensorType, Value


class Known(NamedTuple):
    """A value of the body under construction; ``type`` is None behind a mistake that was already reported."""

    value: Value
    type: TensorType | None


class Signal(NamedTuple):
    """All that a step or an input gives, by port; ``outputs`` is None when nothing is known of it.

    ``outputs`` keeps declared outputs first, ``declared`` of them, and what readers take from inside behind them.
    """

    outputs: Mapping[str, Known] | None
    declared: int = 1

    @property
    def sole(self) -> Known | None:
        """The only declared output, or None when there are several or nothing is known."""
        if self.outputs is None or self.declared != 1:
            return None
        return next(iter(self.outputs.values()))


NOTHING_KNOWN = Signal(None)


def single(known: Known) -> Signal:
    """The signal of one value."""
    return Signal({"out": known})
