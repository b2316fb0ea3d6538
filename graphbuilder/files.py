"""Outputs, written whole or not at all: built beside the target, synced, then renamed into its place.

What is being built is locked; what a killed run left behind is not, and the next run sweeps it away.
What is no plain file or folder, be it a link to one, is refused, and so is a folder that holds anything but what is
about to be written.
Nothing here reads, makes missing folders or knows what the bytes are. Temporary files are written here too.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import stat
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path

from graphbuilder.diagnostics import CompileError
from graphbuilder.diagnostics.catalogue.usage import OutputFailed, OutputForeign, OutputKind

Target = str | os.PathLike[str]
# Of a file, or of all files of a folder by name.
Content = bytes | Mapping[str, bytes]

_STRAY = re.compile(r"\.graphbuilder-[0-9a-f]{16}")
# Of the path of a folder.
_ENDS = ("/", os.sep)
# Seconds in which what was just made may not be locked yet.
_FRESH = 0.5


def write_whole(path: Target, data: bytes) -> None:
    """Write ``data`` to the file ``path``; an existing file keeps its permissions.

    Raises:
        CompileError: when the target is no plain file but a link, say, or ends in ``/``, or the system refuses; the old
            file is then untouched.
    """
    write_all({path: data})


def write_all(outputs: Mapping[Target, Content]) -> None:
    """Write files, and folders by name to content: all are built and synced before the first takes its place.

    Raises:
        CompileError: when one of them cannot be written, or a folder holds other files than these; none has then been
            touched, unless it is a rename that failed.
    """
    with ExitStack() as staged:
        ready = {path: staged.enter_context(_staged(path, content)) for path, content in outputs.items()}
        for path, put_in_place in ready.items():
            with _coded(path):
                put_in_place()


def _staged(path: Target, content: Content) -> AbstractContextManager[Callable[[], None]]:
    return _staged_file(path, content) if isinstance(content, bytes) else _staged_folder(path, content)


@contextmanager
def _staged_file(path: Target, data: bytes) -> Generator[Callable[[], None]]:
    """Build the file beside its place; what is given puts it there, and what was not put there is removed."""

    def put_in_place() -> None:
        os.replace(temporary, target)
        _sync_folder(target.parent)

    target = Path(os.path.realpath(path))
    with ExitStack() as building:
        with _coded(path):
            _refuse_slash(path)
            _refuse_link(path)
            mode = _mode_of(target, path)
            temporary, descriptor = building.enter_context(_claimed(target, _new_file))
            _write_synced(descriptor, data, mode)
        yield put_in_place


@contextmanager
def _staged_folder(path: Target, files: Mapping[str, bytes]) -> Generator[Callable[[], None]]:
    """The same for a folder."""

    def put_in_place() -> None:
        _put_in_place(staging, target)
        _sync_folder(target.parent)

    target = Path(os.path.realpath(path))
    with ExitStack() as building:
        with _coded(path):
            _refuse_link(path)
            _refuse_foreign(target, path, files)
            staging, _ = building.enter_context(_claimed(target, _new_folder))
            for name, data in files.items():
                with _open(_new_file(staging / name)) as descriptor:
                    _write_synced(descriptor, data)
            _sync_folder(staging)
        yield put_in_place


@contextmanager
def temporary(content: Mapping[str, bytes]) -> Generator[Path]:
    """A folder with these files, where the system has temporary ones; it is gone afterwards.

    Raises:
        CompileError: GB506 when the system refuses.
    """
    import tempfile

    with ExitStack() as kept:
        try:
            folder = Path(kept.enter_context(tempfile.TemporaryDirectory(prefix="graphbuilder-")))
            for name, data in content.items():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_bytes(data)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            message = f"cannot write temporary files to {tempfile.tempdir or 'any folder'}: {reason}"
            remedy = "make room there, or name another folder in TMPDIR"
            raise CompileError((OutputFailed.at(None, message, help=remedy),)) from error
        yield folder


@contextmanager
def _coded(path: Target) -> Generator[None]:
    """What the system says, as an error with a code."""
    try:
        yield
    except OSError as error:
        message = f"cannot write {os.fspath(path)}: {(error.strerror or str(error)).lower()}"
        raise CompileError((OutputFailed.at(None, message, help=_remedy(error, path)),)) from error


def _remedy(error: OSError, path: Target) -> str:
    if isinstance(error, FileNotFoundError):
        return f"make the folder {Path(path).parent} first"
    return "nothing was written; choose another place with -o"


def _refuse_slash(path: Target) -> None:
    named = os.fspath(path)
    if named.endswith(_ENDS):
        message = f"{named} ends as a folder does, and this is a file"
        raise CompileError((OutputKind.at(None, message, help=f"write {named.rstrip('/' + os.sep)}"),))


def _refuse_link(path: Target) -> None:
    """Refuse a link: what it leads to, perhaps in quite another folder, is not what was named."""
    named = os.fspath(path).rstrip("/" + os.sep)
    if os.path.islink(named):
        to = os.readlink(named)
        message = f"{named} is a link to {to}, and nothing is written through a link"
        raise CompileError((OutputKind.at(None, message, help="name what it leads to with -o, or remove it"),))


def _mode_of(target: Path, path: Target) -> int | None:
    """The permissions of the file that is to be replaced, or None where there is none."""
    try:
        found = target.stat()
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(found.st_mode):
        message = f"{os.fspath(path)} is {kind_of(found.st_mode)}, not a file"
        raise CompileError((OutputKind.at(None, message, help="name a file with -o"),))
    if not os.access(target, os.W_OK):
        raise PermissionError(None, "the file is read-only")
    return stat.S_IMODE(found.st_mode)


def _refuse_foreign(target: Path, path: Target, files: Mapping[str, bytes]) -> None:
    try:
        found = target.stat()
    except FileNotFoundError:
        return
    if not stat.S_ISDIR(found.st_mode):
        message = f"{os.fspath(path)} is {kind_of(found.st_mode)}, not a folder"
        raise CompileError((OutputKind.at(None, message, help="name a new folder, or leave the `/` at the end out"),))
    if not os.access(target, os.W_OK):
        raise PermissionError(None, "the folder is read-only")
    foreign = sorted(entry.name for entry in target.iterdir() if entry.name not in files or entry.is_dir())
    if foreign:
        message = f"the folder {os.fspath(path)} holds other files: {', '.join(foreign[:5])}"
        raise CompileError((OutputForeign.at(None, message, help="name a new or empty folder"),))


def refuse_waiting(mode: int) -> None:
    """Refuse to read what may never end or begin.

    Raises:
        OSError: when ``mode`` is that of a pipe, a socket or a device.
    """
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise OSError(None, f"it is {kind_of(mode)}, not a file")


def kind_of(mode: int) -> str:
    """What a file of that mode is, in words."""
    kinds = (
        (stat.S_ISREG, "a file"),
        (stat.S_ISDIR, "a folder"),
        (stat.S_ISFIFO, "a pipe"),
        (stat.S_ISSOCK, "a socket"),
    )
    return next((word for test, word in kinds if test(mode)), "a device")


def _beside(target: Path, what: str = "") -> Path:
    """A new name in the target's folder, on its file system; short, as the target's may be long."""
    return target.with_name(f".graphbuilder-{what}{secrets.token_hex(8)}")


@contextmanager
def _claimed(target: Path, make: Callable[[Path], int]) -> Generator[tuple[Path, int]]:
    """Something new beside ``target`` and its descriptor, locked; what is still there in the end is removed."""
    _sweep(target.parent)
    path = _beside(target)
    try:
        with _open(make(path)) as descriptor:
            _lock(descriptor)
            yield path, descriptor
    finally:
        _remove(path)


@contextmanager
def _open(descriptor: int) -> Generator[int]:
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _new_file(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)


def _new_folder(path: Path) -> int:
    path.mkdir()
    return os.open(path, os.O_RDONLY | os.O_CLOEXEC)


def _sweep(folder: Path) -> None:
    """Remove what runs that were killed have left in ``folder``: what is named as `_beside` names, and not locked."""
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if _STRAY.fullmatch(entry.name) and (entry.is_dir(follow_symlinks=False) or _is_file(entry)):
                _sweep_one(Path(entry.path))


def _is_file(entry: os.DirEntry[str]) -> bool:
    return entry.is_file(follow_symlinks=False)


def _sweep_one(path: Path) -> None:
    with suppress(OSError):
        if time.time() - path.lstat().st_mtime < _FRESH:
            return
        with _open(os.open(path, os.O_RDONLY | os.O_CLOEXEC)) as descriptor:
            if _lock(descriptor):
                _remove(path)


def _lock(descriptor: int) -> bool:
    """Whether nobody else had it locked, and the system knows of locks; it is until the descriptor is closed."""
    with suppress(ImportError, OSError):
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()


def _write_synced(descriptor: int, data: bytes, mode: int | None = None) -> None:
    if mode is not None:
        os.fchmod(descriptor, mode)
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
    os.fsync(descriptor)


def _sync_folder(folder: Path) -> None:
    """Make the rename itself durable; not every file system can, and the file is whole without it."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _put_in_place(staging: Path, target: Path) -> None:
    """Rename ``staging`` to ``target``, and a folder that is already there to ``staging``, in one step.

    Where the system cannot do so, the old one is set aside, and put back should the renaming fail.
    """
    if not target.exists():
        os.rename(staging, target)
        return
    if _exchange(staging, target):
        return
    aside = _beside(target, "old-")
    os.rename(target, aside)
    try:
        os.rename(staging, target)
    except BaseException:
        os.rename(aside, target)
        raise
    shutil.rmtree(aside, ignore_errors=True)


def _exchange(one: Path, other: Path) -> bool:
    """Swap two folders by Linux's ``renameat2``; whether that could be done."""
    import ctypes

    try:
        rename = ctypes.CDLL(None).renameat2
    except (OSError, AttributeError, TypeError):
        return False
    here, exchange = -100, 2  # AT_FDCWD, RENAME_EXCHANGE
    return rename(here, os.fsencode(one), here, os.fsencode(other), exchange) == 0
