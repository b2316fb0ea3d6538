"""The table of the README: our networks beside other people's, with the differences that are measured here and now."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.peers.parity import Pair
from tests.peers.rows import ROWS, TRAINED, Row

HEADER = """\
| spec | against | at | logits | loss and gradients |
|---|---|---|---|---|
"""
LIBRARIES = {"keras": "Keras", "torchvision": "torchvision", "timm": "timm", "plain": "plain torch"}


def line(row: Row) -> str:
    """The row's line of the table, measured."""
    with TemporaryDirectory(prefix="parity-") as folder:
        pair = Pair(row, Path(folder))
        logits = max(pair.answers(size) for size in row.sizes)
        learnt = f"{pair.learns().largest:.0e}" if row in TRAINED else ""
    against = f"{LIBRARIES[row.source]} `{row.function}`"
    sizes = ", ".join(map(str, row.sizes))
    return f"| `{row.spec}` | {against} | {sizes} | {logits:.0g} | {learnt} |\n"


def lines(rows: Iterable[Row]) -> Iterator[str]:
    yield HEADER
    yield from map(line, rows)


def main(specs: Sequence[str]) -> int:
    known = {row.spec for row in ROWS}
    if unknown := [spec for spec in specs if spec not in known]:
        print(f"no row for {', '.join(unknown)}: {', '.join(sorted(known))}", file=sys.stderr)
        return 2
    for text in lines(row for row in ROWS if not specs or row.spec in specs):
        print(text, end="", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
