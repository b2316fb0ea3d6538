"""The way in and every way out: 0 done, 1 a fault of ours, 2 a bad spec or bad use, 130 interrupted, 141 nobody reads.

A command may say more with 1 where that is the custom: `diff` ends so where something changed.

Whatever happens, a person sees a coded error and never a bare traceback.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import NoReturn, TextIO

import click

from graphbuilder.cli.report import report, report_fault, report_refusal
from graphbuilder.cli.root import graphbuilder
from graphbuilder.diagnostics import CompileError
from graphbuilder.diagnostics.catalogue.usage import OutputFailed

INTERRUPTED = 130
NOBODY_READS = 141
# What a stream answers that takes no more: full, over a quota, or broken.
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


def main() -> NoReturn:
    """Run the command that the process was started with, and exit."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command and give its exit code."""
    sys.stdout, sys.stderr = map(_usable, (sys.stdout, sys.stderr))
    try:
        code = _run(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        _drop_output()
        return NOBODY_READS
    except OSError as error:
        _drop_output()
        _report_lost(error)
        return 2
    return code


def _run(arguments: Sequence[str]) -> int:
    stream = sys.stdout
    try:
        code = graphbuilder.main(list(arguments), prog_name="graphbuilder", standalone_mode=False)
    except CompileError as error:
        report(error.diagnostics)
    except click.UsageError as error:
        report_refusal(error)
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except SystemExit:
        if sys.stdout is not stream:  # click's answer to a broken pipe: it wraps the stream, and would end with 1
            return NOBODY_READS
        raise
    except BrokenPipeError:
        raise
    except Exception as error:  # the last line of defence: anything that comes here is a fault of ours
        if isinstance(error, OSError) and error.errno in NO_ROOM and error.filename is None:
            raise
        report_fault(error)
        return 1
    else:
        return code if isinstance(code, int) else 0
    return 2


def _usable(stream: TextIO | None) -> TextIO:
    """A stream that shows a question mark for what it cannot encode; one that is closed takes all and shows nothing."""
    if stream is None:
        return open(os.devnull, "w", encoding="utf-8")
    if reconfigure := getattr(stream, "reconfigure", None):
        reconfigure(errors="replace")
    return stream


def _drop_output() -> None:
    """What is left in the buffer has nowhere to go, and Python would complain of it on its way out."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _report_lost(error: OSError) -> None:
    reason = (error.strerror or str(error)).lower()
    with suppress(OSError):  # it may be standard error that is full
        message = f"cannot write to standard output: {reason}"
        report((OutputFailed.at(None, message, help="send it where there is room"),))
