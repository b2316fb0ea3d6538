"""The files that a spec is made of, and when one of them is another than it was.

Folders are watched and not files, since many editors write a new file and give it the old one's name. Once a second
the files are looked at as well: a folder may be made anew, and not every file system tells of changes.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from graphbuilder.diagnostics import CompileError
from graphbuilder.document import load

_DEEPEST = 9
_STEP, _DEBOUNCE, _LOOK, _GRACE = 10, 60, 1000, 50
"""Milliseconds: of quiet that end a change, that a change takes at most, after which files are looked at, and that a
save is given to write what it has begun."""


class _Look(NamedTuple):
    """What tells a file from the one that had its name."""

    changed: int
    size: int
    number: int


def files_of(spec: Path) -> tuple[Path, ...]:
    """The spec and what it extends, as far as that can be read; the last may be missing."""
    found = [spec]
    while len(found) < _DEEPEST:
        written = _extended(found[-1])
        path = found[-1].parent / written
        if not written or path in found:
            break
        found.append(path)
    return tuple(found)


class Sources:
    """The files of one spec. They are looked at before it is read, so that no save falls between."""

    def __init__(self, spec: Path) -> None:
        self._spec = spec
        self._kept: tuple[Path, ...] = ()
        self._files: tuple[Path, ...] = ()
        self._seen: tuple[_Look | None, ...] = ()

    def look(self) -> None:
        """Note how the files are."""
        self._files = tuple(dict.fromkeys((*files_of(self._spec), *self._kept)))
        self._seen = _looks(self._files)

    def goes_on(self) -> bool:
        """Whether a save that was looked at in its middle, the file emptied or half written, goes on soon after."""
        time.sleep(_GRACE / 1000)
        return _looks(self._files) != self._seen

    def keep(self) -> None:
        """Watch these files from now on, even where a mistake hides that they are extended."""
        self._kept = files_of(self._spec)

    def wait(self) -> None:
        """Wait until a file is written, made, renamed or deleted since it was looked at."""
        while True:
            try:
                if any(_looks(self._files) != self._seen for _ in self._ticks()):
                    return
            except OSError:
                # A folder is gone, or the system watches no more: what is left is to look.
                time.sleep(_LOOK / 1000)

    def _ticks(self) -> Iterator[object]:
        """Something at once, whenever a folder of the files changes, and once a second; it ends where none is left."""
        from watchfiles import watch

        yield None
        folders = {folder for path in self._files for folder in (path.parent, path.resolve().parent)}
        there = [folder for folder in folders if folder.is_dir()]
        if len(there) < len(folders):
            time.sleep(_LOOK / 1000)
            return
        yield from watch(
            *there,
            watch_filter=None,
            recursive=False,
            step=_STEP,
            debounce=_DEBOUNCE,
            rust_timeout=_LOOK,
            yield_on_timeout=True,
        )


def _looks(files: tuple[Path, ...]) -> tuple[_Look | None, ...]:
    return tuple(map(_look, files))


def _look(path: Path) -> _Look | None:
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    return _Look(found.st_mtime_ns, found.st_size, found.st_ino)


def _extended(path: Path) -> str:
    """What a file extends, as it is written; "" for nothing, and for what no spec may extend."""
    try:
        written = load(path).data.get("extends")
        return written if isinstance(written, str) and _may_be(path.parent / written, path.parent) else ""
    except (CompileError, OSError, ValueError, RuntimeError):
        return ""


def _may_be(path: Path, folder: Path) -> bool:
    """Whether a file of ``folder`` may be opened to look on: a plain one that lies in it, or none yet."""
    real = path.resolve()
    return real.is_relative_to(folder.resolve()) and (real.is_file() or not real.exists())
