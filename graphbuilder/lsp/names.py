"""What names mean at a place: the step that a path of keys leads into, the steps around it, what a path or an
expression there can name.

All of it is read off values that nobody has checked, so nothing is taken for granted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product
from typing import Any, NamedTuple, cast

from graphbuilder.diagnostics import Source
from graphbuilder.document import Document, Place
from graphbuilder.document.writing import value as written
from graphbuilder.elaborate.names import name_steps
from graphbuilder.ir import Op
from graphbuilder.lsp.file import SpecFile
from graphbuilder.lsp.outline import Extent, Item, Keys
from graphbuilder.ops import find
from graphbuilder.spec.model import Step
from graphbuilder.spec.names import FACTS, INPUT, PATTERN
from graphbuilder.spec.params import as_declared, described

# A name, or a text that is written out, which may hold what looks like one.
_IN_EXPRESSION = re.compile(r"""'[^'\n]*'|"[^"\n]*"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)""")
_NOWHERE = Place(Document(Source("", ""), {}))


class Within(NamedTuple):
    """A step and the path of words that leads on inside it."""

    step: Keys
    words: Keys


def within_step(keys: Keys) -> Within | None:
    """The step that ``keys`` lead to or into; what an override in ``[steps]`` changes counts as one."""
    for length in range(len(keys), 1, -1):
        if _is_step(keys[:length]):
            return Within(keys[:length], keys[length:])
    return None


def is_steps(keys: Keys) -> bool:
    """Whether a list of steps stands at ``keys``."""
    return _is_step((*keys, 0))


def _is_step(keys: Keys) -> bool:
    match keys:
        case ("model", "body", int()) | ("steps", str()) | ("steps", _, "before" | "after", int()):
            return True
        case ("blocks", _, "before" | "body" | "after" | "shortcut", int()) | ("blocks", _, "branches", _, int()):
            return True
        case _:
            return False


def op_of(step: Mapping[str, Any]) -> type[Op] | None:
    """The op that a step runs."""
    return find(step["op"]) if isinstance(step.get("op"), str) else None


def blocks_of(step: Mapping[str, Any]) -> list[str]:
    """The blocks that a step runs."""
    use: Any = step.get("use")
    return [each for each in cast("list[Any]", use if isinstance(use, list) else [use]) if isinstance(each, str)]


class Sibling(NamedTuple):
    """A step of a body: its name there, and where it stands."""

    name: str
    keys: Keys
    step: Mapping[str, Any]


def siblings(file: SpecFile, step: Keys) -> list[Sibling]:
    """The steps of the body that the step at ``step`` is part of, itself included; of one that an override changes or
    inserts, those around it where it comes to stand."""
    changed = changed_step(file, step[:2])
    around = steps_of(file, _bodies(changed[:-1])) if changed else []
    return [*steps_of(file, _bodies(step[:-1])), *around]


def owner_of(file: SpecFile, place: Keys) -> Keys:
    """The block that ``place`` is in, or the model; of an override, what the step that it changes is in."""
    home = changed_step(file, place[:2]) or place
    return home[:2] if home[0] == "blocks" else ("model",)


def steps_of(file: SpecFile, bodies: Sequence[Keys]) -> list[Sibling]:
    """The steps in the lists at ``bodies``, which share one set of names."""
    rows = [(keys, as_steps(file.value(keys))) for keys in bodies]
    named = name_steps(*([_step(each) for each in steps] for _, steps in rows))
    return [
        Sibling(name, (*keys, index), step)
        for (keys, steps), names in zip(rows, named, strict=True)
        for index, (step, (name, _, _)) in enumerate(zip(steps, names, strict=True))
    ]


def body_of(file: SpecFile, owner: Keys) -> list[Sibling]:
    """The steps of the model, at ``("model",)``, or of a block, without those of its branches and its shortcut."""
    return steps_of(file, _bodies((*owner, "body")))


def as_steps(value: Any) -> list[dict[str, Any]]:
    """The steps of a list; an empty one in the place of whatever is none."""
    items = cast("list[Any]", value) if isinstance(value, list) else []
    return [cast("dict[str, Any]", each) if isinstance(each, dict) else {} for each in items]


def _bodies(steps: Keys) -> list[Keys]:
    """The lists that share their names with the one at ``steps``."""
    match steps:
        case ("blocks", name, "before" | "body" | "after"):
            return [("blocks", name, word) for word in ("before", "body", "after")]
        case _:
            return [steps]


def _step(values: Mapping[str, Any]) -> Step:
    """A step as far as its name goes."""
    words = {word: values[word] for word in ("op", "use", "id", "share") if isinstance(values.get(word), str)}
    step = Step.model_construct(None, **{**words, "use": blocks_of(values) or None})
    step.settle(_NOWHERE)
    return step


def inputs_of(file: SpecFile, owner: Keys) -> list[str]:
    """The names of the inputs of the model or of a block."""
    if owner[0] != "blocks":
        return list(file.table("inputs"))
    named: Any = file.value((*owner[:2], "inputs"))
    return [each for each in cast("list[Any]", named) if isinstance(each, str)] if isinstance(named, list) else [INPUT]


class Target(NamedTuple):
    """What a path can name: a step, an input, a branch or something inside a step."""

    path: str
    about: str
    keys: Keys | None = None


def targets(file: SpecFile, place: Keys, prefix: str = "") -> Iterator[Target]:
    """What a path at ``place``, in a step or an output, can name, with what leads on inside the step ``prefix``."""
    within, owner = within_step(place), owner_of(file, place)
    around = siblings(file, within.step) if within else body_of(file, owner)
    if prefix:
        found = reached(file, around, prefix)
        yield from _inside(file, found, prefix) if found else ()
        return
    yield from (Target(name, "an input") for name in inputs_of(file, owner) if PATTERN.fullmatch(name))
    itself = (within.step, changed_step(file, within.step)) if within else ()
    others = (each for each in around if each.keys not in itself)
    yield from (Target(each.name, about(each.step), each.keys) for each in others if _runs(file, each))
    if owner[0] == "blocks" and not (within and "branches" in within.step):
        yield from (
            Target(name, "a branch", (*owner, "branches", name)) for name in file.table(*map(str, owner), "branches")
        )


def _runs(file: SpecFile, sibling: Sibling) -> bool:
    """Whether a step has a name and runs something that there is."""
    step, blocks = sibling.step, file.table("blocks")
    known = (
        op_of(step) is not None or isinstance(step.get("share"), str) or any(each in blocks for each in blocks_of(step))
    )
    return known and PATTERN.fullmatch(sibling.name) is not None


def about(step: Mapping[str, Any]) -> str:
    """What a step runs, in a few words."""
    words = [str(step["op"])] if isinstance(step.get("op"), str) else [f"block {each}" for each in blocks_of(step)[:1]]
    repeat = step.get("repeat")
    times = f" × {str(repeat).lstrip('=')}" if isinstance(repeat, int | str) and not isinstance(repeat, bool) else ""
    return "".join(words) + times


def reached(file: SpecFile, around: Sequence[Sibling], path: str) -> Sibling | None:
    """The step that ``path`` leads to from the steps ``around``, copies of repeats passed over."""
    found: Sibling | None = None
    for part in path.split("."):
        if found is not None and (part == "*" or part.isdecimal()):
            continue
        if found is not None:
            around = [each for block in blocks_of(found.step) for each in body_of(file, ("blocks", block))]
        found = next((each for each in around if each.name == part), None)
        if found is None:
            return None
    return found


def _inside(file: SpecFile, step: Sibling, prefix: str) -> Iterator[Target]:
    """What a path through ``prefix`` can go on with: copies, or what has an id in a block, or a block's outputs."""
    last = prefix.rpartition(".")[2]
    if ("repeat" in step.step or isinstance(step.step.get("use"), list)) and not (last == "*" or last.isdecimal()):
        count = step.step.get("repeat")
        count = len(blocks_of(step.step)) if count is None else count
        numbers = range(min(count, 100)) if isinstance(count, int) else ()
        yield from (Target(f"{prefix}.{name}", "a copy", step.keys) for name in (*map(str, numbers), "*"))
        return
    for block in blocks_of(step.step):
        outputs: Any = file.value(("blocks", block, "outputs"))
        names = [str(each) for each in cast("list[Any]", outputs)] if isinstance(outputs, list | dict) else []
        yield from (Target(f"{prefix}.{name}", f"an output of {block}") for name in names)
        inside = body_of(file, ("blocks", block))
        yield from (
            Target(f"{prefix}.{each.name}", about(each.step), each.keys) for each in inside if "id" in each.step
        )


def step_at(file: SpecFile, keys: Keys) -> dict[str, Any]:
    """The words of the step at ``keys``; of an override, over those of the step that it changes."""
    own: Any = file.value(keys)
    table = cast("dict[str, Any]", own) if isinstance(own, dict) else {}
    changed = changed_step(file, keys)
    return {**(file.value(changed) or {}), **table} if changed else table


def changed_step(file: SpecFile, keys: Keys) -> Keys | None:
    """Where the step stands that an override at ``keys`` changes."""
    if len(keys) != 2 or keys[0] != "steps":
        return None
    found = overridable(file).get(str(keys[1]))
    return found.keys if found else None


def overridable(file: SpecFile) -> Mapping[str, Target]:
    """The steps with an id of what a file extends, by their paths: in the model, and in each block by its name."""
    return file.once("overridable", lambda: _by_path(_overridable(file)))


def _by_path(targets: Iterable[Target]) -> Mapping[str, Target]:
    """The first of each path."""
    found: dict[str, Target] = {}
    for target in targets:
        found.setdefault(target.path, target)
    return found


def _overridable(file: SpecFile) -> Iterator[Target]:
    for target in targets(file, ("outputs", "out")):
        if target.keys and "id" in (file.value(target.keys) or {}):
            yield target
    for block in file.table("blocks"):
        for target in targets(file, ("blocks", block, "outputs", "out")):
            if target.keys and "id" in (file.value(target.keys) or {}):
                yield target._replace(path=f"{block}.{target.path}")


def arguments_at(file: SpecFile, key: Keys) -> list[Keys]:
    """Where the blocks that a step uses declare the argument that it sets at ``key``."""
    within = within_step(key)
    if within is None or len(within.words) != 1:
        return []
    name = str(within.words[0])
    blocks = blocks_of(step_at(file, within.step))
    return [("blocks", each, "args", name) for each in blocks if name in file.table("blocks", each, "args")]


class Meaning(NamedTuple):
    """What a name in an expression means, and where it is declared if it is."""

    name: str
    about: str
    keys: Keys | None = None


def names_read(file: SpecFile, item: Item) -> Iterator[tuple[str, Extent]]:
    """The names in the expression that ``item`` is, each with where it stands; none in a text that is no expression."""
    start, end = item.value[0] + 1, item.value[1] - item.closed
    if item.kind != "text" or not file.text.source.startswith("=", start):
        return
    for found in _IN_EXPRESSION.finditer(file.text.source, start, end):
        if found["name"]:
            yield found["name"], found.span()


def name_at(file: SpecFile, item: Item, offset: int) -> tuple[Meaning, Extent] | None:
    """What the name means on which ``offset`` stands in an expression, and where that name stands."""
    name, extent = next((each for each in names_read(file, item) if each[1][0] <= offset <= each[1][1]), ("", (0, 0)))
    meaning = next((each for each in scope(file, item.keys) if each.name == name), None) if name else None
    return (meaning, extent) if meaning else None


def scope(file: SpecFile, place: Keys) -> Iterator[Meaning]:
    """The names that an expression at ``place`` may read, functions left out."""
    owner = owner_of(file, place)
    if owner[0] == "blocks":
        yield from _of_block(file, owner)
    for name in file.table("params"):
        declared = declaration(file, name)
        told = ", ".join(filter(None, (f"{toml(declared.get('default'))} unless set", described(declared))))
        yield Meaning(name, f"a param, {told}", ("params", name))
    within = within_step(place)
    if within is None:
        return
    yield Meaning("from_channels", "the channels that this step reads")
    yield Meaning("from_shape", "the shape that this step reads")
    if "repeat" in step_at(file, within.step):
        yield Meaning("i", "the number of this copy, from 0")
        yield Meaning("n", "the number of copies")
        yield Meaning("item", "the element of the list that this copy is for")


def declaration(file: SpecFile, name: str) -> dict[str, Any]:
    """What a param says of itself: its default, its choices and bounds, some of them inherited."""
    inherited = file.spec.declared.get(name) if file.spec else None
    known = inherited.model_dump(exclude_none=True) if inherited else {}
    return {**known, **as_declared(file.table("params").get(name))}


def _of_block(file: SpecFile, block: Keys) -> Iterator[Meaning]:
    name = str(block[1])
    for argument, declared in file.table("blocks", name, "args").items():
        yield Meaning(argument, f"an argument of {name}: {toml(declared)}", (*block, "args", argument))
    for let, value in file.table("blocks", name, "let").items():
        yield Meaning(let, f"{value}", (*block, "let", let))
    inputs = inputs_of(file, block)
    named = dict.fromkeys([*((INPUT,) if len(inputs) == 1 else ()), *inputs])
    for port, fact in product(named, FACTS):
        yield Meaning(f"{port}_{fact}", f"the {fact} of this block's input")


def toml(value: Any) -> str:
    """A value as a spec writes it; nothing for one that is missing."""
    return "" if value is None else written(value)
