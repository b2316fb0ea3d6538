"""``graphbuilder summary``: what a network consists of and costs, or what a device needs for it at least."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import click

from graphbuilder.cli.options import Reading, only_one, reads_spec
from graphbuilder.cli.report import bad_use, has_colour
from graphbuilder.cli.root import Command

if TYPE_CHECKING:
    from graphbuilder.analysis.roofline import Device, Fusion
    from graphbuilder.backends.table import Summary
    from graphbuilder.backends.table.roofline import Roofline

# The most characters of JSON that are indented.
_MOST_INDENTED = 2_000_000

EXAMPLES = """
\b
Examples:
  graphbuilder summary specs/xception.toml
  graphbuilder summary specs/xception.toml --depth 4 --set middle=4
  graphbuilder summary specs/xception.toml --json | jq .parameters.total
  graphbuilder summary specs/xception.toml --roofline h200 --batch 256 --dtype bfloat16 -o roofline.svg
  graphbuilder summary specs/xception.toml --roofline h200 --batch 256 --dtype bfloat16 --training
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
    "--batch",
    type=click.IntRange(1),
    metavar="N",
    help="Tell the memory of a forward and backward pass of N samples; with --roofline, take batches of N.",
)
@click.option(
    "--roofline",
    type=click.Choice(["h200", "h100", "a100", "measure"]),
    help="Tell what this device needs at least for an evaluation, and what bounds each block; `measure` takes the "
    "machine at hand, and measures it.",
)
@click.option(
    "--dtype",
    type=click.Choice(["float32", "bfloat16", "float16"]),
    help="With --roofline, the type of all numbers; float32 unless given.",
)
@click.option(
    "--fuse",
    type=click.Choice(["nothing", "elementwise", "separable", "blocks"]),
    help="With --roofline, what one kernel does; separable unless given.",
)
@click.option("--training", is_flag=True, help="With --roofline, tell of a step of training: forward and backward.")
@click.option("-o", "--output", metavar="FILE", help="With --roofline, plot it as well: .svg or .png.")
@click.option("--json", "as_json", is_flag=True, help="Everything, at every depth, as JSON.")
@click.option("--markdown", "as_markdown", is_flag=True, help="The table in Markdown.")
def command(
    reading: Reading,
    spec: str,
    *,
    depth: int | None,
    batch: int | None,
    roofline: str | None,
    dtype: str | None,
    fuse: Fusion | None,
    training: bool,
    output: str | None,
    as_json: bool,
    as_markdown: bool,
) -> None:
    """Print parameters, multiply-accumulates and shapes by block.

    Parameters are learnable ones; running statistics are told among the totals. A block that is repeated counts all its
    copies; the rows under it count one. In JSON, parameters.trainable are the learnable ones, and parameters.total all,
    with running statistics; these names stay.

    With --roofline, the table has the bytes and floating-point operations of each block instead, the least time that
    the device needs for them, and whether memory, arithmetic or launches of kernels set it; with --training those of a
    step of training.
    """
    form = only_one(json=as_json, markdown=as_markdown)
    if roofline is not None:
        if output is not None:
            from graphbuilder.backends.plot import checked_format

            checked_format(output)  # before any work
        found = _roofline(reading, spec, roofline, batch, dtype, fuse, training)
        if output is not None:
            found.plot(output)
        _print(found, form, depth or found.summary.depth)
        return
    if dtype or fuse or training or output:
        raise click.UsageError("--dtype, --fuse, --training and -o say what --roofline tells, and it is not asked for")
    from graphbuilder.compiler import summary

    result = summary(reading.network(spec), batch=batch)
    _print(result, form, depth or result.depth)


def _roofline(
    reading: Reading,
    spec: str,
    device: str,
    batch: int | None,
    dtype: str | None,
    fuse: Fusion | None,
    training: bool,
) -> Roofline:
    from graphbuilder.analysis.roofline import DEVICES
    from graphbuilder.benching.rooflines import roofline

    network, numbers = reading.network(spec), dtype or "float32"
    chosen = _measured() if device == "measure" else DEVICES[device]
    if numbers not in chosen.matrix:
        raise bad_use(f"{chosen.name} has no units for {numbers}", f"take --dtype {' or '.join(chosen.matrix)}")
    fusion = fuse or "separable"
    return roofline(network, chosen, batch=batch or 1, dtype=numbers, fusion=fusion, training=training)


def _measured() -> Device:
    """The graphics card, or the processor where there is none."""
    from graphbuilder.backends.torch.chosen import device_named
    from graphbuilder.benching.measured import measured

    return measured(device_named("auto"))


def _as_json(data: dict[str, Any]) -> str:
    """``data`` indented, unless that is more than anyone reads: indents of deep blocks are most of such a text."""
    text = json.dumps(data)
    return json.dumps(data, indent=2) if len(text) < _MOST_INDENTED else text


def _print(result: Summary | Roofline, form: str | None, depth: int) -> None:
    if form == "json":
        click.echo(_as_json(result.data()))
    elif form == "markdown":
        click.echo(result.markdown(depth), nl=False)
    elif sys.stdout.isatty():
        from rich.console import Console

        from graphbuilder.backends.table.screen import show

        show(result, depth, Console(no_color=not has_colour()))
    else:
        click.echo(result.text(depth), nl=False)
