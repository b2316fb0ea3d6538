"""What a contender lacks, as errors with a remedy; what others' code raises is theirs, and told as such."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from graphbuilder.diagnostics import CompileError
from graphbuilder.diagnostics.catalogue.backends import PeerMissing, PeerUnfit
from graphbuilder.diagnostics.screen import safe


def imported(contender: str, module: str, package: str | None = None) -> Any:
    """The module that ``contender`` needs, of ``package`` where that has another name.

    Raises:
        CompileError: GB709 where it is not installed, or cannot be imported.
    """
    try:
        return import_module(module)
    # Libraries that do not fit each other raise what they like.
    except Exception as error:
        message = f"{contender} cannot be measured: {module} cannot be imported"
        help_ = f"pip install {package or module}, or leave {contender} out of --vs"
        raise CompileError((PeerMissing.at(None, message, notes=(_told(error),), help=help_),)) from error


def unfit(contender: str, why: str, help_: str) -> CompileError:
    """The error of a contender that does not run this case."""
    return CompileError((PeerUnfit.at(None, f"{contender} cannot be measured: {why}", help=help_),))


@contextmanager
def theirs(contender: str) -> Generator[None]:
    """Raise ``CompileError`` GB710 where what runs inside, others' code, raises anything."""
    try:
        yield
    except CompileError:
        raise
    except Exception as error:
        message = f"{contender} cannot be measured: it fails on this network"
        help_ = f"leave {contender} out of --vs, or take another model, batch, size or dtype"
        raise CompileError((PeerUnfit.at(None, message, notes=(_told(error),), help=help_),)) from error


def _told(error: Exception) -> str:
    lines = str(error).strip().splitlines() or [""]
    return safe(f"{type(error).__name__}: {lines[0][:200]}")
