"""The plot of a roofline: operations a second over operations a byte, under the roof of the device.

What bounds a point is told by its shape as well as its colour; its size grows with its share of the time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from graphbuilder.analysis.roofline import Bound, Device, Floor
from graphbuilder.backends.graphviz import text
from graphbuilder.backends.graphviz.options import Theme
from graphbuilder.backends.plot.axis import Axis
from graphbuilder.backends.plot.sheet import HIGH, LEFT, POINT, RIGHT, SIZE, WIDE, Format, Point, Sheet, no_room
from graphbuilder.backends.table import numbers
from graphbuilder.backends.table.roofline import Roofline
from graphbuilder.backends.table.roofline_rows import heading
from graphbuilder.backends.table.summary import Block

_LOOKS: Mapping[Bound, tuple[str, str]] = {
    "memory": ("separable", "circle"),
    "arithmetic": ("convolution", "square"),
    "launches": ("head", "diamond"),
}
_LEGEND = "circles: bound by memory, squares: by arithmetic, diamonds: by launches"
_LARGEST = 16.0


def plot(roofline: Roofline, format: Format, theme: Theme = "auto") -> bytes:
    """The plot of ``roofline``: a point for each block of its table that shows nothing below it.

    Raises:
        NoEngine: when no Graphviz on this machine draws it.
    """
    floors, device = roofline.floors, roofline.floors.device
    points = [_point(block, floor, roofline.total.seconds) for block, floor in _shown(roofline)]
    roof = device.matrix[floors.dtype]
    x, y = _axes(points, device, roof)
    sheet = Sheet(x, y, theme, format)
    _roof(sheet, x, y, device, roof)
    missing = sheet.points(points)
    sheet.words(LEFT, 16, text.fit(heading(roofline), WIDE - LEFT - RIGHT, 12.0), 12.0, "ink", "start")
    others = no_room(missing)
    sheet.words(LEFT, 36.5, f"FLOPs a second; {_LEGEND}{others}", SIZE, "muted", "start")
    sheet.words(WIDE - RIGHT, HIGH - 14, "FLOPs a byte", SIZE, "muted", "end")
    return sheet.drawn(heading(roofline))


def _shown(roofline: Roofline) -> Iterator[tuple[Block, Floor]]:
    """The blocks at the ends of the table's branches that have operations."""
    level, depth = roofline.summary.blocks, roofline.summary.depth
    for step in range(1, depth + 1):
        ends = [block for block in level if step == depth or not block.blocks]
        yield from ((block, floor) for block in ends if (floor := roofline.of(block)).flops and floor.bytes)
        level = tuple(inner for block in level for inner in block.blocks)


def _point(block: Block, floor: Floor, whole: float) -> Point:
    assert floor.bound, "what has operations has a kernel"
    style, shape = _LOOKS[floor.bound]
    rate, share = floor.flops / floor.seconds, floor.seconds / whole
    tip = (
        f"{block.path}: {numbers.scaled(round(rate))}FLOP/s, {floor.intensity:.3g} FLOPs a byte, "
        f"{100 * share:.1f} % of the time, bound by {floor.bound}"
    )
    size = POINT / 2 + (_LARGEST - POINT / 2) * share**0.5
    return Point(floor.intensity, rate, style, shape, block.path, tip, size)


def _axes(points: list[Point], device: Device, roof: float) -> tuple[Axis, Axis]:
    """Axes that hold all points and the roof's edge."""
    edge = roof / device.bandwidth
    across = [*(each.x for each in points), edge]
    upwards = [*(each.y for each in points), roof]
    low, high = min(across) / 2, max(across) * 2
    return Axis(low, high, True), Axis(min(min(upwards) / 2, low * device.bandwidth), roof * 2, True)


def _roof(sheet: Sheet, x: Axis, y: Axis, device: Device, roof: float) -> None:
    """The slope of the memory, and the ceilings of products of matrices and of other operations."""
    edge = roof / device.bandwidth
    sheet.line((x.low, x.low * device.bandwidth), (edge, roof), 1.6)
    sheet.line((edge, roof), (x.high, roof), 1.6)
    if device.vector < roof and y.low < device.vector:
        sheet.line((device.vector / device.bandwidth, device.vector), (x.high, device.vector), 0.8)
