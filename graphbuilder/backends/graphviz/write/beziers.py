"""Curves along corners. Knows only points."""

from __future__ import annotations

from collections.abc import Iterable

Point = tuple[float, float]
_CORNER, _LEAN = 9.0, 0.5523


def beziers(points: tuple[Point, ...]) -> Iterable[Point]:
    """Control points of cubic Beziers along ``points``, corners rounded."""
    yield points[0]
    here = points[0]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        radius = min(_CORNER, _distance(before, corner) / 2, _distance(corner, after) / 2)
        start, end = towards(corner, before, radius), towards(corner, after, radius)
        yield from _straight(here, start)
        yield towards(start, corner, radius * _LEAN)
        yield towards(end, corner, radius * _LEAN)
        yield end
        here = end
    yield from _straight(here, points[-1])


def _straight(start: Point, end: Point) -> Iterable[Point]:
    yield towards(start, end, _distance(start, end) / 3)
    yield towards(end, start, _distance(start, end) / 3)
    yield end


def _distance(one: Point, other: Point) -> float:
    return abs(one[0] - other[0]) + abs(one[1] - other[1])


def towards(start: Point, end: Point, far: float) -> Point:
    """The point ``far`` from ``start`` on the way to ``end``, which lies straight above, below or beside it."""
    whole = _distance(start, end)
    share = far / whole if whole else 0.0
    return start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share
