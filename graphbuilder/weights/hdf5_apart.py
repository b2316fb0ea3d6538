"""What an HDF5 file holds, told by a process of its own: HDF5's library has hung and crashed over bent files.

    python -P -m graphbuilder.weights.hdf5_apart PATH START SIZE SECONDS

The file is the SIZE bytes from START on in PATH. The answer on standard output is a line of JSON, then what of the
numbers does not lie in one piece as numpy has it. The process has SECONDS of processor time and a gibibyte more memory
than its imports took, and may write no file.

HDF5 can do far more than Keras uses, and all of that is refused here: soft and external links, groups in two
places, external and virtual storage, filters (compression among them, since a filter can be a plug-in to load) and
tensors that are declared larger than the file. Nothing here knows what Keras means by a path.
"""

from __future__ import annotations

import io
import json
import math
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import h5py as _h5py  # pyright: ignore[reportMissingTypeStubs]  (there are none)

# h5py has no types, so what comes from it has none here.
h5py: Any = _h5py
Group = Any
Dataset = Any

_MORE_BYTES = 1 << 30
_MAX_DEPTH = 64
# Groups, tensors and attributes, some three seconds of them: several times as many as any of Keras's own networks has.
_MOST = 30_000
# Characters: of a path, and of a text that is asked for, of which Keras's largest has two million.
_LONGEST_PATH = 1_000
_LONGEST_TEXT = 8 << 20
# Of memory, for reading one: HDF5, h5py and Python have it each in turn.
_TEXT_ROOM = 8 * _LONGEST_TEXT
_SAVE = "save the tensors themselves"


class Refusal(Exception):
    """What is wrong: a code, a message, a remedy or None."""


class Window(io.RawIOBase):
    """A part of a file as if it were one."""

    def __init__(self, file: io.BufferedReader, start: int, size: int) -> None:
        self._file, self._start, self._size, self._at = file, start, size, 0

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer)
        self._file.seek(self._start + self._at)
        count = self._file.readinto(view[: max(0, min(len(view), self._size - self._at))])
        self._at += count
        return count

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        return self._at

    def tell(self) -> int:
        return self._at

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True


class Reader:
    """One walk through a file.

    Attributes:
        attributes: of every group by its path, their names, and the text of those that Keras is asked for.
        tensors: of every dataset by its path, its shape, kind of number, bytes of one, and where it begins; no place
            where it is among the ``pieces``, in their order, or no numbers at all.
        pieces: what has to be read here.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.attributes: dict[str, dict[str, str | None]] = {}
        self.tensors: dict[str, dict[str, Any]] = {}
        self.pieces: list[bytes] = []
        self._seen: set[int] = set()
        self._found = 0

    def walk(self, group: Group, path: str = "", depth: int = 1) -> None:
        """Everything below ``group``; each group once, since the ways through few of them can be without number."""
        self._count(len(group.attrs) + len(group))
        self.attributes[path] = dict(_attributes(group, path))
        self._seen.add(h5py.h5o.get_info(group.id).addr)
        for key in group:
            name = f"{path}/{key}" if path else key
            if len(name) > _LONGEST_PATH:
                message = f"it holds a path of more than {_LONGEST_PATH:,} characters"
                raise Refusal("GB414", message, f"it begins with `{name[:40]}`")
            if group.id.links.get_info(key.encode()).type != h5py.h5l.TYPE_HARD:
                raise Refusal("GB403", f"{name} is a link out of its place", _SAVE)
            item = group[key]
            if isinstance(item, h5py.Dataset):
                self.tensors[name] = self._told(name, item)
            elif h5py.h5o.get_info(item.id).addr in self._seen or depth == _MAX_DEPTH:
                raise Refusal("GB403", f"{name} is a group in two places, or {_MAX_DEPTH} groups deep", None)
            else:
                self.walk(item, name, depth + 1)

    def _count(self, more: int) -> None:
        self._found += more
        if self._found > _MOST:
            message = f"it has more than {_MOST:,} groups, tensors and attributes"
            raise Refusal("GB414", message, "save the weights alone, without what a trainer keeps")

    def _told(self, name: str, dataset: Dataset) -> dict[str, Any]:
        if dataset.external or dataset.is_virtual:
            raise Refusal("GB403", f"{name} is kept in another file", _SAVE)
        if dataset.id.get_create_plist().get_nfilters():
            raise Refusal("GB403", f"{name} is compressed or filtered", "h5repack -f NONE writes it plainly")
        kind, shape = dataset.dtype, tuple(map(int, dataset.shape or ()))
        told = {"shape": shape, "kind": kind.name, "itemsize": kind.itemsize}
        if kind.kind not in "fiub" or dataset.shape is None:
            return told
        declared = math.prod(shape) * kind.itemsize
        if declared > self.size:
            message = f"{name} is declared with {declared:,} bytes, and the file has {self.size:,}"
            raise Refusal("GB404", message, None)
        if _in_one_piece(dataset, declared):
            return {**told, "type": kind.str, "at": dataset.id.get_offset()}
        if sum(map(len, self.pieces)) + declared > self.size:
            raise Refusal("GB404", f"the tensors are larger than the file of {self.size:,} bytes", None)
        self.pieces.append(dataset[()].tobytes())
        return {**told, "type": kind.str}


def _in_one_piece(dataset: Dataset, declared: int) -> bool:
    """Whether the file has the very bytes that numpy would have."""
    layout = dataset.id.get_create_plist().get_layout()
    placed = layout == h5py.h5d.CONTIGUOUS and dataset.id.get_offset() is not None
    as_numpy = h5py.h5t.py_create(dataset.dtype) == dataset.id.get_type()
    return placed and as_numpy and dataset.id.get_storage_size() == declared


def _attributes(group: Group, path: str) -> Iterator[tuple[str, str | None]]:
    for name in group.attrs:
        asked = name == "model_config" if not path else name == "name" and path.endswith("vars")
        yield name, _text(group, name) if asked else None


def _text(group: Group, name: str) -> str:
    kind = group.attrs.get_id(name)
    # Looked at before it is read: HDF5 itself has crashed over what was no text.
    if h5py.check_string_dtype(kind.dtype) is None or kind.shape != ():
        raise Refusal("GB402", f"{name} is no text", None)
    large = Refusal("GB403", f"{name} is larger than {_LONGEST_TEXT >> 20} MiB", "save the weights alone")
    try:
        with _room(_TEXT_ROOM):  # how long a text is, HDF5 tells of the whole of it alone
            value = group.attrs[name]
    except (MemoryError, OSError) as error:
        raise large if isinstance(error, MemoryError) or "alloc" in str(error) else error from None
    if len(value) > _LONGEST_TEXT:
        raise large
    return value.decode() if isinstance(value, bytes) else value


@contextmanager
def _room(more: int) -> Generator[None]:
    """So many more bytes of memory at most, where the system has such a limit."""
    try:
        import resource

        before = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (_taken() + more, before[1]))
    except (ImportError, OSError, ValueError):  # no such limit, or a lower one already
        yield
        return
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def _taken() -> int:
    """The bytes of memory that this process has."""
    import resource

    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[0]) * resource.getpagesize()


def _limit(seconds: int) -> None:
    """The system's own limits, where it has them."""
    with suppress(ImportError, OSError):
        import resource

        room = _taken() + _MORE_BYTES
        for limit, most in (
            (resource.RLIMIT_CPU, seconds),
            (resource.RLIMIT_CORE, 0),
            (resource.RLIMIT_FSIZE, 0),
            (resource.RLIMIT_AS, room),
        ):
            allowed = resource.getrlimit(limit)[1]
            least = most if allowed == resource.RLIM_INFINITY else min(most, allowed)
            resource.setrlimit(limit, (least, least))


def _answer(path: str, start: int, size: int) -> tuple[dict[str, Any], list[bytes]]:
    reader = Reader(size)
    try:
        with open(path, "rb") as file, h5py.File(Window(file, start, size), "r") as root:
            reader.walk(root)
    except Refusal as refusal:
        return {"refused": refusal.args}, []
    except (OSError, RuntimeError, KeyError, ValueError, TypeError, OverflowError, MemoryError):
        # Whatever h5py raises over bytes that make no sense; what it says tells of its own insides.
        return {"refused": ("GB402", "it ends early, or bytes of it are wrong", None)}, []
    return {"attributes": reader.attributes, "tensors": reader.tensors}, reader.pieces


def main() -> None:
    path, start, size, seconds = sys.argv[1:]
    _limit(int(seconds))
    answer, pieces = _answer(path, int(start), int(size))
    sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n")
    sys.stdout.buffer.writelines(pieces)


if __name__ == "__main__":
    main()
