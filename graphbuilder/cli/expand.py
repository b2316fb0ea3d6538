"""``graphbuilder expand``: the spec with everything resolved."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from graphbuilder.cli.options import Reading, reads_spec
from graphbuilder.cli.root import Command
from graphbuilder.diagnostics import CompileError
from graphbuilder.diagnostics.catalogue.usage import OutputIsInput, OutputSuffix

if TYPE_CHECKING:
    from graphbuilder.compiler import Network

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
    from graphbuilder.compiler import expand
    from graphbuilder.files import write_whole

    if output is not None:
        _refuse_suffix(output)
    network = reading.network(spec)
    if output is not None:
        _refuse_input(output, network)
    text = expand(network)
    if output is None:
        click.echo(text, nl=False)
    else:
        write_whole(output, text.encode())


def _refuse_suffix(output: str) -> None:
    if not output.lower().endswith(".toml"):
        message = f"`expand` writes a spec, and {output} does not end in .toml"
        raise CompileError((OutputSuffix.at(None, message, help="end the path in .toml"),))


def _refuse_input(output: str, network: Network) -> None:
    from graphbuilder.spec.merged import files

    for path in files(network.spec.place.document):
        if os.path.exists(output) and os.path.exists(path) and os.path.samefile(output, path):
            message = f"{output} is read for this network, and would be replaced"
            raise CompileError((OutputIsInput.at(None, message, help="choose another place with -o"),))
