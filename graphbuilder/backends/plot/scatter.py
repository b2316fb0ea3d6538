"""The plot of a comparison: parameters against multiply-accumulates.

Networks are told apart by shape as well as colour. A label that finds no free place is left out, which is said; in an
SVG hovering still tells it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from graphbuilder.backends.graphviz import text
from graphbuilder.backends.graphviz.options import Theme
from graphbuilder.backends.plot.axis import Axis, axis_of
from graphbuilder.backends.plot.sheet import HIGH, LEFT, RIGHT, SIZE, WIDE, Format, Point, Sheet, no_room
from graphbuilder.backends.table.comparison import Comparison, Variant

TITLE = "Parameters and multiply-accumulates"
_STYLES = ("separable", "convolution", "pooling", "head", "attention")
_SHAPES = ("circle", "square", "diamond", "triangle", "pentagon")


def scatter(comparison: Comparison, format: Format, theme: Theme = "auto") -> bytes:
    """The plot of ``comparison``.

    Raises:
        NoEngine: when no Graphviz on this machine draws it.
    """
    variants = comparison.variants
    names = list(dict.fromkeys(each.name for each in variants))
    x = axis_of([each.parameters for each in variants])
    y = axis_of([each.macs for each in variants])
    sheet = Sheet(x, y, theme, format)
    missing = sheet.points(_points(variants, names))
    title = TITLE if len(names) > 1 else f"{TITLE} of {names[0]}"
    sheet.words(LEFT, 16, text.fit(title, WIDE - LEFT - RIGHT, 12.0), 12.0, "ink", "start")
    others = no_room(missing)
    sheet.words(LEFT, 36.5, f"MACs for one sample{_scale(y)}{others}", SIZE, "muted", "start")
    sheet.words(WIDE - RIGHT, HIGH - 14, f"parameters{_scale(x)}", SIZE, "muted", "end")
    return sheet.drawn(TITLE)


def _points(variants: Sequence[Variant], names: list[str]) -> list[Point]:
    """A point for each; of those in one place the first has the label of all."""
    alike: dict[tuple[object, ...], list[Variant]] = {}
    for each in variants:
        alike.setdefault((each.name, *each.settings, each.parameters, each.macs), []).append(each)
    labels = {id(group[0]): _label(group, len(names) > 1) for group in alike.values()}
    return [_point(each, names, labels.get(id(each), "")) for each in variants]


def _label(group: Sequence[Variant], named: bool) -> str:
    """``middle=8, intermediate=none/relu`` for two that differ in the latter."""
    first = group[0]
    texts = {name: [each.texts[name] for each in group] for name in first.texts}
    settings = (f"{name}={'/'.join(each if len(set(each)) > 1 else each[:1])}" for name, each in texts.items())
    return ", ".join((*((first.name,) if named or not first.settings else ()), *settings))


def _point(each: Variant, names: list[str], label: str) -> Point:
    number = names.index(each.name)
    style = _STYLES[number % len(_STYLES)]
    shape = _SHAPES[(number + number // len(_STYLES)) % len(_SHAPES)]  # 25 pairs before one comes again
    counted = f"{each.parameters:,} parameters, {each.macs:,} MACs"
    tip = f"{', '.join((each.name, *_settings(each)))}: {counted}"
    return Point(each.parameters, each.macs, style, shape, label, tip)


def _settings(each: Variant) -> Iterator[str]:
    return (f"{name}={words}" for name, words in each.texts.items())


def _scale(axis: Axis) -> str:
    return " (logarithmic)" if axis.logarithmic else ""
