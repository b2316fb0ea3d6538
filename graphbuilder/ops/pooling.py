"""Pools: over windows, over everything, to a size; over one, two or three spatial axes, by the rank of the input."""

from __future__ import annotations

from operator import ge
from typing import Annotated, Any, ClassVar

from pydantic import Field

from graphbuilder.diagnostics.catalogue.shapes import PaddingTooLarge, WrongRank
from graphbuilder.ir.lowering import Arg, Expr, Function, Infix, Input, Lowering, Method, Module, TorchCall
from graphbuilder.ir.op import Example, Op, OpError
from graphbuilder.ir.reach import OWN, WHOLE, Reach
from graphbuilder.ir.types import TensorType
from graphbuilder.ops import fields as f
from graphbuilder.ops.guards import bearable, maps, windowed
from graphbuilder.ops.padding import Side, Window, before_of, binned, grown, per_axis, times, window
from graphbuilder.ops.torch_calls import MINUS_INFINITY, padded, padding_arg

_LINE = TensorType((4, 17))
_MAP = TensorType((4, 15, 18))
_EVEN = TensorType((4, 12, 12))
_CUBE = TensorType((4, 6, 7, 8))
_TOKENS = TensorType((9, 6), "last")

WINDOWS: tuple[tuple[dict[str, Any], TensorType], ...] = (
    ({"kernel": 2}, _MAP),
    ({"kernel": 3, "stride": 2, "padding": "same"}, _MAP),
    ({"kernel": 3, "stride": 2, "padding": "same"}, _EVEN),
    ({"kernel": 3, "stride": 1, "padding": "same"}, _EVEN),
    ({"kernel": 2, "stride": 1, "padding": "same"}, _EVEN),
    ({"kernel": [2, 3], "stride": [1, 2], "padding": "same"}, _EVEN),
    ({"kernel": 3, "stride": 2, "padding": 1}, _MAP),
    ({"kernel": 3, "stride": 2, "padding": "half", "ceil": True}, _EVEN),
    ({"kernel": 3, "stride": 2, "ceil": True}, _MAP),
    ({"kernel": 1, "stride": 2, "ceil": True}, _EVEN),
    ({"kernel": 3, "stride": 2, "padding": [[0, 1], [1, 1]]}, _EVEN),
    ({"kernel": 3, "stride": 2, "padding": [[0, 1], [1, 0]], "ceil": True}, _EVEN),
    ({"kernel": 3, "padding": "same"}, _LINE),
    ({"kernel": 2, "stride": 1, "padding": "same"}, _CUBE),
)

PoolStride = Annotated[
    f.Sizes | None, Field(description="Steps between windows: an integer, or one an axis; the kernel's unless given")
]
Ceil = Annotated[bool, Field(description="Whether a last window that is not full counts, as torch's ceil_mode")]


class Pool(Op):
    """What the pools over windows share.

    Padding is never larger than half the window, so that no window holds padding alone.
    """

    family = "pooling"

    kernel: f.Kernel
    stride: PoolStride = None
    padding: f.Padding = "valid"
    ceil: Ceil = False

    def infer(self, inputs: tuple[TensorType, ...]) -> tuple[TensorType, ...]:
        x = maps(self, inputs[0])
        over = self._window(x)
        self._check_padding(over)
        bearable(self, x, over.held)
        return (x.with_spatial(*self._run(over).counts(ceil=self.ceil)),)

    def reads(self, inputs: tuple[TensorType, ...]) -> tuple[Reach, ...]:
        return (self._window(inputs[0]).reads(),)

    def strides(self, inputs: tuple[TensorType, ...]) -> tuple[int, ...]:
        return self._window(inputs[0]).stride

    def detail(self, inputs: tuple[TensorType, ...] = ()) -> str:
        stride = self.kernel if self.stride is None else self.stride
        ceil = " ceil" if self.ceil and self.padding != "same" else ""
        return windowed(self.kernel, stride, inputs, self._dilation(), self.padding) + ceil

    def _dilation(self) -> f.Sizes:
        return 1

    def _window(self, x: TensorType) -> Window:
        stride = self.kernel if self.stride is None else self.stride
        return window(x.spatial, self.kernel, stride, self.padding, self._dilation())

    def _run(self, over: Window) -> Window:
        """The window as a layer sees it: what it cannot pad by itself is padded before."""
        if self._own(over) is not None:
            return over
        return over._replace(spatial=grown(over.spatial, over.sides), sides=((0, 0),) * len(over.sides))

    def _own(self, over: Window) -> tuple[int, ...] | None:
        """The padding where a layer of torch can add it: both sides alike, and at most half the kernel undilated."""
        symmetric = over.symmetric
        return symmetric if symmetric is not None and _halves(symmetric, over.kernel) else None

    def _check_padding(self, over: Window) -> None:
        limits = tuple(reach // 2 for reach in over.reach)
        sparse = zip(over.dilation, over.spatial, over.sides, strict=True)
        if any(gap > size and any(sides) for gap, size, sides in sparse):
            message = f"{self.op}: a window so dilated may hold nothing but padding on {times(over.spatial)}"
            raise OpError(PaddingTooLarge, message, field="dilation")
        if _halves(tuple(map(max, over.sides)), over.reach):
            return
        raise OpError(
            PaddingTooLarge,
            f"{self.op}: a window of {times(over.reach)} may be padded by at most {times(limits)}",
            field="padding",
        )

    def _ceiled(self, over: Window) -> tuple[tuple[int, ...], bool] | None:
        """Symmetric padding and torch's ceil mode that give the very windows of "same", where there are such.

        Windows start before the padding that is odd either way, and one that hangs over the end is clipped like
        padding.
        """
        before = before_of(over.sides)
        ceil = any(step > 1 for step in over.stride)
        alike = over.padded_by(before)
        exact = alike.counts(ceil=ceil) == over.counts() and self._own(alike) is not None
        return (before, ceil) if exact else None

    def _args(self, padding: Arg, ceil: bool) -> tuple[tuple[Arg, ...], Arg]:
        shared = (
            Arg("kernel_size", self.kernel, field="kernel"),
            Arg("stride", self.stride, None, field="stride"),
            padding,
        )
        return shared, Arg("ceil_mode", ceil, False, field="ceil" if ceil == self.ceil else None)


class MaxPool(Pool):
    """The largest element of every window; what is padded is never the largest.

    With padding "same" the windows are TensorFlow's, and ``ceil`` changes nothing.
    """

    op = "maxpool"
    title = "MaxPool"

    dilation: f.Dilation = 1

    def lower(self, inputs: tuple[TensorType, ...]) -> Lowering:
        over = self._window(inputs[0])
        ceiled = self._ceiled(over) if self.padding == "same" else None
        if ceiled:
            return self._lower(over, padding_arg(self.padding, ceiled[0]), ceiled[1], Input())
        own = self._own(over)
        if own is not None:
            return self._lower(over, padding_arg(self.padding, own), self.ceil, Input())
        return self._lower(over, Arg("padding", 0, 0), self.ceil, padded(Input(), over.sides, MINUS_INFINITY))

    def _lower(self, over: Window, padding: Arg, ceil: bool, x: Expr) -> Lowering:
        shared, ceil_mode = self._args(padding, ceil)
        own = (Arg("dilation", self.dilation, 1, field="dilation"), Arg("return_indices", False, False))
        return Lowering(TorchCall(f"nn.MaxPool{len(over.spatial)}d", (*shared, *own, ceil_mode), 1), (Module((x,)),))

    def _dilation(self) -> f.Sizes:
        return self.dilation

    examples = (
        *(Example(args, (x,)) for args, x in WINDOWS),
        Example({"kernel": 3, "stride": 1, "padding": "same", "dilation": 2}, (_MAP,)),
        Example({"kernel": 2, "stride": 1, "padding": "same", "dilation": 3}, (_MAP,)),
        Example({"kernel": 3, "stride": 2, "padding": "half", "dilation": 2}, (_EVEN,)),
    )


class AvgPool(Pool):
    """The mean of every window, over its padding too or over the elements of the input alone.

    With padding "same" the windows are TensorFlow's, and ``ceil`` changes nothing.
    """

    op = "avgpool"
    title = "AvgPool"

    count_padding: Annotated[bool, Field(description="Whether padding counts as zeros in the mean")] = True

    def lower(self, inputs: tuple[TensorType, ...]) -> Lowering:
        over = self._window(inputs[0])
        ceiled = self._ceiled(over) if self.padding == "same" and not self.count_padding else None
        if ceiled:
            return Lowering(self._call(over, padding_arg(self.padding, ceiled[0]), ceiled[1]))
        own = self._own(over)
        if own is not None:
            return Lowering(self._call(over, padding_arg(self.padding, own), self.ceil))
        return Lowering(self._call(over, Arg("padding", 0, 0), self.ceil), (self._padded(over.sides),))

    def _own(self, over: Window) -> tuple[int, ...] | None:
        """Over three axes torch wants the input as large as the kernel before it is padded."""
        fits = len(over.spatial) < 3 or all(map(ge, over.spatial, over.kernel))
        return super()._own(over) if fits else None

    def _padded(self, sides: tuple[Side, ...]) -> Expr:
        """The mean over an explicit pad of zeros; not to count them, it is divided by the same mean of ones."""
        mean = Module((padded(Input(), sides),))
        if self.count_padding:
            return mean
        ones = Function(TorchCall("torch.ones_like"), (Input(),))
        return Infix("/", (mean, Module((padded(ones, sides),))))

    def _call(self, over: Window, padding: Arg, ceil: bool) -> TorchCall:
        shared, ceil_mode = self._args(padding, ceil)
        axes = len(over.spatial)
        count = Arg("count_include_pad", self.count_padding, True, field="count_padding")
        divisor = () if axes == 1 else (Arg("divisor_override", None, None),)
        return TorchCall(f"nn.AvgPool{axes}d", (*shared, ceil_mode, count, *divisor), 1)

    examples = tuple(Example({**args, "count_padding": count}, (x,)) for args, x in WINDOWS for count in (True, False))


class GlobalPool(Op):
    """What the pools over everything share.

    Class attributes:
        method: the tensor's method that reduces.
    """

    family = "pooling"
    method: ClassVar[str]
    examples = (
        Example({}, (_MAP,)),
        Example({"keep": True}, (_MAP,)),
        Example({}, (_LINE,)),
        Example({"keep": True}, (_CUBE,)),
        Example({}, (_TOKENS,)),
        Example({"keep": True}, (_TOKENS,)),
    )

    keep: Annotated[bool, Field(description="Whether the pooled axes stay, with size 1")] = False

    def infer(self, inputs: tuple[TensorType, ...]) -> tuple[TensorType, ...]:
        (x,) = inputs
        if x.rank == 1:
            raise OpError(WrongRank, f"{self.op} reads maps or tokens, and {x} is a vector", inputs=(0,))
        return (x.of(x.channels, (1,) * len(x.spatial) if self.keep else ()),)

    def lower(self, inputs: tuple[TensorType, ...]) -> Lowering:
        (x,) = inputs
        first = 2 if x.layout == "first" else 1
        axes = tuple(range(first, first + x.rank - 1))
        args = (Arg("dim", axes), Arg("keepdim", self.keep, False, field="keep"))
        return Lowering(None, (Method(Input(), TorchCall(self.method, args, positional=1)),))


class GlobalAvgPool(GlobalPool):
    """The mean of every channel: a vector."""

    op = "globalavgpool"
    title = "GlobalAvgPool"
    method = "mean"


class GlobalMaxPool(GlobalPool):
    """The largest element of every channel: a vector."""

    op = "globalmaxpool"
    title = "GlobalMaxPool"
    method = "amax"


class AdaptivePool(Op):
    """What the pools share that choose their windows by the size of the result."""

    family = "pooling"

    size: Annotated[f.Sizes, Field(description="Size of the result: an integer, or one an axis")]

    def infer(self, inputs: tuple[TensorType, ...]) -> tuple[TensorType, ...]:
        x = maps(self, inputs[0])
        return (x.with_spatial(*per_axis(self.size, x.rank - 1, "size")),)

    def reads(self, inputs: tuple[TensorType, ...]) -> tuple[Reach, ...]:
        given, made = inputs[0].spatial, self.infer(inputs)[0].spatial
        if given == made:
            return (OWN,)
        return (WHOLE,) if set(made) == {1} else (binned(given, made),)

    def lower(self, inputs: tuple[TensorType, ...]) -> Lowering:
        args = (Arg("output_size", self.size, field="size"), *self._more())
        return Lowering(TorchCall(f"nn.{self.title}{inputs[0].rank - 1}d", args, positional=1))

    def _more(self) -> tuple[Arg, ...]:
        """What torch's class takes besides."""
        return ()

    def detail(self, inputs: tuple[TensorType, ...] = ()) -> str:
        axes = inputs[0].rank - 1 if inputs else 2
        return times((self.size,) * axes if isinstance(self.size, int) else self.size)

    examples = (
        Example({"size": 7}, (_MAP,)),
        Example({"size": [3, 1]}, (_MAP,)),
        Example({"size": 20}, (_EVEN,)),
        Example({"size": 5}, (_LINE,)),
        Example({"size": 2}, (_CUBE,)),
    )


class AdaptiveAvgPool(AdaptivePool):
    """The mean of windows chosen so that the result has a given size; windows overlap where the size does not
    divide."""

    op = "adaptiveavgpool"
    title = "AdaptiveAvgPool"


class AdaptiveMaxPool(AdaptivePool):
    """The largest element of windows chosen so that the result has a given size; windows overlap where the size does
    not divide."""

    op = "adaptivemaxpool"
    title = "AdaptiveMaxPool"

    def _more(self) -> tuple[Arg, ...]:
        return (Arg("return_indices", False, False),)


def _halves(padding: tuple[int, ...], kernel: tuple[int, ...]) -> bool:
    return all(pad <= size // 2 for pad, size in zip(padding, kernel, strict=True))
