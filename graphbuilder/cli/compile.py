"""``graphbuilder compile``: build the module, run it once, say what was built, write it."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from graphbuilder.cli.options import Reading, for_training, reads_names, reads_spec
from graphbuilder.cli.root import Command
from graphbuilder.cli.stages import Stages, bars

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from torch import nn

    from graphbuilder.cli.built import Built
    from graphbuilder.compiler import Network
    from graphbuilder.diagnostics import Diagnostic
    from graphbuilder.files import Content
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
def command(reading: Reading, spec: str, *, as_json: bool, outputs: tuple[str, ...], **options: Any) -> None:
    """Build a network as a torch module and run a forward on a random batch.

    What is written needs only torch.
    """
    outputs = tuple(dict.fromkeys(outputs))
    asked = _Asked(**options)
    _check(asked, outputs)
    contents = _contents(asked, outputs)
    stages = Stages()
    with stages.stage("check", f"checking {spec}"):
        network = reading.network(spec)
    with stages.stage("torch", "importing torch"):
        import_module("graphbuilder.backends.torch")  # before it is used, so that its time is told apart
    built = _built(asked, network, stages, reading.warn)
    if outputs:
        from graphbuilder.files import write_all

        with stages.stage("write", f"writing {', '.join(outputs)}"):
            write_all({output: content(built) for output, content in contents.items()})
    click.echo(json.dumps(built.data(outputs), indent=2) if as_json else built.text(outputs))


@dataclass(frozen=True)
class _Asked:
    """The options of how the network is built, by the names that click gives them."""

    device: str
    dtype: str
    optimize: str | None
    recompute: bool
    seconds: float | None
    plan: str | None
    batch: int
    weights: str | None
    weights_map: str | None
    weights_except: tuple[str, ...]
    seed: int

    @property
    def is_tuned(self) -> bool:
        return self.seconds is not None or self.plan is not None

    @property
    def form(self) -> str:
        """What it is optimised for: what is tuned answers."""
        optimize = for_training(self.optimize) if self.recompute else self.optimize
        return optimize or ("inference" if self.is_tuned else "none")


def _check(asked: _Asked, outputs: Sequence[str]) -> None:
    """Refuse what does not go together, before any work."""
    if (asked.weights_map or asked.weights_except) and not asked.weights:
        raise click.UsageError("--weights-map and --weights-except say how to read --weights, and there are none")
    if asked.is_tuned and asked.form != "inference":
        raise click.UsageError(f"--tune and --plan are for --optimize inference, not {asked.form}")
    if asked.plan is not None:
        _check_plan(asked.plan, asked.seconds, outputs)


def _check_plan(plan: str, seconds: float | None, outputs: Sequence[str]) -> None:
    if seconds is None and not Path(plan).exists():
        raise click.UsageError(f"there is no plan {plan} to read; --tune 30 writes one")
    if plan in outputs:
        raise click.UsageError("-o and --plan are two files")


def _contents(asked: _Asked, outputs: Sequence[str]) -> Mapping[str, Callable[[Built], Content]]:
    """What makes the content of each file."""
    from graphbuilder.cli.built import contents_of, is_folder

    contents = contents_of(outputs)
    if asked.form != "none" and any(map(is_folder, outputs)):
        raise click.UsageError("a folder holds the network as written; with --optimize write .py and .safetensors")
    return contents


def _built(asked: _Asked, network: Network, stages: Stages, warn: Callable[[Sequence[Diagnostic]], None]) -> Built:
    """The module, with a forward behind it."""
    from graphbuilder.backends.torch.chosen import device_named, dtype_named
    from graphbuilder.backends.torch.trial import try_out
    from graphbuilder.cli.built import Built
    from graphbuilder.cli.filled import Filled, fill
    from graphbuilder.passes import optimise

    place, numbers, seed = device_named(asked.device), dtype_named(asked.dtype), asked.seed
    filled = Filled()
    if asked.weights:
        with stages.stage("weights", f"reading {asked.weights}"):
            filled = fill(network, asked.weights, asked.weights_map, asked.weights_except)
        warn(filled.warnings)
    given = {"device": place, "dtype": numbers, "seed": seed, "weights": filled.tensors, "drawn": filled.drawn}
    tuning = _tuned(asked, network, stages, given) if asked.is_tuned else None
    module = tuning.module if tuning else _plain(asked, network, stages, given)
    # What is written runs on any device, with the same names.
    typed = optimise(network.typed, asked.form, recomputed=asked.recompute).typed
    with stages.stage("forward", f"running a batch of {asked.batch}"):
        trial = try_out(module, typed, batch=asked.batch, device=place, dtype=numbers, seed=seed)
    return Built(replace(network, typed=typed), module, trial, stages, filled, seed, tuning)


def _plain(asked: _Asked, network: Network, stages: Stages, given: Mapping[str, Any]) -> nn.Module:
    from graphbuilder.backends.torch import build, build_optimised
    from graphbuilder.passes import optimise

    with stages.stage("build", "building"):
        optimised = optimise(network.typed, asked.form, given["device"].type, recomputed=asked.recompute)
        if optimised.steps:
            return build_optimised(network.typed, optimised, **given)
        return build(network.typed, **given)


def _tuned(asked: _Asked, network: Network, stages: Stages, given: Mapping[str, Any]) -> Tuning:
    from graphbuilder.tuning.tune import Wanted, tune

    with stages.timed("tune"), bars() as tell:
        return tune(Wanted(network.name, network.typed, asked.batch, **given), asked.seconds, asked.plan, tell)
