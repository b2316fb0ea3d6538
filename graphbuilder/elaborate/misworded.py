"""Words of steps that are written wrong, `repeats` for `repeat`: each means what it was meant as, so that the check of
arguments tells of it, and nothing is told of a step that differs from what was meant. A `repeat` that is missing, which
several arguments wait for, is told here once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from graphbuilder.diagnostics import Sink
from graphbuilder.document.scanner import Keys
from graphbuilder.elaborate.walks import all_steps, with_steps
from graphbuilder.ir import Op
from graphbuilder.ops.other_names import argument_meant
from graphbuilder.spec.expressions import Expression
from graphbuilder.spec.model import Spec, Step
from graphbuilder.spec.names import OF_COPIES, STEP_WORDS
from graphbuilder.spec.unknown import POISON

_FIELDS = {"from": "from_"}
# What tells a step what to run: with two of them nobody knows.
_RUNS = frozenset({"op", "use", "share"})

# The most arguments that nothing takes of which a word is looked for; a run tells of a hundred mistakes.
_MOST_STRANGERS = 200

_Words = Mapping[str, Any]


def as_worded(spec: Spec, ops: Mapping[str, type[Op]], sink: Sink) -> Spec:
    """``spec`` with its steps as they were meant; those with a word that cannot be what it was meant as are marked."""
    left = _MOST_STRANGERS
    found = dict[Keys, _Words]()
    for step in all_steps(spec):
        strangers = _strangers(step, spec, ops)[:left]
        left -= len(strangers)
        if words := _words(step, strangers, spec, ops, sink):
            found[step.place.keys] = words
    if not found:
        return spec
    values = {keys: fields for keys, words in found.items() if (fields := _values(words)) is not None}
    changed = with_steps(spec, lambda step: step.model_copy(update=dict(values.get(step.place.keys, {}))))
    changed.mended({*spec.unsound, *(found.keys() - values.keys())})
    return changed


def _words(step: Step, strangers: Sequence[str], spec: Spec, ops: Mapping[str, type[Op]], sink: Sink) -> _Words:
    """The words that a step has by other names, and a `repeat` that it lacks."""
    words: dict[str, Any] = {}
    near = [name for name in strangers if argument_meant(name, STEP_WORDS)]
    known = {name for fields in (_arguments(step, spec, ops) if near else ()) for name in fields}
    for name in near:
        word = argument_meant(name, (*known, *STEP_WORDS))
        if word in STEP_WORDS and _FIELDS.get(word, word) not in step.model_fields_set:
            words[word] = step.args[name]
    return words if words or step.repeated or not _lacks_repeat(step, sink) else {"repeat": POISON}


def _strangers(step: Step, spec: Spec, ops: Mapping[str, type[Op]]) -> list[str]:
    """The arguments of a step that what it runs does not take; none where it is not known what that is."""
    takers = _arguments(step, spec, ops) if step.args else ()
    return [name for name in step.args if takers and not any(name in fields for fields in takers)]


def _arguments(step: Step, spec: Spec, ops: Mapping[str, type[Op]]) -> Sequence[Collection[str]]:
    """What the op, or each of the blocks of a step, takes; nothing where it is not known what it runs."""
    if step.op is not None and step.op in ops:
        return [ops[step.op].model_fields]
    if not all(name in spec.blocks and _is_known(spec, name) for name in step.blocks):
        return []
    return [spec.blocks[name].args for name in dict.fromkeys(step.blocks)]


def _is_known(spec: Spec, block: str) -> bool:
    """Whether all that ``block`` takes is known: a mistake in what it declares may have left arguments out."""
    keys = spec.blocks[block].place.keys
    return spec.unsound.isdisjoint({("blocks",), keys, (*keys, "args")})


def _lacks_repeat(step: Step, sink: Sink) -> bool:
    """Whether several arguments read what there is in copies alone; the first of them is told."""
    reading = list(_reading_copies(step))
    if len(reading) < 2:
        return False
    name, expression = reading[0]
    error = next(iter(expression.missing(dict.fromkeys(expression.names.difference(OF_COPIES))).values()))
    sink.add(error.at(step.place_of(name).span))
    return True


def _reading_copies(step: Step) -> Iterator[tuple[str, Expression]]:
    for name, raw in step.args.items():
        if isinstance(raw, Expression) and not raw.names.isdisjoint(OF_COPIES):
            yield name, raw


def _values(words: _Words) -> _Words | None:
    """The fields of a step for its words; None where one of them cannot have its value."""
    if not _RUNS.isdisjoint(words):
        return None
    try:
        step = Step.model_validate({"op": "", **words})
    except ValidationError:
        return None
    return {field: getattr(step, field) for field in (_FIELDS.get(word, word) for word in words)}
