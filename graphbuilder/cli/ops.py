"""``graphbuilder ops``: the catalogue, and the reference of one op."""

from __future__ import annotations

import shutil
import sys

import click

from graphbuilder.cli.report import unknown
from graphbuilder.cli.root import Command

EXAMPLES = """
\b
Examples:
  graphbuilder ops
  graphbuilder ops sepconv
  graphbuilder ops --ops my_package.my_ops
"""


@click.command(cls=Command, name="ops", short_help="List the ops, or tell all about one.", epilog=EXAMPLES)
@click.argument("name", required=False)
@click.option(
    "--ops", "modules", metavar="PACKAGE.MODULE", multiple=True, help="Import a module that registers ops; repeatable."
)
def command(name: str | None, modules: tuple[str, ...]) -> None:
    """List the ops by family, or tell all about the one called NAME."""
    from graphbuilder.backends.table.ops import WIDTH, listing, reference
    from graphbuilder.cli.modules import import_ops
    from graphbuilder.ops import catalogue

    import_ops(modules)
    screen = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    if name is None:
        click.echo(listing(catalogue(), screen), nl=False)
    elif name in catalogue():
        click.echo(reference(catalogue()[name], min(screen or WIDTH, WIDTH)), nl=False)
    else:
        raise unknown("op", name, catalogue(), "`graphbuilder ops` lists the ops")
