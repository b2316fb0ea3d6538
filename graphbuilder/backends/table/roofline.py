"""What a roofline says: for every block its bytes, operations, least time and what sets that. How it looks stands in
``roofline_rows``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from graphbuilder.analysis.roofline import Device, Floor, Floors, Fusion, floors
from graphbuilder.backends.table.summary import Block, Summary, summarise

if TYPE_CHECKING:
    from pathlib import Path

    from graphbuilder.analysis.inference import TypedGraph
    from graphbuilder.backends.graphviz.options import Theme


@dataclass(frozen=True)
class Roofline:
    """A network on a device; ``str()`` of it is the table.

    Attributes:
        summary: the network's blocks.
        floors: what they cost at least.
        seconds: what each call took, by its path, where that was measured; "" is the whole.
    """

    summary: Summary
    floors: Floors
    seconds: Mapping[str, float] | None = None

    def of(self, block: Block) -> Floor:
        """The floor of all calls that ``block`` stands for, one batch through each."""
        return self.floors.at(block.paths)

    def took(self, block: Block) -> float | None:
        """The seconds of all calls that ``block`` stands for, where they were measured."""
        return None if self.seconds is None else sum(self.seconds.get(path, 0.0) for path in block.paths)

    @property
    def total(self) -> Floor:
        """The floor of the whole network."""
        return self.floors.by_path[""]

    def data(self) -> dict[str, Any]:
        """Everything as plain values, for JSON: bytes and operations of a batch, and seconds."""
        found = self.floors
        return {
            "name": self.summary.name,
            "device": found.device.data(),
            "batch": found.batch,
            "dtype": found.dtype,
            "fusion": found.fusion,
            "training": found.training,
            **({} if self.seconds is None else {"measured": self.seconds[""]}),
            "floor": self._floor(self.total),
            "floors": {fusion: self._floor(total) for fusion, total in found.totals.items()},
            "blocks": [self._block(block) for block in self.summary.blocks],
        }

    def text(self, depth: int | None = None) -> str:
        """The table down to ``depth`` levels, as wide as it needs to be."""
        from graphbuilder.backends.table.roofline_rows import text

        return text(self, depth or self.summary.depth)

    def markdown(self, depth: int | None = None) -> str:
        """The table for a README."""
        from graphbuilder.backends.table.roofline_rows import markdown

        return markdown(self, depth or self.summary.depth)

    def plot(self, path: str | Path | None = None, *, theme: Theme = "auto") -> bytes:
        """Operations a second over operations a byte: the device's roof, and a point for every block that ends a branch
        of the table.

        It is an SVG, or by the suffix of ``path`` a PNG; written whole to ``path`` where one is given.

        Raises:
            CompileError: when the suffix is another, no Graphviz is there, or the file cannot be written.
        """
        from graphbuilder.backends.plot import write_roofline

        return write_roofline(self, path, theme)

    def __str__(self) -> str:
        return self.text()

    def _repr_markdown_(self) -> str:
        return self.markdown()

    def _floor(self, floor: Floor) -> dict[str, Any]:
        rate = self.floors.batch / floor.seconds if floor.seconds else None
        return {**floor.data(), "samples_per_second": rate}

    def _block(self, block: Block) -> dict[str, Any]:
        inner = [self._block(each) for each in block.blocks]
        return {
            "name": block.name,
            "path": block.path,
            "op" if block.is_op else "block": block.what,
            "repeat": block.repeat,
            **self.of(block).data(),
            **({} if self.seconds is None else {"measured": self.took(block)}),
            "blocks": inner,
        }


def roofline(
    typed: TypedGraph, device: Device, *, batch: int, dtype: str, fusion: Fusion, training: bool = False
) -> Roofline:
    """The roofline of a whole network, in evaluation or in a step of training."""
    found = floors(typed, device, batch=batch, dtype=dtype, fusion=fusion, training=training)
    return Roofline(summarise(typed), found)


WORDS: Mapping[Fusion, str] = {
    "nothing": "every op by itself",
    "elementwise": "norms, activations and sums fused",
    "separable": "depthwise and 1x1 convolutions, too",
    "blocks": "a block that joins its ways in one",
}
WORDS_OF_TRAINING: Mapping[Fusion, str] = {
    "nothing": "every op by itself",
    "elementwise": "norms, activations and sums fused",
    "separable": "depthwise convolutions and norms by kernels of their own",
    "blocks": "all but what is read for derivatives, computed again",
}
