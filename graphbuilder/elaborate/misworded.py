"""Words of steps that are written wrong, `repeats` for `repeat`: each means what it was meant as, so that the check of
arguments tells of it, and nothing is told of a step that differs from what was meant. A `repeat` that is missing, which
several arguments wait for, is told here once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from graphbuilder.diagnostics import Sink
from graphbuilder.elaborate.walks import all_steps, with_steps
from graphbuilder.ir import Op
from graphbuilder.ops.other_names import argument_meant
from graphbuilder.spec.expressions import Expression
from graphbuilder.spec.model import Spec, Step
from graphbuilder.spec.names import STEP_WORDS
from graphbuilder.spec.unknown import POISON

# What the arguments of copies may read.
_OF_COPIES = frozenset({"i", "n", "item"})
_FIELDS = {"from": "from_"}
# What tells a step what to run: with two of them nobody knows.
_RUNS = frozenset({"op", "use", "share"})

_Words = Mapping[str, Any]


def as_worded(spec: Spec, ops: Mapping[str, type[Op]], sink: Sink) -> Spec:
    """``spec`` with its steps as they were meant; those with a word that cannot be what it was meant as are marked."""
    found = {step.place.keys: words for step in all_steps(spec) if (words := _words(step, spec, ops, sink))}
    if not found:
        return spec
    values = {keys: fields for keys, words in found.items() if (fields := _values(words)) is not None}
    changed = with_steps(spec, lambda step: step.model_copy(update=dict(values.get(step.place.keys, {}))))
    changed.mended({*spec.unsound, *(found.keys() - values.keys())})
    return changed


def _words(step: Step, spec: Spec, ops: Mapping[str, type[Op]], sink: Sink) -> _Words:
    """The words that a step has by other names, and a `repeat` that it lacks."""
    words: dict[str, Any] = {}
    fields = _arguments(step, spec, ops)
    for name in () if fields is None else [name for name in step.args if name not in fields]:
        word = argument_meant(name, (*(fields or ()), *STEP_WORDS))
        if word in STEP_WORDS and _FIELDS.get(word, word) not in step.model_fields_set:
            words[word] = step.args[name]
    return words if words or step.repeated or not _lacks_repeat(step, sink) else {"repeat": POISON}


def _arguments(step: Step, spec: Spec, ops: Mapping[str, type[Op]]) -> Collection[str] | None:
    """What the op or the blocks of a step take; None where it is not known what it runs."""
    if step.op is not None and step.op in ops:
        return ops[step.op].model_fields
    if not step.blocks or not all(name in spec.blocks for name in step.blocks):
        return None
    return {name for block in step.blocks for name in spec.blocks[block].args}


def _lacks_repeat(step: Step, sink: Sink) -> bool:
    """Whether several arguments read what there is in copies alone; the first of them is told."""
    reading = list(_reading_copies(step))
    if len(reading) < 2:
        return False
    name, expression = reading[0]
    error = next(iter(expression.missing(dict.fromkeys(expression.names - _OF_COPIES)).values()))
    sink.add(error.at(step.place_of(name).span))
    return True


def _reading_copies(step: Step) -> Iterator[tuple[str, Expression]]:
    for name, raw in step.args.items():
        if isinstance(raw, Expression) and not raw.names.isdisjoint(_OF_COPIES):
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
