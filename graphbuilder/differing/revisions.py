"""A spec as git knew it: ``main:specs/x.toml``, with what it extends as that was then.

git runs as a process of its own with arguments that are no shell's, only reads, and fetches nothing. What it gives is
read as any other spec; nothing of the working tree is looked at.
"""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from graphbuilder.diagnostics import CompileError, Diagnostic, Label, Source, Span, Way
from graphbuilder.diagnostics.catalogue.usage import RevisionUnreadable
from graphbuilder.document import parse
from graphbuilder.document.reading import MAX_BYTES, decoded, too_large
from graphbuilder.files import temporary

if TYPE_CHECKING:
    from subprocess import CompletedProcess

    from graphbuilder.compiler import Checked
    from graphbuilder.elaborate import Limits

_DEEPEST, _SECONDS = 9, 30
# What stands in braces is a time or a search, which may hold a colon: ``main@{2026-11-01 12:00}:specs/x.toml``.
_WRITTEN = re.compile(r"((?:[^:{]|\{[^}]*\})+):(.+)", re.DOTALL)
_QUIET = {"GIT_NO_LAZY_FETCH": "1", "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}


@dataclass(frozen=True)
class Revision:
    """A file of a revision; ``path`` is as git wants it, with ``./`` before what is meant from the current folder."""

    name: str
    path: str

    def __str__(self) -> str:
        return f"{self.name}:{self.path}"

    @property
    def folder(self) -> str:
        """What the paths of its neighbours begin with."""
        return f"{self.name}:{posixpath.join(posixpath.dirname(self.path), '')}"


def revision(written: str) -> Revision | None:
    """What ``REV:PATH`` means; None for what is a file, standard input, or no such thing."""
    found = _WRITTEN.fullmatch(written)
    if found is None or os.path.lexists(written):
        return None
    name, path = found.groups()
    drive = len(name) == 1 and path[0] in ("/", "\\")
    return None if drive else Revision(name, path)


def refuse_alone(written: str) -> None:
    """Refuse what is no file but a revision without a path: that names no spec.

    Raises:
        CompileError: when it is one.
    """
    if written == "-" or not written.strip() or written.startswith("-") or os.path.lexists(written):
        return
    try:
        known = _git("rev-parse", "--verify", "--quiet", f"{written}^{{commit}}").returncode == 0
    except CompileError:
        return
    if known:
        raise _refusal(f"`{written}` is a revision of all files", f"name one of them: `{written}:specs/xception.toml`")


def check(wanted: Revision, *, settings: Sequence[str] = (), limits: Limits | None = None) -> tuple[Checked, str]:
    """The spec of a revision with what it extends, and the folder that stands in paths of places for the revision's.

    That folder is gone by then. Mistakes are returned, not raised, and name files as ``REV:PATH``.
    """
    from graphbuilder.compiler import Checked, check_text

    most = limits.bytes if limits else MAX_BYTES
    try:
        files = _laid_out(wanted, most)
        with temporary({path: text.encode() for path, text in files.items()}) as folder:
            text, name = next(iter(files.values())), str(folder)
            found = check_text(text, str(wanted), settings=settings, folder=folder, limits=limits)
    except CompileError as error:
        return Checked(None, error.diagnostics), ""
    told = tuple(_renamed(each, name + os.sep, wanted.folder) for each in found.diagnostics)
    if found.network is None:
        return Checked(None, told), name
    return Checked(replace(found.network, warnings=told), told), name


def _laid_out(wanted: Revision, most: int) -> dict[str, str]:
    """The text of a spec, then of what it extends, by their paths from where it lies.

    Raises:
        CompileError: when git does not give the spec. A file that it extends may be missing: that is found on reading.
    """
    commit = _commit(wanted)
    inside = posixpath.basename(wanted.path)
    files = {inside: decoded(_blob(wanted, commit, wanted.path, most), str(wanted), most)}
    for _ in range(_DEEPEST):
        inside = posixpath.normpath(posixpath.join(posixpath.dirname(inside), _extended(files[inside])))
        if inside == "." or inside.startswith(("..", "/")) or inside in files:
            break
        try:
            path = posixpath.join(posixpath.dirname(wanted.path), inside)
            files[inside] = decoded(_blob(wanted, commit, path, most), path, most)
        except CompileError:
            break
    return files


def _extended(text: str) -> str:
    """What a spec extends, as a path that may be looked for, or ""."""
    try:
        written = parse(text, "").data.get("extends")
    except CompileError:
        return ""
    return written if isinstance(written, str) and written.isprintable() and "\\" not in written else ""


def _commit(wanted: Revision) -> str:
    """The commit that a revision is. A name that begins with a hyphen would be an option."""
    option = wanted.name.startswith("-")
    done = None if option else _git("rev-parse", "--verify", "--quiet", f"{wanted.name}^{{commit}}")
    if done is None or done.returncode != 0:
        message = f"git knows no revision `{wanted.name}` here"
        raise _refusal(message, f"name a file, or a revision and a path: `main:{wanted.path}`")
    return done.stdout.decode().strip()


def _blob(wanted: Revision, commit: str, path: str, most: int) -> bytes:
    """The file at ``path`` in a commit."""
    size = _git("cat-file", "-s", f"{commit}:{path}")
    done = _git("cat-file", "blob", f"{commit}:{path}") if size.stdout.strip().isdigit() else size
    if done.returncode != 0:
        message = f"{wanted.name} has no file {path}"
        raise _refusal(
            message, f"paths are from the top of the repository; `{wanted.name}:./{path}` is from this folder"
        )
    if len(done.stdout) > most:
        raise CompileError((too_large(f"{wanted.name}:{path}", most),))
    return done.stdout


def _git(*arguments: str) -> CompletedProcess[bytes]:
    """One run of git, which reads and asks nobody.

    Raises:
        CompileError: when there is no git, or it takes too long.
    """
    from subprocess import DEVNULL, TimeoutExpired, run

    try:
        return run(
            ["git", *arguments],
            capture_output=True,
            check=False,
            stdin=DEVNULL,
            timeout=_SECONDS,
            env={**os.environ, **_QUIET},
        )
    except (OSError, ValueError, TimeoutExpired) as error:
        raise _refusal(f"git cannot be run: {error}", "name files instead of revisions") from error


def _refusal(message: str, remedy: str) -> CompileError:
    return CompileError((RevisionUnreadable.at(None, message, help=remedy),))


def _renamed(diagnostic: Diagnostic, folder: str, name: str) -> Diagnostic:
    """``diagnostic`` with what lies in ``folder`` called by ``name``."""

    def text(words: str) -> str:
        return words.replace(folder, name)

    def span(place: Span) -> Span:
        return replace(place, source=Source(text(place.path), place.source.text))

    def labels(each: Iterable[Label]) -> tuple[Label, ...]:
        return tuple(Label(span(label.span), text(label.text)) for label in each)

    return replace(
        diagnostic,
        message=text(diagnostic.message),
        span=diagnostic.span and span(diagnostic.span),
        related=labels(diagnostic.related),
        ways=tuple(Way(text(way.note), labels(way.steps)) for way in diagnostic.ways),
        notes=tuple(map(text, diagnostic.notes)),
        help=diagnostic.help and text(diagnostic.help),
    )
