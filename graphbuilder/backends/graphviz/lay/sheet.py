"""Lays the sheet: title, panels in columns (or rows), the passages between them, the legend."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, pairwise

from graphbuilder.backends.graphviz import text
from graphbuilder.backends.graphviz.lay import metrics as m
from graphbuilder.backends.graphviz.lay.columns import Share, Stretch, arrange
from graphbuilder.backends.graphviz.lay.cutting import Cutter, Piece, units
from graphbuilder.backends.graphviz.lay.drawing import Drawing, Frame, Words
from graphbuilder.backends.graphviz.lay.forks import forked, told
from graphbuilder.backends.graphviz.lay.legend import add_legend
from graphbuilder.backends.graphviz.lay.metrics import Metrics
from graphbuilder.backends.graphviz.lay.panels import BETWEEN, FOOT, PLAIN, Panel, Panels, Unit
from graphbuilder.backends.graphviz.lay.parts import FrameMark
from graphbuilder.backends.graphviz.lay.passages import Passages, Port
from graphbuilder.backends.graphviz.lay.pen import Pen
from graphbuilder.backends.graphviz.lay.unknown import dot_unknown
from graphbuilder.backends.graphviz.options import Options
from graphbuilder.backends.graphviz.read.scene import Scene
from graphbuilder.backends.graphviz.read.structure import items_of

MARGIN, GUTTER = 32.0, 34.0
_TITLES, _FACT, _SECTIONS = (24.0, 21.0, 18.0, 16.0), 10.0, (15.0, 13.0, 11.5)
_TITLE_ROW, _TITLE_LINE, _FACT_ROW, _BELOW = 34.0, 20.0, 15.0, 3.0
_TITLED, _SIDE, _SECTION_LINE = 37.0, 10.0, 13.0
_LEAST_WIDE, _LONG, _LONG_TITLED = 420.0, 800.0, 1300.0
_ACROSS = 0.9
"""How much sooner a row is cut than a column, since it is less broad."""
_BROADEST = 400.0
"""How far a column is broadened for a long title."""
_NARROW, _BESIDE, _BROAD = 0.4, 0.75, 1.4
"""The share of its column below which a card keeps its own width, and that in columns so much broader than most."""
_ENDS = 2 * (22.0 + m.CARD_GAP)


@dataclass(slots=True, eq=False)
class _Column:
    """Panels along one trunk, from the item that it ``begins`` with; in a figure that runs to the right it is a row."""

    panels: list[Panel]
    left: float
    right: float
    head: float
    begins: str

    def long(self, across: bool) -> float:
        """How far it goes along."""
        extra = PLAIN + FOOT
        lengths = [p.part.length + p.part.tail + (extra if across else _head(p) + FOOT) for p in self.panels]
        return sum(lengths) + BETWEEN * (len(lengths) - 1)

    def broad(self, across: bool) -> float:
        """How far it goes across."""
        return self.left + self.right + _SIDE + (self.head if across else _SIDE)


def lay(scene: Scene, options: Options) -> Drawing:
    """The figure of ``scene``."""
    metrics = Metrics.of(scene.root, options)
    return _Sheet(scene, metrics, options).draw()


def beginnings(scene: Scene, options: Options) -> list[str]:
    """The first item of each column of the figure of ``scene``, as ``lay`` has them."""
    return _Sheet(scene, Metrics.of(scene.root, options), options).beginnings()


class _Sheet:
    """One sheet on the way to being a drawing."""

    def __init__(self, scene: Scene, metrics: Metrics, options: Options) -> None:
        self._scene = scene
        self._metrics = metrics
        self._panels = Panels(scene.root, metrics, options)
        self._cutter = Cutter(scene.root, metrics, options)
        self._drawing = Drawing(scene.title)
        self._tells = options.marks is not None
        self._loose = list[Frame]()

    def draw(self) -> Drawing:
        across, drawing = self._metrics.across, self._drawing
        columns = self._columns()
        long = max(column.long(across) for column in columns)
        broad = sum(column.broad(across) for column in columns) + GUTTER * (len(columns) - 1)
        drawing.wide = (long if across else broad) + 2 * MARGIN
        drawing.high = (broad if across else long) + 2 * MARGIN
        placed = self._place(columns)
        drawing.lines = forked(told(drawing.lines, drawing.shapes) if self._tells else drawing.lines)
        within = self._passages(placed)
        dot_unknown(drawing, self._scene.root)
        onto = "panel" if within else "row" if across else "column"
        add_legend(drawing, self._scene, onto, MARGIN, GUTTER, self._loose)
        drawing.wide = max(drawing.wide, _LEAST_WIDE)
        self._headline()
        return drawing

    def beginnings(self) -> list[str]:
        """The first item of each column."""
        return [column.begins for column in self._columns()]

    # which panel where

    def _columns(self) -> list[_Column]:
        found = units(self._scene.root, self._scene.sections, self._metrics.across)
        pieces = [self._cutter.pieces(unit) for unit in found]
        stretches = [self._measure(unit, cut) for unit, cut in zip(found, pieces, strict=True)]
        shares = arrange(stretches, GUTTER, not self._metrics.across)
        columns = self._filled(shares, found, pieces)
        better = arrange(self._learnt(stretches, shares, columns), GUTTER, not self._metrics.across)
        if better != shares:
            columns = self._filled(better, found, pieces)
        self._align(columns)
        return columns

    def _filled(
        self, shares: list[list[Share]], found: Sequence[Unit], pieces: Sequence[Sequence[Piece]]
    ) -> list[_Column]:
        """Columns with their panels placed."""
        cut = {share: _cut(share, found, pieces) for column in shares for share in column}
        self._panels.number(list(cut.values()))
        numbers = {share: number for number, share in enumerate(cut)}
        columns: list[_Column] = []
        for column in shares:
            panels = [
                self._panels.panel(cut[share], numbers[share], share.start > 0, found[share.unit]) for share in column
            ]
            columns.append(_column(panels, self._metrics.across, next(iter(items_of(cut[column[0]].elements[0])))))
        return columns

    def _learnt(self, stretches: Sequence[Stretch], shares: list[list[Share]], columns: list[_Column]) -> list[Stretch]:
        """``stretches``, as broad as their panels turned out to be: what passes beside a piece was not known before."""
        wides = [list(stretch.wides) for stretch in stretches]
        for share, panel in zip(chain(*shares), chain(*(column.panels for column in columns)), strict=True):
            wide = self._wide(bool(panel.title), panel.part.left + panel.part.right)
            wides[share.unit][share.start : share.end] = [wide] * (share.end - share.start)
        return [replace(stretch, wides=tuple(wide)) for stretch, wide in zip(stretches, wides, strict=True)]

    def _measure(self, unit: Unit, pieces: Sequence[Piece]) -> Stretch:
        """What ``unit`` takes of a column. A titled one is cut late: it is one thing to its reader."""
        extra = _ENDS + FOOT + (_TITLED if unit.section else PLAIN)
        whole = (_LONG_TITLED if unit.section else _LONG) * (_ACROSS if self._metrics.across else 1.0)
        lengths = tuple(piece.length + m.CARD_GAP for piece in pieces)
        return Stretch(lengths, extra, whole, tuple(self._wide(unit.section is not None, p.breadth) for p in pieces))

    def _wide(self, titled: bool, breadth: float) -> float:
        """How broad a column (or high a row) is with something so broad."""
        if self._metrics.across:
            return breadth + _SIDE + (_TITLED if titled else PLAIN)
        usual = self._metrics.lane + self._metrics.half + 4 * _SIDE
        return max(usual, breadth + 2 * _SIDE)

    def _align(self, columns: list[_Column]) -> None:
        """Give columns that are nearly alike the same trunk, and stretch their cards to their width."""
        usual = self._metrics.lane + self._metrics.narrow / 2 + m.PAD + 1
        same = max((column.left for column in columns if column.left <= usual), default=0.0)
        frames = [
            (mark, column)
            for column in columns
            for panel in column.panels
            for mark in panel.part.marks
            if isinstance(mark, FrameMark) and mark.stretched
        ]
        beside = Counter(frame.wires for frame, _ in frames if len(frame.wires) == 2 and abs(frame.wires[1]) < 1)
        wires = beside.most_common(1)[0][0] if beside else ()
        for column in columns:
            column.left = column.left if self._metrics.across else max(column.left, same)
        for frame, column in frames:
            self._stretch(frame, column, wires)

    def _stretch(self, frame: FrameMark, column: _Column, wires: tuple[float, ...]) -> None:
        """Make ``frame`` as wide as ``column``; its title stands where it would if it had a shortcut as others have."""
        under = m.WORDS + m.LINE * (len(frame.words) - 1)
        kept = 0.0 if frame.count == 1 else under if self._metrics.across else 2 * m.STACK
        if frame.right - frame.left < _NARROW * (column.left + column.right):
            return
        usual = self._metrics.lane + self._metrics.narrow / 2 + self._metrics.half + 3 * m.PAD
        broad = column.left + column.right > _BROAD * usual and not self._metrics.across
        if broad and frame.right - frame.left < _BESIDE * (column.left + column.right):
            return
        frame.left, frame.right = -column.left, column.right - kept
        alike = len(wires) == 2 and len(frame.wires) == 1 and abs(wires[1] - frame.wires[0]) < 1
        if alike and frame.left < wires[0] and _holds(wires, frame.title):
            frame.wires = wires

    # drawing

    def _headline(self) -> None:
        """Make room on top for title and facts, and write them."""
        room = self._drawing.wide - 2 * MARGIN
        title = self._scene.title
        sizes = [size for size in _TITLES if text.width(title, size, bold=True) <= room]
        size = sizes[0] if sizes else _TITLES[-1]
        lines = text.lines(title, room, size, bold=True)
        facts = m.rows(self._scene.facts, room, _FACT)
        below = MARGIN + _TITLE_ROW + (len(lines) - 1) * _TITLE_LINE
        self._drawing.lower(below - MARGIN + _FACT_ROW * len(facts) + _BELOW)
        words = self._drawing.words
        fitted = (text.fit(line, room, size, bold=True) for line in lines)
        words += [Words(MARGIN, MARGIN + 8 + n * _TITLE_LINE, line, size, bold=True) for n, line in enumerate(fitted)]
        words += [Words(MARGIN, below + n * _FACT_ROW, row, _FACT, tone="muted") for n, row in enumerate(facts)]

    def _place(self, columns: list[_Column]) -> list[list[tuple[Panel, Frame, Pen]]]:
        """Draw every panel; where each is, by column."""
        across = self._metrics.across
        edge, placed = MARGIN, list[list[tuple[Panel, Frame, Pen]]]()
        for column in columns:
            along = MARGIN
            placed.append([])
            for panel in column.panels:
                frame = self._frame(panel, column, along, edge)
                placed[-1].append((panel, frame, self._panel(panel, column, frame)))
                along += (frame.wide if across else frame.high) + BETWEEN
            edge += column.broad(across) + GUTTER
        return placed

    def _frame(self, panel: Panel, column: _Column, along: float, edge: float) -> Frame:
        long = panel.part.length + panel.part.tail + FOOT
        if self._metrics.across:
            return Frame(along, edge, long + PLAIN, column.broad(across=True), "panel")
        return Frame(edge, along, column.broad(across=False), long + _head(panel), "panel")

    def _panel(self, panel: Panel, column: _Column, frame: Frame) -> Pen:
        drawing = self._drawing
        frames = list(self._parted(panel, frame))
        drawing.frames.append(frames[0])
        self._loose += frames[1:]
        if self._metrics.across:
            pen = Pen(drawing, self._metrics, frame.x + PLAIN, frame.y + column.head + column.left)
        else:
            pen = Pen(drawing, self._metrics, frame.x + _SIDE + column.left, frame.y + _head(panel))
        pen.draw(panel.part.marks)
        if panel.title:
            self._section(panel, frames[0])
        return pen

    def _parted(self, panel: Panel, frame: Frame) -> Iterator[Frame]:
        """The frame of a panel, or of its section and, which is not drawn, of what is loose behind that."""
        if panel.parted is None:
            yield frame
            return
        end, start = panel.parted
        if self._metrics.across:
            yield replace(frame, wide=PLAIN + end)
            yield replace(frame, x=frame.x + PLAIN + start, wide=frame.wide - PLAIN - start)
        else:
            head = _head(panel)
            yield replace(frame, high=head + end)
            yield replace(frame, y=frame.y + head + start, high=frame.high - head - start)

    def _section(self, panel: Panel, frame: Frame) -> None:
        x, y, room = frame.x + 15, frame.y + 15, frame.wide - 30
        size = next((size for size in _SECTIONS if text.width(panel.title, size, bold=True) <= room), _SECTIONS[-1])
        lines = (panel.title,) if size > _SECTIONS[-1] else _title_lines(panel)
        titles = [text.fit(line, room, size, bold=True) for line in lines]
        self._drawing.words += [
            Words(x, y + n * _SECTION_LINE, title, size, bold=True) for n, title in enumerate(titles)
        ]
        x, y = x + text.width(titles[-1], size, bold=True) + 9, y + (len(titles) - 1) * _SECTION_LINE
        edge = frame.x + frame.wide - 12
        if panel.note and x + text.width(panel.note, m.DETAIL) <= edge:
            self._drawing.words.append(Words(x, y + 2, panel.note, m.DETAIL, tone="muted"))
        elif panel.note and self._tells:
            # What changed is told in any case.
            note = text.fit(panel.note, edge - frame.x - 15, m.DETAIL)
            self._drawing.words.append(Words(frame.x + 15, y + _SECTION_LINE, note, m.DETAIL, tone="muted"))

    # passages

    def _passages(self, placed: list[list[tuple[Panel, Frame, Pen]]]) -> bool:
        """Lead the value that a panel ends with to the panel that begins with it; whether one column has both."""
        within = False
        passages = Passages(self._drawing, self._metrics.across, GUTTER)
        flat = [(number, *one) for number, column in enumerate(placed) for one in column]
        edges = [max(_far(frame, self._metrics.across) for _, frame, _ in column) for column in placed]
        for (number, panel, frame, pen), (other, following, next_frame, next_pen) in pairwise(flat):
            if panel.last is not None and following.first is not None:
                start, end = Port(panel.last, pen, frame), Port(following.first, next_pen, next_frame)
                passages.lead(start, end, edges[number], number == other)
                within |= number == other
        return within


def _cut(share: Share, found: Sequence[Unit], pieces: Sequence[Sequence[Piece]]) -> Unit:
    """The stretch that ``share`` is."""
    elements = tuple(e for piece in pieces[share.unit][share.start : share.end] for e in piece.elements)
    return Unit(found[share.unit].section, elements)


def _holds(wires: tuple[float, ...], title: Sequence[str]) -> bool:
    """Whether ``title`` stands between a shortcut and the trunk."""
    return all(text.width(line, m.TITLE, bold=True) <= wires[1] - wires[0] - 16 for line in title)


def _head(panel: Panel) -> float:
    return _TITLED + _SECTION_LINE * (len(_title_lines(panel)) - 1) if panel.title else PLAIN


def _title_lines(panel: Panel) -> tuple[str, ...]:
    """The title of a panel, in lines where a column would be too broad for it."""
    return text.lines(panel.title, _BROADEST - 30, _SECTIONS[-1], bold=True)


def _far(frame: Frame, across: bool) -> float:
    return frame.y + frame.high if across else frame.x + frame.wide


def _column(panels: list[Panel], across: bool, begins: str) -> _Column:
    """``panels`` in one column, which is made as broad as their titles need (a row as long)."""
    parts = [panel.part for panel in panels]
    head = max(_head(panel) for panel in panels)
    column = _Column(panels, max(part.left for part in parts), max(part.right for part in parts), head, begins)
    titles = [_title_lines(panel) for panel in panels]
    needed = [max((text.width(line, _SECTIONS[-1], bold=True) + 30 for line in lines), default=0.0) for lines in titles]
    if across:
        for panel, wide in zip(panels, needed, strict=True):
            panel.part.length = max(panel.part.length, min(wide, _BROADEST))
        return column
    missing = min(max(needed), _BROADEST) - column.left - column.right - 2 * _SIDE
    column.left, column.right = column.left + max(0.0, missing / 2), column.right + max(0.0, missing / 2)
    return column
