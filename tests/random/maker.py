"""Bodies under construction: a ``Maker`` tries steps, and a ``Draft`` keeps those that can be read.

What steps there are to try is told to the maker as ``Moves``: those of one op in ``steps``, those of blocks in
``blocks``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from random import Random
from typing import Any, NamedTuple

from graphbuilder.ir import TensorType
from graphbuilder.ops import BUILT_IN, catalogue
from tests.random.arguments import Unfit, draw
from tests.random.expressions import dressed
from tests.random.reading import Body, Reading, Result
from tests.random.values import OFTEN, Spec, chance

Step = dict[str, Any]

COMMON = ("conv", "conv", "conv", "batchnorm", "relu", "linear", "sepconv", "dwconv", "maxpool", "layernorm", "gelu")
# Their results may be infinite, or no number, where nothing is wrong.
UNSTEADY = frozenset({"div", "exp", "sqrt"})


class Draft:
    """A body under construction: the steps that were kept, and what they give."""

    def __init__(self, maker: Maker, body: Body, scope: Mapping[str, Any], keep: bool = False) -> None:
        self.maker, self.body, self.scope, self.keep = maker, body, scope, keep
        self.steps: list[Step] = []

    @property
    def last(self) -> TensorType | None:
        """What the next step reads, where that is one value."""
        last = self.body.last
        return last.sole if last is not None and len(last.ports) == 1 else None

    def add(self, step: Step) -> bool:
        """Keep ``step`` if it can be read; where the body must keep its type, only if it does."""
        if self.maker.left <= 0:
            return False
        before = self.body.last
        try:
            given = self.maker.reading.step(self.body, step, self.scope)
        except Unfit:
            return False
        assert before is not None or "from" in step
        self.steps.append(step)
        self.maker.left -= 1
        return bool(given.ports)

    def paths(self) -> Iterator[tuple[str, TensorType]]:
        """Everything that a step may read: values, outputs of several, and what stands inside."""
        for name, result in self.body.values.items():
            if name not in self.body.skipped:
                yield from _paths(name, result, 2)

    def alike(self, type_: TensorType) -> list[str]:
        return [path for path, each in self.paths() if each == type_]

    def identified(self, step: Step) -> Step:
        return {"id": self.maker.name("step"), **step} if self.maker.random.random() < 0.4 else step


def _paths(name: str, result: Result, depth: int) -> Iterator[tuple[str, TensorType]]:
    if len(result.ports) == 1:
        yield name, result.sole
    else:
        yield from ((f"{name}.{port}", type_) for port, type_ in result.ports.items())
    if depth:
        for inner, each in result.inside.items():
            yield from _paths(f"{name}.{inner}", each, depth - 1)


Move = Callable[["Maker", Draft], None]


class Moves(NamedTuple):
    """What may be tried, each with how often: as the first step of a body, and behind it."""

    first: Mapping[Move, int]
    later: Mapping[Move, int]


class Maker:
    """Adds to one spec from one source of chance, at most ``left`` steps."""

    def __init__(self, random: Random, left: int, tree: Spec, moves: Moves) -> None:
        self.random, self.left, self.tree, self.moves = random, left, tree, moves
        self.count = 0
        self.depth = 0
        self.reading = Reading(tree)

    def name(self, base: str) -> str:
        self.count += 1
        return f"{base}{self.count}"

    def chance(self, probability: float) -> bool:
        return chance(self.random, probability)

    def dress(self, value: Any, scope: Mapping[str, Any], often: float = OFTEN) -> Any:
        return dressed(self.random, value, scope, often)

    def fill(self, draft: Draft, number: int) -> None:
        """Up to ``number`` more moves, the first of them never one that may be left out."""
        for _ in range(number):
            moves = self.moves.later if draft.steps else self.moves.first
            move = self.random.choices(list(moves), list(moves.values()))[0]
            self.attempt(move, draft)
        if not draft.steps:
            self.left += 1
            assert draft.add({"op": "identity"})

    def attempt(self, move: Move, draft: Draft) -> None:
        for _ in range(3):
            kept = len(draft.steps)
            try:
                move(self, draft)
            except Unfit:
                continue
            if len(draft.steps) > kept:
                return

    def op_step(self, draft: Draft, inputs: tuple[TensorType, ...], ops: tuple[str, ...] = ()) -> Step:
        """A step of an op that takes ``inputs``.

        Raises:
            Unfit: none that was tried does.
        """
        for _ in range(8):
            op = self.random.choice(ops or (COMMON if self.chance(0.5) else tuple(BUILT_IN)))
            declared = catalogue()[op]
            if op in UNSTEADY or declared.variadic or len(declared.ports) - declared.optional != len(inputs):
                continue
            try:
                return self.op_with(draft, op, inputs)
            except Unfit:
                continue
        raise Unfit("no op was found")

    def op_with(self, draft: Draft, op: str, inputs: tuple[TensorType, ...]) -> Step:
        given = self.reading.arguments({"op": op}, {})
        arguments = draw(self.random, op, inputs, given)
        for name in list(arguments):
            if name in given and self.chance(0.6):
                del arguments[name]
        step: Step = {"op": op}
        step |= {name: self.dress(value, draft.scope) for name, value in arguments.items()}
        if draft.keep and self.reading.call(step, draft.scope, inputs).ports != {"out": inputs[0]}:
            raise Unfit("another type")
        return self.with_init(step, inputs)

    def with_init(self, step: Step, inputs: tuple[TensorType, ...]) -> Step:
        if step["op"] in ("conv", "linear", "dwconv") and self.chance(0.15):
            kinds = ("normal", "he_uniform", {"kind": "truncated_normal", "std": 0.2}, {"weight": "glorot_normal"})
            return {**step, "init": self.random.choice(kinds)}
        return step

    @contextmanager
    def deeper(self) -> Iterator[None]:
        if self.depth >= 2:
            raise Unfit("deep enough")
        self.depth += 1
        try:
            yield
        finally:
            self.depth -= 1
