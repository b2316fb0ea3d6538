"""``graphbuilder compare``: variants of networks side by side."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from itertools import product
from math import prod
from typing import TYPE_CHECKING

import click

from graphbuilder.cli.options import Reading, only_one, reads_specs
from graphbuilder.cli.report import bad_use, has_colour, report
from graphbuilder.cli.root import Command
from graphbuilder.cli.stages import bar, silent
from graphbuilder.document.writing import shown

if TYPE_CHECKING:
    from graphbuilder.backends.table.comparison import Comparison
    from graphbuilder.compiler import Checked, Network

MOST = 1000  # variants; a table of more is read by nobody

EXAMPLES = """
\b
Examples:
  graphbuilder compare specs/resnet18.toml specs/resnet50.toml specs/xception.toml -o plot.svg
  graphbuilder compare specs/xception.toml --set-grid middle=4,8,16 --set-grid residual=true,false
  graphbuilder compare specs/resnet50.toml --set-grid 'depths=[3,4,6,3],[3,4,23,3]' --markdown
  graphbuilder compare specs/resnet18.toml specs/xception.toml --time --device cuda --batch 64
"""


@click.command(cls=Command, name="compare", short_help="Compare networks, or variants of one.", epilog=EXAMPLES)
@click.argument("specs", metavar="SPEC...", nargs=-1, required=True)
@reads_specs
@click.option(
    "--set-grid",
    "grid",
    metavar="NAME=A,B,...",
    multiple=True,
    help="Take every spec with each of these values; repeatable, for every combination.",
)
@click.option("--time", "timed", is_flag=True, help="Measure a forward of each: medians of rounds that run them all.")
@click.option("--batch", type=click.IntRange(1), metavar="N", default=1, help="Samples in the batch that is timed.")
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto", help="Where it is timed.")
@click.option("--markdown", "as_markdown", is_flag=True, help="The table in Markdown.")
@click.option("--csv", "as_csv", is_flag=True, help="Plain numbers, comma-separated.")
@click.option("--json", "as_json", is_flag=True, help="Everything as JSON.")
@click.option("-o", "--output", metavar="FILE", help="Plot parameters against MACs as well: .svg or .png.")
def command(
    reading: Reading,
    specs: tuple[str, ...],
    *,
    grid: tuple[str, ...],
    timed: bool,
    batch: int,
    device: str,
    as_markdown: bool,
    as_csv: bool,
    as_json: bool,
    output: str | None,
) -> None:
    """Compare networks, or variants of one, side by side.

    Parameters are learnable ones; multiply-accumulates and activations (float32) are of one sample. A receptive field
    is of windows (convolutions, pools, windows of attention), on all paths together; "then all" where something reads
    the whole input besides, "not known" where axes are cut and joined otherwise. Changes are to the first row.
    """
    from graphbuilder.comparing import compare

    form = only_one(markdown=as_markdown, csv=as_csv, json=as_json)
    if output is not None:
        from graphbuilder.backends.plot import checked_format

        checked_format(output)  # before any work
    networks = _networks(reading, specs, grid)
    with bar("building") if timed else nullcontext(silent) as tell:
        comparison = compare(*networks, timed=timed, batch=batch, device=device, tell=tell)
    if output is not None:
        comparison.plot(output)
    _print(comparison, form)


def _networks(reading: Reading, specs: tuple[str, ...], grid: tuple[str, ...]) -> list[Network]:
    from graphbuilder.comparing import gather, told_of

    axes = [_settings(each) for each in grid]
    _set_once(reading.settings, axes)
    if len(specs) * prod(map(len, axes)) > MOST:
        raise bad_use(f"this asks for more than {MOST} variants", "leave values out, or compare in parts")
    variants: list[tuple[str, Checked]] = [
        (told_of(", ".join(chosen), spec, specs), replace(reading, settings=(*reading.settings, *chosen)).check(spec))
        for spec, chosen in product(specs, product(*axes))
    ]
    networks = gather(variants, reading.strict)
    warnings = {str(each): each for network in networks for each in network.warnings}
    report(tuple(warnings.values()), reading.output_format)
    return networks


def _set_once(settings: tuple[str, ...], axes: list[list[str]]) -> None:
    names = [*{_name(each) for each in settings}, *(_name(axis[0]) for axis in axes)]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise bad_use(f"`{twice}` is set twice", "name a param once, in --set or in --set-grid")


def _name(setting: str) -> str:
    return setting.partition("=")[0].strip()


def _settings(written: str) -> list[str]:
    """``NAME=A,B`` as ``NAME=A`` and ``NAME=B``, each once; commas within brackets and quotes part nothing."""
    name, equals, values = written.partition("=")
    found = dict.fromkeys(each.strip() for each in _parts(values))
    if not equals or not all(found):
        raise bad_use(f"{shown(written)} is no grid", "write NAME=A,B, such as middle=4,8 or 'depths=[2,2],[3,4]'")
    return [f"{name}={value}" for value in found]


def _parts(text: str) -> Iterator[str]:
    depth, quote, start = 0, "", 0
    for index, character in enumerate(text):
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        elif character in "[]":
            depth += 1 if character == "[" else -1
        elif character == "," and depth == 0:
            yield text[start:index]
            start = index + 1
    yield text[start:]


def _print(comparison: Comparison, form: str | None) -> None:
    if form == "json":
        click.echo(json.dumps(comparison.data(), indent=2))
    elif form == "csv":
        click.echo(comparison.csv(), nl=False)
    elif form == "markdown":
        click.echo(comparison.markdown(), nl=False)
    elif sys.stdout.isatty():
        from rich.console import Console

        from graphbuilder.backends.table.beside import show

        show(comparison, Console(no_color=not has_colour()))
    else:
        click.echo(comparison.text(), nl=False)
