"""A spec that is open in an editor: its text as it is now, and what the last checks told of it.

While one types the text is seldom right, so three readings stand side by side: the outline of the text as it is, the
last spec that could be read, which knows what is inherited, and the last network, which knows shapes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, cast

from graphbuilder.compiler import Checked, Network, check_text
from graphbuilder.diagnostics import Diagnostic
from graphbuilder.document import Document, Place
from graphbuilder.document.reading import MAX_BYTES
from graphbuilder.lsp.outline import Keys, Outline, child, outline
from graphbuilder.lsp.text import Text, Units, utf16
from graphbuilder.lsp.uses import Uses
from graphbuilder.spec import Spec
from graphbuilder.spec.merged import Merged

# What one file replaces whole of another that it extends, by the length of its path.
_WHOLE = {"model": 1, "outputs": 1, "blocks": 2}

# One of these is in a spec, and in no mapping of weights.
_SIGNS = frozenset({"model", "inputs", "blocks", "extends"})


class Reading(NamedTuple):
    """What a check of one text told."""

    source: str
    checked: Checked
    spec: Spec | None


def read(source: str, name: str, folder: Path | None) -> Reading:
    """``source`` checked. A text that is no TOML is still asked what it extends."""
    checked = check_text(source, name, folder=folder)
    spec = checked.spec
    extended = _outlined(source).data.get("extends") if spec is None else None
    if isinstance(extended, str):
        stand_in = f'format = 1\nname = "stand_in"\nextends = {json.dumps(extended)}\n'
        spec = check_text(stand_in, name, folder=folder).spec
    return Reading(source, checked, spec)


def _outlined(source: str) -> Outline:
    """The outline of a text; of one that is too large to be a spec, none."""
    return outline(source if len(source) <= MAX_BYTES else "")


class SpecFile:
    """One open spec.

    Attributes:
        uri: what the editor calls it.
        name: what diagnostics call it: its path, or its URI where it is no file.
        folder: where it lies, for what it extends.
        version: the editor's count of changes.
    """

    def __init__(self, uri: str, path: Path | None, units: Units = utf16) -> None:
        self.uri = uri
        self.name = str(path) if path else uri
        self.folder = path.parent if path else None
        self.version = 0
        self._units = units
        self._network: tuple[Outline, Network] | None = None
        self._document: Document | None = None
        self._checked: tuple[str, tuple[Diagnostic, ...]] = ("", ())
        self.change("", 0)

    def change(self, source: str, version: int) -> None:
        """Take in a text."""
        self.version = version
        self.text = Text(source, self._units)
        self.__dict__.pop("outline", None)

    def learn(self, reading: Reading) -> None:
        """Take in what a check told, be it of an earlier text."""
        self._checked = (Text(reading.source).source, reading.checked.diagnostics)
        if reading.spec is not None:
            self._document = reading.spec.place.document
        if reading.checked.network is not None:
            self._network = (_outlined(Text(reading.source).source), reading.checked.network)
            self.__dict__.pop("uses", None)

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
        return not keys or not keys.isdisjoint(_SIGNS) or keys == {"format"} or "graphbuilder.schema" in first

    @property
    def network(self) -> Network | None:
        """The last network."""
        return self._network[1] if self._network else None

    @cached_property
    def uses(self) -> Uses:
        """The calls of the last network by the places of their steps."""
        return Uses(self.network)

    @property
    def current(self) -> bool:
        """Whether the last network is that of the text as it is."""
        return self._network is not None and self._network[0].text == self.text.source

    def unchanged(self, keys: Keys) -> bool:
        """Whether at ``keys`` there stands what the last network was made of."""
        return self._network is not None and self._network[0].value(keys) == self.outline.value(keys)

    def value(self, keys: Keys) -> Any:
        """The value at ``keys``, here or else in what this file extends."""
        if self.own(keys):
            return self.outline.value(keys)
        value: Any = self._inherited
        for key in keys:
            value = child(value, key)
        return value

    def own(self, keys: Keys) -> bool:
        """Whether it is this file that has the last word on ``keys``."""
        return self.outline.value(keys[: _WHOLE.get(str(keys[0]), len(keys))]) is not None if keys else True

    def table(self, *keys: str) -> dict[str, Any]:
        """The table at ``keys`` with all that is inherited."""
        under: Any = self._inherited
        for key in keys:
            under = child(under, key)
        tables = [cast("dict[str, Any]", each) for each in (under, self.outline.value(keys)) if isinstance(each, dict)]
        return {name: value for each in tables for name, value in each.items() if name}

    def inherited(self, keys: Keys) -> Place | None:
        """Where another file wrote what stands at ``keys``."""
        if not isinstance(self._document, Merged):
            return None
        place = self._document.origin(keys)
        return place if place.document.source.path != self.name else None

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
    def _inherited(self) -> Mapping[str, Any]:
        return self._document.parent.data if isinstance(self._document, Merged) else {}
