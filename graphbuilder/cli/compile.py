"""``graphbuilder compile``: build the module, run it once, say what was built, write it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from graphbuilder.cli.options import Reading, for_training, reads_names, reads_spec
from graphbuilder.cli.root import Command
from graphbuilder.cli.stages import Stages, bars

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from graphbuilder.compiler import Network
    from graphbuilder.tuning.tune import Tuning

EXAMPLES = """
\b
Examples:
  graphbuilder compile specs/xception.toml
  graphbuilder compile specs/xception.toml --set classes=10 --device cuda --dtype bfloat16 --batch 64
  graphbuilder compile specs/xception.toml --weights xception.keras -o xception.safetensors
  graphbuilder compile specs/xception.toml --set classes=10 --weights xception.keras --weights-except logits
  graphbuilder compile specs/xception.toml -o xception.py -o xception.safetensors
  graphbuilder compile specs/xception.toml -o xception/
  graphbuilder compile specs/xception.toml --weights xception.keras --optimize inference -o fast.py -o fast.safetensors
  graphbuilder compile specs/xception.toml --tune 60 --batch 8 --plan xception.plan.toml
  graphbuilder compile specs/xception.toml --recompute -o lean.py
"""


@click.command(
    cls=Command, name="compile", short_help="Build a network as a torch module, and run it once.", epilog=EXAMPLES
)
@reads_spec
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto", help="Where it runs.")
@click.option(
    "--dtype", type=click.Choice(["float32", "bfloat16", "float16"]), default="float32", help="The type of its numbers."
)
@click.option(
    "--optimize",
    type=click.Choice(["none", "inference", "training"]),
    default=None,
    help="For inference, take batch norms into the layers ahead of them and leave out what training alone needs; for "
    "training, lay memory out for it.",
)
@click.option(
    "--recompute",
    is_flag=True,
    help="With --optimize training, run blocks again in the backward pass: less memory, longer steps.",
)
@click.option(
    "--tune",
    "seconds",
    type=click.FloatRange(0),
    metavar="SECONDS",
    help="Find in that time what runs it fastest here, for answering batches of --batch: layouts, torch.compile, CUDA "
    "graphs, ONNX Runtime, OpenVINO. Found once, it is remembered.",
)
@click.option("--plan", metavar="FILE", help="What was found so: read where the file exists, else written with --tune.")
@click.option("--batch", type=click.IntRange(1), default=1, help="Samples in the random batch that it is run on.")
@click.option("--weights", metavar="FILE", help="Read weights from a Keras, safetensors or torch file.")
@reads_names
@click.option(
    "--seed", type=click.IntRange(0, 2**63 - 1), default=0, help="What weights and the random batch are drawn from."
)
@click.option("--json", "as_json", is_flag=True, help="Say what was built as JSON.")
@click.option(
    "-o",
    "--output",
    "outputs",
    metavar="FILE",
    multiple=True,
    help="Write source (.py) or weights (.safetensors), or into DIR/ all: model.py, weights.safetensors, spec.toml "
    "(expanded) and manifest.json (their sha256, versions, settings); repeatable.",
)
def command(
    reading: Reading,
    spec: str,
    *,
    device: str,
    dtype: str,
    optimize: str | None,
    recompute: bool,
    seconds: float | None,
    plan: str | None,
    batch: int,
    weights: str | None,
    weights_map: str | None,
    weights_except: tuple[str, ...],
    seed: int,
    as_json: bool,
    outputs: tuple[str, ...],
) -> None:
    """Build a network as a torch module and run a forward on a random batch.

    What is written needs only torch.
    """
    from graphbuilder.cli.built import Built, contents_of, is_folder

    if (weights_map or weights_except) and not weights:
        raise click.UsageError("--weights-map and --weights-except say how to read --weights, and there are none")
    if recompute:
        optimize = for_training(optimize)
    optimize = _form(optimize, is_tuned=seconds is not None or plan is not None)
    if plan is not None:
        _check_plan(plan, seconds, outputs)
    outputs = tuple(dict.fromkeys(outputs))
    contents = contents_of(outputs)
    if optimize != "none" and any(map(is_folder, outputs)):
        raise click.UsageError("a folder holds the network as written; with --optimize write .py and .safetensors")
    stages = Stages()
    with stages.stage("check", f"checking {spec}"):
        network = reading.network(spec)
    with stages.stage("torch", "importing torch"):
        from graphbuilder.backends.torch import build, build_optimised
        from graphbuilder.backends.torch.chosen import device_named, dtype_named
        from graphbuilder.backends.torch.trial import try_out
        from graphbuilder.cli.filled import Filled, fill
        from graphbuilder.passes import optimise
    place, numbers = device_named(device), dtype_named(dtype)
    filled = Filled()
    if weights:
        with stages.stage("weights", f"reading {weights}"):
            filled = fill(network, weights, weights_map, weights_except)
        reading.warn(filled.warnings)
    given: dict[str, Any] = {
        "device": place,
        "dtype": numbers,
        "seed": seed,
        "weights": filled.tensors,
        "drawn": filled.drawn,
    }
    tuning = None
    if seconds is not None or plan is not None:
        tuning = _tuned(stages, network, batch, given, seconds, plan)
        module = tuning.module
    else:
        with stages.stage("build", "building"):
            optimised = optimise(network.typed, optimize, place.type, recomputed=recompute)
            module = (
                build_optimised(network.typed, optimised, **given) if optimised.steps else build(network.typed, **given)
            )
    # What is written runs on any device, with the same names.
    network = replace(network, typed=optimise(network.typed, optimize, recomputed=recompute).typed)
    with stages.stage("forward", f"running a batch of {batch}"):
        trial = try_out(module, network.typed, batch=batch, device=place, dtype=numbers, seed=seed)
    built = Built(network, module, trial, stages, filled, seed, tuning)
    if outputs:
        from graphbuilder.files import write_all

        with stages.stage("write", f"writing {', '.join(outputs)}"):
            write_all({output: content(built) for output, content in contents.items()})
    click.echo(json.dumps(built.data(outputs), indent=2) if as_json else built.text(outputs))


def _form(optimize: str | None, *, is_tuned: bool) -> str:
    """What it is optimised for: what is tuned answers."""
    if is_tuned and optimize not in (None, "inference"):
        raise click.UsageError(f"--tune and --plan are for --optimize inference, not {optimize}")
    return optimize or ("inference" if is_tuned else "none")


def _check_plan(plan: str, seconds: float | None, outputs: Sequence[str]) -> None:
    """Before any work."""
    if seconds is None and not Path(plan).exists():
        raise click.UsageError(f"there is no plan {plan} to read; --tune 30 writes one")
    if plan in outputs:
        raise click.UsageError("-o and --plan are two files")


def _tuned(
    stages: Stages, network: Network, batch: int, given: Mapping[str, Any], seconds: float | None, plan: str | None
) -> Tuning:
    from graphbuilder.tuning.tune import Wanted, tune

    with stages.timed("tune"), bars() as tell:
        return tune(Wanted(network.name, network.typed, batch, **given), seconds, plan, tell)
