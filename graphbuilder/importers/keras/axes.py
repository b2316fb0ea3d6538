"""What acts on axes: reshapes, exchanges, parts, what is added, sums. Keras counts axes from the batch, channels last.

What would leave no channels, mix the batch with other axes, or make channels of places where that cannot be said,
raises ``Unknown`` with the reason.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from graphbuilder.importers.keras.channels import place
from graphbuilder.importers.keras.terms import FIRST, INPUT, OPERANDS, RANK, Config, Link, Unknown
from graphbuilder.importers.sizes import is_one, listed

# So many parts has a value at most.
MOST = 1024
# A tensor among the arguments is None here: which one it is, the reader knows.
Given = Sequence[Any]

_PADS = {"constant": "constant", "reflect": "reflect", "edge": "replicate", "wrap": "circular"}
# What may be taken along one axis after another.
_IN_TURNS = ("sum", "mean", "max", "min")


def reshaped(config: Config) -> list[Link]:
    """To a vector, from a vector, or of places alone; in any other the channels would not be the last axis' own."""
    *places, channels = config["target_shape"]
    before = _known(config)
    if not places:
        return [Link("flatten", {})]
    if is_one(places) and channels > 0:
        return [Link("reshape", {"shape": [channels, *places]})]
    if len(before) == 1 and channels > 0:
        return [Link("reshape", {"shape": [*places, channels], "layout": "channels_last"}), Link("channelsfirst", {})]
    if len(before) > 1 and channels in (before[-1], -1) and math.prod(before[:-1]) == math.prod(places) > 0:
        return [Link("reshape", {"shape": [before[-1], *places]})]
    raise Unknown(
        f"a reshape{f' of {before}' if before else ''} to {config['target_shape']}, channels and places mixed"
    )


def permuted(config: Config) -> list[Link]:
    """Axes exchanged; Keras counts them from 1, and the last is the channels', which another may become."""
    dims = listed(config["dims"])
    *places, channels = (axis % len(dims) for axis in dims)
    axes = [channels, *places]
    if not channels:
        return [Link("permute", {"axes": axes})]
    known = _known(config)
    if not known:
        sizes = listed(config.get(INPUT))[1:] or "that are not told"
        raise Unknown(f"axes in the order {dims}, which makes channels of places, of sizes {sizes}")
    before = [known[-1], *known[:-1]]
    # An axis can be the channels' where it is the first or the last.
    ahead: list[Link] = []
    behind = [Link("reshape", {"shape": [before[axis] for axis in axes]})]
    if axes[-1]:
        ahead = [Link("reshape", {"shape": before, "layout": "channels_last"})]
        behind = behind if axes[-1] == len(axes) - 1 else []
    if len(axes) - 1 not in (axes[0], axes[-1]) and ahead:
        raise Unknown(f"axes in the order {dims}, whose channels come from the middle and go there")
    return [*ahead, Link("permute", {"axes": axes}), *behind]


def summed(op: str) -> Callable[[Config], list[Link]]:
    """A softmax or its logarithm, along the channels or another axis."""

    def make(config: Config) -> list[Link]:
        axis = place(config, config.get("axis", -1))
        return [Link(op, {} if axis is None else {"axis": axis})]

    return make


def reduced(kind: str) -> Callable[[Given, Config], list[Link]]:
    """The mean, sum or the like along the channels, all places, or some of them."""

    def make(given: Given, config: Config) -> list[Link]:
        keep, said = bool(config.get("keepdims")), config.get("axis")
        if said is None:
            raise Unknown(f"the {kind} over every axis, the batch with them")
        axes = {place(config, axis) for axis in listed(said) or [said]}
        if None in axes and (len(axes) > 1 or not keep):
            raise Unknown(f"the {kind} over axis {said}, which leaves no channels")
        found = [0 if axis is None else axis for axis in sorted(axes, key=lambda axis: -(axis or 0))]
        together = len(found) == config[RANK] - 2 or kind not in _IN_TURNS
        more = {"keep": keep, **({"correction": 0} if kind == "std" else {})}
        return [Link("reduce", {"kind": kind, "over": over, **more})
                for over in ([found[::-1]] if together else [[axis] for axis in found])]  # fmt: skip

    return make


def concatenated(given: Given, config: Config) -> list[Link]:
    axis = place(config, config.get("axis", -1))
    return [Link("concat", {} if axis is None else {"axis": axis})]


def stacked(given: Given, config: Config) -> list[Link]:
    """Tensors of one shape along a new axis of places."""
    shape, axis = _with_one(config)
    number = len(config[OPERANDS])
    single = [Link("reshape", {"shape": shape}, (each,)) for each in range(number)]
    return [*single, Link("concat", {"axis": axis}, tuple(range(-number, 0)))]


def widened(given: Given, config: Config) -> list[Link]:
    """A new axis of places, of size 1."""
    return [Link("reshape", {"shape": _with_one(config)[0]})]


def squeezed(given: Given, config: Config) -> list[Link]:
    """Axes of places away that have size 1."""
    said, shape = config.get("axis"), listed(config.get(INPUT))
    axes = [axis % config[RANK] for axis in listed(said) or [said] if isinstance(axis, int)]
    if not axes or any(shape[axis : axis + 1] != [1] for axis in axes):
        raise Unknown(f"a value of {shape[1:] or 'an unknown shape'} without the axis {said}")
    return [_selected(config, axis, 0, 0) for axis in sorted(axes, reverse=True)]


def turned(given: Given, config: Config) -> list[Link]:
    """Axes the other way round."""
    return [Link("flip", {"axis": place(config, axis) or 0}) for axis in _several(config)]


def rolled(given: Given, config: Config) -> list[Link]:
    """A cyclic shift of places."""
    shifts = [0] * (config[RANK] - 2)
    axes = [place(config, axis) for axis in _several(config)]
    steps = listed(config["shift"]) or [config["shift"]] * len(axes)
    for axis, step in zip(axes, steps, strict=True):
        if axis is None:
            raise Unknown("channels rolled")
        shifts[axis - 1] += step
    return [Link("roll", {"shift": [0, *shifts]})]


def padded(given: Given, config: Config) -> list[Link]:
    """Places added at the edges."""
    mode, sides = config.get("mode", "constant"), [listed(pair) for pair in listed(config["pad_width"])]
    if mode not in _PADS or len(sides) != config[RANK]:
        raise Unknown(f"`{mode}` padding of {config['pad_width']}")
    (channels,) = (axis for axis in range(1, config[RANK]) if place(config, axis) is None)
    if any(any(sides[axis]) for axis in (0, channels)):
        raise Unknown("padding of the batch or the channels")
    value = config.get("constant_values") or 0
    more = {**({"mode": _PADS[mode]} if mode != "constant" else {}), **({"value": float(value)} if value else {})}
    return [Link("pad", {"sides": [pair for axis, pair in enumerate(sides) if axis not in (0, channels)], **more})]


def transposed(given: Given, config: Config) -> list[Link]:
    """All axes in another order, the batch in its place."""
    _refuse_first(config)
    axes = [axis % config[RANK] for axis in listed(config.get("axes"))]
    if axes[:1] != [0]:
        raise Unknown(f"axes in the order {config.get('axes')}, the batch among them")
    return permuted({"dims": axes[1:], INPUT: config.get(INPUT)})


def exchanged(given: Given, config: Config) -> list[Link]:
    """Two axes, each in the place of the other."""
    first, second = (config[name] % config[RANK] for name in ("axis1", "axis2"))
    order = [*range(config[RANK])]
    order[first], order[second] = second, first
    return transposed(given, {**config, "axes": order})


def told_anew(given: Given, config: Config) -> list[Link]:
    """A reshape in which the batch is told, too: it must stay as it is."""
    _refuse_first(config)
    (batch, *shape), elements = listed(config["newshape"]), math.prod(_known(config))
    if -1 in shape and elements:
        shape = [elements // -math.prod(shape) if size == -1 else size for size in shape]
    if batch not in (-1, None) or not elements or math.prod(shape) != elements:
        raise Unknown(f"a reshape of {listed(config.get(INPUT))[1:]} to {config['newshape']}, the batch with it")
    return reshaped({"target_shape": shape, INPUT: config.get(INPUT)})


def divided(given: Given, config: Config) -> list[Link]:
    """A value in parts along an axis: so many, or cut at indices."""
    axis, at = place(config, config.get("axis", 0)), config["indices_or_sections"]
    over = {} if axis is None else {"axis": axis}
    if isinstance(at, int) and at <= MOST:
        return [Link("split", {"count": at, **over}, parts=at)]
    size = listed(config.get(INPUT))[config["axis"]]
    if not isinstance(size, int) or not all(isinstance(index, int) and 0 < index < size for index in listed(at)):
        raise Unknown(f"a split of {size or 'an unknown number'} at {at}")
    ends = [*listed(at), size]
    sizes = [end - start for start, end in zip([0, *ends], ends, strict=False)]
    if min(sizes) < 1:
        raise Unknown(f"a split at {at}, which leaves parts without anything")
    return [Link("split", {"sizes": sizes, **over}, parts=len(sizes))]


def taken(given: Given, config: Config) -> list[Link]:
    """Parts of axes, ``x[:, 2:5, ::2]``, and single places, which take an axis away."""
    links: list[Link] = []
    gone = 0
    for axis, item in enumerate(_items(given[1], config[RANK])):
        if isinstance(item, int):
            links.append(_selected(config, axis, item, gone))
            gone += 1
        elif cut := _cut(item):
            number = place(config, axis)
            links.append(Link("slice", {**({} if number is None else {"axis": number - gone}), **cut}))
    return links


def _items(index: Any, rank: int) -> list[Any]:
    """What is taken of each axis; an ellipsis is every axis that is not told."""
    items = listed(index) or [index]
    kinds = [_kind(item) for item in items]
    if "__ellipsis__" in kinds:
        at = kinds.index("__ellipsis__")
        items[at : at + 1] = [{"class_name": "__slice__", "config": {}}] * (rank - len(items) + 1)
    if len(items) > rank or any(not isinstance(item, int) and _kind(item) != "__slice__" for item in items):
        raise Unknown("an index with new axes, or of tensors")
    return items


def _kind(item: Any) -> Any:
    return cast("Config", item).get("class_name") if isinstance(item, Mapping) else None


def _cut(item: Config) -> dict[str, int]:
    """A slice as arguments of the op; nothing where it takes all."""
    found = {name: value for name, value in item["config"].items() if value is not None}
    plain = {name: value for name, value in found.items() if value != {"start": 0, "step": 1}.get(name)}
    if not all(isinstance(value, int) for value in plain.values()) or plain.get("step", 1) < 1:
        raise Unknown(f"a part {plain}")
    return plain


def _selected(config: Config, axis: int, index: int, gone: int) -> Link:
    """One place of an axis, ``gone`` axes before it having been taken away."""
    number = place(config, axis)
    if number is None:
        raise Unknown(f"channel {index} alone, which leaves no axis of channels: x[..., {index}:{index + 1}] has one")
    return Link("select", {"axis": number - gone, "index": index})


def _several(config: Config) -> list[Any]:
    """The axes that a function names, one or several."""
    if config.get("axis") is None:
        raise Unknown("every axis, the batch with them")
    return listed(config["axis"]) or [config["axis"]]


def _known(config: Config) -> list[int]:
    """The sizes that a layer reads, without the batch; nothing where the file leaves one open."""
    shape = listed(config.get(INPUT))[1:]
    return shape if all(isinstance(size, int) for size in shape) else []


def _with_one(config: Config) -> tuple[list[int], int]:
    """The shape here with a new axis of places, and which that is."""
    _refuse_first(config)
    shape, rank = _known(config), config[RANK] + 1
    axis = config["axis"] % rank
    if not shape or axis in (0, rank - 1):
        raise Unknown(f"a new axis {config['axis']} of values of {listed(config.get(INPUT))[1:] or 'unknown sizes'}")
    return [shape[-1], *shape[: axis - 1], 1, *shape[axis - 1 : -1]], axis


def _refuse_first(config: Config) -> None:
    if config[FIRST]:
        raise Unknown("axes told by their numbers, in a model with channels first")
