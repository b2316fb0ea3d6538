"""What attention in windows adds to its scores by the offset between two places, and the classes of torch for it."""

from __future__ import annotations

from math import prod
from typing import Annotated

from pydantic import Field

from graphbuilder.diagnostics.catalogue.shapes import Contradiction, WrongCount, WrongLayout
from graphbuilder.ir.lowering import Arg, Lowering, TorchCall
from graphbuilder.ir.op import Example, Op, OpError
from graphbuilder.ir.types import TensorType
from graphbuilder.ir.weights import Initialiser, Weight
from graphbuilder.ops import fields as f
from graphbuilder.ops.convolution import kernel_weights
from graphbuilder.ops.guards import one_of
from graphbuilder.ops.padding import per_axis, times
from graphbuilder.ops.windows import window_of

_WINDOWS = TensorType((5, 12, 8), "last")
_DRAWN = Initialiser("truncated_normal", std=0.02)

_CLASS = '''
class {name}(nn.Module):
    """{what}, for the scores.{shifted}"""

    def __init__(self, heads, window{more}):
        super().__init__()
        self.window = window
{kept}

    def forward(self, x):
        height, width = self.window
{table}
        # Row and column of the query, the head, row and column of the key.
        bias = table.unfold(0, height, 1).unfold(1, width, 1).flip(3, 4)
        bias = bias.permute(2, 0, 1, 3, 4).reshape(-1, {windows}height * width, height * width)
{token}        return {result}
'''

# A kind of its own, so that what fills the network's other layers leaves these alone.
_LAYER = '''
class {name}Layer(nn.Linear):
    """A layer of the network that makes the numbers of a `{name}`."""

'''

_APART = '''
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

_OFFSETS = '''
    def offsets(self):
        """Rows and columns from place to place, those of a whole window near 1, small ones spread by a logarithm."""
        like = {"device": self.widen.weight.device, "dtype": self.widen.weight.dtype}
        axes = [torch.arange(1 - size, size, **like) * (8 / max(size - 1, 1)) for size in self.window]
        offsets = torch.stack(torch.meshgrid(*axes, indexing="ij"), -1)
        return offsets.sign() * torch.log2(offsets.abs() + 1) / 3
'''

_EACH = (
    "A learnt number for every head and every offset of places in a window",
    """
        offsets = (2 * window[0] - 1) * (2 * window[1] - 1)
        self.weight = nn.Parameter(nn.init.trunc_normal_(torch.empty(offsets, heads), std=0.02))""",
    """
        table = self.weight.unflatten(0, (2 * height - 1, 2 * width - 1))""",
)

_TOKEN = (
    "A learnt number for every head and every offset of places in a window that has a token ahead",
    """
        offsets = (2 * window[0] - 1) * (2 * window[1] - 1)
        self.weight = nn.Parameter(nn.init.trunc_normal_(torch.empty(offsets + 3, heads), std=0.02))""",
    """
        table = self.weight[:-3].unflatten(0, (2 * height - 1, 2 * width - 1))""",
)

# The last three rows: the token's own scores of the places, theirs of it, and its score of itself.
_AHEAD = """
        sees, seen, own = self.weight[-3:].view(3, -1, 1, 1)
        places = bias.shape[1]
        bias = torch.cat((seen.expand(-1, places, 1), bias), 2)
        bias = torch.cat((torch.cat((own, sees.expand(-1, 1, places)), 2), bias), 1)
"""

_MIRRORED = (
    "A learnt number for every head and every distance of rows and of columns in a window",
    """
        self.weight = nn.Parameter(nn.init.trunc_normal_(torch.empty(heads, window[0] * window[1]), std=0.02))""",
    """
        table = self.weight.unflatten(1, (height, width)).movedim(0, -1)
        table = torch.cat((table[1:].flip(0), table))
        table = torch.cat((table[:, 1:].flip(1), table), 1)""",
)

_MADE = (
    "A number for every head that a network makes of the offset of places in a window",
    """
        self.widen = {name}Layer(2, hidden)
        self.narrow = {name}Layer(hidden, heads, bias=False)""",
    """
        table = 16 * torch.sigmoid(self.narrow(F.relu(self.widen(self.offsets()))))""",
)

_KINDS = {"RelativeBias": _EACH, "TokenBias": _TOKEN, "MirroredBias": _MIRRORED, "ContinuousBias": _MADE}

_ROLLED = """

    Maps of ``size`` were rolled by ``shift``; what were no neighbours do not see each other.
    """

Window = Annotated[f.Sizes, Field(description="Height and width of a window, or one integer for a square")]
Shifted = Annotated[
    f.NaturalSizes,
    Field(description="By how many places the windows are moved over the maps: an integer, or one an axis"),
]
Hidden = Annotated[
    f.Positive | None,
    Field(description="Width of a network that makes the numbers of the offsets, where not each is learnt (Swin V2)"),
]


class RelativeBias(Op):
    """A learnt bias for the scores of attention in windows: one number a head and offset between two places.

    It reads the windows of tokens, only to know how many there are, and gives heads x places x places. With
    ``mirrored``, offsets to either side share a number (LeViT); with ``hidden``, a small network makes the numbers
    (Swin V2). With ``token``, a class token stands ahead of the places; the last three numbers of the table are for its
    scores of places, theirs of it, and its own of itself (BEiT). Where the maps were rolled by minus ``shift`` before
    they were cut, ``size`` is theirs; every window has a bias of its own then, -100 more for places that were no
    neighbours before: heads x windows x places x places. Liu et al. 2021, "Swin Transformer", section 3.2; 2022, "Swin
    Transformer V2", section 3.3.
    """

    op = "relativebias"
    family = "attention"
    title = "RelativeBias"

    heads: f.Heads
    window: Window
    shift: Shifted = 0
    size: Annotated[f.Sizes | None, Field(description="Height and width of the maps, with `shift`")] = None
    mirrored: Annotated[bool, Field(description="Whether offsets to either side share one number")] = False
    hidden: Hidden = None
    token: Annotated[bool, Field(description="Whether a class token stands ahead of the places of the window")] = False

    def infer(self, inputs: tuple[TensorType, ...]) -> tuple[TensorType, ...]:
        (x,) = inputs
        window = per_axis(self.window, 2, "window")
        if self.mirrored:
            one_of(self, mirrored=True, hidden=self.hidden)
        if self.token:
            one_of(self, token=True, mirrored=self.mirrored or None, hidden=self.hidden, shift=self._shifted() or None)
        count = prod(window) + self.token
        if x.layout == "first" or x.rank < 2 or x.shape[-2] != count:
            ahead = " with a token ahead" if self.token else ""
            message = f"relativebias reads windows of {times(window)} places{ahead}, channels last, and this is {x}"
            raise OpError(WrongLayout, message, inputs=(0,))
        scores = (count, count)
        if not self._shifted():
            return (TensorType((self.heads, *scores)),)
        if self.size is None:
            raise OpError(Contradiction, "relativebias: a shift needs the size of the maps", field="shift")
        size = window_of(self, per_axis(self.size, 2, "size"), window, "window")
        windows = prod(per_axis(self.size, 2, "size")) // prod(size)
        if x.spatial[:-1] != (windows,):
            raise OpError(WrongCount, f"relativebias: {x} is not {windows} windows", field="size", inputs=(0,))
        if any(shift >= part for shift, part in zip(self._shifts(), window, strict=True)):
            raise OpError(Contradiction, "relativebias: the shift is smaller than the window", field="shift")
        return (TensorType((self.heads, windows, *scores)),)

    def weights(self, inputs: tuple[TensorType, ...]) -> tuple[Weight, ...]:
        window = per_axis(self.window, 2, "window")
        if self.hidden:
            widen = kernel_weights((self.hidden, 2), self.hidden, True)
            narrow = kernel_weights((self.heads, self.hidden), self.heads, False)
            parts = (("widen", widen), ("narrow", narrow))
            return tuple(each._replace(name=f"{part}.{each.name}") for part, weights in parts for each in weights)
        if self.mirrored:
            return (Weight("weight", (self.heads, prod(window)), _DRAWN),)
        offsets = prod(2 * part - 1 for part in window) + (3 if self.token else 0)
        return (Weight("weight", (offsets, self.heads), _DRAWN),)

    def reads(self, inputs: tuple[TensorType, ...]) -> tuple[None, ...]:
        return (None,)

    def lower(self, inputs: tuple[TensorType, ...]) -> Lowering:
        name = self._kind()
        hidden = (Arg("hidden", self.hidden, field="hidden"),) if self.hidden else ()
        args = (Arg("heads", self.heads, field="heads"), Arg("window", per_axis(self.window, 2, "window")), *hidden)
        if not self._shifted():
            return Lowering(TorchCall(name, args, positional=2), helper=_helper(name, shifted=False))
        more = (Arg("size", per_axis(self.size or 0, 2, "size")), Arg("shift", self._shifts()))
        call = TorchCall(f"Shifted{name}", (*args, *more), positional=2)
        return Lowering(call, helper=_helper(name, shifted=True))

    def detail(self, inputs: tuple[TensorType, ...] = ()) -> str:
        return times(per_axis(self.window, 2, "window"))

    def _kind(self) -> str:
        kinds = (("ContinuousBias", self.hidden), ("MirroredBias", self.mirrored), ("TokenBias", self.token))
        return next((name for name, is_this in kinds if is_this), "RelativeBias")

    def _shifts(self) -> tuple[int, ...]:
        return per_axis(self.shift, 2, "shift")

    def _shifted(self) -> bool:
        return any(self._shifts())

    examples = (
        Example({"heads": 2, "window": [4, 3]}, (_WINDOWS,)),
        Example({"heads": 3, "window": 2, "shift": 1, "size": [6, 4]}, (TensorType((6, 4, 9), "last"),)),
        Example({"heads": 2, "window": 3, "shift": [0, 2], "size": 6}, (TensorType((4, 9, 8), "last"),)),
        Example({"heads": 2, "window": [4, 3], "mirrored": True}, (_WINDOWS,)),
        Example({"heads": 2, "window": [4, 3], "hidden": 16}, (_WINDOWS,)),
        Example({"heads": 2, "window": 3, "shift": 1, "size": 6, "hidden": 16}, (TensorType((4, 9, 8), "last"),)),
        Example({"heads": 2, "window": [4, 3], "token": True}, (TensorType((13, 8), "last"),)),
    )


def _helper(kind: str, *, shifted: bool) -> str:
    """The class of this kind, for windows that were moved or not."""
    what, kept, table = _KINDS[kind]
    name = f"Shifted{kind}" if shifted else kind
    hidden = ", hidden" if kind == "ContinuousBias" else ""
    rolled = "\n        self.size = size\n        self.shift = shift" if shifted else ""
    text = _CLASS.format(
        name=name,
        what=what,
        shifted=_ROLLED if shifted else "",
        more=f"{hidden}, size, shift" if shifted else hidden,
        kept=(rolled + kept.format(name=name)).lstrip("\n"),
        table=table.lstrip("\n"),
        windows="1, " if shifted else "",
        token=_AHEAD.lstrip("\n") if kind == "TokenBias" else "",
        result="(bias + self.apart(x)).expand(x.shape[0], -1, -1, -1, -1)"
        if shifted
        else "bias.expand(x.shape[0], -1, -1, -1)",
    )
    layer = _LAYER.format(name=name) if hidden else ""
    return layer + text + (_APART if shifted else "") + (_OFFSETS if hidden else "")
