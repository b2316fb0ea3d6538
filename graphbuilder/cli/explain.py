"""``graphbuilder explain``: what a code means."""

from __future__ import annotations

import click

from graphbuilder.cli.report import bad_use, screen_width, unknown
from graphbuilder.cli.root import Command
from graphbuilder.diagnostics.draw import WIDTH

EXAMPLES = """
\b
Examples:
  graphbuilder explain GB204
  graphbuilder explain --all --markdown > codes.md
"""


@click.command(cls=Command, name="explain", short_help="Explain an error by its code.", epilog=EXAMPLES)
@click.argument("codes", metavar="[CODE]...", nargs=-1)
@click.option("--all", "every", is_flag=True, help="Explain all codes.")
@click.option("--markdown", "as_markdown", is_flag=True, help="Write a page in Markdown.")
def command(codes: tuple[str, ...], every: bool, as_markdown: bool) -> None:
    """Explain errors by their codes, with an example of the fault and of its repair."""
    from graphbuilder.diagnostics.catalogue import rules
    from graphbuilder.diagnostics.explaining import explain, markdown

    if bool(codes) == every:
        raise bad_use("codes and --all exclude each other, and one of them is needed", "graphbuilder explain GB204")
    for code in codes:
        if code.upper() not in rules():
            raise unknown("code", code, rules(), "every error begins with its code, such as GB204")
    chosen = tuple(rules()) if every else codes
    if as_markdown:
        click.echo(markdown(chosen), nl=False)
        return
    click.echo("\n\n".join(explain(code, screen_width() or WIDTH) for code in chosen))
