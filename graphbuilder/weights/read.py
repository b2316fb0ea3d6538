"""Weights files, opened by what they hold: Keras archives and HDF5, safetensors, torch's own.

Only tensors are read. No file makes this module run code, follow a link out of the file or reserve more memory than the
file has bytes; there is no second, laxer way of reading. Nothing here knows the network that the weights are for.
"""

from __future__ import annotations

import os
import zipfile
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

from graphbuilder.diagnostics import CompileError
from graphbuilder.diagnostics.catalogue.weights import WeightsDamaged, WeightsTooMany, WeightsUnknown
from graphbuilder.document.reading import cannot_open
from graphbuilder.files import refuse_waiting
from graphbuilder.garbage import no_search
from graphbuilder.weights.archives import archive_in
from graphbuilder.weights.checkpoint import Checkpoint, refusal

HDF5 = b"\x89HDF\r\n\x1a\n"
_ZIP = b"PK\x03\x04"
_PICKLE = b"\x80"
# That of safetensors, in bytes; and of what is read here, some hundred thousand tensors.
_HEADER = 100_000_000
_LONGEST_HEADER = 16 << 20


@no_search()
def read(path: str | Path) -> Checkpoint:
    """Open the weights file at ``path``; use it in a ``with``.

    Names are those of layers and tensors: ``block1_conv1/kernel`` for Keras, whose automatic numbers start afresh
    (``conv2d_8, conv2d_9`` become ``conv2d, conv2d_1``), a ``state_dict``'s own for torch.

    Raises:
        CompileError: GB001 to GB003 when it cannot be opened, GB401 to GB404 when it cannot or may not be read.
    """
    with ExitStack() as opened:
        try:
            # A pipe would be waited for, and none of these formats can be read from one.
            file = opened.enter_context(open(path, "rb", opener=_at_once))
            found = os.fstat(file.fileno())
            refuse_waiting(found.st_mode)
            size = found.st_size
            head = file.read(16)
        except (OSError, ValueError) as error:
            raise CompileError((cannot_open(Path(path), str(path), error),)) from None
        file.seek(0)
        return _dispatch(str(path), file, head, size, opened)


def _at_once(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)


def _dispatch(path: str, file: BinaryIO, head: bytes, size: int, opened: ExitStack) -> Checkpoint:
    """The reader for what the first bytes promise; each is imported only where it is needed."""
    if head.startswith(HDF5):
        from graphbuilder.weights import keras_files

        return keras_files.read_hdf5(path, file, size, opened)
    if head.startswith(_ZIP) and _is_keras(path, file):
        from graphbuilder.weights import keras_files

        return keras_files.read_archive(path, file, opened)
    # Before pickles, since the length of a header may begin with a pickle's first byte.
    header = int.from_bytes(head[:8], "little")
    if head[8:9] == b"{" and header <= _HEADER:
        if header > _LONGEST_HEADER:
            message = f"{path} has a header of {header:,} bytes, and {_LONGEST_HEADER:,} are read at most"
            raise refusal(WeightsTooMany, message, "save the tensors alone, under shorter names")
        from graphbuilder.weights import torch_files

        return torch_files.read_safetensors(path, opened)
    if head.startswith((_ZIP, _PICKLE)):
        from graphbuilder.weights import torch_files

        return torch_files.read_state(path, file, size)
    if path.endswith(".safetensors"):
        raise refusal(WeightsDamaged, f"{path} is damaged: it has no header", "fetch or save the file again")
    raise refusal(
        WeightsUnknown,
        f"{path} is not a weights file",
        "Keras's .keras and .h5, .safetensors, and torch's .pth are read",
    )


def _is_keras(path: str, file: BinaryIO) -> bool:
    """Whether a zip archive is one of Keras; one that cannot be read is left to whoever reads it and says why."""
    try:
        return "config.json" in archive_in(path, file).namelist()
    except zipfile.BadZipFile:
        return False
    finally:
        file.seek(0)
