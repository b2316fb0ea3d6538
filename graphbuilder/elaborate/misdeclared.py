"""Declarations at fault: names that nothing reads, near to one that several places read and nothing declares; arguments
and inputs that a block reads, is given and does not declare; inputs of a block that nothing reads and no use gives.

Each is reported once, and not every place that reads, gives or lacks it, which then means what is declared.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from graphbuilder.diagnostics import Meant, Rule, Sink, Span
from graphbuilder.diagnostics.catalogue.expressions import ExpressionName
from graphbuilder.diagnostics.catalogue.references import ArgumentUnknown, Ports, UnknownStep
from graphbuilder.diagnostics.nearest import nearest
from graphbuilder.document import Place
from graphbuilder.elaborate.names import name_steps, paths_of
from graphbuilder.elaborate.remedies import setting
from graphbuilder.elaborate.walks import all_steps, main_steps, side_paths, steps_of, values_of, words_of
from graphbuilder.spec.expressions import Expression, free_names
from graphbuilder.spec.model import Block, Spec, Step
from graphbuilder.spec.names import FACTS, INPUT, SCOPE, STEP_WORDS, TYPES
from graphbuilder.spec.unknown import POISON

# Of the names that nothing declares, those that are looked for: each is compared with all that nothing reads.
_LOOKED_FOR = 50
_Left = Iterator[int]
# What a path may begin with besides the names of steps, inputs and branches.
_JOINTS = ("before", "shortcut", "merge", INPUT)


class _Kind(NamedTuple):
    """What is declared, what reads it, the rule that is broken, and whether a key has its name or a value."""

    name: str
    readers: str
    rule: type[Rule]
    by_key: bool


_PARAM = _Kind("param", "expressions", ExpressionName, True)
_ARGUMENT = _Kind("argument", "places", ArgumentUnknown, True)
_INPUT = _Kind("input", "places", UnknownStep, False)
_STEP = _Kind("step", "paths", UnknownStep, False)


def _called(
    kind: _Kind,
    declared: Mapping[str, Place],
    reads: Mapping[str, int],
    known: Callable[[], Collection[str]],
    left: _Left,
    sink: Sink,
) -> Mapping[str, str]:
    """By each name of ``declared`` that nothing reads, the one that is read in its place and is not ``known``; each is
    reported. As many are looked for as are ``left``."""
    unread = [name for name in declared if name not in reads]
    if not unread:
        return {}
    others = known()
    strangers = [name for name, times in reads.items() if times > 1 and name not in others]
    found: dict[str, str] = {}
    for name, _ in zip(strangers, left, strict=False):
        near = nearest(name, [each for each in unread if each not in found])
        if near is None:
            continue
        found[near], place = name, declared[near]
        message = f"nothing reads the {kind.name} `{near}`, and {reads[name]} {kind.readers} read `{name}`"
        span = place.key_span if kind.by_key else place.span
        sink.add(kind.rule.at(span, message, help=Meant((name,), "call it {}")))
    return found


def misspelt_params(spec: Spec, settings: Mapping[str, Any], sink: Sink) -> dict[str, Any]:
    """Values for the names by which expressions read params that are declared by another."""
    reads = Counter(_names_undeclared(spec))
    places = {name: spec.place_of("params") / name for name in spec.params}
    called = _called(_PARAM, places, reads, lambda: {*spec.params, *SCOPE}, iter(range(_LOOKED_FOR)), sink)
    return {name: settings.get(param, spec.params[param]) for param, name in called.items()}


def _names_undeclared(spec: Spec) -> Iterator[str]:
    """What expressions read, but for the names that their blocks declare."""
    yield from free_names([spec.defaults, spec.init, [each.shape for each in spec.inputs.values()]])
    for step in spec.model.body:
        yield from free_names(words_of(step))
    for block in spec.blocks.values():
        own = {*block.args, *block.let, *(f"{name}_{fact}" for name in block.inputs or () for fact in FACTS)}
        yield from (name for name in _names_read(block) if name not in own)


def _names_read(block: Block) -> Iterator[str]:
    return free_names([*values_of(block), *(words_of(step) for step in steps_of(block))])


def uses(spec: Spec) -> Counter[str]:
    """How many steps name each block, whether there is one or not."""
    return Counter(name for step in all_steps(spec) for name in step.blocks)


def misspelt_block(spec: Spec, used: Mapping[str, int], name: str) -> str | None:
    """The block that nothing uses by its own name, and several steps by one that is near, ``name``."""
    near = nearest(name, spec.blocks) if used.get(name, 0) > 1 else None
    return None if near in used else near


class _Uses(NamedTuple):
    """What the uses of a block name: its inputs, in tables, and its arguments, of which some have a plain value."""

    inputs: Counter[str]
    arguments: Counter[str]
    plain: dict[str, Any]


def as_read(spec: Spec, sink: Sink) -> Spec:
    """``spec`` with the steps of its bodies, and the inputs and arguments of its blocks, called as they are read."""
    named, inside, left = _uses(spec), _inside(spec), iter(range(_LOOKED_FOR))
    outputs = [each.from_ for each in (spec.outputs or {}).values()]
    model = _steps_as_read([spec.model.body], outputs, spec.inputs, inside, left, sink)
    blocks = {
        name: changed
        for name, block in spec.blocks.items()
        if (changed := _block_as_read(spec, block, named[name], inside, left, sink))
    }
    if not model and not blocks:
        return spec
    body = spec.model.model_copy(update={"body": _renamed(spec.model.body, model)})
    return spec.model_copy(update={"model": body, "blocks": {**spec.blocks, **blocks}})


def _uses(spec: Spec) -> Mapping[str, _Uses]:
    found = {name: _Uses(Counter(), Counter(), {}) for name in spec.blocks}
    for step in all_steps(spec):
        for name in [name for name in dict.fromkeys(step.blocks) if name in found]:
            found[name].inputs.update(step.from_.keys() if isinstance(step.from_, dict) else ())
            found[name].arguments.update(step.args.keys())
            found[name].plain.update(
                {word: value for word, value in step.args.items() if not isinstance(value, Expression)}
            )
    return found


def _inside(spec: Spec) -> Collection[str]:
    """The names that paths lead to from outside a block."""
    paths = [*_paths(all_steps(spec)), *(each.from_ for each in (spec.outputs or {}).values())]
    paths += [path for block in spec.blocks.values() for path in _outputs(block)]
    return {part for path in paths for part in path.split(".")[1:]}


def _paths(steps: Iterable[Step]) -> Iterator[str]:
    for step in steps:
        yield from paths_of(step)
        yield from (step.share,) if isinstance(step.share, str) else ()


def _outputs(block: Block) -> Iterable[str]:
    return block.outputs.values() if isinstance(block.outputs, dict) else block.outputs or ()


def _heads(paths: Iterable[str]) -> Counter[str]:
    return Counter(path.partition(".")[0] for path in paths)


def _steps_as_read(
    parts: Sequence[Sequence[Step]],
    outputs: Iterable[str],
    known: Collection[str],
    inside: Collection[str],
    left: _Left,
    sink: Sink,
) -> Mapping[str, str]:
    """By their ids, the names by which steps of one scope are read; ``known`` are names besides theirs, and some are
    read from ``inside`` another."""
    steps = [step for part in parts for step in part]
    places = {step.id: step.place_of("id") for step in steps if step.id and step.id not in inside}
    reads = _heads([*_paths(steps), *outputs])
    return _called(_STEP, places, reads, lambda: {*_names(*parts), *known, *_JOINTS}, left, sink)


def _names(*parts: Sequence[Step]) -> Iterator[str]:
    """What the steps of one scope are called."""
    return (named.name for part in name_steps(*parts) for named in part)


def _renamed(steps: Sequence[Step], called: Mapping[str, str]) -> list[Step]:
    return [step.model_copy(update={"id": called.get(step.id, step.id)}) if step.id else step for step in steps]


def _block_as_read(
    spec: Spec, block: Block, named: _Uses, inside: Collection[str], left: _Left, sink: Sink
) -> Block | None:
    """``block`` with its main steps, its inputs and its arguments called as they are read; None where they are."""
    parts = [block.before, block.body or (), block.after]
    steps = _steps_as_read(parts, _outputs(block), {*(block.inputs or ()), *(block.branches or ())}, inside, left, sink)
    inputs = _inputs_as_read(spec, block, named.inputs, left, sink)
    arguments = _arguments_as_read(spec, block, named.arguments, left, sink)
    excess, lacking = _excess_inputs(block, inputs, named.inputs, sink), _lacking(spec, block, arguments, named, sink)
    missing = _missing_inputs(spec, block, inputs, named.inputs, sink)
    if not (steps or inputs or arguments or excess or lacking or missing):
        return None
    words: dict[str, Any] = {word: _renamed(getattr(block, word), steps) for word in ("before", "after")}
    words |= {"body": _renamed(block.body, steps)} if block.body else {}
    kept = [inputs.get(name, name) for name in block.inputs or () if name not in excess]
    words |= {"inputs": [*kept, *missing]} if block.inputs or missing else {}
    words["args"] = {arguments.get(name, name): value for name, value in block.args.items()}
    words["args"] |= dict.fromkeys(lacking, POISON)
    return block.model_copy(update=words)


def _inputs_as_read(spec: Spec, block: Block, named: Counter[str], left: _Left, sink: Sink) -> Mapping[str, str]:
    places = {name: block.place_of("inputs") / index for index, name in enumerate(block.inputs or ())}
    declared = {*block.args, *block.let, *spec.params, *SCOPE}
    if not places:
        return {}
    reads = _inputs_read(block, declared) + named

    def known() -> Collection[str]:
        side = [name for steps in side_paths(block) for name in _names(steps)]
        return {*places, *(block.branches or ()), *_names(main_steps(block)), *side, *_JOINTS}

    return _called(_INPUT, places, reads, known, left, sink)


def _inputs_read(block: Block, declared: Collection[str]) -> Counter[str]:
    """What paths of a block begin with, and of what its expressions read facts; not the names that are ``declared``."""
    facts = [name.rpartition("_") for name in _names_read(block) if name not in declared]
    reads = _heads([*_paths(steps_of(block)), *_outputs(block)])
    return reads + Counter(head for head, _, fact in facts if head and fact in FACTS)


def _excess_inputs(block: Block, called: Collection[str], named: Counter[str], sink: Sink) -> Collection[str]:
    """The inputs that nothing in the block reads and that the tables of its uses do not give, each reported."""
    if not named or not block.inputs:
        return ()
    reads = _inputs_read(block, ())
    excess = [name for name in block.inputs if name not in reads and name not in named and name not in called]
    for name in excess:
        message = f"nothing in the block `{block.place.keys[-1]}` reads the input `{name}`, and no use gives it"
        place = block.place_of("inputs") / block.inputs.index(name)
        sink.add(Ports.at(place.span, message, help="leave it out"))
    return excess


def _missing_inputs(
    spec: Spec, block: Block, called: Mapping[str, str], named: Counter[str], sink: Sink
) -> Sequence[str]:
    """The inputs that the tables of a block's uses give, that it reads, and that it does not declare, reported as one
    mistake."""
    keys = block.place.keys
    if not named or not spec.unsound.isdisjoint({keys, (*keys, "inputs"), ("blocks",)}):
        return ()
    declared = [*(block.inputs or ())]
    reads = _inputs_read(block, {*block.args, *block.let, *spec.params, *SCOPE})
    own = {*declared, *called.values(), *(block.branches or ()), *_names(main_steps(block)), *_JOINTS}
    missing = [name for name in named if name in reads and name not in own]
    if missing:
        words, them = " and ".join(f"`{name}`" for name in missing), "them" if len(missing) > 1 else "it"
        message = f"the block `{keys[-1]}` reads {words}, which its uses give, and does not declare {them}"
        whole = ", ".join(f'"{name}"' for name in (*declared, *missing))
        sink.add(Ports.at(_inputs_span(block), message, help=f"write inputs = [{whole}]"))
    return missing


def _inputs_span(block: Block) -> Span:
    return block.place_of("inputs").span if block.inputs else block.place.key_span


def _lacking(spec: Spec, block: Block, called: Mapping[str, str], uses_: _Uses, sink: Sink) -> Collection[str]:
    """The arguments that a block reads, is given, and does not declare, each reported."""
    keys = block.place.keys
    if not uses_.arguments or not spec.unsound.isdisjoint(
        {keys, (*keys, "args"), (*keys, "let"), ("params",), ("blocks",)}
    ):
        return ()
    known = {*block.args, *called.values(), *block.let, *spec.params, *SCOPE, *STEP_WORDS}
    reads = Counter(_names_read(block))
    lacking = [name for name in uses_.arguments if name in reads and name not in known]
    for name in lacking:
        kind = _kind(uses_.plain.get(name))
        message = f"the block `{block.place.keys[-1]}` reads `{name}`, which its uses give, and does not declare it"
        if block.args:
            place, untried = block.place_of("args"), tuple(setting(block.place_of("args"), name, kind))
            help_ = f'write {name} = "{kind}" into its `args`'
            sink.add(ArgumentUnknown.at(place.span, message, help=help_, untried=untried))
        else:
            help_ = f'add args = {{ {name} = "{kind}" }}'
            sink.add(ArgumentUnknown.at(block.place.key_span, message, help=help_))
    return lacking


def _arguments_as_read(spec: Spec, block: Block, given: Counter[str], left: _Left, sink: Sink) -> Mapping[str, str]:
    places = {name: block.place_of("args") / name for name in block.args}
    if not places:
        return {}
    facts = [f"{name}_{fact}" for name in (*(block.inputs or ()), INPUT) for fact in FACTS]
    known = {*block.args, *block.let, *spec.params, *SCOPE, *STEP_WORDS, *facts}
    return _called(_ARGUMENT, places, Counter(_names_read(block)) + given, lambda: known, left, sink)


def _kind(value: object) -> str:
    """The type by which an argument is declared that may be ``value``; an integer where nothing is known of it."""
    return next((word for word, type_ in TYPES.items() if type(value) is type_), "int")
