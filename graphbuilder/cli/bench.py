"""``graphbuilder bench``: how fast networks run here, beside others and beside what the device could do."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click

from graphbuilder.cli.options import Reading, for_training, only_one, reads_specs
from graphbuilder.cli.report import has_colour, unknown
from graphbuilder.cli.root import Command
from graphbuilder.cli.stages import bars

if TYPE_CHECKING:
    from graphbuilder.backends.table.bench import Bench

_TUNED = "--tune is for evaluation with --optimize inference"
EXAMPLES = """
\b
Examples:
  graphbuilder bench specs/xception.toml --batch 1 --batch 8 --vs torch,compile
  graphbuilder bench specs/xception.toml --vs timm,keras,onnxruntime,openvino --json > results.json
  graphbuilder bench specs/xception.toml --tune 120 --vs torch,onnxruntime,openvino
  graphbuilder bench specs/resnet50.toml specs/mobilenet_v2.toml --vs timm:resnet50
  graphbuilder bench specs/xception.toml --training --batch 8 --vs torch,torch:channels_last,compile,timm,keras
  graphbuilder bench specs/xception.toml --device cuda --batch 256 --dtype bfloat16 --blocks -o roofline.svg
"""


@click.command(
    cls=Command, name="bench", short_help="Measure networks, beside others and their floor.", epilog=EXAMPLES
)
@click.argument("specs", metavar="SPEC...", nargs=-1, required=True)
@reads_specs
@click.option("--batch", "batches", type=click.IntRange(1), multiple=True, help="Samples in a batch, 1; repeatable.")
@click.option(
    "--dtype",
    "dtypes",
    type=click.Choice(["float32", "bfloat16", "float16"]),
    multiple=True,
    help="The type of all numbers, float32; repeatable.",
)
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto", help="Where it runs.")
@click.option("--training", is_flag=True, help="Measure steps of training: forward, loss, backward, update of weights.")
@click.option(
    "--optimize",
    type=click.Choice(["none", "inference", "training"]),
    help="How ours is compiled; for what is measured unless given.",
)
@click.option(
    "--recompute", is_flag=True, help="With --training, run blocks of ours again in the backward pass: less memory."
)
@click.option(
    "--vs",
    "versus",
    metavar="NAME,...",
    multiple=True,
    help="Measure these in turns with ours: torch, compile, timm, torchvision, keras, onnxruntime, openvino; a model "
    "or layout behind a colon.",
)
@click.option(
    "--seconds", type=click.FloatRange(0), default=10.0, help="Time for the rounds of each network, batch and dtype."
)
@click.option(
    "--tune",
    type=click.FloatRange(0),
    metavar="SECONDS",
    help="Find what runs ours fastest first, in that time for each case; found once, it is remembered.",
)
@click.option("--threads", type=click.IntRange(1), metavar="N", help="Threads of the CPU; torch's choice unless given.")
@click.option("--blocks", is_flag=True, help="Time every block of ours as well, beside its floor.")
@click.option("-o", "--output", metavar="FILE", help="With --blocks, plot the first case's roofline: .svg or .png.")
@click.option("--json", "as_json", is_flag=True, help="Everything as JSON.")
@click.option("--markdown", "as_markdown", is_flag=True, help="The tables in Markdown.")
def command(
    reading: Reading,
    specs: tuple[str, ...],
    *,
    batches: tuple[int, ...],
    dtypes: tuple[str, ...],
    device: str,
    training: bool,
    optimize: str | None,
    recompute: bool,
    versus: tuple[str, ...],
    seconds: float,
    tune: float | None,
    threads: int | None,
    blocks: bool,
    output: str | None,
    as_json: bool,
    as_markdown: bool,
) -> None:
    """Measure how fast networks run here in evaluation, or in training: time (median and nine tenths), samples a
    second, memory, the first call, and the part of it that this device needs at least.

    What they are measured beside runs in turns with them, on the same weights where it can; ratios are medians over
    the rounds. A library's model has weights of its own.
    """
    form = only_one(json=as_json, markdown=as_markdown)
    contenders = [name for each in versus for name in each.split(",")]
    _check(contenders, output, blocks)
    if training:
        _check_training(dtypes, optimize, blocks, tune)
    else:
        _check_evaluation(optimize, recompute, tune)
    if recompute:
        optimize = for_training(optimize)
    networks = [reading.network(spec) for spec in specs]
    from graphbuilder.benching.bench import bench

    with bars() as tell:
        result = bench(
            *networks,
            batches=batches or (1,),
            dtypes=dtypes or ("float32",),
            device=device,
            optimize=optimize,
            training=training,
            recompute=recompute,
            tune=tune,
            versus=contenders,
            seconds=seconds,
            threads=threads,
            blocks=blocks,
            tell=tell,
        )
    _print(result, form)  # ahead of a file that may not be written
    if output is not None:
        result.rooflines[0].plot(output)


def _check(contenders: list[str], output: str | None, blocks: bool) -> None:
    """Before any work."""
    from graphbuilder.benching.names import CONTENDERS

    for each in contenders:
        name = each.partition(":")[0]
        if name not in CONTENDERS:
            raise unknown("contender", name, CONTENDERS, f"take of {', '.join(CONTENDERS)}")
    if output is not None:
        from graphbuilder.backends.plot import checked_format

        checked_format(output)
        if not blocks:
            raise click.UsageError("-o plots what --blocks measures, and it is not asked for")


def _check_evaluation(optimize: str | None, recompute: bool, tune: float | None) -> None:
    if optimize == "training" or recompute:
        raise click.UsageError(f"{'--recompute' if recompute else '--optimize training'} is measured with --training")
    if tune is not None and optimize == "none":
        raise click.UsageError(_TUNED)


def _check_training(dtypes: tuple[str, ...], optimize: str | None, blocks: bool, tune: float | None) -> None:
    if blocks:
        raise click.UsageError("--blocks times evaluation, and --training asks for steps")
    if optimize == "inference":
        raise click.UsageError("what is compiled with --optimize inference is not trained")
    if "float16" in dtypes:
        raise click.UsageError("--training measures float32, and bfloat16 under autocast")
    if tune is not None:
        raise click.UsageError(_TUNED)


def _print(result: Bench, form: str | None) -> None:
    if form == "json":
        click.echo(json.dumps(result.data(), indent=2))
    elif form == "markdown":
        click.echo(result.markdown(), nl=False)
    elif sys.stdout.isatty():
        from rich.console import Console

        from graphbuilder.backends.table.bench_rows import show

        show(result, Console(no_color=not has_colour()))
    else:
        click.echo(result.text(), nl=False)
