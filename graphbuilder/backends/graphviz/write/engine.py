"""Runs Graphviz on DOT: the ``dot`` of the machine if it has one that draws, else the ``graphviz-pure`` wheel.

Writes no file.
"""

# The graphviz package has no stubs.
# pyright: reportMissingTypeStubs=false

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Literal

import graphviz

_PURE = "graphviz-pure"


class NoEngine(RuntimeError):
    """Neither Graphviz is there, or neither could draw."""


def draw(source: str, format: Literal["svg", "png"]) -> bytes:
    """``source`` drawn.

    Raises:
        NoEngine: when no Graphviz draws it.
    """
    return _draw_here(source, format) or _draw_pure(source, format)


def draw_pdf(source: str) -> bytes | None:
    """``source`` as PDF, by the machine's Graphviz if it has one that can: the wheel cannot."""
    return _draw_here(source, "pdf")


def has_pdf() -> bool:
    """Whether the machine has a Graphviz of its own, which takes fonts of the machine."""
    return shutil.which("dot") is not None


def _draw_here(source: str, format: str) -> bytes | None:
    try:
        return graphviz.pipe("dot", format, source.encode(), quiet=True) or None
    except (graphviz.ExecutableNotFound, subprocess.CalledProcessError, OSError):
        return None


def _draw_pure(source: str, format: str) -> bytes:
    program = _pure()
    if program is None:
        raise NoEngine("neither `dot` nor `graphviz-pure` is installed")
    done = subprocess.run([program, "-q", f"-T{format}"], input=source.encode(), capture_output=True, check=False)
    if done.returncode:
        raise NoEngine(done.stderr.decode(errors="replace").strip() or f"graphviz-pure ended with {done.returncode}")
    return done.stdout


def _pure() -> str | None:
    """Where the wheel put its program: beside this Python, or wherever the shell finds it."""
    folders = (sysconfig.get_path("scripts"), str(Path(sys.executable).parent))
    return next((found for folder in folders if (found := shutil.which(_PURE, path=folder))), None) or shutil.which(
        _PURE
    )
