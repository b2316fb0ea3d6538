"""``[steps]``: changes to single steps of an inherited spec.

A key is a path of ids, from a step of ``[model]`` or from a block's name, down through the blocks that the steps use;
a branch's name and ``shortcut`` lead into their steps. A block is one text however many steps use it: a path that
leads into a block changes the block, and so every step that uses it. Paths are read on the text as inherited, before
any override. ``before`` and ``after`` put steps beside the one that is named (see ``insertions``).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any, NamedTuple, cast

from graphbuilder.diagnostics import Diagnostic, Help, Meant, Sink
from graphbuilder.diagnostics.catalogue.grammar import OverrideForm, OverrideUnknown, WrongType
from graphbuilder.diagnostics.nearest import nearest
from graphbuilder.document import Place
from graphbuilder.spec.insertions import Insertion, fault_of, inserted, insertions_of, replaced, value_at
from graphbuilder.spec.merged import Keys, Merged
from graphbuilder.spec.names import INSERTIONS, numbered
from graphbuilder.spec.raw import as_table
from graphbuilder.spec.unknown import POISON
from graphbuilder.spec.validation import found

_RUNS = ("op", "use")
_TABLES = ("from", "init")

# How many overrides that match nothing are told what is near: each looks through every name.
_REMEDIES = 20


class OverrideError(Exception):
    """A path that leads to no step.

    Attributes:
        message: what stops it.
        help: a remedy, looked for when it is asked for.
        nearest: the path that was meant, perhaps; looked for likewise.
    """

    def __init__(
        self,
        message: str,
        remedy: Callable[[], Help] = lambda: None,
        nearest: Callable[[], str | None] = lambda: None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self._remedy = remedy
        self._nearest = nearest

    @property
    def nearest(self) -> str | None:
        return self._nearest()

    @property
    def help(self) -> Help:
        return self._remedy()


def apply_overrides(merged: Merged, sink: Sink) -> Merged:
    """``merged`` with the ``[steps]`` of its own file applied; a faulty override is reported and left out."""
    overrides = merged.child.data.get("steps", {})
    place = Place(merged.child, ("steps",))
    if not isinstance(overrides, dict):
        message = f"`steps` must be a table, not {found(overrides)}"
        sink.add(
            WrongType.at(place.span, message, help='write `[steps]`, and a line `"path.of.a.step" = { ... }` each')
        )
        return merged
    paths = Paths(merged.data)
    targets: dict[Keys, str] = {}
    insertions: list[Insertion] = []
    unknown = 0
    data, origins = merged.data, dict(merged.origins)
    written = cast("dict[str, Any]", overrides)
    for path, override in written.items():
        if fault := _unquoted(paths, place / path, override):
            sink.add(fault)
            continue
        keys, sure = _resolved(paths, place / path, written, unknown < _REMEDIES, sink)
        unknown += not sure
        if keys is None or (keys in targets and not sure):
            continue
        if fault := _fault(place / path, override, targets.get(keys)):
            sink.add(fault)
            continue
        targets[keys] = path
        changes = _changes(value_at(merged.data, keys), override, sure)
        data = replaced(data, keys, changes.step)
        origins.update({(*keys, word): place / path / word for word in changes.words})
        insertions += insertions_of(override, place / path, keys)
    return inserted(replace(merged, data=data, origins=origins), insertions)


def _resolved(paths: Paths, place: Place, written: Collection[str], told: bool, sink: Sink) -> tuple[Keys | None, bool]:
    """The keys of the step that the override at ``place`` names, and whether it does; else, that being reported, of the
    one that it may have been meant for.

    Args:
        told: whether there is still room for remedies.
    """
    path = str(place.keys[-1])
    try:
        return paths.resolve(path), True
    except OverrideError as error:
        sink.add(OverrideUnknown.at(place.key_span, error.message, help=error.help if told else None))
        return paths.meant_by(error, written) if told else None, False


class _Changed(NamedTuple):
    """A step as an override leaves it, and the words that this wrote."""

    step: dict[str, Any]
    words: Collection[str]


def _changes(step: Mapping[str, Any], override: Mapping[str, Any], sure: bool) -> _Changed:
    """``step`` with the words of ``override``; one of which nobody knows what it runs, where that is not ``sure``."""
    if not sure:
        return _Changed({word: POISON if word in (*_RUNS, "share") else value for word, value in step.items()}, ())
    changes = {word: value for word, value in override.items() if word not in INSERTIONS}
    return _Changed({**_without(step, changes), **changes}, changes)


def _fault(place: Place, override: object, same: str | None) -> Diagnostic | None:
    """What is wrong with an override whose path leads to a step; ``same`` is another path to that step."""
    if not isinstance(override, dict):
        message = f"an override must be a table, not {found(override)}"
        return WrongType.at(place.span, message, help="write `{ when = false }`")
    if "id" in override:
        return OverrideForm.at((place / "id").key_span, "an override cannot change an `id`", help="leave it out")
    if same:
        message = f"`{place.keys[-1]}` and `{same}` are one step, in a block that several steps use"
        return OverrideForm.at(place.key_span, message, help="write all changes under one of the two")
    words = cast("dict[str, Any]", override)
    return _misspelt(words, place) or fault_of(words, place)


def _misspelt(override: Mapping[str, Any], place: Place) -> Diagnostic | None:
    """The slip of ``befor = [{ ... }]``: no argument is a list of steps."""
    for word, value in override.items():
        steps = cast("list[object]", value) if isinstance(value, list) and word not in INSERTIONS else []
        near = nearest(word, INSERTIONS) if steps and all(isinstance(step, dict) for step in steps) else None
        if near:
            message = f"an override has no `{word[:80]}`"
            return OverrideForm.at((place / word).key_span, message, help=Meant((near,)))
    return None


def _unquoted(paths: Paths, place: Place, override: object) -> Diagnostic | None:
    """The slip of ``middle.last = {...}`` for ``"middle.last" = {...}``, which TOML reads as a table in a table."""
    for word, value in cast("dict[str, Any]", override).items() if isinstance(override, dict) else ():
        longer = f"{place.keys[-1]}.{word}"
        if isinstance(value, dict) and word not in _TABLES and paths.leads(longer):
            message, remedy = "the path of an override stands in quotes", f'write `"{longer}" = {{ ... }}`'
            return OverrideForm.at((place / word).key_span, message, help=remedy)
    return None


class _Steps(NamedTuple):
    """The steps that a part of a path can name, and the lists of steps that it can lead into."""

    where: str
    steps: Mapping[str, Keys]
    inner: Mapping[str, Keys]
    counted: Collection[str] = ()


class Paths:
    """The steps of ``data`` by their paths; each list of steps is gone through once."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self._data = data
        self._blocks = as_table(data.get("blocks"))
        self._known: dict[Keys, _Steps] = {}

    def resolve(self, path: str) -> Keys:
        """The keys of the step that ``path`` names.

        Raises:
            OverrideError: when there is no such step.
        """
        parts = path.split(".")
        here = self._list("`[model]`", ("model", "body"))
        for number, part in enumerate(parts):
            if part in here.steps:
                keys = here.steps[part]
                if number == len(parts) - 1:
                    return keys
                here = self._used(keys, part)
            elif part in here.inner:
                here = self._list(f"`{part}` of {here.where}", here.inner[part])
            elif number == 0 and part in self._blocks:
                here = self._block(part)
            else:
                raise self._dead_end(here, parts, number)
        raise OverrideError(f"`{path[:80]}` is no step", lambda: _listed(path, here.steps))

    def meant_by(self, error: OverrideError, written: Collection[str]) -> Keys | None:
        """The step that a path near to the faulty one names, unless that path is ``written`` too.

        Nobody knows what it is then, so that nothing is told of what depends on the change.
        """
        path = error.nearest
        return self.resolve(path) if path and path not in written and self.leads(path) else None

    def leads(self, path: str) -> bool:
        """Whether ``path`` names a step."""
        try:
            return bool(self.resolve(path))
        except OverrideError:
            return False

    def _used(self, keys: Keys, name: str) -> _Steps:
        """The steps of the block that a step uses."""
        block = value_at(self._data, keys).get("use")
        if isinstance(block, list):
            blocks = ", ".join(f"`{each}`" for each in cast("list[object]", block)[:8])
            remedy = f"start the path with the name of one of them: {blocks}"
            raise OverrideError(f"`{name}` uses several blocks", lambda: remedy)
        if not isinstance(block, str) or block not in self._blocks:
            raise OverrideError(f"there is nothing inside `{name}`: it uses no block")
        return self._block(block)

    def _block(self, name: str) -> _Steps:
        keys: Keys = ("blocks", name)
        if keys not in self._known:
            block, where = as_table(self._blocks[name]), f"the block `{name}`"
            parts = [self._list(where, (*keys, word)) for word in ("before", "body", "after")]
            steps = {name: at for part in parts for name, at in part.steps.items()}
            counted = {name for part in parts for name in part.counted}
            inner: dict[str, Keys] = {branch: (*keys, "branches", branch) for branch in as_table(block.get("branches"))}
            if isinstance(block.get("shortcut"), list):
                inner["shortcut"] = (*keys, "shortcut")
            self._known[keys] = _Steps(where, steps, inner, counted)
        return self._known[keys]

    def _list(self, where: str, keys: Keys) -> _Steps:
        """The steps with an id in the list at ``keys``."""
        if keys not in self._known:
            steps = value_at(self._data, keys)
            rows = list(map(as_table, cast("list[Any]", steps) if isinstance(steps, list) else ()))
            ids = ((step.get("id"), (*keys, index)) for index, step in enumerate(rows))
            named = {name: at for name, at in ids if isinstance(name, str)}
            self._known[keys] = _Steps(where, named, {}, _counted(rows))
        return self._known[keys]

    def _dead_end(self, here: _Steps, parts: Sequence[str], number: int) -> OverrideError:
        before, part = parts[:number], parts[number]
        known = (*here.steps, *here.inner, *(() if before else self._blocks))

        def remedy() -> Help:
            if part in here.counted:
                return f'that name is only counted: give the step an id where it is written: id = "{part}"'
            found = near()
            return Meant((found,)) if found and self.leads(found) else _listed(".".join(before), here.steps)

        def near() -> str | None:
            found = nearest(part, known)
            return ".".join((*before, found, *parts[number + 1 :])) if found else None

        return OverrideError(f"{here.where} has no step with the id `{part[:80]}`", remedy, near)


def _counted(steps: Iterable[Mapping[str, Any]]) -> set[str]:
    """The names that steps without an id get: those of what they run, numbered from the second on."""
    steps = list(steps)
    used = {step["id"] for step in steps if isinstance(step.get("id"), str)}
    kinds = [str(step.get("op") or step.get("use")) for step in steps if "id" not in step]
    names = {kind: (name for name in numbered(kind) if name not in used) for kind in kinds}
    return {next(names[kind]) for kind in kinds}


def _listed(prefix: str, names: Iterable[str]) -> str:
    paths = [f"`{prefix}.{name}`" if prefix else f"`{name}`" for name in islice(names, 9)]
    if not paths:
        return "none of its steps has an `id`; give it one where it is written"
    return f"there are {', '.join(paths[:8])}{' and others' if len(paths) > 8 else ''}"


def _without(step: Mapping[str, Any], override: Mapping[str, Any]) -> dict[str, Any]:
    """The step without what it runs, where the override runs something else."""
    replaced = any(word in override for word in _RUNS)
    return {word: value for word, value in step.items() if not (replaced and word in _RUNS)}
