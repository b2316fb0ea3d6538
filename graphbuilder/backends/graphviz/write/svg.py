"""Finishes an SVG that Graphviz drew: its colours for light and dark, what hovering says, what a screen reader says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape

from graphbuilder.backends.graphviz.options import Theme
from graphbuilder.backends.graphviz.write.theme import DARK, style_sheet

_FAMILIES = 'font-family:Arial,Arimo,"Liberation Sans",Helvetica,sans-serif'
_TITLE = re.compile(r"<title>([^<]*)</title>\n?")
_COMMENT = re.compile(r"<!--.*?-->\n?", re.DOTALL)
_ROOT = re.compile(r"<svg ([^>]*)>")


def finish(svg: str, title: str, tips: Mapping[str, str], theme: Theme) -> str:
    """``svg`` with our words in place of Graphviz's made-up names, and a style sheet."""

    def say(found: re.Match[str]) -> str:
        tip = tips.get(found[1])
        return f"<title>{escape(tip)}</title>\n" if tip else ""

    def open_root(found: re.Match[str]) -> str:
        name = escape(title)
        return f'<svg {found[1]} class="graphbuilder" role="img" aria-label="{name}">\n<title>{name}</title>\n{style}'

    style = f"<style>{_style(theme)}</style>"
    return _ROOT.sub(open_root, _COMMENT.sub("", _TITLE.sub(say, svg)), count=1)


def _style(theme: Theme) -> str:
    base = f"svg.graphbuilder text{{{_FAMILIES}}}"
    if theme != "auto":
        return base
    return f"{base}@media (prefers-color-scheme:dark){{{style_sheet(DARK)}}}"
