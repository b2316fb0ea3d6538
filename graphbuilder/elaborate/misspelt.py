"""Names that are misspelt where they are declared: nothing reads them, and several places read one that is near and
that nothing declares. Each is reported there, and not where it is read, and then means what is read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from graphbuilder.diagnostics import Meant, Rule, Sink
from graphbuilder.diagnostics.catalogue.arguments import ArgumentUnknown
from graphbuilder.diagnostics.catalogue.expressions import ExpressionName
from graphbuilder.diagnostics.catalogue.references import UnknownStep
from graphbuilder.diagnostics.nearest import nearest
from graphbuilder.document import Place
from graphbuilder.elaborate.kinds import computable, takes
from graphbuilder.elaborate.mentions import (
    JOINTS,
    expressions_of,
    in_expressions,
    in_paths,
    inputs_read,
    known_in_expressions,
    known_in_paths,
    step_names,
)
from graphbuilder.elaborate.walks import all_steps, side_paths, steps_of, words_of
from graphbuilder.spec.expressions import Expression, expressions_in
from graphbuilder.spec.model import Block, Spec, Step
from graphbuilder.spec.names import FACTS, INPUT, SCOPE, STEP_WORDS, types_of

# Of the names that nothing declares, those that are looked for: each is compared with all that nothing reads.
_LOOKED_FOR = 50


class _Kind(NamedTuple):
    """What is declared, what reads it, the rule that is broken, and whether a key has its name or a value."""

    name: str
    readers: str
    rule: type[Rule]
    by_key: bool


_PARAM = _Kind("param", "expressions", ExpressionName, True)
_ARGUMENT = _Kind("argument", "places", ArgumentUnknown, True)
_LET = _Kind("let", "places", ExpressionName, True)
_INPUT = _Kind("input", "places", UnknownStep, False)
_STEP = _Kind("step", "paths", UnknownStep, False)


class Misspelt:
    """Looks for misspelt names and reports them; gives, by each, the name that is read in its place."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._left = iter(range(_LOOKED_FOR))

    def params(self, spec: Spec, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Values for the names by which expressions read params that are declared by another."""
        places = {name: spec.place_of("params") / name for name in spec.params}
        values = {**spec.params, **{name: value for name, value in settings.items() if name in spec.params}}

        def fits(param: str, name: str) -> bool:
            reading = (each for each, own in _expressions(spec) if name not in own)
            return computable(name, values[param], reading) and takes(name, values[param], all_steps(spec))

        called = self._called(_PARAM, places, Counter(_undeclared(spec)), lambda: {*spec.params, *SCOPE}, fits)
        return {name: values[param] for param, name in called.items()}

    def steps(
        self, steps: Sequence[Step], outputs: Iterable[str], known: Collection[str], inside: Collection[str]
    ) -> Mapping[str, str]:
        """The steps of one scope, by their ids; ``known`` are names besides theirs, and some are read from ``inside``
        another."""
        places = {step.id: step.place_of("id") for step in steps if step.id and step.id not in inside}
        reads = in_paths(steps, outputs)
        return self._called(_STEP, places, reads, lambda: {*step_names(steps), *known, *JOINTS})

    def inputs(self, spec: Spec, block: Block, given: Counter[str]) -> Mapping[str, str]:
        """The inputs of a block, whose uses have ``given`` inputs by name."""
        places = {name: block.place_of("inputs") / index for index, name in enumerate(block.inputs or ())}
        if not places:
            return {}

        def known() -> Collection[str]:
            return {*places, *known_in_paths(block)}.union(*map(step_names, side_paths(block)))

        return self._called(_INPUT, places, inputs_read(block, known_in_expressions(spec, block)) + given, known)

    def arguments(self, spec: Spec, block: Block, given: Counter[str]) -> Mapping[str, str]:
        """The arguments of a block, whose uses have ``given`` arguments."""
        return self._names(_ARGUMENT, block.args, spec, block, given)

    def lets(self, spec: Spec, block: Block) -> Mapping[str, str]:
        """The lets of a block."""
        return self._names(_LET, block.let, spec, block, Counter())

    def _names(
        self, kind: _Kind, names: Mapping[str, Any], spec: Spec, block: Block, given: Counter[str]
    ) -> Mapping[str, str]:
        if not names:
            return {}

        def fits(near: str, name: str) -> bool:
            value = names[near]
            if isinstance(value, Expression) or types_of(value):
                return True
            return computable(name, value, expressions_of(block)) and takes(name, value, steps_of(block))

        word = "args" if kind is _ARGUMENT else "let"
        places = {name: block.place_of(word) / name for name in names}
        facts = [f"{name}_{fact}" for name in (*(block.inputs or ()), INPUT) for fact in FACTS]
        known = {*known_in_expressions(spec, block), *STEP_WORDS, *facts}
        return self._called(kind, places, Counter(in_expressions(block)) + given, lambda: known, fits)

    def _called(
        self,
        kind: _Kind,
        declared: Mapping[str, Place],
        reads: Mapping[str, int],
        known: Callable[[], Collection[str]],
        fits: Callable[[str, str], bool] = lambda _near, _name: True,
    ) -> Mapping[str, str]:
        unread = [name for name in declared if name not in reads]
        if not unread:
            return {}
        others = known()
        strangers = [name for name, times in reads.items() if times > 1 and name not in others]
        found: dict[str, str] = {}
        for name, _ in zip(strangers, self._left, strict=False):
            near = nearest(name, [each for each in unread if each not in found])
            if near is not None and fits(near, name):
                found[near] = name
                self._report(kind, near, declared[near], name, reads[name])
        return found

    def _report(self, kind: _Kind, near: str, place: Place, name: str, times: int) -> None:
        message = f"nothing reads the {kind.name} `{near}`, and {times} {kind.readers} read `{name}`"
        span = place.key_span if kind.by_key else place.span
        self._sink.add(kind.rule.at(span, message, help=Meant((name,), "call it {}")))


def misspelt_block(spec: Spec, used: Mapping[str, int], name: str) -> str | None:
    """The block that nothing uses by its own name, and several steps by one that is near, ``name``."""
    near = nearest(name, spec.blocks) if used.get(name, 0) > 1 else None
    return None if near in used else near


def _undeclared(spec: Spec) -> Iterator[str]:
    """What expressions read, but for the names that their blocks declare."""
    for expression, own in _expressions(spec):
        yield from (name for name in expression.places if name not in own)


def _expressions(spec: Spec) -> Iterator[tuple[Expression, Collection[str]]]:
    """The expressions of a spec, each with the names that its block declares."""
    outside = [
        spec.defaults,
        spec.init,
        *(each.shape for each in spec.inputs.values()),
        *map(words_of, spec.model.body),
    ]
    yield from ((each, ()) for each in expressions_in(outside))
    for block in spec.blocks.values():
        if any((*block.place.keys, word) in spec.unsound for word in ("args", "let")):
            continue
        own = {*block.args, *block.let, *(f"{name}_{fact}" for name in block.inputs or () for fact in FACTS)}
        yield from ((each, own) for each in expressions_of(block))
