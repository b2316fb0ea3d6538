"""Zip archives, opened with a bound: a list of some hundred thousand members takes seconds and much room."""

from __future__ import annotations

import struct
import zipfile
from typing import IO, Any, BinaryIO, cast

from graphbuilder.diagnostics.catalogue.weights import WeightsTooMany
from graphbuilder.weights.checkpoint import refusal

# Bytes of the list of members, of which a tensor of torch takes some seventy.
_LONGEST = 4 << 20
# Flags of a member: encrypted, patched, encrypted strongly.
_OTHERWISE = 0x01 | 0x20 | 0x40
# How an archive ends: for large ones with a record and where that is, and for all with a mark, four counts (disks and
# members), the length and the start of the list of members, and the length of a comment.
_RECORD = struct.Struct("<4sQ2H2L4Q")
_LOCATOR = struct.Struct("<4sLQL")
_END = struct.Struct("<4s4H2LH")
_LARGE = b"PK\x06\x07"


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


def ends_plainly(file: BinaryIO, size: int) -> bool:
    """Whether an archive of ``size`` bytes ends with one list of members and its end, as torch writes it.

    Of any other the library of Python and that of torch may find another list each: the one looks for the end in a
    comment, or corrects where the list starts.
    """
    at = size - _END.size
    if at < 0:
        return False
    mark, *_, length, start, comment = _END.unpack(_part(file, at, _END.size))
    large = at - _LOCATOR.size - _RECORD.size
    if large >= 0 and _part(file, at - _LOCATOR.size, len(_LARGE)) == _LARGE:
        record = _RECORD.unpack(_part(file, large, _RECORD.size))
        _, _, place, _ = _LOCATOR.unpack(_part(file, at - _LOCATOR.size, _LOCATOR.size))
        if record[0] != b"PK\x06\x06" or place != large:
            return False
        at, (*_, length, start) = large, record
    return mark == b"PK\x05\x06" and not comment and start + length == at


def _part(file: BinaryIO, start: int, length: int) -> bytes:
    file.seek(start)
    return file.read(length)


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
