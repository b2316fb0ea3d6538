"""``graphbuilder diff``: what changed between two networks. It exits with 0 for nothing and 1 for something."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from graphbuilder.cli.modules import import_ops
from graphbuilder.cli.options import Reading, reads_specs
from graphbuilder.cli.report import bad_use, has_colour, report, screen_width
from graphbuilder.cli.root import Command
from graphbuilder.diagnostics.draw import WIDTH

if TYPE_CHECKING:
    from graphbuilder.backends.graphviz.options import Style, Theme
    from graphbuilder.compiler import Checked
    from graphbuilder.differing import Differences

DIFFERENT = 1

EXAMPLES = """
\b
Examples:
  graphbuilder diff specs/xception.toml specs/xception_tutorial.toml
  graphbuilder diff specs/xception.toml --to-set residual=false -o ablation.svg
  graphbuilder diff specs/resnet50.toml --set classes=10 --from-set size=224 --to-set size=288
  graphbuilder diff main:specs/xception.toml specs/xception.toml --json
"""


@click.command(cls=Command, name="diff", short_help="Tell what changed between two networks.", epilog=EXAMPLES)
@click.argument("before", metavar="SPEC")
@click.argument("after", metavar="[SPEC]", required=False)
@reads_specs
@click.option("--from-set", "ours", metavar="NAME=VALUE", multiple=True, help="Set a param of the first; repeatable.")
@click.option("--to-set", "theirs", metavar="NAME=VALUE", multiple=True, help="Set a param of the second; repeatable.")
@click.option("--json", "as_json", is_flag=True, help="Everything as JSON.")
@click.option("-o", "--output", metavar="FILE", help="Draw both in one figure: .svg, .png, .pdf, .dot, .tex, .mmd.")
@click.option(
    "--theme", type=click.Choice(["light", "dark", "auto"]), default="auto", help="The colours of the figure."
)
@click.option(
    "--style", type=click.Choice(["colour", "paper"]), default="colour", help="paper: black on white, for print."
)
@click.pass_context
def command(
    context: click.Context,
    reading: Reading,
    before: str,
    after: str | None,
    *,
    ours: tuple[str, ...],
    theirs: tuple[str, ...],
    as_json: bool,
    output: str | None,
    theme: Theme,
    style: Style,
) -> None:
    """Tell what changed from one network to another, or to the same at other settings.

    A SPEC may be REV:PATH, as git knew it. Steps are matched by their names and by what they are; what only follows
    from a change (·), as `out = "=in_channels"` does, is not counted, and a change of a block counts once, wherever the
    block is used. The exit code is 0 where nothing changed, 1 where
    something did, and 2 where a spec cannot be read.

    Networks that have next to nothing in common are told by their totals, and drawn side by side.

    In JSON, `different`; `alike`, but for networks told by their totals; `before` and `after` with `name`, `source`,
    `settings`, `inputs`, `outputs`, `parameters`, `macs` and `activations`; `delta` of these; `params` of both that
    have other values, as [before, after]; how many steps are only `following`; and `differences`, each with its `kind`
    (added, removed, renamed, changed), `what` it is, the paths of its steps `before` and `after`, `changes` by name as
    [before, after], `delta` and `places` in the specs; these names stay.
    """
    from graphbuilder.differing.report import format_of
    from graphbuilder.rendering import unshown

    if after is None and not (ours or theirs):
        raise bad_use("there is nothing to compare it with", _second(before))
    if before == after == "-":
        raise bad_use("standard input is one spec, not two", "put one of them into a file")
    if style == "paper" and theme == "dark":
        raise bad_use("paper is white", "leave out --theme dark, or --style paper")
    if output is not None:
        format_of(output)  # before any work
    found = _differences(reading, (before, ours), (after or before, theirs))
    if output is not None:
        typed = (found.before.network.typed, found.after.network.typed)
        report(
            tuple(each for one in typed for each in unshown(one, format_of(output), style=style)), reading.output_format
        )
        found.draw(output, theme=theme, style=style)
    if as_json:
        click.echo(json.dumps(found.data(), indent=2))
    else:
        click.echo(found.text(screen_width() or WIDTH, sys.stdout.isatty() and has_colour()), nl=False)
    if found:
        context.exit(DIFFERENT)


def _second(before: str) -> str:
    """What may be meant to be compared with a spec that is named alone."""
    from graphbuilder.differing import revisions

    wanted = revisions.revision(before)
    if wanted is None:
        return "name a second spec, or --to-set NAME=VALUE"
    return f"name the file as it is now: {before} {wanted.path.removeprefix('./')}"


def _differences(reading: Reading, *sides: tuple[str, tuple[str, ...]]) -> Differences:
    """What changed between specs, each at its own settings behind those of both.

    Raises:
        CompileError: with the mistakes of both.
    """
    from graphbuilder.comparing import gather
    from graphbuilder.differing import Side, differences

    found = [_checked(replace(reading, settings=(*reading.settings, *own)), spec) for spec, own in sides]
    variants = [(", ".join(own), checked) for (_, own), (checked, _) in zip(sides, found, strict=True)]
    networks = gather(variants, reading.strict)
    report(
        tuple({str(each): each for network in networks for each in network.warnings}.values()), reading.output_format
    )
    named = zip(networks, sides, found, strict=True)
    before, after = (Side(network, spec, own, folder) for network, (spec, own), (_, folder) in named)
    return differences(before, after)


def _checked(reading: Reading, spec: str) -> tuple[Checked, tuple[str, str]]:
    """A spec, and how its folder is called where not as it lies on the disk."""
    from graphbuilder.differing import revisions

    wanted = revisions.revision(spec)
    if wanted is None:
        revisions.refuse_alone(spec)
        return reading.check(spec), ("", "")
    import_ops(reading.modules)
    checked, folder = revisions.check(wanted, settings=reading.settings, limits=reading.caps())
    return checked, (folder, wanted.folder)
