"""Finishes an SVG that Graphviz drew: its colours for light and dark, what hovering says, what a screen reader says."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from html import escape

from graphbuilder.backends.graphviz.options import Theme
from graphbuilder.backends.graphviz.text import clean
from graphbuilder.backends.graphviz.write.fonts import SANS, Font
from graphbuilder.backends.graphviz.write.theme import DARK, style_sheet

_TITLE = re.compile(r"<title>([^<]*)</title>\n?")
_GROUP = re.compile(r'(<g id="[^"]*" class="[^"]*")>(\s*<title>([^<]*)</title>)')
_COMMENT = re.compile(r"<!--.*?-->\n?", re.DOTALL)
_ROOT = re.compile(r"<svg ([^>]*)>")
_CLASSES = re.compile(r'<g id="[^"]*" class="(?:node|cluster|edge) ([^" ]+)')


def finish(
    svg: str,
    title: str,
    tips: Mapping[str, str],
    theme: Theme,
    labels: Mapping[str, str] | None = None,
    font: Font = SANS,
) -> str:
    """``svg`` with our words in place of Graphviz's made-up names, and a style sheet.

    With ``labels``, which are said of what those names stand for, the whole is a document of symbols; without, it is
    one picture.
    """
    said = labels or {}

    def label(found: re.Match[str]) -> str:
        words = said.get(found[3])
        return f'{found[1]} role="graphics-symbol img" aria-label="{_shown(words)}">{found[2]}' if words else found[0]

    def say(found: re.Match[str]) -> str:
        tip = tips.get(found[1])
        return f"<title>{_shown(tip)}</title>\n" if tip else ""

    def open_root(found: re.Match[str]) -> str:
        name, role = _shown(title), "graphics-document document" if said else "img"
        return (
            f'<svg {found[1]} class="graphbuilder" role="{role}" aria-label="{name}">\n<title>{name}</title>\n{style}'
        )

    style = f"<style>{_style(theme, font, set(_CLASSES.findall(svg)))}</style>"
    svg = _TITLE.sub(say, _GROUP.sub(label, _COMMENT.sub("", svg)))
    return _ROOT.sub(open_root, svg, count=1)


def _shown(words: str) -> str:
    """``words`` in XML, which has no controls, however they are escaped; of a broken spec they may have any name."""
    return escape(clean(words))


def _style(theme: Theme, font: Font, used: Collection[str]) -> str:
    base = f"svg.graphbuilder text{{font-family:{font.css}}}"
    if theme != "auto":
        return base
    return f"{base}@media (prefers-color-scheme:dark){{{style_sheet(DARK, used)}}}"
