"""Spells a drawing as PDF, for machines whose Graphviz draws none: vectors, and text that can be selected.

It uses the fonts that every reader has (Helvetica or Times, and Symbol), so it can write only their characters; others
become question marks. It needs no library and writes no file. Format: ISO 32000-1, chapters 7 (objects), 8 (graphics)
and 9 (text).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from graphbuilder.backends.graphviz.lay.drawing import POINT, Drawing, Frame, Line, Point, Run, Shape
from graphbuilder.backends.graphviz.write.beziers import beziers, towards
from graphbuilder.backends.graphviz.write.theme import Paint, Palette

_SYMBOLS = {"→": b"\xae", "−": b"-", "≤": b"\xa3", "≥": b"\xb3", "∞": b"\xa5"}
_CIRCLE = 0.5523
_CORNER, _ARROW, _ARROW_HALF = 12.0, 6.0, 2.1
_CAPITAL, _ROW, _SPACE = 0.35, 1.15, 4.0
_SOLID = "[] 0 d"
_DASHES = {"passage": "[5 4] 0 d", "size": "[1 3] 0 d", "removed": "[5 4] 0 d"}


def write_pdf(drawing: Drawing, palette: Palette) -> bytes:
    """``drawing`` as a PDF of one page."""
    page = "\n".join(_page(drawing, palette)).encode("latin-1")
    packed = zlib.compress(page, 9)
    fonts = " ".join(f"/F{n} {4 + n} 0 R" for n in (1, 2, 3))
    page_size = f"/MediaBox [0 0 {_n(drawing.wide)} {_n(drawing.high)}]"
    return _file(
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        f"<< /Type /Page /Parent 2 0 R {page_size} /Contents 4 0 R /Resources << /Font << {fonts} >> >> >>".encode(),
        b"<< /Length %d /Filter /FlateDecode >>\nstream\n%b\nendstream" % (len(packed), packed),
        *(_font(name, " /Encoding /WinAnsiEncoding") for name in palette.font.pdf),
        _font("Symbol", ""),
        f"<< /Title <feff{drawing.title.encode('utf-16-be').hex()}> /Producer (GraphBuilder) >>".encode(),
    )


def _font(name: str, encoding: str) -> bytes:
    return f"<< /Type /Font /Subtype /Type1 /BaseFont /{name}{encoding} >>".encode()


def _file(*objects: bytes) -> bytes:
    """Numbered objects, the table of where they are, and the trailer."""
    whole, places = b"%PDF-1.4\n", list[int]()
    for number, body in enumerate(objects, start=1):
        places.append(len(whole))
        whole += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    count = len(objects) + 1
    end = b"trailer\n<< /Size %d /Root 1 0 R /Info %d 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (count, count - 1, len(whole))
    return whole + b"xref\n0 %d\n0000000000 65535 f \n%b" % (count, table) + end


def _page(drawing: Drawing, palette: Palette) -> Iterator[str]:
    """The page's operators, y turned to point down."""
    yield f"{_colour(palette.sheet)} rg 0 0 {_n(drawing.wide)} {_n(drawing.high)} re f"
    yield f"1 0 0 -1 0 {_n(drawing.high)} cm"
    for frame in drawing.frames:
        yield from _frame(frame, palette)
    for shape in drawing.shapes:
        if shape.style != POINT:
            yield from _shape(shape, palette)
    for words in drawing.words:
        run = Run(words.text, words.size, words.bold)
        start = words.x - _wide(run, palette) * {"start": 0.0, "middle": 0.5, "end": 1.0}[words.anchor]
        yield from _run(run, start, words.y + _CAPITAL * words.size, palette.tones[words.tone], palette)
    for line in drawing.lines:
        yield from _line(line, palette)


def _frame(frame: Frame, palette: Palette) -> Iterator[str]:
    paint = palette.paint(frame.style, frame.faded)
    yield from _painted(_outline(frame.x, frame.y, frame.wide, frame.high, paint), paint, frame.dashed)


def _shape(shape: Shape, palette: Palette) -> Iterator[str]:
    left, top = shape.x - shape.wide / 2, shape.y - shape.high / 2
    paint, size = palette.paint(shape.style, shape.faded), (shape.wide, shape.high)
    circle = shape.outline == "circle"
    outline = _rounded(left, top, *size, shape.wide / 2) if circle else _outline(left, top, *size, paint)
    yield from _painted(outline, paint, shape.dashed)
    heights = [max(run.size for run in line) * _ROW for line in shape.lines]
    y = shape.y - sum(heights) / 2
    for line, height in zip(shape.lines, heights, strict=True):
        y += height
        x = shape.x - (sum(_wide(run, palette) for run in line) + _SPACE * (len(line) - 1)) / 2
        for run in line:
            yield from _run(run, x, y - height / 2 + _CAPITAL * max(r.size for r in line), paint.text, palette)
            x += _wide(run, palette) + _SPACE


def _painted(path: str, paint: Paint, dashed: bool) -> Iterator[str]:
    dash = _DASHES["passage"] if dashed else _DASHES["size"] if paint.dotted else _SOLID
    yield f"{_colour(paint.fill)} rg {_colour(paint.line)} RG {_n(paint.pen)} w {dash} {path} b {_SOLID}"


def _outline(x: float, y: float, wide: float, high: float, paint: Paint) -> str:
    """A rectangle with the corners that ``paint`` has, round ones as Graphviz rounds them."""
    if paint.square:
        return f"{_p((x, y))} {_p((wide, high))} re"
    return _rounded(x, y, wide, high, min(_CORNER, min(wide, high) / 3))


def _rounded(x: float, y: float, wide: float, high: float, r: float) -> str:
    """A rectangle with round corners."""
    k, right, bottom = r * (1 - _CIRCLE), x + wide, y + high
    corners = (
        ((right - r, y), (right - k, y), (right, y + k), (right, y + r)),
        ((right, bottom - r), (right, bottom - k), (right - k, bottom), (right - r, bottom)),
        ((x + r, bottom), (x + k, bottom), (x, bottom - k), (x, bottom - r)),
        ((x, y + r), (x, y + k), (x + k, y), (x + r, y)),
    )
    sides = " ".join(f"{_p(start)} l {_p(one)} {_p(two)} {_p(end)} c" for start, one, two, end in corners)
    return f"{_p((x + r, y))} m {sides} h"


def _line(line: Line, palette: Palette) -> Iterator[str]:
    """A curve over the corners and a triangle at its end."""
    colour, (*rest, last) = _colour(palette.lines[line.kind]), line.points
    back = towards(last, rest[-1], _ARROW)
    start, *controls = beziers((*rest, back))
    curves = " ".join(
        f"{_p(controls[i])} {_p(controls[i + 1])} {_p(controls[i + 2])} c" for i in range(0, len(controls), 3)
    )
    dash = _DASHES.get(line.kind, _SOLID)
    yield f"{colour} RG {palette.pens[line.kind]} w {dash} {_p(start)} m {curves} S {_SOLID}"
    across = _ARROW_HALF if abs(last[0] - back[0]) < abs(last[1] - back[1]) else 0.0
    along = _ARROW_HALF - across
    one, other = (back[0] - across, back[1] - along), (back[0] + across, back[1] + along)
    yield f"{colour} rg {_p(last)} m {_p(one)} l {_p(other)} l h f"


def lacking(words: str) -> str:
    """Of ``words`` the characters that its fonts lack."""
    return "".join(c for c in words if c not in _SYMBOLS and not c.encode("cp1252", errors="ignore"))


def _run(run: Run, x: float, y: float, colour: str, palette: Palette) -> Iterator[str]:
    """Words from ``x`` on, their feet at ``y``."""
    run = palette.font.fitted(run)
    for font, part in groupby(run.text, lambda c: "F3" if c in _SYMBOLS else "F2" if run.bold else "F1"):
        words = "".join(part)
        coded = b"".join(_SYMBOLS.get(c) or c.encode("cp1252", errors="replace") for c in words)
        yield f"BT {_colour(colour)} rg /{font} {_n(run.size)} Tf 1 0 0 -1 {_n(x)} {_n(y)} Tm <{coded.hex()}> Tj ET"
        x += palette.font.width(replace(run, text=words))


def _wide(run: Run, palette: Palette) -> float:
    return palette.font.width(palette.font.fitted(run))


def _colour(colour: str) -> str:
    return " ".join(_n(int(colour[i : i + 2], 16) / 255) for i in (1, 3, 5))


def _p(point: Point | Sequence[float]) -> str:
    return f"{_n(point[0])} {_n(point[1])}"


def _n(number: float) -> str:
    return f"{number:.3f}".rstrip("0").rstrip(".")
