"""``[steps]``: changes to single steps of an inherited spec.

A key is a path of ids, from a step of ``[model]`` or from a block's name, down through the blocks that the steps use;
a branch's name and ``shortcut`` lead into their steps. A block is one text however many steps use it: a path that
leads into a block changes the block, and so every step that uses it. Paths are read on the text as inherited, before
any override.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple, cast

from graphbuilder.diagnostics import Diagnostic, Sink
from graphbuilder.diagnostics.catalogue.grammar import OverrideForm, OverrideUnknown, WrongType
from graphbuilder.diagnostics.nearest import nearest
from graphbuilder.document import Place
from graphbuilder.spec.merged import Keys, Merged
from graphbuilder.spec.validation import found

_RUNS = ("op", "use")
_TABLES = ("from", "init")


class OverrideError(Exception):
    """A path that leads to no step.

    Attributes:
        message: what stops it.
        help: a path that does lead somewhere.
    """

    def __init__(self, message: str, help: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.help = help


def apply_overrides(merged: Merged, sink: Sink) -> Merged:
    """``merged`` with the ``[steps]`` of its own file applied; a faulty override is reported and left out."""
    overrides = merged.child.data.get("steps", {})
    place = Place(merged.child, ("steps",))
    if not isinstance(overrides, dict):
        sink.add(WrongType.at(place.span, f"`steps` must be a table, not {found(overrides)}"))
        return merged
    targets: dict[Keys, str] = {}
    data, origins = merged.data, dict(merged.origins)
    for path, override in cast("dict[str, Any]", overrides).items():
        try:
            keys = resolve(merged.data, path)
        except OverrideError as error:
            sink.add(_unquoted(merged, path, override) or _unknown(place / path, error))
            continue
        if fault := _unquoted(merged, path, override) or _fault(place / path, override, targets.get(keys)):
            sink.add(fault)
            continue
        targets[keys] = path
        step = _at(merged.data, keys)
        data = _replaced(data, keys, {**_without(step, override), **override})
        origins.update({(*keys, word): place / path / word for word in override})
    return replace(merged, data=data, origins=origins)


def _unknown(place: Place, error: OverrideError) -> Diagnostic:
    return OverrideUnknown.at(place.key_span, error.message, help=error.help)


def _fault(place: Place, override: object, same: str | None) -> Diagnostic | None:
    """What is wrong with an override whose path leads to a step; ``same`` is another path to that step."""
    if not isinstance(override, dict):
        return WrongType.at(
            place.span, f"an override must be a table, not {found(override)}", help="write `{ when = false }`"
        )
    if "id" in override:
        return OverrideForm.at((place / "id").key_span, "an override cannot change an `id`", help="leave it out")
    if same:
        message = f"`{place.keys[-1]}` and `{same}` are one step, in a block that several steps use"
        return OverrideForm.at(place.key_span, message, help="write all changes under one of the two")
    return None


def _unquoted(merged: Merged, path: str, override: object) -> Diagnostic | None:
    """The slip of ``middle.last = {...}`` for ``"middle.last" = {...}``, which TOML reads as a table in a table."""
    for word, value in cast("dict[str, Any]", override).items() if isinstance(override, dict) else ():
        longer = f"{path}.{word}"
        if isinstance(value, dict) and word not in _TABLES and _leads(merged.data, longer):
            span = merged.child.key_span(("steps", path, word))
            return OverrideForm.at(
                span, "the path of an override stands in quotes", help=f'write `"{longer}" = {{ ... }}`'
            )
    return None


def _leads(data: Mapping[str, Any], path: str) -> bool:
    try:
        return bool(resolve(data, path))
    except OverrideError:
        return False


class _Steps(NamedTuple):
    """The steps that a part of a path can name, and what leads further."""

    where: str
    steps: dict[str, Keys]
    inner: dict[str, _Steps]


def resolve(data: Mapping[str, Any], path: str) -> Keys:
    """The keys of the step that ``path`` names.

    Raises:
        OverrideError: when there is no such step.
    """
    parts = path.split(".")
    blocks = _table(data.get("blocks"))
    here = _Steps(
        "`[model]`", _ids(data, ("model", "body")), {name: _block(data, name) for name in blocks if name == parts[0]}
    )
    for number, part in enumerate(parts):
        if part in here.steps:
            keys = here.steps[part]
            if number == len(parts) - 1:
                return keys
            here = _inside(data, keys, part)
        elif part in here.inner:
            here = here.inner[part]
        else:
            raise _dead_end(here, parts[:number], part, blocks if number == 0 else ())
    raise OverrideError(f"`{path}` is no step", _listed(path, here.steps))


def _inside(data: Mapping[str, Any], keys: Keys, name: str) -> _Steps:
    """The steps of the block that a step uses."""
    block = _at(data, keys).get("use")
    if isinstance(block, list):
        blocks = ", ".join(f"`{each}`" for each in cast("list[object]", block)[:8])
        raise OverrideError(f"`{name}` uses several blocks", f"start the path with the name of one of them: {blocks}")
    if not isinstance(block, str) or block not in _table(data.get("blocks")):
        raise OverrideError(f"there is nothing inside `{name}`: it uses no block")
    return _block(data, block)


def _block(data: Mapping[str, Any], name: str) -> _Steps:
    keys: Keys = ("blocks", name)
    block = _table(_at(data, keys))
    rows: dict[str, Keys] = {branch: (*keys, "branches", branch) for branch in _table(block.get("branches"))}
    if isinstance(block.get("shortcut"), list):
        rows["shortcut"] = (*keys, "shortcut")
    inner = {row: _Steps(f"`{row}` of the block `{name}`", _ids(data, at), {}) for row, at in rows.items()}
    return _Steps(f"the block `{name}`", {**_ids(data, (*keys, "body")), **_ids(data, (*keys, "after"))}, inner)


def _ids(data: Mapping[str, Any], keys: Keys) -> dict[str, Keys]:
    """The steps with an id in the list at ``keys``."""
    steps = _at(data, keys)
    found_: dict[str, Keys] = {}
    for index, step in enumerate(cast("list[Any]", steps) if isinstance(steps, list) else ()):
        name = _table(step).get("id")
        if isinstance(name, str):
            found_[name] = (*keys, index)
    return found_


def _dead_end(here: _Steps, before: list[str], part: str, blocks: Any) -> OverrideError:
    known = [*here.steps, *here.inner, *blocks]
    near = nearest(part, known)
    help = f"did you mean `{'.'.join((*before, near))}`?" if near else _listed(".".join(before), here.steps)
    return OverrideError(f"{here.where} has no step with the id `{part[:80]}`", help)


def _listed(prefix: str, names: Mapping[str, Keys]) -> str:
    paths = [f"`{prefix}.{name}`" if prefix else f"`{name}`" for name in names]
    if not paths:
        return "none of its steps has an `id`; give it one where it is written"
    return f"there are {', '.join(paths[:8])}{' and others' if len(paths) > 8 else ''}"


def _without(step: Mapping[str, Any], override: Mapping[str, Any]) -> dict[str, Any]:
    """The step without what it runs, where the override runs something else."""
    replaced = any(word in override for word in _RUNS)
    return {word: value for word, value in step.items() if not (replaced and word in _RUNS)}


def _table(value: object) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _at(data: Any, keys: Keys) -> Any:
    """The value at ``keys``, or None."""
    for key in keys:
        data = data[key] if isinstance(key, int) else _table(data).get(key)
    return data


def _replaced(value: Any, keys: Keys, new: Any) -> Any:
    """A copy of ``value`` with ``new`` at ``keys``; what the keys do not touch is shared."""
    if not keys:
        return new
    copied = value.copy()
    copied[keys[0]] = _replaced(value[keys[0]], keys[1:], new)
    return copied
