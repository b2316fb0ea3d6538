"""Every spec drawn into a folder as SVG and PNG, with a page that shows them side by side.

A spec that cannot be drawn is told, and the others are drawn all the same. Files of the same names are replaced.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import NamedTuple

import click
from rich.console import Console
from rich.progress import Progress

import graphbuilder as gb
from graphbuilder.backends.graphviz import Options
from graphbuilder.backends.graphviz.figure import drawing
from graphbuilder.diagnostics.draw import draw

ROOT = Path(__file__).parent.parent
PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>GraphBuilder: figures of the specs</title>
<style>
:root {{ color-scheme: light dark; font-family: Arial, Helvetica, sans-serif }}
body {{ margin: 2rem auto; max-width: 110rem; padding: 0 1rem }}
main {{ display: grid; gap: 2rem; grid-template-columns: repeat(auto-fill, minmax(min(30rem, 100%), 1fr)) }}
figure {{ margin: 0 }}
img {{ border: 1px solid #8886; border-radius: .5rem; height: auto; width: 100% }}
figcaption {{ margin-top: .4rem }}
</style>
</head>
<body>
<h1>Figures of the specs</h1>
<p>{count} networks, each drawn by <code>graphbuilder render</code> from what its file declares.</p>
<main>
{figures}
</main>
</body>
</html>
"""
FIGURE = """<figure>
<a href="{name}.svg"><img src="{name}.svg" alt="{title}" loading="lazy" width="{wide}" height="{high}"></a>
<figcaption>{title}: <code>{name}</code>, <a href="{name}.png">PNG</a></figcaption>
</figure>"""


class Drawn(NamedTuple):
    """A figure that was written: its name, what stands above it, and its size in points."""

    name: str
    title: str
    wide: int
    high: int


def shipped() -> list[Path]:
    """Every spec that is shipped, the modules last."""
    return [*sorted(ROOT.glob("specs/*.toml")), *sorted(ROOT.glob("specs/modules/*.toml"))]


def draw_into(folder: Path, spec: Path, dpi: int) -> Drawn:
    """Write the figure of ``spec`` into ``folder``.

    Raises:
        CompileError: when the spec has mistakes, or cannot be drawn.
        OSError: when a file cannot be read or written.
    """
    network = gb.load(spec)
    for suffix in (".svg", ".png"):
        gb.render(network, folder / f"{spec.stem}{suffix}", dpi=dpi)
    sheet = drawing(network.typed, Options())
    return Drawn(spec.stem, sheet.title, round(sheet.wide), round(sheet.high))


def page(figures: Iterable[Drawn]) -> str:
    """The page that shows ``figures``."""
    shown = [
        FIGURE.format(name=escape(one.name), title=escape(one.title), wide=one.wide, high=one.high) for one in figures
    ]
    return PAGE.format(count=len(shown), figures="\n".join(shown))


def draw_all(folder: Path, specs: Sequence[Path], dpi: int) -> int:
    """Draw ``specs`` and the page into ``folder``; how many could not be drawn."""
    folder.mkdir(parents=True, exist_ok=True)
    console = Console(stderr=True)
    figures: list[Drawn] = []
    with Progress(console=console, disable=not console.is_terminal, transient=True) as progress:
        for spec in progress.track(specs, description="drawing"):
            try:
                figures.append(draw_into(folder, spec, dpi))
            except gb.CompileError as error:
                print(draw(error.diagnostics), file=sys.stderr)
            except OSError as error:
                print(f"{spec}: {error.strerror or error}", file=sys.stderr)
    (folder / "index.html").write_text(page(figures), encoding="utf-8")
    print(f"{folder / 'index.html'}: {len(figures)} of {len(specs)} specs drawn")
    return len(specs) - len(figures)


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=ROOT / "build" / "gallery")
@click.argument("specs", type=click.Path(path_type=Path, exists=True, dir_okay=False), nargs=-1)
@click.option("--dpi", type=click.IntRange(10, 1200), default=96, show_default=True, help="Dots per inch of the PNGs.")
def main(folder: Path, specs: tuple[Path, ...], dpi: int) -> None:
    """Draw every spec that is shipped, or SPECS, into FOLDER (build/gallery), with a page that shows them."""
    sys.exit(2 if draw_all(folder, specs or shipped(), dpi) else 0)


if __name__ == "__main__":
    main()
