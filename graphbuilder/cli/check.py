"""``graphbuilder check``: is a spec right, and if not, what is wrong with it."""

from __future__ import annotations

import sys

import click

from graphbuilder.cli.options import Reading, reads_specs
from graphbuilder.cli.report import report
from graphbuilder.cli.root import Command
from graphbuilder.diagnostics import Diagnostic
from graphbuilder.diagnostics.screen import safe

EXAMPLES = """
\b
Examples:
  graphbuilder check specs/xception.toml
  graphbuilder check specs/*.toml --strict
  graphbuilder expand specs/xception.toml | graphbuilder check -
  graphbuilder check specs/xception.toml --output-format sarif > xception.sarif
"""


@click.command(cls=Command, name="check", short_help="Check specs without building anything.", epilog=EXAMPLES)
@click.argument("specs", metavar="SPEC...", nargs=-1, required=True)
@reads_specs
def command(reading: Reading, specs: tuple[str, ...]) -> None:
    """Check specs, each in full, without building anything.

    A spec that is right gets a line "ok"; - is a spec on standard input, here as in every command. What is found goes
    to standard output in every format, as it is the result here.
    """
    for_machines = reading.output_format in ("json", "github", "sarif")
    if specs.count("-") > 1:
        raise click.UsageError("standard input can be read only once")
    found: list[Diagnostic] = []
    failed = False
    for spec in specs:
        checked = reading.check(spec)
        failed |= reading.fails(checked)
        found += checked.diagnostics
        if not for_machines and not reading.fails(checked):
            click.echo(f"{safe(spec)}: ok")
    report(found, reading.output_format, sys.stdout)
    if failed:
        click.get_current_context().exit(2)
