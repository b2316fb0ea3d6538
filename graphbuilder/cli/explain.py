"""``graphbuilder explain``: what a code means."""

from __future__ import annotations

import click

from graphbuilder.cli.report import screen_width, unknown
from graphbuilder.cli.root import Command
from graphbuilder.diagnostics.draw import WIDTH


@click.command(
    cls=Command,
    name="explain",
    short_help="Explain an error by its code.",
    epilog="Example: graphbuilder explain GB204",
)
@click.argument("code")
def command(code: str) -> None:
    """Explain an error by its code, with an example of the fault and of its repair."""
    from graphbuilder.diagnostics.catalogue import explain, rules

    if code.upper() not in rules():
        raise unknown("code", code, rules(), "every error begins with its code, such as GB204")
    click.echo(explain(code, screen_width() or WIDTH))
