"""The command ``graphbuilder`` itself: its commands by name, each imported when it is run."""

from __future__ import annotations

from collections import Counter
from importlib import import_module
from keyword import iskeyword
from typing import Any

import click

from graphbuilder.cli.formatter import Context
from graphbuilder.cli.report import bad_use, report, unknown
from graphbuilder.diagnostics import CompileError

COMMANDS = (
    "compile",
    "render",
    "watch",
    "check",
    "summary",
    "compare",
    "diff",
    "weights",
    "import",
    "expand",
    "passes",
    "bench",
    "ops",
    "schema",
    "explain",
    "lsp",
)

EXAMPLES = """
\b
Examples:
  graphbuilder check specs/*.toml
  graphbuilder summary specs/xception.toml --set classes=10
  graphbuilder render specs/xception.toml -o xception.svg
  graphbuilder compile specs/xception.toml --device auto -o xception.py
"""


# The parameters of every command that reads specs, the first of them of no other; they stand behind a command's own.
READING = ("settings", "strict", "modules", "limits", "output_format")

# How the help calls the value of an option that names a file.
FILE = "FILE"


class Command(click.Command):
    """A command whose errors are drawn in the format that it was asked for."""

    context_class = Context

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        sections: dict[str, list[tuple[str, str]]] = {"Options": [], "How a spec is read": []}
        parameters = self.get_params(ctx)
        shared = READING if any(parameter.name == READING[0] for parameter in parameters) else ()
        for parameter in parameters:
            if isinstance(parameter, click.Option) and (record := parameter.get_help_record(ctx)):
                sections["How a spec is read" if parameter.name in shared else "Options"].append(record)
        for title, records in sections.items():
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does, which takes the last of an option that is given again: right for a choice, a loss for a file.

        Raises:
            CompileError: when an option that names one file is given again.
        """
        given = Counter(self.make_parser(ctx).parse_args(list(args))[2])
        for parameter, count in given.items():
            if (
                count > 1
                and isinstance(parameter, click.Option)
                and parameter.metavar == FILE
                and not parameter.multiple
            ):
                message = f"{parameter.opts[0]} names one file, and is given {count} times"
                raise bad_use(message, "leave all but one of them out, or run the command for each")
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except CompileError as error:
            report(error.diagnostics, ctx.params.get("output_format") or "text")
            ctx.exit(2)
        except BrokenPipeError:
            # click would exit with 1, which says that the fault is ours.
            ctx.exit(141)


class Commands(click.Group):
    """Finds commands by their module; ``--help`` alone imports them all."""

    context_class = Context

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            raise unknown("command", cmd_name, COMMANDS, "`graphbuilder --help` lists the commands")
        # A word of Python is no name of a module that reads well.
        module = f"{cmd_name}_" if iskeyword(cmd_name) else cmd_name
        return import_module(f"graphbuilder.cli.{module}").command


def _print_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        from graphbuilder import __version__

        click.echo(f"graphbuilder {__version__}")
        ctx.exit()


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100, "show_default": True},
    epilog=EXAMPLES,
)
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_print_version, help="Print the version."
)
def graphbuilder() -> None:
    """Neural networks described as data: check, draw, count and compile them."""
