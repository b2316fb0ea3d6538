"""``graphbuilder ops``: the catalogue, and the references of single ops."""

from __future__ import annotations

from typing import get_args

import click

from graphbuilder.cli.report import bad_use, screen_width, unknown
from graphbuilder.cli.root import Command

EXAMPLES = """
\b
Examples:
  graphbuilder ops
  graphbuilder ops sepconv conv
  graphbuilder ops --family attention
  graphbuilder ops --ops my_package.my_ops
"""


@click.command(cls=Command, name="ops", short_help="List the ops, or tell all about some.", epilog=EXAMPLES)
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option("--family", metavar="FAMILY", help="Tell all about the ops of one family.")
@click.option(
    "--ops", "modules", metavar="PACKAGE.MODULE", multiple=True, help="Import a module that registers ops; repeatable."
)
def command(names: tuple[str, ...], family: str | None, modules: tuple[str, ...]) -> None:
    """List the ops by family, or tell all about those called NAME: arguments, inputs, weights, examples."""
    from graphbuilder.backends.table.ops import WIDTH, listing, reference
    from graphbuilder.cli.modules import import_ops
    from graphbuilder.ops import catalogue
    from graphbuilder.ops.other_names import op_remedy

    import_ops(modules)
    wanted = _of_family(family, names) if family else names
    for name in wanted:
        if name not in catalogue():
            raise bad_use(f"there is no op `{name}`", op_remedy(name, catalogue()))
    if not wanted:
        click.echo(listing(catalogue(), screen_width()), nl=False)
        return
    width = min(screen_width() or WIDTH, WIDTH)
    click.echo("\n\n".join(reference(catalogue()[name], width) for name in dict.fromkeys(wanted)), nl=False)


def _of_family(family: str, names: tuple[str, ...]) -> list[str]:
    from graphbuilder.ir.op import Family
    from graphbuilder.ops import catalogue

    if names:
        raise bad_use("names of ops and --family exclude each other", "give one of them")
    if family not in get_args(Family):
        raise unknown("family", family, get_args(Family), f"the families are {', '.join(get_args(Family))}")
    return [name for name, op in catalogue().items() if op.family == family]
