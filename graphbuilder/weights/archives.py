"""How much an archive lists, told before it is: a list of some hundred thousand members takes seconds and much room."""

from __future__ import annotations

import zipfile
from typing import Any, BinaryIO

from graphbuilder.diagnostics.catalogue.weights import WeightsTooMany
from graphbuilder.weights.checkpoint import refusal

# Bytes of the list of members, of which a tensor of torch takes some seventy.
_LONGEST = 4 << 20
# Where the standard library has the size of that list among what stands at an archive's end.
_SIZE = 5


def refuse_wide(path: str, file: BinaryIO) -> None:
    """Refuse an archive of very many members; ``file`` is left at its start, and what is no archive alone.

    Raises:
        CompileError: GB414.
    """
    # It finds the list as the library does that reads it then, and has no public name.
    library: Any = zipfile
    try:
        end = library._EndRecData(file)
    except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError):
        return
    finally:
        file.seek(0)
    if end and end[_SIZE] > _LONGEST:
        message = f"{path} lists members in {end[_SIZE]:,} bytes, and {_LONGEST:,} are read at most"
        raise refusal(WeightsTooMany, message)
