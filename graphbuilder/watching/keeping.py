"""Where a spec was served last, so that a page which is still open goes on when the spec is watched again.

The port and the secret of each spec are kept in a folder that only their user can enter: the system's folder for what
lasts as long as a session, or one among temporary files. Where there is no such folder, where it or a file in it is
another's, a link, or readable by others, nothing is read and nothing kept: the address is then a new one each time, as
it is when the port was taken in between.
"""

from __future__ import annotations

import os
import re
import stat
import tempfile
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from graphbuilder.diagnostics import CompileError
from graphbuilder.watching.hub import Hub
from graphbuilder.watching.server import Server

_KEPT = re.compile(r"(\d{1,5}) ([A-Za-z0-9_-]{32})\n")
_MOST = 64


class _Address(NamedTuple):
    port: int
    token: str


def serve(hub: Hub, spec: str, port: int = 0) -> Server:
    """A server of ``hub`` where ``spec`` was served last, unless another ``port`` is asked for or that is taken.

    Raises:
        CompileError: when the port cannot be had; with 0 any will do.
    """
    kept = _read(spec)
    if kept is None or port not in (0, kept.port):
        return _anew(hub, spec, port)
    try:
        return Server(hub, kept.port, kept.token)
    except CompileError:
        # Whoever has the port is told the secret by open pages.
        return _anew(hub, spec, port)


def _anew(hub: Hub, spec: str, port: int) -> Server:
    server = Server(hub, port)
    with suppress(OSError):
        _write(spec, _Address(server.server_port, server.token))
    return server


def _read(spec: str) -> _Address | None:
    """What is kept of ``spec``; None where nothing is, or it is not this user's alone."""
    try:
        opened = os.open(_file(spec), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    with os.fdopen(opened, "rb") as file:
        found = os.fstat(opened)
        said = file.read(_MOST) if stat.S_ISREG(found.st_mode) and _is_private(found) else b""
    match = _KEPT.fullmatch(said.decode("ascii", "replace"))
    return _Address(int(match[1]), match[2]) if match else None


def _write(spec: str, address: _Address) -> None:
    """Keep it in a new file.

    Raises:
        OSError: when that cannot be.
    """
    path = _file(spec)
    path.unlink(missing_ok=True)
    opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(opened, "w", encoding="ascii") as file:
        file.write(f"{address.port} {address.token}\n")


def _file(spec: str) -> Path:
    """Where the address of ``spec`` is kept.

    Raises:
        OSError: when there is no folder for it that is this user's alone.
    """
    if not hasattr(os, "getuid"):
        raise OSError("users are not told apart here")
    session = os.environ.get("XDG_RUNTIME_DIR", "")
    temporary = Path(tempfile.gettempdir()) / f"graphbuilder-{os.getuid()}"
    folder = Path(session) / "graphbuilder" if os.path.isabs(session) else temporary
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    found = os.lstat(folder)
    if not (stat.S_ISDIR(found.st_mode) and _is_private(found)):
        raise OSError(f"{folder} is open to others")
    return folder / sha256(os.fsencode(os.path.realpath(spec))).hexdigest()[:32]


def _is_private(found: os.stat_result) -> bool:
    return found.st_uid == os.getuid() and not found.st_mode & 0o077
