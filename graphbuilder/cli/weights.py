"""``graphbuilder weights``: a weights file beside a network, tensor by tensor, before anything is loaded."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click

from graphbuilder.cli.options import Reading, reads_names, reads_spec
from graphbuilder.cli.report import has_colour
from graphbuilder.cli.root import Command
from graphbuilder.diagnostics import CompileError

if TYPE_CHECKING:
    from graphbuilder.weights.load import Fit

EXAMPLES = """
\b
Examples:
  graphbuilder weights specs/xception.toml xception.keras
  graphbuilder weights specs/resnet50.toml resnet50.pth --weights-except logits
  graphbuilder weights specs/resnet50.toml resnet50.pth -o resnet50.safetensors
"""


@click.command(
    cls=Command, name="weights", short_help="Show how a weights file fits a network, and convert it.", epilog=EXAMPLES
)
@reads_spec
@click.argument("file", metavar="FILE")
@reads_names
@click.option("--json", "as_json", is_flag=True, help="Write the match as JSON.")
@click.option("-o", "--output", metavar="FILE", help="Write the weights under our names (.safetensors).")
def command(
    reading: Reading,
    spec: str,
    *,
    file: str,
    weights_map: str | None,
    weights_except: tuple[str, ...],
    as_json: bool,
    output: str | None,
) -> None:
    """Show which tensor of a Keras, safetensors or torch file goes where in a network, and how its axes are turned.

    Tensors are read only to be written with -o. Exits with 2 where the file does not fit.
    """
    from graphbuilder.weights.load import fitting

    if output:
        _refuse_suffix(output)
    network = reading.network(spec)
    with fitting(network.typed, network.files, file, weights_map, weights_except, network.params) as fit:
        _print(fit, as_json)
        if fit.diagnostics:
            raise CompileError(fit.diagnostics)
        reading.warn(fit.warnings)
        if output:
            from graphbuilder.files import write_whole
            from graphbuilder.weights.report import not_finite
            from graphbuilder.weights.save import to_bytes

            tensors = fit.tensors()
            reading.warn(not_finite(file, tensors))
            write_whole(output, to_bytes(tensors))


def _print(fit: Fit, as_json: bool) -> None:
    from graphbuilder.cli.fitting import data, show, text

    if as_json:
        click.echo(json.dumps(data(fit), indent=2))
    elif sys.stdout.isatty():
        from rich.console import Console

        show(fit, Console(no_color=not has_colour()))
    else:
        click.echo(text(fit))


def _refuse_suffix(output: str) -> None:
    if not output.lower().endswith(".safetensors"):
        from graphbuilder.diagnostics.catalogue.usage import OutputSuffix

        message = f"`weights` writes no {output}"
        raise CompileError((OutputSuffix.at(None, message, help="end the path in .safetensors"),))
