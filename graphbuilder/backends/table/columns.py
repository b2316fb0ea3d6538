"""Tables as columns of texts, and their three looks: plain text, Markdown, and a terminal of some width.

Nothing here knows what is counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from rich.table import Table

GAP = 3
LONGEST = 24  # names may have more characters, and are then folded
BROKEN = 12  # what is left of a column that breaks anywhere


class Column(NamedTuple):
    """One column.

    Attributes:
        title: its heading.
        cells: its texts, one a row.
        right: whether it holds numbers, which are never cut.
        folds: whether its texts may be folded between words.
        breaks: whether they may be broken anywhere, as dotted names are that have no spaces.
        leaves: when it makes room on a narrow terminal: the highest first, 0 never.
        styles: of its cells on a terminal, or () for none.
    """

    title: str
    cells: tuple[str, ...]
    right: bool = False
    folds: bool = False
    leaves: int = 0
    styles: tuple[str, ...] = ()
    breaks: bool = False

    @property
    def wide(self) -> int:
        """As wide as it is when nothing is folded."""
        return max(map(len, (self.title, *self.cells)))

    @property
    def narrow(self) -> int:
        """As narrow as it may become."""
        if self.right:
            return self.wide
        if self.breaks:
            return min(self.wide, BROKEN)
        texts = (self.title, *self.cells)
        pieces = [word for text in texts for word in text.split()] if self.folds else texts
        return max((min(len(piece), LONGEST) for piece in pieces), default=0)


def plain(columns: Sequence[Column]) -> Iterator[str]:
    """Lines as wide as they need to be: the headings, a rule, the rows."""
    widths = [column.wide for column in columns]
    lines = [_line(columns, widths, [column.title for column in columns])]
    lines += [_line(columns, widths, cells) for cells in zip(*(column.cells for column in columns), strict=True)]
    yield lines[0]
    yield "─" * max(map(len, lines))
    yield from lines[1:]


def markdown(columns: Sequence[Column]) -> Iterator[str]:
    """Lines of a table in Markdown; a cell that starts with spaces is indented."""
    yield f"| {' | '.join(_escaped(column.title) for column in columns)} |"
    yield f"|{'|'.join('--:' if column.right else ':--' for column in columns)}|"
    for cells in zip(*(column.cells for column in columns), strict=True):
        yield f"| {' | '.join(map(_escaped, cells))} |"


def fitted(columns: Sequence[Column], width: int) -> list[Column]:
    """The columns that fit ``width`` with nothing cut, those left out that make room first."""
    kept = list(columns)
    while sum(column.narrow for column in kept) + GAP * (len(kept) - 1) > width:
        first = max(kept, key=lambda column: column.leaves)
        if not first.leaves:
            break
        kept.remove(first)
    return kept


def screen(columns: Sequence[Column], width: int) -> Table:
    """The table on a terminal of ``width`` columns. Rich is imported here alone, when it is asked for."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    kept = fitted(columns, width)
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="bold")
    for column in kept:
        justify = "right" if column.right else "left"
        whole = column.narrow == column.wide
        table.add_column(column.title, justify=justify, overflow="fold", min_width=column.narrow, no_wrap=whole)
    for number in range(len(columns[0].cells)):
        cells = (Text(column.cells[number], column.styles[number] if column.styles else "") for column in kept)
        table.add_row(*cells)
    return table


def _line(columns: Sequence[Column], widths: Sequence[int], cells: Sequence[str]) -> str:
    texts = (
        f"{cell:>{wide}}" if column.right else f"{cell:{wide}}"
        for column, wide, cell in zip(columns, widths, cells, strict=True)
    )
    return (" " * GAP).join(texts).rstrip()


def _escaped(cell: str) -> str:
    text = cell.lstrip(" ")
    return "&emsp;" * ((len(cell) - len(text)) // 2) + text.replace("|", "\\|")
