"""Zip archives, opened with a bound: a list of some hundred thousand members takes seconds and much room."""

from __future__ import annotations

import zipfile
from typing import IO, Any, cast

from graphbuilder.diagnostics.catalogue.weights import WeightsTooMany
from graphbuilder.weights.checkpoint import refusal

# Bytes of the list of members, of which a tensor of torch takes some seventy.
_LONGEST = 4 << 20
# Flags of a member: encrypted, patched, encrypted strongly.
_OTHERWISE = 0x01 | 0x20 | 0x40


def archive_in(path: str, file: IO[bytes]) -> zipfile.ZipFile:
    """The archive in ``file``, its list of members read; what it holds is read from it at any length.

    Raises:
        CompileError: GB414, where that list is longer than any archive of tensors has it.
        zipfile.BadZipFile: where it is none, or one that makes no sense.
    """
    listing = _Listing(path, file)
    try:
        found = zipfile.ZipFile(cast("IO[bytes]", listing))
    except (OSError, ValueError, NotImplementedError) as error:
        # A place ahead of the file's start, a name that is no text, a version to come.
        raise zipfile.BadZipFile(str(error)) from error
    listing.most = None
    return found


def is_plain(member: zipfile.ZipInfo) -> bool:
    """Whether a member is stored byte by byte: neither compressed nor encrypted nor patched."""
    return member.compress_type == zipfile.ZIP_STORED and not member.flag_bits & _OTHERWISE


class _Listing:
    """A file of which the library reads the list of members, and that at once."""

    def __init__(self, path: str, file: IO[bytes]) -> None:
        self._path, self._file, self.most = path, file, cast("int | None", _LONGEST)

    def read(self, size: int = -1) -> bytes:
        if self.most is not None and size > self.most:
            message = f"{self._path} lists members in {size:,} bytes, and {self.most:,} are read at most"
            raise refusal(WeightsTooMany, message)
        return self._file.read(size)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)
