"""The specs around one, in which what it declares may be named: those that it extends, and what extends them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

from graphbuilder.diagnostics import CompileError
from graphbuilder.document.reading import MAX_BYTES, instead, read_text
from graphbuilder.lsp.file import SpecFile, spec_of
from graphbuilder.spec.extends import DEEPEST

# So many files of a folder are looked into.
_NEIGHBOURS = 200
# Of a file that nobody asks more of, this is enough.
_EXTENDS = re.compile(r"^[ \t]*+extends[ \t]*+=[ \t]*+[\"']([^\"'\n]++)", re.MULTILINE)


def family(file: SpecFile, word: str, opened: Iterable[SpecFile] = ()) -> list[SpecFile]:
    """``file`` first, what it extends, and what else of its folder extends the last of these: those that hold a word.

    Args:
        opened: what is open in the editor, with texts that may not be saved.
    """
    if file.folder is None or file.real is None:
        return [file]
    known = {each.real: each for each in opened if each.real} | {file.real: file}
    kin = _Kin(file.folder.resolve(), known)
    above = [Path(name) for name in file.files]
    root = above[-1].resolve() if above else file.real
    beside = sorted(file.folder.glob("*.toml"))[:_NEIGHBOURS]
    rest = [each for each in (path.resolve() for path in beside) if root in kin.above(each)]
    members = dict.fromkeys([file.real, *(path.resolve() for path in above), *rest])
    with instead(kin.unsaved):
        return [known.get(path) or kin.read(path, file) for path in members if word in kin.text(path)]


class _Kin:
    """Files of a folder by their real paths, each read once."""

    def __init__(self, folder: Path, known: Mapping[Path, SpecFile]) -> None:
        self._folder, self._known = folder, known
        self.text = cache(self._text)

    def unsaved(self, path: Path) -> str | None:
        """The text of a file that is open."""
        file = self._known.get(path.resolve())
        return file.text.source if file else None

    def above(self, path: Path) -> Iterator[Path]:
        """The file at ``path``, and what it extends."""
        for _ in range(DEEPEST):
            yield path
            found = _EXTENDS.search(self.text(path))
            if not found or "\0" in found[1]:
                return
            path = (path.parent / found[1]).resolve()

    def read(self, path: Path, like: SpecFile) -> SpecFile:
        """The file at ``path`` as if it were open, in the same editor as ``like``."""
        text = self.text(path)
        file = SpecFile(path.as_uri(), path, like.text.units)
        file.change(text, 0)
        file.spec = spec_of(text, file.name, file.folder)
        return file

    def _text(self, path: Path) -> str:
        """The text of a file; an empty one where it cannot be had, or lies elsewhere."""
        unsaved = self.unsaved(path)
        if unsaved is not None or not path.is_relative_to(self._folder):
            return unsaved or ""
        try:
            return read_text(path, str(path), MAX_BYTES)
        except CompileError:
            return ""
