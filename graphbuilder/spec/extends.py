"""``extends``: a file's values over those of the file that it names.

Params and inputs merge by key, and a param's default, choices and bounds each for itself; defaults by argument; blocks,
the initialisers of an op, ``[model]`` and ``[outputs]`` are replaced whole, but a block without ``body`` and
``branches`` changes words of the inherited one, and arguments and lets by name; name and title are the file's own. Then
``[steps]`` changes single steps (see ``overrides``). No file is opened that does not lie, links resolved, in the folder
of the file that names it.
"""

from __future__ import annotations

import stat
from collections.abc import Mapping
from itertools import islice
from pathlib import Path, PureWindowsPath
from typing import Any, NamedTuple, cast

from graphbuilder.diagnostics import CompileError, Diagnostic, Help, Label, Sink, Span, Way
from graphbuilder.diagnostics.catalogue.grammar import (
    ExtendsDepth,
    ExtendsLoop,
    ExtendsPath,
    OverrideForm,
    WrongType,
)
from graphbuilder.diagnostics.catalogue.limits import TextTooLarge, TooManyWords
from graphbuilder.diagnostics.nearest import meant
from graphbuilder.document import Document, Place
from graphbuilder.document import load as load_document
from graphbuilder.document.reading import stands_in
from graphbuilder.document.writing import shown
from graphbuilder.spec.merged import Keys, Merged
from graphbuilder.spec.overrides import apply_overrides
from graphbuilder.spec.params import as_declared
from graphbuilder.spec.respelling import respelt
from graphbuilder.spec.validation import check_format, found

DEEPEST = 8

# How many levels of a table merge by key; what is not here is replaced whole.
_LEVELS = {"params": 1, "inputs": 1, "blocks": 1, "init": 1, "defaults": 2}
_LEVELS_OF_A_CHANGED_BLOCK = 2

# Characters of a path, of which a system takes some thousand. To resolve one takes time by the square of its parts.
_LONGEST = 1_000

_NAME_ONE = "name a file of this folder: `other.toml`"

# What is said to a variant that does not say of what.
_NAME_IT = 'name it above the first `[...]`: `extends = "..."`'


class _Chain(NamedTuple):
    """The files on the way here, as written and as they really are, the first extended by the next."""

    names: tuple[str, ...]
    real: tuple[Path, ...]


class Extended(NamedTuple):
    """A document over those that it extends; not complete when one of them could not be had."""

    document: Document
    complete: bool


def extended(document: Document, folder: Path | None, max_bytes: int, sink: Sink) -> Extended:
    """``document`` merged over what it extends, the keys of all of them spelt right.

    Args:
        folder: where it lies; None for a text that lies nowhere and so can extend nothing.
        max_bytes: the most that it and all that it extends may have together.
        sink: takes what is wrong with keys, with ``[steps]`` and with the formats of files, and why a file cannot be
            had.
    """
    real = (folder / Path(document.source.path).name).resolve() if folder else Path()
    return _extended(document, folder, _Chain((document.source.path,), (real,)), max_bytes, sink)


def _extended(document: Document, folder: Path | None, chain: _Chain, max_bytes: int, sink: Sink) -> Extended:
    document = respelt(document, sink)
    if {"format", "extends"} & document.data.keys() or len(chain.names) > 1:
        check_format(document, sink)  # else it is told with what else is missing
    if "extends" not in document.data:
        if "steps" in document.data:
            message = "`[steps]` changes steps of a spec that this one extends, and it extends none"
            help_ = _NAME_IT if lacks_extends(document) else "change the steps themselves"
            sink.add(OverrideForm.at(document.key_span(("steps",)), message, help=help_))
        return Extended(document, complete=True)
    try:
        parent, complete = _parent(document, folder, chain, max_bytes, sink)
    except CompileError as error:
        for diagnostic in error.diagnostics:
            sink.add(diagnostic)
        return Extended(document, complete=False)
    merged = merge(parent, document)
    # A step that an override names may stand in what could not be had.
    return Extended(apply_overrides(merged, sink) if complete else merged, complete)


def lacks_extends(document: Document) -> bool:
    """Whether this is but a part, as a variant is, and does not say of what."""
    data = document.data
    lacking = {"inputs", "model"} - data.keys()
    if not lacking or isinstance(document, Merged) or "extends" in data:
        return False
    return "steps" in data or (len(lacking) > 1 and bool(data.get("blocks")))


def _parent(document: Document, folder: Path | None, chain: _Chain, max_bytes: int, sink: Sink) -> Extended:
    """What ``document`` extends.

    Raises:
        CompileError: when that file cannot be had.
    """
    path = _parent_path(document, folder)
    grown = _Chain((*chain.names, str(path)), (*chain.real, path.resolve()))
    way = " -> ".join(grown.names)
    if grown.real[-1] in chain.real:
        message, help_ = f"specs extend each other: {way}", "leave out `extends` in one of them"
        raise _refusal(ExtendsLoop.at(_span(document), message, help=help_))
    if len(chain.real) > DEEPEST:
        message, help_ = f"more than {DEEPEST} specs on one another: {way}", "extend one nearer to the first"
        raise _refusal(ExtendsDepth.at(_span(document), message, help=help_))
    left = max_bytes - document.weight
    return _extended(_load(document, path, left), path.parent, grown, left, sink)


def merge(parent: Document, child: Document) -> Merged:
    """The values of ``child`` over those of ``parent``, key by key where the language says so."""
    data: dict[str, Any] = {}
    origins: dict[Keys, Place] = {(): Place(child)}
    own, inherited = child.data, _inherited(parent.data, child.data)
    for key in {**inherited, **own}:
        if key not in own:
            data[key] = inherited[key]
            origins[key,] = Place(parent, (key,))
        else:
            data[key] = _merge(inherited.get(key), own[key], _LEVELS.get(key, 0), Place(parent, (key,)), origins)
    return Merged(child.source, data, child, parent, origins)


def _inherited(parent: Mapping[str, Any], child: Mapping[str, Any]) -> dict[str, Any]:
    """A title belongs to the name that it stands beside."""
    return {key: value for key, value in parent.items() if key != "title" or "name" not in child}


def _merge(parent: Any, child: Any, levels: int, place: Place, origins: dict[Keys, Place]) -> Any:
    """``child`` over ``parent``, which stands at ``place``; whatever is kept of the parent is noted in ``origins``."""
    if len(place.keys) == 2 and place.keys[0] == "params" and dict in (type(parent), type(child)):
        return _param(parent, child, place, origins)
    if _changes_a_block(place.keys, child):
        levels = _LEVELS_OF_A_CHANGED_BLOCK
    if not levels or not isinstance(parent, dict) or not isinstance(child, dict):
        return child
    under, over = cast("dict[str, Any]", parent), cast("dict[str, Any]", child)
    merged: dict[str, Any] = {}
    for key in {**under, **over}:
        if key not in over:
            merged[key] = under[key]
            origins[*place.keys, key] = place / key
        else:
            merged[key] = _merge(under.get(key), over[key], levels - 1, place / key, origins)
    return merged


def _param(parent: Any, child: Any, place: Place, origins: dict[Keys, Place]) -> Any:
    """A param that one of both declares with more than its default: what the other says of it stays."""
    if parent is None:
        return child
    under, over = as_declared(parent), as_declared(child)
    for key in under.keys() - over.keys():
        origins[*place.keys, key] = place / key if isinstance(parent, dict) else place
    return {**under, **over}


def _changes_a_block(keys: Keys, child: Any) -> bool:
    """Whether ``child``, at ``keys``, is a block that says nothing of what it holds."""
    is_block = len(keys) == 2 and keys[0] == "blocks" and isinstance(child, dict)
    return is_block and not {"body", "branches"} & child.keys()


def _parent_path(document: Document, folder: Path | None) -> Path:
    """The path of the file that ``document`` extends, as a person would write it.

    Raises:
        CompileError: when it is no plain file in this folder or below it.
    """
    written = document.data["extends"]
    if not isinstance(written, str):
        message = f"`extends` must be a string, not {found(written)}"
        raise _refusal(WrongType.at(_span(document), message, help='write `extends = "other.toml"`'))
    if folder is None:
        message = "a text that is no file cannot extend one"
        raise _refusal(ExtendsPath.at(_span(document), message, help="save it beside what it extends"))
    if fault := _fault(written, folder):
        message, remedy = fault
        raise _refusal(ExtendsPath.at(_span(document), f"cannot extend {shown(written)}: {message}", help=remedy))
    return folder / written


def _fault(written: str, folder: Path) -> tuple[str, Help] | None:
    """Why ``written`` cannot be extended from ``folder``, and a remedy."""
    if not written.isprintable() or "\\" in written or PureWindowsPath(written).drive or Path(written).is_absolute():
        return "the path must be a relative one, with `/` between its parts", _NAME_ONE
    if len(written) > _LONGEST:
        return f"the path is longer than {_LONGEST:,} characters", _NAME_ONE
    try:
        real = (folder / written).resolve()
        if not real.is_relative_to(folder.resolve()):
            return "it does not lie in the folder of this spec", "move or copy it there"
        if not stat.S_ISREG(real.stat().st_mode):
            return "it is no plain file", None
    except (FileNotFoundError, NotADirectoryError):
        if stands_in(folder / written):
            return None
        return "there is no such file", _near(folder, written) or "name a file of this folder, or of one below it"
    except RuntimeError:
        return "its links go round in a circle", None
    except OSError as error:
        return (error.strerror or str(error)).lower(), None
    return None


def _near(folder: Path, written: str) -> Help:
    path, above = folder / written, written[: -len(Path(written).name)]
    try:
        names = [entry.name for entry in islice(path.parent.iterdir(), 1000)]
    except OSError:
        return None
    # A suffix that all share would make every name a near one.
    stems = [name.removesuffix(path.suffix) for name in names if name.endswith(path.suffix)]
    return meant(path.name.removesuffix(path.suffix), stems, form=f"{above}{{}}{path.suffix}", quote="")


def _load(document: Document, path: Path, max_bytes: int) -> Document:
    try:
        return load_document(path, max_bytes=max_bytes)
    except CompileError as error:
        way = Way(f"extended at {_span(document)}", (Label(_span(document), "extended here"),))
        raise CompileError(tuple(each.with_notes(*_notes(each)).by_way(way) for each in error.diagnostics)) from None


def _notes(refusal: Diagnostic) -> tuple[str, ...]:
    if refusal.rule not in (TextTooLarge, TooManyWords):
        return ()
    return ("what extends it counts, too: all of them together are limited",)


def _span(document: Document) -> Span:
    return document.span(("extends",))


def _refusal(diagnostic: Diagnostic) -> CompileError:
    return CompileError((diagnostic,))
