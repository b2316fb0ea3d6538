"""``graphbuilder summary``: what a network consists of and costs."""

from __future__ import annotations

import json
import sys

import click

from graphbuilder.cli.options import Reading, only_one, reads_spec
from graphbuilder.cli.report import has_colour
from graphbuilder.cli.root import Command

EXAMPLES = """
\b
Examples:
  graphbuilder summary specs/xception.toml
  graphbuilder summary specs/xception.toml --depth 4 --set middle=4
  graphbuilder summary specs/xception.toml --json | jq .parameters.total
"""


@click.command(cls=Command, name="summary", short_help="Print parameters, costs and shapes by block.", epilog=EXAMPLES)
@reads_spec
@click.option(
    "--depth",
    type=click.IntRange(1),
    metavar="N",
    help="Levels of blocks to show; as many as fit a screen unless given.",
)
@click.option(
    "--batch", type=click.IntRange(1), metavar="N", help="Tell the memory of a forward and backward pass of N samples."
)
@click.option("--json", "as_json", is_flag=True, help="Everything, at every depth, as JSON.")
@click.option("--markdown", "as_markdown", is_flag=True, help="The table in Markdown.")
def command(
    reading: Reading, spec: str, *, depth: int | None, batch: int | None, as_json: bool, as_markdown: bool
) -> None:
    """Print parameters, multiply-accumulates and shapes by block.

    Parameters are learnable ones; running statistics are told among the totals. A block that is repeated counts all its
    copies; the rows under it count one. In JSON, parameters.trainable are the learnable ones, and parameters.total all,
    with running statistics; these names stay.
    """
    from graphbuilder.compiler import summary

    only_one(json=as_json, markdown=as_markdown)
    result = summary(reading.network(spec), batch=batch)
    if as_json:
        click.echo(json.dumps(result.data(), indent=2))
    elif as_markdown:
        click.echo(result.markdown(depth), nl=False)
    elif sys.stdout.isatty():
        from rich.console import Console

        from graphbuilder.backends.table.screen import show

        show(result, depth or result.depth, Console(no_color=not has_colour()))
    else:
        click.echo(result.text(depth), nl=False)
