"""A spec that is open in an editor: its text as it is now, and what the last checks told of it.

While one types the text is seldom right, so several readings stand side by side: the outline of the text as it is, the
last spec that could be read, which knows what is inherited, and of shapes the last network, with the sound part of the
last text that gave none.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar, cast

from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.compiler import Checked, check_text
from graphbuilder.diagnostics import CompileError, Diagnostic, Sink
from graphbuilder.diagnostics.nearest import nearest
from graphbuilder.document import Document, Place, parse
from graphbuilder.document.reading import MAX_BYTES, instead
from graphbuilder.lsp.outline import Keys, Outline, child, outline
from graphbuilder.lsp.text import Text, Units, utf16
from graphbuilder.lsp.uses import Learnt
from graphbuilder.spec import Spec, sound_part
from graphbuilder.spec.merged import Merged, written

Found = TypeVar("Found")

# What one file replaces whole of another that it extends, by the length of its path.
_WHOLE = {"model": 1, "outputs": 1, "blocks": 2}

# One of these is in a spec, and in no mapping of weights.
_SIGNS = frozenset({"model", "inputs", "blocks", "extends"})
# The keys that a spec begins with; other files of this project have others behind `format`.
_HEAD = frozenset({"format", "name", "title", "dialect"})


class Reading(NamedTuple):
    """What a check of one text told.

    Attributes:
        spec: what could be read.
        typed: the network, or as much of it as is sound.
        extended: the files that were read, with the texts of editors that stood in for them.
    """

    source: str
    checked: Checked
    spec: Spec | None = None
    typed: TypedGraph | None = None
    extended: Mapping[Path, str | None] = MappingProxyType({})


def read(
    source: str, name: str, folder: Path | None, edited: Mapping[Path, str | None] = MappingProxyType({})
) -> Reading:
    """``source`` checked. A text that is no TOML is still asked what it extends.

    Args:
        edited: texts of files that are open in the editor, by their real paths; None where the file itself counts.
    """
    extended: dict[Path, str | None] = {}

    def text_of(path: Path) -> str | None:
        real = path.resolve()
        return extended.setdefault(real, edited.get(real))

    with instead(text_of):
        checked = check_text(source, name, folder=folder)
        spec = checked.spec or spec_of(source, name, folder)
        typed = checked.network.typed if checked.network else checked.part()
    return Reading(source, checked, spec, typed, extended)


def spec_of(source: str, name: str, folder: Path | None) -> Spec | None:
    """What can be read of a text, of which nothing is computed; of one that cannot be read, what it extends, with
    nothing changed."""
    if found := _read(source, name, folder):
        return found
    extended = _outlined(source).data.get("extends")
    if not isinstance(extended, str):
        return None
    return _read(f'format = 1\nname = "stand_in"\nextends = {json.dumps(extended)}\n', name, folder)


def _read(source: str, name: str, folder: Path | None) -> Spec | None:
    sink = Sink()
    try:
        return sound_part(parse(source, name, sink=sink), sink, folder=folder)
    except CompileError:
        return None


def _outlined(source: str) -> Outline:
    """The outline of a text; of one that is too large to be a spec, none."""
    return outline(source if len(source) <= MAX_BYTES else "")


def _below(value: Any, keys: Keys) -> Any:
    """What ``keys`` lead to from ``value``, or None."""
    for key in keys:
        value = child(value, key)
    return value


class SpecFile:
    """One open spec.

    Attributes:
        uri: what the editor calls it.
        name: what diagnostics call it: its path, or its URI where it is no file.
        folder: where it lies, for what it extends.
        real: its path with links resolved.
        version: the editor's count of changes.
        extended: the files that the last check read, with the texts of editors that stood in for them.
        spec: the last that could be read.
        learnt: what checks learnt: of the last text that gave a network, ahead of it of a later one that is faulty.
    """

    def __init__(self, uri: str, path: Path | None, units: Units = utf16) -> None:
        self.uri = uri
        self.name = str(path) if path else uri
        self.folder = path.parent if path else None
        self.real = path.resolve() if path else None
        self.version = 0
        self._units = units
        self.extended: Mapping[Path, str | None] = {}
        self.learnt: tuple[Learnt, ...] = ()
        self.spec: Spec | None = None
        self._checked: tuple[str, tuple[Diagnostic, ...]] = ("", ())
        self._found: dict[str, Any] = {}
        self.change("", 0)

    def change(self, source: str, version: int) -> None:
        """Take in a text."""
        self.version = version
        self.text = Text(source, self._units)
        self.__dict__.pop("outline", None)
        self._found.clear()

    def learn(self, reading: Reading) -> None:
        """Take in what a check told, be it of an earlier text."""
        self._found.clear()
        source, whole = Text(reading.source).source, reading.checked.network is not None
        self._checked = (source, reading.checked.diagnostics)
        self.extended = reading.extended
        if reading.spec is not None:
            self.spec = reading.spec
        if reading.typed is not None:
            earlier = () if whole else tuple(each for each in self.learnt if each.whole)
            self.learnt = (Learnt(_outlined(source), reading.typed, whole), *earlier)

    def once(self, name: str, find: Callable[[], Found]) -> Found:
        """What ``find`` gives, which is asked once for the text as it is and what is known of it."""
        if name not in self._found:
            self._found[name] = find()
        return self._found[name]

    @cached_property
    def outline(self) -> Outline:
        return _outlined(self.text.source)

    @property
    def mistakes(self) -> tuple[Diagnostic, ...]:
        """What the last check told, if it was of the text as it is."""
        source, diagnostics = self._checked
        return diagnostics if source == self.text.source else ()

    @property
    def is_spec(self) -> bool:
        """Whether this is a spec at all, or may become one: editors bring every TOML file."""
        keys = self.outline.data.keys()
        first = self.text.source.partition("\n")[0]
        if not keys or "graphbuilder.schema" in first or ("format" in keys and keys <= _HEAD):
            return True
        return not keys.isdisjoint(_SIGNS) or ("format" in keys and any(nearest(key, _SIGNS) for key in keys))

    def value(self, keys: Keys) -> Any:
        """The value at ``keys``, here or else in what this file extends."""
        if self.own(keys):
            return self.outline.value(keys)
        return _below(self._inherited, keys)

    def own(self, keys: Keys) -> bool:
        """Whether it is this file that has the last word on ``keys``."""
        return self.outline.value(keys[: _WHOLE.get(str(keys[0]), len(keys))]) is not None if keys else True

    def table(self, *keys: str) -> dict[str, Any]:
        """The table at ``keys`` with all that is inherited."""
        both = (_below(self._inherited, keys), self.outline.value(keys))
        tables = [cast("dict[str, Any]", each) for each in both if isinstance(each, dict)]
        return {name: value for each in tables for name, value in each.items() if name}

    def inherited(self, keys: Keys) -> Place | None:
        """Where another file wrote what this one extends and ``keys`` lead to, be it overridden here or not."""
        if not isinstance(self._document, Merged) or _below(self._document.parent.data, keys) is None:
            return None
        return written(Place(self._document.parent, keys))

    @property
    def files(self) -> Mapping[str, Document]:
        """The files that the last spec was made of, by their names."""
        found: dict[str, Document] = {}
        document = self._document
        while isinstance(document, Merged):
            found[document.child.source.path] = document.child
            document = document.parent
        return {**found, document.source.path: document} if document else found

    @property
    def _document(self) -> Document | None:
        return self.spec.place.document if self.spec else None

    @property
    def _inherited(self) -> Mapping[str, Any]:
        return self._document.parent.data if isinstance(self._document, Merged) else {}
