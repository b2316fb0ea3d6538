"""How a tensor's axes stand in another library, and how they come to stand as torch wants them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from graphbuilder.weights.checkpoint import Convention

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

Shape = tuple[int, ...]


class Layout(NamedTuple):
    """A way to reorder axes: what it is called, the shape that it gives, and the reordering itself."""

    name: str
    shape: Callable[[Shape], Shape]
    apply: Callable[[Array], Array]


def _same(value: Any) -> Any:
    return value


def _kernel_shape(shape: Shape) -> Shape:
    return (shape[-1], shape[-2], *shape[:-2])


def _kernel(array: Array) -> Array:
    return array.transpose(array.ndim - 1, array.ndim - 2, *range(array.ndim - 2))


def _depthwise_shape(shape: Shape) -> Shape:
    return (shape[-2] * shape[-1], 1, *shape[:-2])


def _depthwise(array: Array) -> Array:
    axes = (array.ndim - 2, array.ndim - 1, *range(array.ndim - 2))
    return array.transpose(axes).reshape(_depthwise_shape(array.shape))


def _flat_shape(shape: Shape) -> Shape:
    return (shape[0], math.prod(shape[1:]))


def _flat(array: Array) -> Array:
    return array.reshape(len(array), -1)


def _by_heads_shape(shape: Shape) -> Shape:
    return (shape[1] * shape[2], shape[0]) if len(shape) == 3 else ()


def _by_heads(array: Array) -> Array:
    return array.reshape(len(array), -1).T


def _of_heads_shape(shape: Shape) -> Shape:
    return (shape[2], shape[0] * shape[1]) if len(shape) == 3 else ()


def _of_heads(array: Array) -> Array:
    return array.reshape(-1, array.shape[2]).T


def _joined_shape(shape: Shape) -> Shape:
    return (math.prod(shape),)


def _ravelled(array: Array) -> Array:
    return array.reshape(-1)


SAME = Layout("as it is", _same, _same)
# A convolution over a whole map is a linear layer on that map, flattened.
FLATTENED = Layout("flattened", _flat_shape, _flat)
RESHAPED = Layout("axes of 1", _same, _same)
# A transposed convolution keeps (..., out, in) in Keras and (in, out, ...) in torch: the same exchange. So does a dense
# layer.
KERNEL = Layout("channels first", _kernel_shape, _kernel)
DEPTHWISE = Layout("depthwise", _depthwise_shape, _depthwise)

# Attention keeps the heads apart: (in, heads, of a head) for queries, (heads, of a head, out) behind.
BY_HEADS = Layout("heads side by side, channels first", _by_heads_shape, _by_heads)
OF_HEADS = Layout("heads side by side, channels first", _of_heads_shape, _of_heads)
JOINED = Layout("heads side by side", _joined_shape, _ravelled)

# For a layer's tensor in Keras: what it is called in torch, below the layer, and how its axes may stand. A depthwise
# kernel is called plainly "kernel" by some versions; where layouts give one shape, the wanted one, they give equal
# numbers.
_KERAS: dict[str, tuple[tuple[str, ...], tuple[Layout, ...]]] = {
    "beta": (("bias",), (SAME,)),
    "bias": (("bias", "pointwise.bias"), (SAME, JOINED)),
    "depthwise_kernel": (("depthwise.weight", "weight"), (DEPTHWISE,)),
    "embeddings": (("weight",), (SAME,)),
    "gamma": (("weight",), (SAME,)),
    "gamma_or_beta": (("bias", "weight"), (SAME,)),
    "kernel": (("weight",), (KERNEL, DEPTHWISE, BY_HEADS, OF_HEADS)),
    "moving_mean": (("running_mean",), (SAME,)),
    "moving_variance": (("running_var",), (SAME,)),
    "pointwise_kernel": (("pointwise.weight",), (KERNEL,)),
}


def unflattened(layout: Layout, maps: Sequence[Shape]) -> Layout:
    """``layout``, and behind it Keras's order of flattened maps, channels last, made torch's along the last axis.

    Args:
        maps: the shapes that were flattened into that axis, one behind the other, channels first.
    """

    def apply(array: Array) -> Array:
        order = _channels_last_order(maps)
        return layout.apply(array)[..., order]

    sizes = " and ".join("x".join(map(str, shape)) for shape in maps if len(shape) > 1)
    return Layout(f"{layout.name}, flattened {sizes} to channels first", layout.shape, apply)


def _channels_last_order(maps: Sequence[Shape]) -> Array:
    """Where each element of the flattened maps stands when every map is flattened with its channels last."""
    import numpy as np

    starts = np.cumsum([0, *map(math.prod, maps)])
    orders = [
        np.moveaxis(np.arange(math.prod(shape)).reshape(*shape[1:], shape[0]), -1, 0).ravel() + start
        for shape, start in zip(maps, starts, strict=False)
    ]
    return np.concatenate(orders)


# What torch calls the tensors of its own layers; a tensor of another name is one that was learnt by itself.
_OF_LAYERS = ("weight", "bias")


def ours(convention: Convention, leaf: str) -> tuple[str, ...]:
    """What a layer's tensor ``leaf`` may be called here, the likeliest first."""
    return _KERAS.get(leaf, ((leaf,), ()))[0] if convention == "keras" else (leaf,)


def layout(convention: Convention, leaf: str, theirs: Shape, wanted: Shape) -> Layout | None:
    """The reordering that makes a tensor of the shape ``theirs`` one of the shape ``wanted``, or None.

    The convention and the tensor's name decide what is tried, never the shape alone: a square kernel is exchanged too.
    """
    tried = _KERAS.get(leaf, ((), (SAME,)))[1] if convention == "keras" else (SAME,)
    possible = (choice for choice in tried if choice is SAME or len(theirs) >= 2)
    found = next((choice for choice in possible if choice.shape(theirs) == wanted), None)
    if found is not None or SAME not in tried:
        return found
    if convention == "keras":
        return RESHAPED if _reshapes(theirs, wanted, 1) else None
    by_itself = leaf not in _OF_LAYERS and _long(theirs) == _long(wanted)
    return RESHAPED if by_itself or _grown(theirs, wanted) or _reshapes(theirs, wanted, 2) else None


def _reshapes(theirs: Shape, wanted: Shape, most: int) -> bool:
    """Whether two shapes differ in axes of 1 alone: class tokens and layer scales are kept with some, 1x1 kernels
    without. With more than ``most`` others it is another kernel, depthwise (64, 1, 3, 3) is no (64, 3, 3), unless torch
    kept a learnt map with an axis for the batch."""
    if most > 1 and theirs == (1, *wanted):
        return True
    return len(_long(theirs)) <= most and _long(theirs) == _long(wanted)


def _grown(theirs: Shape, wanted: Shape) -> bool:
    """Whether a kernel has as many channels on both sides, and one of them reads along more axes, of a place each."""
    kernel = len(theirs) > 2 and len(wanted) > 2 and theirs[:2] == wanted[:2]
    return kernel and _long(theirs[2:]) == _long(wanted[2:])


def _long(shape: Shape) -> list[int]:
    return [size for size in shape if size != 1]
