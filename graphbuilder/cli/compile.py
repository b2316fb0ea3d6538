"""``graphbuilder compile``: build the module, run it once, say what was built, write it."""

from __future__ import annotations

import json

import click

from graphbuilder.cli.options import Reading, reads_spec
from graphbuilder.cli.root import Command
from graphbuilder.cli.stages import Stages

EXAMPLES = """
\b
Examples:
  graphbuilder compile specs/xception.toml
  graphbuilder compile specs/xception.toml --set classes=10 --device cuda --dtype bfloat16 --batch 64
  graphbuilder compile specs/xception.toml --weights xception.keras -o xception.safetensors
  graphbuilder compile specs/xception.toml -o xception.py
  graphbuilder compile specs/xception.toml -o xception/
"""


@click.command(
    cls=Command, name="compile", short_help="Build a network as a torch module, and run it once.", epilog=EXAMPLES
)
@reads_spec
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto", help="Where it runs.")
@click.option(
    "--dtype", type=click.Choice(["float32", "bfloat16", "float16"]), default="float32", help="The type of its numbers."
)
@click.option("--batch", type=click.IntRange(1), default=1, help="Samples in the random batch that it is run on.")
@click.option("--weights", metavar="FILE", help="Read weights from a Keras, safetensors or torch file.")
@click.option("--mapping", metavar="FILE", help="The rules from the names of that file to ours.")
@click.option(
    "--seed", type=click.IntRange(0, 2**63 - 1), default=0, help="What weights and the random batch are drawn from."
)
@click.option("--json", "as_json", is_flag=True, help="Say what was built as JSON.")
@click.option(
    "-o", "--output", metavar="FILE", help="Write source (.py), weights (.safetensors), or both with the spec (DIR/)."
)
def command(
    reading: Reading,
    spec: str,
    *,
    device: str,
    dtype: str,
    batch: int,
    weights: str | None,
    mapping: str | None,
    seed: int,
    as_json: bool,
    output: str | None,
) -> None:
    """Build a network as a torch module and run a forward on a random batch.

    What is written needs only torch.
    """
    from graphbuilder.cli.built import Built, writer_of

    if mapping and not weights:
        raise click.UsageError("--mapping says how --weights are named, and there are none")
    write = writer_of(output) if output else None
    stages = Stages()
    with stages.stage("check", f"checking {spec}"):
        network = reading.network(spec)
    with stages.stage("torch", "importing torch"):
        from graphbuilder.backends.torch.chosen import device_named, dtype_named
        from graphbuilder.backends.torch.trial import try_out
        from graphbuilder.compiler import compile
    with stages.stage("build", "building"):
        place, numbers = device_named(device), dtype_named(dtype)
        module = compile(network, device=place, dtype=numbers, seed=seed, weights=weights, mapping=mapping)
    with stages.stage("forward", f"running a batch of {batch}"):
        trial = try_out(module, network.typed, batch=batch, device=place, dtype=numbers, seed=seed)
    built = Built(network, module, trial, stages, weights, seed)
    if write and output:
        with stages.stage("write", f"writing {output}"):
            write(built, output)
    click.echo(json.dumps(built.data(output), indent=2) if as_json else built.text(output))
