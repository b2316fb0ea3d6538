"""The way in and every way out: 0 done, 1 a fault of ours, 2 a bad spec or bad use, 130 interrupted, 141 nobody reads.

Whatever happens, a person sees a coded error and never a bare traceback.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import NoReturn

import click

from graphbuilder.cli.report import report, report_fault, report_refusal
from graphbuilder.cli.root import graphbuilder
from graphbuilder.diagnostics import CompileError

INTERRUPTED = 130
NOBODY_READS = 141


def main() -> NoReturn:
    """Run the command that the process was started with, and exit."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command and give its exit code."""
    for stream in (sys.stdout, sys.stderr):
        _show_what_it_can(stream)
    try:
        code = _run(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        # What is left in the buffer has nowhere to go, and Python would complain of it on its way out.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return NOBODY_READS
    return code


def _run(arguments: Sequence[str]) -> int:
    try:
        code = graphbuilder.main(list(arguments), prog_name="graphbuilder", standalone_mode=False)
    except CompileError as error:
        report(error.diagnostics)
    except click.UsageError as error:
        report_refusal(error)
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except (BrokenPipeError, SystemExit):
        raise
    except Exception as error:  # the last line of defence: anything that comes here is a fault of ours
        report_fault(error)
        return 1
    else:
        return code if isinstance(code, int) else 0
    return 2


def _show_what_it_can(stream: object) -> None:
    """A stream that cannot encode a character shows a question mark instead of failing."""
    if reconfigure := getattr(stream, "reconfigure", None):
        reconfigure(errors="replace")
