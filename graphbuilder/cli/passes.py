"""``graphbuilder passes``: what is done to a network that only evaluates, or only trains."""

from __future__ import annotations

import json

import click

from graphbuilder.cli.options import Reading, reads_spec
from graphbuilder.cli.root import Command

EXAMPLES = """
\b
Examples:
  graphbuilder passes specs/xception.toml
  graphbuilder passes specs/xception.toml --device cuda
  graphbuilder passes specs/googlenet.toml --json | jq '.passes[].calls'
"""


@click.command(cls=Command, name="passes", short_help="Print what `compile --optimize` changes.", epilog=EXAMPLES)
@reads_spec
@click.option(
    "--optimize", type=click.Choice(["inference", "training"]), default="inference", help="What it is compiled for."
)
@click.option(
    "--device", type=click.Choice(["cpu", "cuda"]), default="cpu", help="For which kind of device; none is needed."
)
@click.option("--json", "as_json", is_flag=True, help="Everything as JSON.")
def command(reading: Reading, spec: str, *, optimize: str, device: str, as_json: bool) -> None:
    """Print what each pass of `compile --optimize` does to the network: nodes, multiply-accumulates, bytes of
    activations and parameters before and after it.

    All of it is of evaluation: what runs in training only counts for its parameters alone.
    """
    from graphbuilder.backends.table.passes import report
    from graphbuilder.passes import optimise

    network = reading.network(spec)
    result = report(network.name, optimise(network.typed, optimize, device).steps)
    click.echo(json.dumps(result.data(), indent=2) if as_json else result.text(), nl=as_json)
