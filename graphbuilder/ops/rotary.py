"""Rotary positions: where a token stands, told to attention by turning its queries and keys. Nothing is learnt."""

from __future__ import annotations

from math import isqrt, prod
from typing import Annotated, Literal

from pydantic import Field

from graphbuilder.diagnostics.catalogue.shapes import CannotReshape, Contradiction, DoesNotDivide
from graphbuilder.ir.lowering import Arg, Lowering, TorchCall
from graphbuilder.ir.op import Example, Op, OpError
from graphbuilder.ir.types import TensorType
from graphbuilder.ops import fields as f
from graphbuilder.ops.guards import divides, vectors
from graphbuilder.ops.padding import times

_TOKENS = TensorType((12, 16), "last")
_HEADS = TensorType((2, 9, 8), "last")

_ROTARY = '''
class Rotary(nn.Module):
    """Turns pairs of channels of every head by angles that follow from the row and the column of a token."""

    def __init__(self, size, heads=1, ahead=0, temperature=10000.0, step=1.0, centred=False, halves=False):
        super().__init__()
        self.size = size
        self.heads = heads
        self.ahead = ahead
        self.temperature = temperature
        self.step = step
        self.centred = centred
        self.halves = halves

    def angles(self, x):
        """By token and channel of a head, alike for all heads: those of the rows, then those of the columns."""
        bands = x.shape[-1] // self.heads // 4
        like = {"device": x.device, "dtype": torch.float32}
        periods = self.temperature ** (torch.arange(bands, **like) / bands)
        places = [torch.arange(count, **like) for count in self.size]
        if self.centred:
            places = [(place + 0.5) / place.numel() * 2 - 1 for place in places]
        wide = torch.promote_types(x.dtype, torch.float32)
        turn = 2 * torch.pi if self.centred else self.step
        axes = torch.meshgrid(*(place.to(wide) * turn for place in places), indexing="ij")
        angles = (torch.stack(axes, -1).unsqueeze(-1) / periods).flatten(2).flatten(0, 1).unsqueeze(1)
        return torch.cat((angles, angles), -1) if self.halves else angles.repeat_interleave(2, -1)

    def forward(self, x):
        ahead, x = x.split((self.ahead, x.shape[-2] - self.ahead), -2)
        angles = self.angles(x)
        heads = x.unflatten(-1, (self.heads, -1))
        if self.halves:
            first, second = heads.chunk(2, -1)
            turned = torch.cat((-second, first), -1)
        else:
            turned = torch.stack((-heads[..., 1::2], heads[..., ::2]), -1).flatten(-2)
        heads = heads * angles.cos() + turned * angles.sin()
        return torch.cat((ahead, heads.flatten(-2).to(x.dtype)), -2)
'''


class Rotary(Op):
    """Turns queries or keys by their places: a score of attention then depends on how far two tokens stand apart.

    Su et al. 2021, "RoFormer", on two axes: of each head, half of the pairs of channels are turned by the token's row
    and half by its column, pair k of d/4 by place / ``temperature`` ** (4k / d), the tokens row by row. It stands
    between the linear layers that make queries and keys and ``attend``, whose heads it shares; ``ahead`` tokens, as a
    class token, stay as they are. As DINOv3 has it: ``grid = "centred"``, ``pairs = "halves"``, ``temperature = 100``.
    """

    op = "rotary"
    family = "attention"
    title = "Rotary"

    heads: f.Heads = 1
    size: Annotated[
        f.Sizes | None,
        Field(description="Rows and columns of the places, or one integer for a square; a square unless given"),
    ] = None
    ahead: Annotated[f.ScalarOrZero, Field(description="Tokens ahead of the places, which are not turned")] = 0
    temperature: Annotated[f.PositiveNumber, Field(description="The longest period over the shortest, about")] = 10000.0
    grid: Annotated[
        Literal["index", "centred"],
        Field(description='"index" counts places from 0; "centred" goes from -1 to 1, times 2 pi, whatever the size'),
    ] = "index"
    step: Annotated[
        f.PositiveNumber, Field(description="How far apart neighbours count: 0.5 at twice the size of training")
    ] = 1.0
    pairs: Annotated[
        Literal["neighbours", "halves"],
        Field(description="Which channels of a head are turned together: 0 and 1, or 0 and d/2, and so on"),
    ] = "neighbours"

    def infer(self, inputs: tuple[TensorType, ...]) -> tuple[TensorType, ...]:
        x = vectors(self, inputs[0])
        divides(self, self.heads, x.channels, "heads")
        if x.channels // self.heads % 4:
            message = f"rotary: a head of {x.channels // self.heads} channels is no multiple of 4"
            raise OpError(DoesNotDivide, message, field="heads", help="rows and columns each turn pairs of channels")
        if self.grid == "centred" and self.step != 1:
            message = "rotary: places that are centred have no `step`"
            raise OpError(Contradiction, message, field="step", help="leave it out", settings=(("step", 1.0),))
        size = self._size(x)
        if len(size) != 2 or prod(size) + self.ahead != x.shape[-2]:
            message = f"rotary: {x.shape[-2]} tokens are not {times(size)} places with {self.ahead} ahead"
            ahead = x.shape[-2] - prod(size)
            settings = (("ahead", ahead),) if len(size) == 2 and ahead >= 0 else ()
            help_ = "`size` is the rows and columns, `ahead` the tokens before them"
            raise OpError(CannotReshape, message, field="size", help=help_, settings=settings)
        return inputs

    def lower(self, inputs: tuple[TensorType, ...]) -> Lowering:
        args = (
            Arg("size", self._size(inputs[0])),
            Arg("heads", self.heads, 1, field="heads"),
            Arg("ahead", self.ahead, 0, field="ahead"),
            Arg("temperature", self.temperature, 10000.0, field="temperature"),
            Arg("step", self.step, 1.0, field="step"),
            Arg("centred", self.grid == "centred", False),
            Arg("halves", self.pairs == "halves", False),
        )
        return Lowering(TorchCall("Rotary", args, positional=1), helper=_ROTARY)

    def detail(self, inputs: tuple[TensorType, ...] = ()) -> str:
        return times(self._size(inputs[0])) if inputs else ""

    def _size(self, x: TensorType) -> tuple[int, ...]:
        if self.size is None:
            return (isqrt(max(x.shape[-2] - self.ahead, 0)),) * 2
        return (self.size, self.size) if isinstance(self.size, int) else self.size

    examples = (
        Example({"heads": 2, "size": [3, 4]}, (_TOKENS,)),
        Example({"ahead": 3}, (_TOKENS,)),
        Example({"heads": 2, "ahead": 3, "temperature": 100, "grid": "centred", "pairs": "halves"}, (_TOKENS,)),
        Example({"step": 0.5}, (_HEADS,)),
        Example({"size": [1, 9], "pairs": "halves"}, (_HEADS,)),
    )
