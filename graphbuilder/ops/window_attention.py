"""Attention within windows of maps: Swin's and MaxViT's."""

from __future__ import annotations

from math import prod
from typing import Annotated

from pydantic import Field

from graphbuilder.diagnostics.catalogue.shapes import Contradiction, WrongCount, WrongLayout
from graphbuilder.ir.body import BodyWriter
from graphbuilder.ir.dialect import Dialect
from graphbuilder.ir.graph import Graph, Value
from graphbuilder.ir.lowering import Arg, Lowering, TorchCall
from graphbuilder.ir.op import Composite, Example, Op, OpError
from graphbuilder.ir.types import TensorType
from graphbuilder.ir.weights import Initialiser, Weight
from graphbuilder.ops import fields as f
from graphbuilder.ops.attention import Attend, Scale
from graphbuilder.ops.cutting import Crop, Split
from graphbuilder.ops.guards import counted, divides
from graphbuilder.ops.head import Linear
from graphbuilder.ops.padding import per_axis, times
from graphbuilder.ops.resampling import Pad
from graphbuilder.ops.shape import ChannelsFirst, ChannelsLast
from graphbuilder.ops.windows import Grid, Roll, Unwindows, Windows, window_of

_LAST = TensorType((8, 6, 12), "last")
_WINDOWS = TensorType((5, 12, 8), "last")

_BIAS = '''
class RelativeBias(nn.Module):
    """A learnt number for every head and every offset of places in a window, for the scores."""

    def __init__(self, heads, window):
        super().__init__()
        self.window = window
        offsets = (2 * window[0] - 1) * (2 * window[1] - 1)
        self.weight = nn.Parameter(nn.init.trunc_normal_(torch.empty(offsets, heads), std=0.02))

    def forward(self, x):
        height, width = self.window
        table = self.weight.unflatten(0, (2 * height - 1, 2 * width - 1))
        # Row and column of the query, the head, row and column of the key.
        bias = table.unfold(0, height, 1).unfold(1, width, 1).flip(3, 4)
        bias = bias.permute(2, 0, 1, 3, 4).reshape(-1, height * width, height * width)
        return bias.expand(x.shape[0], -1, -1, -1)
'''

_SHIFTED = '''
class ShiftedRelativeBias(nn.Module):
    """A learnt number for every head and every offset of places in a window, for the scores.

    Maps of ``size`` were rolled by ``shift``; what were no neighbours do not see each other.
    """

    def __init__(self, heads, window, size, shift):
        super().__init__()
        self.window = window
        self.size = size
        self.shift = shift
        offsets = (2 * window[0] - 1) * (2 * window[1] - 1)
        self.weight = nn.Parameter(nn.init.trunc_normal_(torch.empty(offsets, heads), std=0.02))

    def forward(self, x):
        height, width = self.window
        table = self.weight.unflatten(0, (2 * height - 1, 2 * width - 1))
        # Row and column of the query, the head, row and column of the key.
        bias = table.unfold(0, height, 1).unfold(1, width, 1).flip(3, 4)
        bias = bias.permute(2, 0, 1, 3, 4).reshape(-1, 1, height * width, height * width)
        return (bias + self.apart(x)).expand(x.shape[0], -1, -1, -1, -1)

    def apart(self, x):
        """-100 for pairs that do not see each other, else 0: windows x queries x keys."""
        height, width = self.window
        rows, columns = (
            (torch.arange(size, device=x.device) >= size - shift).to(x.dtype)
            for size, shift in zip(self.size, self.shift)
        )
        regions = rows.view(-1, height, 1, 1) * 2 + columns.view(-1, width)
        regions = regions.transpose(1, 2).reshape(-1, height * width)
        return (regions.unsqueeze(1) != regions.unsqueeze(2)).to(x.dtype) * -100
'''

Shifted = Annotated[
    f.NaturalSizes,
    Field(description="By how many places the windows are moved over the maps: an integer, or one an axis"),
]


class RelativeBias(Op):
    """A learnt bias for the scores of attention in windows: one number a head and offset between two places.

    It reads the windows of tokens, only to know how many there are, and gives heads x places x places. Where the maps
    were rolled by minus ``shift`` before they were cut, ``size`` is theirs; every window has a bias of its own then,
    -100 more for places that were no neighbours before: heads x windows x places x places. Liu et al. 2021, "Swin
    Transformer", section 3.2.
    """

    op = "relativebias"
    family = "attention"
    title = "RelativeBias"

    heads: f.Heads
    window: Annotated[f.Sizes, Field(description="Height and width of a window, or one integer for a square")]
    shift: Shifted = 0
    size: Annotated[f.Sizes | None, Field(description="Height and width of the maps, with `shift`")] = None

    def infer(self, inputs: tuple[TensorType, ...]) -> tuple[TensorType, ...]:
        (x,) = inputs
        window = per_axis(self.window, 2, "window")
        if x.layout == "first" or x.rank < 2 or x.shape[-2] != prod(window):
            message = f"relativebias reads windows of {times(window)} places, channels last, and this is {x}"
            raise OpError(WrongLayout, message, inputs=(0,))
        scores = (prod(window), prod(window))
        if not self._shifted():
            return (TensorType((self.heads, *scores)),)
        if self.size is None:
            raise OpError(Contradiction, "relativebias: a shift needs the size of the maps", field="shift")
        size = window_of(self, per_axis(self.size, 2, "size"), window, "window")
        count = prod(per_axis(self.size, 2, "size")) // prod(size)
        if x.spatial[:-1] != (count,):
            raise OpError(WrongCount, f"relativebias: {x} is not {count} windows", field="size", inputs=(0,))
        if any(shift >= part for shift, part in zip(self._shifts(), window, strict=True)):
            raise OpError(Contradiction, "relativebias: the shift is smaller than the window", field="shift")
        return (TensorType((self.heads, count, *scores)),)

    def weights(self, inputs: tuple[TensorType, ...]) -> tuple[Weight, ...]:
        offsets = prod(2 * part - 1 for part in per_axis(self.window, 2, "window"))
        return (Weight("weight", (offsets, self.heads), Initialiser("truncated_normal", std=0.02)),)

    def reads(self, inputs: tuple[TensorType, ...]) -> tuple[None, ...]:
        return (None,)

    def lower(self, inputs: tuple[TensorType, ...]) -> Lowering:
        args = (Arg("heads", self.heads, field="heads"), Arg("window", per_axis(self.window, 2, "window")))
        if not self._shifted():
            return Lowering(TorchCall("RelativeBias", args, positional=2), helper=_BIAS)
        size = per_axis(self.size or 0, 2, "size")
        more = (Arg("size", size), Arg("shift", self._shifts()))
        return Lowering(TorchCall("ShiftedRelativeBias", (*args, *more), positional=2), helper=_SHIFTED)

    def detail(self, inputs: tuple[TensorType, ...] = ()) -> str:
        return times(per_axis(self.window, 2, "window"))

    def _shifts(self) -> tuple[int, ...]:
        return per_axis(self.shift, 2, "shift")

    def _shifted(self) -> bool:
        return any(self._shifts())

    examples = (
        Example({"heads": 2, "window": [4, 3]}, (_WINDOWS,)),
        Example({"heads": 3, "window": 2, "shift": 1, "size": [6, 4]}, (TensorType((6, 4, 9), "last"),)),
        Example({"heads": 2, "window": 3, "shift": [0, 2], "size": 6}, (TensorType((4, 9, 8), "last"),)),
    )


class WindowAttention(Composite):
    """Multi-head self-attention within windows of maps, with a learnt bias for every offset between two places.

    It reads maps of two spatial axes, channels last; behind and below, they are padded with zeros to full windows and
    cropped in the end. ``shift`` moves the windows (Swin), but not along an axis of one window; ``grid`` spreads
    every window over the whole map (MaxViT), which must be a multiple of it. Weights are as in ``attention``: ``qkv``
    and ``proj``, and ``bias`` holds what is learnt for offsets. Liu et al. 2021, "Swin Transformer"; Tu et al. 2022,
    "MaxViT".
    """

    op = "windowattention"
    family = "attention"
    title = "WindowAttention"

    heads: f.Heads
    window: Annotated[f.Sizes, Field(description="Height and width of a window, or one integer for a square")]
    shift: Shifted = 0
    grid: Grid = False
    qkv_bias: Annotated[bool, Field(description="Whether queries, keys and values have a learnt bias")] = True
    bias: Annotated[bool, Field(description="Whether the projection behind has a learnt bias")] = True
    scale: Scale = None

    def body(self, inputs: tuple[TensorType, ...], dialect: Dialect) -> Graph:
        (x,) = inputs
        if x.layout == "first" or x.rank != 3:
            message = f"windowattention reads maps of two spatial axes, channels last, and this is {x}"
            raise OpError(WrongLayout, message, inputs=(0,), help='put { op = "channelslast" } before it')
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
        if not any(behind):
            return x
        x = body.call(f"{op.op}_first", ChannelsFirst, x)
        x = body.call(op.op, op, x, sides=tuple((0, more) for more in behind))
        return body.call(f"{op.op}_last", ChannelsLast, x)

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
        bias = body.call("bias", RelativeBias, windows, passed=("heads", "window"), **shifted)
        qkv = body.call("qkv", Linear, windows, out=3 * full.channels, bias=self.qkv_bias)
        query = body.call("split", Split, qkv, count=3)
        key, value = query._replace(port="1"), query._replace(port="2")
        attended = body.call("attend", Attend, query, key, value, bias, passed=("heads", "scale"))
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
    )
