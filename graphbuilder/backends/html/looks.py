"""The figure's colours as style sheets of a page, in light and in dark."""

from __future__ import annotations

from collections.abc import Iterator

from graphbuilder.backends.graphviz.write.theme import DARK, LIGHT, Paint, Palette

_PALETTES = (("light", LIGHT), ("dark", DARK))


def colours() -> dict[str, str]:
    """The colour of a small box, by theme and style: ``light convolution``."""
    return {
        f"{theme} {style}": _small(style, paint, palette)
        for theme, palette in _PALETTES
        for style, paint in palette.styles.items()
    }


def _small(style: str, paint: Paint, palette: Palette) -> str:
    """What is told apart best where words cannot be: the border, and of costs the fill."""
    if style.startswith("heat"):
        return paint.fill
    return palette.lines["flow"] if style == "join" else paint.line


def style_sheet() -> str:
    """The colours of everything in the figure, each under the theme that is set on the page."""
    return "\n".join(rule for theme, palette in _PALETTES for rule in _rules(f'[data-theme="{theme}"]', palette))


def _rules(theme: str, palette: Palette) -> Iterator[str]:
    ink, muted, accent = palette.tones["ink"], palette.tones["muted"], palette.tones["accent"]
    for style, paint in palette.styles.items():
        looks = f"--fill:{paint.fill};--edge:{paint.line};--text:{paint.text};--pen:{paint.pen}"
        yield f"{theme} .{style}:is(.box,.end,.chip,i){{{looks}}}"
    panel, card, stack = palette.styles["panel"], palette.styles["card"], palette.styles["stack"]
    stacked, badge = palette.styles["stacked"], palette.styles["badge"]
    yield f"{theme} .frame>.shape{{{_shape(card)}}}{theme} .frame.panel>.shape{{{_shape(panel)}}}"
    yield f"{theme} .frame.odd:not(.panel)>.shape{{fill:{card.fill}}}{theme} .frame.stack>.shape{{{_shape(stacked)}}}"
    yield f"{theme} .stacked{{{_shape(stack)}}}{theme} .badge rect{{fill:{badge.fill}}}"
    yield f"{theme} .badge text{{fill:{badge.text}}}{theme} .title{{fill:{ink}}}"
    yield f"{theme} .note,{theme} .caption{{fill:{muted}}}{theme} .mark path{{stroke:{muted}}}"
    for kind, colour in palette.lines.items():
        yield f"{theme} .wire.{kind} path{{stroke:{colour}}}{theme} .wire.{kind} .arrow{{fill:{colour}}}"
    pointed = f"{theme} #world:not(.still)"
    yield f"{theme} .halo{{stroke:{accent}}}{pointed} :focus-visible>.shape{{stroke:{accent};stroke-width:2.6}}"
    yield f"{pointed} :is(.box,.frame):hover>.shape{{stroke:{accent}}}"
    yield f"{theme} .mark:hover path{{stroke:{ink}}}"


def _shape(paint: Paint) -> str:
    return f"fill:{paint.fill};stroke:{paint.line};stroke-width:{paint.pen}"
