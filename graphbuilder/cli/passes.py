"""``graphbuilder passes``: what is done to a network that only evaluates, or only trains."""

from __future__ import annotations

import json

import click

from graphbuilder.cli.options import Reading, for_training, reads_spec
from graphbuilder.cli.root import Command

EXAMPLES = """
\b
Examples:
  graphbuilder passes specs/xception.toml
  graphbuilder passes specs/xception.toml --device cuda
  graphbuilder passes specs/xception.toml --recompute
  graphbuilder passes specs/googlenet.toml --json | jq '.passes[].calls'
"""


@click.command(cls=Command, name="passes", short_help="Print what `compile --optimize` changes.", epilog=EXAMPLES)
@reads_spec
@click.option(
    "--optimize",
    type=click.Choice(["inference", "training"]),
    help="What it is compiled for; inference, or training with --recompute.",
)
@click.option("--recompute", is_flag=True, help="Run blocks again in the backward pass.")
@click.option(
    "--device", type=click.Choice(["cpu", "cuda"]), default="cpu", help="For which kind of device; none is needed."
)
@click.option("--json", "as_json", is_flag=True, help="Everything as JSON.")
def command(reading: Reading, spec: str, *, optimize: str | None, recompute: bool, device: str, as_json: bool) -> None:
    """Print what each pass of `compile --optimize` does to the network: nodes, multiply-accumulates, bytes of
    activations and parameters before and after it.

    All of it is of evaluation: what runs in training only counts for its parameters alone. Behind --recompute,
    activations are what a step of training holds at most.
    """
    from graphbuilder.backends.table.passes import report
    from graphbuilder.passes import optimise

    form = for_training(optimize) if recompute else optimize or "inference"
    network = reading.network(spec)
    result = report(network.name, optimise(network.typed, form, device, recomputed=recompute).steps)
    click.echo(json.dumps(result.data(), indent=2) if as_json else result.text(), nl=as_json)
