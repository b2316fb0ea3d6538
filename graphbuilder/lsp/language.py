"""What may stand at a place of a spec, and what is said of it: keys, values, descriptions.

The words come from the grammar's own models and from the ops' classes; nothing is told twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Literal, NamedTuple, cast, get_args, get_origin, get_type_hints

from pydantic import BaseModel

from graphbuilder.backends.table.ops import argument, properties, sentence
from graphbuilder.elaborate.initialisers import KINDS
from graphbuilder.ir import Initialiser, Op
from graphbuilder.lsp.file import SpecFile
from graphbuilder.lsp.names import (
    Within,
    blocks_of,
    declaration,
    inputs_of,
    op_of,
    overridable,
    siblings,
    step_at,
    targets,
    toml,
    within_step,
)
from graphbuilder.lsp.outline import Keys
from graphbuilder.ops import catalogue, find
from graphbuilder.spec.model import Block, Body, InputType, Output, Param, Spec, Step
from graphbuilder.spec.names import TYPES
from graphbuilder.spec.schema import EXTENSION, INSERTED

Sort = Literal["word", "op", "block", "argument", "value", "path", "file", "name"]

_RUNS = frozenset({"op", "use"})  # a step has one of them


class Choice(NamedTuple):
    """Something that may be written: ``text`` as the spec has it (strings in quotes), and what is said of it."""

    text: str
    sort: Sort
    detail: str = ""
    about: str = ""


def keys_at(file: SpecFile, table: Keys) -> Iterator[Choice]:
    """The keys that the table at ``table`` may have."""
    within = within_step(table)
    if within:
        yield from _keys_in_step(file, within)
        return
    match table:
        case ("defaults" | "init",):
            yield from (Choice(name, "op", op.family, sentence(op)) for name, op in catalogue().items())
        case ("defaults", str(name)) if op := find(name):
            yield from _arguments(op)
        case ("init", _) | ("init", _, _):
            yield from _initialiser()
        case ("blocks",):
            yield from (Choice(name, "block", "used, and not written") for name in _used(file))
            yield from _inherited(file, table)
        case ("params" | "inputs" | "outputs",) | ("blocks", _, "args" | "let"):
            yield from _inherited(file, table)
        case ("steps",):
            yield from (Choice(f'"{each.path}"', "path", each.about) for each in overridable(file).values())
        case _:
            yield from (Choice(word, "word", "", said) for word, said in words_at(table).items())


def _used(file: SpecFile) -> list[str]:
    """The blocks that steps of this text use, and that are nowhere written."""
    found = (each for each in file.outline.items if "use" in each.keys[-2:] and each.kind == "text")
    names = dict.fromkeys(str(file.outline.value(each.keys)) for each in found)
    return [name for name in names if name not in file.table("blocks")]


def _inherited(file: SpecFile, table: Keys) -> Iterator[Choice]:
    """What a variant may change of the table that it inherits."""
    for name, value in file.table(*map(str, table)).items():
        if file.inherited((*table, name)):
            yield Choice(name, "name", "inherited" if isinstance(value, dict) else toml(value))


def words_at(table: Keys) -> Mapping[str, str]:
    """The words of the grammar that a table may have, with their descriptions."""
    match table:
        case ():
            return {**_words(Spec), **EXTENSION}
        case ("model",):
            return _words(Body)
        case ("blocks", _):
            return _words(Block)
        case ("inputs", _):
            return _words(InputType)
        case ("outputs", _):
            return _words(Output)
        case ("params", _):
            return _words(Param)
        case ("steps", _):
            return {**_words(Step), **INSERTED}
        case _:
            within = within_step(table)
            return _words(Step) if within and not within.words else {}


@cache
def _words(model: type[BaseModel]) -> Mapping[str, str]:
    return {field.alias or name: field.description or "" for name, field in model.model_fields.items()}


def _keys_in_step(file: SpecFile, within: Within) -> Iterator[Choice]:
    step = step_at(file, within.step)
    if within.words == ("from",):
        op = op_of(step)
        ports = (
            op.ports if op else [name for block in blocks_of(step)[:1] for name in inputs_of(file, ("blocks", block))]
        )
        yield from (Choice(port, "name", "an input") for port in ports)
    if within.words[:1] == ("init",):
        yield from _initialiser()
    if within.words:
        return
    op = op_of(step)
    if op:
        yield from _arguments(op)
    for block in blocks_of(step)[:1]:
        declared = file.table("blocks", block, "args")
        yield from (
            Choice(name, "argument", toml(value), f"An argument of `{block}`.") for name, value in declared.items()
        )
    runs = not _RUNS.isdisjoint(step)
    words = ((word, said) for word, said in words_at(within.step).items() if not (runs and word in _RUNS))
    yield from (Choice(word, "word", "", said) for word, said in words)


def _initialiser() -> Iterator[Choice]:
    return (Choice(word, "word") for word in Initialiser._fields)


def _arguments(op: type[Op]) -> Iterator[Choice]:
    fields = op.model_fields
    for name in sorted(fields, key=lambda each: not fields[each].is_required()):
        head, _, about = argument(op, name).partition("\n")
        yield Choice(name, "argument", head.partition(": ")[2], " ".join(about.split()))


def values_at(file: SpecFile, keys: Keys) -> Iterator[Choice]:
    """The values that may stand at ``keys``, of which strings have their quotes."""
    within = within_step(keys)
    if within and within.words:
        yield from _values_in_step(file, within)
        return
    match keys:
        case ("blocks", _, *words):
            yield from _values_in_block(file, keys, tuple(words))
        case ("params", str(name)) | ("params", str(name), "default"):
            yield from _param_values(file, name)
        case ("outputs", _, *words):
            yield from _booleans() if words in (["training"], ["by_name"]) else _paths(file, keys)
        case ("extends",):
            yield from (Choice(f'"{name}"', "file") for name in _specs_beside(file))
        case ("dialect",):
            yield from _literals(Spec, "dialect")
        case ("inputs", _, "layout"):
            yield from _literals(InputType, "layout")
        case ("defaults", str(name), str(field)) if op := find(name):
            yield from argument_values(op, field)
        case ("init", *words):
            yield from _initialisers(tuple(words[1:]))
        case _:
            return


def _param_values(file: SpecFile, name: str) -> Iterator[Choice]:
    """What a param may be by its declaration, here or in what this file extends."""
    declared = declaration(file, name)
    yield from (Choice(toml(each), "value") for each in cast("list[Any]", declared.get("choices", [])))
    if isinstance(declared.get("default"), bool):
        yield from _booleans()


def _values_in_block(file: SpecFile, keys: Keys, words: Keys) -> Iterator[Choice]:
    match words:
        case ("outputs", _):
            yield from _paths(file, keys)
        case ("args", _):
            yield from (Choice(f'"{name}"', "value", "must be given") for name in TYPES)
        case ("shortcut" | "merge" as word,):
            yield from _literals(Block, word)
        case ("shortcut_when",):
            yield from _booleans()
        case _:
            return


def _values_in_step(file: SpecFile, within: Within) -> Iterator[Choice]:
    step = step_at(file, within.step)
    match within.words:
        case ("op",):
            yield from (Choice(f'"{name}"', "op", op.family, sentence(op)) for name, op in catalogue().items())
        case ("use",) | ("use", _):
            yield from (Choice(f'"{name}"', "block", _signature(file, name)) for name in file.table("blocks"))
        case ("from",) | ("from", _):
            yield from _paths(file, (*within.step, *within.words))
        case ("share",):
            yield Choice("true", "value", "with `repeat`: one set of weights for all copies")
            others = (each for each in siblings(file, within.step) if each.keys != within.step)
            yield from (Choice(f'"{each.name}"', "path") for each in others)
        case ("merge",):
            yield from _literals(Step, "merge")
        case ("when",):
            yield from _booleans()
        case ("init", *words):
            yield from _initialisers(tuple(words))
        case (str(name),):
            op = op_of(step)
            yield from argument_values(op, name) if op else _block_values(file, step, name)
        case _:
            return


def _initialisers(words: Keys) -> Iterator[Choice]:
    """The words that an initialiser, or at ``words`` a part of it, may be."""
    modes = get_args(get_type_hints(Initialiser)["mode"])
    names = modes if words[-1:] == ("mode",) else KINDS if not words or words[-1] == "kind" else ()
    yield from (Choice(f'"{name}"', "value") for name in names)


def _block_values(file: SpecFile, step: Mapping[str, Any], name: str) -> Iterator[Choice]:
    declared = [file.table("blocks", block, "args").get(name) for block in blocks_of(step)]
    if any(isinstance(each, bool) or each == "bool" for each in declared):
        yield from _booleans()


def argument_values(op: type[Op], name: str) -> Iterator[Choice]:
    """The words that an argument of an op may be, and its truth values."""
    schema = properties(op).get(name, {})
    choices = cast("list[dict[str, Any]]", schema.get("anyOf", [schema]))
    for choice in choices:
        yield from (Choice(toml(each), "value") for each in cast("list[Any]", choice.get("enum", [])))
        if "const" in choice:
            yield Choice(toml(choice["const"]), "value")
        if choice.get("type") == "boolean":
            yield from _booleans()


def _paths(file: SpecFile, keys: Keys) -> Iterator[Choice]:
    written: Any = file.outline.value(keys)
    prefix = written.rpartition(".")[0] if isinstance(written, str) else ""
    yield from (Choice(f'"{each.path}"', "path", each.about) for each in targets(file, keys, prefix))


def _signature(file: SpecFile, block: str) -> str:
    declared = file.table("blocks", block, "args")
    return ", ".join(f"{name} = {toml(value)}" for name, value in declared.items())


def _literals(model: type[BaseModel], name: str) -> Iterator[Choice]:
    """The words that a field of the grammar may be."""
    waiting: list[Any] = [model.model_fields[name].annotation]
    while waiting:
        kind = waiting.pop(0)
        if get_origin(kind) is Literal:
            yield from (Choice(toml(each), "value") for each in get_args(kind))
        else:
            waiting += get_args(kind)


def _booleans() -> Iterator[Choice]:
    return (Choice(word, "value") for word in ("true", "false"))


def _specs_beside(file: SpecFile) -> list[str]:
    if file.folder is None:
        return []
    return sorted(each.name for each in file.folder.glob("*.toml") if str(each) != file.name)[:200]
