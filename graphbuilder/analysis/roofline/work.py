"""What one call of an op reads, writes and computes for one sample, and what a kernel beside it could take over."""

from __future__ import annotations

from math import prod
from typing import Literal, NamedTuple

from graphbuilder.ir import Op, Reach, Span, TensorType
from graphbuilder.ops.activation import Activation, Elementwise, Mapped, Softmax
from graphbuilder.ops.convolution import Conv, DepthwiseConv
from graphbuilder.ops.cutting import Crop, Select, Slice, Split
from graphbuilder.ops.fused import FusedSepConv
from graphbuilder.ops.join import Combination, Concat
from graphbuilder.ops.learned import Parameter
from graphbuilder.ops.normalisation import BatchNorm, Scale
from graphbuilder.ops.padding import per_axis
from graphbuilder.ops.pooling import Pool
from graphbuilder.ops.products import MergeHeads, SplitHeads
from graphbuilder.ops.regularisation import Dropout, DropPath
from graphbuilder.ops.rescaling import Rescale
from graphbuilder.ops.shape import Rearranged

Kind = Literal["nothing", "elementwise", "join", "concat", "depthwise", "pointwise", "other"]
"""``nothing`` moves no number: another view of what is there. ``elementwise`` works on each element of its one input
by itself, ``join`` on those of several; both can be done by the kernel that makes an input, or that reads the result.
``concat`` is free where its parts are written in place. A ``depthwise`` convolution can be done in one kernel with the
``pointwise`` one behind it."""

_VIEWS = (Rearranged, Split, Slice, Select, Crop, SplitHeads, MergeHeads, Dropout, DropPath, Parameter)
_BY_ELEMENT = (Elementwise, Activation, Mapped, BatchNorm, Scale, Rescale)


class Work(NamedTuple):
    """Counts for one sample; ``weights`` are read once a batch.

    Attributes:
        kind: what a kernel beside it could take over.
        reads: elements read of each input.
        writes: elements written.
        weights: elements of weights, statistics included.
        matrix: floating-point operations of products that units for matrices do; two a multiply-accumulate.
        vector: all other floating-point operations.
    """

    kind: Kind
    reads: tuple[int, ...]
    writes: int
    weights: int
    matrix: int
    vector: int


def work_of(op: Op, inputs: tuple[TensorType, ...]) -> Work:
    """The work of one call of ``op`` on ``inputs``."""
    kind = _kind(op, inputs)
    if kind == "nothing":
        return Work(kind, (0,) * len(inputs), 0, 0, 0, 0)
    outputs = op.infer(inputs)
    writes = sum(output.elements for output in outputs)
    reads = tuple(_read(x, reach, outputs[0].spatial) for x, reach in zip(inputs, op.reads(inputs), strict=True))
    weights = sum(weight.size for weight in op.weights(inputs) if weight.counted)
    products = 2 * op.macs(inputs)
    matrix = 0 if kind == "depthwise" else products - _within(op, inputs[0])
    vector = products - matrix if products else _vector(op, inputs[0], reads, writes)
    return Work(kind, reads, writes, weights, matrix, vector)


def _within(op: Op, x: TensorType) -> int:
    """The operations of a depthwise convolution that is part of a fused op."""
    if not isinstance(op, FusedSepConv):
        return 0
    read = (x,) if op.depthwise_first else op.pointwise.infer((x,))
    return 2 * op.depthwise.macs(read)


def _kind(op: Op, inputs: tuple[TensorType, ...]) -> Kind:
    if isinstance(op, _VIEWS):
        return "nothing"
    if isinstance(op, Combination):
        return "join"
    if isinstance(op, Concat):
        return "concat"
    if isinstance(op, _BY_ELEMENT) and not isinstance(op, Softmax):
        return "elementwise"
    if isinstance(op, DepthwiseConv) or (isinstance(op, Conv) and 1 < op.groups == inputs[0].channels):
        return "depthwise"
    return "pointwise" if isinstance(op, Conv) and _is_pointwise(op, inputs[0]) else "other"


def _is_pointwise(op: Conv, x: TensorType) -> bool:
    kernel = op.weights((x,))[0].shape[2:]
    return (
        op.groups == 1 and prod(kernel) == 1 and prod(op.strides((x,))) == 1 and op.infer((x,))[0].spatial == x.spatial
    )


def _vector(op: Op, x: TensorType, reads: tuple[int, ...], writes: int) -> int:
    """Operations of what has no products: one an element, two of a norm, one for each element of a pool's window."""
    if isinstance(op, Concat):
        return 0
    if isinstance(op, Combination):
        return writes * (len(reads) - 1)
    if isinstance(op, BatchNorm | Scale | Rescale):
        return 2 * writes
    if isinstance(op, Pool):
        return writes * prod(per_axis(op.kernel, x.rank - 1, "kernel"))
    return max(sum(reads), writes)


def _read(x: TensorType, reach: Reach | None, spatial: tuple[int, ...]) -> int:
    """The elements of ``x`` that the places ``spatial`` of a result look at."""
    if reach is None:
        return 0
    if reach.whole or len(reach.spans) != len(x.spatial) or len(spatial) != len(x.spatial):
        return x.elements
    axes = zip(reach.spans, x.spatial, spatial, strict=True)
    return x.channels * prod(_covered(span, size, count) for span, size, count in axes)


def _covered(span: Span, size: int, count: int) -> int:
    """How many of ``size`` places are looked at by ``count`` windows; windows that leave gaps do not see all."""
    return min(size, count * span.size) if span.size < span.stride else size
