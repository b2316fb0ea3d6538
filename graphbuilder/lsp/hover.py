"""What is said of what stands under the cursor: an op's reference, a step's shapes and costs, a value."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.backends.table.numbers import counted, scaled
from graphbuilder.backends.table.ops import argument, reference
from graphbuilder.diagnostics.screen import safe
from graphbuilder.ir.fault import NOT_KNOWN
from graphbuilder.lsp.file import SpecFile
from graphbuilder.lsp.language import words_at
from graphbuilder.lsp.names import (
    Within,
    about,
    arguments_at,
    changed_step,
    declaration,
    inputs_of,
    name_at,
    op_of,
    reached,
    siblings,
    step_at,
    toml,
    within_step,
)
from graphbuilder.lsp.names import body_of as steps_in
from graphbuilder.lsp.outline import Item, Keys
from graphbuilder.lsp.uses import Learnt, Use
from graphbuilder.ops import find
from graphbuilder.spec.names import INPUT
from graphbuilder.spec.params import described

_ROWS = 12
_WIDTH = 80
_STALE = {True: "*As of the last text without mistakes.*", False: "*As of an earlier text.*"}


class Hover(NamedTuple):
    """Markdown, and the offsets of what it is about."""

    text: str
    start: int
    end: int


def hover(file: SpecFile, offset: int) -> Hover | None:
    """What is to be said at ``offset``."""
    key = file.outline.at_key(offset)
    if key is not None and key.key and key.key[0] < key.key[1]:
        return _told(_of_key(file, key), key.key)
    value = file.outline.at_value(offset)
    if value is not None and value.kind != "nothing":
        return _of_value(file, value, offset)
    around = file.outline.container(offset)
    within = within_step(around.keys) if around else None
    if around is None or within is None or within.words or around.header:
        return None
    return _told(_calls(file, within.step), around.value)


def _told(parts: Iterable[str], extent: tuple[int, int]) -> Hover | None:
    text = "\n\n".join(part for part in parts if part)
    return Hover(text, *extent) if text else None


def _of_key(file: SpecFile, item: Item) -> list[str]:
    """Of a key: what the word means, what the argument is, what the name stands for."""
    keys = item.keys
    match keys:
        case ("params", str(name)):
            return [_param(file, name)]
        case ("inputs" | "outputs" as table, str(name)):
            return _end(file, table, name) or _of_word(file, keys)
        case ("blocks", str(name)):
            return _block(file, name)
        case ("defaults" | "init", str(name)) if op := find(name):
            return [_fenced(reference(op, _WIDTH))]
        case ("defaults", str(name), str(field)) if op := find(name):
            return [_fenced(argument(op, field, _WIDTH))] if field in op.model_fields else []
        case ("steps", str()):
            return _calls(file, keys) or _overridden(file, keys)
        case ("blocks", str(), "args" | "let", str(name)):
            values, remark = _values_of(file, keys)
            return [f"{_code(name)}: {', '.join(values) or _code(toml(file.value(keys)))}", remark]
        case _:
            return _of_word(file, keys)


def _of_word(file: SpecFile, keys: Keys) -> list[str]:
    within = within_step(keys)
    if within is None or not within.words:
        item = file.outline.by_keys.get(keys)
        rows = _calls(file, keys) if item and item.header and within else []
        return [_word(keys), *rows]
    op = op_of(step_at(file, within.step))
    name = str(within.words[0])
    if op and len(within.words) == 1 and name in op.model_fields:
        return [_fenced(argument(op, name, _WIDTH)), _computed(file, within)]
    return [_word(keys) or _declared(file, within), _computed(file, within)]


def _word(keys: Keys) -> str:
    said = words_at(keys[:-1]).get(str(keys[-1]), "") if keys else ""
    return f"{_code(str(keys[-1]))}: {said}" if said else ""


def _declared(file: SpecFile, within: Within) -> str:
    """An argument of the block that a step uses."""
    for _, block, _, name in arguments_at(file, (*within.step, *within.words)):
        declared = file.table("blocks", str(block), "args")[str(name)]
        return f"{_code(str(name))}: an argument of {_code(str(block))}, {_code(toml(declared))}"
    return ""


def _of_value(file: SpecFile, item: Item, offset: int) -> Hover | None:
    source = file.text.source
    if item.kind == "text" and source.startswith("=", item.value[0] + 1):
        return _of_expression(file, item, offset)
    within = within_step(item.keys)
    value: Any = file.outline.value(item.keys)
    if within and within.words:
        return _told(_of_step_value(file, within, value), item.value)
    match item.keys:
        case ("params", str(name)):
            return _told([_param(file, name)], item.value)
        case ("outputs", _) | ("outputs", _, "from") | ("blocks", _, "outputs", _):
            return _told(_of_path(file, item.keys, value), item.value)
        case ("blocks", _, "shortcut"):
            return _told([_word(item.keys), *_calls(file, item.keys)], item.value)
        case _:
            return _told([_word(item.keys)], item.value)


def _of_step_value(file: SpecFile, within: Within, value: Any) -> list[str]:
    match within.words:
        case ("op",):
            op = find(str(value))
            return [*_calls(file, within.step), _fenced(reference(op, _WIDTH)) if op else ""]
        case ("use",) | ("use", _):
            return [*_calls(file, within.step), *_block(file, str(value))]
        case ("from", *_):
            return _of_path(file, (*within.step, *within.words), value)
        case ("id" | "title",):
            return _calls(file, within.step)
        case _:
            return _of_word(file, (*within.step, *within.words[:1]))


def _of_path(file: SpecFile, keys: Keys, path: Any) -> list[str]:
    """The calls of the step that a path names."""
    within = within_step(keys)
    around = siblings(file, within.step) if within else steps_in(file, keys[:2] if keys[0] == "blocks" else ("model",))
    found = reached(file, around, str(path))
    return _calls(file, found.keys) if found else []


def _of_expression(file: SpecFile, item: Item, offset: int) -> Hover | None:
    """The value of an expression, and of the name in it that the cursor stands on."""
    within = within_step(item.keys)
    whole = [_computed(file, within) if within and within.words else ""]
    found = name_at(file, item, offset)
    if found is None:
        return _told(whole, item.value)
    meaning, extent = found
    own = _param(file, meaning.name) if meaning.keys and meaning.keys[0] == "params" else _named(file, *meaning)
    return _told([own, *whole], extent)


def _named(file: SpecFile, name: str, about: str, keys: Keys | None) -> str:
    values = _values_of(file, keys)[0] if keys else []
    return f"{_code(name)}: {', '.join(values) or _code(about)}"


def _param(file: SpecFile, name: str) -> str:
    declared = declaration(file, name)
    told = described(declared)
    default = _code(toml(declared.get("default")))
    return f"{_code(name)}: a param, {default} unless set{f'; {_code(told)}' if told else ''}"


def _end(file: SpecFile, table: str, name: str) -> list[str]:
    """The type of an input or output of the network."""
    for learnt in file.learnt:
        typed = learnt.typed
        names = typed.graph.inputs if table == "inputs" else [each for each, _ in typed.graph.outputs]
        types = dict(zip(names, typed.inputs if table == "inputs" else typed.outputs, strict=True))
        if types.get(name, NOT_KNOWN) != NOT_KNOWN:
            return [f"{_code(name)}: {types[name]}", _remark(file, learnt)]
    return []


def _bodies(file: SpecFile, block: str) -> tuple[Sequence[TypedGraph], str]:
    """The distinct bodies of a block, and of when that is."""
    found = ((learnt.uses.bodies(block), _remark(file, learnt)) for learnt in file.learnt)
    return next((each for each in found if each[0]), ((), ""))


def _values_of(file: SpecFile, keys: Keys) -> tuple[list[str], str]:
    """The values that an argument of a block has in the network, each once, and of when that is."""
    _, block, _, name = keys
    bodies, remark = _bodies(file, str(block))
    found = (body.graph.args.get(str(name)) for body in bodies)
    return list(dict.fromkeys(_code(toml(value)) for value in found if value is not None)), remark


def _computed(file: SpecFile, within: Within) -> str:
    """The values that an argument of a step has in the network."""
    name = str(within.words[0])
    found = (use.argument(name) for use in _uses(file, within.step)[0])
    values = list(dict.fromkeys(_code(toml(value)) for value in found if value is not None))
    return f"{_code(name)} is {', '.join(values[:_ROWS])} here" if values else ""


def _block(file: SpecFile, name: str) -> list[str]:
    """A block: its arguments and inputs, and its bodies in the network."""
    if name not in file.table("blocks"):
        return []
    declared = file.table("blocks", name, "args")
    arguments = ", ".join(f"{each} = {toml(value)}" for each, value in declared.items())
    inputs = inputs_of(file, ("blocks", name))
    head = f"block {name}({arguments})" + (f" of {', '.join(inputs)}" if inputs != [INPUT] else "")
    bodies, remark = _bodies(file, name)
    told = [f"{', '.join(map(str, each.inputs))} → {', '.join(map(str, each.outputs))}" for each in bodies]
    rows = "\n".join(f"- {row}" for row in list(dict.fromkeys(told))[:_ROWS])
    return [_fenced(safe(head)), rows, remark]


def _uses(file: SpecFile, keys: Keys) -> tuple[Sequence[Use], str]:
    """The calls of the step at ``keys``, and of when that is."""
    changed = changed_step(file, keys)
    place = file.inherited(changed or keys) if changed or not file.own(keys) else None
    for learnt in file.learnt:
        before = learnt.before(file.outline, keys)
        own = learnt.uses.at(file.name, before) if before else ()
        uses = own or (learnt.uses.at(place.document.source.path, place.keys) if place else ())
        if uses:
            return uses, _remark(file, learnt)
    return (), ""


def _calls(file: SpecFile, keys: Keys) -> list[str]:
    """The calls of the step at ``keys`` as a table."""
    uses, remark = _uses(file, keys)
    if not uses:
        return []
    head = "| step | reads | gives | parameters | MACs |\n|---|---|---|--:|--:|"
    rows = [_row(use) for use in uses[:_ROWS]]
    more = [f"| … {len(uses) - _ROWS} more | | | | |"] if len(uses) > _ROWS else []
    return ["\n".join([head, *rows, *more]), remark]


def _overridden(file: SpecFile, keys: Keys) -> list[str]:
    """What the step runs that an override at ``keys`` changes, where no network tells more."""
    changed = changed_step(file, keys)
    return [f"{_code(str(keys[1]))}: {_code(about(step_at(file, keys)))}"] if changed else []


def _row(use: Use) -> str:
    reads, gives = use.shapes
    times = f" ×{use.times}" if use.times > 1 else ""
    return f"| {use.path}{times} | {reads} | {gives} | {counted(use.costs.trainable)} | {scaled(use.costs.macs)} |"


def _remark(file: SpecFile, learnt: Learnt) -> str:
    return "" if learnt.outline.text == file.text.source else _STALE[learnt.whole]


def _fenced(text: str) -> str:
    return f"```text\n{text.rstrip()}\n```"


def _code(text: str) -> str:
    """``text`` as code, whatever it holds: it may come from a stranger, whose links and pictures nobody wants."""
    ticks = "`" * (1 + max(map(len, re.findall("`+", text)), default=0))
    room = " " if "`" in text else ""
    return f"{ticks}{room}{safe(text)}{room}{ticks}"
