"""Writes ``forward``: straight-line, as a person would.

A value that is read once by what comes next stands in that expression where it stays readable, a value that lives
on is called after its step, and everything else is ``x`` (or ``y``, while ``x`` is still wanted).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from graphbuilder.backends.python import layout
from graphbuilder.backends.python.layout import Doc
from graphbuilder.backends.python.names import RESERVED, identifier, unused
from graphbuilder.backends.python.parts import some
from graphbuilder.backends.python.results import Reader, Results
from graphbuilder.backends.python.shapes import joining
from graphbuilder.backends.python.steps import Loop, Step, Steps
from graphbuilder.ir import Op, Value

GENERIC = ("x", "y", "z")
DEEPEST = 3
LONGEST = 80
# A value read again within so few steps is a residual, which keeps the trunk's name; beyond, it gets a name of its own.
NEAR = 8


class Pending(NamedTuple):
    """A value that was computed in an expression, not yet in a statement."""

    value: Value
    doc: Doc
    call: bool
    number: int


@dataclass(eq=False)
class Forward:
    """The statements of one ``forward``.

    Attributes:
        steps: all calls in order.
        inputs: what each input is called.
        outputs: what is given out.
        results: writes the expression of a call.
        trained: what is given out in training besides.
    """

    steps: Steps
    inputs: Mapping[Value, str]
    outputs: Sequence[Value]
    results: Results
    trained: Sequence[Value] = ()
    lines: list[str] = field(default_factory=list[str])
    _depth: int = 2

    def __post_init__(self) -> None:
        self._names = dict(self.inputs)
        self._pending: list[Pending] = []
        self._lists: dict[tuple[Value, ...], str] = {}
        self._reads: Counter[Value] = Counter()
        self._first: dict[Value, int] = {}
        self._last: dict[Value, int] = {}
        self._kept: set[str] = set()
        self._always = sum(not step.training for step in self.steps.steps)
        readings = [(number, step.reads) for number, step in enumerate(self.steps.steps)]
        readings.insert(self._always, (self._always, self._resolved(self.outputs)))
        readings.append((len(self.steps.steps), self._resolved(self.trained)))
        for number, values in readings:
            self._reads.update(values)
            for value in values:
                self._first.setdefault(value, number)
                self._last[value] = number

    def write(self) -> list[Doc]:
        """Writes the calls that are always made and gives the outputs as expressions for the ``return``."""
        return self._steps(range(self._always), self.outputs)

    def write_training(self) -> list[Doc]:
        """Writes the calls of training, one level deeper, and gives its outputs."""
        self._depth += 1
        docs = self._steps(range(self._always, len(self.steps.steps)), self.trained)
        self._depth -= 1
        return docs

    def keep(self, wanted: str, doc: Doc) -> str:
        """Assign ``doc`` to a name of its own; that name."""
        name = unused(wanted, {*self._names.values()})
        self._kept.add(name)
        self.state(f"{name} = ", doc)
        return name

    def _steps(self, numbers: range, outputs: Sequence[Value]) -> list[Doc]:
        for number in numbers:
            step = self.steps.steps[number]
            if any(self._reads[value] for value in step.values):
                self._step(number, step)
        return self._arguments(self._resolved(outputs), Reader.RETURN)

    def _resolved(self, values: Sequence[Value]) -> tuple[Value, ...]:
        return tuple(map(self.steps.resolve, values))

    def _step(self, number: int, step: Step) -> None:
        if step.loop is not None:
            self._loop(number, step, step.loop)
            return
        call = self.results.is_call(step)
        arguments = self._arguments(step.reads, self.results.reader(step))
        whole = self._lists.get(step.reads) if joining(some(step.column)) else None
        docs = [self.results.joined(step, whole)] if whole else self.results.docs(step, step.module, arguments)
        if len(docs) != len(step.results):
            self._flush()
            names = ", ".join([self._named(number, step, value) for value in step.results])
            self.state(f"{names} = ", docs[0])
            return
        for value, doc in zip(step.results, docs, strict=True):
            if self._reads[value]:
                self._pending.append(Pending(value, doc, call, number))
        if step.optional or len(step.results) > 1 or any(self._reads[value] > 1 for value in step.results):
            self._flush()

    def _arguments(self, values: tuple[Value, ...], reader: Reader) -> list[Doc]:
        """The expressions of ``values``: what waits and may stand in the reader's expression does, all else by name."""
        inlined = self._inlined(values, reader)
        staying = self._pending[: len(self._pending) - len(inlined)]
        self._pending = staying
        wanted = [number for number, pending in enumerate(staying) if pending.value in values]
        self._flush(wanted[-1] + 1 if wanted else 0)
        return [inlined[value] if value in inlined else self._names[value] for value in values]

    def _inlined(self, values: tuple[Value, ...], reader: Reader) -> dict[Value, Doc]:
        """As many of the last waiting values as ``values`` has in the same order, and as may stand in the reader."""
        order = {value: number for number, value in reversed(list(enumerate(values)))}
        chosen: list[Pending] = []
        for pending in reversed(self._pending):
            number = order.get(pending.value)
            if number is None or (chosen and number > order[chosen[-1].value]) or not _fits(pending, reader):
                break
            chosen.append(pending)
        return {pending.value: pending.doc for pending in reversed(chosen)}

    def _flush(self, count: int | None = None) -> None:
        """State the first ``count`` waiting values, or all of them."""
        stated = self._pending if count is None else self._pending[:count]
        for pending in list(stated):
            step = self.steps.steps[pending.number]
            self.state(f"{self._named(pending.number, step, pending.value)} = ", pending.doc)
        del self._pending[: len(stated)]

    def state(self, prefix: str, doc: Doc, deeper: int = 0) -> None:
        """Write a statement."""
        self.lines += layout.lines(layout.prefixed(prefix, doc), self._depth + deeper)

    def _named(self, number: int, step: Step, value: Value) -> str:
        """A name for ``value``, which is assigned at step ``number``."""
        if not self._reads[value]:
            return "_"
        alive = self._alive(number) | {self._names[each] for each in step.results if each in self._names}
        generic = None if self._is_named(number, step, value) else self._generic(step, number, alive)
        self._names[value] = generic or self._own(step, value, alive)
        return self._names[value]

    def _alive(self, number: int) -> set[str]:
        """Names that are still wanted behind step ``number``; what was last wanted before it is forgotten."""
        for value in [value for value in self._names if self._last.get(value, -1) < number]:
            del self._names[value]
        held = {name for value, name in self._names.items() if self._last[value] > number}
        return held.union(self._lists.values(), self._kept)

    def _is_named(self, number: int, step: Step, value: Value) -> bool:
        """Whether a value is called after its step: it waits for its reader, or lives on beyond its first."""
        if value.port != "out" and len(step.results) > 1:
            return True
        if self._first[value] > number + 1:
            return True
        if self._reads[value] < 2:
            return False
        return _has_id(step) or self._last[value] > number + NEAR

    def _own(self, step: Step, value: Value, alive: set[str]) -> str:
        if len(step.results) == 1 or value.port == "out":
            return unused(identifier(step.name), alive)
        port = identifier(value.port)
        return port if port not in alive and port not in RESERVED else unused(f"{identifier(step.name)}_{port}", alive)

    def _generic(self, step: Step, number: int, alive: set[str]) -> str | None:
        dying = [self._names[value] for value in step.reads if value in self._names and self._last[value] <= number]
        return next((name for name in (*dying, *GENERIC) if name in GENERIC and name not in alive), None)

    def _loop(self, number: int, step: Step, loop: Loop) -> None:
        """A call repeated: what is carried from round to round has one name before, in and behind the loop."""
        self._flush()
        arguments = [self._names[value] for value in step.reads]
        staying = {name for name, port in zip(arguments, loop.carried, strict=True) if port is None}
        names: list[str] = []
        inside = list(arguments)
        for index, value in enumerate(step.results):
            if index not in loop.carried:
                wanted = self._reads[value] or index in loop.gathered
                names.append(self._own(step, value, self._alive(number) | {*names, *arguments}) if wanted else "_")
                self._names[value] = names[-1]
                continue
            before = arguments[loop.carried.index(index)]
            alive = self._alive(number) | staying | {*names} | ({*arguments} - {before})
            kept = (before,) if before in (*GENERIC, value.port) else ()
            chosen = next((name for name in (*kept, *GENERIC) if name not in alive), None) or self._own(
                step, value, alive
            )
            if chosen != before:
                self.state(f"{chosen} = ", before)
            names.append(chosen)
            self._names[value] = chosen
            inside = [chosen if port == index else each for each, port in zip(inside, loop.carried, strict=True)]
        lists = self._gather(number, step, loop, names)
        self._rounds(step, loop, names, inside, lists)

    def _gather(self, number: int, step: Step, loop: Loop, names: Sequence[str]) -> dict[int, str]:
        """The lists for what is read of every copy, by the number of the result."""
        lists: dict[int, str] = {}
        for index, values in loop.gathered.items():
            port = step.results[index].port
            base = identifier(port if port != "out" else loop.variable or "round")
            chosen = unused(f"{base}s", self._alive(number) | {*names, *self._names.values()})
            lists[index] = self._lists[values] = chosen
            for place, value in enumerate(values):
                if value not in self._names:
                    self._names[value] = f"{chosen}[{place}]"
            self.state(f"{chosen} = ", "[]")
        return lists

    def _rounds(
        self, step: Step, loop: Loop, names: list[str], arguments: Sequence[str], lists: Mapping[int, str]
    ) -> None:
        variable = unused(identifier(loop.variable), {*self._names.values(), *RESERVED}) if loop.variable else "_"
        items = loop.items or f"range({self.results.rounds(step)})"
        self.state(f"for {variable} in {items}:", "")
        docs = self.results.docs(step, variable if loop.items else step.module, arguments)
        pairs = [(", ".join(names), docs[0])] if len(docs) != len(names) else list(zip(names, docs, strict=True))
        for name, doc in pairs:
            self.state(f"{name} = ", doc, 1)
        for index, gathered in lists.items():
            self.state(f"{gathered}.append({names[index]})", "", 1)


def _fits(pending: Pending, reader: Reader) -> bool:
    """Whether a value may stand in its reader's expression; a module called on another's result is two statements."""
    if reader in (Reader.RETURN, Reader.REPEATEDLY):
        return reader is Reader.RETURN
    written = layout.flat(pending.doc)
    plain = not pending.call or reader is Reader.OPERATION
    return plain and len(written) <= LONGEST and _depth(written) < DEEPEST


def _depth(written: str) -> int:
    depths = [0]
    for letter in written:
        depths.append(depths[-1] + (letter == "(") - (letter == ")"))
    return max(depths)


def _has_id(step: Step) -> bool:
    """Whether the step's name was chosen by a person, not counted."""
    callee = some(step.column).node.callee
    if isinstance(callee, Op):
        base = callee.op
    elif callee.kind == "branch":
        return True
    else:
        base = callee.composite.op if callee.composite else callee.template
    stem, _, number = step.name.rpartition("_")
    return step.name != base and not (stem == base and number.isdecimal())
