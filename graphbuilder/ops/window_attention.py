"""Attention within windows of maps: Swin's and MaxViT's."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from graphbuilder.diagnostics.catalogue.shapes import Contradiction
from graphbuilder.ir.body import BodyWriter
from graphbuilder.ir.dialect import Dialect
from graphbuilder.ir.graph import Graph, Value
from graphbuilder.ir.lowering import Lowering
from graphbuilder.ir.op import Composite, Example, OpError
from graphbuilder.ir.types import TensorType
from graphbuilder.ops import fields as f
from graphbuilder.ops.attention import Attend, Dropped, Scale
from graphbuilder.ops.cutting import Crop, Split
from graphbuilder.ops.guards import counted, divides, laid_last
from graphbuilder.ops.head import Linear
from graphbuilder.ops.padding import per_axis, times
from graphbuilder.ops.relative_bias import Hidden, RelativeBias, Shifted, Window
from graphbuilder.ops.resampling import Pad
from graphbuilder.ops.windows import Grid, Roll, Unwindows, Windows, window_of

_LAST = TensorType((8, 6, 12), "last")

_WITHOUT = '''
class LinearWithoutKeyBias(nn.Linear):
    """Queries, keys and values by one linear layer. The part of its bias that is the keys' is left out."""

    def forward(self, x):
        query, key, value = self.bias.chunk(3)
        return F.linear(x, self.weight, torch.cat((query, torch.zeros_like(key), value)))
'''


class _WithoutKeyBias(Linear):
    """Queries, keys and values by one linear layer, whose bias leaves the keys out."""

    def lower(self, inputs: tuple[TensorType, ...]) -> Lowering:
        lowering = super().lower(inputs)
        assert lowering.module is not None
        return lowering._replace(module=lowering.module._replace(target="LinearWithoutKeyBias"), helper=_WITHOUT)


class WindowAttention(Composite):
    """Multi-head self-attention within windows of maps, with a learnt bias for every offset between two places.

    It reads maps of two spatial axes, channels last; behind and below, they are padded with zeros to full windows and
    cropped in the end. ``shift`` moves the windows (Swin), but not along an axis of one window; ``grid`` spreads
    every window over the whole map (MaxViT), which must be a multiple of it. ``cosine`` and ``hidden`` are what Swin V2
    has. Weights are as in ``attention``: ``qkv`` and ``proj``; ``bias`` holds what is learnt for offsets and
    ``attend.scale`` the factor of cosines. Liu et al. 2021, "Swin Transformer"; 2022, "Swin Transformer V2"; Tu et al.
    2022, "MaxViT".
    """

    op = "windowattention"
    family = "attention"
    title = "WindowAttention"

    heads: f.Heads
    window: Window
    shift: Shifted = 0
    grid: Grid = False
    qkv_bias: Annotated[bool, Field(description="Whether queries, keys and values have a learnt bias")] = True
    bias: Annotated[bool, Field(description="Whether the projection behind has a learnt bias")] = True
    scale: Scale = None
    cosine: Annotated[
        bool, Field(description="Whether scores are cosines, times a learnt factor a head; keys have no bias then")
    ] = False
    hidden: Hidden = None
    dropout: Dropped = 0.0

    def body(self, inputs: tuple[TensorType, ...], dialect: Dialect) -> Graph:
        (x,) = inputs
        laid_last(self, x)
        divides(self, self.heads, x.channels, "heads")
        window = per_axis(self.window, 2, "window")
        if self.grid:
            window_of(self, x.spatial, window, "window")
        behind = tuple(-size % part for size, part in zip(x.spatial, window, strict=True))
        full = tuple(size + more for size, more in zip(x.spatial, behind, strict=True))
        shifts = self._shifts(full, window)
        if any(shifts) and self.grid:
            raise OpError(Contradiction, "windowattention: a grid is not shifted", field="shift")
        body = BodyWriter(self, dialect)
        padded = self._edged(body, Pad, body.input(), behind)
        moved = self._moved(body, padded, x.with_spatial(*full), shifts)
        return body.graph(self._edged(body, Crop, moved, behind))

    def _edged(self, body: BodyWriter, op: type[Pad | Crop], x: Value, behind: tuple[int, ...]) -> Value:
        """``x`` with as many places padded or cropped behind each axis."""
        return body.call(op.op, op, x, sides=tuple((0, more) for more in behind)) if any(behind) else x

    def _moved(self, body: BodyWriter, x: Value, full: TensorType, shifts: tuple[int, ...]) -> Value:
        """Attention in the windows of maps of type ``full``, moved by ``shifts``."""
        back = tuple(-shift for shift in shifts)
        rolled = body.call("roll", Roll, x, shift=back) if any(shifts) else x
        windows = body.call("windows", Windows, rolled, passed=("grid",), size=self.window)
        attended = self._attended(body, windows, full, shifts)
        merged = body.call("unwindows", Unwindows, attended, passed=("window", "grid"), size=full.spatial)
        return body.call("unroll", Roll, merged, shift=shifts) if any(shifts) else merged

    def _attended(self, body: BodyWriter, windows: Value, full: TensorType, shifts: tuple[int, ...]) -> Value:
        shifted = {"shift": shifts, "size": full.spatial} if any(shifts) else {}
        bias = body.call("bias", RelativeBias, windows, passed=("heads", "window", "hidden"), **shifted)
        linear = _WithoutKeyBias if self.cosine and self.qkv_bias else Linear
        qkv = body.call("qkv", linear, windows, out=3 * full.channels, bias=self.qkv_bias)
        query = body.call("split", Split, qkv, count=3)
        key, value = query._replace(port="1"), query._replace(port="2")
        passed = ("heads", "scale", "cosine", "dropout")
        attended = body.call("attend", Attend, query, key, value, bias, passed=passed)
        return body.call("proj", Linear, attended, passed=("bias",), out=full.channels)

    def detail(self, inputs: tuple[TensorType, ...] = ()) -> str:
        window = per_axis(self.window, 2, "window")
        sizes = inputs[0].spatial if inputs else (max(window) + 1,) * 2
        shifts = self._shifts(sizes, window)
        moved = f" moved {shifts[0] if len(set(shifts)) == 1 else times(shifts)}" if any(shifts) else ""
        return f"{counted(self.heads, 'head')}, {times(window)}{' grid' if self.grid else moved}"

    def _shifts(self, sizes: tuple[int, ...], window: tuple[int, ...]) -> tuple[int, ...]:
        """How far windows move on maps of these sizes: an axis of one window stays."""
        axes = zip(per_axis(self.shift, 2, "shift"), sizes, window, strict=True)
        return tuple(shift * (size > part) for shift, size, part in axes)

    examples = (
        Example({"heads": 3, "window": 2}, (_LAST,)),
        Example({"heads": 2, "window": [4, 3], "shift": [2, 1]}, (_LAST,)),
        Example({"heads": 4, "window": 2, "grid": True, "scale": 0.3}, (_LAST,)),
        Example({"heads": 3, "window": 2, "shift": 1, "qkv_bias": False, "bias": False}, (_LAST,)),
        Example({"heads": 3, "window": 5, "shift": 2}, (_LAST,)),
        Example({"heads": 3, "window": 8, "shift": 2}, (_LAST,)),
        Example({"heads": 3, "window": 2, "shift": 1, "cosine": True, "hidden": 16}, (_LAST,)),
        Example({"heads": 2, "window": 2, "qkv_bias": False, "cosine": True, "dropout": 0.1}, (_LAST,)),
    )
