"""``graphbuilder render``: draw the network."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import click

from graphbuilder.cli.options import Reading, reads_spec
from graphbuilder.cli.report import bad_use
from graphbuilder.cli.root import Command
from graphbuilder.cli.stages import Stages, shown
from graphbuilder.diagnostics import CompileError, Diagnostic
from graphbuilder.diagnostics.screen import safe

if TYPE_CHECKING:
    from graphbuilder.backends.graphviz.options import Style
    from graphbuilder.compiler import Network
    from graphbuilder.rendering import Format

EXAMPLES = """
\b
Examples:
  graphbuilder render specs/xception.toml -o xception.svg
  graphbuilder render specs/xception.toml -o xception.png --dpi 300 --theme light
  graphbuilder render specs/xception.toml -o xception.pdf --style paper
  graphbuilder render specs/xception.toml -o xception.html -o xception.svg
  graphbuilder render specs/resnet50.toml -o resnet50.pdf --expand 'stages.0.*' --names
"""


@click.command(cls=Command, name="render", short_help="Draw a network as a figure.", epilog=EXAMPLES)
@reads_spec
@click.option(
    "-o",
    "--output",
    "outputs",
    metavar="FILE",
    required=True,
    multiple=True,
    help="What to write: .svg, .png, .pdf, .dot, .html (a page), .tex (TikZ) or .mmd (Mermaid); repeatable.",
)
@click.option("--shapes/--no-shapes", default=True, help="Show shapes, at the boundaries of blocks.")
@click.option("--names", is_flag=True, help="Show the paths of steps, which --expand and --collapse take.")
@click.option("--direction", type=click.Choice(["TB", "LR"]), default="TB", help="Top to bottom, or left to right.")
@click.option(
    "--expand",
    metavar="PATTERN",
    multiple=True,
    help="Draw what matches open: 'middle.*' for all that is inside; * crosses dots; repeatable.",
)
@click.option(
    "--collapse", metavar="PATTERN", multiple=True, help="Draw what matches as one box: '*.sepconv'; repeatable."
)
@click.option(
    "--level", type=click.IntRange(0), help="How many levels of blocks to open; what is legible unless given."
)
@click.option("--dpi", type=click.IntRange(10, 1200), default=144, help="Dots per inch of a PNG.")
@click.option(
    "--theme",
    type=click.Choice(["auto", "light", "dark"]),
    default="auto",
    help="The colours; an SVG follows its reader unless one is chosen.",
)
@click.option(
    "--style",
    type=click.Choice(["colour", "paper"]),
    default="colour",
    help="paper: black on white, with serifs, for print.",
)
@click.option(
    "--heat",
    type=click.Choice(["params", "macs", "memory", "time"]),
    help="Colour boxes by their share of the whole; for time the network is run in torch.",
)
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto", help="Where time is measured.")
@click.option("--batch", type=click.IntRange(1), metavar="N", default=1, help="Samples in the batch that is timed.")
def command(reading: Reading, spec: str, *, outputs: tuple[str, ...], **drawn: Any) -> None:
    """Draw a network as a figure, with or without Graphviz on the machine.

    A broken network is drawn with what is wrong in red, and what stands behind that dotted; the mistakes are reported
    as well, and the exit status is 2.
    """
    from graphbuilder.files import write_all
    from graphbuilder.rendering import figures, format_of

    formats: dict[str, Format] = {output: format_of(output) for output in outputs}  # before any work
    if drawn["style"] == "paper" and drawn["theme"] == "dark":
        raise bad_use("paper is white", "leave out --theme dark, or --style paper")
    stages, named = Stages(), ", ".join(formats)
    with stages.stage("check", f"checking {spec}"):
        checked = reading.check(spec)
    timed = drawn["heat"] == "time"
    if checked.network is not None:
        reading.warn((*checked.diagnostics, *_unshown(checked.network, formats.values(), drawn["style"])))
    elif timed:
        raise CompileError(checked.diagnostics)
    with stages.stage("draw", f"drawing {named}", counted=timed) as tell:
        found = figures(checked, formats.values(), tell=tell, **drawn)
        write_all({output: found[format] for output, format in formats.items()})
    if checked.network is None:
        click.echo(f"{safe(named)}: drawn with what is wrong in red", err=True)
        raise CompileError(checked.diagnostics)
    click.echo(f"{safe(named)}: drawn in {shown(sum(stages.seconds.values()))}", err=True)


def _unshown(network: Network, formats: Iterable[Format], style: Style) -> Iterator[Diagnostic]:
    """What any of ``formats`` cannot show."""
    from graphbuilder.rendering import unshown

    for format in dict.fromkeys(formats):
        yield from unshown(network.typed, format, style=style)
