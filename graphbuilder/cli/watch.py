"""``graphbuilder watch``: the page of a network, kept up to date while its spec is written."""

from __future__ import annotations

import os
import time
from textwrap import fill
from typing import TYPE_CHECKING

import click

from graphbuilder.cli.options import Reading, reads_spec
from graphbuilder.cli.report import bad_use, report, screen_width
from graphbuilder.cli.root import Command
from graphbuilder.diagnostics import CompileError

if TYPE_CHECKING:
    from graphbuilder.watching import News
    from graphbuilder.watching.hub import Hub

EXAMPLES = """
\b
Examples:
  graphbuilder watch specs/xception.toml
  graphbuilder watch specs/xception.toml --set classes=10 -o xception.svg
"""


@click.command(
    cls=Command, name="watch", short_help="Show a network in a browser while it is written.", epilog=EXAMPLES
)
@reads_spec
@click.option("-o", "--output", metavar="FILE", help="Write the figure at every change as well.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    help="Where it is served; with 0 where it was last, or where is room.",
)
def command(reading: Reading, spec: str, *, output: str | None, port: int) -> None:
    """Show a network in a browser while it is written.

    The page follows every save of the spec, and of what it extends: what is folded, chosen and zoomed stays. Mistakes
    are told over the last figure, or drawn in red where there is none; a spec must be there at the start, though. It is
    served to this machine alone, at an address with a secret; Ctrl-C ends it. Watched again, the spec has the same
    address, so that a page that is still open goes on.
    """
    from graphbuilder.rendering import format_of

    if spec == "-":
        raise bad_use("standard input does not change", "name a file")
    if output is not None:
        format_of(output)  # before any work
    if not os.path.exists(spec) or os.path.isdir(spec):
        raise CompileError(reading.check(spec).diagnostics)
    from graphbuilder.watching import follow, serve
    from graphbuilder.watching.hub import Hub

    hub = Hub()
    with serve(hub, spec, port) as server:
        click.echo(f"{server.url}  (Ctrl-C ends it)")
        try:
            for news in follow(spec, lambda: reading.check(spec), reading.fails):
                _publish(news, hub)
                _tell(news, reading)
                _write(news, output)
        except KeyboardInterrupt:
            click.echo("no longer watched")


def _publish(news: News, hub: Hub) -> None:
    """Let the browsers know."""
    data = news.data()
    if data is not None:
        hub.show(data)
    if news.network is None:
        hub.fault(news.mistakes())


def _tell(news: News, reading: Reading) -> None:
    """Let the terminal know: what is wrong, and what changed since the last that could be read."""
    report(news.diagnostics, reading.output_format)
    found = news.differences()
    if found is not None:
        click.echo(told(time.strftime("%H:%M:%S"), found.brief()))


def told(clock: str, words: str) -> str:
    """``words`` beside the time, in as many lines as the terminal asks for."""
    width = screen_width()
    return fill(words, width, initial_indent=f"{clock}  ", subsequent_indent=" " * 10) if width else f"{clock}  {words}"


def _write(news: News, output: str | None) -> None:
    """Write the figure; what keeps it from being written does not end the watch."""
    from graphbuilder.rendering import render

    if news.network is None or output is None:
        return
    try:
        render(news.network, output)
    except CompileError as error:
        report(error.diagnostics)
