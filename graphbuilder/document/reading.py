"""The bytes of a file as text: what can be wrong before a word of it is read."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import islice
from pathlib import Path

from graphbuilder.diagnostics import CompileError, Diagnostic, Meant, Source
from graphbuilder.diagnostics.catalogue.files import FileIsFolder, FileMissing, FileNotUtf8, FileUnreadable
from graphbuilder.diagnostics.catalogue.limits import TextTooLarge
from graphbuilder.diagnostics.nearest import nearest
from graphbuilder.document.lines import Lines
from graphbuilder.files import refuse_waiting

MAX_BYTES = 256 * 1024
_NEIGHBOURS = 1000
# Where a shell has what it substitutes for a command.
_STREAMS, _STDIN = (Path("/dev/fd"), Path("/proc/self/fd")), Path("/dev/stdin")

Texts = Callable[[Path], str | None]
_TEXTS: ContextVar[Texts] = ContextVar("texts", default=lambda _: None)


@contextmanager
def instead(texts: Texts) -> Generator[None]:
    """Meanwhile a file for which ``texts`` has a text is that text: what an editor has open and has not saved."""
    before = _TEXTS.set(texts)
    try:
        yield
    finally:
        _TEXTS.reset(before)


def stands_in(path: Path) -> bool:
    """Whether a text is there for the file at ``path``, which itself need not be."""
    return _TEXTS.get()(path) is not None


def read_text(path: Path, name: str, max_bytes: int) -> str:
    """The text of the file at ``path``, which errors call ``name``; never more than ``max_bytes`` and one are read.

    Raises:
        CompileError: when it cannot be read, is longer, or is not UTF-8.
    """
    if (text := _TEXTS.get()(path)) is not None:
        return decoded(text.encode(errors="replace"), name, max_bytes)
    try:
        if not _is_stream(path):
            refuse_waiting(path.stat().st_mode)
            _refuse_leaving(path)
        with path.open("rb") as file:
            data = file.read(max_bytes + 1)
    except (OSError, ValueError) as error:
        raise CompileError((cannot_open(path, name, error),)) from None
    return decoded(data, name, max_bytes)


def _is_stream(path: Path) -> bool:
    """Whether it was opened for this very process, by whoever started it."""
    return path == _STDIN or path.parent in _STREAMS


def _refuse_leaving(path: Path) -> None:
    """Refuse a link out of its folder: errors show lines of what they are about, and who checks all specs of a change
    has not named what its links lead to.

    Raises:
        OSError: when it is one.
    """
    if path.is_symlink() and not path.resolve().is_relative_to(path.parent.resolve()):
        raise OSError(None, "it is a link that leads out of its folder")


def decoded(data: bytes, name: str, max_bytes: int) -> str:
    """The text of ``data``, which errors call ``name``.

    Raises:
        CompileError: when it has more than ``max_bytes``, or is not UTF-8.
    """
    if len(data) > max_bytes:
        raise CompileError((too_large(name, max_bytes),))
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise CompileError((_not_utf8(data, name, error),)) from None


def with_line_feeds(text: str) -> str:
    """``text`` with a line feed alone at the end of every line; some programs write several carriage returns ahead of
    it."""
    *lines, last = text.split("\n")
    return "\n".join([*(line.rstrip("\r") for line in lines), last])


def refuse_halves(text: str, name: str) -> None:
    """Refuse ``text``, which errors call ``name``, where it holds half a character, as an editor may send one.

    Raises:
        CompileError: when it cannot be UTF-8.
    """
    try:
        text.encode()
    except UnicodeEncodeError as error:
        at, source = len(with_line_feeds(text[: error.start])), Source(name, with_line_feeds(text))
        message = f"U+{ord(source.text[at]):04X} is half a character, and stands alone"
        raise CompileError((FileNotUtf8.at(Lines(source).span(at, at + 1), message, help="delete it"),)) from None


def too_large(name: str, max_bytes: int) -> Diagnostic:
    """That ``name`` has more than ``max_bytes``."""
    size = f"{max_bytes / 1024:g} KiB"
    remedy = "write what repeats once, with `repeat`, or raise the limit: --limit bytes=N"
    return TextTooLarge.at(None, f"{name} is larger than {size}", help=remedy)


def cannot_open(path: Path, name: str, error: OSError | ValueError) -> Diagnostic:
    """Why the file at ``path``, which errors call ``name``, could not be opened or read."""
    if not name:
        return FileMissing.at(None, "the path is empty", help="name a file")
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return _missing(path, name)
    return _unreadable(path, name, error)


def _missing(path: Path, name: str) -> Diagnostic:
    try:
        names = [entry.name for entry in islice(path.parent.iterdir(), _NEIGHBOURS)]
    except (OSError, ValueError):
        names = []
    # A suffix that all share would make every name a near one.
    by_stem = {Path(each).stem: each for each in sorted(names, key=lambda each: Path(each).suffix == path.suffix)}
    near = nearest(path.stem, by_stem)
    remedy = Meant((str(path.parent / by_stem[near]),), quote="") if near else None
    if path.is_symlink():
        remedy = f"it is a link to {path.readlink()}, which is not there"
    return FileMissing.at(None, f"no such file: {name}", help=remedy or "see that the path is right, from this folder")


def _unreadable(path: Path, name: str, error: OSError | ValueError) -> Diagnostic:
    if isinstance(error, IsADirectoryError) or (isinstance(error, PermissionError) and path.is_dir()):
        return FileIsFolder.at(None, f"{name} is a folder", help="name the file in it")
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return FileUnreadable.at(None, f"cannot read {name}: {reason}")


def _not_utf8(data: bytes, name: str, error: UnicodeDecodeError) -> Diagnostic:
    encoding = "UTF-16" if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "another encoding"
    offset = len(data[: error.start].decode())
    text = data.decode(errors="replace")
    return FileNotUtf8.at(
        Lines(Source(name, text)).span(offset, offset + 1),
        f"byte {data[error.start]:#04x} at offset {error.start} is not UTF-8",
        label="from here on",
        help=f"the file seems to be in {encoding}: save it as UTF-8",
    )
