"""Help that keeps within the terminal, however narrow; click's own is never under fifty columns, nor folds examples."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from textwrap import fill, wrap

import click

NARROWEST = 24
_INDENT = "      "


class Formatter(click.HelpFormatter):
    """Folds definitions and examples as well; an example that was folded can still be copied."""

    def __init__(self, width: int | None = None, max_width: int | None = None) -> None:
        columns = min(shutil.get_terminal_size().columns, max_width or 80)
        super().__init__(width=width or max(columns - 2, NARROWEST))

    def write_text(self, text: str) -> None:
        super().write_text("\n".join(map(self._example, text.split("\n"))))

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        folded = [(self._term(term), text) for term, text in rows]
        super().write_dl(folded, min(col_max, self.width // 3), col_spacing)

    def _example(self, line: str) -> str:
        if not line.startswith("  ") or len(line) <= self.width - self.current_indent:
            return line
        room = self.width - self.current_indent - len(" \\")
        lines = wrap(line, room, subsequent_indent=_INDENT, break_long_words=False, break_on_hyphens=False)
        return " \\\n".join(lines)

    def _term(self, term: str) -> str:
        """An option with its choices, which may be folded between them."""
        if len(term) <= self.width - self.current_indent:
            return term
        room = self.width - self.current_indent
        parts = fill(term.replace("|", "| "), room, subsequent_indent=_INDENT, break_on_hyphens=False)
        return parts.replace("| ", "|")


class Context(click.Context):
    """What click asks for the formatter."""

    formatter_class = Formatter
