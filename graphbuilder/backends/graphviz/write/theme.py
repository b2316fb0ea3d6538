"""Colours. Hues are told apart with any colour vision, and never alone: border, label and size say the same.

On paper there are none: families are told by grey, by how thick a border is and by whether its corners are round.

Styles are the families of ops and the few other things that are drawn; the same names are classes in an SVG.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from graphbuilder.backends.graphviz.options import Options
from graphbuilder.backends.graphviz.write.fonts import SANS, SERIF, Font


class Paint(NamedTuple):
    """Fill, border and text of a style; how thick its border is, whether its corners are square and it is dotted."""

    fill: str
    line: str
    text: str
    pen: float = 1.2
    square: bool = False
    dotted: bool = False


PENS: Mapping[str, float] = {
    "flow": 1.1,
    "shortcut": 1.5,
    "passage": 1.1,
    "size": 1.1,
    "unknown": 1.1,
    "added": 1.9,
    "removed": 1.5,
}


@dataclass(frozen=True, slots=True)
class Palette:
    """Every colour of one theme, its font, and how thick its lines are."""

    sheet: str
    styles: Mapping[str, Paint]
    tones: Mapping[str, str]
    lines: Mapping[str, str]
    font: Font = SANS
    pens: Mapping[str, float] = field(default_factory=lambda: PENS)

    def paint(self, style: str, faded: bool = False) -> Paint:
        """How ``style`` is painted; ``faded`` is nearer to the sheet, its words as they were; counts never are."""
        paint = self.styles[style]
        if not faded or style == "badge":
            return paint
        ink = self.tones["ink"] if style == "terminal" or style.startswith("heat") else paint.text
        fill = self.sheet if style == "terminal" else _mixed(paint.fill, self.sheet, _FADED_FILL)
        return paint._replace(fill=fill, line=_mixed(paint.line, self.sheet, _FADED_LINE), text=ink)


FADED = "training"
"""The further class of what is faded."""
_FADED_FILL, _FADED_LINE = 0.7, 0.5

_INK, _MUTED, _GREY = "#16202C", "#414D5E", "#667085"


def _heat(*steps: tuple[str, str, str]) -> dict[str, Paint]:
    """Fill, border and text for shares from the least to the greatest; lightness goes one way, so no hue is needed."""
    return {f"heat{number}": Paint(*step) for number, step in enumerate(steps)}


LIGHT = Palette(
    sheet="#FFFFFF",
    styles={
        "separable": Paint("#D3E8F6", "#0072B2", _INK),
        "convolution": Paint("#FCE6C2", "#C07D00", _INK),
        "pooling": Paint("#CFEEE3", "#007049", _INK),
        "head": Paint("#F7DFEC", "#B74782", _INK),
        "attention": Paint("#E5DFF5", "#533C8C", _INK),
        "learned": Paint("#E4EBC0", "#3F4F00", _INK),
        "join": Paint("#FFFFFF", _INK, _INK),
        "activation": Paint("#EEF0F3", "#AEB6C2", _MUTED, 0.9),
        "normalisation": Paint("#EAF0F4", "#8FA3B3", _MUTED, 0.9),
        "regularisation": Paint("#FFFFFF", "#AEB6C2", _MUTED, 0.9),
        "shape": Paint("#FFFFFF", "#AEB6C2", _MUTED, 0.9),
        "block": Paint("#FFFFFF", "#5B6B7F", _INK, 1.2),
        "terminal": Paint(_INK, _INK, "#FFFFFF"),
        "badge": Paint("#005A8C", "#005A8C", "#FFFFFF"),
        "panel": Paint("#F5F7FB", "#DDE3EC", _INK, 1.0),
        "card": Paint("#FFFFFF", "#CFD6E0", _INK, 0.9),
        "reused": Paint("#FFFFFF", "#5B6B7F", _INK, 1.2),
        "stack": Paint("#E8F2F9", "#0072B2", _INK, 1.0),
        "stacked": Paint("#FFFFFF", "#0072B2", _INK, 1.4),
        "fault": Paint("#FDE4E1", "#B42318", _INK, 2.6),
        "unknown": Paint("#FFFFFF", "#6B7788", _MUTED, 1.0, dotted=True),
        "legend": Paint("#FFFFFF", "#DDE3EC", _INK, 1.0),
        **_heat(
            ("#FFFEFA", "#B9A98A", _INK),
            ("#FDF2CF", "#B39A5E", _INK),
            ("#FBE09A", "#AD8A38", _INK),
            ("#F9C65E", "#A87A1E", _INK),
            ("#F2A04B", "#A0601A", _INK),
            ("#862A04", "#5A1C02", "#FFFFFF"),
        ),
        "same": Paint("#FFFFFF", "#98A2B3", _INK, 0.9),
        "added": Paint("#C9F0E1", "#007A5E", _INK, 2.4),
        "removed": Paint("#FBDAD7", "#B42318", _INK, 1.6),
        "changed": Paint("#FFF3B0", "#B58900", _INK, 2.0),
    },
    tones={"ink": _INK, "muted": _MUTED, "accent": "#005283", "inverse": "#FFFFFF"},
    lines={
        "flow": "#475467",
        "shortcut": "#C07D00",
        "passage": _GREY,
        "size": _GREY,
        "unknown": _GREY,
        "added": "#007A5E",
        "removed": "#B42318",
    },
)

_PALE, _DIM = "#E7ECF3", "#A9B4C4"

DARK = Palette(
    sheet="#0E141B",
    styles={
        "separable": Paint("#12374F", "#4FA8DC", _PALE),
        "convolution": Paint("#4A3509", "#E0A030", _PALE),
        "pooling": Paint("#0C3F31", "#42D5A9", _PALE),
        "head": Paint("#47223A", "#C282AB", _PALE),
        "attention": Paint("#332952", "#8274BB", _PALE),
        "learned": Paint("#33380F", "#E6EC9A", _PALE),
        "join": Paint("#0E141B", _PALE, _PALE),
        "activation": Paint("#232C37", "#566375", "#B4BECC", 0.9),
        "normalisation": Paint("#1F2B36", "#5F7487", "#B4C3D1", 0.9),
        "regularisation": Paint("#1A222C", "#566375", "#B4BECC", 0.9),
        "shape": Paint("#1A222C", "#566375", "#B4BECC", 0.9),
        "block": Paint("#1A222C", "#8A99AD", _PALE, 1.2),
        "terminal": Paint(_PALE, _PALE, "#0E141B"),
        "badge": Paint("#4FA8DC", "#4FA8DC", "#0E141B"),
        "panel": Paint("#141B24", "#2A3442", _PALE, 1.0),
        "card": Paint("#1A222C", "#333F4E", _PALE, 0.9),
        "reused": Paint("#1A222C", "#8A99AD", _PALE, 1.2),
        "stack": Paint("#14303F", "#4FA8DC", _PALE, 1.0),
        "stacked": Paint("#1A222C", "#4FA8DC", _PALE, 1.4),
        "fault": Paint("#4F1511", "#FF8A7A", _PALE, 2.6),
        "unknown": Paint("#0E141B", "#8C99AA", _PALE, 1.0, dotted=True),
        "legend": Paint("#0E141B", "#2A3442", _PALE, 1.0),
        **_heat(
            ("#16171A", "#4B4A48", _PALE),
            ("#47300B", "#8A6A34", _PALE),
            ("#6A4508", "#A8792C", _PALE),
            ("#DB9032", "#EBAE58", "#0E141B"),
            ("#E5AB48", "#F4C77E", "#0E141B"),
            ("#F3D47C", "#FFF0C0", "#0E141B"),
        ),
        "same": Paint("#1A222C", "#667386", _PALE, 0.9),
        "added": Paint("#0A4038", "#4FE0B8", _PALE, 2.4),
        "removed": Paint("#57130D", "#E8503C", _PALE, 1.6),
        "changed": Paint("#4A3A08", "#F2C94C", _PALE, 2.0),
    },
    tones={"ink": _PALE, "muted": _DIM, "accent": "#7CC0E8", "inverse": "#0E141B"},
    lines={
        "flow": "#A3B0C2",
        "shortcut": "#E0A030",
        "passage": _DIM,
        "size": _DIM,
        "unknown": _DIM,
        "added": "#4FE0B8",
        "removed": "#E8503C",
    },
)

_BLACK, _WHITE, _HAIR = "#000000", "#FFFFFF", "#8C8C8C"

PAPER = Palette(
    sheet=_WHITE,
    styles={
        "separable": Paint("#D2D2D2", _BLACK, _BLACK, 1.9),
        "convolution": Paint(_WHITE, _BLACK, _BLACK, 1.9),
        "pooling": Paint("#B4B4B4", _BLACK, _BLACK, 0.7, square=True),
        "head": Paint(_WHITE, _BLACK, _BLACK, 1.9, square=True),
        "attention": Paint("#D2D2D2", _BLACK, _BLACK, 1.9, square=True),
        "learned": Paint("#E8E8E8", _BLACK, _BLACK, 1.9, square=True),
        "join": Paint(_WHITE, _BLACK, _BLACK, 1.0),
        "activation": Paint(_WHITE, _BLACK, _BLACK, 0.6),
        "normalisation": Paint("#E8E8E8", _BLACK, _BLACK, 0.6),
        "regularisation": Paint(_WHITE, _BLACK, _BLACK, 0.9, dotted=True),
        "shape": Paint(_WHITE, _BLACK, _BLACK, 0.6, square=True),
        "block": Paint(_WHITE, _BLACK, _BLACK, 1.0),
        "terminal": Paint(_BLACK, _BLACK, _WHITE),
        "badge": Paint(_BLACK, _BLACK, _WHITE),
        "panel": Paint(_WHITE, _HAIR, _BLACK, 0.5),
        "card": Paint(_WHITE, _HAIR, _BLACK, 0.8),
        "reused": Paint(_WHITE, _BLACK, _BLACK, 1.0),
        "stack": Paint(_WHITE, _BLACK, _BLACK, 0.8),
        "stacked": Paint(_WHITE, _BLACK, _BLACK, 1.3),
        "fault": Paint(_WHITE, _BLACK, _BLACK, 3.0, square=True),
        "unknown": Paint(_WHITE, "#4D4D4D", _BLACK, 0.6, dotted=True),
        "legend": Paint(_WHITE, _HAIR, _BLACK, 0.5),
        **_heat(
            (_WHITE, _BLACK, _BLACK),
            ("#ECECEC", _BLACK, _BLACK),
            ("#D6D6D6", _BLACK, _BLACK),
            ("#BDBDBD", _BLACK, _BLACK),
            ("#A0A0A0", _BLACK, _BLACK),
            ("#3A3A3A", _BLACK, _WHITE),
        ),
        "same": Paint(_WHITE, _HAIR, _BLACK, 0.6),
        "added": Paint(_WHITE, _BLACK, _BLACK, 2.4),
        "removed": Paint("#E8E8E8", _BLACK, _BLACK, 0.9),
        "changed": Paint("#D2D2D2", _BLACK, _BLACK, 1.8, square=True),
    },
    tones={"ink": _BLACK, "muted": "#333333", "accent": _BLACK, "inverse": _WHITE},
    lines={
        "flow": _BLACK,
        "shortcut": _BLACK,
        "passage": "#4D4D4D",
        "size": "#4D4D4D",
        "unknown": "#4D4D4D",
        "added": _BLACK,
        "removed": "#4D4D4D",
    },
    font=SERIF,
    pens={"flow": 0.8, "shortcut": 1.7, "passage": 0.8, "size": 0.9, "unknown": 0.9, "added": 2.2, "removed": 0.9},
)


def palette_of(options: Options) -> Palette:
    """What a figure is painted with; that of a theme which follows the reader is the light one, until it does."""
    if options.style == "paper":
        return PAPER
    return DARK if options.theme == "dark" else LIGHT


def style_sheet(palette: Palette, used: Collection[str]) -> str:
    """CSS that paints an SVG, written for another palette, with this one; for the styles that are ``used``."""
    rules = [f".sheet>polygon{{fill:{palette.sheet}}}"]
    for style in (style for style in palette.styles if style in used):
        paint = palette.styles[style]
        rules += _rules(f".{style}", paint)
        rules += _rules(f".{style}.{FADED}", palette.paint(style, faded=True))
    rules += [f".words.{tone} text{{fill:{colour}}}" for tone, colour in palette.tones.items()]
    for kind, colour in ((kind, colour) for kind, colour in palette.lines.items() if kind in used):
        rules.append(f".{kind}>path{{stroke:{colour}}}.{kind}>polygon{{fill:{colour};stroke:{colour}}}")
    return "".join(rules)


def _rules(selector: str, paint: Paint) -> tuple[str, str]:
    outlines = ",".join(f"{selector}>{tag}" for tag in ("path", "ellipse", "polygon"))
    return f"{outlines}{{fill:{paint.fill};stroke:{paint.line}}}", f"{selector} text{{fill:{paint.text}}}"


def _mixed(colour: str, other: str, share: float) -> str:
    """``colour`` with so much of ``other`` in it."""
    pairs = ((int(one[i : i + 2], 16) for one in (colour, other)) for i in (1, 3, 5))
    return "#" + "".join(f"{round(a + (b - a) * share):02X}" for a, b in pairs)
