"""What torch says when memory runs out, which it says in many ways, as an error with a code."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

import torch

from graphbuilder.diagnostics import CompileError
from graphbuilder.diagnostics.catalogue.backends import MemoryShort

# torch raises a plain RuntimeError for the CPU's memory, and another where a size does not fit 64 bits.
_WORDS = (
    "not enough memory",
    "can't allocate memory",
    "out of memory",
    "size calculation overflowed",
    "numel: integer",
)


@contextmanager
def memory_coded(doing: str) -> Generator[None]:
    """Raise ``CompileError`` GB707 where what runs inside, called ``doing``, finds no memory."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not is_of_memory(error):
            raise
        remedy = "take a smaller batch, a smaller size, fewer channels or a narrower dtype"
        raise CompileError((MemoryShort.at(None, f"there is not enough memory to {doing}", help=remedy),)) from error


def is_of_memory(error: Exception) -> bool:
    """Whether ``error`` says that memory ran out."""
    known = isinstance(error, MemoryError | torch.OutOfMemoryError)
    return known or any(word in str(error).lower() for word in _WORDS)
