"""``graphbuilder expand``: the spec with everything resolved."""

from __future__ import annotations

import click

from graphbuilder.cli.options import Reading, reads_spec
from graphbuilder.cli.root import Command

EXAMPLES = """
\b
Examples:
  graphbuilder expand specs/resnet50.toml
  graphbuilder expand specs/xception.toml --set middle=4 -o xception_4.toml
"""


@click.command(cls=Command, name="expand", short_help="Print the spec with everything resolved.", epilog=EXAMPLES)
@reads_spec
@click.option("-o", "--output", metavar="FILE", help="Write to a file instead of standard output.")
def command(reading: Reading, spec: str, output: str | None) -> None:
    """Print the canonical spec: no params, no expressions, nothing inherited, each block once.

    It is the same network with the same names of weights, and expanding it again gives the same text.
    """
    from graphbuilder.backends.toml import expand
    from graphbuilder.files import write_whole

    text = expand(reading.network(spec).typed)
    if output is None:
        click.echo(text, nl=False)
    else:
        write_whole(output, text.encode())
