"""``--ops package.module``: the one way in which a caller's code joins the catalogue from the command line."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from importlib import import_module

from graphbuilder.diagnostics import CompileError
from graphbuilder.diagnostics.catalogue.usage import OpsModule


def import_ops(names: Iterable[str]) -> None:
    """Import each module; what is on the path already goes before the current folder.

    Raises:
        CompileError: when one cannot be imported, or registers what the catalogue refuses.
    """
    for name in names:
        if os.getcwd() not in sys.path:
            sys.path.append(os.getcwd())
        try:
            import_module(name)
        except Exception as error:  # a caller's module may raise anything
            message = f"cannot import the ops of `{name}`: {type(error).__name__}: {error}"
            remedy = f"see that `import {name}` works in Python from here"
            raise CompileError((OpsModule.at(None, message, help=remedy),)) from error
