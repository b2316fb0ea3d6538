"""What goes to the person when something is wrong: diagnostics, bad use, and faults of ours."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import traceback
from collections.abc import Iterable, Sequence
from typing import IO

import click

from graphbuilder.diagnostics import CompileError, Diagnostic, Help
from graphbuilder.diagnostics.draw import WIDTH, Format, draw


def report(diagnostics: Sequence[Diagnostic], output_format: Format = "text", stream: IO[str] | None = None) -> None:
    """Write ``diagnostics`` to ``stream``, standard error unless given; no text at all for none of them."""
    out = sys.stderr if stream is None else stream
    on_screen = out.isatty()
    width = shutil.get_terminal_size((WIDTH, 24)).columns if on_screen or "COLUMNS" in os.environ else WIDTH
    text = draw(diagnostics, output_format, width=width, colour=on_screen and has_colour())
    if text:
        print(text, file=out)


def screen_width() -> int | None:
    """The columns of the terminal that standard output goes to, or None where it goes elsewhere."""
    return shutil.get_terminal_size((WIDTH, 24)).columns if sys.stdout.isatty() else None


def has_colour() -> bool:
    """Whether the person wants colours where a screen has them."""
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def bad_use(message: str, remedy: Help) -> CompileError:
    """The error of a command line that asks for what there is not."""
    from graphbuilder.diagnostics.catalogue.usage import Usage

    return CompileError((Usage.at(None, message, help=remedy),))


def unknown(kind: str, name: str, known: Iterable[str], remedy: str) -> CompileError:
    """The same for a name; a near one is the remedy where there is one."""
    from graphbuilder.diagnostics.nearest import meant

    return bad_use(f"there is no {kind} `{name}`", meant(name, known) or remedy)


def report_refusal(error: click.UsageError) -> None:
    """A command line that click refuses, in the words of every other error."""
    command = error.ctx.command_path if error.ctx else "graphbuilder"
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(error.format_message(), err=True)
        return
    message = error.format_message().rstrip(".").replace("'", "`")
    for theirs, ours in _NUMBERS:
        message = message.replace(theirs, ours)
    wanted = _number(error.param.type) if isinstance(error, click.BadParameter) and error.param else None
    refusal = bad_use(message[:1].lower() + message[1:], wanted or f"`{command} --help` says how it is used")
    report(refusal.diagnostics)


# What click says of numbers.
_NUMBERS = (("is not a valid integer range", "is no whole number"), ("is not a valid float range", "is no number"))


def _number(wanted: object) -> str | None:
    """A remedy that says the form of a number; None for what is none."""
    if not isinstance(wanted, click.IntRange | click.FloatRange):
        return None
    kind = "a whole number" if isinstance(wanted, click.IntRange) else "a number"
    if wanted.max is None:
        return f"write {kind} from {wanted.min} on"
    return f"write {kind} from {wanted.min} to {wanted.max}"


def report_fault(error: Exception) -> None:
    """A fault of ours: what to send to whom, with the traceback in a file, or on the screen for those who ask."""
    from graphbuilder.diagnostics.catalogue.internal import Fault

    details = "".join(traceback.format_exception(error))
    if os.environ.get("GRAPHBUILDER_TRACEBACK"):
        print(details, file=sys.stderr, end="")
        notes = ()
    else:
        notes = (f"the traceback is in {_keep(details)}",)
    report((Fault.of(error, *notes),))


def _keep(details: str) -> str:
    with tempfile.NamedTemporaryFile(
        "w", prefix="graphbuilder-", suffix=".txt", encoding="utf-8", delete=False
    ) as file:
        file.write(details)
    return file.name
